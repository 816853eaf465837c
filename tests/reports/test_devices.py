"""Time-outs: found where they are, by type of device; none where flows end as they like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outage.reports.devices import (
    AROUND,
    IDENTIFIERS,
    LONGEST,
    NOT_KNOWN,
    device_exhibits,
    time_outs,
)
from outage.reports.exhibits import Plot, Report, as_json
from outage.reports.selection import Selection, open_flows
from tests.reports.conftest import Write, flow
from tests.reports.made_week import made_week

SIZE = LONGEST + AROUND + 1


def spread(*time_outs_: int, background: int = 2, each: int = 400) -> np.ndarray[Any, Any]:
    """Return flows a second: some everywhere, many at each time-out."""
    seconds = np.full(SIZE, float(background))
    seconds[list(time_outs_)] += each
    return seconds


def test_time_outs_stand_out() -> None:
    found = time_outs(spread(180, 600, 900, each=9_000))

    assert [second for second, _ in found] == [180, 600, 900]
    assert sum(share for _, share in found) == pytest.approx(27_000 / (27_000 + 2 * SIZE), rel=1e-3)


@pytest.mark.parametrize(
    "seconds",
    [
        spread(),
        spread(10, each=9_000),
        spread(SIZE - 1, each=9_000),
        spread(600, each=100),
        spread(600, background=0, each=19),
        np.zeros(SIZE),
        np.linspace(100, 0, SIZE),
    ],
    ids=["even", "too short", "all longer", "under 1 %", "too few", "none", "falling"],
)
def test_what_is_no_time_out_is_not_told(seconds: np.ndarray[Any, Any]) -> None:
    assert time_outs(seconds) == []


def test_flows_a_second_off_belong_to_the_time_out() -> None:
    seconds = np.zeros(SIZE)
    seconds[[599, 600, 601]] = 30, 90, 30
    seconds[1_000] = 50

    assert time_outs(seconds) == [(600, 0.75), (1_000, 0.25)]


def test_one_time_out_is_told_once() -> None:
    seconds = np.zeros(SIZE)
    seconds[[600, 601]] = 50

    assert [second for second, _ in time_outs(seconds)] == [600]


def exhibits(path: Path) -> tuple[dict[str, list[dict[str, Any]]], list[Plot], list[str]]:
    with open_flows(Selection([path])) as flows:
        found, remarks = device_exhibits(flows)
        report = Report("x", "x", flows.scope, found)
    return {k: v["rows"] for k, v in as_json(report)["tables"].items()}, report.plots, remarks


def test_the_time_outs_of_the_week_are_found_by_type(tmp_path: Path) -> None:
    tables, plots, remarks = exhibits(made_week(20_000).write_classified(tmp_path))

    chat: dict[str, list[int]] = {}
    for row in tables["time_outs"]:
        if row["part"] == "chat":
            chat.setdefault(row["device"], []).append(row["time_out"])
    assert chat == {
        "all": [180, 600, 900, 1_440],
        "Android": [600, 900, 1_440],
        "iOS": [180],
        "BlackBerry": [900],
        "Windows Phone": [600],
        "not known": [None],
    }
    assert [plot.original for plot in plots] == [f"figure 6 ({one})" for one in "abc"]
    assert {line.name for line in plots[0].lines} == {*chat} - {"all"}
    assert remarks == []


def test_rare_types_are_others_and_no_flow_is_lost(write: Write) -> None:
    rows = [flow(device=f"type '{k}'") for k in range(9) for _ in range(9 - k)]

    tables, (plot,), _ = exhibits(write(*rows, flow(), flow(device="type '0'", category="chat")))

    counts = {row["device"]: row["flows"] for row in tables["time_outs"]}
    assert counts["all"] == len(rows) + 2 == sum(counts.values()) - counts["all"]
    assert (counts["type '0'"], counts["others"], counts["not known"]) == (10, 1, 1)
    assert len(plot.lines) == len(counts) - 1


def test_without_types_the_report_says_so_and_looks_at_all_devices(write: Write) -> None:
    tables, plots, remarks = exhibits(write(*(flow(lasting=600) for _ in range(30))))

    assert tables["time_outs"] == [
        {"part": "chat", "device": "all", "flows": 30, "time_out": 600, "share": 1.0}
    ]
    assert (plots, remarks) == ([], [NOT_KNOWN])


def test_identifiers_are_no_types(write: Write) -> None:
    tables, plots, remarks = exhibits(write(*(flow(device=f"hash-{k}") for k in range(60))))

    assert [row["device"] for row in tables["time_outs"]] == ["all"]
    assert (plots, remarks) == ([], [IDENTIFIERS])
