"""What must hold for any samples: scale and gaps mean nothing of themselves."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outage.batches import SampleBatch
from outage.words import Incident
from tests.judging.made import (
    ENDS,
    JUDGED,
    SLOT,
    THROTTLED,
    Change,
    Judged,
    at,
    blackout,
    judge,
    without,
    world,
)

SLOTS = (ENDS - JUDGED) // SLOT


@cache
def troubled() -> SampleBatch:
    return world(blackout(at(12), 90), Change(at(4), at(6), THROTTLED, "beta", "op-b"))


@cache
def ordinary() -> SampleBatch:
    return world()


@cache
def said() -> Judged:
    return judge(troubled())


def verdict(one: Incident) -> tuple[object, ...]:
    """Return what an incident says; which vantage its evidence leads with goes by their volume."""
    signals = {(piece.signal, piece.direction) for piece in one.evidence}
    when = (one.start, one.end, one.opened_at, one.confirmed_at)
    return (one.id, one.vantage, one.vantages, *when, one.cause, one.runner_up, signals)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.lists(st.floats(1e-3, 1e9), min_size=8, max_size=8))
def test_scaling_a_volume_series_changes_nothing(factors: list[float]) -> None:
    volumes = [
        i for i, one in enumerate(troubled().series) if one.signal in ("bytes_down", "bytes_up")
    ]
    by_series = np.ones(len(troubled().series))
    by_series[volumes] = factors
    scaled = replace(troubled(), value=troubled().value * by_series[troubled().series_index])

    judged = judge(scaled)

    assert len(said().incidents) >= 2
    assert [verdict(one) for one in judged.incidents] == [verdict(one) for one in said().incidents]
    for one, other in zip(judged.incidents, said().incidents, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=0.002)


GAPS = st.lists(
    st.tuples(
        st.integers(0, SLOTS - 1),
        st.integers(1, SLOTS),
        st.fixed_dictionaries(
            {},
            optional={
                "subject": st.sampled_from(["alpha", "beta"]),
                "vantage": st.sampled_from(["op-a", "op-b", ""]),
                "signal": st.sampled_from(
                    ["bytes_down", "flows", "syn_ack", "posts", "error_posts"]
                ),
            },
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(GAPS)
def test_gaps_anywhere_open_nothing(gaps: list[tuple[int, int, dict[str, str]]]) -> None:
    gapped = ordinary()
    for first, length, which in gaps:
        since = JUDGED + SLOT * first
        gapped = without(gapped, since, since + SLOT * length, **which)

    assert judge(gapped).incidents == []


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_samples_changes_nothing(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(troubled()))

    judged = judge(troubled().take(order))

    assert judged.incidents == said().incidents
    assert judged.notices == said().notices


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(1, 20))
def test_the_future_changes_nothing_that_was_said(hours: int) -> None:
    """What comes after a moment, an outage of everything included, is not looked at before it."""
    until = at(hours)
    after = troubled().slot_start >= until
    unlike = replace(troubled(), value=np.where(after, troubled().value * 0.01, troubled().value))

    assert judge(unlike, until=until).incidents == judge(troubled(), until=until).incidents
