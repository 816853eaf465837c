"""Made traffic whose truth is known: services seen by operators, and the people who use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from outage.batches import Floats, SampleBatch
from outage.judging.engine import Engine
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.judging.state import FoldState
from outage.settings import Settings
from outage.slots import DAY, HOUR, MINUTE
from outage.words import Incident, Notice, Series

SLOT = 600
START = 1_741_564_800  # 2025-03-10, a Monday, 00:00 UTC
HISTORY_DAYS = 15
JUDGED = START + HISTORY_DAYS * DAY
ENDS = JUDGED + DAY
SERVICES = ("alpha", "beta")
OPERATORS = ("op-a", "op-b")
NETWORK = {  # mean of a slot per flow, or of the signal itself
    "flows": 1.0,
    "syn": 1.1,
    "syn_ack": 1.08,
    "rst": 0.03,
    "bytes_down": 20_000.0,
    "bytes_up": 4_000.0,
    "dns_queries": 0.4,
    "dns_failures": 0.006,
}
LATENCY = {"rtt_tcp_ms": 40.0}
PEOPLE = {"posts": 40.0, "error_posts": 1.5, "user_reports": 1.0}
FLOWS = {"op-a": 2_000.0, "op-b": 1_200.0}
PROBE, CROWD = "probe", "crowd"


@dataclass(frozen=True)
class Change:
    """Factors on the means of signals in `[since, until)`; of all services and vantages if None."""

    since: int
    until: int
    factors: Mapping[str, float]
    service: str | None = None
    vantage: str | None = None

    def touches(self, one: Series) -> bool:
        """Return whether the change is felt by a series; people's speech has no vantage."""
        mine = self.service in (None, one.subject)
        return mine and self.vantage in (None, one.vantage) and one.signal in self.factors


def at(hours: float) -> int:
    """Return the moment so many hours into the judged day."""
    return JUDGED + int(hours * HOUR)


def everything(factor: float) -> dict[str, float]:
    """Return the same factor for all that the network counts."""
    return dict.fromkeys(NETWORK, factor)


def series_of(
    services: Sequence[str], operators: Sequence[str], slot_seconds: int = SLOT
) -> Iterator[Series]:
    """Yield every series of a world; the operators' own people speak too."""
    for subject in services:
        for vantage in operators:
            for signal in (*NETWORK, *LATENCY):
                yield Series(subject, signal, "", vantage, PROBE, slot_seconds)
    for subject in (*services, *operators):
        for signal in PEOPLE:
            yield Series(subject, signal, "", "", CROWD, slot_seconds)


def world(
    *changes: Change,
    days: int = HISTORY_DAYS + 1,
    services: Sequence[str] = SERVICES,
    operators: Sequence[str] = OPERATORS,
    seed: int = 0,
    slot_seconds: int = SLOT,
) -> SampleBatch:
    """Return the samples of `days` days from START, ordinary but for the changes."""
    starts = START + slot_seconds * np.arange(days * DAY // slot_seconds, dtype=np.int64)
    rng = np.random.default_rng(seed)
    slow = {pair: _slow(rng, len(starts)) for pair in _pairs(services, operators)}
    chosen = tuple(series_of(services, operators, slot_seconds))
    columns = []
    for one in chosen:
        mean = _mean(one, starts) * np.exp(slow.get((one.subject, one.vantage), 0.0))
        for change in changes:
            if change.touches(one):
                inside = (starts >= change.since) & (starts < change.until)
                mean = np.where(inside, mean * change.factors[one.signal], mean)
        columns.append(_drawn(rng, one, mean))
    return _batch(chosen, starts, columns, slot_seconds)


def _pairs(services: Sequence[str], operators: Sequence[str]) -> list[tuple[str, str]]:
    return [(service, operator) for service in services for operator in operators]


def _slow(rng: np.random.Generator, slots: int) -> Floats:
    """Return log noise that wanders over hours, as demand does."""
    steps = rng.standard_normal(slots + 36)
    smooth = np.convolve(steps, np.ones(36) / 6.0, mode="valid")[:slots]
    return np.asarray(0.01 * smooth)


def _mean(one: Series, starts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    share = one.slot_seconds / SLOT
    hour = (starts % DAY) / HOUR
    day = np.exp(0.5 * np.cos(2 * np.pi * (hour - 19) / 24))
    if one.signal in LATENCY:
        return np.full(len(starts), LATENCY[one.signal])
    if one.signal in PEOPLE:
        return PEOPLE[one.signal] * share * day
    return NETWORK[one.signal] * FLOWS.get(one.vantage, 800.0) * share * day


def _drawn(rng: np.random.Generator, one: Series, mean: Floats) -> Floats:
    if one.signal in LATENCY or one.signal.startswith("bytes"):
        return np.asarray(mean * np.exp(0.03 * rng.standard_normal(len(mean))))
    return rng.poisson(mean).astype(np.float64)


def _batch(
    series: tuple[Series, ...],
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    columns: Sequence[Floats],
    slot_seconds: int,
) -> SampleBatch:
    moments = np.tile(starts, len(series))
    return SampleBatch(
        series,
        np.repeat(np.arange(len(series), dtype=np.int64), len(starts)),
        moments,
        np.concatenate(columns),
        moments + slot_seconds,
        np.full(len(moments), np.nan),
    )


def without(batch: SampleBatch, since: int, until: int, **which: str) -> SampleBatch:
    """Return the batch without the samples of a stretch, of the series with these fields."""
    mine = np.array([all(getattr(s, k) == v for k, v in which.items()) for s in batch.series])
    inside = (batch.slot_start >= since) & (batch.slot_start < until)
    return batch.take(~(inside & mine[batch.series_index]))


def where(batch: SampleBatch, wanted: Callable[[Series], bool]) -> SampleBatch:
    """Return the samples of the series wanted, and no other series."""
    kept = [i for i, one in enumerate(batch.series) if wanted(one)]
    place = np.full(len(batch.series), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    rows = batch.take(place[batch.series_index] >= 0)
    index = place[rows.series_index]
    return replace(rows, series=tuple(batch.series[i] for i in kept), series_index=index)


def edited(batch: SampleBatch, rows: np.ndarray, values: Floats | float) -> SampleBatch:
    """Return the batch with other values in some rows (a mask)."""
    value = batch.value.copy()
    value[rows] = values
    return replace(batch, value=value)


@dataclass(frozen=True)
class Judged:
    """What judging said of made samples."""

    incidents: list[Incident]
    notices: list[Notice]
    state: FoldState

    def of(self, subject: str) -> list[Incident]:
        """Return the incidents of one subject."""
        return [one for one in self.incidents if one.subject == subject]

    def kinds(self, subject: str, since: int, until: int) -> set[str]:
        """Return the kinds of notices of a subject that touch a stretch."""
        return {
            one.kind
            for one in self.notices
            if one.subject == subject and one.start < until and (one.end is None or one.end > since)
        }


def engine_of(batch: SampleBatch, settings: Settings | None = None, lag: int = 0) -> Engine:
    """Return an engine that reads the batch, all sources of which lag; every clock is UTC."""
    lags = {PROBE: lag, CROWD: lag}
    return Engine(MemorySource(batch), settings or Settings(), no_offsets, lags=lags)


def judge(
    batch: SampleBatch,
    since: int = JUDGED,
    until: int = ENDS,
    settings: Settings | None = None,
    lag: int = 0,
) -> Judged:
    """Judge the batch in one go."""
    engine = engine_of(batch, settings, lag)
    return Judged(*run(engine, engine.start(since), until))


# What each cause does to the signals, clearly, as the mechanics of TCP and DNS have it.
ALARM = {"posts": 2.0, "error_posts": 30.0, "user_reports": 30.0}
APPLICATION = {
    "flows": 1.5,
    "syn": 4.0,
    "syn_ack": 4.0,
    "rst": 10.0,
    "bytes_down": 0.2,
    "bytes_up": 0.3,
} | ALARM
UNREACHABLE = everything(0.05) | {"syn": 3.0, "flows": 0.8, "dns_queries": 1.2} | ALARM
DNS = everything(0.15) | {"dns_queries": 1.5, "dns_failures": 60.0} | ALARM
LATENCY_UP = {"rtt_tcp_ms": 2.5, "bytes_down": 0.8, "bytes_up": 0.8} | ALARM
THROTTLED = {"bytes_down": 0.35, "bytes_up": 0.6}
GONE = everything(0.05)


def blackout(since: int, minutes: int, service: str = "alpha") -> Change:
    """Return a failure of a service's application, on every vantage."""
    return Change(since, since + minutes * MINUTE, APPLICATION, service)


def together(one: SampleBatch, other: SampleBatch) -> SampleBatch:
    """Return the samples of both; they have no series in common."""
    return SampleBatch(
        (*one.series, *other.series),
        np.concatenate([one.series_index, other.series_index + len(one.series)]),
        np.concatenate([one.slot_start, other.slot_start]),
        np.concatenate([one.value, other.value]),
        np.concatenate([one.known_at, other.known_at]),
        np.concatenate([one.weight, other.weight]),
    )
