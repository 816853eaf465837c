"""`outage collect`: ask the configured sources, and take in what they deliver."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from outage.cli.config import ConfigFile, config_file
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import Since, Until
from outage.words import counted

if TYPE_CHECKING:
    from rich.status import Status

    from outage.collecting.jobs import Job, Workshop
    from outage.collecting.running import Outcome, Run
    from outage.interfaces import Estimate
    from outage.store.store import Store


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "collect", epilog="Example: outage collect x --since 2014-02-15T00:00:00Z --dry-run"
    )(collect)


def collect(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", show_default=False)
    ] = None,
    *,
    since: Since = None,
    until: Until = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost, and ask nobody.")
    ] = False,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Collect the sources named, or all that are due, side by side.

    Without --since each goes on where it ended the last time. A source that fails is told on
    stderr and tried again the next time; the others lose nothing. What was interrupted goes on
    where it was when the same command is given again.
    """
    from outage.catalogue import load_catalogue
    from outage.cli.settings import moment
    from outage.clock import now
    from outage.collecting.jobs import Workshop, jobs
    from outage.store.store import Store

    catalogue = load_catalogue(config_file(config))
    with Store.open(database) as store:
        window = {"since": moment(since), "until": moment(until)}
        found = jobs(store, catalogue, sources or (), now(), **window)
        if not found:
            typer.echo("no source is configured; see [sources.NAME] in docs/catalogue.md")
        workshop = Workshop(catalogue, now)
        chosen, fine = _chosen(found, now(), named=bool(sources))
        fine = (_tell_costs if dry_run else _run)(store, workshop, chosen) and fine
    if not fine:
        raise typer.Exit(1)


def _chosen(found: list[Job], now: int, *, named: bool) -> tuple[list[Job], bool]:
    """Tell which jobs are left out now; return the others, and whether that is no trouble."""
    chosen, fine = [], True
    for job in found:
        if left_out := job.left_out(now, named=named):
            typer.echo(f"{job.name}: {left_out.text}", err=left_out.worrying)
            fine = fine and not left_out.worrying
        else:
            chosen.append(job)
    return chosen, fine


def _run(store: Store, workshop: Workshop, found: list[Job]) -> bool:
    """Carry the jobs out and tell each outcome; return whether all is well."""
    from outage.clock import now
    from outage.collecting.running import collect as carry_out

    fine = True
    with ExitStack() as stack:
        screen = _Screen(stack)
        for outcome in carry_out(store, workshop, found, now, screen):
            screen.clear()
            fine = _tell(outcome) and fine
    return fine


def _tell(outcome: Outcome) -> bool:
    """Print what came of a source; return whether all is well."""
    counts = outcome.counts
    parts = [f"{counts.new:,} new", f"{counts.unchanged:,} unchanged"]
    parts += [f"{counts.replaced:,} replaced"] if counts.replaced else []
    parts += [f"{counts.corrected:,} corrected"] if counts.corrected else []
    parts += [f"{counts.rejected:,} rejected, see `outage rejected`"] if counts.rejected else []
    typer.echo(f"{_what(outcome.job)}: {', '.join(parts)}")
    if outcome.fault is not None:
        typer.echo(f"outage: {outcome.told()}", err=True)
    return outcome.fault is None and not counts.rejected


def _what(job: Job) -> str:
    """Return a job's source and window."""
    from outage.slots import format_time

    window = job.window
    assert window is not None  # without one it is left out
    return f"{job.name}: {format_time(window.since)} to {format_time(window.until)}"


def _tell_costs(store: Store, workshop: Workshop, found: list[Job]) -> bool:
    """Print what each source would cost; return whether all could say."""
    from outage.collecting.jobs import estimate
    from outage.errors import OutageError

    total, fine = 0.0, True
    for job in found:
        try:
            told = estimate(store, workshop, job)
        except OutageError as error:
            typer.echo(f"outage: {error}", err=True)
            fine = False
            continue
        total += told.dollars if told else 0.0
        typer.echo(f"{_what(job)}: {_told_cost(job, told)}")
    typer.echo(f"together: ${total:,.2f}; nothing was asked")
    return fine


def _told_cost(job: Job, told: Estimate | None) -> str:
    from outage.collecting.building import described

    if told is None:
        return f"cost: {described(job.source, 'cost') or 'not known'}"
    return f"{counted(told.requests, 'request')}, ${told.dollars:,.2f}: {told.text}"


class _Screen:
    """Shows on a terminal what is under way, and nothing elsewhere."""

    def __init__(self, stack: ExitStack) -> None:
        self._status: Status | None = None
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = stack.enter_context(Console(stderr=True).status("collecting"))

    def __call__(self, runs: Sequence[Run]) -> None:
        from outage.slots import format_time

        if self._status is not None:
            at = (f"{run.job.name} {format_time(run.delivery.latest) or '…'}" for run in runs)
            self._status.update(f"collecting {', '.join(at)}")
            self._status.start()

    def clear(self) -> None:
        """Make room for lines of text, until the next call."""
        if self._status is not None:
            self._status.stop()
