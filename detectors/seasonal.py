"""The default baseline: day, week and slow trend of all series at once, spoilt by no outage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.grouping import Mask, chunks, mask_of, offsets_apart
from detectors.hours import PER_WEEK, to_hours
from detectors.noise import Spread, spread_of, to_positive
from detectors.regression import Week, fit_hours
from detectors.seasons import WEEK, prior_sd, season_columns
from outage.batches import Floats, Ints
from outage.errors import NotEnoughHistory
from outage.interfaces import Expectation, History
from outage.slots import DAY
from outage.words import Noise

MIN_DAYS = 2
SPREAD_SLOTS = 1300  # suffice for a spread; at uneven steps, so that regular gaps miss some
LOGARITHMIC = (Noise.VOLUME, Noise.LATENCY)


@dataclass(frozen=True, slots=True, eq=False)
class SeasonalBaseline:
    """Coefficients of every series, `beta` (series, columns and slope), NaN if unknown.

    The slope is per week from `middle` on (epoch seconds) and stands still a day after `end`.
    """

    noises: tuple[Noise, ...]
    slot_seconds: int
    daily_order: int
    middle: int
    end: int
    beta: Floats
    spread: Spread

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return location and spread, shapes (slots, series)."""
        location = np.empty(utc_offsets.shape)
        for offset, alike in offsets_apart(utc_offsets):
            location[:, alike] = self.fitted(slot_starts, offset, self.beta[alike]).T
        for kind in set(self.noises) - {Noise.SHARE}:
            chosen = mask_of(self.noises, kind)
            location[:, chosen] = np.exp(location[:, chosen])
        return Expectation(location, self.spread.at(location))

    def fitted(self, slot_starts: Ints, offset: Ints, beta: Floats) -> Floats:
        """Return the fit in its own domain, shape (series, slots)."""
        middle = slot_starts + self.slot_seconds // 2
        weeks = (np.minimum(middle, self.end + DAY) - self.middle) / WEEK
        design = season_columns(middle + offset, self.daily_order)
        return np.asarray(beta @ np.hstack([design, weeks[:, None]]).T)


@dataclass(frozen=True, slots=True)
class Seasonal:
    """Robust ridge regression on daily and weekly terms of the local clock.

    Counts are fitted as counts (logarithm of the mean, Poisson noise and more), volumes and
    latencies in their logarithm, shares as they are. Rows are local hours, whatever the slots;
    `chunk` series at a time bound the memory.
    """

    daily_order: int = 6
    passes: int = 4
    chunk: int = 256

    def fit(self, history: History) -> SeasonalBaseline:
        """Fit every series with two days of slots; raises NotEnoughHistory if none has."""
        enough = _enough(history)
        blank = self._blank(history)
        for offset, alike in offsets_apart(history.utc_offsets):
            for kind in sorted(set(history.noises)):
                chosen = alike & enough & mask_of(history.noises, kind)
                for part in chunks(chosen, self.chunk):
                    self._fit_part(history, blank, offset, kind, part)
        return blank

    def _blank(self, history: History) -> SeasonalBaseline:
        end = int(history.slot_starts[-1]) + history.slot_seconds
        series = history.values.shape[1]
        width = season_columns(np.zeros(1, dtype=np.int64), self.daily_order).shape[1] + 1
        return SeasonalBaseline(
            noises=tuple(history.noises),
            slot_seconds=history.slot_seconds,
            daily_order=self.daily_order,
            middle=(int(history.slot_starts[0]) + end) // 2,
            end=end,
            beta=np.full((series, width), np.nan),
            spread=Spread(np.full(series, np.nan), np.zeros(series)),
        )

    def _fit_part(
        self, history: History, into: SeasonalBaseline, offset: Ints, kind: Noise, part: Ints
    ) -> None:
        seen = np.ascontiguousarray(history.values[:, part].T)
        target = np.log(to_positive(seen)) if kind in LOGARITHMIC else seen
        hours = to_hours(target, history.slot_starts, offset)
        week = Week.of(season_columns(hours.local[:PER_WEEK], self.daily_order))
        time = (hours.moment - into.middle) / WEEK
        days = np.isfinite(seen).sum(axis=1) * history.slot_seconds / DAY
        prior = prior_sd(self.daily_order, days)
        counted = kind is Noise.COUNT
        beta = fit_hours(hours, week, time, prior, counted=counted, passes=self.passes)
        some = np.linspace(0, len(offset) - 1, min(len(offset), SPREAD_SLOTS)).astype(np.int64)
        fitted = into.fitted(history.slot_starts[some], offset[some], beta)
        location = fitted if kind is Noise.SHARE else np.exp(fitted)
        spread = spread_of(seen[:, some], location, kind)
        into.beta[part] = beta
        into.spread.constant[part] = spread.constant
        into.spread.per_unit[part] = spread.per_unit


def _enough(history: History) -> Mask:
    """Return which series have history enough, shape (series,)."""
    counts = np.isfinite(history.values).sum(axis=0)
    enough: Mask = counts * history.slot_seconds >= MIN_DAYS * DAY
    if not enough.any():
        raise NotEnoughHistory(
            f"seasonal: no series has {MIN_DAYS} days of slots (the most:"
            f" {counts.max(initial=0)} slots of {history.slot_seconds} s);"
            " wait, import history, or use the trailing baseline"
        )
    return enough
