"""`outage sources`: what is configured, how it is doing, what it costs and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from outage.cli.config import ConfigFile, config_file
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson

if TYPE_CHECKING:
    from outage.collecting.health import Health


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("sources", epilog="Example: outage sources --json")(sources)


def sources(
    *, as_json: AsJson = False, config: ConfigFile = None, database: Database = DEFAULT_URL
) -> None:
    """Show the configured sources: state, last success, next run, cost, what is missing."""
    from outage.catalogue import load_catalogue
    from outage.cli.output import print_json
    from outage.clock import now
    from outage.collecting.health import healths
    from outage.store.store import Store

    catalogue = load_catalogue(config_file(config))
    with Store.open(database) as store:
        found = list(healths(store, catalogue, now()))
    if as_json:
        print_json({"sources": [one.as_json() for one in found]})
        return
    for one in found:
        typer.echo(_block(one))
    if not found:
        typer.echo("no source is configured; see [sources.NAME] in docs/catalogue.md")


def _block(one: Health) -> str:
    from outage.collecting.building import described
    from outage.slots import format_time

    lines = [
        f"{one.name} ({one.source.plug}): {one.state.value}: {one.text}",
        f"  last success {format_time(one.freshness.last_success_at) or 'never'},"
        f" next run {format_time(one.next_run)}, every {one.source.interval} s",
        f"  cost: {described(one.source, 'cost') or 'not told'}",
        f"  limits: {described(one.source, 'limits') or 'not told'}",
    ]
    return "\n".join([*lines, *(f"  missing: {what}" for what in one.lacking)])
