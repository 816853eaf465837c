"""Where judging reads from: the store, or a batch in memory; and where outlooks are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from outage.batches import Ints, SampleBatch
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

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, or less than 0."""
        ...

    def span(self) -> tuple[int, int] | None:
        """Return the first slot start and the last slot end, None if there is no sample."""
        ...


class OutlookBook(Protocol):
    """Outlooks by day (start, epoch seconds) and slot length."""

    def get(self, day: int, slot_seconds: int) -> Outlook | None:
        """Return the outlook fitted for a day, or None."""
        ...

    def put(self, day: int, slot_seconds: int, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        ...


@dataclass(slots=True)
class MemoryBook:
    """Outlooks of a replay; nothing outlives it."""

    kept: dict[tuple[int, int], Outlook] = field(default_factory=dict)

    def get(self, day: int, slot_seconds: int) -> Outlook | None:
        """Return the outlook fitted for a day, or None."""
        return self.kept.get((day, slot_seconds))

    def put(self, day: int, slot_seconds: int, outlook: Outlook) -> None:
        """Keep the outlook of a day."""
        self.kept[day, slot_seconds] = outlook


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
