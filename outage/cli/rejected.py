"""`outage rejected`: the rows that were not taken, why, and what to do about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson

if TYPE_CHECKING:
    from outage.words import RejectedRow


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("rejected", epilog="Example: outage rejected --limit 20")(rejected)


def rejected(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 100,
    as_json: AsJson = False,
    database: Database = DEFAULT_URL,
) -> None:
    """Show the rows that imports rejected, the latest first."""
    from outage.cli.output import print_json
    from outage.store.store import Store

    with Store.open(database) as store:
        rows = store.rejected(limit)
    if as_json:
        print_json({"rejected": [asdict(row) for row in rows]})
    else:
        typer.echo("\n".join(map(_line, rows)) or "No row was rejected.")


def _line(row: RejectedRow) -> str:
    excerpt = f" [{row.excerpt}]" if row.excerpt else ""
    return f"{row.origin}:{row.line}: {row.reason}; {row.remedy}{excerpt}"
