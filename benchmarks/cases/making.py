"""Make one case from a seed: a quiet world, what happens in it, and what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from outage.batches import Floats
from outage.slots import DAY, HOUR

from .events import Event, span
from .fairness import (
    NOTICED,
    fair,
    means_of,
    measured_somewhere,
    nameable_nuisance,
    noticed,
    visible,
)
from .faults import fault
from .layout import Layout, draw_layout
from .nuisances import NUISANCES, quiet_nights
from .planning import apart, draw_nuisances, draw_outage, relapse
from .sampling import draw
from .world import World, quiet_world

TRIES = 25


@dataclass
class Made:
    """A made case: what happened, and what was measured.

    `traps` must raise no alarm but need no name; `history` are outages before `judged_from`,
    which nobody labelled; `visibility` belongs to `outages`; `faint` are traps that were drawn
    as nuisances.
    """

    layout: Layout
    values: dict[str, Floats]
    outages: list[Event] = field(default_factory=list)
    visibility: list[float] = field(default_factory=list)
    nuisances: list[Event] = field(default_factory=list)
    faint: list[Event] = field(default_factory=list)
    traps: list[Event] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)


def make_case(seed: int) -> Made:
    """Return the case of a seed: the same each time."""
    rng = np.random.default_rng([seed, 20_140_222])
    layout = draw_layout(rng, seed)
    world = quiet_world(rng, layout)
    made = Made(layout, {})
    made.traps += _quiet_nights(rng, world)
    drawn = draw_nuisances(rng, layout)
    made.nuisances = [x for x in drawn if x.kind != "partial_gap"]
    for event in list(made.nuisances):
        _disturb(rng, world, made, event)
    _past(rng, world, made)
    _outages(rng, world, made)
    made.traps += _storms(rng, world, made.outages)
    for event in drawn:
        if event.kind == "partial_gap":  # last: it loses what everything else left
            made.nuisances.append(event)
            _disturb(rng, world, made, event)
    made.values = draw(rng, world, _of(made, "data_gap"), _of(made, "clock_change"))
    _settle(made)
    return made


def _disturb(rng: np.random.Generator, world: World, made: Made, event: Event) -> None:
    """Write a nuisance into the world; one too faint to be named becomes a trap."""
    if event.kind not in NUISANCES:
        return
    rows = span(world.layout, event.start, event.end)
    before = means_of(world, rows)
    NUISANCES[event.kind](rng, world, event)
    if noticed(world, event, before) < NOTICED:
        made.nuisances.remove(event)
        made.traps.append(event)
        return
    more = world.network["flows"][rows].sum() > before["flows"].sum()
    label = replace(event, kind="flash_crowd") if event.kind == "feast" and more else event
    made.nuisances[made.nuisances.index(event)] = label
    if not nameable_nuisance(world, event, before):
        made.faint.append(label)


def _settle(made: Made) -> None:
    """Ask for no name where none could be given."""
    made.nuisances = [x for x in made.nuisances if x not in made.faint]
    made.traps += made.faint


def _of(made: Made, kind: str) -> list[Event]:
    return [event for event in made.nuisances if event.kind == kind]


def _quiet_nights(rng: np.random.Generator, world: World) -> list[Event]:
    """Let the smallest service pause at night in every third case."""
    if rng.random() > 1 / 3:
        return []
    volume = world.network["flows"].mean(axis=(0, 2))
    hour = float(rng.uniform(0, 24))
    nights = quiet_nights(rng, world, int(volume.argmin()), hour)
    return [one for one in nights if one.start >= world.layout.judged_from]


def _past(rng: np.random.Generator, world: World, made: Made) -> None:
    """Spoil the history with up to three outages and a holiday that nobody labelled."""
    layout = world.layout
    for _ in range(int(rng.integers(0, 4))):
        event = draw_outage(rng, layout, layout.starts + DAY, layout.judged_from - 16 * HOUR)
        if event and apart(layout, event, made.history) and measured_somewhere(world, event):
            fault(rng, world, event).apply(world)
            made.history.append(event)
    if rng.random() < 0.3:
        start = layout.starts + int(rng.integers(3, 27)) * DAY
        event = Event("feast", start, start + DAY, start + DAY, depth=1.0)
        NUISANCES["feast"](rng, world, event)
        made.history.append(event)


def _outages(rng: np.random.Generator, world: World, made: Made) -> None:
    """Place up to four outages that can be seen and told, some into a nuisance, some twice."""
    layout, wanted = world.layout, int(rng.choice(5, p=[0.07, 0.18, 0.3, 0.25, 0.2]))
    for _ in range(TRIES):
        if len(made.outages) >= wanted:
            return
        event = _candidate(rng, layout, made)
        if event is None or not _place(rng, world, made, event):
            continue
        if rng.random() < 0.15:
            _place(rng, world, made, relapse(rng, layout, event))


def _candidate(rng: np.random.Generator, layout: Layout, made: Made) -> Event | None:
    """Return an outage of the judged days; a quarter of them begin within a nuisance."""
    first, last = layout.judged_from + 3 * HOUR, layout.ends - HOUR
    if made.nuisances and rng.random() < 0.25:
        among = made.nuisances[rng.integers(len(made.nuisances))]
        first = max(first, among.start)
        last = min(last, max(among.end, first) + 15 * HOUR)
        event = draw_outage(rng, layout, first, max(min(among.end, last), first + 2))
    else:
        event = draw_outage(rng, layout, first, last)
    return event if event and event.recovered <= layout.ends - HOUR else None


def _place(rng: np.random.Generator, world: World, made: Made, event: Event) -> bool:
    """Write an outage into the world if it is apart from others, unmoved by clocks, and fair."""
    layout = world.layout
    if event.recovered > layout.ends - HOUR or not apart(layout, event, made.outages):
        return False
    moved = [x for x in _of(made, "clock_change") if event.vantage in {None, x.vantage}]
    if not apart(layout, event, moved) or not measured_somewhere(world, event):
        return False
    change, blind = fault(rng, world, event), _of(made, "data_gap")
    if not fair(world, event, change, blind):
        return False
    made.visibility.append(round(visible(world, event, change, blind), 1))
    made.outages.append(event)
    change.apply(world)
    return True


def _storms(rng: np.random.Generator, world: World, outages: list[Event]) -> list[Event]:
    """Let clients of a failing application hammer another service in half the cases."""
    failing = [x for x in outages if x.kind == "application" and (x.depth or 0) > 0.4]
    found = []
    for outage in failing:
        others = [x for x in world.layout.services if x != outage.service]
        if rng.random() < 0.5:
            storm = Event(
                "retry_storm", outage.start, outage.end, outage.end,
                str(rng.choice(others)), None, outage.depth,
            )  # fmt: skip
            NUISANCES["retry_storm"](rng, world, storm)
            found.append(storm)
    return found
