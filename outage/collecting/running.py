"""Collect sources side by side: each has its own time, and none holds up or spoils another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from outage.collecting.delivery import Counts, Delivery
from outage.collecting.jobs import Job, Workshop
from outage.collecting.schedule import after_fault, after_success, set_back
from outage.errors import OutageError, SourceError, StoreError
from outage.redacting import hide
from outage.store import Store

MOST_AT_ONCE: Final = 16
LOOK_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: counts, and the fault if there was one."""

    job: Job
    counts: Counts = field(default_factory=Counts)
    fault: OutageError | None = None

    def told(self) -> str:
        """Return the fault in one line that names the source, empty if there was none."""
        text = " ".join(hide(str(self.fault or "")).split())
        named = not text or text.startswith((f"{self.job.name}:", f"sources.{self.job.name}"))
        return text if named else f"{self.job.name}: {text}"


@dataclass(slots=True, eq=False)
class Run:
    """A job that is under way."""

    job: Job
    delivery: Delivery

    def overdue(self) -> bool:
        """Tell whether the source has shown no sign of life for its time."""
        return self.delivery.idle_seconds() > self.job.source.timeout_seconds

    def outcome(self, fault: OutageError | None) -> Outcome:
        """Return what came of it."""
        return Outcome(self.job, self.delivery.counts, fault)


def _look_away(_runs: Sequence[Run]) -> None:
    """Show nobody."""


def collect(
    store: Store,
    workshop: Workshop,
    jobs: Sequence[Job],
    clock: Callable[[], int],
    watch: Callable[[Sequence[Run]], None] = _look_away,
) -> Iterator[Outcome]:
    """Carry the jobs out, at most 16 at once, and yield each outcome as it comes.

    What a source delivered before a fault is kept. One that shows no sign of life for its time
    is given up; nothing that it does later is written. `watch` sees the runs every half second.
    """
    waiting, running = list(reversed(jobs)), list[Run]()
    done: SimpleQueue[tuple[Run, OutageError | None]] = SimpleQueue()
    while waiting or running:
        while waiting and len(running) < MOST_AT_ONCE:
            running.append(_start(store, workshop, waiting.pop(), clock, done))
        watch(running)
        for run, fault in _ended(running, done):
            if run in running:  # not one that was given up before
                running.remove(run)
                outcome = run.outcome(fault)
                _note(store, outcome, clock())
                yield outcome


def _start(
    store: Store, workshop: Workshop, job: Job, clock: Callable[[], int], done: SimpleQueue[Any]
) -> Run:
    run = Run(job, Delivery(store, job.name, clock))

    def work() -> None:
        done.put((run, _fault_of(run, workshop)))

    # A daemon: one that hangs for ever must not keep the process from ending.
    Thread(target=work, name=f"collect {job.name}", daemon=True).start()
    return run


def _ended(
    running: list[Run], done: SimpleQueue[tuple[Run, OutageError | None]]
) -> list[tuple[Run, OutageError | None]]:
    try:
        return [done.get(timeout=LOOK_SECONDS)]
    except Empty:
        late = [run for run in running if run.overdue()]
    for run in late:
        run.delivery.stop()
    return [(run, _given_up(run.job)) for run in late]


def _given_up(job: Job) -> SourceError:
    return SourceError(
        f"{job.name}: no sign of life for {job.source.timeout_seconds} s, given up; is it slow,"
        " raise timeout_seconds"
    )


def _fault_of(run: Run, workshop: Workshop) -> OutageError | None:
    """Carry one run out; return its fault, None if there was none."""
    try:
        _deliver(run, workshop)
    except OutageError as error:
        return _told(run, error)
    except Exception as error:  # a plug is anybody's code and may fail anyhow
        log.debug("%s: the plug failed", run.job.name, exc_info=True)
        why = f"{type(error).__name__}: {hide(str(error))}"
        told = f"{run.job.name}: the plug {run.job.source.plug!r} failed: {why}; mend it"
        return _told(run, SourceError(told))
    return None


def _told(run: Run, fault: OutageError) -> OutageError:
    """Keep what came before the fault; a fault of the store then is the one to tell."""
    try:
        run.delivery.flush()
    except OutageError as error:
        return error if isinstance(error, StoreError) else fault
    return fault


def _deliver(run: Run, workshop: Workshop) -> None:
    window = run.job.window
    if window is None:
        return
    collector = workshop.collector(run.job, run.delivery, run.delivery.sleep)
    for sample in collector.collect(window.since, window.until):
        run.delivery.take(sample)
    run.delivery.flush()


def _note(store: Store, outcome: Outcome, now: int) -> None:
    """Keep how the source stands now; a fault of the store is not the source's."""
    job, fault = outcome.job, outcome.fault
    if isinstance(fault, StoreError):
        return
    if fault is None:
        store.save_standing(after_success(job.standing, _reached(job, now), now))
    else:
        store.save_standing(after_fault(job.source, job.standing, fault, now))
        store.note_failure(job.name, outcome.told(), now)


def _reached(job: Job, now: int) -> int | None:
    """Return up to where all is collected now, None if that is no further than before."""
    if job.window is not None and set_back(job.standing, now):
        return job.window.until
    before, window = job.standing.collected_until, job.window
    if window is None or (job.asked_for and (before is None or window.since > before)):
        return None
    return window.until
