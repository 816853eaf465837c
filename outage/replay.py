"""Replay: fold history again with a simulated clock, as the live service would have done.

Never looks ahead: each slot is judged by the values known when it completed and by baselines
fitted at the last 00:00 UTC before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outage.catalogue import Catalogue
from outage.errors import UsageError
from outage.judging.engine import Engine
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.scenarios import build, describe
from outage.settings import Settings
from outage.slots import DAY, format_time
from outage.store.store import Store
from outage.stored import StoredSource
from outage.words import Incident, Notice

Progress = Callable[[int], None]


def _silent(_moment: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found."""

    incidents: list[Incident]
    notices: list[Notice]


def replay_scenario(
    slug: str, settings: Settings, catalogue: Catalogue, progress: Progress = _silent
) -> Replayed:
    """Judge a built-in reconstruction; raises UsageError for an unknown one."""
    scenario = describe(slug)
    batch = build(slug, settings.scenario.seed, settings.scenario.depth)
    engine = Engine.of(MemorySource(batch), settings, catalogue)
    incidents, notices, _ = run(engine, engine.start(scenario.judged_from), scenario.ends, progress)
    return Replayed(incidents, notices)


def replay_stored(
    store: Store,
    since: int,
    until: int,
    settings: Settings,
    catalogue: Catalogue,
    *,
    corrected: bool = False,
    progress: Progress = _silent,
) -> Replayed:
    """Judge stored history in `[since, until)`; `corrected` takes the latest values instead."""
    span = store.span()
    if span is None:
        raise UsageError("the store holds no samples; import some first (`outage import samples`)")
    if until <= since:
        raise UsageError(f"--until {format_time(until)} is not after --since {format_time(since)}")
    engine = Engine.of(StoredSource(store, corrected=corrected), settings, catalogue)
    last = min(until, max(since, span[1] + engine.longest_lag + DAY))
    incidents, notices, _ = run(engine, engine.start(since), last, progress)
    return Replayed(incidents, notices)
