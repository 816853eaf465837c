"""The way of one run's samples into the store, together with what the source remembers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from outage.batches import SampleBatch
from outage.errors import BadInput, SourceError
from outage.redacting import hide
from outage.store import Added, Store
from outage.store.registry import check_series
from outage.store.rows import check_batch
from outage.words import RejectedRow, Sample

AT_A_TIME: Final = 5_000
NAP_SECONDS: Final = 5.0


@dataclass(slots=True)
class Counts:
    """What became of the samples of one run."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    corrected: int = 0
    rejected: int = 0

    def count(self, added: Added) -> None:
        """Count what the store made of a batch."""
        self.new += added.new
        self.replaced += added.replaced
        self.unchanged += added.unchanged
        self.corrected += added.corrected


@dataclass(slots=True)
class Delivery:
    """Takes samples in and is the source's memory (`outage.interfaces.Memory`).

    After `stop` nothing more is written, and whatever the source asks of it ends its run.
    """

    store: Store
    source: str
    clock: Callable[[], int]
    counts: Counts = field(default_factory=Counts)
    latest: int | None = None
    alive_at: float = field(default_factory=time.monotonic)
    _waiting: list[Sample] = field(default_factory=list)
    _stopped: Event = field(default_factory=Event)

    def take(self, sample: Sample) -> None:
        """Take a sample; the store gets it with the next note, or when many are waiting."""
        self._live()
        self._waiting.append(sample)
        self.latest = sample.slot_start
        if len(self._waiting) >= AT_A_TIME:
            self.flush()

    def get(self, key: str) -> str | None:
        """Return the text kept under `key`, None if there is none."""
        self._live()
        return self.store.remembered(self.source, key)

    def put(self, key: str, text: str) -> None:
        """Keep a text at once, together with all samples taken before."""
        self._live()
        self._write({key: text})

    def swap(self, key: str, before: str | None, text: str) -> bool:
        """Keep a text at once if what is kept is still `before`; return whether it was."""
        self._live()
        return self.store.swap(self.source, key, before, text)

    def flush(self) -> None:
        """Write what is waiting."""
        if self._waiting:
            self._write({})

    def sleep(self, seconds: float) -> None:
        """Wait; the run stays alive, and ends if it is stopped meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._stopped.wait(min(left, NAP_SECONDS))
            self._live()

    def stop(self) -> None:
        """End the run: its time is over."""
        self._stopped.set()

    def idle_seconds(self) -> float:
        """Return for how long the run has shown no sign of life."""
        return time.monotonic() - self.alive_at

    def _live(self) -> None:
        if self._stopped.is_set():
            raise SourceError(f"{self.source}: was stopped")
        self.alive_at = time.monotonic()

    def _write(self, notes: dict[str, str]) -> None:
        samples, self._waiting = self._waiting, []
        try:
            added = self._add(samples, notes)
        except BadInput:
            added = self._add(self._without_bad(samples), notes)
        self.counts.count(added)
        self._live()

    def _add(self, samples: list[Sample], notes: dict[str, str]) -> Added:
        now = self.clock()
        return self.store.add_collected(self.source, SampleBatch.of(samples), notes, now)

    def _without_bad(self, samples: list[Sample]) -> list[Sample]:
        """Return the samples that can be stored; the others are kept as rejected rows."""
        faults = [_fault(one) for one in samples]
        rejected = [
            RejectedRow(self.source, one.slot_start, fault, "mend the collector")
            for one, fault in zip(samples, faults, strict=True)
            if fault is not None
        ]
        self.store.reject(rejected, self.clock())
        self.counts.rejected += len(rejected)
        return [one for one, fault in zip(samples, faults, strict=True) if fault is None]


def _fault(sample: Sample) -> str | None:
    try:
        check_batch(SampleBatch.of([sample]))
        check_series(sample.series)
    except BadInput as error:
        return hide(str(error))
    return None
