"""`outage detect` and `outage incidents`: judge what is in the store, and show the verdicts."""

from __future__ import annotations

from typing import Annotated

import typer

from outage.cli.config import ConfigFile
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson, Assignments, Since, Until


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("detect", epilog="Example: outage detect --since 2014-02-21T00:00:00Z")(detect)
    app.command("incidents", epilog="Example: outage incidents --subject whatsapp --json")(
        incidents
    )


def detect(
    *,
    since: Since = None,
    until: Until = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Score and fold what is in the store, from the last judged slot on.

    `--since` rewinds to that moment and replaces the incidents opened after it.
    """
    from outage.cli.output import print_incidents, print_json, progress, verdicts
    from outage.cli.settings import configured, moment
    from outage.clock import utc_now
    from outage.live import detect as judge
    from outage.slots import format_time, to_epoch
    from outage.store.store import Store

    settings, catalogue = configured(config, assignments)
    now = to_epoch(utc_now())
    with Store.open(database) as store:
        start, span = moment(since), store.span()
        with progress(
            "judging", start or (span[0] if span else now), span[1] if span else now
        ) as t:
            found = judge(
                store, settings, catalogue, now, since=start, until=moment(until), progress=t
            )
    if as_json:
        print_json(verdicts(found.incidents, found.notices))
        return
    if found.until <= found.since:
        typer.echo(f"nothing new: judged up to {format_time(found.since)}; see `outage incidents`")
        return
    typer.echo(f"judged {format_time(found.since)} to {format_time(found.until)}")
    print_incidents(found.incidents, found.notices)


def incidents(
    *,
    since: Since = None,
    until: Until = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Only this subject.")] = None,
    as_json: AsJson = False,
    database: Database = DEFAULT_URL,
) -> None:
    """Show the incidents and notices in the store."""
    from outage.cli.output import print_incidents, print_json, verdicts
    from outage.cli.settings import moment
    from outage.explaining.reaching import known_subject
    from outage.slots import format_time
    from outage.store.store import Store

    with Store.open(database) as store:
        if subject is not None:
            known_subject(store, subject)
        judged = store.judged_until()
        found = store.incidents(moment(since), moment(until), subject)
        seen = store.notices(moment(since), moment(until), subject)
    if as_json:
        print_json(verdicts(found, seen))
    elif judged is None:
        typer.echo("nothing was judged yet; run `outage detect`")
    else:
        print_incidents(found, seen)
        typer.echo(f"judged up to {format_time(judged)}")
