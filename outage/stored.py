"""The store as judging sees it: samples to read, outlooks to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints, SampleBatch
from outage.judging.layout import Plane
from outage.judging.outlook import Outlook
from outage.judging.weigh import FEATURES
from outage.slots import DAY
from outage.store.store import Store
from outage.words import Series

_FIELDS = attrgetter("subject", "signal", "category", "vantage", "source", "slot_seconds")
KEPT_CELLS = 2**24  # numbers of all outlooks at hand


class StoredSource:
    """The store's samples; with `corrected`, the latest values in place of those judged by.

    The latest count as known when their slots ended, those that came too late to be judged too.
    """

    def __init__(self, store: Store, *, corrected: bool = False) -> None:
        self._store, self._corrected = store, corrected
        numbers = store.numbers()
        self._series = tuple(sorted(numbers, key=_FIELDS))
        self._numbers = {one: numbers[one] for one in self._series}
        self._joined = store.joined()
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
        if self._corrected:
            found = replace(found, known_at=np.minimum(found.known_at, _ends(found)))
        return found if series is not None else replace(found, series=self._series)

    def joined(self) -> Mapping[Series, int]:
        """Return since when each series that has samples is known; of the latest values, ever."""
        return dict.fromkeys(self._joined, 0) if self._corrected else self._joined

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, or less than 0."""
        return self._store.last_before(self._chosen(series), before)

    def _chosen(self, series: Sequence[Series] | None) -> Mapping[Series, int]:
        if series is None:
            return self._numbers
        return {one: self._numbers[one] for one in series}


class StoredBook:
    """Outlooks kept in the store, so that a restart judges the day by the same numbers.

    What a fit says of units, not of slots, is kept beside them under the negative of the slot
    length: for each unit its gain of every feature.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[int, Plane], Outlook | None] = {}

    def get(self, day: int, plane: Plane) -> Outlook | None:
        """Return the outlook fitted for a day, or None."""
        if (day, plane) not in self._kept:
            self._keep(day, plane, self._grown(day, plane) or self._read(day, plane))
        return self._kept[day, plane]

    def _grown(self, day: int, plane: Plane) -> Outlook | None:
        """Return what is at hand of the plane as it was before series joined it."""
        for (other, old), outlook in reversed(self._kept.items()):
            alike = (old.slot_seconds, old.lag) == (plane.slot_seconds, plane.lag)
            if outlook is not None and other == day and alike:
                return outlook.of(old, plane)
        return None

    def put(self, day: int, plane: Plane, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        seconds = plane.slot_seconds
        keys = [_key(one) for one in plane.series]
        self._store.save_baselines(day, seconds, keys, outlook.location, outlook.spread)
        absent = np.full(len(plane.units), np.nan)
        gains = np.array([outlook.gains.get(name, absent) for name in FEATURES])
        units = [unit.key for unit in plane.units]
        self._store.save_baselines(day, -seconds, units, gains, np.zeros_like(gains))
        self._keep(day, plane, outlook)

    def _keep(self, day: int, plane: Plane, outlook: Outlook | None) -> None:
        """Keep an outlook at hand; of wide planes, only as many as fit in memory."""
        width = max(1, len(plane.series) * 4 * DAY // plane.slot_seconds)
        days = max(2, KEPT_CELLS // width)
        alike = (plane.slot_seconds, plane.lag)
        self._kept[day, plane] = outlook
        mine = [key for key in self._kept if (key[1].slot_seconds, key[1].lag) == alike]
        for key in mine[: max(0, len(mine) - days)]:
            del self._kept[key]

    def _read(self, day: int, plane: Plane) -> Outlook | None:
        keys = [_key(one) for one in plane.series]
        found = self._store.baselines(day, plane.slot_seconds, keys)
        if found is None:
            return None
        location, spread, known = _placed(keys, found)
        units = [unit.key for unit in plane.units]
        kept = self._store.baselines(day, -plane.slot_seconds, units)
        gains: dict[str, Floats] = {}
        if kept is not None and len(kept[1]) == len(FEATURES):
            learnt = _placed(units, kept)[0]
            gains = dict(zip(FEATURES, learnt, strict=True))
        return Outlook(location, spread, gains, None if known.all() else known)


def _placed(
    keys: Sequence[str], found: tuple[tuple[str, ...], Floats, Floats]
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return what was found in the columns of `keys`, NaN elsewhere, and which were found."""
    if tuple(keys) == found[0]:
        return found[1], found[2], np.ones(len(keys), dtype=bool)
    place = {key: i for i, key in enumerate(found[0])}
    at = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
    known = at >= 0
    return (
        np.where(known, found[1][:, at], np.nan),
        np.where(known, found[2][:, at], np.nan),
        known,
    )


def _ends(batch: SampleBatch) -> Ints:
    seconds = np.array([one.slot_seconds for one in batch.series], dtype=np.int64)
    return np.asarray(batch.slot_start + seconds[batch.series_index])


def _key(one: Series) -> str:
    return f"{one.subject}|{one.signal}|{one.category}|{one.vantage}|{one.source}"


def first_day(store: Store) -> int | None:
    """Return the start of the first UTC day with samples, None for an empty store."""
    span = store.span()
    return None if span is None else span[0] - span[0] % DAY
