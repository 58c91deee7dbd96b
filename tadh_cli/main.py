"""The program: answers --version at once, else runs a command and turns its failure into an exit code."""

import sys

# Nothing else is imported up here, not even `typing`: --version is answered before a library is loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from tadh_cli.commands.context import Tadh
    from tadh_cli.errors import TadhError

# Every group and command, the module it is in and its line of help: all that --help needs.
ENTRIES = {
    "avatar": ("avatar", "Avatars of the account: list, check material, customize"),
    "voice": ("voice", "Voices of the account: list, speak, check recordings, clone"),
    "video": ("video", "Videos: make, follow, download, list"),
    "session": ("session", "Live sessions: open, drive with text and sound, close"),
    "assets": ("assets", "Hours and slots that are left, files for the service, keys to its object store"),
    "task": ("task", "The ledger of everything submitted from here"),
    "config": ("settings", "Profiles and where they are read from"),
    "api": ("api", "Any call of the service, signed"),
    "ssml": ("ssml", "Text with markup: check, escape, strip"),
    "sandbox": ("sandbox", "A local emulator of the whole service"),
    "demo": ("demo", "Make a video without an account, in the sandbox"),
    "completion": ("completion", "Print a shell's completion script"),
    "help": ("topics", "Explain a topic: exit-codes, environment, pacing, manifest, ssml"),
}
HELP = "Command line for operators of Tencent Cloud AI Digital Human: avatars, voices, videos, live sessions."


def main() -> int:
    """The console script's entry; returns the exit code."""
    args = sys.argv[1:]
    if args in (["--version"], ["-V"]):
        return _tell_version()
    if sys.getfilesystemencoding() == "ascii" and sys.platform != "win32":
        _speak_utf_8()
    import gc

    try:
        _heed_signals()
        from tadh_cli.streams import guard

        guard()
        code = run(args)
    except KeyboardInterrupt:
        code = 130
    _heed_signals_no_more()
    # The process ends: a last search for garbage among all that was imported would take 20 ms.
    gc.freeze()
    return code


def _tell_version() -> int:
    from tadh_cli import __version__

    try:
        sys.stdout.write(f"tadh {__version__}\n")
        sys.stdout.flush()
    # A stdout that is closed is none at all, one that is full fails.
    except (AttributeError, OSError):
        from tadh_cli.streams import guard

        guard()
        sys.stderr.write("error: can't write to stdout\n")
        return 1
    return 0


def _speak_utf_8() -> None:
    """Start again with UTF-8: where Python was told to use ASCII, arguments and names of files are no text to it."""
    import os

    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def run(args: list[str]) -> int:
    """Run a command line; the only place where a failure becomes an exit code."""
    import gc

    # Loading modules makes many objects and no garbage: looking for some at every 700th costs a tenth of the start.
    gc.set_threshold(50_000)
    import typer

    from tadh_cli.commands._command import build_root
    from tadh_cli.commands.context import Tadh
    from tadh_cli.errors import InputError, Interrupted, TadhError

    tadh = Tadh()
    try:
        code = build_root(ENTRIES, HELP).main(list(args), prog_name="tadh", standalone_mode=False, obj=tadh)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    # Public, and the same in every Typer: the base of all usage errors.
    except typer.BadParameter.__base__ as error:  # type: ignore[misc]
        return _usage(tadh, error, args)
    except typer.Abort:
        return _report(tadh, Interrupted("interrupted"), args)
    except TadhError as error:
        return _report(tadh, error, args)
    except KeyboardInterrupt:
        return _report(tadh, Interrupted("interrupted"), args)
    except RecursionError as error:
        return _report(tadh, InputError(f"the input is nested too deeply: {error}"), args)
    except Exception as error:  # the border of the program: nothing unexpected may end in a traceback
        return _unexpected(tadh, error, args)
    finally:
        tadh.close()


def _report(tadh: "Tadh", error: "TadhError", args: list[str]) -> int:
    from tadh_cli.commands.context import is_structured

    tadh.messages.report(error, as_json=is_structured(tadh, args))
    return error.exit_code


def _usage(tadh: "Tadh", error: Exception, args: list[str]) -> int:
    """A command line that can't be read, or a group without a command: then its help is the answer."""
    from tadh_cli.errors import InputError

    context = getattr(error, "ctx", None)
    message = str(error.format_message()) if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(message + "\n")
        return InputError.exit_code
    path = context.command_path if context else "tadh"
    return _report(tadh, InputError(message.rstrip("."), hint=f"see `{path} --help`"), args)


def _unexpected(tadh: "Tadh", error: Exception, args: list[str]) -> int:
    from tadh_cli.errors import TadhError

    if tadh.common.verbose > 1:
        import traceback

        tadh.messages.write("".join(traceback.format_exception(error)))
    hint = "run it again with -vv and report what it prints"
    text = f"unexpected {type(error).__name__}: {error}"
    return _report(tadh, TadhError(text, hint=hint), args)


_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def _heed_signals() -> None:
    """To be asked to end is like Ctrl-C: what is going on is named, what was opened is closed.

    Only the first signal interrupts: a second one would interrupt just that.
    """
    import signal

    has_interrupted = False

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal has_interrupted
        if not has_interrupted:
            has_interrupted = True
            raise KeyboardInterrupt

    usual = (signal.SIG_DFL, signal.default_int_handler)
    for name in _SIGNALS:
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) in usual:
            signal.signal(getattr(signal, name), interrupt)


def _heed_signals_no_more() -> None:
    """All is done and told: the exit code is not to become that of a signal which comes while Python tidies up."""
    import signal

    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Python remembers an interruption inside an exec() of text, as of a class made from a table, and would end by
    # that signal although it was dealt with: the next such exec() makes it forget.
    exec("")


if __name__ == "__main__":
    sys.exit(main())
