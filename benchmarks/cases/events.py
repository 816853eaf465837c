"""What happens in a case, and how it comes and goes over its slots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR, MINUTE

from .layout import Layout


@dataclass(frozen=True)
class Event:
    """An outage, a nuisance or a trap; moments are epoch seconds.

    `ramp` is how many seconds it takes to come; `fades` whether it goes away over
    `[end, recovered]` or at once at `end`.
    """

    kind: str
    start: int
    end: int
    recovered: int
    service: str | None = None
    vantage: str | None = None
    depth: float | None = None
    ramp: int = 0
    fades: bool = False
    detail: str = ""  # of a gap, whose; of a clock, which way

    @property
    def slow(self) -> bool:
        """Return whether it came over half an hour or more."""
        return self.ramp >= 30 * MINUTE


@dataclass(frozen=True)
class Course:
    """An event over the slots that it touches, each array as long as these."""

    rows: slice
    depth: Floats  # the share that is hit, as the mean over the slot
    age: Floats  # seconds since the start
    after: Floats  # seconds since the end, NaN before


def span(layout: Layout, start: int, end: int) -> slice:
    """Return the rows of the slots that a time touches."""
    last = layout.row(max(end, start + 1) - 1) + 1
    return slice(max(layout.row(start), 0), min(last, len(layout.times)))


def covered(layout: Layout, rows: slice, start: int, end: int) -> Floats:
    """Return which share of each slot lies within `[start, end)`."""
    begins = layout.times[rows]
    over = np.minimum(begins + layout.slot, end) - np.maximum(begins, start)
    return np.asarray(np.clip(over, 0, None) / layout.slot)


def course(layout: Layout, event: Event, tail: int = 3 * HOUR) -> Course:
    """Return how deep an event is in each slot, from its start to a while after it is over."""
    rows = span(layout, event.start, event.recovered + tail)
    middle = layout.times[rows] + layout.slot / 2
    age = np.maximum(middle - event.start, 0.0)
    depth = (event.depth or 1.0) * covered(layout, rows, event.start, event.end)
    if event.ramp:
        depth = depth * np.clip(age / event.ramp, 0, 1)
    if event.fades:
        left = np.clip((event.recovered - middle) / max(event.recovered - event.end, 1), 0, 1)
        depth += (event.depth or 1.0) * left * covered(layout, rows, event.end, event.recovered)
    after = np.where(middle >= event.end, middle - event.end, np.nan)
    return Course(rows, np.minimum(depth, 1.0), age, after)
