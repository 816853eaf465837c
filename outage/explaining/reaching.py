"""Reach a moment again: the engine of live judging, rewound, with nothing written."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from outage.catalogue import Catalogue
from outage.errors import UsageError
from outage.judging.engine import Engine
from outage.judging.layout import Plane
from outage.judging.outlook import HISTORY_DAYS, Outlook
from outage.judging.sources import MemoryBook, OutlookBook
from outage.judging.state import FoldState
from outage.settings import Settings
from outage.slots import DAY, HOUR, floor_slot, format_time
from outage.store.store import Store
from outage.stored import StoredBook, StoredSource, first_day

BEFORE_DAYS: Final = 2  # the fold remembers complaints for twelve hours, and silence for a day
MOST_DAYS: Final = 14  # how far to go back to before an incident that was going on
CALM_SECONDS: Final = 12 * HOUR
EMPTY: Final = "the store holds no samples; import some first (`outage import samples`)"


class ReadingBook:
    """The store's outlooks; what is fitted now stays in memory."""

    def __init__(self, stored: OutlookBook) -> None:
        self._stored, self._fitted = stored, MemoryBook()

    def get(self, day: int, plane: Plane) -> Outlook | None:
        """Return the outlook that was kept for a day, else what was fitted now, or None."""
        fitted = self._fitted.get(day, plane)
        return fitted if fitted is not None else self._stored.get(day, plane)

    def put(self, day: int, plane: Plane, outlook: Outlook) -> None:
        """Keep the outlook of a day in memory."""
        self._fitted.put(day, plane, outlook)


def reading_engine(
    store: Store, settings: Settings, catalogue: Catalogue, *, as_judged: bool = True
) -> Engine:
    """Return an engine that reads the store and writes nothing; raises UsageError if empty.

    `as_judged` takes the baselines that live judging kept; otherwise they are fitted anew, as
    other settings ask.
    """
    if store.span() is None:
        raise UsageError(EMPTY)
    book = ReadingBook(StoredBook(store)) if as_judged else None
    return Engine.of(StoredSource(store), settings, catalogue, book=book)


def known_subject(store: Store, subject: str) -> str:
    """Return the kind of a subject, service or operator; raises UsageError with a near name."""
    vantages = {one.vantage for one in store.series() if one.vantage}
    kinds = {name: kind.value for name, kind in store.subjects().items()}
    kinds |= dict.fromkeys(vantages, "operator")
    if not kinds:
        raise UsageError(EMPTY)
    if subject in kinds:
        return kinds[subject]
    close = get_close_matches(subject, kinds, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(kinds)[:20])}"
    raise UsageError(f"--subject: the store knows no {subject!r}; {hint}")


def planes_of(engine: Engine, subject: str) -> list[int]:
    """Return the planes with series of the subject, or seen from it, the finest first."""
    return [
        number
        for number, plane in enumerate(engine.planes)
        if any(subject in (one.subject, one.vantage) for one in plane.series)
    ]


def plane_then(engine: Engine, subject: str, at: int) -> int:
    """Return the finest plane that told of the subject at `at`; raises UsageError if none did.

    Lays the engine out as it was then.
    """
    _, moment = slot_at(engine, planes_of(engine, subject)[0], at)
    engine.lay_out_at(moment - 1)
    found = planes_of(engine, subject)
    if not found:
        raise UsageError(
            f"--at: nothing was known of {subject!r} yet at {format_time(at)}; a series is judged"
            " from the first full hour after its first sample on"
        )
    return found[0]


def slot_at(engine: Engine, number: int, at: int) -> tuple[int, int]:
    """Return the start of the plane's slot that holds `at`, and when it was judged.

    After the last sample it is the last slot; before the first, UsageError.
    """
    span = engine.source.span()
    seconds, lag = engine.planes[number].slot_seconds, engine.lags[number]
    assert span is not None
    if at < span[0]:
        raise UsageError(f"--at: samples begin at {format_time(span[0])}; name a later time")
    start = min(floor_slot(at, seconds), floor_slot(span[1] - 1, seconds))
    return start, start + seconds + lag


def state_before(store: Store, engine: Engine, moment: int) -> FoldState:
    """Return the empty state from which to judge up to `moment`, knowing past incidents.

    It begins at a midnight at least two days before, and earlier while an incident of the
    store was going on or had just ended.
    """
    stored = store.incidents(moment - HISTORY_DAYS * DAY - MOST_DAYS * DAY, moment)
    spans = [(one.start, one.end or moment) for one in stored]
    start = moment - moment % DAY - BEFORE_DAYS * DAY
    earliest = max(start - MOST_DAYS * DAY, first_day(store) or 0)
    while start > earliest and any(a < start < b + CALM_SECONDS for a, b in spans):
        start -= DAY
    state = engine.start(max(start, earliest))
    state.past = [
        [one.subject, one.start, one.end]
        for one in stored
        if one.end is not None and one.end <= state.judged_until
    ]
    return state
