"""`outage init`: create the store, or bring it to the newest schema."""

from __future__ import annotations

import typer

from outage.cli.database import DEFAULT_URL, Database


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "init", epilog="Example: outage init --database postgresql://outage@localhost/outage"
    )(init)


def init(database: Database = DEFAULT_URL) -> None:
    """Create the store, or upgrade it; one that is up to date stays as it is."""
    from outage.store import upgrade

    done = upgrade(database)
    if done.before is None:
        typer.echo(f"created the store {done.database}, schema {done.after}")
    elif done.before == done.after:
        typer.echo(f"the store {done.database} is up to date, schema {done.after}")
    else:
        typer.echo(f"upgraded the store {done.database}: schema {done.before} to {done.after}")
