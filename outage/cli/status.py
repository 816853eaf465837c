"""`outage status`: the store, how far it was judged, and whether the sources are fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from outage.cli.config import ConfigFile, config_file
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson

if TYPE_CHECKING:
    from outage.collecting.health import Health
    from outage.store.store import Store


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("status", epilog="Example: outage status --json")(status)


def status(
    *, as_json: AsJson = False, config: ConfigFile = None, database: Database = DEFAULT_URL
) -> None:
    """Show how things stand; exit code 1 if any source is late, failing or left alone."""
    from outage.catalogue import load_catalogue
    from outage.cli.output import print_json
    from outage.clock import now
    from outage.collecting.health import healths
    from outage.store.store import Store

    catalogue = load_catalogue(config_file(config))
    with Store.open(database) as store:
        found = list(healths(store, catalogue, now()))
        held = _held(store)
    if as_json:
        print_json({**held, "sources": [one.as_json() for one in found]})
    else:
        _print(held, found)
    if not all(one.fine for one in found):
        raise typer.Exit(1)


def _held(store: Store) -> dict[str, Any]:
    """Return what the store holds, as plain JSON values."""
    from outage.slots import format_time

    first, last = store.span() or (None, None)
    return {
        "store": store.url,
        "series": store.count_series(),
        "first_slot": format_time(first),
        "last_slot_end": format_time(last),
        "judged_until": format_time(store.judged_until()),
    }


def _print(held: dict[str, Any], found: list[Health]) -> None:
    empty = held["first_slot"] is None
    span = "no sample yet" if empty else f"{held['first_slot']} to {held['last_slot_end']}"
    typer.echo(f"store {held['store']}: {held['series']:,} series, {span}")
    typer.echo(f"judged until {held['judged_until'] or 'never'}")
    for one in found:
        typer.echo(f"{one.name}: {one.state.value}: {one.text}")
    if not found:
        typer.echo("no source is configured")
