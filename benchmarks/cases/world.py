"""What happens when nothing is wrong: the means of every signal, slot by slot.

Demand follows the local day and week, a slow trend and noise that lasts; the other signals follow
from demand: a flow asks the DNS now and then, opens with a SYN, moves so many bytes, may end in a
RST. Arrays are (slots, services, vantages); people's are (slots, services then operators).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from outage.batches import Floats
from outage.slots import DAY, HOUR

from .layout import Layout, local_offsets

BANDS = ((1, 5), (8, 100), (100, 3_000), (3_000, 100_000))  # mean flows a slot and vantage
PER_FLOW = ("flows", "syn", "syn_ack", "rst", "fin", "dns_queries", "dns_failures")


@dataclass
class World:
    """The means that sampling will draw from; events change them in place."""

    layout: Layout
    network: dict[str, Floats]  # also the devices' signals
    people: dict[str, Floats]
    shares: Floats  # (services, vantages): which part of a service's users is where
    seen: np.ndarray  # (services, vantages): whether anything is measured there
    wander: float  # standard deviation of lasting noise of demand
    spread: Floats  # (services, vantages): over-dispersion of counts


def quiet_world(rng: np.random.Generator, layout: Layout) -> World:
    """Return a world without faults and nuisances."""
    shape = (len(layout.services), len(layout.operators))
    shares = rng.dirichlet(np.full(shape[1], 4.0), shape[0])
    wander = float(rng.uniform(0.02, 0.09))
    demand = _volumes(rng, shape[0])[:, None] * shares * shape[1] * _season(rng, layout, shape)
    demand *= _drift(rng, layout, shape, wander)
    network = _network(rng, layout, demand) | _devices(rng, layout, demand, shape)
    return World(
        layout=layout,
        network=network,
        people=_people(rng, layout, demand),
        shares=shares,
        seen=_seen(rng, shape),
        wander=wander,
        spread=rng.uniform(0.01, 0.05, shape) ** 2,
    )


def _volumes(rng: np.random.Generator, services: int) -> Floats:
    """Return mean flows a slot and vantage, from handfuls to a hundred thousand."""
    bands = np.array(BANDS, dtype=np.float64)[rng.choice(4, services, p=[0.13, 0.25, 0.37, 0.25])]
    return np.asarray(np.exp(rng.uniform(np.log(bands[:, 0]), np.log(bands[:, 1]))))


def _season(rng: np.random.Generator, layout: Layout, shape: tuple[int, int]) -> Floats:
    """Return the local day and week with a trend, mean about 1."""
    local = layout.times + local_offsets(layout)
    hour = (local % DAY / HOUR)[:, None, None]
    day = (local // DAY + 3) % 7  # 0 is a Monday
    first, second = rng.uniform(9, 14, (shape[0], 1)), rng.uniform(17.5, 22, shape)
    night = rng.uniform(0.08, 0.45, (shape[0], 1))
    bumps = _bump(hour, first, 1.6) * rng.uniform(0.2, 0.8, (shape[0], 1)) + _bump(hour, second, 2)
    weekend = np.where((day >= 5)[:, None, None], rng.uniform(0.65, 1.3, (shape[0], 1)), 1.0)
    friday = np.where((day == 4)[:, None, None], rng.uniform(0.95, 1.1), 1.0)
    trend = (
        1 + rng.normal(0, 0.05, shape) * ((local - layout.judged_from) / (28 * DAY))[:, None, None]
    )
    wave = (night + (1 - night) * bumps) * weekend * friday * trend
    return np.asarray(wave / wave.mean(axis=0))


def _bump(hour: Floats, peak: Floats, width: float) -> Floats:
    """Return a bump of the clock, 1 at its peak; a wider one for a smaller width."""
    return np.asarray(np.exp(width * (np.cos((hour - peak) * np.pi / 12) - 1)))


def _drift(rng: np.random.Generator, layout: Layout, shape: tuple[int, ...], size: float) -> Floats:
    """Return noise of mean about 1 that lasts for an hour or two, part of it common to all."""
    lasting = rng.uniform(30, 150) * 60
    own = _lasting(rng, (len(layout.times), *shape), layout.slot / lasting)
    common = _lasting(rng, (len(layout.times), *(1 for _ in shape)), layout.slot / lasting)
    return np.asarray(np.exp(size * (0.85 * own + 0.5 * common) - size**2 / 2))


def _lasting(rng: np.random.Generator, shape: tuple[int, ...], step: float) -> Floats:
    """Return first-order autoregressive noise of unit variance along the first axis."""
    keep = np.exp(-step)
    shocks = rng.standard_normal(shape) * np.sqrt(1 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], shocks, axis=0))


def _network(rng: np.random.Generator, layout: Layout, demand: Floats) -> dict[str, Floats]:
    shape = demand.shape[1:]
    tcp, queries = rng.uniform(0.7, 0.98, (shape[0], 1)), rng.uniform(0.1, 0.8, shape)
    size = np.exp(rng.normal(np.log(25_000), 1.3, shape[0]))[:, None]
    down = demand * size * _drift(rng, layout, shape, float(rng.uniform(0.02, 0.07)))
    reset = np.exp(rng.uniform(np.log(0.005), np.log(0.15), shape))
    failing = np.exp(rng.uniform(np.log(0.002), np.log(0.03), shape))
    servers = np.clip(demand.mean(axis=0) ** 0.5, 2, 400)
    return {
        "flows": demand.copy(),
        "syn": demand * tcp,
        "syn_ack": demand * tcp * rng.uniform(0.95, 0.995, shape),
        "rst": demand * reset,
        "fin": demand * tcp * rng.uniform(0.5, 0.9, shape),
        "dns_queries": demand * queries,
        "dns_failures": demand * queries * failing,
        "bytes_down": down,
        "bytes_up": down * rng.uniform(0.06, 0.5, (shape[0], 1)),
        "active_servers": servers * (demand / demand.mean(axis=0)) ** 0.2,
    }


def _devices(
    rng: np.random.Generator, layout: Layout, demand: Floats, shape: tuple[int, int]
) -> dict[str, Floats]:
    """Return round-trip times (MopEye: medians of 25 to 260 ms, DNS about 50 ms) and the rest."""
    near = np.exp(rng.uniform(np.log(20), np.log(220), (shape[0], 1)) + rng.normal(0, 0.2, shape))
    busy = demand / demand.mean(axis=0)
    calm = _drift(rng, layout, shape, 0.012)
    return {
        "rtt_tcp_ms": near * (1 + 0.03 * np.clip(busy - 1, -1, 3)) * calm,
        "rtt_dns_ms": rng.uniform(25, 90, shape[1]) * calm,
        "connect_failures": demand * rng.uniform(0.001, 0.01, shape),
        "throughput_bps": 1.5e6 * (80 / near) * _drift(rng, layout, shape, 0.05),
        "differentiation": np.broadcast_to(rng.uniform(0.01, 0.08, shape), demand.shape).copy(),
    }


def _people(rng: np.random.Generator, layout: Layout, demand: Floats) -> dict[str, Floats]:
    """Return posts, posts with an error phrase and reports, of services and operators."""
    by_service, by_operator = demand.sum(axis=2), demand.sum(axis=1)
    whole = np.concatenate([by_service, by_operator], axis=1)
    subjects = whole.shape[1]
    rates = np.exp(rng.uniform(np.log(1.5), np.log(700), subjects)) * layout.slot / 600
    posts = rates * (whole / whole.mean(axis=0)) ** 0.9 * _drift(rng, layout, (subjects,), 0.12)
    errors = posts * np.exp(rng.uniform(np.log(0.004), np.log(0.05), subjects))
    reports = posts * np.exp(rng.uniform(np.log(0.001), np.log(0.02), subjects))
    return {"posts": posts, "error_posts": errors, "user_reports": reports}


def _seen(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return which services are measured where; now and then one vantage lacks one."""
    seen = np.ones(shape, dtype=bool)
    if shape[1] > 1 and rng.random() < 0.3:
        seen[rng.integers(shape[0]), rng.integers(shape[1])] = False
    return seen
