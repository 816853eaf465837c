"""Courses of outages and the noise of ordinary days, piece by piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outage.scenarios import Expected, describe
from outage.scenarios.courses import crowd, departure, fading, level, steady
from outage.scenarios.ordinary import Grid, demand, drift, generator
from outage.slots import HOUR, MINUTE, parse_time
from outage.words import Cause

GRID = Grid(describe("whatsapp-2014"))
NOON = parse_time("2014-02-21T12:00:00Z")


def outage(start: int, minutes: int, back: int = 60) -> Expected:
    end = start + minutes * MINUTE
    return Expected("one", "whatsapp", None, Cause.APPLICATION, start, end, end + back * MINUTE)


def slot(moment: int) -> int:
    return int((moment - GRID.starts[0]) // GRID.slot_seconds)


def test_an_outage_is_full_until_its_end_and_ebbs_to_its_recovery() -> None:
    on = level(GRID, outage(NOON, 60)).mean(axis=1)

    assert on[slot(NOON) - 1] == 0
    assert (on[slot(NOON) : slot(NOON) + 6] == 1).all()
    assert (np.diff(on[slot(NOON) + 5 : slot(NOON) + 12]) < 0).all()
    assert on[slot(NOON) + 12] == 0


def test_an_outage_that_begins_inside_a_slot_takes_its_part() -> None:
    factor = departure(GRID, [outage(NOON + 6 * MINUTE, 60)], steady(0.0))

    assert factor[slot(NOON)] == pytest.approx(0.6)
    assert factor[slot(NOON) + 1] == pytest.approx(0.0)


def test_departures_of_several_outages_add_up() -> None:
    both = [outage(NOON, 30), outage(NOON + 5 * HOUR, 30)]
    factor = departure(GRID, both, steady(0.25))

    assert factor[slot(NOON)] == factor[slot(NOON + 5 * HOUR)] == pytest.approx(0.25)
    assert factor[slot(NOON + 3 * HOUR)] == 1


def test_a_fading_course_halves_its_way() -> None:
    assert fading(9.0, 1.0, 600.0)(np.array([0.0, 600.0, 1200.0])) == pytest.approx([9, 5, 3])


@pytest.mark.parametrize(("minutes", "peak"), [(30, 50.0), (60, 100.0), (300, 100.0)])
def test_the_crowd_is_largest_after_an_hour_or_at_the_end(minutes: int, peak: float) -> None:
    extra = crowd(GRID, [outage(NOON, minutes)], peak=100.0)
    top = GRID.starts[np.argmax(extra)]

    assert extra[slot(NOON) - 1] == 0
    assert 0.3 * peak < extra[slot(NOON)] < 0.7 * peak
    assert 0.85 * peak < extra.max() <= peak
    assert abs(top - (NOON + min(minutes, 60) * MINUTE)) <= 10 * MINUTE
    assert extra[slot(NOON + minutes * MINUTE + 3 * HOUR)] < 0.02 * peak


def test_demand_follows_the_local_clock_over_a_clock_change() -> None:
    spring = replace(
        GRID.scenario,
        starts=parse_time("2014-03-24T00:00:00Z"),
        ends=parse_time("2014-04-07T00:00:00Z"),
    )
    grid = Grid(spring)
    course = demand(grid, "Europe/Vienna")

    def evening(day: str) -> int:
        first = (parse_time(f"{day}T15:00:00Z") - spring.starts) // 600
        return int(first + np.argmax(course[first : first + 36])) * 600 % 86_400

    assert evening("2014-03-26") == pytest.approx(19 * HOUR, abs=10 * MINUTE)
    assert evening("2014-04-02") == pytest.approx(18 * HOUR, abs=10 * MINUTE)


def test_demand_has_mean_one_over_the_first_week() -> None:
    assert demand(GRID, "Europe/Vienna")[:1008].mean() == pytest.approx(1)


def test_drift_is_slow_and_of_its_size() -> None:
    slow = np.array([drift(generator(seed, "a"), 4464, 0.03, 144.0) for seed in range(40)])
    near, far = (np.mean(slow[:, :-lag] * slow[:, lag:]) for lag in (144, 720))

    assert slow.std() == pytest.approx(0.03, rel=0.1)
    assert slow[:, 0].std() == pytest.approx(0.03, rel=0.4)
    assert near / slow.var() == pytest.approx(np.exp(-1), abs=0.1)
    assert far / slow.var() < 0.15


def test_drift_is_the_recursion_it_stands_for() -> None:
    keep, rng = np.exp(-1 / 24), generator(7, "b")
    shocks = rng.normal(0.0, 0.02 * np.sqrt(1 - keep**2), 2000)
    shocks[0] = rng.normal(0.0, 0.02)
    for place in range(1, 2000):
        shocks[place] += keep * shocks[place - 1]

    np.testing.assert_allclose(drift(generator(7, "b"), 2000, 0.02, 24.0), shocks, rtol=1e-9)
