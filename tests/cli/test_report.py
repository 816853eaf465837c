"""`outage report`: text, one JSON document, one HTML file; a clear line where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_detect import complaint, invoke, outage
from tests.reports.conftest import Write, flow, write

__all__ = ["write"]

MB = 1_000_000
KEYS = "report service vantage vantages since until flows remarks tables plots".split()


@pytest.fixture
def flows(write: Write) -> Path:
    return write(
        flow("192.0.2.1", vantage="north"),
        flow("192.0.2.9", at=700, down=2 * MB, category="mmi", vantage="south"),
        flow("198.51.100.1", service="signal", category=""),
    )


def document(*words: str) -> dict[str, Any]:
    """Return the one JSON document that a command prints."""
    answer = invoke("report", *words, "--json")
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("hosting", {"prefixes", "by_prefix_16", "by_prefix_24", "servers"}),
        ("traffic", {"shares", "activity", "hours", "sizes", "durations", "time_outs"}),
        ("qoe", {"opinions", "download_times", "throughput_down"}),
    ],
)
def test_the_document_of_a_report_has_its_keys(flows: Path, name: str, tables: set[str]) -> None:
    found = document(name, str(flows), "--service", "whatsapp")

    assert list(found) == KEYS
    assert (found["report"], found["service"], found["flows"]) == (name, "whatsapp", 2)
    assert found["vantages"] == ["north", "south"]
    assert found["since"] == "2014-02-18T12:00:00Z"
    assert tables <= set(found["tables"])


@pytest.mark.parametrize("name", ["hosting", "traffic", "qoe"])
def test_a_report_is_text_for_people(flows: Path, name: str) -> None:
    answer = outage("report", name, str(flows), "--service", "whatsapp")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert ": whatsapp from north, south, 2014-02-18T12:00:00Z to" in answer.stdout.splitlines()[0]
    assert "[table " in answer.stdout or "[section 5, figure 7" in answer.stdout


def test_flows_are_chosen_by_vantage_and_time(flows: Path) -> None:
    words = ("traffic", str(flows), "--service", "whatsapp")

    assert document(*words, "--vantage", "north")["flows"] == 1
    found = document(*words, "--since", "2014-02-18T12:10:00Z", "--until", "2014-02-18T13:00:00Z")
    assert (found["flows"], found["vantages"]) == (1, ["south"])
    assert found["until"] == "2014-02-18T13:00:00Z"


def test_the_hours_are_those_of_the_operator(flows: Path, tmp_path: Path) -> None:
    (tmp_path / "outage.toml").write_text(
        '[operators.north]\nname = "North"\ntimezone = "Asia/Tokyo"\n'
    )
    config = ("--config", str(tmp_path / "outage.toml"))
    words = ("traffic", str(flows), "--service", "whatsapp")

    (here,) = document(*words, "--vantage", "north", *config)["tables"]["hours"]["rows"]
    both = document(*words, *config)["tables"]["hours"]["rows"]

    assert here["hour"] == "21:00"
    assert both[0]["hour"] == "12:00", "two operators have no common clock"


def test_the_files_of_the_user_tell_more_of_the_addresses(flows: Path, tmp_path: Path) -> None:
    systems, pings = tmp_path / "systems.txt", tmp_path / "pings.json"
    systems.write_text("192.0.2.0/24\t64500\n")
    pings.write_text(json.dumps([{"type": "ping", "dst_addr": "192.0.2.1", "min": 106.5}]))

    found = document(
        "hosting", str(flows), "--service", "whatsapp", "--asn", str(systems), "--ping", str(pings)
    )

    (system,) = found["tables"]["systems"]["rows"]
    assert (system["number"], system["addresses"]) == (64500, 2)
    assert found["tables"]["rtt"]["rows"][0]["least"] == 106.5


def test_the_html_is_written_and_named(flows: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"

    answer = invoke("report", "qoe", str(flows), "--service", "whatsapp", "--html", str(file))

    assert answer.stdout == f"{file}: Quality of experience of whatsapp\n"
    assert "figure 7 (a)" in file.read_text()


def test_html_and_json_together_leave_stdout_to_json(flows: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"

    document("qoe", str(flows), "--service", "whatsapp", "--html", str(file))

    assert file.exists()


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ([], 2, "choose one: --service "),
        (["--service", "whatsup"], 1, "do you mean whatsapp?"),
        (["--service", "whatsapp", "--vantage", "west"], 1, "there are north, south"),
        (
            ["--service", "whatsapp", "--since", "2020-01-01T00:00:00Z"],
            1,
            "its flows start between",
        ),
        (["--service", "whatsapp", "--since", "yesterday"], 2, "is not ISO 8601"),
        (["--service", "whatsapp", "--asn", "{flows}"], 1, "names no autonomous system"),
        (["--service", "whatsapp", "--geo", "{flows}"], 1, "not an MMDB file"),
        (["--service", "whatsapp", "--ping", "{flows}"], 1, "not JSON as RIPE Atlas"),
        (["--service", "whatsapp", "--atlas-dns", "{gone}"], 1, "No such file or directory"),
        (["--service", "whatsapp", "--html", "{gone}/x.html"], 2, "not a file in a folder"),
    ],
)
def test_a_fault_is_one_clear_line(
    flows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    line: str,
) -> None:
    known = {"flows": flows, "gone": tmp_path / "gone"}
    asked = ["report", "hosting", str(flows), *(word.format(**known) for word in words)]

    found, out, err = complaint(asked, monkeypatch)

    assert (found, out) == (code, "")
    (only,) = err.splitlines()
    assert line in only


def test_flows_that_are_not_classified_are_told(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(flow(), classes=False)

    code, _, err = complaint(["report", "traffic", str(file)], monkeypatch)

    assert code == 1
    assert "has no column service, category" in err
    assert "outage flows classify" in err


def test_real_logs_become_reports(shared: Path, tmp_path: Path) -> None:
    day = shared / "data" / "zeek" / "2024-04-21"
    if not day.is_dir():
        pytest.skip(f"no Zeek logs in {day}")
    logs, out = tmp_path / "logs", tmp_path / "out"
    assert invoke("flows", "read", "zeek", str(day), "--out", str(logs)).exit_code <= 1
    files = [[str(one) for one in (logs / kind).glob("*.parquet")] for kind in ("flows", "dns")]
    words = ["--flows", *files[0], "--dns", *files[1], "--out", str(out)]
    assert invoke("flows", "classify", *words).exit_code == 0

    found = document("hosting", str(out), "--service", "telegram")

    assert found["flows"] == 2
    assert found["tables"]["prefixes"]["rows"][0]["addresses"] >= 1
