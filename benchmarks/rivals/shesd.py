"""S-H-ESD: the residuals of a seasonal median, in robust deviations.

Source: Hochenbaum, Vallis, Kejariwal, "Automatic Anomaly Detection in the Cloud Via Statistical
Learning" (2017): median and MAD in the place of mean and deviation, and the critical value of the
generalised ESD test. Here the season is the median of the same slot over the fortnight before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from outage.batches import Floats

from .rule import Scores, Setting, harmful, judged
from .sheet import BOTH, Sheet

WINDOW_DAYS = 14
MAD_TO_SD = 1.4826
SWEEP = [
    Setting(times, least, clear, signals)
    for times, least, clear, signals in product(
        (3.0, 4.3, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0, 30.0),
        (1, 2, 3),
        (1, 3),
        ((), ("bytes_down",), ("error_posts",), ("bytes_down", "error_posts")),
    )
]


@dataclass(frozen=True, slots=True)
class Shesd:
    """The rule; its score is the distance from the season in robust deviations.

    The critical value at 5 % for a fortnight of 600 s slots is 4.3. Only falls of traffic and rises
    of error posts count, unless `either_way` (the authors' `direction`).
    """

    either_way: bool = False
    slot_seconds: int = 600
    defaults: ClassVar[Mapping[str, Setting]] = {"5 %": Setting(4.3)}
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the distances of bytes, flows and error posts."""
        coarse = sheet.of(BOTH).in_slots_of(self.slot_seconds)
        days = coarse.by_day()
        far = np.full_like(days, np.nan)
        for day in range(coarse.judged // coarse.per_day, len(days)):
            far[day] = distances(days[max(0, day - WINDOW_DAYS) : day], days[day])
        signed = far.reshape(coarse.values.shape)
        return judged(
            coarse, np.abs(signed) if self.either_way else harmful(coarse.columns, signed)
        )


def distances(before: Floats, seen: Floats) -> Floats:
    """Return (seen - season) / deviation; `before` has shape (days, slots, columns)."""
    season = _median(before, axis=0)
    width = MAD_TO_SD * _median(np.abs(before - season).reshape(-1, seen.shape[1]), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((seen - season) / np.where(width > 0, width, np.nan))


def _median(values: Floats, axis: int) -> Floats:
    known = np.isfinite(values).any(axis=axis, keepdims=True)
    return np.asarray(np.nanmedian(np.where(known, values, 0.0), axis=axis))
