"""Where judging reads from: the store, or a batch in memory; and where outlooks are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from outage.batches import Ints, Panel, SampleBatch
from outage.judging.layout import Plane
from outage.judging.outlook import Outlook
from outage.words import Series


class SampleSource(Protocol):
    """Samples as judging reads them."""

    def series(self) -> Sequence[Series]:
        """Return every series there is, sorted."""
        ...

    def load(self, since: int, until: int, series: Sequence[Series] | None = None) -> SampleBatch:
        """Return the samples of slots that start in `[since, until)`, of some series or all.

        The batch may name series that have none there; without `series` it names the same
        tuple every time.
        """
        ...

    def joined(self) -> Mapping[Series, int]:
        """Return since when each series that has samples is known, epoch seconds."""
        ...

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, or less than 0."""
        ...

    def span(self) -> tuple[int, int] | None:
        """Return the first slot start and the last slot end, None if there is no sample."""
        ...


class OutlookBook(Protocol):
    """Outlooks by day (start, epoch seconds) and plane."""

    def get(self, day: int, plane: Plane) -> Outlook | None:
        """Return the outlook fitted for a day, the same each time, or None.

        What has joined the plane since is not `fitted` in it.
        """
        ...

    def put(self, day: int, plane: Plane, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        ...


class MemoryBook:
    """Outlooks of a replay; nothing outlives it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, int], tuple[Plane, Outlook]] = {}
        self._seen_as: dict[tuple[int, Plane], Outlook] = {}

    def get(self, day: int, plane: Plane) -> Outlook | None:
        """Return the outlook fitted for a day, or None."""
        kept = self._kept.get((day, plane.slot_seconds, plane.lag))
        if kept is None or kept[0] is plane:
            return None if kept is None else kept[1]
        if (day, plane) not in self._seen_as:
            self._seen_as[day, plane] = kept[1].of(kept[0], plane)
        return self._seen_as[day, plane]

    def put(self, day: int, plane: Plane, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        self._kept[day, plane.slot_seconds, plane.lag] = plane, outlook


class MemorySource:
    """Samples of one batch: a reconstruction or a labelled case."""

    def __init__(self, batch: SampleBatch) -> None:
        order = np.argsort(batch.slot_start, kind="stable")
        self._batch = batch.take(order)
        self._starts: Ints = self._batch.slot_start
        self._place = {one: i for i, one in enumerate(batch.series)}

    def series(self) -> Sequence[Series]:
        """Return every series there is, sorted."""
        return sorted(self._batch.series)

    def load(self, since: int, until: int, series: Sequence[Series] | None = None) -> SampleBatch:
        """Return the samples of slots that start in `[since, until)`, of some series or all."""
        first, last = np.searchsorted(self._starts, [since, until])
        rows = self._batch.take(np.arange(first, last))
        if series is None:
            return rows
        return rows.take(np.isin(rows.series_index, [self._place[one] for one in series]))

    def joined(self) -> Mapping[Series, int]:
        """Return since when each series that has samples is known, epoch seconds."""
        since = np.full(len(self._batch.series), Panel.NEVER, dtype=np.int64)
        np.minimum.at(since, self._batch.series_index, self._batch.known_at)
        found = zip(self._batch.series, since.tolist(), strict=True)
        return {one: moment for one, moment in found if moment < Panel.NEVER}

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, or less than 0."""
        last = np.full(len(self._batch.series), -1, dtype=np.int64)
        rows = slice(0, int(np.searchsorted(self._starts, before)))
        np.maximum.at(last, self._batch.series_index[rows], self._starts[rows])
        return np.asarray(last[[self._place[one] for one in series]])

    def span(self) -> tuple[int, int] | None:
        """Return the first slot start and the last slot end, None if there is no sample."""
        if not len(self._batch):
            return None
        longest = max(one.slot_seconds for one in self._batch.series)
        return int(self._starts[0]), int(self._starts[-1]) + longest
