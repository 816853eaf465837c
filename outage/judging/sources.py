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

    def load(self, since: int, until: int) -> SampleBatch:
        """Return the samples of slots that start in `[since, until)`."""
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

    def series(self) -> Sequence[Series]:
        """Return every series there is, sorted."""
        return sorted(self._batch.series)

    def load(self, since: int, until: int) -> SampleBatch:
        """Return the samples of slots that start in `[since, until)`."""
        first, last = np.searchsorted(self._starts, [since, until])
        return self._batch.take(np.arange(first, last))

    def span(self) -> tuple[int, int] | None:
        """Return the first slot start and the last slot end, None if there is no sample."""
        if not len(self._batch):
            return None
        longest = max(one.slot_seconds for one in self._batch.series)
        return int(self._starts[0]), int(self._starts[-1]) + longest
