"""A quiet, busy world to try single events in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.cases.events import Event
from benchmarks.cases.faults import LIVELY
from benchmarks.cases.layout import DEVICES, NETWORK, PEOPLE, Layout
from benchmarks.cases.world import World, quiet_world
from outage.slots import DAY, HOUR, parse_time

STARTS = parse_time("2025-03-10T00:00:00Z")
EVERY = frozenset({**NETWORK, **DEVICES, **PEOPLE})
LAYOUT = Layout(
    seed=1,
    slot=600,
    starts=STARTS,
    judged_from=STARTS + 28 * DAY,
    ends=STARTS + 32 * DAY,
    zone="Europe/Berlin",
    services=("app-a", "app-b", "app-c"),
    operators=("net-1", "net-2"),
    signals=EVERY,
    sources=True,
)
START = STARTS + 29 * DAY + 12 * HOUR


def quiet(layout: Layout = LAYOUT) -> World:
    """Return the same quiet, busy world each time."""
    world = quiet_world(np.random.default_rng(7), layout)
    world.seen[:] = True
    busy = 100 / world.network["flows"].mean(axis=0)
    for name in LIVELY:
        world.network[name] *= busy
    return world


def event(kind: str, **more: object) -> Event:
    """Return six hours of something at noon."""
    base = Event(kind, START, START + 6 * HOUR, START + 7 * HOUR, depth=0.8)
    return replace(base, **more)  # type: ignore[arg-type]
