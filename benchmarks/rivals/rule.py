"""From a rival's scores to incidents: thresholds, how long they must hold, who is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints
from outage.words import Cause, Incident, Series, State, incident_id

from .sheet import NETWORK, Sheet

Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Setting:
    """When a rule speaks: a score of `threshold` or more for `least` slots opens an incident.

    `clear` slots below it close it; gaps do neither. `signals` are those that count (none named:
    all). `apart` gives each vantage an incident of its own.
    """

    threshold: float
    least: int = 1
    clear: int = 1
    signals: tuple[str, ...] = ()
    apart: bool = False

    def __str__(self) -> str:
        """Return the setting in a few words."""
        signals = f" {'+'.join(self.signals)}" if self.signals else ""
        apart = " apart" if self.apart else ""
        return f"{self.threshold:g} for {self.least}/{self.clear}{signals}{apart}"


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How surprised a rule is: `values` (judged slots, columns), NaN where it cannot say."""

    columns: tuple[Series, ...]
    starts: Ints
    slot_seconds: int
    values: Floats


class Rival(Protocol):
    """A rule of another system."""

    @property
    def defaults(self) -> Mapping[str, Setting]:
        """Return the settings its authors give, by name."""
        ...

    @property
    def sweep(self) -> Sequence[Setting]:
        """Return the settings among which the best is sought."""
        ...

    def score(self, sheet: Sheet) -> Scores:
        """Return the scores of the judged slots, each from what was known at its end."""
        ...


@dataclass(frozen=True, slots=True)
class Spell:
    """One run of surprising slots; moments are epoch seconds, `end` None at the end of the case."""

    subject: str
    vantage: str | None
    start: int
    opened_at: int
    end: int | None


def judged(sheet: Sheet, values: Floats) -> Scores:
    """Return the scores of the judged rows of a matrix over all rows of the sheet."""
    return Scores(sheet.columns, sheet.judged_starts, sheet.slot_seconds, values[sheet.judged :])


def harmful(columns: Sequence[Series], signed: Floats) -> Floats:
    """Return signed scores with falls of traffic and rises of complaints as what is above 0."""
    falls = np.array([one.signal in NETWORK for one in columns], dtype=np.bool_)
    return np.where(falls, -signed, signed)


def open_flags(values: Floats, threshold: float, least: int, clear: int) -> Flags:
    """Return where the rule is open, shape (slots, columns): opened and not yet closed."""
    with np.errstate(invalid="ignore"):
        opens = _lasting(values >= threshold, least)
        closes = _lasting(values < threshold, clear)
    turns = opens | closes
    rows = np.arange(len(values))[:, None]
    last = np.maximum.accumulate(np.where(turns, rows, -1), axis=0)
    known = np.take_along_axis(opens, np.maximum(last, 0), axis=0)
    return np.asarray(known & (last >= 0))


def _lasting(flags: Flags, slots: int) -> Flags:
    """Return where a flag has been set for that many slots."""
    lasting = flags.copy()
    for back in range(1, slots):
        lasting[back:] &= flags[:-back]
        lasting[:back] = False
    return lasting


def spells(scores: Scores, setting: Setting) -> list[Spell]:
    """Return the runs of every subject (and vantage, where `apart`), by moment of opening."""
    chosen = [
        place
        for place, one in enumerate(scores.columns)
        if not setting.signals or one.signal in setting.signals
    ]
    values = scores.values[:, chosen]
    flags = open_flags(values, setting.threshold, setting.least, setting.clear)
    columns = [scores.columns[place] for place in chosen]
    found = [
        spell
        for places in _grouped(columns, _whole(setting)).values()
        for spell in _runs(scores, setting, [columns[k] for k in places], flags[:, places])
    ]
    return sorted(found, key=lambda one: (one.opened_at, one.subject, one.vantage or ""))


def _whole(setting: Setting) -> Callable[[Series], tuple[str, ...]]:
    if setting.apart:
        return lambda one: (one.subject, one.vantage)
    return lambda one: (one.subject,)


def _grouped(
    columns: Sequence[Series], key: Callable[[Series], tuple[str, ...]]
) -> dict[tuple[str, ...], list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, one in enumerate(columns):
        groups.setdefault(key(one), []).append(place)
    return groups


def _runs(
    scores: Scores, setting: Setting, columns: Sequence[Series], flags: Flags
) -> Iterator[Spell]:
    """Yield the runs in which any of the columns is open; it began `least` slots before."""
    edges = np.diff(flags.any(axis=1).astype(np.int8), prepend=0, append=0)
    step, base = scores.slot_seconds, int(scores.starts[0])
    firsts, lasts = np.flatnonzero(edges > 0).tolist(), np.flatnonzero(edges < 0).tolist()
    for first, last in zip(firsts, lasts, strict=True):
        yield Spell(
            columns[0].subject,
            _vantage(columns, np.asarray(flags[first:last].any(axis=0))),
            base + step * (first - setting.least + 1),
            base + step * (first + 1),
            None if last == len(flags) else base + step * (last - setting.clear + 1),
        )


def _vantage(columns: Sequence[Series], hit: Flags) -> str | None:
    """Return the vantage if only one is hit."""
    vantages = {one.vantage for one, seen in zip(columns, hit.tolist(), strict=True) if seen}
    named = vantages - {""}
    return named.pop() if len(named) == 1 else None


def together(network: Sequence[Spell], people: Sequence[Spell], within: int) -> list[Spell]:
    """Return where both rules speak of one subject, at most `within` seconds apart.

    It opens when the second speaks and lasts as long as either; what overlaps is one.
    """
    by_subject: dict[str, list[Spell]] = {}
    for one in people:
        by_subject.setdefault(one.subject, []).append(one)
    met = [
        _joined(left, right)
        for left in network
        for right in by_subject.get(left.subject, ())
        if _meet(left, right, within)
    ]
    return _merged(sorted(met, key=lambda one: (one.subject, one.vantage or "", one.opened_at)))


def _end(one: Spell) -> float:
    return np.inf if one.end is None else float(one.end)


def _meet(left: Spell, right: Spell, within: int) -> bool:
    latest = max(left.opened_at, right.opened_at)
    return latest <= _end(left) + within and latest <= _end(right) + within


def _joined(left: Spell, right: Spell) -> Spell:
    end = max(_end(left), _end(right))
    return Spell(
        left.subject,
        left.vantage,
        min(left.start, right.start),
        max(left.opened_at, right.opened_at),
        None if end == np.inf else int(end),
    )


def _merged(met: Sequence[Spell]) -> list[Spell]:
    kept: list[Spell] = []
    for one in met:
        last = kept[-1] if kept else None
        same = last and (last.subject, last.vantage) == (one.subject, one.vantage)
        if last and same and one.opened_at <= _end(last):
            end = max(_end(last), _end(one))
            start = min(last.start, one.start)
            until = None if end == np.inf else int(end)
            kept[-1] = Spell(last.subject, last.vantage, start, last.opened_at, until)
        else:
            kept.append(one)
    return kept


def incidents(found: Sequence[Spell]) -> list[Incident]:
    """Return spells as incidents; such rules name no cause and say nothing of their doubt."""
    return [_incident(one) for one in found]


def _incident(one: Spell) -> Incident:
    ending: dict[str, Any] = {"end": one.end}
    ending["state"] = State.CONFIRMED if one.end is None else State.CLOSED
    return Incident(
        id=incident_id(one.subject, f"rival {one.vantage}", one.opened_at),
        subject=one.subject,
        vantage=one.vantage,
        vantages=(one.vantage,) if one.vantage else (),
        start=one.start,
        opened_at=one.opened_at,
        confirmed_at=one.opened_at,
        cause=Cause.UNKNOWN,
        runner_up=None,
        confidence=0.5,
        severity=0.0,
        event="",
        lag_s=None,
        **ending,
    )
