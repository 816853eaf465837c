"""`outage case export`: an incident as a labelled case, for the next version to be judged on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from outage.cli.config import ConfigFile
from outage.cli.database import DEFAULT_URL, Database
from outage.words import Cause, counted

EXAMPLE = "Example: outage case export 8ce6289c649d86fe cases/blackout --cause application"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    case = typer.Typer(
        help="Labelled cases.", epilog=EXAMPLE, no_args_is_help=True, rich_markup_mode=None
    )
    case.command("export", epilog=EXAMPLE)(export)
    app.add_typer(case, name="case")


def export(
    incident: Annotated[str, typer.Argument(help="The incident's id, or how it begins.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    *,
    cause: Annotated[
        Cause | None, typer.Option("--cause", help="What it was, if not what was said.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="When it really began.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="When it really ended.")
    ] = None,
    false_alarm: Annotated[
        bool, typer.Option("--false-alarm", help="It was no outage at all.")
    ] = False,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Write an incident, as corrected, as a folder that `outage evaluate` reads.

    With the samples of 28 days before and 2 after, of its subjects and all that is seen with
    them; other incidents of theirs are labelled as they are stored.
    """
    from outage.cli.settings import configured, moment
    from outage.exporting import Correction, export_case
    from outage.store.store import Store

    settings, _ = configured(config, None)
    correction = Correction(cause, moment(start), moment(end), false_alarm)
    with Store.open(database) as store:
        found = export_case(store, incident, folder, correction, settings.judging.grid_seconds)
    samples, outages = counted(found.samples, "sample"), counted(found.outages, "outage")
    typer.echo(f"{found.folder}: {samples}, {outages} labelled")
    for line in found.left_out:
        typer.echo(f"outage: {line}", err=True)
    if found.left_out:
        raise typer.Exit(1)
