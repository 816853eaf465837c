"""What is expected of the coming day: baselines fitted at 00:00 UTC on what was known then.

The outlook of a day is fitted once and kept, so that judging slot by slot and in one go read the
same numbers. Series without enough history are expected by the cold-start baseline, refitted
every hour on the last day.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints, Panel
from outage.errors import NotEnoughHistory
from outage.interfaces import Detector, Expectation, History
from outage.judging.layout import Plane, Unit
from outage.judging.weigh import STEADY, Seen, features, lasting, robust_gain
from outage.plugs import build, load
from outage.settings import Settings
from outage.slots import DAY

HISTORY_DAYS: Final = 28
GAIN_DAYS: Final = 7
SEASONED: Final = 0.5

Offsets = Callable[[str, str, Ints], Ints]


def no_offsets(_subject: str, _vantage: str, slot_starts: Ints) -> Ints:
    """Return offsets of zero: every clock is UTC."""
    return np.zeros(len(slot_starts), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Units that have the same signals: `columns[signal][i]` is the column of unit i."""

    units: Ints
    columns: dict[str, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """One plane's expectation of the day before a fit and the day after it.

    `location` and `spread` have shape (slots of two days, series): drift is what the day before
    says against the same fit. `gains` holds by feature how much wider it really is, shape (units,);
    NaN is as wide as expected. `fitted` (series,) tells which columns the fit knew, None all.
    """

    location: Floats
    spread: Floats
    gains: Mapping[str, Floats]
    fitted: npt.NDArray[np.bool_] | None = None

    def of(self, old: Plane, new: Plane) -> Outlook:
        """Return the outlook of one plane as that of another; NaN for what it does not know."""
        columns = _places([*old.series], [*new.series])
        units = _places([x.key for x in old.units], [x.key for x in new.units])
        known = columns >= 0
        if self.fitted is not None:
            known &= self.fitted[columns]
        return Outlook(
            np.where(known, self.location[:, columns], np.nan),
            np.where(known, self.spread[:, columns], np.nan),
            {name: np.where(units >= 0, x[units], np.nan) for name, x in self.gains.items()},
            known,
        )


def _places(old: Sequence[Hashable], new: Sequence[Hashable]) -> Ints:
    """Return where each of `new` stands in `old`, -1 for nowhere."""
    place = {one: i for i, one in enumerate(old)}
    return np.array([place.get(one, -1) for one in new], dtype=np.int64)


def groups_of(units: Sequence[Unit]) -> tuple[Group, ...]:
    """Group units by their set of signals, so that each group is judged as one matrix."""
    by_signals: dict[tuple[str, ...], list[int]] = {}
    for position, unit in enumerate(units):
        by_signals.setdefault(tuple(name for name, _ in unit.columns), []).append(position)
    return tuple(
        Group(
            np.array(positions),
            {
                name: np.array([units[i].columns[rank][1] for i in positions])
                for rank, name in enumerate(names)
            },
        )
        for names, positions in by_signals.items()
    )


def seen_of(group: Group, values: Floats, location: Floats, spread: Floats) -> dict[str, Seen]:
    """Return each signal of a group as seen and expected, shapes (slots, units of the group)."""
    return {
        name: Seen(values[:, at], location[:, at], spread[:, at])
        for name, at in group.columns.items()
    }


def detector_names(plane: Plane, settings: Settings) -> list[str]:
    """Return which detector the settings choose for each column: patterns first, then for all."""
    if not settings.baselines:
        return [settings.baseline] * len(plane.series)
    return [
        next(
            (
                name
                for pattern, name in settings.baselines.items()
                if fnmatchcase(f"{one.subject}/{one.signal}", pattern)
            ),
            settings.baseline,
        )
        for one in plane.series
    ]


def fit_outlook(
    plane: Plane,
    history: Panel,
    settings: Settings,
    offsets: Offsets,
    day: int,
    unseasoned: npt.NDArray[np.bool_],
) -> Outlook:
    """Fit every column on `history` and return the outlook of `day` (its start, epoch seconds)."""
    names = detector_names(plane, settings)
    past = history.slot_starts
    recent = past[past >= history.end - GAIN_DAYS * DAY]
    about = np.arange(day - DAY, day + DAY, plane.slot_seconds, dtype=np.int64)
    wanted = np.concatenate([recent, about])
    expected = Expectation(*(np.full((len(wanted), len(names)), np.nan) for _ in range(2)))
    for name in sorted(set(names)):
        chosen = np.array([i for i, other in enumerate(names) if other == name])
        detector = build("outage.detectors", name, settings.detectors.get(name, {}))
        found = _fit(detector, plane, chosen, history, offsets, wanted)
        if found is not None:
            expected.location[:, chosen] = found.location
            expected.spread[:, chosen] = found.spread
    expected.location[:, unseasoned] = np.nan
    gains = _gains(plane, history, expected, len(recent))
    rows = len(recent)
    return Outlook(expected.location[rows:], expected.spread[rows:], gains)


def seasoned(values: Floats) -> npt.NDArray[np.bool_]:
    """Return which columns were measured for most of the time since they began.

    A few scattered days say little about the season, however many slots they hold.
    """
    finite = np.isfinite(values)
    first = np.argmax(finite, axis=0)
    return np.asarray(finite.sum(axis=0) >= SEASONED * (len(values) - first))


def _fit(
    detector: Detector,
    plane: Plane,
    chosen: Ints,
    history: Panel,
    offsets: Offsets,
    wanted: Ints,
) -> Expectation | None:
    past = History(
        slot_starts=history.slot_starts,
        slot_seconds=history.slot_seconds,
        values=history.values[:, chosen],
        noises=tuple(plane.noises[i] for i in chosen),
        utc_offsets=_clocks(plane, chosen, offsets, history.slot_starts),
    )
    try:
        return detector.fit(past).expect(wanted, _clocks(plane, chosen, offsets, wanted))
    except NotEnoughHistory:
        return None


def _clocks(plane: Plane, chosen: Ints, offsets: Offsets, slot_starts: Ints) -> Ints:
    """Return the offset of each column's local clock, shape (slots, columns)."""
    places = [(plane.series[i].subject, plane.series[i].vantage) for i in chosen.tolist()]
    rank = {place: i for i, place in enumerate(dict.fromkeys(places))}
    table = np.column_stack([offsets(*place, slot_starts) for place in rank])
    return np.asarray(table[:, [rank[place] for place in places]])


def _gains(plane: Plane, history: Panel, expected: Expectation, rows: int) -> dict[str, Floats]:
    gains: dict[str, Floats] = {}
    if not rows:
        return gains
    recent = history.values[-rows:]
    location, spread = expected.location[:rows], expected.spread[:rows]
    for group in groups_of(plane.units):
        for name, feature in features(seen_of(group, recent, location, spread)).items():
            wider = gains.setdefault(name, np.full(len(plane.units), np.nan))
            wider[group.units] = robust_gain(feature)
            if name in STEADY:
                wider[group.units] *= lasting(feature, plane.slot_seconds)
    return gains


def fit_cold(plane: Plane, values: Floats, slot_starts: Ints, columns: Ints) -> Expectation | None:
    """Return the cold-start expectation after a day of some columns' values, in one row."""
    zeros = np.zeros(values.shape, dtype=np.int64)
    history = History(
        slot_starts=slot_starts,
        slot_seconds=plane.slot_seconds,
        values=values,
        noises=tuple(plane.noises[i] for i in columns.tolist()),
        utc_offsets=zeros,
    )
    try:
        baseline = load("outage.detectors", "trailing")().fit(history)
    except NotEnoughHistory:
        return None
    found: Expectation = baseline.expect(slot_starts[-1:], zeros[:1])
    return found


def masked(panel: Panel, plane: Plane, spans: Mapping[str, Sequence[tuple[int, int]]]) -> Panel:
    """Return the panel without slots inside incidents: `spans` by subject or vantage."""
    if not spans:
        return panel
    values = panel.values.copy()
    starts = panel.slot_starts
    for column, one in enumerate(plane.series):
        for key in (one.subject, one.vantage):
            for begin, end in spans.get(key, ()):
                values[(starts + panel.slot_seconds > begin) & (starts < end), column] = np.nan
    return Panel(panel.series, panel.start, panel.slot_seconds, values, panel.known_at)
