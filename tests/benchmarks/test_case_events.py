"""What made faults and nuisances do to what is measured, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases.events import course, covered, span
from benchmarks.cases.fairness import means_of, noticed
from benchmarks.cases.faults import fault
from benchmarks.cases.layout import DEVICES, NETWORK, PEOPLE
from benchmarks.cases.nuisances import NUISANCES
from benchmarks.cases.sampling import draw, set_clock
from benchmarks.cases.world import World
from outage.batches import Floats
from outage.slots import HOUR
from tests.benchmarks.worlds import EVERY, LAYOUT, START, event, quiet


def ratios(cause: str, **more: object) -> dict[str, float]:
    """Return by what every signal of the first service and vantage changes in the last hours."""
    world, one = quiet(), event(cause, **more)
    change = fault(np.random.default_rng(1), world, one)
    before = {name: values.copy() for name, values in (world.network | world.people).items()}
    change.apply(world)
    rows = span(LAYOUT, START + HOUR, START + 6 * HOUR)
    found = {n: (world.network[n] / before[n])[rows, 0, 0].mean() for n in world.network}
    return found | {n: (world.people[n] / before[n])[rows, 0].mean() for n in world.people}


# -- causes ---------------------------------------------------------------------------------


def test_application_as_in_the_paper() -> None:
    by = ratios("application", service="app-a")
    assert by["bytes_down"] < by["bytes_up"] < 1 < by["flows"]
    assert by["syn"] == pytest.approx(by["flows"])
    assert by["syn_ack"] > 0.95 * by["syn"]  # the servers still answer
    assert by["rst"] > 3
    assert by["error_posts"] > 3


def test_unreachable_gets_no_answer() -> None:
    by = ratios("unreachable", service="app-a")
    assert by["syn"] > 1.3
    assert by["syn_ack"] == pytest.approx(0.2, abs=0.01)
    assert by["bytes_down"] < 0.25


def test_dns_fails_before_anyone_knocks() -> None:
    by = ratios("dns", service="app-a")
    assert by["dns_failures"] > 5
    assert by["syn"] == pytest.approx(by["syn_ack"])
    assert by["syn"] == pytest.approx(by["flows"])
    assert by["flows"] < 0.3


def test_latency_and_throttling_leave_connections_alone() -> None:
    slow, less = ratios("latency", service="app-a"), ratios("throttling", service="app-a")
    assert slow["rtt_tcp_ms"] > 2.5
    assert slow["bytes_down"] > 0.7
    assert less["bytes_down"] == pytest.approx(0.2, abs=0.01)
    assert less["rtt_tcp_ms"] < 1.2
    assert 1 <= slow["flows"] < 1.1
    assert 1 <= less["flows"] < 1.1


def test_an_operators_outage_hits_every_service_there_and_none_elsewhere() -> None:
    world, one = quiet(), event("operator", vantage="net-1")
    before = world.network["flows"].copy()
    fault(np.random.default_rng(1), world, one).apply(world)
    by = (world.network["flows"] / before)[span(LAYOUT, START + HOUR, START + 5 * HOUR)].mean(
        axis=0
    )
    assert by[:, 0] == pytest.approx(0.2, abs=0.01)
    assert (by[:, 1] == 1).all()


def test_slow_onset_and_recovery() -> None:
    slow = course(LAYOUT, event("dns", ramp=HOUR, fades=True))
    assert slow.depth[:6] == pytest.approx(0.8 * (np.arange(6) * 600 + 300) / HOUR)
    assert slow.depth[10:36] == pytest.approx(0.8)
    back = slow.depth[36:42]
    assert (np.diff(back) < 0).all()
    assert slow.depth[42:].max() == 0
    at_once = course(LAYOUT, event("dns"))
    assert at_once.depth[0] == pytest.approx(0.8)
    assert at_once.depth[36:].max() == 0


def test_a_slot_that_is_partly_hit_counts_in_part() -> None:
    rows = span(LAYOUT, START + 450, START + 900)
    assert list(covered(LAYOUT, rows, START + 450, START + 900)) == [0.25, 0.5]


# -- nuisances ------------------------------------------------------------------------------


def disturbed(kind: str, **more: object) -> dict[str, Floats]:
    """Return by what a nuisance changes all means over its time."""
    world, one = quiet(), event(kind, **more)
    rows = span(LAYOUT, one.start, one.end)
    before = means_of(world, rows)
    NUISANCES[kind](np.random.default_rng(3), world, one)
    after = means_of(world, rows)
    outside = span(LAYOUT, one.end + HOUR, one.end + 9 * HOUR)
    if kind != "level_shift":
        assert all((a == b).all() for a, b in zip_means(world, quiet(), outside))
    return {name: after[name] / before[name] for name in after}


def zip_means(one: World, other: World, rows: slice) -> list[tuple[Floats, Floats]]:
    left, right = means_of(one, rows), means_of(other, rows)
    return [(left[name], right[name]) for name in left]


@pytest.mark.parametrize("kind", ["news", "meme"])
def test_talk_leaves_network_and_devices_alone(kind: str) -> None:
    by = disturbed(kind, service="app-b")
    assert all((by[name] == 1).all() for name in (*NETWORK, *DEVICES))
    assert by["posts"][:, 1].max() > 1.1
    assert (by["posts"][:, [0, 2, 3, 4]] == 1).all()
    loud = by["error_posts"][:, 1].max() / by["posts"][:, 1].max()
    assert loud > 2 if kind == "meme" else loud < 1


def test_a_crowd_and_an_ebb_keep_every_proportion() -> None:
    crowd = disturbed("flash_crowd", service="app-a")
    assert crowd["flows"][:, 0].max() > 1.3
    assert (crowd["flows"][:, 1:] == 1).all()
    ebb = disturbed("match")
    assert ebb["flows"].max() < 1
    for by in (crowd, ebb):
        for name in ("syn", "syn_ack", "rst", "bytes_down", "dns_failures"):
            assert by[name] == pytest.approx(by["flows"])
        assert (by["rtt_tcp_ms"] == 1).all()
    assert (ebb["posts"] == 1).all()


def test_a_release_shifts_a_proportion_for_good() -> None:
    by = disturbed("level_shift", service="app-a", end=LAYOUT.ends, recovered=LAYOUT.ends)
    moved = {name for name in NETWORK if (by[name] != 1).any()}
    assert moved in (
        {"bytes_down", "bytes_up"},
        set(NETWORK) - {"bytes_down", "bytes_up", "active_servers"},
    )
    assert all((by[name][-1, 0] != 1).all() for name in moved)


def test_lost_records_take_the_same_share_of_all_that_is_counted() -> None:
    by = disturbed("partial_gap", vantage="net-2", depth=0.4)
    for name in set(NETWORK) - {"active_servers"}:
        assert by[name][:, :, 1] == pytest.approx(0.6)
        assert (by[name][:, :, 0] == 1).all()
    assert all((by[name] == 1).all() for name in (*DEVICES, *PEOPLE))


def test_a_retry_storm_is_answered() -> None:
    by = disturbed("retry_storm", service="app-c")
    assert by["flows"][0, 2].min() > 1.2
    assert by["syn_ack"] == pytest.approx(by["syn"])
    assert (by["rst"] == 1).all()
    assert by["bytes_down"].max() < 1.1


def test_a_faint_nuisance_asks_for_no_name() -> None:
    world = quiet()
    small, large = (event("partial_gap", vantage="net-1", depth=d) for d in (0.001, 0.6))
    for one, seen in ((small, False), (large, True)):
        before = means_of(world, span(LAYOUT, one.start, one.end))
        NUISANCES["partial_gap"](np.random.default_rng(1), world, one)
        assert (noticed(world, one, before) > 4) == seen


@pytest.mark.parametrize(
    ("detail", "vantage", "silent"),
    [
        ("flows", "net-1", set(NETWORK)),
        ("people", None, set(PEOPLE)),
        ("devices", None, set(DEVICES)),
    ],
)
def test_a_gap_leaves_out_one_source(detail: str, vantage: str | None, silent: set[str]) -> None:
    gap = event("data_gap", vantage=vantage, detail=detail)
    drawn = draw(np.random.default_rng(1), quiet(), [gap], [])
    rows = span(LAYOUT, gap.start, gap.end)
    assert set(drawn) == EVERY
    for name, values in drawn.items():
        missing = np.isnan(values[rows])
        assert missing[..., 0].all() == (name in silent), name
        if vantage and name in silent:
            assert missing[..., 1].mean() < 0.1


def test_without_named_sources_a_vantage_falls_silent_as_a_whole() -> None:
    gap = event("data_gap", vantage="net-1", detail="flows")
    drawn = draw(np.random.default_rng(1), quiet(replace(LAYOUT, sources=False)), [gap], [])
    rows = span(LAYOUT, gap.start, gap.end)
    assert np.isnan(drawn["rtt_tcp_ms"][rows, :, 0]).all()
    assert not np.isnan(drawn["posts"][rows]).any()


@pytest.mark.parametrize("way", ["late", "early"])
def test_a_wrong_clock_shifts_one_exporter_by_an_hour(way: str) -> None:
    world, one = quiet(), event("clock_change", vantage="net-1", detail=way)
    true = np.arange(len(LAYOUT.times), dtype=np.float64)[:, None, None] * np.ones((3, 2))
    said = true.copy()
    set_clock(world, one, said)
    first, last = LAYOUT.row(one.start), LAYOUT.row(one.end)
    assert (said[:, :, 1] == true[:, :, 1]).all()
    inside = said[first + 6 : last - 6, 0, 0]
    hour = -6 if way == "late" else 6
    assert (inside == np.arange(first + 6, last - 6) + hour).all()
    gap = said[first : first + 6] if way == "late" else said[last - 6 : last]
    assert np.isnan(gap[:, 0, 0]).all()


def test_answers_never_outnumber_questions() -> None:
    drawn = draw(np.random.default_rng(1), quiet(), [], [])
    seen = ~np.isnan(drawn["syn"])
    assert (drawn["syn_ack"][seen] <= drawn["syn"][seen]).all()
    assert (drawn["bytes_down"][drawn["flows"] == 0] == 0).all()
