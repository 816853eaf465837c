"""Decide what happens in a case, when and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from outage.slots import DAY, HOUR, MINUTE

from .events import Event
from .layout import DEVICES, NETWORK, PEOPLE, Layout, local_offsets
from .responses import nameable

CAUSES: Final = ("application", "unreachable", "dns", "operator", "latency", "throttling")
LOCAL_ODDS: Final = {"throttling": 1.0, "latency": 0.4, "operator": 1.0}
NUISANCE_ODDS: Final = {
    "news": 0.4,
    "meme": 0.4,
    "flash_crowd": 0.35,
    "feast": 0.25,
    "match": 0.35,
    "level_shift": 0.4,
    "data_gap": 0.45,
    "partial_gap": 0.45,
    "clock_change": 0.3,
}
TALK: Final = {"news", "meme"}
HOURS: Final = {  # how long a nuisance lasts
    "news": (0.5, 5),
    "meme": (0.3, 4),
    "flash_crowd": (0.3, 5),
    "match": (1.5, 4),
    "data_gap": (0.4, 5),
    "partial_gap": (0.5, 10),
    "clock_change": (6, 60),
}


def draw_outage(rng: np.random.Generator, layout: Layout, first: int, last: int) -> Event | None:
    """Return an outage within `[first, last)`, or None if no cause could be told."""
    causes = [one for one in CAUSES if nameable(one, layout.signals)]
    if not causes:
        return None
    cause = str(rng.choice(causes))
    length = int(np.exp(rng.uniform(np.log(20), np.log(720)))) * MINUTE
    length = max(length, 2 * layout.slot, 20 * MINUTE)
    start = int(rng.integers(first, max(first + 1, last - length - 3 * HOUR)))
    ramp = int(rng.integers(30, 91)) * MINUTE if rng.random() < 0.35 else 0
    back = int(rng.integers(5, 121)) * MINUTE
    local = len(layout.operators) > 1 and rng.random() < LOCAL_ODDS.get(cause, 0.2)
    vantage = str(rng.choice(layout.operators)) if local or cause == "operator" else None
    return Event(
        kind=cause,
        start=start,
        end=start + length,
        recovered=start + length + back,
        service=None if cause == "operator" else str(rng.choice(layout.services)),
        vantage=vantage,
        depth=round(float(rng.uniform(0.15, 1.0)), 3),
        ramp=min(ramp, length * 2 // 3),
        fades=bool(rng.random() < 0.4),
    )


def relapse(rng: np.random.Generator, layout: Layout, before: Event) -> Event:
    """Return the same trouble once more, some hours after it was over."""
    start = before.recovered + int(rng.integers(90, 300)) * MINUTE
    length = max(int(rng.integers(20, 150)) * MINUTE, 2 * layout.slot)
    depth = round(float(np.clip((before.depth or 1) * rng.uniform(0.6, 1.3), 0.15, 1)), 3)
    return replace(
        before, start=start, end=start + length, recovered=start + length + HOUR // 2,
        depth=depth, ramp=0,
    )  # fmt: skip


def apart(layout: Layout, one: Event, others: Sequence[Event]) -> bool:
    """Return whether an outage keeps its distance from others, so that each is one of its own."""
    room = max(90 * MINUTE, 4 * layout.slot)
    return all(one.start >= x.recovered + room or one.recovered + room <= x.start for x in others)


def draw_nuisances(rng: np.random.Generator, layout: Layout) -> list[Event]:
    """Return the nuisances of the judged days; at most one that is as wide as an exporter."""
    found = [
        _nuisance(rng, layout, kind)
        for kind, chance in NUISANCE_ODDS.items()
        for _ in range(int(rng.random() < chance) + int(rng.random() < chance / 4))
    ]
    kept: list[Event] = []
    for one in found:
        if one is not None and not any(_clash(one, other) for other in kept):
            kept.append(one)
    return kept


def _clash(one: Event, other: Event) -> bool:
    """Return whether two nuisances would make each other's label untrue."""
    wide = {"feast", "match", "data_gap", "partial_gap", "clock_change"}
    same = one.service is not None and one.service == other.service
    if {"people"} == {one.detail, other.detail} - {""} and {one.kind, other.kind} & TALK:
        return one.start < other.end and other.start < one.end
    both = {one.kind, other.kind} <= wide or same
    return both and one.start < other.end + HOUR and other.start < one.end + HOUR


def _nuisance(rng: np.random.Generator, layout: Layout, kind: str) -> Event | None:
    """Return one nuisance, or None if there is nobody to see it."""
    if kind in {"news", "meme"} and "error_posts" not in layout.signals:
        return None
    if kind == "feast":
        return _feast(rng, layout)
    if kind == "level_shift":
        return _release(rng, layout)
    low, high = HOURS[kind]
    length = int(np.exp(rng.uniform(np.log(low), np.log(high))) * HOUR) // MINUTE * MINUTE
    length = max(length, layout.slot)
    if kind in {"data_gap", "clock_change"}:  # collectors fail and are mended between slots
        step = HOUR if kind == "clock_change" else layout.slot
        length = max(length // step, 2) * step
    start = int(rng.integers(layout.judged_from + 3 * HOUR, layout.ends - length - 2 * HOUR))
    start -= start % (layout.slot if kind in {"data_gap", "clock_change"} else MINUTE)
    event = Event(kind, start, start + length, start + length)
    if kind in {"news", "meme", "flash_crowd"}:
        return replace(event, service=str(rng.choice(layout.services)))
    if kind == "match":
        return event
    return _collector(rng, layout, event)


def _collector(rng: np.random.Generator, layout: Layout, event: Event) -> Event | None:
    """Return a nuisance of collecting: whose it is, and how bad."""
    vantage = str(rng.choice(layout.operators))
    if event.kind == "partial_gap":
        return replace(event, vantage=vantage, depth=round(float(rng.uniform(0.15, 0.7)), 3))
    if event.kind == "clock_change":
        return replace(event, vantage=vantage, detail=str(rng.choice(["late", "early"])))
    there = {"people": PEOPLE, "devices": DEVICES, "flows": NETWORK}
    odds = {"flows": 0.7, "people": 0.15, "devices": 0.15}
    detail = str(rng.choice(list(odds), p=list(odds.values())))
    if not set(there[detail]) & layout.signals:
        detail = "flows"
    return replace(event, vantage=vantage if detail == "flows" else None, detail=detail)


def _feast(rng: np.random.Generator, layout: Layout) -> Event:
    """Return a local day within those judged."""
    offset = int(local_offsets(layout)[layout.row(layout.judged_from)])
    days = (layout.ends - layout.judged_from) // DAY
    start = layout.judged_from + int(rng.integers(days - 1)) * DAY + (-offset) % DAY
    return Event("feast", start, start + DAY, start + DAY, ramp=2 * HOUR, depth=1.0)


def _release(rng: np.random.Generator, layout: Layout) -> Event:
    start = int(rng.integers(layout.judged_from + 3 * HOUR, layout.ends - DAY)) // MINUTE * MINUTE
    ramp = int(rng.integers(0, 7)) * HOUR
    who = str(rng.choice(layout.services))
    return Event("level_shift", start, layout.ends, layout.ends, who, None, 1.0, ramp)
