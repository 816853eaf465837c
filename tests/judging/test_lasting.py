"""What lasts and is no outage: noise that stays astray, a long ebb, a wrong clock, few flows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outage.batches import SampleBatch
from outage.judging.signatures import EFFECTS, parse_signatures
from outage.judging.weigh import Feature, Seen, features, lasting
from outage.slots import DAY, HOUR, MINUTE
from outage.words import Cause
from tests.judging.made import (
    DNS,
    ENDS,
    JUDGED,
    OPERATORS,
    PROBE,
    SERVICES,
    SLOT,
    Change,
    at,
    everything,
    judge,
    where,
    world,
)

WEEK = 7 * DAY


def feature(deviation: float, slot_seconds: int, hours_astray: float) -> Feature:
    """Return a week of noise of one standard deviation, part of which stays for hours."""
    rng = np.random.default_rng(5)
    slots = WEEK // slot_seconds
    stays = np.repeat(rng.standard_normal(slots // 60 + 2), 60)[:slots] * hours_astray
    noise = stays + np.sqrt(1 - hours_astray**2) * rng.standard_normal(slots)
    return Feature((deviation * noise)[:, None], np.full((slots, 1), deviation))


@pytest.mark.parametrize("slot_seconds", [60, 300, 600])
def test_noise_that_comes_and_goes_is_as_wide_as_it_is(slot_seconds: int) -> None:
    assert lasting(feature(0.1, slot_seconds, 0.0), slot_seconds) == pytest.approx(1.0)


def test_noise_that_stays_is_wider_than_it_seems() -> None:
    (wider,) = lasting(feature(0.1, 60, 0.7), 60)
    assert 2.0 < wider <= 4.0
    (hourly,) = lasting(feature(0.1, 3600, 0.7), 3600)
    assert hourly == 1.0


def drifting(share: float, seed: int) -> SampleBatch:
    """Return minutes of a world in which what a flow carries wanders by `share` for hours."""
    made = world(days=16, services=("alpha",), slot_seconds=60, seed=seed)
    rng = np.random.default_rng(seed)
    wander = np.exp(share * np.repeat(rng.standard_normal(16 * 24), 60))
    minute = ((made.slot_start - made.slot_start.min()) // MINUTE).astype(np.int64)
    carried = np.array([one.signal.startswith("bytes") for one in made.series])
    moved = np.where(carried[made.series_index], wander[minute], 1.0)
    return replace(made, value=made.value * moved)


def test_flows_that_carry_less_for_an_hour_now_and_then_are_no_throttling() -> None:
    assert judge(drifting(0.07, seed=3)).incidents == []


def test_an_outage_within_a_long_ebb_is_seen() -> None:
    ebb = Change(at(2), at(20), everything(0.7), "alpha")
    judged = judge(world(ebb, Change(at(12), at(13), DNS, "alpha")))

    (one,) = judged.incidents
    assert (one.subject, one.cause) == ("alpha", Cause.DNS)
    assert at(12) < one.opened_at <= at(12) + 2 * SLOT
    assert "ebb" in judged.kinds("alpha", at(2), at(12))


def late(batch: SampleBatch, since: int, until: int, vantage: str, seconds: int) -> SampleBatch:
    """Return the batch as told by an exporter whose clock is wrong for a while."""
    network = [one.source == PROBE and one.vantage == vantage for one in batch.series]
    mine = np.array(network)[batch.series_index]
    mine &= (batch.slot_start >= since) & (batch.slot_start < until)
    moved = batch.slot_start + np.where(mine, seconds, 0)
    known = batch.known_at + np.where(mine, seconds, 0)
    wrong = replace(batch, slot_start=moved, known_at=known)
    inside = mine & (moved >= since) & (moved < until)
    return wrong.take(inside | ~mine)


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_wrong_clock_is_named_and_alarms_nobody(seconds: int) -> None:
    services = ("alpha", "beta", "gamma", "delta")
    judged = judge(late(world(services=services), at(2), at(16), "op-a", seconds))

    assert judged.incidents == []
    assert "clock_change" in judged.kinds("op-a", at(2), at(16))
    assert "clock_change" not in judged.kinds("op-b", JUDGED, ENDS)


def test_ordinary_days_and_crowds_have_no_wrong_clock() -> None:
    crowd = Change(at(6), at(12), everything(1.4), None, "op-a")
    for made in (world(seed=8), world(crowd, seed=9)):
        judged = judge(made)
        assert not any(one.kind == "clock_change" for one in judged.notices)


def test_no_bytes_of_a_handful_of_flows_is_a_pause() -> None:
    def few(name: str, value: float) -> Seen:
        return Seen(*(np.array([[one]]) for one in (value, 2.0 if name == "syn" else 4e4, 0.3)))

    pause = {name: few(name, 0.0) for name in ("syn", "bytes_down")}
    found = features(pause)["bytes"]
    assert abs(found.ratio / found.deviation).item() < 2.5
    many = {"syn": Seen(*(np.array([[one]]) for one in (0.0, 2_000.0, 0.1)))}
    found = features(pause | many)["bytes"]
    assert abs(found.ratio / found.deviation).item() > 15


def test_a_tiny_service_without_flow_counts_may_pause() -> None:
    made = world(days=17, services=(*SERVICES, "tiny"), operators=OPERATORS[:1], seed=4)
    kept = where(made, lambda one: one.signal != "flows")
    tiny = np.array([one.subject == "tiny" and one.source == PROBE for one in kept.series])
    bytes_ = np.array([one.signal.startswith("bytes") for one in kept.series])
    rng = np.random.default_rng(6)
    flows = rng.poisson(1.5, 17 * DAY // SLOT)[(kept.slot_start - kept.slot_start.min()) // SLOT]
    carried = flows * np.exp(0.5 * rng.standard_normal(len(flows))) * 20_000.0
    value = np.where(bytes_[kept.series_index], carried, flows * (kept.value > 0))
    sparse = replace(kept, value=np.where(tiny[kept.series_index], value, kept.value))

    assert judge(sparse, until=JUDGED + 2 * DAY).of("tiny") == []


def test_a_row_may_say_how_often_a_feature_stays() -> None:
    table = {"innocent": {"calm": {"flows": [-1.0, 0.0, 0.9]}, "even": {"flows": [-1.0, 0.0]}}}
    weights = parse_signatures(table).weights["flows"]
    still = np.abs(EFFECTS) <= 0.1
    assert weights[:, still].sum(axis=1) == pytest.approx([0.9, 0.5])
    assert weights.sum(axis=1) == pytest.approx([1.0, 1.0])
