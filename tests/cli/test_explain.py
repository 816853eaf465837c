"""`outage explain` and `outage case export`: what they print, and their faults in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outage.store import Store
from tests.cli.test_detect import complaint, invoke
from tests.judging.made import JUDGED, at, blackout, without, world

SINCE = "2025-03-25T00:00:00Z"
FOUR = "2025-03-25T04:00:00Z"


@pytest.fixture
def url(sqlite_store_url: str) -> str:
    """Return a judged store with a blackout, and a service that began the day before."""
    young = without(world(blackout(at(4), 60)), 0, at(-12), subject="beta")
    with Store.open(sqlite_store_url) as store:
        store.add(young, JUDGED)
    stretch = ("--since", SINCE, "--until", "2025-03-25T08:00:00Z")
    invoke("detect", *stretch, "--database", sqlite_store_url)
    return sqlite_store_url


def test_explain_speaks_in_sentences(url: str) -> None:
    answer = invoke("explain", "--subject", "alpha", "--at", FOUR, "--database", url)

    assert answer.exit_code == 0
    first, second, *rest = answer.stdout.splitlines()
    assert first == "alpha, slot 2025-03-25 04:00 to 04:10 UTC"
    assert second.startswith("- An incident of alpha opened at 2025-03-25 04:10 UTC (application")
    assert any("bytes_down at op-a" in line for line in rest)


def test_explain_prints_one_json_document(url: str) -> None:
    answer = invoke("explain", "--subject", "alpha", "--at", FOUR, "--json", "--database", url)
    document = json.loads(answer.stdout)

    assert document["outcome"] == "opened"
    assert document["sentences"][0].startswith("An incident of alpha opened")
    assert set(document["weights"][0]) == {"name", "outage", "running", "slot", "margin", "over"}


def test_explain_tries_other_settings(url: str) -> None:
    strict = ["--set", "judging.possible_nats=900"]
    answer = invoke("explain", "--subject", "alpha", "--at", FOUR, *strict, "--database", url)

    assert "No incident of alpha was open" in answer.stdout
    assert "short of the 900 that open an incident" in answer.stdout
    assert "The store has an incident then" in answer.stdout


def test_without_a_subject_it_lists_what_is_warming_up(url: str) -> None:
    answer = invoke("explain", "--at", "2025-03-25T06:00:00Z", "--database", url)
    document = invoke("explain", "--at", "2025-03-25T06:00:00Z", "--json", "--database", url)

    assert answer.stdout.startswith("beta ")
    assert "until then judged by last hours" in answer.stdout
    assert {one["subject"] for one in json.loads(document.stdout)["warming"]} == {"beta"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain", "--subject", "alfa", "--at", FOUR], "did you mean 'alpha'?"),
        (["explain", "--subject", "alpha", "--at", "noon"], "time 'noon' is not ISO 8601"),
        (["case", "export", "zz", "somewhere"], "the store has no such incident"),
        (["case", "export", "zz", "there", "--end", "noon"], "time 'noon' is not ISO 8601"),
    ],
)
def test_wrong_use_is_one_line(
    url: str, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, shown, said = complaint([*words, "--database", url], monkeypatch)

    assert (code, shown) == (2, "")
    (line,) = said.splitlines()
    assert says in line


def test_an_empty_store_is_said_to_be_empty(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["explain", "--subject", "alpha", "--at", FOUR, "--database", sqlite_store_url]
    code, shown, said = complaint(words, monkeypatch)

    assert (code, shown) == (2, "")
    assert "the store holds no samples; import some first" in said


def test_a_case_is_written_and_evaluated(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        (one,) = store.incidents()
    folder = str(tmp_path / "case")

    written = invoke("case", "export", one.id, folder, "--cause", "dns", "--database", url)
    found = json.loads(invoke("evaluate", folder, "--json").stdout)

    assert written.exit_code == 0
    assert written.stdout.startswith(f"{folder}: ")
    assert "1 outage labelled" in written.stdout
    assert (found["detected"], found["recall"]) == (1, 1.0)
    assert found["cause_accuracy"] == 0.0  # it was corrected to dns, and judged as before
