"""The store as judging sees it: samples to read, outlooks to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

import numpy as np

from outage.batches import Floats, Ints, SampleBatch
from outage.judging.layout import Plane
from outage.judging.outlook import Group, Outlook
from outage.slots import DAY
from outage.store.store import Store
from outage.words import Series

_FIELDS = attrgetter("subject", "signal", "category", "vantage", "source", "slot_seconds")
KEPT_CELLS = 2**24  # numbers of all outlooks at hand


class StoredSource:
    """The store's samples; with `corrected`, the latest values in place of those judged by."""

    def __init__(self, store: Store, *, corrected: bool = False) -> None:
        self._store, self._corrected = store, corrected
        numbers = store.numbers()
        self._series = tuple(sorted(numbers, key=_FIELDS))
        self._numbers = {one: numbers[one] for one in self._series}
        self._span = store.span()

    def series(self) -> Sequence[Series]:
        """Return every series there is, sorted."""
        return self._series

    def span(self) -> tuple[int, int] | None:
        """Return the first slot start and the last slot end, None if there is no sample."""
        return self._span

    def reach(self, until: int) -> None:
        """Note that samples have come up to `until`, of the series that there were."""
        if self._span is not None:
            self._span = (self._span[0], max(self._span[1], until))

    def load(self, since: int, until: int, series: Sequence[Series] | None = None) -> SampleBatch:
        """Return the samples of slots that start in `[since, until)`, of some series or all."""
        found = self._store.load_as(self._chosen(series), since, until, corrected=self._corrected)
        return found if series is not None else replace(found, series=self._series)

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, or less than 0."""
        return self._store.last_before(self._chosen(series), before)

    def _chosen(self, series: Sequence[Series] | None) -> Mapping[Series, int]:
        if series is None:
            return self._numbers
        return {one: self._numbers[one] for one in series}


class StoredBook:
    """Outlooks kept in the store, so that a restart judges the day by the same numbers.

    What a fit says of units and features, not of slots, is kept beside them under the negative
    of the slot length.
    """

    def __init__(
        self, store: Store, planes: Sequence[Plane], groups: Sequence[Sequence[Group]]
    ) -> None:
        self._store = store
        self._planes = {plane.slot_seconds: plane for plane in planes}
        self._groups = {
            plane.slot_seconds: of_plane for plane, of_plane in zip(planes, groups, strict=True)
        }
        self._kept: dict[tuple[int, int], Outlook | None] = {}

    def get(self, day: int, slot_seconds: int) -> Outlook | None:
        """Return the outlook fitted for a day, or None; also if series have joined since."""
        if (day, slot_seconds) not in self._kept:
            self._keep(day, slot_seconds, self._read(day, slot_seconds))
        return self._kept[day, slot_seconds]

    def put(self, day: int, slot_seconds: int, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        keys = [_key(one) for one in self._planes[slot_seconds].series]
        self._store.save_baselines(day, slot_seconds, keys, outlook.location, outlook.spread)
        names, gains = self._gains(slot_seconds, outlook)
        self._store.save_baselines(day, -slot_seconds, names, gains, np.zeros_like(gains))
        self._keep(day, slot_seconds, outlook)

    def _keep(self, day: int, slot_seconds: int, outlook: Outlook | None) -> None:
        """Keep an outlook at hand; of wide planes, only as many as fit in memory."""
        width = max(1, len(self._planes[slot_seconds].series) * 4 * DAY // slot_seconds)
        days = max(2, KEPT_CELLS // width)
        self._kept[day, slot_seconds] = outlook
        mine = [key for key in self._kept if key[1] == slot_seconds]
        for key in mine[: max(0, len(mine) - days)]:
            del self._kept[key]

    def _read(self, day: int, slot_seconds: int) -> Outlook | None:
        plane, groups = self._planes[slot_seconds], self._groups[slot_seconds]
        keys = [_key(one) for one in plane.series]
        found = self._store.baselines(day, slot_seconds, keys)
        if found is None:
            return None
        kept = self._store.baselines(day, -slot_seconds)
        gains: tuple[dict[str, Floats], ...] = tuple({} for _ in groups)
        if kept is not None and len(kept[1]) == len(plane.units):
            for name, column in zip(kept[0], kept[1].T, strict=True):
                for group, learnt in zip(groups, gains, strict=True):
                    if not np.isnan(column[group.units]).all():
                        learnt[name] = column[group.units]
        return Outlook(found[1], found[2], gains)

    def _gains(self, slot_seconds: int, outlook: Outlook) -> tuple[list[str], Floats]:
        """Return the names of the features and their gains, shape (units, features)."""
        names = sorted({name for learnt in outlook.gains for name in learnt})
        gains = np.full((len(self._planes[slot_seconds].units), len(names)), np.nan)
        for group, learnt in zip(self._groups[slot_seconds], outlook.gains, strict=False):
            for name, values in learnt.items():
                gains[group.units, names.index(name)] = values
        return names, gains


def _key(one: Series) -> str:
    return f"{one.subject}|{one.signal}|{one.category}|{one.vantage}|{one.source}"


def first_day(store: Store) -> int | None:
    """Return the start of the first UTC day with samples, None for an empty store."""
    span = store.span()
    return None if span is None else span[0] - span[0] % DAY
