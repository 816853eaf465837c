"""Fit the seasonal baseline and Prophet on the same made series; compare speed and truth.

28 days of 600 s slots, volumes and counts in turn, 30 % of the series with an outage of 3 to 8 h
in the last three days. Errors are medians of `|location / true mean - 1|`, over the series that
every rival fitted, on the day after the fit and on the last three days. The rivals: `seasonal`
(all series), `masked` (our Prophet baseline) and `plain` (Prophet with its defaults on the
logarithm, as most people would start). Each runs on one core; loading libraries is not counted.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core against one core; set before NumPy loads

import numpy as np

from detectors.prophet_baseline import ProphetBaseline
from detectors.seasonal import Seasonal
from outage.batches import Floats, Ints
from outage.interfaces import History
from outage.slots import DAY
from outage.words import Noise

STEP, DAYS, PER_DAY = 600, 28, DAY // 600
PAST = DAYS * PER_DAY
START = 1_767_571_200  # a Monday
SPOILT = 0.3
GOAL_SPEED, GOAL_CLEAN, GOAL_SPOILT = 500.0, 1.0, 0.6


@dataclass(frozen=True)
class Made:
    """Made series: values and truth (slots, series) of 28 days and the day after."""

    values: Floats
    truth: Floats
    noises: list[Noise]
    spoilt: np.ndarray

    def history(self, chosen: Ints) -> History:
        """Return the 28 days of some series."""
        starts = START + STEP * np.arange(PAST, dtype=np.int64)
        offsets = np.zeros((PAST, len(chosen)), dtype=np.int64)
        kinds = [self.noises[one] for one in chosen]
        return History(starts, STEP, self.values[:PAST, chosen], kinds, offsets)


class Errors(NamedTuple):
    """Median relative errors to the true mean."""

    ahead: float
    behind: float


def make(series: int, seed: int) -> Made:
    """Draw the series: two peaks a day, another weekend, a slow trend, noise, outages."""
    rng = np.random.default_rng(seed)
    day = np.arange(PAST + PER_DAY)[:, None] / PER_DAY
    turn, peak = 2 * np.pi * day, rng.uniform(-0.6, 0.6, series)
    swing, second = rng.uniform(0.3, 1.0, series), rng.uniform(0.1, 0.4, series)
    season = swing * np.sin(turn + peak - 2.2) + second * np.cos(2 * turn + 2 * peak)
    weekend = np.where(day % 7 >= 5, rng.uniform(-0.4, 0.2, series), 0.0)
    trend = rng.normal(0, 0.02, series) * (day - 14) / 7
    level = np.exp(rng.uniform(np.log(50), np.log(5e4), series))
    truth = level * np.exp(season + weekend + trend)
    noises = [Noise.COUNT if one % 2 else Noise.VOLUME for one in range(series)]
    spoilt = rng.random(series) < SPOILT
    seen = truth * np.exp(rng.uniform(0.03, 0.15, series) * rng.standard_normal(truth.shape))
    for one in np.flatnonzero(spoilt):
        length = rng.integers(3 * 6, 8 * 6 + 1)
        first = PAST - rng.integers(length, 3 * PER_DAY)
        seen[first : first + length, one] *= rng.uniform(0.0, 0.3)
    counted = np.array([noise is Noise.COUNT for noise in noises])
    seen[:, counted] = rng.poisson(seen[:, counted])
    return Made(seen, truth, noises, spoilt)


def fit_ours(detector: Seasonal | ProphetBaseline, history: History) -> Floats:
    """Return the location of the history and of the day after."""
    starts = START + STEP * np.arange(PAST + PER_DAY, dtype=np.int64)
    offsets = np.zeros((len(starts), history.values.shape[1]), dtype=np.int64)
    return detector.fit(history).expect(starts, offsets).location


def fit_plain(history: History) -> Floats:
    """Return the same of Prophet with its defaults."""
    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    times = (START + STEP * np.arange(PAST + PER_DAY, dtype=np.int64)).astype("datetime64[s]")
    answers = []
    for values in history.values.T:
        model = Prophet(yearly_seasonality=False, uncertainty_samples=0)
        table = pd.DataFrame({"ds": times[:PAST], "y": np.log(np.maximum(values, 1.0))})
        with TemporaryDirectory() as folder:
            model.fit(table, seed=0, output_dir=folder)
        answers.append(np.exp(model.predict(pd.DataFrame({"ds": times}))["yhat"].to_numpy()))
    return np.column_stack(answers)


def clocked(fit: Callable[[], Floats]) -> tuple[Floats, float]:
    """Return the locations and the series a second."""
    started = time.perf_counter()
    location = fit()
    return location, location.shape[1] / (time.perf_counter() - started)


def errors(location: Floats, truth: Floats) -> Errors:
    """Return the median errors of the day after and of the last three days."""
    off = np.abs(location / truth - 1)
    return Errors(float(np.median(off[PAST:])), float(np.median(off[-4 * PER_DAY : PAST])))


def compare(made: Made, few: Ints) -> Iterator[tuple[str, float, Errors, Errors]]:
    """Yield of each rival its name, series a second, and errors on clean and on spoilt series."""
    everyone = np.arange(len(made.noises))
    fit_ours(Seasonal(), made.history(few))  # libraries load before the clock runs
    fit_plain(made.history(few[:1]))
    rivals: dict[str, Callable[[], Floats]] = {
        "seasonal": lambda: fit_ours(Seasonal(), made.history(everyone)),
        "masked": lambda: fit_ours(ProphetBaseline(), made.history(few)),
        "plain": lambda: fit_plain(made.history(few)),
    }
    truth, spoilt = made.truth[:, few], made.spoilt[few]
    for name, fit in rivals.items():
        location, speed = clocked(fit)
        location = location[:, few] if name == "seasonal" else location
        clean = errors(location[:, ~spoilt], truth[:, ~spoilt])
        yield name, speed, clean, errors(location[:, spoilt], truth[:, spoilt])


def main() -> None:
    """Run once, print a line a rival and, last, the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--prophet", type=int, default=12, help="series for Prophet, half spoilt")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    made = make(options.series, options.seed)
    half = options.prophet // 2
    few = np.concatenate([np.flatnonzero(kind)[:half] for kind in (~made.spoilt, made.spoilt)])
    speed, clean, spoilt = {}, {}, {}
    for name, speed[name], clean[name], spoilt[name] in compare(made, few):
        print(
            f"{name:9} {speed[name]:8.1f} series/s   clean: next day {clean[name].ahead:.2%},"
            f" last 3 days {clean[name].behind:.2%}   spoilt: next day"
            f" {spoilt[name].ahead:.2%}, last 3 days {spoilt[name].behind:.2%}"
        )
    faster = speed["seasonal"] / speed["plain"]
    clean_ratio = clean["seasonal"].ahead / clean["plain"].ahead
    spoilt_ratio = spoilt["seasonal"].behind / spoilt["plain"].behind
    good = faster >= GOAL_SPEED and clean_ratio <= GOAL_CLEAN and spoilt_ratio <= GOAL_SPOILT
    print(
        f"fit: seasonal {speed['seasonal']:.0f} series/s, {faster:.0f} x plain Prophet and"
        f" {speed['seasonal'] / speed['masked']:.0f} x masked Prophet; error / plain Prophet's:"
        f" clean next day {clean_ratio:.2f}, spoilt last 3 days {spoilt_ratio:.2f}"
        f" ({'goal met' if good else 'goal NOT met'}: >= 500 x, <= 1.00, <= 0.60)"
    )


if __name__ == "__main__":
    main()
