"""Downdetector's rule: reports against the mean at that time of day.

Source: its published methodology: 15-minute buckets, mean reports at that time of day, states from
volume and duration. The factors are not published: 2 for a warning and 4 for danger, over two
buckets of at least ten reports, as in this project's notes on its peers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from outage.batches import Floats

from .rule import Scores, Setting, judged
from .sheet import PEOPLE, Sheet

BUCKET_SECONDS = 900
NEVER_LESS = 1e-3  # reports expected: a mean of none makes any report infinitely many
SWEEP = [
    Setting(factor, least, clear, signals)
    for factor, least, clear, signals in product(
        (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 40.0, 80.0),
        (1, 2, 3),
        (1, 3),
        ((), ("error_posts",), ("error_posts", "user_reports")),
    )
]


@dataclass(frozen=True, slots=True)
class Downdetector:
    """The rule; its score is reports over their mean, 0 below `minimum` reports."""

    minimum: int = 10
    defaults: ClassVar[Mapping[str, Setting]] = {
        "danger": Setting(4.0, 2),
        "warning": Setting(2.0, 2),
    }
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the ratios of posts, error posts and user reports."""
        coarse = sheet.of(PEOPLE).in_slots_of(BUCKET_SECONDS)
        ratio = coarse.values / np.maximum(mean_before(coarse), NEVER_LESS)
        return judged(coarse, np.where(coarse.values < self.minimum, np.minimum(ratio, 0.0), ratio))


def mean_before(sheet: Sheet) -> Floats:
    """Return the mean of the same slot over all days before, NaN on the first."""
    days = sheet.by_day()
    known = np.isfinite(days)
    total = np.cumsum(np.where(known, days, 0.0), axis=0) - np.where(known, days, 0.0)
    count = np.cumsum(known, axis=0) - known
    with np.errstate(invalid="ignore"):
        return np.asarray((total / count).reshape(sheet.values.shape))
