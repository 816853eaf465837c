"""`outage import`: files of samples and of archived reports into the store."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from outage.cli.config import ConfigFile, config_file
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.output import files_progress, plain

if TYPE_CHECKING:
    from outage.importing import FileImport, Imported
    from outage.interfaces import ReadOptions

SAMPLES_EXAMPLE: Final = "Example: outage import samples traffic.csv.gz posts.parquet"
REPORTS_EXAMPLE: Final = "Example: outage import reports archive/*.json --service whatsapp"

Files: TypeAlias = Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)]
Service: TypeAlias = Annotated[
    str | None, typer.Option("--service", help="The subject, where the file does not name it.")
]
Source: TypeAlias = Annotated[
    str | None, typer.Option("--source", help="The name of the source, in place of the file's.")
]
Signal: TypeAlias = Annotated[
    str | None, typer.Option("--signal", help="The signal, where the file does not name it.")
]
Vantage: TypeAlias = Annotated[
    str | None, typer.Option("--vantage", help="The operator, where the file does not name it.")
]
Timezone: TypeAlias = Annotated[
    str | None,
    typer.Option("--timezone", help="The zone of times without one, such as Europe/Berlin."),
]
SlotSeconds: TypeAlias = Annotated[
    int | None,
    typer.Option("--slot-seconds", help="The slot length, in place of the file's or inferred one."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        help="Bring files into the store.",
        epilog=SAMPLES_EXAMPLE,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("samples", epilog=SAMPLES_EXAMPLE)(samples)
    group.command("reports", epilog=REPORTS_EXAMPLE)(reports)
    app.add_typer(group, name="import")


def samples(
    files: Files,
    *,
    service: Service = None,
    signal: Signal = None,
    vantage: Vantage = None,
    source: Source = None,
    timezone: Timezone = None,
    slot_seconds: SlotSeconds = None,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Import long samples: CSV, gzipped CSV or Parquet with one row a sample.

    Columns: slot_start, service, vantage, category, signal, value; source and slot_seconds
    if you like. A file of two columns, timestamp and value, needs --service and --signal.
    """
    from outage.interfaces import ReadOptions

    options = ReadOptions(
        service=service,
        source=source,
        slot_seconds=slot_seconds,
        signal=signal,
        vantage=vantage,
        timezone=timezone,
        lags=_lags(config, service, vantage),
    )
    _import("samples", files, options, database)


def reports(
    files: Files,
    *,
    service: Annotated[str, typer.Option("--service", help="The service reported on.")],
    source: Source = None,
    slot_seconds: SlotSeconds = None,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Import archived user-report counts: JSON, {"counts": [{"x": time, "y": count}, ...]}.

    Times are floored to slots of 900 s; where counts of one slot disagree the higher wins.
    """
    from outage.interfaces import ReadOptions

    lags = _lags(config, service)
    options = ReadOptions(service=service, source=source, slot_seconds=slot_seconds, lags=lags)
    _import("reports", files, options, database)


def _lags(
    config: Path | None, service: str | None = None, vantage: str | None = None
) -> dict[str, int]:
    """Return the lags of the catalogue's sources; say which names look like misspelt ones of it."""
    from outage.catalogue import load_catalogue
    from outage.cli.settings import doubt

    catalogue = load_catalogue(config_file(config))
    doubt("--service", service, {*catalogue.services, *catalogue.operators})
    doubt("--vantage", vantage, catalogue.operators.keys())
    return {name: source.lag_seconds for name, source in catalogue.sources.items()}


def _import(kind: str, files: list[Path], options: ReadOptions, database: str) -> None:
    from outage.clock import utc_now
    from outage.importing import import_files
    from outage.plugs import load
    from outage.slots import DAY, to_epoch
    from outage.store.store import Store

    reader, now = load("outage.readers", kind)(), to_epoch(utc_now())
    options = replace(options, not_after=now + DAY)
    with Store.open(database) as store, ExitStack() as stack:
        progress = files_progress(stack, len(files))
        outcome = import_files(store, reader, files, options, now, progress=progress)
    for one in outcome.files:
        _complain(one)
    _sum_up(outcome)
    if outcome.rejected or outcome.files_failed:
        raise typer.Exit(1)


def _complain(one: FileImport) -> None:
    path = plain(one.path)
    for row in one.first:
        excerpt = f" [{row.excerpt}]" if row.excerpt else ""
        said = plain(f"{row.reason}; {row.remedy}{excerpt}")
        typer.echo(f"{path}:{row.line}: {said}", err=True)
    if one.rejected > len(one.first):
        more = one.rejected - len(one.first)
        typer.echo(f"{path}: and {more:,} more; see `outage rejected`", err=True)
    if one.error is not None:
        typer.echo(f"outage: {plain(one.error)}", err=True)


def _sum_up(outcome: Imported) -> None:
    from outage.slots import format_time
    from outage.words import counted

    parts = [f"{outcome.new:,} new", f"{outcome.unchanged:,} unchanged"]
    parts += [f"{outcome.replaced:,} replaced"] if outcome.replaced else []
    parts += [f"{outcome.corrected:,} corrected"] if outcome.corrected else []
    parts += [f"{counted(outcome.rejected, 'row')} rejected"] if outcome.rejected else []
    failed = outcome.files_failed
    files = counted(len(outcome.files), "file")
    parts += [f"{failed:,} of {files} not read to the end"] if failed else []
    typer.echo(f"{counted(outcome.rows, 'sample')}: {', '.join(parts)}")
    if outcome.judged:
        typer.echo(
            f"of slots already judged: {counted(outcome.judged, 'sample')};"
            f" `outage detect --since {format_time(outcome.judged_since)}` judges these again"
        )
