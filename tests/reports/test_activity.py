"""Flows on the grid of slots, held to a plain reference that goes flow by flow and slot by slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from outage.reports.activity import SLOT, Activity
from outage.reports.selection import Selection, open_flows
from tests.reports.conftest import NOON, SECOND, Write, flow

RNG = np.random.default_rng(7)
CATEGORIES = ("chat", "mmi", "mmv", "")
ROWS = [
    flow(
        f"192.0.2.{RNG.integers(6)}",
        at=int(RNG.integers(0, 40)) * 300 + int(RNG.integers(2)) * 0.25,
        lasting=float(RNG.choice([0, 1, 300, 600, 1_200, 4_321.5])),
        down=int(RNG.integers(0, 10_000)),
        up=int(RNG.integers(0, 10_000)),
        category=CATEGORIES[RNG.integers(4)],
    )
    for _ in range(300)
]
PARTS = {"all": CATEGORIES, "mm": ("mmi", "mmv"), "chat": ("chat",), "rest": ("",)}


def slots_of(row: dict[str, Any]) -> Iterator[tuple[int, float]]:
    """Yield the slots that a flow spans, and the share of its time that is in each."""
    start, end = row["start"] / SECOND, row["end"] / SECOND
    slot = start // SLOT * SLOT
    while slot <= end:
        inside = min(slot + SLOT, end) - max(slot, start)
        yield int(slot), inside / (end - start) if end > start else 1.0
        slot += SLOT


@pytest.fixture
def activity(write: Write) -> Iterator[Activity]:
    with open_flows(Selection([write(*ROWS)])) as flows:
        yield Activity(flows)


@pytest.mark.parametrize("part", PARTS)
def test_flows_bytes_and_active_addresses_are_those_of_a_plain_count(
    activity: Activity, part: str
) -> None:
    flows: dict[int, int] = defaultdict(int)
    active: dict[int, set[str]] = defaultdict(set)
    volume: dict[str, dict[int, float]] = {"down": defaultdict(float), "up": defaultdict(float)}
    for row in (one for one in ROWS if one["category"] in PARTS[part]):
        for place, (slot, share) in enumerate(slots_of(row)):
            flows[slot] += place == 0
            active[slot].add(row["server_ip"])
            for direction, bytes_ in volume.items():
                bytes_[slot] += row[f"bytes_{direction}"] * share

    slots = activity.slots.tolist()

    assert activity.started(part).tolist() == [flows[slot] for slot in slots]
    assert activity.active(part).tolist() == [len(active[slot]) for slot in slots]
    for direction, bytes_ in volume.items():
        expected = [bytes_[slot] for slot in slots]
        assert activity.volume(part, direction) == pytest.approx(expected, abs=1e-6)


def test_the_grid_holds_the_slots_in_which_flows_start(activity: Activity) -> None:
    starts = {row["start"] // SECOND // SLOT * SLOT for row in ROWS}

    assert activity.slots.tolist() == list(range(min(starts), max(starts) + 1, SLOT))


@pytest.mark.parametrize("part", PARTS)
def test_what_each_address_carried_is_that_of_a_plain_count(activity: Activity, part: str) -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    slots: dict[str, set[int]] = defaultdict(set)
    for row in (one for one in ROWS if one["category"] in PARTS[part]):
        own = sums[row["server_ip"]]
        own[:] = own[0] + 1, own[1] + row["bytes_down"], own[2] + row["bytes_up"]
        slots[row["server_ip"]] |= {slot for slot, _ in slots_of(row)}

    found = activity.addresses(part)

    assert found.address == sorted(sums)
    assert np.transpose([found.flows, found.down, found.up]).tolist() == [
        sums[one] for one in found.address
    ]
    assert found.slots.tolist() == [len(slots[one]) for one in found.address]


def test_flows_without_bytes_count_as_flows(write: Write) -> None:
    with open_flows(Selection([write(flow(down=None, up=None), flow())])) as flows:
        found = Activity(flows).addresses("all")

    assert (found.flows.tolist(), found.down.tolist(), found.up.tolist()) == ([2], [1000], [500])


def test_reports_on_the_same_flows_do_not_disturb_each_other(write: Write) -> None:
    with open_flows(Selection([write(flow(at=NOON % SLOT))])) as flows:
        once, again = (Activity(flows).addresses("all").slots.tolist() for _ in range(2))

    assert once == again == [1]
