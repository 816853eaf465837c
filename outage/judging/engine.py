"""Judging from samples to incidents: the one path that live running and replay share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats, Panel
from outage.judging import scoring
from outage.judging.combine import Index
from outage.judging.expecting import Expecting
from outage.judging.fitting import fit_day
from outage.judging.fold import Fold
from outage.judging.layout import Plane, Unit, lay_out
from outage.judging.outlook import HISTORY_DAYS, Offsets, Outlook, groups_of, seen_of
from outage.judging.running import Layout
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures, built_in
from outage.judging.sources import MemoryBook, OutlookBook, SampleSource
from outage.judging.state import FoldState, Sighting, Track
from outage.judging.weigh import features
from outage.judging.window import Window
from outage.settings import Settings
from outage.slots import DAY, HOUR

MASKED_SECONDS: Final = 7 * DAY  # a longer incident becomes the new normal


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What one block did: the state after it, and what must be written anew."""

    state: FoldState
    tracks: Sequence[Track]
    sightings: Sequence[Sighting]


class Engine:
    """Judges one source's samples under one configuration."""

    def __init__(
        self,
        source: SampleSource,
        settings: Settings,
        offsets: Offsets,
        *,
        lags: Mapping[str, int] | None = None,
        book: OutlookBook | None = None,
        table: Signatures | None = None,
    ) -> None:
        self.source, self.settings, self.offsets = source, settings, offsets
        self.book: OutlookBook = book if book is not None else MemoryBook()
        self.table = table or built_in()
        self.planes = lay_out(source.series(), settings.judging.grid_seconds)
        self.lags = [_lag(plane, lags or {}) for plane in self.planes]
        self.groups = [groups_of(plane.units) for plane in self.planes]
        self.fold = self._fold()
        self.watched = [
            Expecting(plane, lag, Window(plane, source))
            for plane, lag in zip(self.planes, self.lags, strict=True)
        ]

    def _fold(self) -> Fold:
        units: list[Unit] = []
        keys: list[str] = []
        slices: list[slice] = []
        measured: list[frozenset[str]] = []
        for plane, groups in zip(self.planes, self.groups, strict=True):
            slices.append(slice(len(units), len(units) + len(plane.units)))
            units.extend(plane.units)
            keys += [
                f"{u.subject}|{u.vantage}|{u.source}|{plane.slot_seconds}" for u in plane.units
            ]
            names: list[frozenset[str]] = [frozenset()] * len(plane.units)
            for group in groups:
                empty = np.zeros((1, len(plane.series)))
                found = frozenset(features(seen_of(group, empty, empty, empty)))
                for position in group.units:
                    names[position] = found
            measured += names
        index = Index.of(tuple(units), measured, self.table)
        seconds = tuple(plane.slot_seconds for plane in self.planes)
        layout = Layout(tuple(keys), tuple(slices), seconds)
        return Fold(index, self.table, self.settings.judging, layout)

    def start(self, since: int) -> FoldState:
        """Return the empty state from which judging begins at `since`."""
        return FoldState(judged_until=since)

    def judge(self, state: FoldState, until: int) -> Iterator[Changes]:
        """Judge every slot that was complete in `(state.judged_until, until]`, day by day."""
        while state.judged_until < until:
            begin = state.judged_until
            end = min(until, self._boundary(begin))
            if not state.tracks and not self._anything(begin, end):
                state = replace_until(state, end)
                continue
            blocks = self.blocks(state, end)
            state, tracks, sightings = self.fold.advance(state, blocks, self.lags)
            state.judged_until = end
            self._drop_past(state)
            yield Changes(state, tracks, sightings)

    def blocks(self, state: FoldState, end: int) -> list[Scored]:
        """Return every plane's slots that became complete in `(state.judged_until, end]`."""
        begin = state.judged_until
        return [self._block(number, state, begin, end) for number in range(len(self.planes))]

    def _boundary(self, begin: int) -> int:
        """Return where the next block must end: no block holds slots of two days."""
        return min(begin - (begin - lag) % DAY + DAY for lag in {0, *self.lags})

    def _anything(self, begin: int, end: int) -> bool:
        """Return whether there is a sample in `[begin, end)` or in the day and hour before."""
        return any(
            bool(np.isfinite(self.window(number, first - first % HOUR, end).values).any())
            for first in (begin, begin - DAY - HOUR)
            for number in range(len(self.planes))
        )

    def _drop_past(self, state: FoldState) -> None:
        horizon = state.judged_until - (HISTORY_DAYS + 1) * DAY
        state.past = [span for span in state.past if span[2] > horizon]

    # -- panels -----------------------------------------------------------------------------

    def window(self, number: int, begin: int, end: int) -> Panel:
        """Return a plane's values over `[begin, end)`, read ahead and kept while they last."""
        return self.watched[number].window.panel(begin, end)

    def renew(self, source: SampleSource, moment: int) -> None:
        """Go on with a source of the same series, into which samples came since `moment`."""
        self.source = source
        for watched in self.watched:
            watched.renew(source, moment)

    def _block(self, number: int, state: FoldState, begin: int, end: int) -> Scored:
        """Score the slots of one plane that became complete in `(begin, end]`."""
        plane = self.planes[number]
        seconds, lag = plane.slot_seconds, self.lags[number]
        first = (begin - lag) - (begin - lag) % seconds
        count = max(0, (end - lag - first) // seconds)
        self._outlook(number, state, begin - begin % DAY)
        outlook = self._outlook(number, state, first - first % DAY)
        values, expected = self.seen(number, first, first + count * seconds)
        return scoring.score(
            plane,
            self.groups[number],
            self.table,
            replace_gains(expected, outlook),
            values,
            first,
            self.watched[number].fitted(self.book, first - first % DAY).unseasoned,
        )

    def seen(
        self, number: int, first: int, last: int, columns: Sequence[int] | None = None
    ) -> tuple[Floats, Outlook]:
        """Return the values judged in `[first, last)` and what was expected, drift included.

        Shapes (slots, columns): those of the plane, or only some of them.
        """
        chosen = None if columns is None else np.array(columns, dtype=np.int64)
        return self.watched[number].seen(self.book, first, last, chosen)

    # -- outlooks ---------------------------------------------------------------------------

    def _outlook(self, number: int, state: FoldState, day: int) -> Outlook:
        """Return the day's outlook, fitted now if it was not yet."""
        plane = self.planes[number]
        kept = self.book.get(day, plane.slot_seconds)
        if kept is not None and kept.location.shape[1] == len(plane.series):
            return kept
        outlook = fit_day(
            self.watched[number],
            self.groups[number],
            self.settings,
            self.offsets,
            day,
            state.spans(day - HISTORY_DAYS * DAY, day, MASKED_SECONDS),
        )
        self.book.put(day, plane.slot_seconds, outlook)
        return outlook


def _lag(plane: Plane, lags: Mapping[str, int]) -> int:
    """Return how long after its end a slot of the plane is complete: its slowest source's lag."""
    return max((lags.get(one.source, 0) for parts in plane.parts for one in parts), default=0)


def replace_until(state: FoldState, until: int) -> FoldState:
    """Return the state moved on to `until` with nothing heard."""
    moved = state.copy()
    moved.judged_until = until
    return moved


def replace_gains(expected: Outlook, day: Outlook) -> Outlook:
    """Return the expectation with the gains learnt for its day."""
    return Outlook(expected.location, expected.spread, day.gains)
