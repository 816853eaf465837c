"""`outage replay`: fold history again with a simulated clock."""

from __future__ import annotations

from typing import Annotated

import typer

from outage.cli.config import ConfigFile
from outage.cli.database import DEFAULT_URL, Database
from outage.cli.settings import AsJson, Assignments, Since, Until

OWN_TIME = "a scenario brings its own time; leave --since, --until, --corrected out"
EXAMPLE = "Example: outage replay whatsapp-2014 --set baseline=prophet"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("replay", epilog=EXAMPLE)(replay)


def replay(
    scenario: Annotated[
        str | None,
        typer.Argument(help="A built-in reconstruction; without one, the store's history."),
    ] = None,
    *,
    since: Since = None,
    until: Until = None,
    assignments: Assignments = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Use the latest values, not those known then.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    database: Database = DEFAULT_URL,
) -> None:
    """Judge a built-in reconstruction, or a stretch of the store's history, as it would have been.

    Nothing is written. `--set` tries other settings before they are saved.
    """
    from outage.cli.output import print_incidents, print_json, progress, verdicts
    from outage.cli.settings import configured, moment
    from outage.errors import UsageError
    from outage.replay import Replayed, replay_scenario, replay_stored
    from outage.scenarios import describe
    from outage.store.store import Store

    settings, catalogue = configured(config, assignments)
    start, end = moment(since), moment(until)
    found: Replayed
    if scenario is not None:
        if start is not None or end is not None or corrected:
            raise UsageError(OWN_TIME)
        about = describe(scenario)
        with progress("judging", about.judged_from, about.ends) as tell:
            found = replay_scenario(scenario, settings, catalogue, tell)
        if not as_json:
            typer.echo(about.title)
    elif start is None or end is None:
        raise UsageError("name a scenario, or both --since and --until")
    else:
        with Store.open(database) as store, progress("judging", start, end) as tell:
            found = replay_stored(
                store, start, end, settings, catalogue, corrected=corrected, progress=tell
            )
    if as_json:
        print_json(verdicts(found.incidents, found.notices))
    else:
        print_incidents(found.incidents, found.notices)
