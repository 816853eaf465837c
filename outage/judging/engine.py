"""Judging from samples to incidents: the one path that live running and replay share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from outage.batches import Floats, Panel
from outage.judging import scoring
from outage.judging.combine import Index
from outage.judging.fold import Fold
from outage.judging.layout import Plane, Unit, lay_out
from outage.judging.outlook import (
    HISTORY_DAYS,
    Offsets,
    Outlook,
    fit_cold,
    fit_outlook,
    groups_of,
    masked,
    seasoned,
    seen_of,
)
from outage.judging.running import Layout
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures, built_in
from outage.judging.sources import MemoryBook, OutlookBook, SampleSource
from outage.judging.state import FoldState, Sighting, Track
from outage.judging.weigh import features
from outage.settings import Settings
from outage.slots import DAY, HOUR

LEAD: Final = DAY  # how far back a block sees: drift, and where an incident began
AHEAD_DAYS: Final = 7  # how much is read at a time
COLD_SPREAD: Final = 0.7  # log units; a few hours cannot tell a wild series from one that was hit
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
        self._windows: dict[int, Panel] = {}

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
            if not state.tracks and not self._anything(begin - DAY - HOUR, end):
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
        return min(
            moment - (moment - lag) % DAY + DAY for lag in {0, *self.lags} for moment in (begin,)
        )

    def _anything(self, begin: int, end: int) -> bool:
        return any(
            bool(np.isfinite(self.window(number, begin - begin % HOUR, end).values).any())
            for number in range(len(self.planes))
        )

    def _drop_past(self, state: FoldState) -> None:
        horizon = state.judged_until - (HISTORY_DAYS + 1) * DAY
        state.past = [span for span in state.past if span[2] > horizon]

    # -- panels -----------------------------------------------------------------------------

    def window(self, number: int, begin: int, end: int) -> Panel:
        """Return a plane's values over `[begin, end)`, read ahead and kept while they last."""
        kept = self._windows.get(number)
        plane = self.planes[number]
        if kept is None or begin < kept.start or end > kept.end:
            first = begin - begin % DAY - DAY
            last = max(end, begin) + AHEAD_DAYS * DAY if self._ahead(end) else end
            last += -last % HOUR
            kept = plane.panel(self.source.load(first, last), first, last)
            self._windows[number] = kept
        a = (begin - kept.start) // plane.slot_seconds
        b = (end - kept.start) // plane.slot_seconds
        return Panel(plane.series, begin, plane.slot_seconds, kept.values[a:b], kept.known_at[a:b])

    def _ahead(self, end: int) -> bool:
        span = self.source.span()
        return span is not None and span[1] > end + DAY

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
            np.asarray(np.isnan(outlook.location).all(axis=0)),
        )

    def seen(self, number: int, first: int, last: int) -> tuple[Floats, Outlook]:
        """Return the values judged in `[first, last)` and what was expected, drift included."""
        days = range(first - first % DAY, max(last, first + 1), DAY)
        parts = [self._seen(number, day, max(first, day), min(last, day + DAY)) for day in days]
        return (
            np.concatenate([values for values, _, _ in parts]),
            Outlook(
                np.concatenate([location for _, location, _ in parts]),
                np.concatenate([spread for _, _, spread in parts]),
                (),
            ),
        )

    def _seen(self, number: int, day: int, first: int, last: int) -> tuple[Floats, Floats, Floats]:
        """Return values, location and spread of slots of one day."""
        plane = self.planes[number]
        lead = first - first % HOUR - LEAD
        panel = self.window(number, lead, last)
        complete = panel.slot_starts + plane.slot_seconds + self.lags[number]
        known = panel.known_at <= complete[:, None]
        values = np.where(known, panel.values, np.nan)
        location, spread = self._expected(number, day, panel)
        skip = (first - lead) // plane.slot_seconds
        cold = np.isnan(location[skip:]).any(axis=0)
        level = scoring.drift(plane, lead, values, location, first)
        location[skip:] *= np.exp(np.where(cold, 0.0, level))
        if cold.any():
            self._warm(plane, panel, values, location, spread, skip, np.flatnonzero(cold))
        return values[skip:], location[skip:], spread[skip:]

    def _expected(self, number: int, day: int, panel: Panel) -> tuple[Floats, Floats]:
        """Return what the day's fit expects of the panel; before the first fit, what that does."""
        location = np.full(panel.values.shape, np.nan)
        spread = np.full(panel.values.shape, np.nan)
        for fitted in (day, day + DAY):
            outlook = self.book.get(fitted, panel.slot_seconds)
            if outlook is None or outlook.location.shape[1] != panel.values.shape[1]:
                continue
            rows = (panel.slot_starts - (fitted - DAY)) // panel.slot_seconds
            inside = (rows >= 0) & (rows < len(outlook.location))
            location[inside] = outlook.location[rows[inside]]
            spread[inside] = outlook.spread[rows[inside]]
            break
        return location, spread

    def _warm(
        self,
        plane: Plane,
        panel: Panel,
        values: Floats,
        location: Floats,
        spread: Floats,
        skip: int,
        cold: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> None:
        """Fill in what the cold start expects of series without a season, hour by hour."""
        starts = panel.slot_starts
        for hour in np.unique(starts[skip:] // HOUR * HOUR):
            rows = np.flatnonzero((starts >= hour) & (starts < hour + HOUR))
            rows = rows[rows >= skip]
            found = fit_cold(plane, values, starts, int(hour), cold)
            if found is None:
                continue
            for position, column in enumerate(cold):
                missing = rows[np.isnan(location[rows, column])]
                location[missing, column] = found.location[0, position]
                spread[missing, column] = min(found.spread[0, position], COLD_SPREAD)

    # -- outlooks ---------------------------------------------------------------------------

    def _outlook(self, number: int, state: FoldState, day: int) -> Outlook:
        """Return the day's outlook, fitted now if it was not yet."""
        plane = self.planes[number]
        kept = self.book.get(day, plane.slot_seconds)
        if kept is not None and kept.location.shape[1] == len(plane.series):
            return kept
        history = self.window(number, day - HISTORY_DAYS * DAY, day)
        known = np.where(history.known_at <= day, history.values, np.nan)
        spans = state.spans(history.start, day, MASKED_SECONDS)
        panel = masked(replace(history, values=known), plane, spans)
        outlook = fit_outlook(
            plane,
            self.groups[number],
            panel,
            self.settings,
            self.offsets,
            day,
            ~seasoned(known),
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
