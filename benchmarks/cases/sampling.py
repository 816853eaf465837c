"""Draw what is measured from the means: counts, volumes, medians, and what goes missing."""

from __future__ import annotations

from typing import Final

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR

from .events import Event, span
from .layout import DEVICES, NETWORK, PEOPLE
from .world import World

LOST: Final = 0.0015  # slots that a vantage lacks by chance
TESTS: Final = 12  # differentiation tests a slot, on the mean
VOLUMES: Final = ("bytes_down", "bytes_up")
MEDIANS: Final = ("rtt_tcp_ms", "rtt_dns_ms", "throughput_bps")
COUNTS: Final = ("syn", "rst", "fin", "dns_queries", "dns_failures", "connect_failures")
SILENT: Final = {"people": tuple(PEOPLE), "devices": tuple(DEVICES), "flows": tuple(NETWORK)}


def draw(
    rng: np.random.Generator, world: World, blind: list[Event], clocks: list[Event]
) -> dict[str, Floats]:
    """Return measured values by signal, NaN where nothing is; shapes as the means."""
    drawn = _measured(rng, world)
    for event in clocks:
        for name in sorted(set(drawn) & set(NETWORK)):
            set_clock(world, event, drawn[name])
    lost = rng.random(world.network["flows"].shape) < LOST
    for values in drawn.values():
        values[lost | ~world.seen] = np.nan
    drawn |= {name: _counts(rng, world.people[name], 0.02) for name in PEOPLE}
    for event in blind:
        _blind(world, event, drawn)
    return {name: values for name, values in drawn.items() if name in world.layout.signals}


def _measured(rng: np.random.Generator, world: World) -> dict[str, Floats]:
    """Return what the network and devices measured; the flows of a slot are common to all."""
    means, there = world.network, world.layout.signals
    crowd = _crowd(rng, means["flows"].shape, world.spread)
    flows = rng.poisson(means["flows"] * crowd).astype(np.float64)
    drawn = {name: rng.poisson(means[name] * crowd).astype(np.float64) for name in COUNTS}
    answered = np.clip(means["syn_ack"] / np.maximum(means["syn"], 1e-9), 0, 1)
    drawn["syn_ack"] = rng.binomial(drawn["syn"].astype(np.int64), answered).astype(np.float64)
    drawn["flows"] = flows
    for name in sorted(set(VOLUMES) & there):
        drawn[name] = _volumes(rng, means[name] / np.maximum(means["flows"], 1e-9), flows)
    tested = rng.poisson(np.minimum(means["flows"] * 0.3, 500))
    for name in sorted(set(MEDIANS) & there):
        drawn[name] = _medians(rng, means[name], tested)
    drawn["active_servers"] = np.maximum(rng.poisson(means["active_servers"]), flows > 0) * 1.0
    if "differentiation" in there:
        drawn["differentiation"] = _shares(rng, means["differentiation"])
    return drawn


def _crowd(rng: np.random.Generator, shape: tuple[int, ...], spread: Floats | float) -> Floats:
    """Return gamma factors of mean 1 and relative variance `spread`."""
    turns = 1 / np.asarray(spread, dtype=np.float64)
    return np.asarray(rng.standard_gamma(np.broadcast_to(turns, shape)) / turns)


def _counts(rng: np.random.Generator, means: Floats, spread: float) -> Floats:
    return rng.poisson(means * _crowd(rng, means.shape, spread)).astype(np.float64)


def _volumes(rng: np.random.Generator, size: Floats, flows: Floats) -> Floats:
    """Return bytes of so many flows of a mean size; the fewer, the less certain."""
    width = np.sqrt(0.02**2 + 0.8**2 / np.maximum(flows, 1))
    factor = np.exp(width * rng.standard_normal(size.shape) - width**2 / 2)
    return np.asarray(np.round(size * flows * factor))


def _medians(rng: np.random.Generator, means: Floats, tested: np.ndarray) -> Floats:
    """Return medians of so many measurements, NaN of none."""
    width = np.sqrt(0.008**2 + 0.25**2 / np.maximum(tested, 1))
    values = np.round(means * np.exp(width * rng.standard_normal(means.shape)), 2)
    return np.where(tested > 0, values, np.nan)


def _shares(rng: np.random.Generator, means: Floats) -> Floats:
    tests = rng.poisson(TESTS, means.shape)
    shares = rng.binomial(tests, np.clip(means, 0, 1)) / np.maximum(tests, 1)
    return np.where(tests > 0, np.round(shares, 4), np.nan)


def set_clock(world: World, event: Event, values: Floats) -> None:
    """Shift what a vantage says between two moments by an hour, late or early.

    Late, an hour is missing when the clock is put forward, and what is said about the hour after
    it is set right is what came first; early, the hour is missing at the end.
    """
    layout = world.layout
    where = layout.operators.index(event.vantage or "")
    rows, step = span(layout, event.start, event.end), HOUR // layout.slot
    true = values[:, :, where].copy()
    if event.detail == "late":
        values[rows.start : rows.start + step, :, where] = np.nan
        late = slice(rows.start + step, min(rows.stop + step, len(true)))
        values[late, :, where] = true[late.start - step : late.stop - step]
    else:
        early = slice(rows.start, rows.stop - step)
        values[early, :, where] = true[early.start + step : early.stop + step]
        values[rows.stop - step : rows.stop, :, where] = np.nan


def _blind(world: World, event: Event, drawn: dict[str, Floats]) -> None:
    """Leave out what the source that fell silent would have said.

    Where samples name no source, all that is measured at a vantage is of one.
    """
    rows = span(world.layout, event.start, event.end)
    more = tuple(DEVICES) if event.vantage and not world.layout.sources else ()
    for name in (*SILENT[event.detail], *more):
        if name not in drawn:
            continue
        if event.vantage:
            drawn[name][rows, :, world.layout.operators.index(event.vantage)] = np.nan
        else:
            drawn[name][rows] = np.nan
