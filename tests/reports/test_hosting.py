"""The hosting report: prefixes, systems, places, round-trip times, and who is answered what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outage.reports.exhibits import Plot, Report, as_json
from outage.reports.hosting import Sources, hosting
from outage.reports.hosts import LISTED
from outage.reports.ranges import half
from outage.reports.selection import Selection, open_flows
from tests.reports.conftest import Write, flow
from tests.reports.made_dns import answer, result
from tests.reports.test_measurements import lines, ping
from tests.reports.test_places import CITY
from tests.reports.test_systems import write_mmdb

ROWS = [
    flow("192.0.2.1", down=600, up=100, category="chat"),
    flow("192.0.2.1", at=1_000, down=0, up=0, category="mmi"),
    flow("192.0.2.9", at=2_000, down=200, up=100, category="mmi"),
    flow("198.51.100.1", down=200, up=200, category="chat"),
    flow("2001:db8::1", down=0, up=0, category="chat"),
]
SYSTEMS = "192.0.2.0/24 64500\n192.0.3.0/24 64500\n198.51.100.0/24 64501\n"


@pytest.fixture
def flows(write: Write) -> Path:
    return write(*ROWS)


def report(flows: Path, **sources: Any) -> Report:
    with open_flows(Selection([flows])) as opened:
        return hosting(opened, Sources(**sources))


def table(found: Report, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = as_json(found)["tables"][name]["rows"]
    return rows


def plot(found: Report, name: str) -> Plot:
    return next(one for one in found.plots if one.name == name)


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    (tmp_path / "systems").write_text(SYSTEMS)
    return tmp_path / "systems"


def test_table_2_counts_addresses_and_prefixes_by_version_and_part(
    flows: Path, systems: Path
) -> None:
    whole, chat, media, images, *announced = table(report(flows, systems=systems), "prefixes")

    assert whole == {
        "part": "all",
        "name": "whatsapp",
        "addresses": 4,
        "prefixes_24": 2,
        "prefixes_16": 2,
        "prefixes_8": 2,
        "prefixes_48": 1,
        "prefixes_32": 1,
        "systems": 2,
    }
    assert (chat["name"], chat["addresses"], chat["prefixes_24"]) == ("whatsapp, chat", 3, 2)
    assert (media["addresses"], media["systems"]) == (2, 1)
    assert images["name"] == "whatsapp, mmi"
    assert announced == [
        {
            "system": number,
            "name": f"AS {number}",
            "addresses": 256 * nets,
            "prefixes_24": nets,
            "prefixes_16": 1,
            "prefixes_8": 1,
        }
        for number, nets in ((64500, 2), (64501, 1))
    ]


def test_without_a_file_of_systems_nothing_is_said_of_them(flows: Path) -> None:
    found = report(flows)

    assert table(found, "prefixes")[0]["systems"] is None
    assert "systems" not in as_json(found)["tables"]
    assert [line.name for line in plot(found, "address_space").lines] == ["whatsapp"]


def test_shares_are_those_of_flows_slots_and_bytes(flows: Path, systems: Path) -> None:
    first, second, third = table(report(flows, systems=systems), "systems")

    assert (first["system"], first["number"], first["addresses"]) == ("AS 64500", 64500, 2)
    assert [first[key] for key in ("flows", "active_slots", "bytes_down", "bytes_up")] == (
        pytest.approx([3 / 5, 3 / 5, 0.8, 0.5])
    )
    assert second["bytes_up"] == 0.5
    assert (third["system"], third["number"], third["bytes_down"]) == ("not known", None, 0)


def test_damaged_lines_of_the_systems_are_told(flows: Path, systems: Path) -> None:
    systems.write_text(f"{SYSTEMS}torn\n")

    assert any("not understood: 1 line of" in one for one in report(flows, systems=systems).remarks)


def test_the_prefixes_that_carry_most_come_first_and_many_are_summed_up(write: Write) -> None:
    rows = [flow(f"192.0.{k}.1", down=1_000 - k, up=0) for k in range(LISTED + 5)]

    found = table(report(write(*rows)), "by_prefix_24")

    assert [row["prefix"] for row in found[:2]] == ["192.0.0.0/24", "192.0.1.0/24"]
    assert (found[-1]["prefix"], found[-1]["addresses"]) == ("5 others", 5)
    assert sum(row["bytes_down"] for row in found) == pytest.approx(1)
    assert found[-1]["bytes_up"] == 0


def test_countries_and_cities_are_those_of_the_database(flows: Path, tmp_path: Path) -> None:
    records: dict[str, dict[str, Any]] = {
        "192.0.2.0/24": CITY,
        "198.51.100.0/24": {"country": {"iso_code": "AT"}},
    }
    geo = write_mmdb(tmp_path / "geo.mmdb", records)

    found = report(flows, places=geo)

    countries = {row["country"]: row["addresses"] for row in table(found, "countries")}
    cities = {(row["country"], row["city"]): row["addresses"] for row in table(found, "cities")}
    assert countries == {"US": 2, "AT": 1, "not known": 1}
    assert cities == {("US", "Dallas"): 2, ("not known", "not known"): 2}


def test_a_database_of_countries_makes_no_table_of_cities(flows: Path, tmp_path: Path) -> None:
    record = {"country": {"iso_code": "AT"}}
    geo = write_mmdb(tmp_path / "geo.mmdb", {"198.51.100.0/24": record})

    assert "cities" not in as_json(report(flows, places=geo))["tables"]


def test_round_trip_times_are_weighted_by_what_is_carried(flows: Path, tmp_path: Path) -> None:
    pings = lines(
        tmp_path / "pings",
        ping("192.0.2.1", 106, 106),
        ping("198.51.100.1", 114, 114),
        ping("192.0.2.9", -1),
        ping("203.0.113.1", 1, 1),
    )

    found = report(flows, pings=[pings])

    rows = {row["weight"]: row for row in table(found, "rtt")}
    assert rows["addresses"]["p50"] == 106
    assert [rows[one]["p75"] for one in ("flows", "bytes down", "bytes up")] == [114, 106, 114]
    assert (rows["flows"]["least"], rows["flows"]["most"]) == (106, 114)
    assert found.remarks == ["2 of 4 addresses answered a ping; 1 asked in vain"]
    assert {one.name for one in plot(found, "weighted_min_rtt").lines} == {
        "flows",
        "active slots",
        "bytes down",
        "bytes up",
    }


def test_times_of_several_probes_are_remarked_on(flows: Path, tmp_path: Path) -> None:
    pings = [ping("192.0.2.1", 9, 9, probe=probe) for probe in (1, 2)]

    found = report(flows, pings=[lines(tmp_path / "pings", *pings)])

    assert "2 probes" in found.remarks[1]


def test_pings_to_none_of_the_servers_leave_the_figure_out(flows: Path, tmp_path: Path) -> None:
    found = report(flows, pings=[lines(tmp_path / "pings", ping("203.0.113.1", 1, 1))])

    assert "rtt" not in as_json(found)["tables"]
    assert found.remarks == ["0 of 4 addresses answered a ping; 0 asked in vain"]


def probed(flows: Path, tmp_path: Path, *sets: list[str]) -> dict[str, Any]:
    results = [result(k, answer("e1.whatsapp.net", one)) for k, one in enumerate(sets)]
    (row,) = table(report(flows, answers=[lines(tmp_path / "dns", *results)]), "probes")
    return row


ONE, TWO, THREE = "192.0.2.1", "192.0.2.9", "203.0.113.1"


@pytest.mark.parametrize(
    ("sets", "verdict", "pools"),
    [
        (([ONE, TWO], [TWO, ONE]), "yes", 1),
        (([ONE, TWO], [TWO, THREE]), "one pool, seen in parts", 1),
        (([ONE], [TWO], [ONE, TWO]), "one pool, seen in parts", 1),
        (([ONE], [ONE], [TWO]), "no", 2),
    ],
)
def test_whether_all_probes_get_the_same_addresses(
    flows: Path, tmp_path: Path, sets: tuple[list[str], ...], verdict: str, pools: int
) -> None:
    row = probed(flows, tmp_path, *sets)

    assert (row["verdict"], row["pools"], row["probes"]) == (verdict, pools, len(sets))


def test_what_probes_see_is_held_against_the_flows(flows: Path, tmp_path: Path) -> None:
    row = probed(flows, tmp_path, [ONE, TWO, THREE], [ONE])

    assert (row["addresses"], row["sets"]) == (3, 2)
    assert row["seen"] == pytest.approx(2 / 3), "of all three, and of one"
    assert row["in_flows"] == pytest.approx(2 / 3)


def test_failed_answers_are_remarked_on(flows: Path, tmp_path: Path) -> None:
    results = [result(1, answer("e1.whatsapp.net", [ONE])), result(2, None), result(3, b"torn")]

    found = report(flows, answers=[lines(tmp_path / "dns", *results)])

    assert found.remarks == ["1 DNS results had no address", "1 DNS results were damaged"]


def test_the_panels_of_figure_3_tell_the_roles_apart(flows: Path) -> None:
    chat, media = plot(report(flows), "servers_by_flows").lines

    assert (chat.name, list(chat.x), list(chat.y)) == ("chat", [1, 3, 4], [0.2] * 3)
    assert (media.name, list(media.x), list(media.y)) == ("mm", [1, 2], [0.2] * 2)


def test_few_addresses_that_carry_half_are_told(flows: Path) -> None:
    whole, chat, *_ = table(report(flows), "servers")

    assert (whole["half_bytes_down"], whole["half_flows"]) == (1, 2)
    assert (chat["addresses"], chat["flows"], chat["half_bytes_down"]) == (3, 3 / 5, 1)


def test_of_nothing_there_is_no_half() -> None:
    assert half([0, 0]) is None
    assert half([1, 1, 1, 1]) == 2


def test_what_is_no_address_is_counted_and_told(write: Write) -> None:
    found = report(write(flow("server.example"), flow("192.0.2.1")))

    assert "servers whose address is none: 1 (the first is 'server.example')" in found.remarks
    assert table(found, "prefixes")[0]["addresses"] == 1
    assert {row["prefix"] for row in table(found, "by_prefix_24")} == {
        "192.0.2.0/24",
        "not an address",
    }


def test_figure_1_runs_along_the_address_space(flows: Path, systems: Path) -> None:
    service, *announced = plot(report(flows, systems=systems), "address_space").lines

    assert [int(x) for x in service.x] == [192, 192, 192, 198]
    assert [round(y, 3) for y in service.y if y is not None] == [0, 0.333, 0.667, 1]
    assert [line.name for line in announced] == ["all of AS 64500", "all of AS 64501"]
    assert all(line.dashed for line in announced)


def test_the_document_is_json(flows: Path, systems: Path) -> None:
    document = as_json(report(flows, systems=systems))

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (document["report"], document["service"], document["flows"]) == (
        "hosting",
        "whatsapp",
        5,
    )
    assert document["tables"]["prefixes"]["original"] == "table 2"
