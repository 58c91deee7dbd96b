"""What a command works with: common options, settings, client, ledger, messages, drawing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import typer

from tadh_cli import config
from tadh_cli.api.provider import Provider
from tadh_cli.commands import offers
from tadh_cli.engine.clock import Clock
from tadh_cli.errors import ConfigError, FileError, InputError, Interrupted, TadhError, TaskFailed
from tadh_cli.masking import Mask
from tadh_cli.ui.messages import Messages
from tadh_cli.ui.records import Record, Records, Result
from tadh_cli.ui.render import FORMATS, STRUCTURED, Query, draw

if TYPE_CHECKING:
    from tadh_cli.engine.client import Client
    from tadh_cli.engine.ledger import Ledger
    from tadh_cli.engine.owned import Owned
    from tadh_cli.engine.tasks import Tasks
    from tadh_cli.engine.transport import Transport
    from tadh_cli.engine.turns import Turns


@dataclass(eq=False, repr=False)
class Common:
    """The options that every command takes, before and after its name; the rightmost wins."""

    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", metavar="NAME", help="profile to use", autocompletion=offers.profiles),
    ] = None
    config: Annotated[str | None, typer.Option("--config", metavar="FILE", help="configuration file")] = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT",
            help=f"{', '.join(FORMATS)}; table on a terminal, else json",
            autocompletion=offers.formats,
        ),
    ] = None
    query: Annotated[str | None, typer.Option("--query", metavar="JMESPATH", help="select from the data")] = None
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="show requests; twice: bodies too")] = 0
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress and no hints")] = False
    no_color: Annotated[bool, typer.Option("--no-color", help="no colours")] = False
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="FILE", help="write each request as a line of JSON")
    ] = None

    def merge(self, values: Mapping[str, Any]) -> None:
        """Take over what was given further right."""
        self.verbose += values.get("verbose") or 0
        for name, value in values.items():
            if name != "verbose" and value:
                setattr(self, name, value)


@dataclass(eq=False, repr=False)
class Tadh:
    """What a command works with: settings, client, ledger, messages, made when first asked for."""

    common: Common = field(default_factory=Common)
    mask: Mask = field(default_factory=Mask)
    clock: Clock = field(default_factory=Clock)
    # Problems of single options; nothing is sent while there is one.
    problems: list[str] = field(default_factory=list)
    # What the account owns, once somebody asked: see `names.owned`.
    account: Owned | None = None

    @cached_property
    def messages(self) -> Messages:
        return Messages(self.mask)

    @property
    def form(self) -> str:
        """The output format: -o, $TADH_OUTPUT, else a table on a terminal and JSON elsewhere."""
        chosen = self.common.output or os.environ.get("TADH_OUTPUT")
        return (chosen or ("table" if sys.stdout.isatty() else "json")).lower()

    @property
    def draws_as_it_comes(self) -> bool:
        """Whether an item is drawn before the last one is known."""
        return self.form in ("ndjson", "id") and not self.common.query

    @cached_property
    def settings(self) -> config.Settings:
        settings = config.settings(self.common.config, self.common.profile)
        if settings.exposed:
            self.messages.warn(settings.exposed)
        for keys in settings.keys.values():
            self.mask.hide(keys.get("access_token", ""))
        self.mask.hide(*settings.logins)
        return settings

    @cached_property
    def provider(self) -> Provider:
        from tadh_cli.providers import provider

        return provider(self.settings.provider)

    @cached_property
    def transport(self) -> Transport:
        from tadh_cli.engine.trace import Observer
        from tadh_cli.engine.transport import Transport

        observer = Observer(self.messages.write, self.mask, verbosity=self.common.verbose, path=self.common.trace)
        settings = self.settings
        return Transport(
            proxy=settings.proxy,
            ca_bundle=settings.ca_bundle,
            use_proxies=not settings.is_sandbox,
            observe=observer.saw,
        )

    @cached_property
    def client(self) -> Client:
        from tadh_cli.engine.client import Client

        self.refuse()
        return Client(self.provider, self.settings, self.transport, self.mask, self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        from tadh_cli.engine.ledger import Ledger

        self.refuse()
        return Ledger(config.ledger_path(), self.clock, self.mask)

    @cached_property
    def tasks(self) -> Tasks:
        from tadh_cli.engine.tasks import Tasks
        from tadh_cli.engine.waiting import SHORTEST_INTERVAL_S

        floor_s = 0.1 if self.settings.is_sandbox else SHORTEST_INTERVAL_S
        return Tasks(self.client, self.ledger, self.clock, self.messages.warn, floor_s)

    @cached_property
    def turns(self) -> Turns:
        from tadh_cli.engine.turns import Turns

        return Turns(config.sessions_dir(), self.clock)

    def call(self, name: str, **values: Any) -> dict[str, Any]:
        """The answer of an operation like `video.get`."""
        return self.client.call(name, **values)

    def refuse(self) -> None:
        """Raise every problem collected so far: nothing is sent before this."""
        if self.problems:
            raise InputError(self.problems)

    def command(self, text: str) -> str:
        """A command line that means the same here: with the profile and file of this run."""
        chosen = [("-p", self.common.profile), ("--config", self.common.config)]
        return " ".join(["tadh", *(f"{flag} {_quoted(value)}" for flag, value in chosen if value), text])

    @contextmanager
    def resumable(self, command: str | Callable[[], Sequence[str]], task_id: str = "") -> Iterator[None]:
        """Whatever ends the block early names the task and the command that goes on with it.

        Commands that depend on how far the block came are given by a function: none when there is nothing to go on
        with. Nor is there after a task that failed or a value that is wrong: the command would end the same way.
        """
        try:
            yield
        except KeyboardInterrupt:
            error = Interrupted("interrupted", task_id=task_id)
            error.resume = self._resuming(command)
            raise error from None
        except TadhError as error:
            error.task_id = error.task_id or task_id
            if not isinstance(error, (TaskFailed, InputError)):
                error.resume = error.resume or self._resuming(command)
            raise

    def _resuming(self, command: str | Callable[[], Sequence[str]]) -> str:
        commands = [command] if isinstance(command, str) else command()
        return " && ".join(self.command(each) for each in commands)

    def draw(self, result: Result) -> None:
        """Write a result to stdout, without secrets of ours."""
        color = not self.common.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
        try:
            draw(
                self._without_secrets(result),
                cast(IO[str], _Masked(self.mask)),
                self.form,
                query=self.selection,
                color=color,
                tell=self.messages.say,
            )
        except FileError as error:
            error.task_id = str(result.item.get("TaskId") or "") if isinstance(result, Record) else ""
            raise
        finally:
            # Where nobody reads on, what is still to come is brought to its end now, not whenever Python gets to it.
            if isinstance(result, Records) and isinstance(result.items, Generator):
                result.items.close()

    def _without_secrets(self, result: Result) -> Result:
        """Masked before it is drawn: in a table a secret may be folded, in JSON escaped, and nobody would know it."""
        if isinstance(result, Record):
            return result._replace(item=self.mask.data(result.item))
        if isinstance(result, Records):
            return result._replace(items=(self.mask.data(item) for item in result.items))
        return result

    def check_common(self) -> None:
        """Problems of the common options themselves."""
        if self.form not in FORMATS:
            source = "--output" if self.common.output else "TADH_OUTPUT"
            self.problems.append(f"{source} {self.form!r} is not one of {', '.join(FORMATS)}")
        self.messages.is_quiet = self.common.quiet
        self.messages.allows_color = not self.common.no_color
        if self.common.query:
            _ = self.selection

    @cached_property
    def selection(self) -> Query | None:
        return Query(self.common.query) if self.common.query else None

    def close(self) -> None:
        """Give back what was opened."""
        for name in ("ledger", "transport"):
            if name in self.__dict__:
                self.__dict__[name].close()


class _Masked:
    """stdout, without secrets in what is written: the second net, for what is no record."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def write(self, text: str) -> int:
        return sys.stdout.write(self._mask.values(text))

    def flush(self) -> None:
        sys.stdout.flush()

    def isatty(self) -> bool:
        return sys.stdout.isatty()

    @property
    def encoding(self) -> str:
        return sys.stdout.encoding


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def is_structured(tadh: Tadh, args: Sequence[str]) -> bool:
    """Whether failures are told as JSON too; when parsing broke off early, the raw arguments tell."""
    if tadh.common.output is None:
        for flag, value in zip(args, [*args[1:], ""], strict=False):
            if flag in ("-o", "--output"):
                return value in STRUCTURED
            if flag.startswith(("--output=", "-o")) and flag not in ("-o", "--output"):
                return flag.partition("=")[2] in STRUCTURED or flag[2:] in STRUCTURED
    try:
        return tadh.form in STRUCTURED
    except ConfigError:
        return False
