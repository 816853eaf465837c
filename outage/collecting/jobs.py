"""Which sources to collect, over which window, and what their collectors are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from outage.catalogue import Catalogue, Source
from outage.catalogue.rules import did_you_mean
from outage.collecting.building import build, overlap, with_least_lag
from outage.collecting.schedule import Window, due, is_open, next_run, set_back, window
from outage.collecting.watching import watched
from outage.errors import OutageError, UsageError
from outage.interfaces import Collector, Estimate, Estimating, Memory, Surroundings
from outage.slots import floor_slot, format_time
from outage.store import Standing, Store
from outage.words import counted

if TYPE_CHECKING:
    from outage.interfaces import PostMatcher


SLACK: Final = 30  # seconds; a timer that rings every ten minutes rings a little early at times


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a source is not collected now, and whether that is a trouble."""

    text: str
    worrying: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One source to collect; `asked_for` says that its window was, so it is no regular one."""

    name: str
    source: Source
    standing: Standing
    window: Window | None
    asked_for: bool = False

    def left_out(self, now: int, *, named: bool) -> LeftOut | None:
        """Return why it is left out now, None if it is not.

        One that was named is asked though its circuit is open or its time has not come.
        """
        to_ask = f"to ask it now: outage collect {self.name}"
        if is_open(self.standing, now) and not named:
            until = format_time(self.standing.paused_until)
            faults = counted(self.standing.failures, "fault")
            told = f"left alone until {until} after {faults} in a row; {to_ask}"
            return LeftOut(told, worrying=True)
        if self.window is None and (doubt := set_back(self.standing, now)):
            return LeftOut(doubt, worrying=True)
        if self.window is None:
            return LeftOut(self._nothing_new(), worrying=False)
        if not (named or self.asked_for or due(self.source, self.standing, now + SLACK)):
            first = format_time(next_run(self.source, self.standing))
            return LeftOut(f"not due before {first}; {to_ask}", worrying=False)
        return None

    def _nothing_new(self) -> str:
        reached, seconds = self.standing.collected_until, self.source.slot_seconds
        if self.asked_for:
            return "no complete slot lies in that time"
        if reached is None:
            return "no new slot is complete yet"
        complete = floor_slot(reached, seconds) + seconds + self.source.lag_seconds
        return (
            f"everything up to {format_time(reached)} is collected; the next slot is complete at"
            f" {format_time(complete)}"
        )


def jobs(
    store: Store,
    catalogue: Catalogue,
    names: Sequence[str],
    now: int,
    *,
    since: int | None = None,
    until: int | None = None,
) -> list[Job]:
    """Return a job for each source named, or for all; UsageError for one not configured."""
    standings = store.standings()
    ends = {one.name: one.last_slot_end for one in store.freshness()}
    asked_for = since is not None or until is not None
    found = []
    for name, configured in _chosen(catalogue.sources, names).items():
        source = with_least_lag(configured)
        standing = standings.get(name, Standing(name))
        span = window(
            *(source, standing, ends.get(name), now),
            since=since,
            until=until,
            overlap=overlap(source),
        )
        found.append(Job(name, source, standing, span, asked_for))
    return found


@dataclass(frozen=True, eq=False)
class Workshop:
    """Builds the collectors of a catalogue."""

    catalogue: Catalogue
    clock: Callable[[], int]

    def collector(
        self, job: Job, memory: Memory, sleep: Callable[[float], None], *, secrets: bool = True
    ) -> Collector:
        """Return the collector of a job; raises ConfigError or PlugError."""
        surroundings = Surroundings(
            source=job.name,
            memory=memory,
            clock=self.clock,
            matcher=cache(self._matcher),
            sleep=sleep,
            slot_seconds=job.source.slot_seconds,
            lag_seconds=job.source.lag_seconds,
            watched=watched(self.catalogue),
            phrases=self.catalogue.error_phrases,
        )
        return build(job.name, job.source, surroundings, secrets=secrets)

    def _matcher(self) -> PostMatcher:
        from outage.posts import Matcher

        return Matcher.of(self.catalogue)


def misconfigured(workshop: Workshop) -> dict[str, str]:
    """Return a line for each source that cannot be built, whatever its secrets are, by name."""
    faults = {}
    for name, source in sorted(workshop.catalogue.sources.items()):
        job = Job(name, with_least_lag(source), Standing(name), None)
        try:
            workshop.collector(job, _ReadOnly(None, name), _no_sleep, secrets=False)
        except OutageError as error:
            text = str(error)
            named = text.startswith(f"sources.{name}")
            faults[name] = text if named else f"sources.{name}: {text}"
    return faults


def estimate(store: Store, workshop: Workshop, job: Job) -> Estimate | None:
    """Return what a job would cost, None if its collector cannot say; nothing is asked or kept."""
    memory = _ReadOnly(store, job.name)
    collector = workshop.collector(job, memory, _no_sleep, secrets=False)
    if job.window is None or not isinstance(collector, Estimating):
        return None
    return collector.estimate(job.window.since, job.window.until)


@dataclass(slots=True)
class _ReadOnly:
    """What a source remembers; new notes last as long as this object."""

    store: Store | None
    source: str
    notes: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        if key in self.notes or self.store is None:
            return self.notes.get(key)
        return self.store.remembered(self.source, key)

    def put(self, key: str, text: str) -> None:
        self.notes[key] = text

    def swap(self, key: str, before: str | None, text: str) -> bool:
        if self.get(key) != before:
            return False
        self.notes[key] = text
        return True


def _no_sleep(_seconds: float) -> None:
    """Wait for nothing: an estimate asks nobody."""


def _chosen(sources: Mapping[str, Source], names: Sequence[str]) -> Mapping[str, Source]:
    for name in names:
        if name not in sources:
            hint = did_you_mean(name, sources) if sources else "none is configured"
            raise UsageError(f"there is no source {name!r}; {hint}")
    return {name: sources[name] for name in names} if names else sources
