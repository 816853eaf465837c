"""The columns that a season is made of, and how much each is believed beforehand."""

from __future__ import annotations

import numpy as np

from outage.batches import Floats, Ints
from outage.slots import DAY

WEEK = 7 * DAY
MONDAY = 3 * DAY  # 1970-01-01 was a Thursday
WEEKLY_ORDER = 3
WEEKEND_ORDER = 4


def columns(local: Floats | Ints, weeks: Floats, daily_order: int) -> Floats:
    """Return the design matrix, shape (moments, columns).

    `local` is the local clock in seconds, `weeks` the time since the middle of the history;
    columns: level, slope, daily and weekly Fourier terms, weekend step and its daily terms.
    """
    day = 2 * np.pi * (local % DAY) / DAY
    of_week = (local + MONDAY) % WEEK
    weekend = (of_week >= 5 * DAY).astype(np.float64)
    daily = _fourier(day, daily_order)
    return np.column_stack(
        [
            np.ones(len(local)),
            weeks,
            daily,
            _fourier(2 * np.pi * of_week / WEEK, WEEKLY_ORDER),
            weekend,
            daily[:, : 2 * WEEKEND_ORDER] * weekend[:, None],
        ]
    )


def prior_sd(daily_order: int, days: Floats) -> Floats:
    """Return the prior standard deviation of each column, shape (series, columns), in nats.

    With less than two weeks of history a weekly term is mostly noise: its prior narrows with
    the square of the days seen.
    """
    daily = np.repeat(1.0 / np.arange(1, daily_order + 1), 2)
    weekly = np.concatenate(
        [np.full(2 * WEEKLY_ORDER, 0.3), [0.3], 0.3 * daily[: 2 * WEEKEND_ORDER]]
    )
    known = np.minimum(1.0, days / 14)[:, None] ** 2
    plain = np.broadcast_to(np.concatenate([[3.0, 0.1], daily]), (len(days), 2 + len(daily)))
    slope_known = np.concatenate([np.ones((len(days), 1)), known], axis=1)
    base = plain.copy()
    base[:, :2] *= slope_known
    return np.concatenate([base, weekly * known], axis=1)


def _fourier(angle: Floats, order: int) -> Floats:
    turns = angle[:, None] * np.arange(1, order + 1)
    return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(angle), 2 * order)
