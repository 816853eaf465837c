"""From a track of the fold to an incident with its evidence in words and numbers.

A pure function of the track and of the samples known when it was last touched, so that a
restart, a replay and the live run write the same record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.engine import Engine
from outage.judging.state import Sighting, Track
from outage.plugs import load
from outage.slots import DAY, format_time
from outage.words import SIGNALS, Cause, Combine, Evidence, Incident, Noise, Notice, State, Witness

MOST_EVIDENCE: Final = 12
TELLING: Final = 3.0  # robust standard deviations below which a signal is no evidence
BACK_SLOTS: Final = 3  # how far a change point may move an onset or an end
CONFIDENCE_NATS: Final = 4.0
MOST_SURE: Final = 0.99
COLD_SHARE: Final = 0.8  # a few hours of counts know no season

_SENTENCES: Final = {
    "flash_crowd": "more use than usual, in the usual proportions: a crowd, not an outage",
    "ebb": "less use than usual, in the usual proportions: people do something else",
    "level_shift_down": "every flow carries less than it used to, nothing fails: a new release",
    "level_shift_up": "every flow carries more than it used to, nothing fails: a new release",
    "news": "many posts name it and its traffic is as expected: news",
    "meme": "people joke or complain and its traffic is as expected: only talk",
    "record_loss": "all counts fall alike and no proportion changes: records may be missing",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """One series during an incident: sums over its slots."""

    series_at: int
    plane: int
    seen: float
    expected: float
    score: float


def incident(engine: Engine, track: Track) -> Incident:
    """Return the track as a record."""
    columns = _columns(engine, track)
    vantage, vantages = _scope(engine, track)
    cause, runner_up = _causes(engine, track)
    start, end = _placed(engine, track, columns)
    telling = sorted(
        (c for c in columns if abs(c.score) >= TELLING), key=lambda c: (-abs(c.score), c.series_at)
    )
    return Incident(
        id=track.id,
        subject=track.subject,
        vantage=vantage,
        vantages=vantages,
        start=start,
        end=end,
        opened_at=track.opened_at,
        confirmed_at=track.confirmed_at,
        state=track.state,
        cause=cause,
        runner_up=runner_up,
        confidence=_confidence(engine, track),
        severity=_severity(engine, columns),
        event=track.event,
        lag_s=track.lag_s,
        evidence=tuple(
            _evidence(engine, column, start, cold=track.cold)
            for column in _varied(engine, telling)[:MOST_EVIDENCE]
        ),
    )


def notice(engine: Engine, sighting: Sighting) -> Notice:
    """Return a nuisance as a record."""
    kind = "level_shift" if sighting.kind.startswith("level_shift") else sighting.kind
    text = _SENTENCES.get(sighting.kind, sighting.kind.replace("_", " "))
    return Notice(
        kind=kind,
        subject=sighting.subject,
        vantage=sighting.vantage,
        start=sighting.start,
        end=sighting.last,
        text=f"{sighting.subject or 'all services'}: {text}",
    )


# -- what was seen --------------------------------------------------------------------------


def _columns(engine: Engine, track: Track) -> list[_Column]:
    found = []
    for number, plane in enumerate(engine.planes):
        mine = [
            i
            for i, one in enumerate(plane.series)
            if one.subject == track.subject
            or (track.kind == "operator" and one.vantage == track.subject)
        ]
        stop = min(track.last_hit, track.touched_at, track.start + DAY)
        first = track.start - track.start % plane.slot_seconds
        last = stop - stop % plane.slot_seconds
        if not mine or last <= first:
            continue
        values, expected = engine.seen(number, first, last)
        for i in mine:
            column = _sums(
                plane.noises[i], values[:, i], expected.location[:, i], expected.spread[:, i]
            )
            if column is not None:
                found.append(_Column(i, number, *column))
    return found


def _sums(
    noise: Noise, values: Floats, location: Floats, spread: Floats
) -> tuple[float, float, float] | None:
    both = np.isfinite(values) & np.isfinite(location)
    if not both.any():
        return None
    seen, expected = values[both], location[both]
    if noise in (Noise.COUNT, Noise.VOLUME):
        counting = expected.sum() if noise is Noise.COUNT else 0.0
        wide = (spread[both] * expected).sum()  # slow noise: slots do not average it away
        deviation = math.sqrt(counting + wide**2 + 1e-12)
        return float(seen.sum()), float(expected.sum()), float((seen - expected).sum() / deviation)
    middle, usual = float(np.median(seen)), float(np.median(expected))
    width = float(np.median(spread[both])) + 1e-3
    change = middle - usual if noise is Noise.SHARE else math.log((middle + 1e-9) / (usual + 1e-9))
    return middle, usual, change / width


def _varied(engine: Engine, telling: list[_Column]) -> list[_Column]:
    """Return the strongest line of each signal and category first, then the others."""
    first: dict[tuple[str, str], _Column] = {}
    for column in telling:
        one = engine.planes[column.plane].series[column.series_at]
        first.setdefault((one.signal, one.category), column)
    chosen = list(first.values())
    return chosen + [column for column in telling if column not in chosen]


def _evidence(engine: Engine, column: _Column, since: int, *, cold: bool) -> Evidence:
    one = engine.planes[column.plane].series[column.series_at]
    signal = SIGNALS[one.signal]
    what = " ".join(part for part in (one.signal, one.category) if part)
    where = f" at {one.vantage}" if one.vantage else ""
    text = (
        f"{what}{where} {_change(column)} since {(format_time(since) or '')[11:16]} UTC"
        f" (seen {_amount(column.seen, signal.unit)},"
        f" expected {_amount(column.expected, signal.unit)}, {abs(column.score):.0f} sigma)"
        + (", against the last hours only: less sure" if cold else "")
    )
    return Evidence(
        signal=one.signal,
        category=one.category,
        vantage=one.vantage,
        source=one.source,
        unit=signal.unit,
        direction="up" if column.score > 0 else "down",
        since=since,
        seen=round(column.seen, 3),
        expected=round(column.expected, 3),
        score=round(column.score, 1),
        text=text,
    )


def _change(column: _Column) -> str:
    ratio = column.seen / column.expected if column.expected > 0 else math.inf
    if ratio >= 3:
        return f"x{min(ratio, 9999):.0f}" if ratio >= 10 else f"x{ratio:.1f}"
    return f"{100 * (ratio - 1):+.0f} %"


def _amount(value: float, unit: str) -> str:
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            if unit == "bytes":
                return f"{value / factor:.1f} {prefix}B"
            return f"{value / factor:.1f} {prefix.replace('G', 'bn').replace('k', 'k')} {unit}"
    return f"{value:.0f} {'B' if unit == 'bytes' else unit}"


# -- what it means --------------------------------------------------------------------------


def _scope(engine: Engine, track: Track) -> tuple[str | None, tuple[str, ...]]:
    if track.kind == "operator":
        return track.subject, (track.subject,)
    hit = tuple(sorted(name for name, weight in track.hit.items() if weight > 0.0))
    spared = any(weight <= 0.0 for weight in track.hit.values())
    return (hit[0] if len(hit) == 1 and spared else None), hit


def _causes(engine: Engine, track: Track) -> tuple[Cause, Cause | None]:
    table = engine.table
    if track.kind == "operator":
        return Cause.OPERATOR, None
    if not track.hit:
        return Cause.UNKNOWN, None
    rest = [i for i in table.outages if i != track.row and table.scopes[i] != "operator"]
    second = max(rest, key=lambda i: track.totals[i], default=None)
    runner_up = None if second is None else Cause(table.rows[second])
    return Cause(table.rows[track.row]), runner_up


def _confidence(engine: Engine, track: Track) -> float:
    over = track.peak - engine.settings.judging.possible_nats
    sure = 1.0 - 0.5 * math.exp(-max(over, 0.0) / CONFIDENCE_NATS)
    return round(min(sure, MOST_SURE) * (COLD_SHARE if track.cold else 1.0), 3)


def _severity(engine: Engine, columns: list[_Column]) -> float:
    """Return the share of the expected volume (else flows) that is missing, 0..1."""
    for signal in ("bytes_down", "flows", "throughput_bps"):
        seen = expected = 0.0
        for column in columns:
            one = engine.planes[column.plane].series[column.series_at]
            if one.signal == signal and not one.category:
                seen, expected = seen + column.seen, expected + column.expected
        if expected > 0 and SIGNALS[signal].combine is not Combine.NEVER:
            return round(min(1.0, max(0.0, 1.0 - seen / expected)), 3)
    return 0.0


# -- where it begins and ends ---------------------------------------------------------------


def _placed(engine: Engine, track: Track, columns: list[_Column]) -> tuple[int, int | None]:
    """Move onset and end to the change points of the most telling network series, if near."""
    network = [
        c
        for c in columns
        if SIGNALS[engine.planes[c.plane].series[c.series_at].signal].witness is not Witness.PEOPLE
        and not engine.planes[c.plane].series[c.series_at].category
    ]
    best = max(network or columns, key=lambda c: abs(c.score), default=None)
    if best is None or abs(best.score) < TELLING:
        return track.start, track.end
    seconds = engine.planes[best.plane].slot_seconds
    reach = BACK_SLOTS * seconds
    first = track.start - track.start % seconds - 48 * seconds
    last = min(track.touched_at, track.start + 240 * seconds)
    last -= last % seconds
    values, expected = engine.seen(best.plane, first, last)
    residual = _residual(values[:, best.series_at], expected.location[:, best.series_at])
    found = load("outage.detectors", "kernel")().find(residual)
    moments = [first + position * seconds for position in found]
    start = _nearest(track.start, moments, reach)
    return min(start, track.opened_at - 1), track.end if track.end is None else max(
        track.end, start + 1
    )


def _residual(values: Floats, location: Floats) -> Floats:
    ratio = np.log((values + 0.5) / (location + 0.5))
    before = ratio[:48][np.isfinite(ratio[:48])]
    if len(before) < 12:
        return np.full(len(values), np.nan)
    width = 1.4826 * np.median(np.abs(before - np.median(before))) + 0.02
    return np.asarray((ratio - np.median(before)) / width)


def _nearest(moment: int, moments: list[int], reach: int) -> int:
    near = [one for one in moments if abs(one - moment) <= reach]
    return min(near, key=lambda one: (abs(one - moment), one), default=moment)


def closed(record: Incident) -> bool:
    """Return whether the incident is over."""
    return record.state is State.CLOSED
