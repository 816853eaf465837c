"""Prophet as a baseline: the same two steps, one fit a series, outages masked beforehand."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.grouping import mask_of, offsets_apart
from detectors.noise import distance, spread_of, to_positive
from detectors.seasonal import Seasonal
from detectors.seasons import MONDAY, WEEK, WEEKEND_ORDER
from outage.batches import Floats, Ints
from outage.interfaces import Expectation, History
from outage.slots import DAY
from outage.words import Noise

if TYPE_CHECKING:
    import pandas as pd

MAX_DAYS = 28
ROW_SECONDS = 600  # finer slots are averaged: five times the rows cost twenty times the fit
MASK_FROM = 4.0  # robust standard deviations from the first pass
STEPS = WEEK // ROW_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class ProphetExpectation:
    """Prophet's answer as a table: one local week a series, in the domain of the fit.

    `week` has shape (series, steps of 600 s from Monday 00:00), `factor` and `spread` (series,).
    """

    noises: tuple[Noise, ...]
    slot_seconds: int
    week: Floats
    factor: Floats
    spread: Floats

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return location and spread, shapes (slots, series)."""
        location = np.empty(utc_offsets.shape)
        for offset, alike in offsets_apart(utc_offsets):
            clock = (slot_starts + offset + self.slot_seconds / 2 + MONDAY) % WEEK
            place = clock / ROW_SECONDS - 0.5
            low = np.floor(place).astype(np.int64)
            share = place - low
            before, after = self.week[alike][:, low % STEPS], self.week[alike][:, (low + 1) % STEPS]
            location[:, alike] = (before * (1 - share) + after * share).T
        for kind in set(self.noises):
            chosen = mask_of(self.noises, kind)
            location[:, chosen] = self.factor[chosen] * _from_fit(location[:, chosen], kind)
        return Expectation(location, np.broadcast_to(self.spread, location.shape).copy())


@dataclass(frozen=True, slots=True)
class ProphetBaseline:
    """Prophet with daily and weekly seasons over a flat trend, on a stabilised scale.

    What the robust seasonal fit finds far off is masked first: plain Prophet takes an outage
    of the last days for the new normal.
    """

    def fit(self, history: History) -> ProphetExpectation:
        """Fit every series with two days of slots; raises NotEnoughHistory if none has."""
        recent = _last_days(history)
        masked = _without_outliers(recent)
        series = recent.values.shape[1]
        week = np.full((series, STEPS), np.nan)
        for column in np.flatnonzero(np.isfinite(masked).any(axis=0)).tolist():
            kind = recent.noises[column]
            clock = recent.slot_starts + recent.utc_offsets[:, column] + recent.slot_seconds // 2
            rows = _rows(clock, masked[:, column], kind)
            week[column] = _fit_week(*rows)
        answer = ProphetExpectation(
            tuple(recent.noises), recent.slot_seconds, week, np.ones(series), np.zeros(series)
        )
        return _calibrated(answer, recent, masked)


def _last_days(history: History) -> History:
    keep = slice(-MAX_DAYS * DAY // history.slot_seconds, None)
    return replace(
        history,
        slot_starts=history.slot_starts[keep],
        values=history.values[keep],
        utc_offsets=history.utc_offsets[keep],
    )


def _without_outliers(history: History) -> Floats:
    """Return the values with gaps where the robust seasonal fit is far off, or does not know."""
    expected = Seasonal().fit(history).expect(history.slot_starts, history.utc_offsets)
    masked = np.full_like(history.values, np.nan)
    for kind in set(history.noises):
        chosen = mask_of(history.noises, kind)
        seen = history.values[:, chosen]
        location, spread = expected.location[:, chosen], expected.spread[:, chosen]
        near = distance(seen, location, spread, kind) < MASK_FROM
        masked[:, chosen] = np.where(near, seen, np.nan)
    return masked


def _rows(clock: Ints, seen: Floats, kind: Noise) -> tuple[Ints, Floats]:
    """Return local times and stabilised values of the rows to fit, none finer than 600 s."""
    known = np.isfinite(seen)
    row = (clock[known] // ROW_SECONDS).astype(np.int64)
    _, place = np.unique(row, return_inverse=True)
    value = np.bincount(place, seen[known]) / np.bincount(place)
    moment = np.bincount(place, clock[known]) / np.bincount(place)
    return moment.astype(np.int64), _to_fit(value, kind)


def _to_fit(value: Floats, kind: Noise) -> Floats:
    if kind is Noise.COUNT:
        return np.asarray(2 * np.sqrt(np.maximum(value, 0.0) + 0.375))
    if kind is Noise.SHARE:
        return value
    return np.asarray(np.log(to_positive(value[None, :])[0]))


def _from_fit(fitted: Floats, kind: Noise) -> Floats:
    if kind is Noise.COUNT:
        return np.maximum(np.maximum(fitted, 0.0) ** 2 / 4 - 0.125, 1e-3)
    if kind is Noise.SHARE:
        return fitted
    return np.exp(fitted)


def _fit_week(clock: Ints, value: Floats) -> Floats:
    """Return Prophet's expectation over one local week from Monday 00:00, shape (steps,)."""
    model = _model()
    with TemporaryDirectory() as folder:  # cmdstanpy would keep its files until the process ends
        model.fit(_table(clock).assign(y=value), seed=0, output_dir=folder)
    monday = (int(clock[-1]) + MONDAY) // WEEK * WEEK - MONDAY
    middles = monday + ROW_SECONDS * np.arange(STEPS) + ROW_SECONDS // 2
    answer = model.predict(_table(middles))
    return np.asarray(answer["yhat"], dtype=np.float64)


def _table(clock: Ints) -> pd.DataFrame:
    """Return local times without a zone, the only kind that Prophet takes, and the weekends."""
    import pandas as pd  # noqa: PLC0415  slow to import

    weekend = (clock + MONDAY) % WEEK >= 5 * DAY
    return pd.DataFrame({"ds": clock.astype("datetime64[s]"), "weekend": weekend})


def _model() -> Any:
    from prophet import Prophet  # noqa: PLC0415  slow to import

    logging.getLogger("cmdstanpy").disabled = True  # its level is reset whenever it is imported
    model = Prophet(
        growth="flat",
        daily_seasonality=True,
        weekly_seasonality=True,
        yearly_seasonality=False,
        uncertainty_samples=0,
    )
    model.add_seasonality("weekend_day", 1, WEEKEND_ORDER, condition_name="weekend")
    return model


def _calibrated(answer: ProphetExpectation, history: History, masked: Floats) -> ProphetExpectation:
    """Bring counts back to their mean, which a square root understates, and add the spread."""
    location = answer.expect(history.slot_starts, history.utc_offsets).location
    spread = np.full(len(answer.week), np.nan)
    factor = np.ones(len(answer.week))
    for kind in set(answer.noises):
        chosen = mask_of(answer.noises, kind) & np.isfinite(answer.week[:, 0])
        seen, fitted = masked[:, chosen].T, location[:, chosen].T
        if kind is Noise.COUNT:
            known = np.where(np.isfinite(seen), fitted, 0.0).sum(axis=1)
            factor[chosen] = np.maximum(np.nansum(seen, axis=1), 0.5) / known
        scaled = fitted * factor[chosen, None]
        spread[chosen] = spread_of(history.values[:, chosen].T, scaled, kind)
    return replace(answer, factor=factor, spread=spread)
