"""The store as judging sees it: samples to read, outlooks to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

import numpy as np

from outage.batches import Ints, SampleBatch
from outage.judging.layout import Plane
from outage.judging.outlook import Group, Outlook
from outage.slots import DAY
from outage.store.store import Store
from outage.words import Series

_FIELDS = attrgetter("subject", "signal", "category", "vantage", "source", "slot_seconds")
_GAIN = "gain"  # baselines whose key starts so hold a feature's gain, the same in every slot


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
    """Outlooks kept in the store, so that a restart judges the day by the same numbers."""

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
            self._kept[day, slot_seconds] = self._read(day, slot_seconds)
        return self._kept[day, slot_seconds]

    def put(self, day: int, slot_seconds: int, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        keys = [_key(one) for one in self._planes[slot_seconds].series]
        names, values = self._gains(slot_seconds, outlook)
        rows = len(outlook.location)
        gains = np.broadcast_to(np.array(values), (rows, len(values)))
        location = np.concatenate([outlook.location, gains], axis=1)
        spread = np.concatenate([outlook.spread, np.zeros_like(gains)], axis=1)
        self._store.save_baselines(day, slot_seconds, [*keys, *names], location, spread)
        self._kept[day, slot_seconds] = outlook

    def _read(self, day: int, slot_seconds: int) -> Outlook | None:
        found = self._store.baselines(day, slot_seconds)
        if found is None:
            return None
        keys, location, spread = found
        place = {key: i for i, key in enumerate(keys)}
        wanted = [place.get(_key(one), -1) for one in self._planes[slot_seconds].series]
        if -1 in wanted:
            return None
        gains: list[dict[str, np.ndarray]] = [{} for _ in self._groups[slot_seconds]]
        for position, group in enumerate(self._groups[slot_seconds]):
            units = [self._planes[slot_seconds].units[i] for i in group.units]
            features = {key.split("|")[1] for key in keys if key.startswith(f"{_GAIN}|")}
            for feature in sorted(features):
                at = [place.get(_gain_key(feature, unit), -1) for unit in units]
                if -1 not in at:
                    gains[position][feature] = location[0, at]
        return Outlook(location[:, wanted], spread[:, wanted], tuple(gains))

    def _gains(self, slot_seconds: int, outlook: Outlook) -> tuple[list[str], list[float]]:
        names, values = [], []
        units = self._planes[slot_seconds].units
        for group, gains in zip(self._groups[slot_seconds], outlook.gains, strict=False):
            for feature, learnt in gains.items():
                for i, value in zip(group.units, learnt, strict=True):
                    names.append(_gain_key(feature, units[i]))
                    values.append(float(value))
        return names, values


def _key(one: Series) -> str:
    return f"{one.subject}|{one.signal}|{one.category}|{one.vantage}|{one.source}"


def _gain_key(feature: str, unit: object) -> str:
    return "|".join([_GAIN, feature, *(getattr(unit, n) for n in ("subject", "vantage", "source"))])


def first_day(store: Store) -> int | None:
    """Return the start of the first UTC day with samples, None for an empty store."""
    span = store.span()
    return None if span is None else span[0] - span[0] % DAY
