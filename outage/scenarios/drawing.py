"""Draw samples from expected values: counts, volumes, latencies and shares with their noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    rows = [_Row(grid, line, seed, depth) for line in lines]
    drawn = [row.drawn() for row in rows]
    slots = len(grid.starts)
    value = np.concatenate([values for values, _ in drawn])
    starts = np.tile(grid.starts, len(rows))
    batch = SampleBatch(
        series=tuple(row.line.series for row in rows),
        series_index=np.repeat(np.arange(len(rows), dtype=np.int64), slots),
        slot_start=starts,
        value=value,
        known_at=starts + grid.slot_seconds,
        weight=np.concatenate([weights for _, weights in drawn]),
    )
    return batch.take(~np.isnan(value))


# Log noise of each signal's own: from slot to slot, and wandering over a quarter of a day. Flags
# of one flow hardly part from each other; resets have a will of their own. Sizes are
# assumed.
OWN = {
    "bytes_down": (0.014, 0.010),
    "bytes_up": (0.014, 0.010),
    "flows": (0.004, 0.002),
    "syn": (0.003, 0.002),
    "syn_ack": (0.003, 0.002),
    "rst": (0.030, 0.070),
    "dns_queries": (0.020, 0.010),
    "dns_failures": (0.040, 0.040),
    "posts": (0.060, 0.030),
    "error_posts": (0.060, 0.030),
    "active_servers": (0.006, 0.014),
    "rtt_tcp_ms": (0.010, 0.015),
    "throughput_bps": (0.010, 0.015),
    "differentiation": (0.0, 0.0),
}
FLAGS = ("flows", "syn", "syn_ack")
OF_FLOWS = (*FLAGS, "rst", "bytes_down", "bytes_up")


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One line while it is being drawn; every kind of noise has a generator of its own."""

    grid: Grid
    line: Line
    seed: int
    depth: float

    @property
    def slots(self) -> int:
        return len(self.grid.starts)

    @property
    def signal(self) -> str:
        return self.line.series.signal

    def own(self, what: str) -> np.random.Generator:
        one = self.line.series
        signal = "syn" if self.signal == "syn_ack" else self.signal  # an answer follows its SYN
        label = f"{what}|{one.subject}|{signal}|{one.category}|{one.vantage}"
        return generator(self.seed, label)

    def shared(self, what: str) -> Floats:
        """Return standard normal noise that all signals of the same part share."""
        one = self.line.series
        label = f"{what}|{one.subject}|{one.category}|{one.vantage}"
        return generator(self.seed, label).normal(0.0, 1.0, self.slots)

    def drawn(self) -> tuple[Floats, Floats]:
        weight = self.weight()
        expected = mean(self.line, self.slots, self.depth) * np.exp(self.wander())
        value = self.value(expected, weight)
        return np.where(weight == 0, np.nan, value), weight

    def weight(self) -> Floats:
        if self.line.measurements is None:
            return np.full(self.slots, np.nan)
        count = self.line.measurements * (1 + self.depth * (self.line.measured - 1))
        held = np.broadcast_to(np.maximum(count, 0.0), (self.slots,))
        return self.own("weight").poisson(held).astype(np.float64)

    def wander(self) -> Floats:
        a_day = DAY / self.grid.slot_seconds
        brisk, slow = OWN[self.signal]
        rng = self.own("wander")
        log = drift(rng, self.slots, slow, a_day / 4) + rng.normal(0.0, brisk, self.slots)
        if self.line.measurements is None and self.signal != "active_servers":
            # Rates, latencies and addresses do not swell with demand; all else does.
            one = self.line.series
            log = log + tide(self.seed, one.subject, one.vantage, self.slots, a_day)
        if self.signal in OF_FLOWS:
            log = log + 0.012 * self.shared("flows")
        if SIGNALS[self.signal].noise is Noise.VOLUME and self.line.measurements is None:
            log = log + 0.03 * self.shared("volume")
        return log

    def value(self, expected: Floats, weight: Floats) -> Floats:
        if self.signal == "active_servers":
            held: Floats = np.minimum(np.rint(expected), np.floor(self.line.ceiling))
            return held
        if self.signal in FLAGS:
            return _tied_counts(expected, self.shared("count"))
        match SIGNALS[self.signal].noise:
            case Noise.COUNT:
                return self.own("count").poisson(expected).astype(np.float64)
            case Noise.SHARE:
                return _share(self.own("share"), expected, weight)
        if self.line.measurements is None:
            return np.rint(expected)
        return _median(self.own("median"), expected, weight)


def _tied_counts(expected: Floats, surprise: Floats) -> Floats:
    # Nearly Poisson, and rising with the mean: so no SYN is answered more than once.
    root = np.maximum(np.sqrt(expected) + surprise / 2, 0.0)
    counts: Floats = np.rint(root**2)
    return counts


def _median(rng: np.random.Generator, expected: Floats, weight: Floats) -> Floats:
    spread = 0.5 / np.sqrt(np.maximum(weight, 1.0))  # a single measurement is off by a half
    drawn: Floats = np.round(expected * np.exp(rng.normal(0.0, 1.0, len(expected)) * spread), 2)
    return drawn


def _share(rng: np.random.Generator, expected: Floats, weight: Floats) -> Floats:
    hits = rng.binomial(weight.astype(np.int64), np.clip(expected, 0.0, 1.0))
    drawn: Floats = np.round(hits / np.maximum(weight, 1.0), 6)
    return drawn
