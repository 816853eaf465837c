"""Prophet alone: an alarm outside its 99 % interval.

Source: Taylor and Letham, "Forecasting at Scale" (2018), as its users start: daily and weekly
seasonality, everything else at its defaults; fitted on at most 28 days at the midnight from which
it speaks, and again every week.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np

from outage.batches import Floats, Ints

from .rule import Scores, Setting, harmful, judged
from .sheet import BOTH, Sheet

MOST_DAYS = 28
INTERVAL = 0.99
LEAST_SLOTS = 2  # with fewer Prophet refuses
SWEEP = [
    Setting(times, least, clear, signals)
    for times, least, clear, signals in product(
        (0.7, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0, 6.0),
        (1, 2, 3),
        (1, 3),
        ((), ("bytes_down",), ("error_posts",), ("bytes_down", "error_posts")),
    )
]


@dataclass(frozen=True, slots=True)
class ProphetAlone:
    """The rule; its score is the distance from the forecast in half widths of the interval.

    Only falls of traffic and rises of error posts count, unless `either_way`.
    """

    either_way: bool = False
    refit_days: int = 7
    slot_seconds: int = 600
    defaults: ClassVar[Mapping[str, Setting]] = {"99 %": Setting(1.0)}
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the distances of bytes, flows and error posts, fitted series by series."""
        far = _far(sheet, self.refit_days, self.slot_seconds)
        values = np.abs(far.values) if self.either_way else harmful(far.columns, far.values)
        return replace(far, values=values)


@lru_cache(maxsize=1)  # both directions from the same costly fits
def _far(sheet: Sheet, refit_days: int, slot_seconds: int) -> Scores:
    """Return signed distances."""
    coarse = sheet.of(BOTH).in_slots_of(slot_seconds)
    far = np.full_like(coarse.values, np.nan)
    starts = coarse.start + coarse.slot_seconds * np.arange(len(far), dtype=np.int64)
    most = MOST_DAYS * coarse.per_day
    for first in range(coarse.judged, len(far), refit_days * coarse.per_day):
        past = slice(max(0, first - most), first)
        ahead = slice(first, first + refit_days * coarse.per_day)
        for column, values in enumerate(coarse.values.T):
            learnt = starts[past], values[past], starts[ahead]
            far[ahead, column] = distances(values[ahead], *forecast(*learnt))
    return judged(coarse, far)


def distances(seen: Floats, middle: Floats, low: Floats, high: Floats) -> Floats:
    """Return how far out a value is: -1 on the lower edge of the interval, 1 on the upper."""
    below = (seen - middle) / np.maximum(middle - low, 1e-9)
    above = (seen - middle) / np.maximum(high - middle, 1e-9)
    return np.where(seen < middle, below, above)


def forecast(past: Ints, values: Floats, ahead: Ints) -> tuple[Floats, Floats, Floats]:
    """Return forecast and edges of the interval for the starts `ahead`, NaN where none."""
    known = np.isfinite(values)
    if known.sum() < LEAST_SLOTS:
        return (np.full(len(ahead), np.nan),) * 3
    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True  # its level is reset whenever it is imported
    model = Prophet(
        daily_seasonality=True,
        weekly_seasonality=True,
        yearly_seasonality=False,
        interval_width=INTERVAL,
    )
    table = pd.DataFrame({"ds": past[known].astype("datetime64[s]"), "y": values[known]})
    with TemporaryDirectory() as folder:  # cmdstanpy would keep files until the process ends
        model.fit(table, seed=0, output_dir=folder)
    np.random.seed(0)
    answer = model.predict(pd.DataFrame({"ds": ahead.astype("datetime64[s]")}))
    edges = (answer[name].to_numpy(np.float64) for name in ("yhat", "yhat_lower", "yhat_upper"))
    middle, low, high = edges
    return middle, low, high
