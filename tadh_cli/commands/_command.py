"""How a command runs: lazy groups, declared commands, parameters from dataclasses of options.

Only this module and `main` know how Typer works inside. Its own copy of Click is private, so the arguments
of overridden methods are Any here.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from tadh_cli.api.options import READERS, Opt, options
from tadh_cli.commands import offers
from tadh_cli.commands.context import Common, Tadh
from tadh_cli.errors import FileError, Interrupted, TadhError
from tadh_cli.ui.records import Record, Records, View

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

COMMON = tuple(item.name for item in dataclasses.fields(Common))


def _common_parameters() -> list[inspect.Parameter]:
    hints = get_type_hints(Common, include_extras=True)
    return [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=item.default, annotation=hints[item.name])
        for item in dataclasses.fields(Common)
    ]


# Declaring commands ------------------------------------------------------------------------------------


class Spec(NamedTuple):
    """A command as declared: its function, one line of help, examples that run."""

    name: str
    function: Callable[..., Any]
    examples: tuple[str, ...]
    hidden: bool = False

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").partition("\n")[0].rstrip(".")


class Commands:
    """A group of commands; each is built when it is named."""

    def __init__(self, name: str, help: str) -> None:
        self.name = name
        self.help = help
        self.specs: dict[str, Spec] = {}

    def command(
        self, name: str, *, examples: Sequence[str], hidden: bool = False, help: str = ""
    ) -> Callable[[Any], Any]:
        """Declare a command: `function(tadh, …)` returns what is drawn; `help` is for one without a docstring."""

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            function.__doc__ = help or function.__doc__
            self.specs[name] = Spec(name, function, tuple(examples), hidden)
            return function

        return declare

    def build(self) -> TyperGroup:
        kind = type("Group", (_Group,), {"source": self})
        app = typer.Typer(
            cls=kind, add_completion=False, rich_markup_mode=None, context_settings=HELP, no_args_is_help=True
        )
        app.callback(help=self.help)(_callback())
        group = typer.main.get_command(app)
        group.name = self.name
        assert isinstance(group, TyperGroup)
        return group


class _Sections:
    """Help with the common options in a section of their own, so that a command's own stand out."""

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Common options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                title = "Common options" if parameter.name in (*COMMON, "help") else "Options"
                sections["Arguments" if is_argument else title].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)


class _Command(_Sections, TyperCommand):
    pass


class _Group(_Sections, TyperGroup):
    """A group that shows stubs in lists and builds a command when it is called."""

    source: Commands

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, spec in self.source.specs.items() if not spec.hidden]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        spec = self.source.specs.get(cmd_name)
        return TyperCommand(cmd_name, help=spec.summary, hidden=spec.hidden) if spec else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        spec = self.source.specs.get(args[0])
        if spec is None:
            _no_such(ctx, args[0], self.list_commands(ctx))
            return None, None, args
        return args[0], build(spec), args[1:]


class Root(_Sections, TyperGroup):
    """The program: groups and commands by name, their modules imported when they are called."""

    entries: Mapping[str, tuple[str, str]]

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return TyperCommand(cmd_name, help=self.entries[cmd_name][1]) if cmd_name in self.entries else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.entries:
            _no_such(ctx, args[0], list(self.entries))
            return None, None, args
        return args[0], load(self.entries[args[0]][0], args[0]), args[1:]


def load(module: str, name: str) -> Any:
    """The real group or command of an entry."""
    commands: Commands = importlib.import_module(f"tadh_cli.commands.{module}").commands
    if list(commands.specs) == [name]:
        return build(commands.specs[name])
    return commands.build()


def build_root(entries: Mapping[str, tuple[str, str]], help: str) -> TyperGroup:
    """The root group; its completion stays on, since that is what answers the shells."""
    kind = type("Tadh", (Root,), {"entries": entries})
    app = typer.Typer(cls=kind, rich_markup_mode=None, context_settings=HELP, no_args_is_help=True)
    app.callback(help=help)(_callback(_version()))
    root = typer.main.get_command(app)
    # `tadh completion SHELL` prints the scripts; two more options for it would only be in the way.
    root.params = [parameter for parameter in root.params if "completion" not in (parameter.name or "")]
    assert isinstance(root, TyperGroup)
    return root


def _no_such(ctx: Any, name: str, known: list[str]) -> None:
    if ctx.resilient_parsing:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
    ctx.fail(f"{ctx.command_path} has no command {name}{hint}")


def _callback(*more: inspect.Parameter) -> Callable[..., None]:
    """A group's callback: it only takes the common options, and what has a callback of its own."""

    def callback(ctx: typer.Context, **values: Any) -> None:
        ctx.obj.common.merge({name: values[name] for name in COMMON})

    _sign(callback, [*_common_parameters(), *more])
    return callback


def _version() -> inspect.Parameter:
    """--version among other options; alone it is answered before anything is loaded."""

    def tell(is_wanted: bool) -> None:
        if is_wanted:
            from tadh_cli import __version__

            sys.stdout.write(f"tadh {__version__}\n")
            raise typer.Exit

    info = typer.Option("--version", "-V", help="print the version", is_eager=True, callback=tell)
    return inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, info])


def build(spec: Spec) -> Any:
    """The command of a declaration: its function behind the common options."""
    plan = _plan(spec.function)

    def run(ctx: typer.Context, **values: Any) -> None:
        tadh: Tadh = ctx.obj
        tadh.common.merge({name: values.pop(name) for name in COMMON})
        tadh.check_common()
        _execute(tadh, spec.function, plan.bind(tadh, values))

    _sign(run, [*plan.parameters, *_common_parameters()])
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in spec.examples)
    app.command(
        spec.name,
        cls=_Command,
        help=inspect.getdoc(spec.function),
        epilog=epilog if spec.examples else None,
        context_settings=HELP,
        hidden=spec.hidden,
    )(run)
    return typer.main.get_command(app)


def _execute(tadh: Tadh, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    try:
        result = function(**arguments)
        tadh.refuse()
        tadh.draw(result)
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    except TadhError as error:
        _draw_what_is_known(tadh, error)
        raise


def _draw_what_is_known(tadh: Tadh, error: TadhError) -> None:
    """Records of tasks concerned by a failure are data all the same; the failure counts, not how they come out."""
    if not error.records:
        return
    is_one = len(error.records) == 1 and not error.is_list
    try:
        view = error.view if isinstance(error.view, View) else View()
        tadh.draw(Record(error.records[0], view) if is_one else Records(list(error.records), view))
    except FileError as unwritten:
        tadh.messages.warn(unwritten.message)
    except SystemExit:
        return


def _sign(function: Any, parameters: Sequence[inspect.Parameter]) -> None:
    """Give a function the signature from which Typer makes options."""
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    signature = inspect.Signature([context, *parameters])
    function.__signature__ = signature
    function.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}


# From a function's parameters to options and back --------------------------------------------------------


class Invalid(NamedTuple):
    """A value that could not be read; its problem is told together with all others."""

    problem: str


class _Plan(NamedTuple):
    """How Typer's values become the arguments of a command's function."""

    parameters: tuple[inspect.Parameter, ...]
    # Arguments that are dataclasses of options.
    bundles: Mapping[str, type]
    context: str

    def bind(self, tadh: Tadh, values: Mapping[str, Any]) -> dict[str, Any]:
        clean = {name: _checked(tadh, value) for name, value in values.items()}
        arguments: dict[str, Any] = {self.context: tadh}
        for name, kind in self.bundles.items():
            own = {attribute: clean.pop(attribute) for attribute, _ in options(kind)}
            arguments[name] = kind(**{key: _frozen(value) for key, value in own.items() if value is not None})
        return {**arguments, **clean}


def _checked(tadh: Tadh, value: Any) -> Any:
    """A value as the command wants it; unreadable ones become problems and count as not given."""
    if isinstance(value, Invalid):
        tadh.problems.append(value.problem)
        return None
    return value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plan(function: Callable[..., Any]) -> _Plan:
    parameters: list[inspect.Parameter] = []
    bundles: dict[str, type] = {}
    context = ""
    # Not `get_type_hints`: Python 3.10 hides Annotated[…] = None inside an Optional.
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        kind = parameter.annotation
        if kind is Tadh:
            context = name
        elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
            bundles[name] = kind
            parameters += _spread(kind)
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=kind))
    return _Plan(tuple(parameters), bundles, context)


def _spread(kind: type) -> Iterator[inspect.Parameter]:
    """A keyword parameter for each option of a dataclass."""
    hints = get_type_hints(kind)
    defaults = {item.name: item.default for item in dataclasses.fields(kind)}
    for name, option in options(kind):
        yield option_parameter(name, option, hints[name], defaults[name])


def option_parameter(name: str, option: Opt, hint: Any, default: Any) -> inspect.Parameter:
    """The Typer parameter for an option; numbers are read by us, so that all problems are told at once."""
    kinds = [part for part in get_args(hint) if part is not type(None)] or [hint]
    kind = kinds[0]
    help_text = option.help if not option.words else f"{option.help}: {', '.join(option.words)}"
    annotation: Any = bool
    if hint is bool:
        info = typer.Option(option.flag, help=help_text)
    elif get_origin(hint) is tuple:
        info = typer.Option(option.flag, help=help_text, metavar=option.metavar or None)
        annotation, default = list[str], []
    else:
        reader = option.reader or READERS.get(kind)
        info = typer.Option(
            option.flag,
            help=help_text,
            metavar=option.metavar or _METAVARS.get(kind, "WORD" if option.words else "TEXT"),
            parser=reading(option.flag, reader) if reader else None,
            autocompletion=_completion(option),
        )
        annotation = Any if reader else str | None
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[annotation, info]
    )


def reading(flag: str, reader: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser that returns what is wrong instead of raising it."""

    def read(text: str) -> Any:
        try:
            return reader(text)
        except ValueError as error:
            return Invalid(f"{flag} {error}")

    return read


_METAVARS: Mapping[Any, str] = {int: "N", float: "F"}


def _completion(option: Opt) -> Any:
    if option.words:
        known = list(option.words)

        def words(incomplete: str) -> list[str]:
            return [word for word in known if word.startswith(incomplete.lower())]

        return words
    return offers.OF_ASSETS.get(option.asset)
