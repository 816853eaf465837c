"""Quality of experience: opinions at the very marks of the paper, scores, and who is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from outage.reports.exhibits import Report, as_json
from outage.reports.qoe import qoe, score_of
from outage.reports.selection import Selection, open_flows
from tests.reports.conftest import Write, flow

MB = 1_000_000
CLASSES = ("good", "acceptable", "bad", "very_bad")


def report(flows: Path) -> Report:
    with open_flows(Selection([flows])) as opened:
        return qoe(opened)


def opinions(flows: Path) -> dict[str, dict[str, Any]]:
    rows = as_json(report(flows))["tables"]["opinions"]["rows"]
    return {row["transfers"]: row for row in rows}


def download(lasting: float, down: int = 2 * MB, category: str = "mmv") -> dict[str, Any]:
    return flow(down=down, lasting=lasting, category=category)


@pytest.mark.parametrize(
    ("seconds", "opinion"),
    [
        (0, "good"),
        (20, "good"),
        (20.000001, "acceptable"),
        (40, "acceptable"),
        (40.000001, "bad"),
        (79.999999, "bad"),
        (80, "very_bad"),
        (400, "very_bad"),
    ],
)
def test_a_wait_is_judged_at_the_marks(write: Write, seconds: float, opinion: str) -> None:
    row = opinions(write(download(seconds)))["over 1 MB"]

    assert {one for one in CLASSES if row[one]} == {opinion}


@pytest.mark.parametrize(
    ("seconds", "score"),
    [(0, 5), (10, 4.5), (20, 4), (30, 3.5), (40, 3), (60, 2), (80, 1), (500, 1)],
)
def test_the_score_falls_in_straight_lines(seconds: float, score: float) -> None:
    ((found,),) = duckdb.execute(f"SELECT {score_of('$1::DOUBLE')}", [seconds]).fetchall()

    assert found == pytest.approx(score)


def test_only_downloads_over_1_mb_are_judged(write: Write) -> None:
    found = opinions(write(download(5, MB), download(5, MB + 1), flow(down=10, up=5 * MB)))

    assert found["over 1 MB"]["count"] == 1


def test_transfers_about_5_mb_are_told_apart(write: Write) -> None:
    sizes = (4 * MB - 1, 4 * MB, 6 * MB, 6 * MB + 1)

    found = opinions(write(*(download(5, size) for size in sizes)))

    assert (found["4 to 6 MB"]["count"], found["over 1 MB"]["count"]) == (2, 4)


def test_shares_are_told_apart_cumulated_as_in_the_paper_and_by_part(write: Write) -> None:
    waits = (10, 15, 30, 50, 90)
    found = opinions(write(*map(download, waits), download(10, category="mmi"), flow()))

    assert found["over 1 MB, mmv"] == {
        "transfers": "over 1 MB, mmv",
        "count": 5,
        "size": "over 1 MB",
        "part": "mmv",
        "good": 0.4,
        "acceptable": 0.2,
        "bad": 0.2,
        "very_bad": 0.2,
        "at_least_acceptable": 0.6,
        "bad_or_worse": 0.4,
        "score": pytest.approx((4.5 + 4.25 + 3.5 + 2.5 + 1) / 5),
    }
    assert found["over 1 MB, mm"]["count"] == 6
    assert "over 1 MB, chat" not in found, "nothing was downloaded"


def test_without_transfers_the_report_says_so(write: Write) -> None:
    found = report(write(flow()))

    assert found.remarks == ["no flow brought more than 1 MB down: there is no transfer to rate"]
    assert opinions(write(flow()))["over 1 MB"]["count"] == 0
    assert "good" not in opinions(write(flow()))["over 1 MB"]


def test_figure_7_has_its_panels_marks_and_throughputs(write: Write) -> None:
    found = report(write(download(16, 5 * MB), download(30, 2 * MB, "mmi")))

    assert [plot.original for plot in found.plots] == [f"figure 7 ({one})" for one in "abc"]
    times = found.plots[2]
    assert [line.name for line in times.lines] == ["4 to 6 MB", "over 1 MB"]
    assert list(times.marks) == [(20, "good"), (40, "acceptable"), (80, "very bad")]
    throughput = as_json(found)["tables"]["throughput_down"]["rows"]
    assert {row["part"]: row["mean"] for row in throughput if row["part"] != "all"} == {
        "mm": pytest.approx((2.5 + 0.53333) / 2 * MB, rel=1e-4),
        "mmv": 2.5 * MB,
        "mmi": pytest.approx(0.53333 * MB, rel=1e-4),
    }
