"""What was seen of an incident's subject while it lasted, series by series."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.judging.engine import Engine
from outage.judging.outlook import Outlook
from outage.judging.state import Track
from outage.slots import DAY
from outage.words import SIGNALS, Combine, Noise, Series, Witness


@dataclass(frozen=True, slots=True)
class Column:
    """One series during an incident: sums over its slots (medians of latencies and shares)."""

    series: Series
    plane: int
    at: int
    seen: float
    expected: float
    score: float

    @property
    def people(self) -> bool:
        """Return whether people speak here, not the network or devices."""
        return SIGNALS[self.series.signal].witness is Witness.PEOPLE

    @property
    def key(self) -> tuple[float, Series]:
        """Return what sorts the most telling first, whatever the order they came in."""
        return -abs(self.score), self.series


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A plane's slots from `first` on while an incident lasted, arrays (slots, about).

    `about` are the columns of the plane that are about the incident's subject.
    """

    plane: int
    first: int
    about: Sequence[int]
    values: Floats
    expected: Outlook


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """All that was measured of an incident's subject while it lasted."""

    columns: Sequence[Column]
    stretches: Sequence[Stretch]


def mine(track: Track, one: Series) -> bool:
    """Return whether a series is about the incident's subject, or seen from it."""
    seen_from = track.kind == "operator" and one.vantage == track.subject
    return seen_from or one.subject == track.subject


def measure(engine: Engine, track: Track) -> Measured:
    """Return what was seen from the incident's start to its last slot with evidence."""
    columns: list[Column] = []
    stretches: list[Stretch] = []
    for number, plane in enumerate(engine.planes):
        about = plane.about(track.subject, seen_from=track.kind == "operator")
        stop = min(track.last_hit, track.touched_at - engine.lags[number], track.start + DAY)
        first = track.start - track.start % plane.slot_seconds
        last = stop - stop % plane.slot_seconds
        if not about or last <= first:
            continue
        stretch = Stretch(number, first, about, *engine.seen(number, first, last, about))
        stretches.append(stretch)
        columns += _columns(plane.series, stretch)
    return Measured(columns, stretches)


def _columns(series: Sequence[Series], stretch: Stretch) -> Iterator[Column]:
    location, spread = stretch.expected.location, stretch.expected.spread
    for place, at in enumerate(stretch.about):
        one = series[at]
        found = sums(one.signal, stretch.values[:, place], location[:, place], spread[:, place])
        if found is not None:
            yield Column(one, stretch.plane, at, *found)


def sums(
    signal: str, values: Floats, location: Floats, spread: Floats
) -> tuple[float, float, float] | None:
    """Return seen, expected and their distance in robust standard deviations; None for a gap.

    Counts and volumes are added up over the slots (`active_servers` averaged); of latencies and
    shares it is the median.
    """
    both = np.isfinite(values) & np.isfinite(location)
    if not both.any():
        return None
    seen, expected = values[both], location[both]
    noise, combine = SIGNALS[signal].noise, SIGNALS[signal].combine
    if noise in (Noise.COUNT, Noise.VOLUME):
        counting = expected.sum() if noise is Noise.COUNT else 0.0
        wide = (spread[both] * expected).sum()  # slow noise: slots do not average it away
        deviation = math.sqrt(counting + wide**2 + 1e-12)
        slots = len(seen) if combine is Combine.NEVER else 1
        score = float((seen - expected).sum() / deviation)
        return float(seen.sum()) / slots, float(expected.sum()) / slots, score
    middle, usual = float(np.median(seen)), float(np.median(expected))
    width = float(np.median(spread[both])) + 1e-3
    change = middle - usual if noise is Noise.SHARE else math.log((middle + 1e-9) / (usual + 1e-9))
    return middle, usual, change / width
