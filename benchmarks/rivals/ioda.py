"""IODA's median rule, as it is and at the same time of day.

Source: InetIntel/watchtower-sentry and ioda-ui: value / median of a sliding window of seven days;
critical below 0.5 (active probing), warning below 0.8; silent where less than 20 is expected.
Inpainting: where the ratio is below 0.8 or above 2 the expected value enters the history.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any, ClassVar

import numpy as np

from outage.batches import Floats
from outage.slots import DAY

from .rule import Scores, Setting, judged
from .sheet import NETWORK, Sheet

LEAST_EXPECTED = 20.0
INPAINT_BELOW, INPAINT_ABOVE = 0.8, 2.0
WINDOW_DAYS = 7
DEFAULTS = {"critical": Setting(0.5), "warning": Setting(0.2)}
SWEEP = [
    Setting(threshold, least, clear, signals)
    for threshold, least, clear, signals in product(
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        (1, 2, 3),
        (1, 3),
        ((), ("bytes_down",), ("flows",)),
    )
]


@dataclass(frozen=True, slots=True)
class Ioda:
    """The rule itself; its score is the share of the expected that is missing."""

    slot_seconds: int = 600
    defaults: ClassVar[Mapping[str, Setting]] = DEFAULTS
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the missing shares of bytes and flows."""
        coarse = sheet.of(NETWORK).in_slots_of(self.slot_seconds)
        return judged(coarse, missing(coarse.values, sliding(coarse)))


@dataclass(frozen=True, slots=True)
class IodaSameHour:
    """The same rule against the median of the same slot of earlier days."""

    slot_seconds: int = 600
    defaults: ClassVar[Mapping[str, Setting]] = DEFAULTS
    sweep: ClassVar[Sequence[Setting]] = SWEEP

    def score(self, sheet: Sheet) -> Scores:
        """Return the missing shares of bytes and flows."""
        coarse = sheet.of(NETWORK).in_slots_of(self.slot_seconds)
        return judged(coarse, missing(coarse.values, same_hour(coarse)))


def missing(values: Floats, expected: Floats) -> Floats:
    """Return 1 - value / expected, NaN where too little is expected."""
    return np.where(expected >= LEAST_EXPECTED, 1 - values / np.maximum(expected, 1.0), np.nan)


def unlikely(value: Any, expected: Any) -> Any:
    """Say whether the expected value enters the history in place of this one."""
    strange = (value < INPAINT_BELOW * expected) | (value > INPAINT_ABOVE * expected)
    return strange & (expected > 0)


def nearest_rank_median(values: Floats) -> Floats:
    """Return the nearest-rank median along the last axis, NaN where nothing is known."""
    ranked = np.sort(values, axis=-1)
    known = np.isfinite(values).sum(axis=-1)
    place = np.maximum((known + 1) // 2 - 1, 0)
    return np.take_along_axis(ranked, place[..., None], axis=-1)[..., 0]


def sliding(sheet: Sheet) -> Floats:
    """Return what the seven days before each slot expect, from a week before judging on.

    Raw values would come back as the new normal after seven days: the window is no longer.
    """
    window = WINDOW_DAYS * DAY // sheet.slot_seconds
    first = max(window, sheet.judged - window)
    columns = [_slide(values, window, first) for values in sheet.values.T]
    return np.column_stack(columns)


def _slide(values: Floats, window: int, first: int) -> Floats:
    """Return the expectation of one column; the window is kept sorted, gaps are not in it."""
    expected = np.full_like(values, np.nan)
    history: list[float] = values.tolist()
    ranked = sorted(one for one in history[first - window : first] if isfinite(one))
    for row in range(first, len(history)):
        if ranked:
            middle = ranked[(len(ranked) - 1) // 2]
            expected[row] = middle
            history[row] = middle if unlikely(history[row], middle) else history[row]
        if isfinite(leaving := history[row - window]):
            del ranked[bisect_left(ranked, leaving)]
        if isfinite(entering := history[row]):
            insort(ranked, entering)
    return expected


def same_hour(sheet: Sheet) -> Floats:
    """Return the median of the same slot over all days before, inpainted likewise."""
    days = sheet.by_day()
    history, expected = days.copy(), np.full_like(days, np.nan)
    for day in range(WINDOW_DAYS, len(days)):
        expected[day] = nearest_rank_median(np.moveaxis(history[:day], 0, -1))
        history[day] = np.where(unlikely(days[day], expected[day]), expected[day], days[day])
    return expected.reshape(sheet.values.shape)
