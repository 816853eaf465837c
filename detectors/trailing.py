"""The cold start: a level and a width from the last hours, while no season is known yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.grouping import mask_of
from detectors.noise import median_magnitude, spread_of, to_positive
from outage.batches import Floats, Ints
from outage.errors import NotEnoughHistory
from outage.interfaces import Expectation, History
from outage.slots import DAY, HOUR
from outage.words import Noise

MIN_SLOTS = 8
MIN_SECONDS = 2 * HOUR
WINDOW = DAY
SURE, UNSURE = 1.5, 2.0  # the spread is widened by the first after a day, by the second before
UNSEEN = {  # what the part of the day not seen yet may add, in the units of the spread
    Noise.COUNT: 0.2,
    Noise.VOLUME: 0.2,
    Noise.LATENCY: 0.05,
    Noise.SHARE: 0.02,
}


@dataclass(frozen=True, slots=True, eq=False)
class TrailingBaseline:
    """One level and one width a series, the same in every slot; shapes (series,)."""

    location: Floats
    spread: Floats

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return location and spread, shapes (slots, series)."""
        shape = (len(slot_starts), len(self.location))
        return Expectation(
            np.broadcast_to(self.location, shape).copy(), np.broadcast_to(self.spread, shape).copy()
        )


@dataclass(frozen=True, slots=True)
class Trailing:
    """Median and robust width of the last 24 h at most, widened 1.5 to 2 times."""

    def fit(self, history: History) -> TrailingBaseline:
        """Fit every series with 8 slots and 2 h; raises NotEnoughHistory if none has."""
        window = max(1, WINDOW // history.slot_seconds)
        seen = np.ascontiguousarray(history.values[-window:].T)
        counts = np.isfinite(seen).sum(axis=1)
        needed = max(MIN_SLOTS, MIN_SECONDS // history.slot_seconds)
        enough = counts >= needed
        if not enough.any():
            raise NotEnoughHistory(
                f"trailing: no series has {needed} slots in the last 24 h"
                f" (best: {counts.max(initial=0)}); wait, or import history"
            )
        location = np.full(len(seen), np.nan)
        spread = np.full(len(seen), np.nan)
        covered = np.minimum(1.0, counts * history.slot_seconds / DAY)
        for kind in sorted(set(history.noises)):
            chosen = enough & mask_of(history.noises, kind)
            if chosen.any():
                location[chosen] = _level(seen[chosen], kind)
                within = _within(seen[chosen], location[chosen], kind)
                spread[chosen] = _widened(within, covered[chosen], kind)
        return TrailingBaseline(location, spread)


def _level(seen: Floats, kind: Noise) -> Floats:
    """Return the median; for counts below about ten a shrunken mean without its bursts."""
    if kind is Noise.SHARE:
        return np.asarray(np.nanmedian(seen, axis=1))
    if kind is not Noise.COUNT:
        return median_magnitude(to_positive(seen))
    middle = median_magnitude(seen)
    rate = _clipped_rate(seen, middle)
    trust = np.clip((middle - 3.0) / 7.0, 0.0, 1.0)
    return np.asarray(trust * middle + (1 - trust) * rate)


def _clipped_rate(seen: Floats, middle: Floats, rounds: int = 3) -> Floats:
    """Return the mean of values clipped at what the mean explains, plus half an event."""
    present = np.isfinite(seen)
    count = present.sum(axis=1)
    rate = middle
    for _ in range(rounds):
        cap = rate + 4 * np.sqrt(rate) + 2
        clipped = np.where(present, np.minimum(seen, cap[:, None]), 0.0)
        rate = (clipped.sum(axis=1) + 0.5) / (count + 0.5)
    return np.asarray(rate)


def _within(seen: Floats, location: Floats, kind: Noise) -> Floats:
    rows = np.broadcast_to(location[:, None], seen.shape)
    return np.sqrt(spread_of(seen, rows, kind).constant)


def _widened(within: Floats, covered: Floats, kind: Noise) -> Floats:
    factor = UNSURE + (SURE - UNSURE) * covered
    return np.asarray(np.hypot(factor * within, UNSEEN[kind]))
