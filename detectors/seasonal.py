"""The default baseline: day, week and slow trend of all series at once, spoilt by no outage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.grouping import chunks, mask_of, offsets_apart
from detectors.hours import to_hours
from detectors.noise import spread_of, to_positive
from detectors.regression import Rows, fit_rows
from detectors.seasons import WEEK, columns, prior_sd
from outage.batches import Floats, Ints
from outage.errors import NotEnoughHistory
from outage.interfaces import Expectation, History
from outage.slots import DAY
from outage.words import Noise

MIN_DAYS = 2
LOGARITHMIC = (Noise.VOLUME, Noise.LATENCY)


@dataclass(frozen=True, slots=True, eq=False)
class SeasonalBaseline:
    """Coefficients of every series: `beta` (series, columns), NaN where history was short."""

    noises: tuple[Noise, ...]
    middle: int
    end: int
    daily_order: int
    beta: Floats
    spread: Floats
    slot_seconds: int

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return location and spread, shapes (slots, series); the trend stands still at its end."""
        location = np.empty(utc_offsets.shape)
        for offset, chosen in offsets_apart(utc_offsets):
            design = self._design(slot_starts, offset)
            location[:, chosen] = design @ self.beta[chosen].T
        for kind in set(self.noises):
            chosen = mask_of(self.noises, kind)
            location[:, chosen] = _from_fit(location[:, chosen], kind)
        spread = np.broadcast_to(self.spread, location.shape).copy()
        return Expectation(location, spread)

    def _design(self, slot_starts: Ints, offset: Ints) -> Floats:
        middle = slot_starts + self.slot_seconds // 2
        weeks = (np.minimum(middle, self.end) - self.middle) / WEEK
        return columns(middle + offset, weeks, self.daily_order)


@dataclass(frozen=True, slots=True)
class Seasonal:
    """Robust ridge regression on daily and weekly terms of the local clock.

    Counts are fitted as counts (a logarithmic mean with Poisson noise and more), volumes and
    latencies in their logarithm, shares as they are; `chunk` series at a time bound the memory.
    """

    daily_order: int = 6
    passes: int = 5
    chunk: int = 512

    def fit(self, history: History) -> SeasonalBaseline:
        """Fit every series with two days of slots; raises NotEnoughHistory if none has."""
        slots = len(history.slot_starts)
        counts = np.isfinite(history.values).sum(axis=0)
        enough = counts * history.slot_seconds >= MIN_DAYS * DAY
        if not enough.any():
            raise NotEnoughHistory(
                f"seasonal: no series has {MIN_DAYS} days of slots (best: {counts.max(initial=0)}"
                f" of {slots}); wait, import history, or use the trailing baseline"
            )
        end = int(history.slot_starts[-1]) + history.slot_seconds
        middle = (int(history.slot_starts[0]) + end) // 2
        width = columns(np.zeros(1), np.zeros(1), self.daily_order).shape[1]
        beta = np.full((history.values.shape[1], width), np.nan)
        spread = np.full(history.values.shape[1], np.nan)
        baseline = SeasonalBaseline(
            tuple(history.noises), middle, end, self.daily_order, beta, spread, history.slot_seconds
        )
        for offset, alike in offsets_apart(history.utc_offsets):
            for kind in sorted(set(history.noises)):
                chosen = alike & enough & mask_of(history.noises, kind)
                for part in chunks(chosen, self.chunk):
                    self._fit_part(history, baseline, offset, kind, part)
        return baseline

    def _fit_part(
        self, history: History, baseline: SeasonalBaseline, offset: Ints, kind: Noise, part: Ints
    ) -> None:
        seen = np.ascontiguousarray(history.values[:, part].T)
        target = _to_fit(seen, kind)
        hours = to_hours(target, history.slot_starts, offset)
        weeks = (hours.moment + 1800 - baseline.middle) / WEEK
        design = columns(hours.local + 1800, weeks, self.daily_order)
        days = np.isfinite(seen).sum(axis=1) * history.slot_seconds / DAY
        exposure = hours.seen if kind is Noise.COUNT else None
        rows = Rows(hours.mean, exposure)
        beta = fit_rows(rows, design, prior_sd(self.daily_order, days), self.passes)
        fitted = beta @ baseline._design(history.slot_starts, offset).T
        baseline.beta[part] = beta
        baseline.spread[part] = spread_of(seen, _from_fit(fitted, kind), kind)


def _to_fit(seen: Floats, kind: Noise) -> Floats:
    if kind in LOGARITHMIC:
        return np.log(to_positive(seen))
    return seen


def _from_fit(fitted: Floats, kind: Noise) -> Floats:
    if kind is Noise.SHARE:
        return fitted
    return np.exp(fitted)
