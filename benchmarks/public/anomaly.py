"""Anomaly scores of single series, each causal: a row's score uses that row and those before."""

from __future__ import annotations

import logging
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from outage.slots import DAY

Floats = npt.NDArray[np.float64]

GAUSSIAN_WINDOW, GAUSSIAN_STEP = 6_400, 100  # NAB's own settings of its windowed Gaussian
EWMA_SHARE = 0.1  # of a new value; the slides leave it open
ROW_SECONDS = 600  # finer rows cost Prophet far more time and tell it nothing


def null(values: Floats) -> Floats:
    """Return 0.5 throughout: NAB's null detector."""
    return np.full(len(values), 0.5)


def chance(values: Floats, seed: int = 42) -> Floats:
    """Return uniform noise: NAB's random detector."""
    return np.random.default_rng(seed).random(len(values))


def windowed_gaussian(values: Floats) -> Floats:
    """Return one minus the normal tail beyond each value, of a window of the rows before.

    NAB's definition: the window grows to 6,400 rows, then moves on by 100 at a time.
    """
    from scipy.special import erfc

    rows = np.arange(len(values))
    moved = np.maximum(0, (rows - GAUSSIAN_WINDOW) // GAUSSIAN_STEP) * GAUSSIAN_STEP
    stop = np.minimum(rows, moved + GAUSSIAN_WINDOW)
    centred = values - values[0]
    count = np.maximum(stop - moved, 1)
    mean = _sums(centred, moved, stop) / count
    variance = _sums(centred**2, moved, stop) / count - mean**2
    deviation = np.sqrt(np.maximum(variance, 0.0))
    deviation = np.where(deviation > 1e-9 * np.abs(centred).max(initial=1.0), deviation, 1e-6)
    score = 1 - 0.5 * erfc(np.abs(centred - mean) / deviation / np.sqrt(2))
    return np.where(rows > 0, score, 0.0)


def _sums(values: Floats, first: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[stop] - total[first])


def is_down(values: Floats) -> Floats:
    """Return how many deviations a value is above the weighted mean of those before, squashed.

    The rule for posts saying "X is down" (Motoyama et al. 2010): an exponentially weighted mean
    and variance, alarm above mean + eps * sigma; the threshold plays the part of eps.
    """
    mean, variance = float(values[0]), 0.0
    surprise = np.zeros(len(values))
    for row, value in enumerate(values.tolist()):
        gap = value - mean
        surprise[row] = max(0.0, gap) / np.sqrt(variance) if variance > 0 else 0.0
        mean += EWMA_SHARE * gap
        variance = (1 - EWMA_SHARE) * (variance + EWMA_SHARE * gap**2)
    return squashed(surprise)


def squashed(surprise: Floats) -> Floats:
    """Return non-negative surprise in [0, 1), in the same order."""
    return np.asarray(surprise / (1.0 + surprise))


def once_a_day(scores: Floats, rows_a_day: int) -> Floats:
    """Return the scores with 0 where one in the day before was as high.

    One happening is one alarm: what goes on, or comes again within a day, is not told anew.
    """
    from numpy.lib.stride_tricks import sliding_window_view

    padded = np.concatenate([np.full(rows_a_day, -1.0), scores[:-1]])
    before = sliding_window_view(padded, rows_a_day).max(axis=1)
    return np.where(scores > before, scores, 0.0)


def prophet(times: npt.NDArray[np.int64], values: Floats, since: int, every: int) -> Floats:
    """Return how far off Prophet's forecast each value is, in its deviations, squashed.

    Prophet alone with its defaults, daily and weekly seasons on: refitted every `every` seconds
    from row `since` on, on at most 28 days averaged to 600 s; rows before are 0.
    """
    surprise = np.zeros(len(values))
    clock = np.maximum.accumulate(times)
    for moment in range(int(clock[since]), int(clock[-1]) + 1, every):
        past = (clock < moment) & (clock >= moment - 28 * DAY)
        ahead = (clock >= moment) & (clock < moment + every)
        if ahead.any():
            expected, deviation = _forecast(clock[past], values[past], clock[ahead])
            surprise[ahead] = np.abs(values[ahead] - expected) / deviation
    return squashed(surprise)


def _forecast(
    past: npt.NDArray[np.int64], values: Floats, ahead: npt.NDArray[np.int64]
) -> tuple[Floats, float]:
    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    row, place = np.unique(past // ROW_SECONDS * ROW_SECONDS, return_inverse=True)
    mean = np.bincount(place, values) / np.bincount(place)
    model: Any = Prophet(
        daily_seasonality=True,
        weekly_seasonality=True,
        yearly_seasonality=False,
        uncertainty_samples=0,
    )
    with TemporaryDirectory() as folder:  # cmdstanpy would keep files until the process ends
        table = pd.DataFrame({"ds": row.astype("datetime64[s]"), "y": mean})
        model.fit(table, seed=0, output_dir=folder)
    answer = model.predict(pd.DataFrame({"ds": ahead.astype("datetime64[s]")}))
    deviation = float(np.ravel(model.params["sigma_obs"])[0]) * float(model.y_scale)
    return np.asarray(answer["yhat"], dtype=np.float64), max(deviation, 1e-9)
