"""Made cases: their format, the same each time, labels that are true and fair, honest nuisances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import Made, make_case, write_case
from benchmarks.cases.events import Event
from benchmarks.cases.fairness import VISIBLE, visible
from benchmarks.cases.faults import fault
from benchmarks.cases.layout import DEVICES, NETWORK, PEOPLE, local_offsets
from benchmarks.cases.planning import CAUSES, apart
from benchmarks.cases.responses import nameable
from benchmarks.cases.writing import labels, samples
from outage.evaluation import read_case
from outage.slots import DAY, HOUR, MINUTE
from outage.words import SIGNALS, Cause
from tests.benchmarks.worlds import EVERY, LAYOUT, START, event, quiet

ROOT = Path(__file__).parents[2]
SEEDS = (3, 7, 9, 12, 13, 16, 19, 20)  # small ones: what a test can afford


@lru_cache
def made(seed: int) -> Made:
    return make_case(seed)


# -- format ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_case_is_read_back_as_it_was_made(seed: int, tmp_path: Path) -> None:
    case = read_case(write_case(made(seed), tmp_path))
    layout = made(seed).layout

    assert (case.slot_seconds, case.services, case.operators) == (
        layout.slot,
        layout.services,
        layout.operators,
    )
    assert (case.judged_from, case.ends) == (layout.judged_from, layout.ends)
    assert [(x.kind, x.start, x.end, x.recovered) for x in case.outages] == [
        (x.kind, x.start, x.end, x.recovered) for x in made(seed).outages
    ]
    assert len(case.nuisances) == len(made(seed).nuisances)


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_are_of_known_signals_on_the_grid(seed: int) -> None:
    layout, table = made(seed).layout, samples(made(seed))
    starts = table["slot_start"].to_numpy().astype("datetime64[s]").astype(np.int64)

    assert set(table["signal"].unique().to_pylist()) <= set(SIGNALS)
    assert set(table["service"].unique().to_pylist()) <= {*layout.services, *layout.operators}
    assert (starts % layout.slot == 0).all()
    assert starts.min() >= layout.starts
    assert starts.max() < layout.ends
    values = table["value"].to_numpy()
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert ("source" in table.column_names) == layout.sources
    assert 28 * DAY == layout.judged_from - layout.starts
    assert 4 * DAY <= layout.ends - layout.judged_from <= 7 * DAY


def test_cases_differ_in_every_way_that_was_asked_for() -> None:
    layouts = [made(seed).layout for seed in SEEDS]
    assert len({x.slot for x in layouts}) >= 3
    assert len({len(x.operators) for x in layouts}) >= 3
    assert any(not set(PEOPLE) & x.signals or not set(DEVICES) & x.signals for x in layouts)
    zones = [np.unique(local_offsets(x)) for x in layouts]
    assert any(len(x) == 2 for x in zones)  # the clocks change within
    assert any(len(x) == 1 for x in zones)


# -- the same each time ---------------------------------------------------------------------


def test_a_seed_makes_the_same_case() -> None:
    first, again, other = make_case(9), make_case(9), make_case(12)
    assert samples(first).equals(samples(again))
    assert labels(first) == labels(again)
    assert labels(first) != labels(other)


def test_the_order_of_sets_changes_nothing() -> None:
    program = (
        "from benchmarks.cases import make_case; from benchmarks.cases.writing import *;"
        "made = make_case(3); print(labels(made), float(sum(samples(made)['value'].to_numpy())))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "3")  # which put two signals in different orders
    ]
    assert said[0] == said[1]


# -- labels ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_are_within_the_judged_days_and_apart(seed: int) -> None:
    case, layout = made(seed), made(seed).layout
    for one in (*case.outages, *case.nuisances):
        assert layout.judged_from <= one.start < one.end <= layout.ends
    for one in case.outages:
        assert one.end <= one.recovered <= layout.ends
        assert 0.15 <= (one.depth or 0) <= 1
        assert 20 * MINUTE <= one.end - one.start <= 12 * HOUR
        assert one.kind in set(Cause)
        assert (one.service is None) == (one.kind == "operator")
        assert one.vantage is None or one.kind == "operator" or len(layout.operators) > 1
        assert apart(layout, one, [x for x in case.outages if x is not one])
    for old in case.history:
        assert old.end < layout.judged_from


@pytest.mark.parametrize("seed", SEEDS)
def test_labelled_outages_can_be_seen_and_told(seed: int) -> None:
    case = made(seed)
    assert len(case.visibility) == len(case.outages)
    assert all(seen >= VISIBLE for seen in case.visibility)
    assert all(nameable(x.kind, case.layout.signals) for x in case.outages)


def mean_of(case: Made, name: str, one: Event, start: int, end: int) -> float:
    """Return the mean of a signal where an outage is, over the slots wholly within a time."""
    layout, values = case.layout, case.values[name]
    services = slice(None) if one.service is None else layout.services.index(one.service)
    vantages = slice(None) if one.vantage is None else layout.operators.index(one.vantage)
    rows = slice(layout.row(start + layout.slot - 1), max(layout.row(end), layout.row(start) + 2))
    return float(np.nanmean(values[rows, services, vantages]))


MARKS = {  # by cause: a proportion, and by what it has to change when half or more is hit
    "application": ("bytes_down", "flows", 0.0, 0.8),
    "unreachable": ("syn_ack", "syn", 0.0, 0.7),
    "dns": ("dns_failures", "flows", 2.0, np.inf),
    "latency": ("rtt_tcp_ms", None, 1.6, 8.0),
    "throttling": ("bytes_down", "flows", 0.0, 0.75),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_change_as_the_label_says(seed: int) -> None:
    case = made(seed)
    for one in case.outages:
        if one.kind not in MARKS or (one.depth or 0) < 0.5 or one.slow:
            continue
        above, below, low, high = MARKS[one.kind]
        names = [name for name in (above, below) if name]
        if (
            not set(names) <= set(case.values)
            or mean_of(case, names[-1], one, one.start, one.end) < 20
        ):
            continue
        usual = [mean_of(case, n, one, one.start - 7 * DAY, one.end - 7 * DAY) for n in names]
        seen = [mean_of(case, n, one, one.start, one.end) for n in names]
        change = seen[0] / max(usual[0], 0.1) / (seen[1] / usual[1] if below else 1)
        assert low < change < high, (case.layout.seed, one, change)


def test_an_outage_that_a_gap_hides_is_not_fair() -> None:
    world, one = (
        quiet(replace(LAYOUT, signals=frozenset(NETWORK))),
        event("unreachable", service="app-a", vantage="net-1"),
    )
    change = fault(np.random.default_rng(1), world, one)
    hidden = Event("data_gap", START - HOUR, one.end + HOUR, 0, None, "net-1", detail="flows")
    elsewhere = replace(hidden, vantage="net-2")
    assert visible(world, one, change, []) > VISIBLE
    assert visible(world, one, change, [elsewhere]) > VISIBLE
    assert visible(world, one, change, [hidden]) == 0


def test_a_cause_without_its_mark_is_not_asked_for() -> None:
    assert all(nameable(cause, EVERY) for cause in CAUSES)
    assert not nameable("latency", EVERY - {"rtt_tcp_ms"})
    assert not nameable("dns", EVERY - {"dns_failures"})
    assert not nameable("unreachable", EVERY - {"syn_ack"})
    assert nameable("application", EVERY - {"syn_ack"})
    assert not nameable("application", EVERY - {"syn_ack", "rst"})


# -- the benchmark --------------------------------------------------------------------------


def test_the_benchmark_judges_and_sums_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/held_back.py", "--seeds", "7:8", "--jobs", "1",
         "--keep", str(tmp_path), "--json", str(tmp_path / "found.json")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["cases"] == 1
    assert found["outages"] == len(found["rows"]["outages"]) == len(made(7).outages)
    assert found["detected"] == sum(row["detected"] for row in found["rows"]["outages"])
    assert len(found["rows"]["false"]) == found["false_alarms"]
    assert (tmp_path / "made-7" / "samples.parquet").exists()
    assert done.stdout.splitlines()[-1].startswith("held_back: 1 cases, ")
