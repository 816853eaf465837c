"""The course of an outage over time: full, fading, ebbing, caught by the crowd."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from outage.batches import Floats
from outage.scenarios.ordinary import Grid
from outage.scenarios.record import Expected
from outage.slots import HOUR, MINUTE

Course: TypeAlias = Callable[[Floats], Floats]  # seconds since the start -> factor on the ordinary


def steady(factor: float) -> Course:
    """Return a course that stays at `factor` times the ordinary."""
    return lambda elapsed: np.full_like(elapsed, factor)


def fading(first: float, last: float, half_life: float) -> Course:
    """Return a course from `first` to `last` times the ordinary, half-lives in seconds."""
    return lambda elapsed: last + (first - last) * 0.5 ** (elapsed / half_life)


def level(grid: Grid, event: Expected) -> Floats:
    """Return how much of the outage is on, 0..1, shape (slots, points); it ebbs to `recovered`."""
    back = max(1, event.recovered - event.end)
    share = np.clip((grid.points - event.end) / back, 0.0, 1.0)
    full = (1 + np.cos(np.pi * share)) / 2
    on: Floats = np.where(grid.points >= event.start, full, 0.0)
    return on


def departure(grid: Grid, events: Iterable[Expected], course: Course) -> Floats:
    """Return the factor on the ordinary in every slot, shape (slots,); 1 where nothing happens."""
    factor = np.ones(len(grid.starts))
    for event in events:
        elapsed = np.maximum(grid.points - event.start, 0.0)
        factor += (level(grid, event) * (course(elapsed) - 1.0)).mean(axis=1)
    return factor


def crowd(
    grid: Grid,
    events: Iterable[Expected],
    peak: float,
    *,
    peak_after: int = HOUR,
    half_life: int = 2 * HOUR,
    forget: int = 25 * MINUTE,
) -> Floats:
    """Return the extra posts of every slot, shape (slots,).

    They come at once (two fifths), are most after `peak_after` seconds or at the outage's end if
    that is sooner (and then lower in proportion), ebb by `half_life` and, once it is over, by
    `forget`. Source: WhatsApp paper, section 6 (viral effect highest after one hour).
    """
    extra = np.zeros(len(grid.starts))
    for event in events:
        top = min(peak_after, event.end - event.start)
        elapsed = grid.points - event.start
        over = np.maximum(grid.points - event.end, 0.0)
        rising = np.where(elapsed >= 0, 0.4 + 0.6 * np.clip(elapsed / top, 0.0, 1.0), 0.0)
        ebbing = 0.5 ** (np.maximum(elapsed - top - over, 0.0) / half_life + over / forget)
        extra += peak * top / peak_after * (rising * ebbing).mean(axis=1)
    return extra
