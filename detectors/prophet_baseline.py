"""Prophet as a baseline: the same two steps, one fit a series, outages masked beforehand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from detectors.grouping import mask_of, offsets_apart
from detectors.noise import Spread, distance, spread_of, to_positive
from detectors.seasonal import Seasonal
from detectors.seasons import KNOWN_DAYS, MONDAY, SLOPE_SD, WEEK, WEEKEND_ORDER, WEEKLY_SD
from outage.batches import Floats, Ints
from outage.errors import ConfigError, SourceError
from outage.interfaces import Expectation, History
from outage.slots import DAY
from outage.words import Noise

if TYPE_CHECKING:
    import pandas as pd

MAX_DAYS = 28
ROW_SECONDS = 600  # finer slots are averaged: five times the rows cost twenty times the fit
MASK_FROM = 4.0  # robust standard deviations from the first pass
STEPS = WEEK // ROW_SECONDS
CONNECT_SECONDS = 10
RETRIES = 3  # of a fit whose worker died

#: Local times of the rows, their stabilised values, and the local end of the history.
Task: TypeAlias = tuple[Ints, Floats, int]


@dataclass(frozen=True, slots=True, eq=False)
class ProphetExpectation:
    """Prophet's answer as a table, in the domain of the fit: one local week, and a slope.

    `week` has shape (series, steps of 600 s from Monday 00:00); `slope` (series,) is per week
    from `end` (epoch seconds) on and stands still a day later; counts are `factor` times that.
    """

    noises: tuple[Noise, ...]
    slot_seconds: int
    end: int
    week: Floats
    slope: Floats
    factor: Floats
    spread: Spread

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return location and spread, shapes (slots, series)."""
        location = np.empty(utc_offsets.shape)
        middle = slot_starts + self.slot_seconds // 2
        weeks = np.minimum(middle - self.end, DAY) / WEEK
        for offset, alike in offsets_apart(utc_offsets):
            season = _read(self.week[alike], middle + offset)
            location[:, alike] = (season + self.slope[alike, None] * weeks).T
        for kind in set(self.noises):
            chosen = mask_of(self.noises, kind)
            location[:, chosen] = self.factor[chosen] * _from_fit(location[:, chosen], kind)
        return Expectation(location, self.spread.at(location))


@dataclass(frozen=True, slots=True)
class ProphetBaseline:
    """Prophet with daily and weekly seasons, weekends apart and a slope, on a stabilised scale.

    What the robust seasonal fit finds far off is masked first: plain Prophet takes an outage
    of the last days for the new normal. The slope is a regressor over flat growth: Prophet's
    change points would carry the last days' chance into the next day, at twice the time.
    `cluster` is the address of a Dask scheduler (`tcp://host:8786`) whose workers do the fits,
    a series a task, with the same result; None fits here, one after the other.
    """

    cluster: str | None = None

    def fit(self, history: History) -> ProphetExpectation:
        """Fit every series with two days of slots; raises NotEnoughHistory if none has.

        Raises SourceError if the cluster cannot be reached.
        """
        recent = _last_days(history)
        masked = _without_outliers(recent)
        answer = _blank(recent)
        columns = np.flatnonzero(np.isfinite(masked).any(axis=0)).tolist()
        fits = [_task(recent, masked[:, column], column, answer.end) for column in columns]
        found = map(_fit_one, fits) if self.cluster is None else on_cluster(self.cluster, fits)
        for column, (week, slope) in zip(columns, found, strict=True):
            answer.week[column], answer.slope[column] = week, slope
        return _calibrated(answer, recent, masked)


def on_cluster(address: str, fits: Sequence[Task]) -> list[tuple[Floats, float]]:
    """Return what the workers of the Dask cluster at `address` found, in order."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            "detectors.prophet.cluster needs the packages dask and distributed: install"
            " outage[cluster], or leave the setting out"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"detectors.prophet.cluster: no Dask scheduler answers at {address!r};"
            " start it, or correct the address"
        ) from error
    with client:
        futures = client.map(_fit_one, fits, pure=False, retries=RETRIES)
        answer: list[tuple[Floats, float]] = client.gather(futures)
        return answer


def _task(history: History, seen: Floats, column: int, end: int) -> Task:
    offset = history.utc_offsets[:, column]
    clock = history.slot_starts + offset + history.slot_seconds // 2
    return (*_rows(clock, seen, history.noises[column]), end + int(offset[-1]))


def _read(week: Floats, clock: Ints) -> Floats:
    """Read `week` (series, steps) at local times, between its steps; Sunday leads to Monday."""
    place = ((clock + MONDAY) % WEEK) / ROW_SECONDS - 0.5
    low = np.floor(place).astype(np.int64)
    share = place - low
    return np.asarray(week[:, low % STEPS] * (1 - share) + week[:, (low + 1) % STEPS] * share)


def _blank(history: History) -> ProphetExpectation:
    series = history.values.shape[1]
    return ProphetExpectation(
        noises=tuple(history.noises),
        slot_seconds=history.slot_seconds,
        end=int(history.slot_starts[-1]) + history.slot_seconds,
        week=np.full((series, STEPS), np.nan),
        slope=np.full(series, np.nan),
        factor=np.ones(series),
        spread=Spread(np.full(series, np.nan), np.zeros(series)),
    )


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


def _fit_one(task: Task) -> tuple[Floats, float]:
    """Return the expectation over the local week that leads to the end, and the slope a week."""
    clock, value, end = task
    model = _model(sloped=int(clock[-1] - clock[0]) >= KNOWN_DAYS * DAY)
    with TemporaryDirectory() as folder:  # cmdstanpy would keep files until the process ends
        model.fit(_table(clock, end).assign(y=value), seed=0, output_dir=folder)
    monday = end - (end + MONDAY) % WEEK
    middles = monday + ROW_SECONDS * np.arange(STEPS, dtype=np.int64) + ROW_SECONDS // 2
    answer = model.predict(_table(middles, end))
    ramp = answer.get("weeks", np.zeros(STEPS))
    slope = (ramp[STEPS - 1] - ramp[0]) / (STEPS - 1) * STEPS
    return np.asarray(answer["yhat"] - ramp, dtype=np.float64), float(slope)


def _model(*, sloped: bool) -> Any:
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True  # its level is reset whenever it is imported
    model = Prophet(
        growth="flat",
        daily_seasonality=True,
        weekly_seasonality=True,
        yearly_seasonality=False,
        uncertainty_samples=0,
    )
    model.add_seasonality("weekend_day", 1, WEEKEND_ORDER, condition_name="weekend")
    model.add_regressor("step", prior_scale=WEEKLY_SD, standardize=False)
    if sloped:
        model.add_regressor("weeks", prior_scale=SLOPE_SD, standardize=False)
    return model


def _table(clock: Ints, end: int) -> pd.DataFrame:
    """Return local times without a zone, the only kind that Prophet takes, and what they mean."""
    import pandas as pd

    weekend = (clock + MONDAY) % WEEK >= 5 * DAY
    return pd.DataFrame(
        {
            "ds": clock.astype("datetime64[s]"),
            "weekend": weekend,
            "step": weekend.astype(np.float64),
            "weeks": (clock - end) / WEEK,
        }
    )


def _calibrated(answer: ProphetExpectation, history: History, masked: Floats) -> ProphetExpectation:
    """Bring counts back to their mean, which a square root understates, and add the spread."""
    location = answer.expect(history.slot_starts, history.utc_offsets).location
    for kind in set(answer.noises):
        chosen = mask_of(answer.noises, kind) & np.isfinite(answer.week[:, 0])
        seen, fitted = masked[:, chosen].T, location[:, chosen].T
        if kind is Noise.COUNT:
            known = np.where(np.isfinite(seen), fitted, 0.0).sum(axis=1)
            answer.factor[chosen] = np.maximum(np.nansum(seen, axis=1), 0.5) / known
        scaled = fitted * answer.factor[chosen, None]
        spread = spread_of(history.values[:, chosen].T, scaled, kind)
        answer.spread.constant[chosen] = spread.constant
        answer.spread.per_unit[chosen] = spread.per_unit
    return answer
