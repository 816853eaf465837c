"""`outage demo`: the built-in blackout, from samples to the page."""

from __future__ import annotations

from typing import Annotated

import typer

from outage.cli.database import Database

DEMO_URL = "sqlite:///outage-demo.db"
SCENARIO = "whatsapp-2014"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("demo", epilog="Example: outage demo --no-serve")(demo)


def demo(
    *,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the page when done.")
    ] = True,
    port: Annotated[int, typer.Option("--port", help="The page's port on loopback.")] = 8501,
    database: Database = DEMO_URL,
) -> None:
    """Load the built-in blackout, detect, print the incidents, then serve the page."""
    from outage.catalogue import load_catalogue
    from outage.cli.output import print_incidents, progress
    from outage.clock import utc_now
    from outage.live import detect
    from outage.scenarios import build, describe
    from outage.settings import Settings
    from outage.slots import to_epoch
    from outage.store.schema import upgrade
    from outage.store.store import Store
    from outage.words import counted

    about = describe(SCENARIO)
    typer.echo(about.title)
    upgrade(database)
    now = to_epoch(utc_now())
    with Store.open(database) as store:
        added = store.add(build(SCENARIO), now)
        new = counted(added.new, "sample")
        typer.echo(f"{new} loaded into {store.url} ({added.unchanged:,} there before)")
        with progress("judging", about.judged_from, about.ends) as tell:
            detect(
                store, Settings(), load_catalogue(None), now, since=about.judged_from, progress=tell
            )
        print_incidents(store.incidents(), store.notices())
    if serve:
        from outage.cli.dashboard import serve as show

        raise typer.Exit(show(database, port, "127.0.0.1"))
