"""Lay slots out in hours of the local clock, the rows that seasons are learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outage.batches import Floats, Ints
from outage.slots import DAY, HOUR


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Means of slots per hour of the local clock, whole local days, series by hours.

    `mean` (series, hours) is NaN where an hour has no slot; `seen` (series, hours) counts the
    slots behind it; `local` (hours,) is the local start and `moment` the UTC start, in seconds.
    """

    mean: Floats
    seen: Floats
    local: Ints
    moment: Floats


def to_hours(values: Floats, slot_starts: Ints, utc_offset: Ints) -> Hours:
    """Average `values` (series, slots) per local hour; `utc_offset` (slots,) is in seconds."""
    clock = slot_starts + utc_offset
    first = int(clock.min()) // DAY * DAY
    count = (int(clock.max()) // DAY + 1 - first // DAY) * (DAY // HOUR)
    hour = (clock - first) // HOUR
    order = np.argsort(hour, kind="stable")
    starts = np.flatnonzero(np.diff(hour[order], prepend=-1))
    filled = hour[order][starts]
    ordered = values if np.array_equal(order, np.arange(len(order))) else values[:, order]
    present = np.isfinite(ordered)
    seen = np.zeros((len(values), count))
    total = np.zeros((len(values), count))
    seen[:, filled] = np.add.reduceat(present, starts, axis=1, dtype=np.float64)
    total[:, filled] = np.add.reduceat(np.where(present, ordered, 0.0), starts, axis=1)
    mean = np.divide(total, seen, out=np.full_like(total, np.nan), where=seen > 0)
    local = first + HOUR * np.arange(count, dtype=np.int64)
    offset = np.interp(local, clock[order], utc_offset[order].astype(np.float64))
    return Hours(mean, seen, local, local - offset)
