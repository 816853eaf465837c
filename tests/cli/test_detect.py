"""`outage detect` and `outage incidents`: what they print, and that twice is once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from outage.cli.main import build, run
from outage.errors import UsageError
from outage.store import Store
from tests.judging.made import JUDGED, at, blackout, world

SINCE = "2025-03-25T00:00:00Z"
INCIDENT = set(
    "id subject vantage vantages start end opened_at confirmed_at state cause runner_up confidence"
    " severity event lag_s evidence".split()
)
EVIDENCE = set(
    "signal category vantage source unit direction since seen expected score text".split()
)
NOTICE = set("kind subject vantage start end text".split())


def invoke(*words: str) -> Result:
    return CliRunner().invoke(build(), list(words))


def outage(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "outage", *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OUTAGE_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def complaint(words: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[object, str, str]:
    """Run the command line in this process; return its exit code, stdout and stderr."""
    out, err = StringIO(), StringIO()
    monkeypatch.setattr(sys, "argv", ["outage", *words])
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stop:
        run()
    return stop.value.code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url(sqlite_store_url: str) -> str:
    """Return a store that holds a blackout and a crowd's worth of ordinary traffic."""
    with Store.open(sqlite_store_url) as store:
        store.add(world(blackout(at(4), 60), blackout(at(12), 60, "beta")), JUDGED)
    return sqlite_store_url


def test_detect_prints_what_it_judged_and_found(url: str) -> None:
    answer = invoke("detect", "--since", SINCE, "--database", url)

    assert answer.exit_code == 0
    assert answer.stdout.startswith("judged 2025-03-25T00:00:00Z to 2025-03-26T00:00:00Z\n")
    assert "alpha" in answer.stdout
    assert "application" in answer.stdout
    assert "2025-03-25 04:00" in answer.stdout


def test_detect_twice_changes_nothing(url: str) -> None:
    first = outage("detect", "--since", SINCE, "--database", url, "--json")
    shown = outage("incidents", "--database", url, "--json")
    second = outage("detect", "--database", url, "--json")
    again = outage("incidents", "--database", url, "--json")

    assert [one.returncode for one in (first, shown, second, again)] == [0] * 4
    assert len(json.loads(first.stdout)["incidents"]) == 2
    assert json.loads(second.stdout) == {"incidents": [], "notices": []}
    assert again.stdout == shown.stdout
    assert [one.stderr for one in (first, second, again)] == [""] * 3


def test_json_has_the_keys_of_the_contract(url: str) -> None:
    invoke("detect", "--since", SINCE, "--database", url)

    document = json.loads(invoke("incidents", "--database", url, "--json").stdout)

    assert set(document) == {"incidents", "notices"}
    assert document["incidents"]
    for one in document["incidents"]:
        assert set(one) == INCIDENT
        assert one["evidence"]
        assert all(set(line) == EVIDENCE for line in one["evidence"])
        assert one["opened_at"].endswith("Z")
        assert one["state"] in {"possible", "confirmed", "closed"}
    assert all(set(one) == NOTICE for one in document["notices"])


def test_incidents_can_be_chosen(url: str) -> None:
    invoke("detect", "--since", SINCE, "--database", url)

    def subjects(*words: str) -> list[str]:
        answer = invoke("incidents", "--database", url, "--json", *words)
        return [one["subject"] for one in json.loads(answer.stdout)["incidents"]]

    assert subjects() == ["alpha", "beta"]
    assert subjects("--subject", "beta") == ["beta"]
    typo = invoke("incidents", "--database", url, "--subject", "alfa")
    assert isinstance(typo.exception, UsageError)
    assert "did you mean 'alpha'" in str(typo.exception)
    assert subjects("--since", "2025-03-25T08:00:00Z") == ["beta"]
    assert subjects("--until", "2025-03-25T08:00:00Z") == ["alpha"]


def test_without_an_incident_it_says_so(sqlite_store_url: str) -> None:
    answer = invoke("incidents", "--database", sqlite_store_url)

    assert answer.exit_code == 0
    assert answer.stdout == "nothing was judged yet; run `outage detect`\n"


def test_an_open_incident_ends_with_null(url: str) -> None:
    invoke("detect", "--since", SINCE, "--until", "2025-03-25T12:40:00Z", "--database", url)

    document = json.loads(invoke("incidents", "--database", url, "--json").stdout)

    assert [one["end"] is None for one in document["incidents"]] == [False, True]
    assert "open" in invoke("incidents", "--database", url).stdout


def test_until_stops_there(url: str) -> None:
    until = "2025-03-25T08:00:00Z"
    answer = invoke("detect", "--since", SINCE, "--until", until, "--database", url)

    assert f"to {until}" in answer.stdout
    with Store.open(url) as store:
        judgement = store.judgement()
    assert judgement is not None
    assert judgement[0] == at(8)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "the store holds no samples; import some first"),
        (["--since", "yesterday"], 2, "time 'yesterday' is not ISO 8601"),
        (["--since", "2025-03-25T00:00:00"], 2, "has no zone"),
        (["--set", "judging.posible_nats=3"], 2, "judging.posible_nats"),
        (["--set", "baseline=magic"], 2, "baseline: 'magic' is not an installed baseline"),
    ],
)
def test_wrong_use_is_one_line(
    sqlite_store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    answer = complaint(["detect", "--database", sqlite_store_url, *words], monkeypatch)

    assert answer[:2] == (code, "")
    (line,) = answer[2].splitlines()
    assert says in line


def test_a_store_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, said = complaint(
        ["detect", "--database", f"sqlite:///{tmp_path / 'gone.db'}"], monkeypatch
    )

    assert code == 1
    (line,) = said.splitlines()
    assert "outage init" in line
