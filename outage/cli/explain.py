"""`outage explain`: why an incident did, or did not, open then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from outage.cli.config import ConfigFile
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson, Assignments

EXAMPLE = "Example: outage explain --subject whatsapp --at 2014-02-22T18:00:00Z"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("explain", epilog=EXAMPLE)(explain)


def explain(
    *,
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="A service or operator; without one, what is warming up."),
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="ISO 8601 with a zone.")],
    assignments: Assignments = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Say why an incident did, or did not, open then: what was seen, and what spoke for what.

    The slot that holds the time is judged again from the store; nothing is written. `--set`
    shows what other settings would have made of it.
    """
    from outage.cli.output import print_json
    from outage.cli.settings import configured, moment
    from outage.explaining import as_document, page, warming_page, warming_up
    from outage.explaining import explain as look_at
    from outage.store.store import Store

    settings, catalogue = configured(config, assignments)
    when = moment(at)
    assert when is not None
    with Store.open(database) as store:
        if subject is None:
            warming = warming_up(store, settings, catalogue, when)
            if as_json:
                print_json({"warming": [as_document(one) for one in warming]})
            else:
                typer.echo("\n".join(warming_page(warming, when)))
            return
        found = look_at(
            store, settings, catalogue, subject, when, as_judged=not _refit(assignments)
        )
    if as_json:
        print_json(as_document(found))
    else:
        typer.echo("\n".join(page(found)))


def _refit(assignments: Sequence[str] | None) -> bool:
    return any(text.partition(".")[0].strip() != "judging" for text in assignments or ())
