"""`outage evaluate`: one JSON document, a table, and a line for each case that is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_detect import outage
from tests.judging.made import at, blackout, world
from tests.test_evaluation import write

KEYS = (
    "cases outages detected recall false_alarms false_alarms_per_subject_week duplicates"
    " delay_slots cause_accuracy scope_accuracy onset_error_slots end_error_slots nuisances_named"
    " brier wall_s by_cause intervals per_case"
).split()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a good case and a broken one."""
    folder = tmp_path_factory.mktemp("cases")
    write(folder / "good", world(blackout(at(12), 120)))
    write(folder / "broken", world(days=1))
    (folder / "broken" / "case.json").write_text("{")
    return folder


def test_a_good_case_is_judged(cases: Path) -> None:
    answer = outage("evaluate", str(cases / "good"), "--json")

    found = json.loads(answer.stdout)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert set(KEYS) <= set(found)
    assert (found["recall"], found["cause_accuracy"], found["false_alarms"]) == (1.0, 1.0, 0)
    (one,) = found["per_case"]
    assert one["case"] == "good"
    assert one["incidents"][0]["subject"] == "alpha"


def test_a_broken_case_is_a_line_and_leaves_the_other(cases: Path) -> None:
    answer = outage("evaluate", str(cases / "broken"), str(cases / "good"))

    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "broken" in line
    assert "not JSON" in line
    lines = dict(line.split(maxsplit=1) for line in answer.stdout.splitlines())
    assert lines["recall"].startswith("1.0  (95 %: 0.")
    assert lines["delay_slots"].startswith("median ")
    assert lines["application"].startswith("outages 1, detected 1, cause_right 1")
    assert not set("{[") & set(answer.stdout)


def test_settings_can_be_tried(cases: Path) -> None:
    answer = outage("evaluate", str(cases / "good"), "--json", "--set", "judging.possible_nats=1e5")

    assert json.loads(answer.stdout)["detected"] == 0


def test_without_a_folder_it_is_wrong_use() -> None:
    answer = outage("evaluate")

    assert answer.returncode == 2
    assert "Missing argument" in answer.stderr
