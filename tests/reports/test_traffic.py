"""The traffic report: table 3, the course of the day, and how flows are spread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outage.reports.exhibits import Plot, Report, as_json
from outage.reports.selection import Selection, open_flows
from outage.reports.traffic import traffic
from tests.reports.conftest import NOON, Write, flow

HOUR = 3_600
MB = 1_000_000


def report(flows: Path, zone: str = "UTC") -> Report:
    with open_flows(Selection([flows])) as opened:
        return traffic(opened, zone)


def rows(found: Report, table: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in as_json(found)["tables"][table]["rows"]}


def plot(found: Report, name: str) -> Plot:
    return next(one for one in found.plots if one.name == name)


def test_table_3_has_its_rows_and_columns(write: Write) -> None:
    found = report(
        write(
            flow(down=10, up=30, category="chat"),
            flow(down=50, up=50, category="mmv"),
            flow(down=40, up=10, category="mms"),
            flow(down=0, up=10, category=""),
        )
    )

    shares = rows(found, "shares", "feature")

    assert list(shares) == ["bytes_down", "bytes_up", "flows", "down_share"]
    assert list(shares["flows"])[2:] == ["chat", "mm", "mmv", "mms", "rest"]
    assert [shares["bytes_down"][one] for one in ("chat", "mm", "rest")] == [0.1, 0.9, 0]
    assert [shares["bytes_up"][one] for one in ("chat", "mm", "rest")] == [0.3, 0.6, 0.1]
    assert [shares["flows"][one] for one in ("chat", "mm", "rest")] == [0.25, 0.5, 0.25]
    assert [shares["down_share"][one] for one in ("chat", "mmv", "mms", "rest")] == [
        0.25,
        0.5,
        0.8,
        0,
    ]


def test_a_service_without_categories_has_one_column(write: Write) -> None:
    shares = rows(report(write(flow(category=""))), "shares", "feature")

    assert shares["flows"] == {"feature": "flows", "title": "flows", "all": 1}


def test_bytes_that_are_not_known_are_not_zero(write: Write) -> None:
    found = report(write(flow(down=None, up=None)))

    shares = rows(found, "shares", "feature")
    assert shares["bytes_down"]["chat"] is None
    assert shares["down_share"]["chat"] is None
    assert as_json(found)["tables"]["sizes"]["rows"] == []
    assert found.remarks[0].startswith("without byte counts: 1 of 1 flow;")


def test_wrong_clocks_are_remarked_on(write: Write) -> None:
    assert (
        report(write(flow(lasting=-9)))
        .remarks[0]
        .startswith("ending before the start, or after more than seven days: 1 of 1 flow")
    )


def test_sizes_are_told_by_part(write: Write) -> None:
    chat = [flow(down=size, up=0) for size in (4_000, 8_000, 12_000)]
    found = report(write(*chat, flow(down=60_000, up=20_000, category="mmi")))

    sizes = rows(found, "sizes", "part")

    assert sizes["chat"]["mean"] == 8_000
    assert (sizes["chat"]["p50"], sizes["chat"]["p90"]) == (8_000, 12_000)
    assert sizes["chat"]["upto_10000"] == pytest.approx(2 / 3)
    assert (sizes["mm"]["mean"], sizes["mm"]["upto_70000"]) == (80_000, 0)
    assert sizes["all"]["flows"] == 4


def test_durations_are_told_to_the_microsecond(write: Write) -> None:
    found = report(write(flow(lasting=60), flow(lasting=60.000001), flow(lasting=1_440)))

    durations = rows(found, "durations", "part")["chat"]

    assert durations["upto_60"] == pytest.approx(1 / 3)
    assert (durations["upto_900"], durations["upto_1440"]) == (pytest.approx(2 / 3), 1)


def test_throughput_is_that_of_large_flows_by_direction(write: Write) -> None:
    found = report(
        write(
            flow(down=2 * MB, up=MB, lasting=8),
            flow(down=3 * MB, up=4 * MB, lasting=16, category="mmv"),
            flow(down=9 * MB, up=9 * MB, lasting=0),
        )
    )

    down, up = (rows(found, f"throughput_{one}", "part") for one in ("down", "up"))

    assert down["all"]["flows"] == 2, "without a duration there is no throughput"
    assert down["chat"]["mean"] == 2 * MB
    assert down["mm"]["mean"] == 1.5 * MB
    assert set(up) == {"all", "mm", "mmv"}, "1 MB is not over 1 MB"
    assert up["mmv"]["mean"] == 2 * MB


def test_counters_at_their_limit_are_no_fault(write: Write) -> None:
    found = report(write(*(flow(down=2**62, up=2**62) for _ in range(3))))

    assert rows(found, "sizes", "part")["chat"]["mean"] == pytest.approx(2.0**63)
    assert rows(found, "throughput_up", "part")["chat"]["flows"] == 3


def test_the_cloud_of_figure_5_counts_every_flow_once(write: Write) -> None:
    found = report(
        write(
            *(flow(down=1_000, up=0, lasting=10) for _ in range(5)),
            flow(down=0, up=0),
            flow(down=50_000, lasting=3, category="mmi"),
        )
    )

    chat, media = plot(found, "duration_by_size").lines

    assert (chat.name, chat.weights, media.weights) == ("chat", [5], [1])
    assert chat.x[0] == pytest.approx(1_000, rel=0.13)
    assert chat.y[0] == pytest.approx(10, rel=0.13)


def test_the_cdfs_are_of_the_coarse_parts(write: Write) -> None:
    found = report(write(flow(), flow(category="mmi"), flow(category="mmv")))

    assert [line.name for line in plot(found, "size_cdf").lines] == ["chat", "mm"]
    assert [line.name for line in plot(found, "throughput_down_cdf").lines] == []


def test_activity_and_hours_follow_the_clock_of_the_zone(write: Write) -> None:
    busy = [flow(f"192.0.2.{k}", at=k, lasting=3_000) for k in range(4)]
    found = report(write(*busy, flow("192.0.2.1", at=2 * HOUR)), "Europe/Vienna")

    (whole, _) = rows(found, "activity", "part").values()
    hours = rows(found, "hours", "hour")

    assert (whole["least"], whole["most"]) == (0, 4)
    assert (whole["quiet_hour"], whole["busy_hour"]) == ("14:00", "13:00")
    assert hours["13:00"]["active_addresses"] == 4
    assert hours["14:00"] == {
        "hour": "14:00",
        "active_addresses": 0,
        "flows": 0,
        "bytes_down": 0,
        "bytes_up": 0,
    }
    columns = [one.title for one in found.tables[2].columns]
    assert columns[0] == "hour, Europe/Vienna"


def test_hours_are_shares_of_a_mean_day(write: Write) -> None:
    two_days = [flow(at=day * 24 * HOUR + k * HOUR, lasting=0) for day in (0, 1) for k in (0, 1)]

    hours = rows(report(write(*two_days, flow(at=25 * HOUR + 1, lasting=0))), "hours", "hour")

    assert sum(row["flows"] for row in hours.values()) == pytest.approx(1)
    assert hours["12:00"]["flows"] < hours["13:00"]["flows"]


def test_parts_over_time_are_shares_of_the_busiest_slot(write: Write) -> None:
    busy = [flow(), flow(), flow(category="mmi"), flow(category="mmi")]
    found = report(write(*busy, flow(at=600)))

    lines = {line.name: list(line.y) for line in plot(found, "flows_over_time").lines}

    assert lines == {"all": [1, 0.25], "chat": [0.5, 0.25], "mm": [0.5, 0], "mmi": [0.5, 0]}
    assert list(plot(found, "flows_over_time").lines[0].x) == [NOON, NOON + 600]


def test_long_stretches_are_averaged_not_cut(write: Write) -> None:
    weeks = [flow(at=k * 12 * HOUR, lasting=0) for k in range(80)]

    line = plot(report(write(*weeks)), "active_addresses").lines[0]

    assert len(line.x) <= 2_016
    assert sum(y for y in line.y if y is not None) * 3 == pytest.approx(80, abs=3)


def test_plots_are_named_as_the_panels_of_the_paper(write: Write) -> None:
    found = report(write(flow(device="Android"), flow(category="mmi", device="iOS")))

    panels = [one.original for one in found.plots]

    assert panels == [f"figure 4 ({one})" for one in "abcd"] + [
        f"figure 5 ({one})" for one in "abcd"
    ] + ["figure 6 (a)", "figure 6 (b)"]
