"""A plane's samples over a stretch of time that slides along as judging goes on."""

from __future__ import annotations

from typing import Final

import numpy as np

from outage.batches import Floats, Ints, Panel
from outage.judging.layout import Plane
from outage.judging.outlook import HISTORY_DAYS
from outage.judging.sources import SampleSource
from outage.slots import DAY, HOUR

AHEAD_DAYS: Final = 7  # how much is read at a time
MOST_CELLS: Final = 2**24  # of one matrix; a plane that is wider keeps and reads no more than days

PIECE_CELLS: Final = 2**22  # samples read at a time: a sample takes far more room than a cell


def heard_before(plane: Plane, source: SampleSource, moment: int) -> Ints | None:
    """Return when each line of a plane was heard last; None where no whole asks for it."""
    return plane.by_line(source.last(plane.stored, moment)) if plane.sums else None


class Window:
    """Values and when each was known, read from the source once and kept while they last.

    Small planes keep the history that fits ask for day after day; wide ones little more than
    the day before.
    """

    def __init__(self, plane: Plane, source: SampleSource) -> None:
        self.plane, self.source = plane, source
        self.start = self.end = 0
        self._values: Floats = np.empty((0, len(plane.series)))
        self._known_at: Ints = np.empty((0, len(plane.series)), dtype=np.int64)
        self._last: Ints | None = None
        a_day = max(1, DAY // plane.slot_seconds * len(plane.series))
        days = MOST_CELLS // a_day
        self.keeps_history = days >= HISTORY_DAYS + 2 + AHEAD_DAYS
        self._back_days = HISTORY_DAYS + 2 if self.keeps_history else 1
        self._ahead_days = min(AHEAD_DAYS, max(1, days))

    @classmethod
    def grown(cls, plane: Plane, source: SampleSource, before: Window) -> Window:
        """Return the window of a plane that series have joined, with what was at hand of it.

        Only columns that are new, or made of other parts than before, are read.
        """
        window = cls(plane, source)
        if not before.end or window.keeps_history != before.keeps_history:
            return window
        old = {one: i for i, one in enumerate(before.plane.series)}
        at = np.array([old.get(one, -1) for one in plane.series], dtype=np.int64)
        for i, parts in enumerate(plane.parts):
            if at[i] >= 0 and parts != before.plane.parts[at[i]]:
                at[i] = -1
        window.start, window.end = before.start, before.end
        rows = (before.end - before.start) // plane.slot_seconds
        window._values, window._known_at = before._values[:rows, at], before._known_at[:rows, at]
        fresh = np.flatnonzero(at < 0)
        if len(fresh):
            part = plane.close_up(fresh)
            batch = source.load(before.start, before.end, part.stored)
            last = heard_before(part, source, before.start)
            panel = part.laid_out(batch, before.start, before.end, last)[0]
            window._values[:, fresh], window._known_at[:, fresh] = panel.values, panel.known_at
        return window

    def panel(self, begin: int, end: int) -> Panel:
        """Return the plane over `[begin, end)`, reading what is not there yet."""
        seconds = self.plane.slot_seconds
        far = (self._back_days + 2) * DAY
        if not self.end or not self.start - far <= begin <= self.end + DAY:
            self._begin(begin)
        elif begin < self.start:
            self._go_back(begin)
        if end > self.end:
            self._read(begin, end)
        a, b = (begin - self.start) // seconds, (end - self.start) // seconds
        return Panel(self.plane.series, begin, seconds, self._values[a:b], self._known_at[a:b])

    def has(self, begin: int, end: int) -> bool:
        """Return whether a stretch is there, or is best read with all that goes with it."""
        return self.keeps_history or (self.start <= begin and end <= self.end)

    def forget(self, moment: int) -> None:
        """Let go of the slots that were not complete at `moment`: more may have come since."""
        whole = moment - (moment - self.start) % self.plane.slot_seconds
        self.end = max(self.start, min(self.end, whole))
        self._last = None

    def start_anew(self) -> None:
        """Let go of everything: earlier samples may have come late."""
        self.start = self.end = 0

    def _begin(self, begin: int) -> None:
        """Start anew, empty, at `begin` or a day before."""
        start = begin - begin % DAY - DAY if self.keeps_history else begin - begin % HOUR
        self.start = self.end = start
        self._last = None

    def _go_back(self, begin: int) -> None:
        """Read what lies before, and keep what there is."""
        start, end, last = self.start, self.end, self._last
        rows = slice(0, (end - start) // self.plane.slot_seconds)
        values, known_at = self._values[rows].copy(), self._known_at[rows].copy()
        self._begin(begin)
        self._fetch(begin, start)
        self._make_room(begin, end)
        first = (start - self.start) // self.plane.slot_seconds
        self._values[first : first + len(values)] = values
        self._known_at[first : first + len(values)] = known_at
        self.end, self._last = end, last

    def _read(self, begin: int, end: int) -> None:
        seconds = self.plane.slot_seconds
        span = self.source.span()
        last = end
        if span is not None and span[1] > end + DAY:
            last = max(end, self.end) + self._ahead_days * DAY
            last -= last % DAY
        last += -(last - self.end) % seconds
        self._fetch(begin, last)

    def _fetch(self, begin: int, last: int) -> None:
        """Read on up to `last`, so much at a time; slots before `begin` may go."""
        if self._last is None:
            self._last = heard_before(self.plane, self.source, self.end)
        self._make_room(min(begin, self.end - self._back_days * DAY), last)
        step = max(1, PIECE_CELLS // max(1, len(self.plane.series))) * self.plane.slot_seconds
        while self.end < last:
            self._fill(min(last, self.end + step))

    def _fill(self, until: int) -> None:
        seconds = self.plane.slot_seconds
        batch = self.source.load(self.end, until)
        fresh, self._last = self.plane.laid_out(batch, self.end, until, self._last)
        a, b = (self.end - self.start) // seconds, (until - self.start) // seconds
        self._values[a:b], self._known_at[a:b] = fresh.values, fresh.known_at
        self.end = until

    def _make_room(self, keep: int, last: int) -> None:
        """Have rows up to `last`; slots before `keep` are dropped if that takes moving rows."""
        seconds = self.plane.slot_seconds
        if (last - self.start) // seconds <= len(self._values):
            return
        first = max(self.start, keep - (keep - self.start) % seconds)
        rows = (last + DAY - first) // seconds
        a, b = (first - self.start) // seconds, (self.end - self.start) // seconds
        values = np.empty((rows, self._values.shape[1]))
        known_at = np.empty(values.shape, dtype=np.int64)
        values[: b - a], known_at[: b - a] = self._values[a:b], self._known_at[a:b]
        self._values, self._known_at, self.start = values, known_at, first
