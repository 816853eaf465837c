"""The columns that a season is made of, and how much each is believed beforehand."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from outage.batches import Floats, Ints
from outage.slots import DAY

WEEK = 7 * DAY
MONDAY = 3 * DAY  # 1970-01-01 was a Thursday
WEEKLY_ORDER = 3
WEEKEND_ORDER = 4
LEVEL_SD = 3.0
SLOPE_SD = 0.05  # a week
WEEKLY_SD = 0.3
KNOWN_DAYS = 14  # from two weeks on, a weekly term is told from chance


def season_columns(local: Ints, daily_order: int) -> Floats:
    """Return the season's design matrix, shape (moments, columns), of local clock seconds.

    Columns: level, daily Fourier terms, weekly Fourier terms, weekend, weekend's daily terms.
    """
    return _columns((local % WEEK).tobytes(), daily_order)


@lru_cache(maxsize=64)
def _columns(clock: bytes, daily_order: int) -> Floats:
    """Make the columns of moments of a week; the fits of all days ask for the same few."""
    local = np.frombuffer(clock, dtype=np.int64)
    daily = _fourier(local, DAY, daily_order)
    weekly = _fourier(local + MONDAY, WEEK, WEEKLY_ORDER)
    weekend = (((local + MONDAY) % WEEK) >= 5 * DAY)[:, None].astype(np.float64)
    level = np.ones((len(local), 1))
    found = np.hstack([level, daily, weekly, weekend, weekend * daily[:, : 2 * WEEKEND_ORDER]])
    found.flags.writeable = False
    return found


def prior_sd(daily_order: int, days: Floats) -> Floats:
    """Return the prior standard deviation of each column and of the slope per week, in nats.

    Shape (series, columns + 1); `days` (series,) is how much history there is. Below two weeks
    a weekly term or a slope is mostly chance: its prior narrows with the square of the days.
    """
    daily = np.repeat(1.0 / np.arange(1, daily_order + 1), 2)
    weekend = WEEKLY_SD * np.append(1.0, daily[: 2 * WEEKEND_ORDER])
    weekly = np.concatenate([np.full(2 * WEEKLY_ORDER, WEEKLY_SD), weekend, [SLOPE_SD]])
    known = np.minimum(1.0, days / KNOWN_DAYS)[:, None] ** 2
    always = np.broadcast_to(np.append(LEVEL_SD, daily), (len(days), 1 + len(daily)))
    return np.hstack([always, known * weekly])


def _fourier(clock: Ints, period: int, order: int) -> Floats:
    angle = (2 * np.pi / period) * (clock % period)
    turns = angle[:, None] * np.arange(1, order + 1)
    return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(clock), 2 * order)
