"""`status`, `wait`, `confirm` and `reject` of avatars and voices in the making: the same commands in two groups."""

from __future__ import annotations

from typing import NamedTuple

from tadh_cli.commands import customizing
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import All, AutoConfirm, DryRun, Following, OneTask, Reason, Set, Tasks
from tadh_cli.ui.records import Record, Records


class Words(NamedTuple):
    """What is made in a group, in the words of its help, and reasons to reject it."""

    kind: str
    orders: str
    demo_waits: str
    reason: str
    short_reason: str


def declare(commands: Commands, words: Words) -> None:
    """Add the four commands to a group."""
    kind, orders = words.kind, words.orders

    @commands.command(
        "status",
        examples=(f'tadh {kind} status "$TASK"', f"tadh {kind} status --all -o ndjson"),
        help=f"Show where {orders} stand.\n\nIn the stage CONFIRM {words.demo_waits} for your decision; "
        f"at the end the {kind}'s key is there.",
    )
    def status(tadh: Tadh, task: Tasks = None, all_: All = False) -> Records | Record:
        return customizing.look(tadh, kind, task, all_=all_)

    @commands.command(
        "wait",
        examples=(f'tadh {kind} wait "$TASK"', f"tadh {kind} wait --all --timeout 2h --interval 5m"),
        help=f"Follow {orders} to their end, or to the demo that you have to confirm.",
    )
    def wait(
        tadh: Tadh, following: Following, task: Tasks = None, all_: All = False, auto_confirm: AutoConfirm = False
    ) -> Records | Record:
        return customizing.wait(tadh, kind, task, following, all_=all_, auto_confirm=auto_confirm)

    article = "an" if kind[0] in "aeiou" else "a"

    @commands.command(
        "confirm",
        examples=(f'tadh {kind} confirm "$TASK"', f'tadh {kind} confirm "$TASK" --dry-run'),
        help=f"Accept the demo of {article} {kind}.",
    )
    def confirm(tadh: Tadh, task: OneTask, dry_run: DryRun = False, set_: Set = None) -> Record:
        return customizing.decide(tadh, kind, task, "AGREE", None, dry_run=dry_run, set_=set_ or ())

    @commands.command(
        "reject",
        examples=(
            f'tadh {kind} reject "$TASK" --reason "{words.reason}"',
            f'tadh {kind} reject "$TASK" --reason "{words.short_reason}" --dry-run',
        ),
        help=f"Reject the demo of {article} {kind}; it is trained again.",
    )
    def reject(tadh: Tadh, task: OneTask, reason: Reason = None, dry_run: DryRun = False, set_: Set = None) -> Record:
        return customizing.decide(tadh, kind, task, "REJECT", reason, dry_run=dry_run, set_=set_ or ())
