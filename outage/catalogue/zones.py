"""Local clocks: seconds east of UTC for whole columns of slots."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from outage.batches import Ints
from outage.slots import DAY

_YEARS = (1900, 2200)


def utc_offsets(zone: str, slot_starts: Ints) -> Ints:
    """Return seconds east of UTC of `zone` at each moment, the shape of `slot_starts`.

    Clock changes are found once a year and zone; the column is then looked up in one search.
    """
    if zone == "UTC" or not slot_starts.size:
        return np.zeros(slot_starts.shape, dtype=np.int64)
    years = slot_starts.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    rows = [row for year in np.unique(np.clip(years, *_YEARS)) for row in _changes(zone, int(year))]
    table = np.array(rows, dtype=np.int64)
    place = np.searchsorted(table[:, 0], slot_starts, side="right") - 1
    offsets: Ints = table[np.maximum(place, 0), 1]
    return offsets


@lru_cache(maxsize=4096)
def _changes(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Return (moment, offset from then on) for the start of a UTC year and each clock change."""
    clock = ZoneInfo(zone)
    start, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
    changes = [(start, _offset(clock, start))]
    for day in range(start, end, DAY):
        before, after = _offset(clock, day), _offset(clock, min(day + DAY, end) - 1)
        if before != changes[-1][1]:
            changes.append((day, before))
        if after != before:
            changes.append((_change_within(clock, day, min(day + DAY, end) - 1), after))
    return tuple(changes)


def _offset(clock: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, clock).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _change_within(clock: ZoneInfo, low: int, high: int) -> int:
    old = _offset(clock, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(clock, middle) == old else (low, middle)
    return high
