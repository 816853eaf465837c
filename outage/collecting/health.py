"""How every configured source is doing: fresh, late, failing, left alone, or lacking something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from outage.catalogue import Catalogue, Source
from outage.collecting.building import described, lacking, with_least_lag
from outage.collecting.jobs import Workshop, misconfigured
from outage.collecting.schedule import is_open, next_run, set_back
from outage.slots import format_time
from outage.store import Freshness, Standing, Store


class State(StrEnum):
    """How a source is doing."""

    FRESH = "fresh"
    LATE = "late"
    FAILING = "failing"
    OPEN = "circuit open"
    LACKING = "lacking"
    FAULTY = "misconfigured"
    NEVER = "never collected"


@dataclass(frozen=True, slots=True)
class Health:
    """One configured source: what it is, how it is doing, and what is said about that."""

    name: str
    source: Source
    state: State
    text: str
    freshness: Freshness
    standing: Standing
    next_run: int
    lacking: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Tell whether nothing has to be done."""
        return self.state is State.FRESH

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, times in ISO 8601 UTC with `Z`."""
        return {
            "source": self.name,
            "plug": self.source.plug,
            "state": self.state.value,
            "text": self.text,
            "last_slot_end": format_time(self.freshness.last_slot_end),
            "last_success_at": format_time(self.freshness.last_success_at),
            "collected_until": format_time(self.standing.collected_until),
            "last_error": self.freshness.last_error,
            "last_error_at": format_time(self.freshness.last_error_at),
            "faults_in_a_row": self.standing.failures,
            "next_run": format_time(self.next_run),
            "interval": self.source.interval,
            "lag_seconds": self.source.lag_seconds,
            "cost": described(self.source, "cost"),
            "limits": described(self.source, "limits"),
            "lacking": list(self.lacking),
        }


def healths(store: Store, catalogue: Catalogue, now: int) -> Iterator[Health]:
    """Yield the health of every configured source, in order of their names."""
    fresh, standings = {one.name: one for one in store.freshness()}, store.standings()
    faults = misconfigured(Workshop(catalogue, lambda: now))
    for name, configured in sorted(catalogue.sources.items()):
        source = with_least_lag(configured)
        freshness = fresh.get(name, Freshness(name, None, None, None, None))
        standing = standings.get(name, Standing(name))
        lacks = tuple(lacking(source))
        state, text = _judged(source, freshness, standing, now)
        if lacks or name in faults:
            state = State.LACKING if lacks else State.FAULTY
            text = "; ".join(lacks) or faults[name]
        after = max(next_run(source, standing), now)
        yield Health(name, source, state, text, freshness, standing, after, lacks)


def allowed_age(source: Source) -> int:
    """Return how old the end of the newest slot may be, with one slot's grace, in seconds."""
    return source.lag_seconds + source.interval + 2 * source.slot_seconds


def _judged(
    source: Source, freshness: Freshness, standing: Standing, now: int
) -> tuple[State, str]:
    error = freshness.last_error or "no reason was kept"
    if told := set_back(standing, now):
        return State.LATE, told
    if is_open(standing, now):
        return State.OPEN, f"left alone until {format_time(standing.paused_until)}: {error}"
    if standing.failures:
        return State.FAILING, f"{standing.failures} in a row: {error}"
    if standing.attempted_at is None and freshness.last_slot_end is None:
        return State.NEVER, "nothing was asked of it yet"
    return _aged(source, freshness.last_slot_end, now)


def _aged(source: Source, end: int | None, now: int) -> tuple[State, str]:
    if end is None:
        return State.LATE, "it answers, but has delivered nothing yet"
    ago = f"its newest slot ended {told_span(now - end)} ago"
    if now - end > allowed_age(source):
        return State.LATE, f"silent: {ago}"
    return State.FRESH, ago


_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def told_span(seconds: int) -> str:
    """Return a span of time in its largest whole unit.

    >>> told_span(7_300)
    '2 h'
    """
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), "0 min")
