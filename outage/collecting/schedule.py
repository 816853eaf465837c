"""When a source is collected, which window, and how long it is left alone after faults; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from outage.catalogue import Source
from outage.errors import OutageError, SourceError
from outage.slots import DAY, HOUR, floor_slot, format_time
from outage.store import Standing

FAULTS_BEFORE_A_PAUSE: Final = 5
FIRST_PAUSE: Final = HOUR  # where trying again does not help
LONGEST_PAUSE: Final = DAY
CLOCK_ERROR: Final = HOUR  # a clock that is set back by less is simply waited for


@dataclass(frozen=True, slots=True)
class Window:
    """Whole slots to collect: `[since, until)`, epoch seconds."""

    since: int
    until: int


def window(
    source: Source,
    standing: Standing,
    last_slot_end: int | None,
    now: int,
    *,
    since: int | None = None,
    until: int | None = None,
    overlap: int = 0,
) -> Window | None:
    """Return the complete slots to collect: those since the last time, or those asked for.

    `overlap` seconds of what was collected are collected again, for what arrives late. At first
    it reaches back as far as the source says, but not behind the samples there are. None if
    there is no slot.
    """
    seconds = source.slot_seconds
    complete = floor_slot(now - source.lag_seconds, seconds)
    last = complete if until is None else min(complete, floor_slot(until, seconds))
    if since is None and last <= (standing.collected_until or 0):
        return None
    if since is None and standing.collected_until is not None:
        since = standing.collected_until - overlap
    if since is None:
        known = last_slot_end or 0
        behind = 0 if known > now + CLOCK_ERROR else min(known, now)
        since = max(last - source.look_back_seconds, behind)
    first = floor_slot(since, seconds)
    return Window(first, last) if first < last else None


def next_run(source: Source, standing: Standing) -> int:
    """Return the moment from which the source is to be collected again (epoch seconds)."""
    regular = 0 if standing.attempted_at is None else standing.attempted_at + source.interval
    return max(regular, standing.paused_until or 0)


def due(source: Source, standing: Standing, now: int) -> bool:
    """Tell whether the source is to be collected now."""
    return next_run(source, standing) <= now


def is_open(standing: Standing, now: int) -> bool:
    """Tell whether the circuit is open: the source is left alone for now."""
    return standing.paused_until is not None and standing.paused_until > now


def set_back(standing: Standing, now: int) -> str | None:
    """Return what to do where a source was collected up to a time that is still to come.

    Which of the two clocks was wrong only people know, and asking anew may cost.
    """
    reached = standing.collected_until
    if reached is None or reached <= now + CLOCK_ERROR:
        return None
    return (
        f"was collected until {format_time(reached)}, which is still to come: was this clock set"
        f" back? if it is right now: outage collect {standing.source} --since TIME"
    )


def after_success(standing: Standing, until: int | None, now: int) -> Standing:
    """Return how the source stands after it delivered, up to `until` (None: no further)."""
    before = None if set_back(standing, now) else standing.collected_until
    reached = before if until is None else max(until, before or until)
    return replace(
        standing, collected_until=reached, attempted_at=now, failures=0, paused_until=None
    )


def after_fault(source: Source, standing: Standing, fault: OutageError, now: int) -> Standing:
    """Return how the source stands after a fault.

    A fault that will not pass pauses the source at once, others after five in a row; each
    further one doubles the pause, up to a day. A wait that the source asked for is kept. What is
    wrong in the configuration pauses nothing: nobody was asked.
    """
    failures, pause = standing.failures + 1, 0
    if isinstance(fault, SourceError):
        pause = max(_pause(source, failures, fault.permanent), int(fault.wait_seconds or 0))
    paused_until = now + pause if pause else None
    return replace(standing, attempted_at=now, failures=failures, paused_until=paused_until)


def _pause(source: Source, failures: int, permanent: bool) -> int:
    if permanent:
        return min(FIRST_PAUSE << min(failures - 1, 10), LONGEST_PAUSE)
    beyond = failures - FAULTS_BEFORE_A_PAUSE
    return min(source.interval << min(beyond + 1, 16), LONGEST_PAUSE) if beyond >= 0 else 0
