"""From a track of the fold to an incident with its evidence in words and numbers.

A pure function of the track and of the samples known when it was last touched, so that a
restart, a replay and the live run write the same record.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.engine import Engine
from outage.judging.lagging import Lag, people_lag
from outage.judging.measuring import Column, Measured, measure
from outage.judging.paging import PAGES, page_remark, page_said
from outage.judging.rejecting import Rejection, rejections, signal_of
from outage.judging.scoring import COMPLAINTS
from outage.judging.state import Sighting, Track
from outage.judging.telling import TELLING, chosen, evidence, lag_remark, rejected, spread
from outage.judging.wording import innocence
from outage.plugs import load
from outage.words import SIGNALS, Cause, Combine, Evidence, Incident, Notice, State

BACK_SLOTS: Final = 3  # how far a change point may move an onset or an end
CONFIDENCE_NATS: Final = 4.0
MOST_SURE: Final = 0.99
COLD_SHARE: Final = 0.8  # a few hours of counts know no season
GAPS: Final = ("source_gap", "service_gap")
NETWORK: Final = tuple(name for name, one in SIGNALS.items() if one.witness != "people")


def incident(engine: Engine, track: Track) -> Incident:
    """Return the track as a record."""
    measured = measure(engine, track)
    vantage, vantages = _scope(engine, track)
    cause, runner_up = _causes(engine, track)
    start, end = _placed(engine, track, measured.columns)
    lag = people_lag(engine, track, measured)
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
        severity=_severity(track, measured.columns),
        event=track.event,
        lag_s=track.lag_s if lag is None else lag.seconds,
        evidence=_evidence(engine, track, measured, lag, (cause, runner_up), start),
    )


def notice(engine: Engine, sighting: Sighting) -> Notice:
    """Return a nuisance as a record."""
    kind = "level_shift" if sighting.kind.startswith("level_shift") else sighting.kind
    return Notice(
        kind="data_gap" if kind.endswith(GAPS) else kind,
        subject=sighting.subject,
        vantage=sighting.vantage,
        start=sighting.start,
        end=sighting.last,
        text=f"{sighting.subject or 'all services'}: {innocence(sighting.kind)}",
    )


# -- what was seen --------------------------------------------------------------------------


def _evidence(
    engine: Engine,
    track: Track,
    measured: Measured,
    lag: Lag | None,
    causes: tuple[Cause, Cause | None],
    start: int,
) -> tuple[Evidence, ...]:
    """Return the lines that tell, with what they say together in remarks."""
    rival = causes[1]
    why = _rejections(engine, track, measured, causes)
    remarks: list[tuple[str, Sequence[str]]] = [(spread(track, measured.columns), NETWORK)]
    if lag is not None:
        remarks.append((lag_remark(lag), COMPLAINTS))
    if said := page_said(engine, measured, start):
        remarks.append((page_remark(said), PAGES))
    if why and rival is not None:
        remarks.append((rejected(rival.value, why), [one.signal for one in why[:1]]))
    defining = [signal_of(name) for name in engine.table.defining[track.row]]
    lines = chosen(track, measured, defining, [one.signal for one in why])
    told = [(text, signals) for text, signals in remarks if text]
    return evidence(track.subject, lines, start, told, cold=track.cold)


def _rejections(
    engine: Engine, track: Track, measured: Measured, causes: tuple[Cause, Cause | None]
) -> list[Rejection]:
    cause, rival = causes
    if rival is None or Cause.UNKNOWN in causes:
        return []
    table = engine.table
    return rejections(
        engine, track, measured, table.position(cause.value), table.position(rival.value)
    )


# -- what it means --------------------------------------------------------------------------


def _scope(engine: Engine, track: Track) -> tuple[str | None, tuple[str, ...]]:
    if track.kind == "operator":
        return track.subject, (track.subject,)
    hit = tuple(sorted(name for name, weight in track.hit.items() if weight > 0.0))
    spared = any(weight <= 0.0 for weight in track.hit.values())
    named = tuple(name for name in hit if name)
    return (named[0] if len(hit) == 1 and spared and named else None), named


def _causes(engine: Engine, track: Track) -> tuple[Cause, Cause | None]:
    table = engine.table
    if track.kind == "operator":
        return Cause.OPERATOR, None
    if not track.hit:
        return Cause.UNKNOWN, None
    rest = [i for i in table.outages if i != track.row and table.scopes[i] != "operator"]
    named = [i for i in rest if table.rows[i] != Cause.UNKNOWN]  # a vague row explains nothing
    second = max(named, key=lambda i: track.totals[i] - table.priors[i], default=None)
    runner_up = None if second is None else Cause(table.rows[second])
    return Cause(table.rows[track.row]), runner_up


def _confidence(engine: Engine, track: Track) -> float:
    over = track.peak - engine.settings.judging.possible_nats
    sure = 1.0 - 0.5 * math.exp(-max(over, 0.0) / CONFIDENCE_NATS)
    return round(min(sure, MOST_SURE) * (COLD_SHARE if track.cold else 1.0), 3)


def _severity(track: Track, columns: Sequence[Column]) -> float:
    """Return the share of the expected volume (else flows, throughput) that is missing, 0..1.

    Only where it is hit; of throughputs, which do not add up, the share of the worst place.
    """
    names = {name for name, weight in track.hit.items() if weight > 0.0}
    by_operator = track.kind == "operator"
    for signal in ("bytes_down", "flows", "throughput_bps"):
        mine = [
            (column.seen, column.expected)
            for column in columns
            if column.series.signal == signal
            and not column.series.category
            and column.expected > 0
            and (column.series.subject if by_operator else column.series.vantage) in names
        ]
        if not mine:
            continue
        seen, expected = (sum(part) for part in zip(*mine, strict=True))
        if SIGNALS[signal].combine is not Combine.SUM:
            seen, expected = min(mine, key=lambda pair: pair[0] / pair[1])
        return float(round(min(1.0, max(0.0, 1.0 - seen / expected)), 3))
    return 0.0


# -- where it begins and ends ---------------------------------------------------------------


def _placed(engine: Engine, track: Track, columns: Sequence[Column]) -> tuple[int, int | None]:
    """Move onset and end to the change points of the most telling network series, if near."""
    network = [one for one in columns if not one.people and not one.series.category]
    best = max(network or columns, key=lambda c: abs(c.score), default=None)
    if best is None or abs(best.score) < TELLING:
        return track.start, track.end
    seconds = engine.planes[best.plane].slot_seconds
    reach = BACK_SLOTS * seconds
    if track.touched_at - track.start <= reach:  # too short yet to place a change in
        return track.start, track.end
    first = track.start - track.start % seconds - 48 * seconds
    last = min(track.touched_at - engine.lags[best.plane], track.start + 240 * seconds)
    last -= last % seconds
    values, expected = engine.seen(best.plane, first, last, [best.at])
    residual = _residual(values[:, 0], expected.location[:, 0])
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
