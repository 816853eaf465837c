"""Write faults into a world: network, devices and people, and what comes back afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR, MINUTE

from .events import Course, Event, course
from .responses import LOUDNESS, RESPONSES
from .world import PER_FLOW, World

LIVELY = (*PER_FLOW, "bytes_down", "bytes_up")
Place = tuple[str, int, int | None]


@dataclass
class Change:
    """What a fault does to the means of some slots: new values by signal and subject."""

    rows: slice
    network: dict[Place, Floats] = field(default_factory=dict)
    people: dict[Place, Floats] = field(default_factory=dict)

    def apply(self, world: World) -> None:
        """Write the new means into the world."""
        for (signal, service, vantage), values in self.network.items():
            world.network[signal][self.rows, service, vantage] = values
        for (signal, subject, _), values in self.people.items():
            world.people[signal][self.rows, subject] = values


def fault(rng: np.random.Generator, world: World, event: Event) -> Change:
    """Return what an outage changes; nothing is written yet."""
    at = course(world.layout, event)
    change = Change(at.rows)
    services, vantages = places(world, event)
    pent = rng.uniform(0.0, 0.6) if rng.random() < 0.6 else 0.0
    state = int(rng.integers(2**32))  # one draw for all places: one cause, one kind of client
    for service in services:
        for vantage in vantages:
            now = {k: v[at.rows, service, vantage] for k, v in world.network.items()}
            then = RESPONSES[event.kind](np.random.default_rng(state), now, at)
            for name in LIVELY if event.kind not in {"latency", "throttling"} else ():
                then[name] = then.get(name, now[name]) * _burst(event, at, pent)
            for name, values in then.items():
                change.network[name, service, vantage] = values
    _voices(rng, world, event, change)
    return change


def places(world: World, event: Event) -> tuple[list[int], list[int]]:
    """Return the services and vantages that an outage hits."""
    layout = world.layout
    every, all_of = range(len(layout.services)), range(len(layout.operators))
    services = [layout.services.index(event.service)] if event.service else list(every)
    vantages = [layout.operators.index(event.vantage)] if event.vantage else list(all_of)
    return services, vantages


def _burst(event: Event, at: Course, pent: float) -> Floats:
    """Return what clients make up for once they can, as a factor of demand."""
    waited = max((event.recovered - event.end) / 2, 10 * MINUTE)
    gone = np.where(np.isnan(at.after), np.inf, at.after)
    return np.asarray(
        1 + pent * (event.depth or 1.0) * np.exp(-gone / waited) * (gone < 3 * waited)
    )


def _voices(rng: np.random.Generator, world: World, event: Event, change: Change) -> None:
    """Let people complain: of the service, of the operator, and of what they think it is."""
    services, vantages = places(world, event)
    angry = LOUDNESS[event.kind] * np.exp(rng.uniform(np.log(0.15), np.log(1.3)))
    wave = outcry(world, event, rng.uniform(1, 9) * MINUTE)
    if event.service:
        weight = float(world.shares[services[0], vantages].sum())
        _speak(rng, world, change, services[0], angry * weight * wave)
        return
    here = len(world.layout.services) + vantages[0]
    _speak(rng, world, change, here, 2 * angry * wave)
    for service in services:
        blamed = rng.uniform(0.05, 0.3) * world.shares[service, vantages[0]]
        _speak(rng, world, change, service, angry * blamed * wave)


def outcry(world: World, event: Event, wait: float) -> Floats:
    """Return complaints over time for a full outage, as a multiple of usual posts.

    The WhatsApp paper saw people react at once and the wave highest after an hour.
    """
    at = course(world.layout, event)
    age = np.maximum(at.age - wait, 0.0)
    spread = age / HOUR * np.exp(1 - age / HOUR)
    rising = (age > 0) * (0.35 + 0.65 * np.maximum(spread, np.where(age > HOUR, 0.25, 0.0)))
    # A slot that the wait ends in has a part of what it will have.
    partly = np.clip((at.age + world.layout.slot / 2 - wait) / world.layout.slot, 0, 1)
    rising = np.where(age > 0, rising, 0.35 * partly)
    fading = np.exp(-np.nan_to_num(at.after, nan=0.0) / (25 * MINUTE))
    last = max(float(event.depth or 1.0), 0.0)
    depth = np.where(np.isnan(at.after), at.depth, np.maximum(at.depth, last * fading))
    return np.asarray(rising * depth)


def _speak(
    rng: np.random.Generator, world: World, change: Change, subject: int, by: Floats
) -> None:
    usual = world.people["posts"][change.rows, subject]
    reported = rng.uniform(0.1, 0.6)
    for name, part in (("posts", 1.25), ("error_posts", 1.0), ("user_reports", reported)):
        values = world.people[name][change.rows, subject] + part * usual * by
        change.people[name, subject, None] = values
