"""Live judging: fold what is in the store, from the last judged slot on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outage.catalogue import Catalogue
from outage.errors import UsageError
from outage.judging.engine import Engine
from outage.judging.run import records
from outage.judging.state import FoldState
from outage.settings import Settings
from outage.slots import DAY, format_time
from outage.store.store import Store
from outage.stored import StoredBook, StoredSource, first_day
from outage.words import Incident, Notice

KEEP_BASELINE_DAYS = 35


@dataclass(frozen=True, slots=True)
class Detected:
    """What one call judged: the stretch, and the incidents and notices that changed in it."""

    since: int
    until: int
    incidents: list[Incident]
    notices: list[Notice]


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
    """Judge every slot that completed by `until` (default: the last sample's, at most `now`).

    Starts where the last call ended; `since` rewinds: incidents opened after it are replaced.
    Each day is one transaction, so that an interrupted call goes on where it stopped.
    """
    span = store.span()
    if span is None:
        raise UsageError("the store holds no samples; import some first (`outage import samples`)")
    engine = _engine(store, settings, catalogue)
    last = span[1] + max(engine.lags, default=0)
    end = min(now, last if until is None else until)
    state, rewound = _begin(store, engine, since)
    begin = state.judged_until
    incidents: dict[str, Incident] = {}
    notices: dict[tuple[str, str, str | None, int], Notice] = {}
    rewind_to = begin if rewound else None
    for changes in engine.judge(state, end):
        found, seen = records(engine, changes)
        state = changes.state
        store.save_judgement(state.judged_until, state.as_json(), found, seen, rewind_to=rewind_to)
        rewind_to = None
        incidents.update({one.id: one for one in found})
        notices.update({(n.kind, n.subject, n.vantage, n.start): n for n in seen})
        progress(state.judged_until)
    if end > begin or rewind_to is not None:
        _settle(store, state, max(begin, end), rewind_to)
    return Detected(begin, max(begin, end), list(incidents.values()), list(notices.values()))


def _engine(store: Store, settings: Settings, catalogue: Catalogue) -> Engine:
    engine = Engine(
        StoredSource(store),
        settings,
        catalogue.utc_offsets,
        lags={name: source.lag_seconds for name, source in catalogue.sources.items()},
    )
    engine.book = StoredBook(store, engine.planes, engine.groups)
    return engine


def _begin(store: Store, engine: Engine, since: int | None) -> tuple[FoldState, bool]:
    kept = store.judgement()
    if since is None and kept is not None:
        return FoldState.from_json(kept[1]), False
    first = first_day(store)
    start = since if since is not None else first
    if start is None or (first is not None and start < first):
        raise UsageError(f"--since: samples begin at {format_time(first)}; start there or later")
    return engine.start(start), kept is not None


def _settle(store: Store, state: FoldState, end: int, rewind_to: int | None) -> None:
    """Note that everything up to `end` was judged, quiet days included."""
    document = state.as_json()
    document["judged_until"] = end
    store.save_judgement(end, document, [], [], rewind_to=rewind_to)
    store.drop_baselines(end - KEEP_BASELINE_DAYS * DAY)
