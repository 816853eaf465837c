"""Lay slots out in hours of the local clock, the rows that seasons are learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outage.batches import Floats, Ints
from outage.slots import HOUR

PER_DAY = 24
PER_WEEK = 7 * PER_DAY


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Means of slots per hour of the local clock, over whole weeks from the first hour on.

    `mean` (series, hours) is NaN where an hour has no slot; `slots` (series, hours) counts the
    slots behind it; `local` is the middle of each hour on the local clock, `moment` the same
    in UTC, both (hours,) in seconds.
    """

    mean: Floats
    slots: Floats
    local: Ints
    moment: Floats


def to_hours(values: Floats, slot_starts: Ints, utc_offset: Ints) -> Hours:
    """Average `values` (series, slots) per local hour; `utc_offset` (slots,) is in seconds.

    The hour that a clock change repeats is averaged over both turns; the one it leaves out is
    a gap.
    """
    clock = slot_starts + utc_offset
    order = np.argsort(clock, kind="stable")
    first = int(clock[order[0]]) // HOUR
    hour = clock[order] // HOUR - first
    weeks = int(hour[-1]) // PER_WEEK + 1
    firsts = np.flatnonzero(np.diff(hour, prepend=-1))
    ordered = values if (np.diff(order) == 1).all() else values[:, order]
    present = np.isfinite(ordered)
    slots = np.zeros((len(values), weeks * PER_WEEK))
    total = np.zeros_like(slots)
    slots[:, hour[firsts]] = np.add.reduceat(present, firsts, axis=1, dtype=np.float64)
    filled = ordered if present.all() else np.where(present, ordered, 0.0)
    total[:, hour[firsts]] = np.add.reduceat(filled, firsts, axis=1)
    mean = np.divide(total, slots, out=np.full_like(total, np.nan), where=slots > 0)
    local = HOUR * (first + np.arange(weeks * PER_WEEK, dtype=np.int64)) + HOUR // 2
    offset = np.interp(local, clock[order], utc_offset[order].astype(np.float64))
    return Hours(mean, slots, local, local - offset)
