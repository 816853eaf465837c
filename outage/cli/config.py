"""`outage config`: what the catalogue and the settings say, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from outage.words import counted

if TYPE_CHECKING:
    from outage.catalogue import Catalogue

DEFAULT_FILE: Final = Path("outage.toml")
VARIABLE: Final = "OUTAGE_CONFIG"

ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar=VARIABLE,
        show_default="./outage.toml if there",
        help="The catalogue file, laid over the built-in catalogue.",
    ),
]


def config_file(given: Path | None) -> Path | None:
    """Return the catalogue file to use: the one given, else ./outage.toml if there, else None."""
    if given is None and DEFAULT_FILE.exists():
        return DEFAULT_FILE
    return given


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        help="The catalogue and the settings.",
        epilog="Example: outage config check --config outage.toml",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("check", epilog="Example: outage config check --config outage.toml")(check)
    app.add_typer(group, name="config")


def check(config: ConfigFile = None) -> None:
    """Check the catalogue file: every fault on a line, with its key, line and remedy.

    The options of each source are checked too; that its secrets are there, `outage sources` says.
    """
    from outage.catalogue import check_catalogue

    path = config_file(config)
    catalogue, faults = check_catalogue(path)
    told = [str(fault) for fault in faults] if catalogue is None else _in_options(catalogue, path)
    for line in told:
        typer.echo(line, err=True)
    if catalogue is None or told:
        raise typer.Exit(2)
    typer.echo(f"{path or 'built-in catalogue'}: fine: {_summary(catalogue)}")


def _in_options(catalogue: Catalogue, path: Path | None) -> list[str]:
    from outage.clock import now
    from outage.collecting.jobs import Workshop, misconfigured
    from outage.errors import ConfigError
    from outage.judging.signatures import adapted

    faults = list(misconfigured(Workshop(catalogue, now)).values())
    try:
        adapted(catalogue.settings.signatures)
    except ConfigError as error:
        faults.append(str(error))
    return [f"{path}: {fault}" for fault in faults]


def _summary(catalogue: Catalogue) -> str:
    counts = {
        "service": len(catalogue.services),
        "operator": len(catalogue.operators),
        "source": len(catalogue.sources),
        "channel": len(catalogue.channels),
        "language": len(catalogue.error_phrases),
    }
    return ", ".join(counted(count, what) for what, count in counts.items())
