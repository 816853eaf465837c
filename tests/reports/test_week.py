"""A week shaped like the paper's comes back: every figure of tables 2 and 3 within 1 %."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outage.reports.exhibits import Report, as_json
from outage.reports.hosting import Sources, hosting
from outage.reports.qoe import qoe
from outage.reports.selection import Selection, open_flows
from outage.reports.traffic import traffic
from tests.reports.made_week import FLOWS

#: Table 3 of the paper, in percent.
TABLE_3 = {
    "bytes_down": {"chat": 16.6, "mm": 83.0, "mmv": 38.8, "mmi": 12.8, "mms": 29.8},
    "bytes_up": {"chat": 29.5, "mm": 70.2, "mmv": 35.2, "mmi": 15.0, "mms": 17.9},
    "flows": {"chat": 93.4, "mm": 6.2, "mmv": 0.3, "mmi": 2.9, "mms": 2.9},
    "down_share": {"chat": 60.6, "mm": 76.3, "mmv": 75.1, "mmi": 70.0, "mms": 81.9},
}
#: Table 2: addresses, /24, /16, /8.
TABLE_2 = {
    "whatsapp": (386, 51, 30, 24),
    "AS 36351": (1_364_480, 5_330, 106, 42),
}
KEYS = ("addresses", "prefixes_24", "prefixes_16", "prefixes_8")


@pytest.fixture(scope="module")
def reports(week: Path, networks: Path) -> dict[str, Report]:
    """Return the three reports on the week."""
    with open_flows(Selection([week], "whatsapp")) as flows:
        return {
            "traffic": traffic(flows),
            "hosting": hosting(flows, Sources(systems=networks)),
            "qoe": qoe(flows),
        }


def rows(report: Report, table: str, key: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a table by one of their columns, as `--json` gives them."""
    return {row[key]: row for row in as_json(report)["tables"][table]["rows"]}


def test_every_flow_of_the_week_is_found_and_no_other(reports: dict[str, Report]) -> None:
    found = as_json(reports["traffic"])

    assert (found["flows"], found["vantages"]) == (FLOWS, ["gn"])


@pytest.mark.parametrize("feature", TABLE_3)
def test_table_3_comes_back(reports: dict[str, Report], feature: str) -> None:
    found = rows(reports["traffic"], "shares", "feature")[feature]

    for part, percent in TABLE_3[feature].items():
        assert found[part] == pytest.approx(percent / 100, rel=0.01), part


@pytest.mark.parametrize("name", TABLE_2)
def test_table_2_comes_back(reports: dict[str, Report], name: str) -> None:
    found = rows(reports["hosting"], "prefixes", "name")[name]

    assert [found[key] for key in KEYS] == list(TABLE_2[name])


def test_the_week_is_rated_as_the_paper_rates_it(reports: dict[str, Report]) -> None:
    (about_5_mb, over_1_mb, *_) = as_json(reports["qoe"])["tables"]["opinions"]["rows"]

    for row in (about_5_mb, over_1_mb):
        assert row["good"] == pytest.approx(0.4, abs=0.01)
        assert row["at_least_acceptable"] == pytest.approx(0.6, abs=0.015)


def test_the_sizes_follow_from_table_3(reports: dict[str, Report]) -> None:
    sizes = rows(reports["traffic"], "sizes", "part")

    assert sizes["mm"]["mean"] == pytest.approx(225_000, rel=0.01)
    assert sizes["chat"]["mean"] == pytest.approx(
        225_000 * (6.2 / 79.57) * (20.06 / 93.4), rel=0.01
    )
