"""`outage replay`: one JSON document of the contract, and one line where it is used wrongly."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from outage.store import Store
from tests.cli.test_detect import EVIDENCE, INCIDENT, NOTICE, complaint, invoke, outage
from tests.judging.made import JUDGED, at, blackout, world


@cache
def replayed() -> CompletedProcess[str]:
    return outage("replay", "whatsapp-2014", "--json")


def test_a_scenario_is_one_json_document_and_nothing_else() -> None:
    document = json.loads(replayed().stdout)

    assert (replayed().returncode, replayed().stderr) == (0, "")
    assert set(document) == {"incidents", "notices"}
    assert all(set(one) == INCIDENT for one in document["incidents"])
    assert all(set(line) == EVIDENCE for one in document["incidents"] for line in one["evidence"])
    assert all(set(one) == NOTICE for one in document["notices"])


def test_the_blackout_has_four_events() -> None:
    found = json.loads(replayed().stdout)["incidents"]

    assert [(one["subject"], one["cause"]) for one in found] == [("whatsapp", "application")] * 4
    assert found[1]["start"] == "2014-02-22T18:00:00Z"
    assert found[1]["opened_at"] <= "2014-02-22T18:20:00Z"


def test_without_json_a_table_says_that_it_is_a_reconstruction() -> None:
    answer = invoke("replay", "verizon-2017")

    assert answer.exit_code == 0
    title, *rest = answer.stdout.splitlines()
    assert "reconstruction" in title
    assert any("netflix" in line and "throttling" in line for line in rest)


def test_the_stores_history_is_replayed(sqlite_store_url: str) -> None:
    with Store.open(sqlite_store_url) as store:
        store.add(world(blackout(at(4), 60)), JUDGED)
    stretch = ["--since", "2025-03-25T00:00:00Z", "--until", "2025-03-25T12:00:00Z"]

    answer = invoke("replay", *stretch, "--database", sqlite_store_url, "--json")
    strict = invoke(
        "replay", *stretch, "--database", sqlite_store_url, "--json",
        "--set", "judging.possible_nats=100000",
    )  # fmt: skip

    assert [one["subject"] for one in json.loads(answer.stdout)["incidents"]] == ["alpha"]
    assert json.loads(strict.stdout)["incidents"] == []
    with Store.open(sqlite_store_url) as store:
        assert store.incidents() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "no scenario 'nowhere'; known: whatsapp-2014, dyn-2016"),
        (["whatsapp-2014", "--set", "scenario.sede=1"], "scenario.sede"),
        (["whatsapp-2014", "--set", "scenari.seed=1"], "scenari"),
        (["whatsapp-2014", "--set", "scenario.seed"], "write it as dotted.key=value"),
        (["whatsapp-2014", "--set", "scenario.seed=many"], "scenario.seed"),
        (["whatsapp-2014", "--set", "scenario.depth=9"], "scenario.depth"),
        (["whatsapp-2014", "--set", "baseline=prophecy"], "baseline: 'prophecy'"),
        (["whatsapp-2014", "--since", "2014-02-22T00:00:00Z"], "a scenario brings its own time"),
        ([], "name a scenario, or both --since and --until"),
        (["--since", "2014-02-22T00:00:00Z"], "name a scenario, or both --since and --until"),
    ],
)
def test_wrong_use_is_one_line(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = f"sqlite:///{tmp_path / 'x.db'}"

    code, shown, said = complaint(["replay", *words, "--database", database], monkeypatch)

    assert (code, shown) == (2, "")
    (line,) = said.splitlines()
    assert says in line
