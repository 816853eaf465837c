"""Planes and units: what is added up, what is not, and when a sum is a gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outage.batches import Floats, SampleBatch
from outage.judging.layout import Plane, lay_out
from outage.slots import DAY, HOUR
from outage.words import Cause, Sample, Series
from tests.judging.made import (
    JUDGED,
    LATENCY_UP,
    NETWORK,
    Change,
    at,
    blackout,
    engine_of,
    judge,
    where,
    without,
    world,
)

FLOWS = Series("alpha", "flows", "", "op-a", "probe", 600)
CHAT, MEDIA = replace(FLOWS, category="chat"), replace(FLOWS, category="media")


def batch(weight: float | None = None, **columns: tuple[Series, list[float | None]]) -> SampleBatch:
    """Return the samples of series, one a slot from 0 on; None is a gap.

    The series of the first column have `weight`, those of the others one.
    """
    return SampleBatch.of(
        Sample(
            one,
            i * one.slot_seconds,
            value,
            (i + 1) * one.slot_seconds,
            weight if place == 0 or weight is None else 1.0,
        )
        for place, (one, values) in enumerate(columns.values())
        for i, value in enumerate(values)
        if value is not None
    )


def values(plane: Plane, one: Series, samples: SampleBatch, end: int) -> list[float]:
    panel = plane.panel(samples, 0, end)
    found: Floats = panel.values[:, plane.series.index(one)]
    return [float(value) for value in found]


def test_the_whole_is_the_sum_of_its_categories() -> None:
    (plane,) = lay_out([CHAT, MEDIA], 600)
    samples = batch(a=(CHAT, [1.0, 2.0, 3.0]), b=(MEDIA, [10.0, 20.0, 30.0]))

    assert plane.series == (FLOWS, CHAT, MEDIA)
    assert values(plane, FLOWS, samples, 1800) == [11.0, 22.0, 33.0]


def test_a_sum_without_one_of_its_parts_is_a_gap() -> None:
    (plane,) = lay_out([CHAT, MEDIA], 600)
    samples = batch(a=(CHAT, [1.0, None, 3.0]), b=(MEDIA, [10.0, 20.0, 30.0]))

    np.testing.assert_equal(values(plane, FLOWS, samples, 1800), [11.0, np.nan, 33.0])


def test_a_whole_that_is_measured_is_not_added_up() -> None:
    (plane,) = lay_out([FLOWS, CHAT, MEDIA], 600)

    assert plane.parts[plane.series.index(FLOWS)] == (FLOWS,)


def test_what_does_not_add_up_is_not_added_up() -> None:
    (plane,) = lay_out([replace(x, signal="active_servers") for x in (CHAT, MEDIA)], 600)

    assert {one.category for one in plane.series} == {"chat", "media"}
    assert plane.units == ()


def test_finer_slots_are_added_up_to_the_grid_and_coarser_keep_their_own() -> None:
    fine, coarse = replace(FLOWS, slot_seconds=300), replace(FLOWS, slot_seconds=900)
    first, second = lay_out([coarse, fine], 600)
    samples = batch(a=(fine, [1.0, 2.0, 3.0, None, 5.0, 6.0]))

    assert (first.slot_seconds, second.slot_seconds) == (600, 900)
    np.testing.assert_equal(values(first, FLOWS, samples, 1800), [3.0, np.nan, 11.0])


@pytest.mark.parametrize(("weight", "mean"), [(None, 20.0), (3.0, 15.0), (0.0, 30.0)])
def test_a_latency_of_categories_is_their_mean_by_weight(weight: float | None, mean: float) -> None:
    chat, media = (replace(one, signal="rtt_tcp_ms") for one in (CHAT, MEDIA))
    (plane,) = lay_out([chat, media], 600)
    samples = batch(weight, a=(chat, [10.0, 10.0, 10.0]), b=(media, [30.0, None, 30.0]))

    found = values(plane, replace(chat, category=""), samples, 1800)

    np.testing.assert_equal(found, [mean, np.nan, mean])
    assert [name for name, _ in plane.units[0].columns] == ["rtt_tcp_ms"]


def test_latencies_of_finer_slots_are_weighed_by_their_measurements() -> None:
    fine = Series("alpha", "rtt_tcp_ms", "", "op-a", "mopeye", 300)
    (plane,) = lay_out([fine], 600)
    counts = [9.0, 1.0, None, None, 0.0, 0.0]
    samples = SampleBatch.of(
        Sample(fine, 300 * i, value, 300 * i + 300, count)
        for i, (value, count) in enumerate(zip([10, 20, 10, 20, 10, 20], counts, strict=True))
    )

    assert values(plane, plane.series[0], samples, 1800) == [11.0, 15.0, 15.0]


def test_the_level_of_a_service_is_that_of_its_worst_component() -> None:
    login, calls = (Series("alpha", "status_level", name, "", "page") for name in ("a", "b"))
    (plane,) = lay_out([login, calls], 600)
    samples = batch(a=(login, [0.0, 1.0]), b=(calls, [0.5, 0.0]))

    assert values(plane, replace(login, category=""), samples, 1200) == [0.5, 1.0]


def test_sources_that_lag_unequally_are_planes_of_their_own() -> None:
    slow = replace(FLOWS, source="slow")
    first, second = lay_out([FLOWS, slow], 600, {"slow": 900})

    assert [(one.lag, one.series) for one in (first, second)] == [(0, (FLOWS,)), (900, (slow,))]


def test_the_finest_slots_count_of_a_source_that_changed_them() -> None:
    fine = replace(FLOWS, slot_seconds=300)
    (plane,) = lay_out([fine, FLOWS], 600)
    samples = batch(a=(fine, [1.0, 2.0, 3.0, None]), b=(FLOWS, [30.0, 40.0, 50.0]))

    assert plane.series == (FLOWS,)
    assert values(plane, FLOWS, samples, 1800) == [3.0, 40.0, 50.0]


def test_finer_slots_that_come_too_late_do_not_count() -> None:
    """What live judging had was the coarser one."""
    fine = replace(FLOWS, slot_seconds=300)
    (plane,) = lay_out([fine, FLOWS], 600)
    samples = batch(a=(fine, [1.0, 2.0]), b=(FLOWS, [30.0]))
    late = np.where(samples.series_index == 0, 601, samples.known_at)

    assert values(plane, FLOWS, replace(samples, known_at=late), 600) == [30.0]


def test_a_slot_is_known_when_all_of_its_parts_are() -> None:
    fine = replace(FLOWS, slot_seconds=300)
    (plane,) = lay_out([fine], 600)

    panel = plane.panel(batch(a=(fine, [1.0, 2.0])), 0, 600)

    assert panel.known_at.tolist() == [[600]]


def test_a_unit_is_one_sources_view_of_a_subject_from_a_vantage() -> None:
    posts = Series("alpha", "posts", "", "", "crowd", 600)
    (plane,) = lay_out(
        [FLOWS, replace(FLOWS, signal="syn"), replace(FLOWS, vantage="b"), posts], 600
    )

    named = {(u.subject, u.vantage, u.source): [s for s, _ in u.columns] for u in plane.units}

    assert named == {
        ("alpha", "", "crowd"): ["posts"],
        ("alpha", "b", "probe"): ["flows"],
        ("alpha", "op-a", "probe"): ["flows", "syn"],
    }
    assert [unit.people for unit in plane.units] == [True, False, False]


# -- judged -----------------------------------------------------------------------------------


def by_category(made: SampleBatch) -> SampleBatch:
    """Return the traffic of a batch as that of two categories, a third and two thirds."""
    series: list[Series] = []
    columns: list[SampleBatch] = []
    for number, one in enumerate(made.series):
        rows = made.take(made.series_index == number)
        shares = {"chat": 1 / 3, "media": 2 / 3} if one.signal in NETWORK else {"": 1.0}
        for category, share in shares.items():
            index = np.full(len(rows), len(series), dtype=np.int64)
            columns.append(replace(rows, series_index=index, value=np.round(rows.value * share)))
            series.append(replace(one, category=category))
    return SampleBatch(
        tuple(series),
        np.concatenate([one.series_index for one in columns]),
        np.concatenate([one.slot_start for one in columns]),
        np.concatenate([one.value for one in columns]),
        np.concatenate([one.known_at for one in columns]),
        np.concatenate([one.weight for one in columns]),
    )


def test_a_service_in_categories_is_judged_as_a_whole() -> None:
    (one,) = judge(by_category(world(blackout(at(12), 120)))).incidents

    assert (one.subject, one.start) == ("alpha", at(12))
    assert {line.category for line in one.evidence} >= {"", "chat", "media"}


@pytest.mark.parametrize("hours", [4, 60])
@pytest.mark.parametrize("category", ["chat", "media"])
def test_a_category_that_falls_silent_is_no_drop(category: str, hours: int) -> None:
    """However long ago it was heard last, a partial sum must not read as a drop."""
    silent = without(by_category(world()), at(12) - hours * HOUR, JUDGED + DAY, category=category)

    assert judge(silent).incidents == []


@pytest.mark.parametrize("hours", [1, 60])
def test_a_sum_stays_a_gap_however_long_a_part_is_silent(hours: int) -> None:
    silent = without(by_category(world()), JUDGED - hours * HOUR, JUDGED + DAY, category="media")
    engine = engine_of(silent)
    (plane,) = engine.planes

    panel = engine.window(0, JUDGED, JUDGED + DAY)

    assert np.isnan(panel.values[:, plane.series.index(FLOWS)]).all()
    assert np.isfinite(panel.values[:, plane.series.index(CHAT)]).all()


def test_a_category_that_is_new_does_not_make_the_past_a_gap() -> None:
    late = without(by_category(world()), 0, JUDGED + 6 * HOUR, category="media")
    engine = engine_of(late)
    (plane,) = engine.planes

    panel = engine.window(0, JUDGED, JUDGED + DAY)

    assert np.isfinite(panel.values[:, plane.series.index(FLOWS)]).all()


def test_latencies_of_categories_alone_are_judged() -> None:
    made = world(Change(at(12), at(14), LATENCY_UP | {"rtt_tcp_ms": 4.0}, "alpha"))
    rtt = where(made, lambda one: one.signal in {"rtt_tcp_ms", "bytes_down", "flows"})
    named = tuple(
        replace(one, category="chat" if one.signal == "rtt_tcp_ms" else "") for one in rtt.series
    )

    (one,) = judge(replace(rtt, series=named)).incidents

    assert (one.subject, one.cause, one.start) == ("alpha", Cause.LATENCY, at(12))
