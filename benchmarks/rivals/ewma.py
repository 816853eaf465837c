"""Posts that say "X is down": an exponentially weighted mean and variance.

Source: Motoyama et al., "Measuring Online Service Availability Using Twitter" (2010): alarm where
the count exceeds mean + epsilon * sigma. The memory is not given; a day and six hours are tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from outage.batches import Floats
from outage.slots import DAY

from .rule import Scores, Setting, judged
from .sheet import COMPLAINTS, Sheet

LEAST_SIGMA = 0.3  # posts: a quiet day must not make the first post an alarm
SWEEP = [
    Setting(epsilon, least, clear, signals)
    for epsilon, least, clear, signals in product(
        (2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 40.0),
        (1, 2, 3),
        (1, 3),
        ((), ("error_posts",)),
    )
]


@dataclass(frozen=True, slots=True)
class Ewma:
    """The rule; its score is the distance from the mean in sigmas."""

    memory_seconds: int = DAY
    slot_seconds: int = 600
    defaults: ClassVar[Mapping[str, Setting]] = {
        "4 sigma": Setting(4.0, signals=("error_posts",)),
        "8 sigma": Setting(8.0, signals=("error_posts",)),
    }
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the distances of error posts and user reports."""
        coarse = sheet.of(COMPLAINTS).in_slots_of(self.slot_seconds)
        share = 2 / (self.memory_seconds / coarse.slot_seconds + 1)
        return judged(coarse, distances(coarse.values, share, coarse.per_day))


def distances(values: Floats, share: float, warmup: int) -> Floats:
    """Return (value - mean) / sigma of what came before; the first slots set the start."""
    far = np.full_like(values, np.nan)
    start = np.nan_to_num(values[:warmup])
    mean, variance = start.mean(axis=0), start.var(axis=0)
    for row in range(warmup, len(values)):
        gap = values[row] - mean
        far[row] = gap / np.maximum(np.sqrt(variance), LEAST_SIGMA)
        step = np.nan_to_num(gap)
        decay = np.where(np.isfinite(gap), share, 0.0)
        mean = mean + decay * step
        variance = (1 - decay) * (variance + decay * step**2)
    return far
