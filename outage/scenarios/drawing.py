"""Draw samples from expected values: counts, volumes, latencies and shares with their noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from outage.batches import Floats, SampleBatch
from outage.errors import UsageError
from outage.scenarios.ordinary import Grid, drift, generator, tide
from outage.scenarios.record import Scenario
from outage.slots import DAY
from outage.words import SIGNALS, Noise, Series

DEEPEST = 1.5
NOTHING: Floats = np.zeros(1)
ALWAYS: Floats = np.ones(1)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series to be drawn: its ordinary mean per slot and how an outage departs from it.

    All arrays have shape (slots,) or (1,). With depth d the mean is
    `ordinary * (1 + d * (factor - 1)) + d * extra`. `measurements` is the expected number behind
    a latency, rate or share, with `measured` as its factor; a slot without any is a gap.
    """

    series: Series
    ordinary: Floats
    factor: Floats = field(default_factory=lambda: ALWAYS)
    extra: Floats = field(default_factory=lambda: NOTHING)
    measurements: Floats | None = None
    measured: Floats = field(default_factory=lambda: ALWAYS)
    ceiling: float = np.inf
    own_sd: float = 0.02


def mean(line: Line, slots: int, depth: float) -> Floats:
    """Return the expected value of every slot, shape (slots,), outage included."""
    value = line.ordinary * (1 + depth * (line.factor - 1)) + depth * line.extra
    whole: Floats = np.broadcast_to(np.maximum(value, 0.0), (slots,))
    return whole


def reconstruct(
    scenario: Scenario, lines: Callable[[Grid], Iterable[Line]], seed: int, depth: float
) -> SampleBatch:
    """Return the samples of a scenario; raises UsageError on a seed or depth out of range."""
    if seed < 0:
        raise UsageError(f"scenario.seed: {seed} is below 0; use a whole number from 0 up")
    if not 0 < depth <= DEEPEST:
        raise UsageError(f"scenario.depth: {depth} is not above 0 and at most {DEEPEST}; try 1.0")
    grid = Grid(scenario)
    return draw(grid, lines(grid), seed, depth)


def draw(grid: Grid, lines: Iterable[Line], seed: int, depth: float) -> SampleBatch:
    """Return the samples of all lines, known at their slot's end; the same for the same seed."""
    rows = list(lines)
    drawn = [_line(grid, line, seed, depth) for line in rows]
    return _batch(grid, [line.series for line in rows], drawn)


def _batch(
    grid: Grid, series: Sequence[Series], drawn: Sequence[tuple[Floats, Floats]]
) -> SampleBatch:
    slots = len(grid.starts)
    value = np.concatenate([values for values, _ in drawn])
    starts = np.tile(grid.starts, len(series))
    batch = SampleBatch(
        series=tuple(series),
        series_index=np.repeat(np.arange(len(series), dtype=np.int64), slots),
        slot_start=starts,
        value=value,
        known_at=starts + grid.slot_seconds,
        weight=np.concatenate([weights for _, weights in drawn]),
    )
    return batch.take(~np.isnan(value))


def _line(grid: Grid, line: Line, seed: int, depth: float) -> tuple[Floats, Floats]:
    slots = len(grid.starts)
    rng = generator(seed, _label(line.series))
    noise = SIGNALS[line.series.signal].noise
    weight = _weights(line, slots, depth, rng)
    expected = mean(line, slots, depth)
    value = _DRAWS[noise](rng, expected * _wander(grid, line, seed, noise, rng), line, weight)
    return np.where(weight == 0, np.nan, value), weight


def _label(series: Series) -> str:
    return f"{series.subject}|{series.signal}|{series.category}|{series.vantage}"


def _weights(line: Line, slots: int, depth: float, rng: np.random.Generator) -> Floats:
    if line.measurements is None:
        return np.full(slots, np.nan)
    count = line.measurements * (1 + depth * (line.measured - 1))
    return rng.poisson(np.broadcast_to(np.maximum(count, 0.0), (slots,))).astype(np.float64)


def _wander(
    grid: Grid, line: Line, seed: int, noise: Noise, rng: np.random.Generator
) -> Floats | float:
    slots, a_day = len(grid.starts), DAY / grid.slot_seconds
    if line.series.signal == "active_servers" or noise is Noise.SHARE:
        return 1.0
    own = np.exp(drift(rng, slots, line.own_sd / 2, a_day / 4) + rng.normal(0, line.own_sd, slots))
    if line.measurements is not None:
        return own  # a rate or latency does not swell with demand
    return own * tide(seed, line.series.subject, line.series.vantage, slots, a_day)


def _count(rng: np.random.Generator, expected: Floats, line: Line, _: Floats) -> Floats:
    if line.series.signal == "active_servers":
        seen = np.rint(expected + drift(rng, len(expected), 5.0, 6.0))
        held: Floats = np.clip(seen, 0.0, line.ceiling)
        return held
    return rng.poisson(expected).astype(np.float64)


def _volume(rng: np.random.Generator, expected: Floats, line: Line, weight: Floats) -> Floats:
    if line.measurements is not None:
        return np.rint(_latency(rng, expected, line, weight))
    drawn: Floats = np.rint(expected * np.exp(rng.normal(0.0, 0.035, len(expected))))
    return drawn


def _latency(rng: np.random.Generator, expected: Floats, _: Line, weight: Floats) -> Floats:
    spread = 0.5 / np.sqrt(np.maximum(weight, 1.0))  # one connection in two is within a half
    drawn: Floats = np.round(expected * np.exp(rng.normal(0.0, 1.0, len(expected)) * spread), 2)
    return drawn


def _share(rng: np.random.Generator, expected: Floats, _: Line, weight: Floats) -> Floats:
    hits = rng.binomial(weight.astype(np.int64), np.clip(expected, 0.0, 1.0))
    drawn: Floats = np.round(hits / np.maximum(weight, 1.0), 6)
    return drawn


_Draw = Callable[[np.random.Generator, Floats, Line, Floats], Floats]
_DRAWS: dict[Noise, _Draw] = {
    Noise.COUNT: _count,
    Noise.VOLUME: _volume,
    Noise.LATENCY: _latency,
    Noise.SHARE: _share,
}
