"""Keep labels fair: could one who knows every mean have seen this outage at all?"""

from __future__ import annotations

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR

from .events import Event, span
from .faults import Change, places
from .layout import DEVICES
from .responses import nameable
from .sampling import SILENT
from .world import World

VISIBLE = 8.0  # standard deviations, over the whole outage, from the best witnesses together
NOTICED = 4.0  # the same of a nuisance that asks to be named
MARKS = {"meme": {"error_posts", "user_reports"}, "news": {"posts"}}
TALKED = 6.0  # the same of talk, whose counts are small: five posts in two hours are no meme
MOODS = 0.12  # what posts wander, of themselves
WIDTHS = {"rtt_tcp_ms": 0.03, "rtt_dns_ms": 0.05, "throughput_bps": 0.08, "differentiation": 0.5}


def visible(world: World, event: Event, change: Change, blind: list[Event]) -> float:
    """Return how far, in standard deviations, an outage moves the best signal of each witness.

    The noise is that of counts and of demand that wanders (which does not average away within
    an outage); what a blind collector hides does not count, nor what comes after `end`.
    """
    during = span(world.layout, event.start, event.end)
    best: dict[str, float] = {}
    changed = {key[0] for key in (*change.network, *change.people)}
    for signal in sorted(changed & world.layout.signals):
        witness = _witness(signal)
        best[witness] = max(best.get(witness, 0.0), _moved(world, signal, during, change, blind))
    return float(np.sqrt(sum(best[one] ** 2 for one in sorted(best))))


def fair(world: World, event: Event, change: Change, blind: list[Event]) -> bool:
    """Return whether an outage can be seen and its cause be told."""
    told = nameable(event.kind, world.layout.signals)
    return told and visible(world, event, change, blind) >= VISIBLE


def measured_somewhere(world: World, event: Event) -> bool:
    """Return whether a label is true: there is data where it says, and elsewhere to compare."""
    services, vantages = places(world, event)
    if event.service and event.vantage and world.seen[services[0]].sum() < 2:
        return False
    return bool(world.seen[np.ix_(services, vantages)].any())


def _witness(signal: str) -> str:
    if signal in SILENT["people"]:
        return "people"
    return "devices" if signal in DEVICES else "network"


def _moved(world: World, signal: str, during: slice, change: Change, blind: list[Event]) -> float:
    """Return the movement of one signal, summed over the services and vantages hit."""
    people = _witness(signal) == "people"
    source = change.people if people else change.network
    moved, noise, rows = 0.0, 0.0, change.rows
    for (name, one, vantage), then in source.items():
        if name != signal or (vantage is not None and not world.seen[one, vantage]):
            continue
        means = world.people[name] if people else world.network[name]
        now = means[rows, one] if vantage is None else means[rows, one, vantage]
        keep = _open(world, rows, during, vantage, blind)
        step, usual = _scaled(world, signal, now[keep], then[keep], world.wander)
        moved, noise = moved + step, noise + usual
    return abs(moved) / np.sqrt(noise) if noise > 0 else 0.0


def _scaled(
    world: World, signal: str, usual: Floats, then: Floats, wander: float
) -> tuple[float, float]:
    """Return the sum of the change and its variance, in the signal's unit."""
    step = then - usual
    if signal in WIDTHS:
        return float((step / usual).sum()), float(len(usual) * WIDTHS[signal] ** 2)
    if signal.startswith("bytes"):
        size = float(usual.mean()) / 50 if len(usual) else 1.0  # as if 50 flows at the least
        usual, step = usual / size, step / size
    spells = max(1.0, len(usual) * world.layout.slot / (4 * HOUR))  # noise averages out in time
    lasting = (2 * wander * usual.sum()) ** 2 / spells
    return float(step.sum()), float(usual.sum() + 1 + lasting)


def _open(
    world: World, rows: slice, during: slice, vantage: int | None, blind: list[Event]
) -> np.ndarray:
    """Return which slots of a change lie within the outage and are not hidden by a gap."""
    at = np.arange(rows.start, rows.stop)
    keep: np.ndarray = (at >= during.start) & (at < during.stop)
    for gap in blind:
        hidden = span(world.layout, gap.start, gap.end)
        same = gap.vantage is not None and vantage == world.layout.operators.index(gap.vantage)
        if same or (gap.vantage is None and vantage is None and gap.detail == "people"):
            keep &= (at < hidden.start) | (at >= hidden.stop)
    return keep


Means = dict[str, Floats]


def means_of(world: World, rows: slice) -> Means:
    """Return a copy of all means of some slots, to compare with what they become."""
    every = {**world.network, **world.people}
    return {name: every[name][rows].copy() for name in sorted(every)}


def noticed(world: World, event: Event, before: Means) -> float:
    """Return how far a nuisance moved the signal that it moved most, in standard deviations."""
    return _most(world, event, before, set(before), world.wander)


def nameable_nuisance(world: World, event: Event, before: Means) -> bool:
    """Return whether a nuisance could be told from others: by its own mark, by who else sees it.

    With one operator, an exporter that loses records looks like people who do something else.
    """
    if event.kind == "partial_gap" and len(world.layout.operators) == 1:
        return False
    marks = MARKS.get(event.kind)
    return not marks or _most(world, event, before, marks, MOODS) >= TALKED


def _most(world: World, event: Event, before: Means, names: set[str], wander: float) -> float:
    after, most = means_of(world, span(world.layout, event.start, event.end)), 0.0
    for name in sorted(world.layout.signals & names):
        step = after[name] - before[name]
        hit = np.abs(step).max(axis=0) > 0
        hit &= world.seen if step.ndim == 3 else True
        parts = [
            _scaled(world, name, before[name][(..., *at)], after[name][(..., *at)], wander)
            for at in np.argwhere(hit)
        ]
        if parts:
            moved, noise = np.sum(parts, axis=0)
            most = max(most, float(abs(moved) / np.sqrt(noise)))
    return most
