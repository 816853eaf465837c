"""The command `outage`: one module a command, each importing what is heavy where it is used."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from outage.errors import OutageError, UsageError

COMMANDS = ("init",)

app = typer.Typer(
    name="outage",
    help="Is it down, is it my network, or is it only talk?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _main() -> None:
    """Is it down, is it my network, or is it only talk?"""


def build() -> typer.Typer:
    """Return the application with every command registered."""
    for name in COMMANDS:
        import_module(f"outage.cli.{name}").register(app)
    return app


def run() -> None:
    """Run the command line; a fault of ours is one line on stderr, never a traceback.

    Exit codes: 0 done; 1 something was rejected or failed, nothing lost; 2 wrong use.
    """
    try:
        build()()
    except UsageError as error:
        _complain(error)
        sys.exit(2)
    except OutageError as error:
        _complain(error)
        sys.exit(1)


def _complain(error: OutageError) -> None:
    typer.echo(f"outage: {error}", err=True)
