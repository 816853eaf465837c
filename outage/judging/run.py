"""Run an engine over a stretch of time and return what it says as records."""

from __future__ import annotations

from collections.abc import Callable

from outage.judging.engine import Changes, Engine
from outage.judging.render import incident, notice
from outage.judging.state import FoldState
from outage.words import Incident, Notice


def records(engine: Engine, changes: Changes) -> tuple[list[Incident], list[Notice]]:
    """Return what a block changed, as records."""
    return (
        [incident(engine, track) for track in changes.tracks],
        [notice(engine, sighting) for sighting in changes.sightings],
    )


def run(
    engine: Engine,
    state: FoldState,
    until: int,
    progress: Callable[[int], None] = lambda _moment: None,
) -> tuple[list[Incident], list[Notice], FoldState]:
    """Judge until `until`; return all incidents and notices, ordered, and the last state."""
    found: dict[str, Incident] = {}
    noticed: dict[tuple[str, str, str | None, int], Notice] = {}
    for changes in engine.judge(state, until):
        state = changes.state
        incidents, notices = records(engine, changes)
        found.update({one.id: one for one in incidents})
        noticed.update({(n.kind, n.subject, n.vantage, n.start): n for n in notices})
        progress(state.judged_until)
    ordered = sorted(found.values(), key=lambda one: (one.opened_at, one.id))
    seen = sorted(noticed.values(), key=lambda n: (n.start, n.subject, n.kind, n.vantage or ""))
    return ordered, seen, state
