"""Judging from samples to incidents: the one path that live running and replay share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from outage.batches import Floats, Panel
from outage.catalogue import Catalogue
from outage.judging import scoring
from outage.judging.combine import Index
from outage.judging.expecting import Expecting
from outage.judging.fitting import fit_day
from outage.judging.fold import Fold
from outage.judging.kin import Kin
from outage.judging.layout import Plane, Unit, lay_out
from outage.judging.outlook import (
    HISTORY_DAYS,
    Offsets,
    Outlook,
    groups_of,
    seen_of,
)
from outage.judging.running import Layout
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures, adapted
from outage.judging.sources import MemoryBook, OutlookBook, SampleSource
from outage.judging.state import FoldState, Sighting, Track
from outage.judging.weigh import features
from outage.judging.window import Window
from outage.settings import Settings
from outage.slots import DAY, HOUR, floor_slot

MASKED_SECONDS: Final = 7 * DAY  # a longer incident becomes the new normal


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What one block did: the state after it, and what must be written anew."""

    state: FoldState
    tracks: Sequence[Track]
    sightings: Sequence[Sighting]


class Engine:
    """Judges one source's samples under one configuration.

    What is judged (`planes`, their `lags`, `groups` and `watched`, the `fold`) is what was known
    at the last full hour: a series that joins later does not change what was judged before.
    """

    def __init__(
        self,
        source: SampleSource,
        settings: Settings,
        offsets: Offsets,
        *,
        lags: Mapping[str, int] | None = None,
        book: OutlookBook | None = None,
        table: Signatures | None = None,
        moment: int | None = None,
        kin: Kin | None = None,
    ) -> None:
        """Lay out what was known at `moment`, or all there is."""
        self.source, self.settings, self.offsets = source, settings, offsets
        self.book: OutlookBook = book if book is not None else MemoryBook()
        self.table = table or adapted(settings.signatures)
        self.source_lags, self.kin = dict(lags or {}), kin or Kin()
        self._joined = dict(source.joined())
        self._joins = sorted(self._joined.values())
        self.watched: list[Expecting] = []
        self._lay_out(Panel.NEVER if moment is None else floor_slot(moment, HOUR))

    @classmethod
    def of(
        cls,
        source: SampleSource,
        settings: Settings,
        catalogue: Catalogue,
        *,
        book: OutlookBook | None = None,
        moment: int | None = None,
    ) -> Self:
        """Return the engine of a catalogue: its clocks, lags, operators and platforms."""
        lags = {name: one.lag_seconds for name, one in catalogue.sources.items()}
        offsets, kin = catalogue.utc_offsets, Kin.of(catalogue)
        return cls(source, settings, offsets, lags=lags, book=book, moment=moment, kin=kin)

    def lay_out_at(self, moment: int) -> None:
        """Judge what was known at the last full hour up to `moment`."""
        hour = floor_slot(moment, HOUR)
        if bisect_right(self._joins, hour) != self._laid_out:
            self._lay_out(hour)

    def _lay_out(self, hour: int) -> None:
        known = [one for one, since in self._joined.items() if since <= hour]
        self._laid_out = len(known)
        before = {(one.plane.slot_seconds, one.plane.lag): one for one in self.watched}
        laid = lay_out(known, self.settings.judging.grid_seconds, self.source_lags)
        self.watched = [
            self._watch(plane, before.get((plane.slot_seconds, plane.lag))) for plane in laid
        ]
        self.planes = tuple(one.plane for one in self.watched)
        self.lags = [plane.lag for plane in self.planes]
        self.groups = [groups_of(plane.units) for plane in self.planes]
        self.fold = self._fold()

    def _watch(self, plane: Plane, before: Expecting | None) -> Expecting:
        """Return the plane with what is at hand of it, if it was laid out like this before."""
        if before is None:
            return Expecting(plane, Window(plane, self.source))
        if before.plane.stored == plane.stored:
            return before
        return Expecting(plane, Window.grown(plane, self.source, before.window))

    @property
    def longest_lag(self) -> int:
        """Return how late the slowest source is that there are series of, in seconds."""
        names = {one.source for one in self._joined}
        return max((self.source_lags.get(name, 0) for name in names), default=0)

    def _fold(self) -> Fold:
        units: list[Unit] = []
        keys: list[str] = []
        slices: list[slice] = []
        measured: list[frozenset[str]] = []
        for plane, groups in zip(self.planes, self.groups, strict=True):
            slices.append(slice(len(units), len(units) + len(plane.units)))
            units.extend(plane.units)
            keys += [f"{unit.key}|{plane.slot_seconds}" for unit in plane.units]
            names: list[frozenset[str]] = [frozenset()] * len(plane.units)
            for group in groups:
                empty = np.zeros((1, len(plane.series)))
                found = frozenset(features(seen_of(group, empty, empty, empty)))
                for position in group.units:
                    names[position] = found
            measured += names
        index = Index.of(tuple(units), measured, self.table)
        seconds = tuple(plane.slot_seconds for plane in self.planes)
        layout = Layout(tuple(keys), tuple(slices), seconds, tuple(self.lags))
        return Fold(index, self.table, self.settings.judging, layout, self.kin)

    def start(self, since: int) -> FoldState:
        """Return the empty state from which judging begins at `since`."""
        return FoldState(judged_until=since)

    def judge(self, state: FoldState, until: int) -> Iterator[Changes]:
        """Judge every slot that was complete in `(state.judged_until, until]`.

        Block by block: none holds slots of two days, or goes on over an hour at which series join.
        """
        while state.judged_until < until:
            begin = state.judged_until
            self.lay_out_at(begin)
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
        self.lay_out_at(begin)
        return [self._block(number, state, begin, end) for number in range(len(self.planes))]

    def _boundary(self, begin: int) -> int:
        """Return where the next block must end."""
        day = min(begin - (begin - lag) % DAY + DAY for lag in {0, *self.lags})
        if self._laid_out == len(self._joins):
            return day
        return min(day, -(-self._joins[self._laid_out] // HOUR) * HOUR)

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
        """Go on with a source into which samples came since `moment`, and maybe series."""
        if source is not self.source:
            self._joined = dict(source.joined())
            self._joins = sorted(self._joined.values())
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
            scoring.other_hours(
                outlook.location, (first % DAY + DAY) // seconds, count, HOUR // seconds
            ),
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
        kept = self.book.get(day, plane)
        if kept is not None and self._knows(kept, plane, day):
            return kept
        outlook = fit_day(
            self.watched[number],
            self.settings,
            self.offsets,
            day,
            state.spans(day - HISTORY_DAYS * DAY, day, MASKED_SECONDS),
        )
        self.book.put(day, plane, outlook)
        return outlook

    def _knows(self, outlook: Outlook, plane: Plane, day: int) -> bool:
        """Return whether an outlook has every column that its day could know."""
        if outlook.fitted is None or outlook.fitted.all():
            return True
        return bool((plane.joined(self._joined)[~outlook.fitted] > day).all())


def replace_until(state: FoldState, until: int) -> FoldState:
    """Return the state moved on to `until` with nothing heard."""
    moved = state.copy()
    moved.judged_until = until
    return moved


def replace_gains(expected: Outlook, day: Outlook) -> Outlook:
    """Return the expectation with the gains learnt for its day."""
    return Outlook(expected.location, expected.spread, day.gains)
