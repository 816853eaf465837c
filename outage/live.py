"""Live judging: fold what is in the store, from the last judged slot on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from outage.catalogue import Catalogue
from outage.errors import UsageError
from outage.judging.engine import Engine
from outage.judging.run import records
from outage.judging.state import FoldState
from outage.plugs import load
from outage.settings import Settings
from outage.slots import DAY, HOUR, format_time
from outage.store.judged import Terms
from outage.store.store import Store
from outage.stored import StoredBook, StoredSource, first_day
from outage.words import Incident, Notice

KEEP_BASELINE_DAYS = 35
QUIET_SECONDS = HOUR  # before a rewind, so that nothing is cut in two


@dataclass(frozen=True, slots=True)
class Detected:
    """What one call judged: the stretch, and the incidents and notices that changed in it."""

    since: int
    until: int
    incidents: list[Incident]
    notices: list[Notice]


class Live:
    """Judging that stays at hand: each further call reads only what came since the last one."""

    def __init__(self, store: Store, settings: Settings, catalogue: Catalogue) -> None:
        self._store, self._settings, self._catalogue = store, settings, catalogue
        self._series = -1
        self._source: StoredSource | None = None
        self._engine: Engine | None = None
        self._state: FoldState | None = None

    @staticmethod
    def prepare() -> None:
        """Load what the first incident will ask for, so that no slot of a service waits for it."""
        load("outage.detectors", "kernel")().find(np.arange(8, dtype=np.float64))

    def detect(
        self,
        now: int,
        *,
        since: int | None = None,
        until: int | None = None,
        progress: Callable[[int], None] = lambda _moment: None,
    ) -> Detected:
        """Judge every slot that completed by `until` (default: the last sample's, at most `now`).

        Starts where the last call ended, whoever made it; `since` rewinds: incidents opened after
        it are replaced. Each day is one transaction, so that an interrupted call goes on where it
        stopped.
        """
        if since is not None or not self._goes_on():
            self._engine = None  # baselines are fitted anew after a rewind
        engine, last = self._ready()
        state, rewound = self._begin(engine, since, last)
        end = min(now, self._to_the_end(engine, state, last, now) if until is None else until)
        begin = state.judged_until
        if rewound and self._store.readmit(begin):
            self._source = StoredSource(self._store)
        if self._source is not None:
            engine.renew(self._source, begin)
        terms = Terms(self._settings.judging.grid_seconds, engine.source_lags)
        incidents: dict[str, Incident] = {}
        notices: dict[tuple[str, str, str | None, int], Notice] = {}
        rewind_to = begin if rewound else None
        self._state = None
        for changes in engine.judge(state, end):
            found, seen = records(engine, changes)
            state = changes.state
            self._store.save_judgement(
                state.judged_until,
                state.as_json(),
                found,
                seen,
                rewind_to=rewind_to,
                begun=begin,
                terms=terms,
            )
            rewind_to = None
            incidents.update({one.id: one for one in found})
            notices.update({(n.kind, n.subject, n.vantage, n.start): n for n in seen})
            progress(state.judged_until)
        if end > begin or rewind_to is not None:
            self._settle(state, (begin, max(begin, end)), rewind_to, terms)
        self._state = state
        return Detected(begin, max(begin, end), list(incidents.values()), list(notices.values()))

    def _goes_on(self) -> bool:
        """Return whether nobody else has judged, or rewound, since the last call."""
        mine = None if self._state is None else self._state.judged_until
        return mine is not None and mine == self._store.judged_until()

    def _ready(self) -> tuple[Engine, int]:
        """Return the engine, over a source that knows every series, and the last slot's end."""
        series = self._store.count_series()
        if self._source is None or series != self._series:
            self._source, self._series = StoredSource(self._store), series
        if self._engine is None:
            self._engine = _engine(self._source, self._store, self._settings, self._catalogue)
        ends = [one.last_slot_end for one in self._store.freshness()]
        self._source.reach(max((end for end in ends if end is not None), default=0))
        span = self._source.span()
        if span is None:
            raise UsageError(
                "the store holds no samples; import some first (`outage import samples`)"
            )
        return self._engine, span[1]

    def _begin(self, engine: Engine, since: int | None, last: int) -> tuple[FoldState, bool]:
        judged = self._store.judged_until()
        if since is None and judged is not None:
            if self._state is not None and self._state.judged_until == judged:
                return self._state, False
            kept = self._store.judgement()
            if kept is not None:
                return FoldState.from_json(kept[1]), False
        first = first_day(self._store)
        start = since if since is not None else first
        if start is None or (first is not None and start < first):
            raise UsageError(
                f"--since: samples begin at {format_time(first)}; start there or later"
            )
        if start > last:
            raise UsageError(f"--since: samples end at {format_time(last)}; start before")
        if judged is None:
            return engine.start(start), False
        state = engine.start(self._quiet_before(start))
        self._store.drop_baselines_from(state.judged_until - state.judged_until % DAY)
        engine.book = StoredBook(self._store)
        state.past = [
            [one.subject, one.start, one.end]
            for one in self._store.incidents(None, state.judged_until)
            if one.end is not None
        ]
        return state, True

    def _quiet_before(self, moment: int) -> int:
        """Return the latest moment from `moment` back in which no incident or notice lasts."""
        while True:
            since = moment - QUIET_SECONDS
            starts = [one.start for one in self._store.incidents(since, moment)]
            starts += [one.start for one in self._store.notices(since, moment)]
            earliest = min(starts, default=moment)
            if earliest >= moment:
                return moment
            moment = earliest

    def _to_the_end(self, engine: Engine, state: FoldState, last: int, now: int) -> int:
        """Return up to when to judge: until the last slot is known, or what is open has ended.

        Silence ends it no sooner: samples that are only late must find their slots unjudged.
        """
        last += engine.longest_lag
        silence = self._settings.judging.blind_seconds + HOUR
        still_open = any(track.end is None for track in state.tracks)
        return last + silence if still_open and now >= last + silence else last

    def _settle(
        self, state: FoldState, span: tuple[int, int], rewind_to: int | None, terms: Terms
    ) -> None:
        """Note that everything in `span` was judged, quiet days included."""
        begin, end = span
        if state.judged_until != end or rewind_to is not None:
            state.judged_until = end
            self._store.save_judgement(
                end, state.as_json(), [], [], rewind_to=rewind_to, begun=begin, terms=terms
            )
        self._store.drop_baselines(end - KEEP_BASELINE_DAYS * DAY)


def detect(
    store: Store,
    settings: Settings,
    catalogue: Catalogue,
    now: int,
    *,
    since: int | None = None,
    until: int | None = None,
    progress: Callable[[int], None] = lambda _moment: None,
) -> Detected:
    """Judge once what `Live.detect` would; see there."""
    live = Live(store, settings, catalogue)
    return live.detect(now, since=since, until=until, progress=progress)


def _engine(source: StoredSource, store: Store, settings: Settings, catalogue: Catalogue) -> Engine:
    book, moment = StoredBook(store), store.judged_until()
    return Engine.of(source, settings, catalogue, book=book, moment=moment)
