"""The command `outage`: one module a command, each importing what is heavy where it is used."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from outage import __version__
from outage.errors import OutageError, UsageError

COMMANDS: tuple[str, ...] = (
    "demo",
    "init",
    "config",
    "import_",
    "rejected",
    "collect",
    "sources",
    "detect",
    "explain",
    "replay",
    "evaluate",
    "case",
    "status",
    "flows",
    "posts",
    "report",
    "dashboard",
)

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="outage",
    help="Is it down, is it my network, or is it only talk?",
    epilog="Example: outage demo --no-serve",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"outage {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Is it down, is it my network, or is it only talk?"""


def build() -> typer.Typer:
    """Return the application with every command registered, in the order of `COMMANDS`."""
    if not app.registered_commands and not app.registered_groups:
        for name in COMMANDS:
            import_module(f"outage.cli.{name}").register(app)
    return app


def run() -> NoReturn:
    """Run the command line and exit; a fault is one line on stderr, never a traceback.

    Exit codes: 0 done; 1 something was rejected or failed, nothing lost; 2 wrong use;
    130 interrupted. With `OUTAGE_DEBUG=1` in the environment tracebacks are shown.
    """
    code = _guarded()
    with suppress(ValueError):  # stdout may be closed already
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_stdout()
    sys.exit(code)


def _guarded() -> int:
    try:
        build()(prog_name="outage")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read us has gone
        return 1
    except Exception as error:  # the boundary: a user never sees a traceback
        if os.environ.get("OUTAGE_DEBUG") == "1":
            raise
        return _complain(error)
    return 0


def _complain(error: Exception) -> int:
    from outage.redacting import hide

    typer.echo(f"outage: {_one_line(hide(_message(error)))}", err=True)
    return 2 if isinstance(error, UsageError) else 1


def _message(error: Exception) -> str:
    match error:
        case OutageError():
            return str(error)
        case OSError(strerror=str(reason)):
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{reason}; check the path, its permissions and the free space"
        case _:
            return (
                f"internal error: {type(error).__name__}: {error};"
                " please report it; set OUTAGE_DEBUG=1 for the traceback"
            )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _forget_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
