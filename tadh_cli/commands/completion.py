"""`tadh completion`: the scripts that complete command lines."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError
from tadh_cli.ui.records import Text

commands = Commands("completion", "Completion of command lines.")

SHELLS = ("bash", "zsh", "fish", "powershell")


@commands.command(
    "completion",
    examples=(
        "tadh completion bash > ~/.local/share/bash-completion/completions/tadh",
        "tadh completion zsh > ~/.zfunc/_tadh",
    ),
)
def completion(tadh: Tadh, shell: Annotated[str, typer.Argument(metavar="|".join(SHELLS))]) -> Text:
    """Print a shell's completion script.

    Write it where the shell looks for such scripts; it asks tadh itself what may follow.
    """
    if shell not in SHELLS:
        raise InputError(f"SHELL {shell!r} is not one of {', '.join(SHELLS)}")
    return Text(script(shell))


def script(shell: str) -> str:
    """The completion script for a shell."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="tadh", complete_var="_TADH_COMPLETE", shell=shell)
