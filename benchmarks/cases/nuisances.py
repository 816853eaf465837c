"""What looks like an outage and is none: talk, crowds, holidays, releases, and blind collectors.

Those of demand and people change the means; those of an exporter act on what was drawn
(`benchmarks.cases.sampling`), except lost records, which thin every count alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR, MINUTE

from .events import Event, course
from .faults import LIVELY
from .layout import NETWORK
from .world import World

Nuisance = Callable[[np.random.Generator, World, Event], None]
BYTES: Final = ("bytes_down", "bytes_up")


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number between two, evenly on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _times(
    world: World, names: tuple[str, ...], rows: slice, where: int | slice, by: Floats
) -> None:
    """Multiply the means of some signals of one service, or of all."""
    for name in names:
        part = world.network[name][rows, where]
        part *= by.reshape(-1, *(1,) * (part.ndim - 1))


def _swell(world: World, event: Event) -> tuple[slice, Floats]:
    """Return rows and a course from 0 to 1 and back that rises fast and fades slowly."""
    at = course(world.layout, event, tail=0)
    length = max(event.end - event.start, 1)
    shape = np.minimum(at.age / (0.15 * length), 1) * np.exp(-1.2 * at.age / length) * 1.4
    return at.rows, np.asarray(np.minimum(shape, 1) * at.depth)


def _subject(world: World, event: Event) -> int:
    return world.layout.services.index(event.service or "")


def news(rng: np.random.Generator, world: World, event: Event) -> None:
    """Many write about a service; hardly anyone with an error phrase."""
    rows, by = _swell(world, event)
    who = _subject(world, event)
    added = world.people["posts"][rows, who] * by * _between(rng, 2, 30)
    world.people["posts"][rows, who] += added
    world.people["error_posts"][rows, who] += added * _between(rng, 0.0005, 0.008)


def meme(rng: np.random.Generator, world: World, event: Event) -> None:
    """Many joke that a service is down; it is not."""
    rows, by = _swell(world, event)
    who = _subject(world, event)
    added = world.people["posts"][rows, who] * by * _between(rng, 0.1, 1.8)
    world.people["posts"][rows, who] += 1.2 * added
    world.people["error_posts"][rows, who] += added
    world.people["user_reports"][rows, who] += added * rng.uniform(0, 0.1)


def flash_crowd(rng: np.random.Generator, world: World, event: Event) -> None:
    """Everyone comes at once, and is served."""
    rows, by = _swell(world, event)
    who = _subject(world, event)
    _times(world, LIVELY, rows, who, 1 + by * rng.uniform(0.5, 3.0))
    more = 1 + by * rng.uniform(0.0, 3.0)
    for name in ("posts", "error_posts"):
        world.people[name][rows, who] *= more


def feast(rng: np.random.Generator, world: World, event: Event) -> None:
    """A holiday: everyone does something else all day, or, more rarely, the same thing more."""
    at = course(world.layout, event, tail=0)
    by = rng.uniform(0.58, 0.88) if rng.random() < 0.8 else rng.uniform(1.1, 1.35)
    for service in range(len(world.layout.services)):
        one = 1 + (by - 1) * rng.uniform(0.8, 1.2)
        _times(world, LIVELY, at.rows, service, 1 + (one - 1) * at.depth)


def match(rng: np.random.Generator, world: World, event: Event) -> None:
    """A match that everyone watches: demand ebbs everywhere for some hours."""
    at = course(world.layout, event, tail=0)
    less = rng.uniform(0.12, 0.42)
    for service in range(len(world.layout.services)):
        _times(world, LIVELY, at.rows, service, 1 - less * rng.uniform(0.8, 1.2) * at.depth)


def level_shift(rng: np.random.Generator, world: World, event: Event) -> None:
    """A release changes for good how many bytes, or how many flows, the same use takes."""
    at = course(world.layout, event, tail=0)
    by = _between(rng, 1.25, 1.8) ** (1 if rng.random() < 0.6 else -1)
    names = BYTES if rng.random() < 0.65 else LIVELY[: len(LIVELY) - 2]
    _times(world, names, at.rows, _subject(world, event), 1 + (by - 1) * at.depth)


def partial_gap(rng: np.random.Generator, world: World, event: Event) -> None:
    """An exporter loses a part of its records: all that it counts falls by the same share."""
    at = course(world.layout, event, tail=0)
    where = world.layout.operators.index(event.vantage or "")
    for name in NETWORK:
        if name != "active_servers":  # a lost record hides no busy server
            world.network[name][at.rows, :, where] *= (1 - at.depth)[:, None]


def retry_storm(rng: np.random.Generator, world: World, event: Event) -> None:
    """Clients of a failing service hammer another one: many small flows, all answered."""
    at = course(world.layout, event, tail=0)
    who, more = _subject(world, event), rng.uniform(0.3, 1.2)
    falling = at.depth * np.exp(-at.age / HOUR)
    _times(world, ("flows", "syn", "syn_ack", "fin"), at.rows, who, 1 + more * falling)
    _times(world, BYTES, at.rows, who, 1 + 0.05 * more * falling)


def quiet_nights(rng: np.random.Generator, world: World, service: int, hour: float) -> list[Event]:
    """Let a tiny service's clients pause at about the same hour of most nights, in all weeks."""
    layout, found = world.layout, []
    length = int(rng.integers(20, 60)) * MINUTE
    for day in range(layout.starts, layout.ends, 24 * HOUR):
        start = day + int(hour * HOUR) + int(rng.integers(-6, 7)) * MINUTE
        if rng.random() > 0.85 or start < layout.starts or start + length > layout.ends:
            continue
        name = layout.services[service]
        found.append(Event("maintenance", start, start + length, start + length, name, None, 0.9))
        at = course(layout, found[-1], tail=0)
        _times(world, LIVELY, at.rows, service, 1 - at.depth)
    return found


NUISANCES: Final[dict[str, Nuisance]] = {
    "news": news,
    "meme": meme,
    "flash_crowd": flash_crowd,
    "feast": feast,
    "match": match,
    "level_shift": level_shift,
    "partial_gap": partial_gap,
    "retry_storm": retry_storm,
}
