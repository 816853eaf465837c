"""`outage rejected`: lists what was not taken, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from outage.cli.main import build
from outage.store import Store
from outage.store.schema import upgrade
from outage.words import RejectedRow

ROWS = (
    RejectedRow("a.csv", 7, "value 'x' is not a number", "write a number", "wa,flows,x"),
    RejectedRow("b.csv", 2, "no time", "write one like 2014-02-22T18:00:00Z"),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of a store in which nothing was rejected."""
    where = f"sqlite:///{tmp_path}/outage.db"
    upgrade(where)
    return where


def rejected(url: str, *words: str) -> Result:
    """Run `outage rejected` on a store."""
    return CliRunner().invoke(build(), ["rejected", "--database", url, *words])


def test_rejected_rows_are_listed_latest_first_with_reason_and_remedy(url: str) -> None:
    with Store.open(url) as store:
        store.reject(ROWS, now=1_400_000_000)

    assert rejected(url).stdout.splitlines() == [
        "b.csv:2: no time; write one like 2014-02-22T18:00:00Z",
        "a.csv:7: value 'x' is not a number; write a number [wa,flows,x]",
    ]
    assert rejected(url, "--limit", "1").stdout.count("\n") == 1


def test_rejected_rows_as_json(url: str) -> None:
    with Store.open(url) as store:
        store.reject(ROWS[:1], now=1_400_000_000)

    (row,) = json.loads(rejected(url, "--json").stdout)["rejected"]
    assert RejectedRow(**row) == ROWS[0]


def test_it_says_so_when_nothing_was_rejected(url: str) -> None:
    assert rejected(url).stdout == "No row was rejected.\n"


def test_a_limit_below_one_is_wrong_use(url: str) -> None:
    assert rejected(url, "--limit", "0").exit_code == 2
