"""`outage collect`, `sources` and `status`: what they print, keep, survive and never show."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from math import ceil
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from outage.cli.main import build
from outage.clock import now
from outage.errors import UsageError
from outage.slots import DAY, format_time, parse_time
from outage.store import Store, upgrade
from tests.cli.forks import Forks, forking
from tests.collectors.people.x_server import TOKEN, FakeX
from tests.collectors.servers import Answer, Request, Server, serving

LONG_AGO = "2014-01-03T00:00:00Z"
KILLS = 20
MODULES = (
    *("outage.collecting.running", "outage.store", "outage.catalogue", "outage.clock"),
    *("collectors.people.x_counts", "tweepy", "rich.console"),
)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(build(), list(words))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade("sqlite:///outage.db")


def configure(text: str) -> None:
    Path("outage.toml").write_text(dedent(text))


def folder_source(name: str = "exports", path: str = "incoming") -> str:
    return f'[sources.{name}]\nplug = "folder"\noptions = {{ path = "{path}" }}\n'


def x_source(url: str, services: str = '"whatsapp"', **options: float) -> str:
    others = "".join(f"{key} = {value}\n" for key, value in options.items())
    return (
        '[sources.x]\nplug = "x_counts"\nslot_seconds = 3600\n'
        f'[sources.x.options]\nbase_url = "{url}"\n'
        f'bearer_token = {{ env = "X_TOKEN" }}\nservices = [{services}]\n{others}'
    )


def push(folder: str = "incoming") -> None:
    Path(folder).mkdir()
    header = "slot_start,service,vantage,category,signal,value"
    Path(folder, "a.csv").write_text(f"{header}\n2014-02-22T18:00:00Z,whatsapp,,,posts,3\n")


def test_one_good_and_one_bad_source() -> None:
    configure(folder_source() + folder_source("other", "nowhere"))
    push()

    answer = invoke("collect", "--since", LONG_AGO, "--until", "2014-03-01T00:00:00Z")

    assert answer.exit_code == 1
    assert "exports: 2014-01-03T00:00:00Z to 2014-03-01T00:00:00Z: 1 new" in answer.stdout
    (line,) = answer.stderr.splitlines()
    assert line.startswith("outage: other: nowhere: cannot be read")
    again = invoke("collect", "exports", "--since", LONG_AGO, "--until", "2014-03-01T00:00:00Z")
    assert again.exit_code == 0
    assert "0 new, 1 unchanged" in again.stdout


def test_a_source_that_is_not_there_is_wrong_use() -> None:
    configure(folder_source())
    answer = invoke("collect", "export")
    assert isinstance(answer.exception, UsageError)
    assert "no source 'export'; did you mean exports?" in str(answer.exception)


def test_without_sources_it_says_so() -> None:
    for command in ("collect", "sources", "status"):
        answer = invoke(command)
        assert answer.exit_code == 0
        assert "no source is configured" in answer.stdout
    assert ": 0 series, no sample yet\n" in invoke("status").stdout


def test_status_tells_what_is_late() -> None:
    configure(folder_source())
    push()
    assert "never collected" in invoke("sources").stdout
    invoke("collect", "--since", LONG_AGO)

    answer = invoke("status", "--json")
    document = json.loads(answer.stdout)

    assert answer.exit_code == 1
    assert document["series"] == 1
    assert document["last_slot_end"] == "2014-02-22T18:10:00Z"
    (source,) = document["sources"]
    assert source["state"] == "late"
    shown = invoke("status")
    assert shown.exit_code == 1
    assert "exports: late: silent: its newest slot ended" in shown.stdout
    assert "judged until never" in shown.stdout


def test_status_is_content_with_fresh_sources() -> None:
    configure(folder_source() + "interval = 604800\nlag_seconds = 604800\n")
    Path("incoming").mkdir()
    at = format_time(now() // 600 * 600 - 604_800 - 6000)
    header = "slot_start,service,vantage,category,signal,value"
    Path("incoming/a.csv").write_text(f"{header}\n{at},whatsapp,,,posts,3\n")
    assert invoke("collect").exit_code == 0
    assert "exports: fresh" in invoke("status").stdout
    assert invoke("status").exit_code == 0
    (source,) = json.loads(invoke("sources", "--json").stdout)["sources"]
    assert source["state"] == "fresh"
    assert source["lacking"] == []


def test_a_source_at_fault_is_told_as_the_check_tells_it() -> None:
    configure(
        '[sources.o]\nplug = "ooni"\nlag_seconds = 7200\nslot_seconds = 3600\n'
        'options = { tests = { whatsapp = { test_name = "whatsapp" } } }\n' + folder_source()
    )
    fault = invoke("config", "check").stderr.strip().removeprefix("outage.toml: ")
    assert fault.startswith("sources.o: no operator has asns; add asns")
    shown = invoke("sources")
    assert shown.exit_code == 0
    assert f"o (ooni): misconfigured: {fault}\n" in shown.stdout
    assert f"o: misconfigured: {fault}\n" in invoke("status").stdout
    assert "exports: never collected" in invoke("status").stdout


def test_a_misspelt_service_is_no_new_subject() -> None:
    configure(
        '[sources.page]\nplug = "statuspage"\n'
        'options = { url = "http://127.0.0.1:9", service = "githb" }\n'
    )
    told = invoke("collect", "page").stderr
    assert told.startswith("outage: sources.page.options.service: 'githb' is not in the catalogue")
    assert "did you mean github?" in told


def test_a_dry_run_tells_the_price_and_asks_nobody() -> None:
    with serving(FakeX()) as server:
        configure(
            folder_source() + x_source(server.url, '"whatsapp", "telegram"', dollars_per_day=0.5)
        )
        answer = invoke(
            "collect", "--since", LONG_AGO, "--until", "2016-01-01T00:00:00Z", "--dry-run"
        )
        assert server.requests == []
    assert answer.exit_code == 0
    first, second, last = answer.stdout.splitlines()
    assert first == "exports: 2014-01-03T00:00:00Z to 2016-01-01T00:00:00Z: cost: none"
    price = float(second.partition("requests, $")[2].split(":")[0])
    assert f"at $0.50 a day in {ceil(price / 0.5)} days" in second
    assert last.startswith("together: $")
    with Store.open("sqlite:///outage.db") as store:
        assert store.remembered("x", "spent") is None


def test_a_dry_run_after_a_collection_tells_when_there_is_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("outage.clock.now", lambda: parse_time("2014-02-22T19:05:00Z"))
    configure(folder_source() + "lag_seconds = 60\n")
    push()
    window = "exports: 2014-02-21T19:00:00Z to 2014-02-22T19:00:00Z"
    assert f"{window}: cost: none\n" in invoke("collect", "exports", "--dry-run").stdout
    assert f"{window}: 1 new, 0 unchanged\n" in invoke("collect", "exports").stdout
    all_there = (
        "exports: everything up to 2014-02-22T19:00:00Z is collected;"
        " the next slot is complete at 2014-02-22T19:11:00Z\n"
    )
    assert invoke("collect", "exports").stdout == all_there
    assert invoke("collect", "exports", "--dry-run").stdout.startswith(all_there)
    later = invoke("collect", "--since", "2014-02-22T19:00:00Z", "--dry-run")
    assert later.stdout.startswith("exports: no complete slot lies in that time\n")


def test_a_source_that_cannot_say_its_price_keeps_no_other_from_saying_it() -> None:
    wrong = '[sources.a]\nplug = "bluesky"\noptions = { version = 3 }\n'
    configure(wrong + x_source("http://127.0.0.1:1"))
    shown = invoke("collect", "--since", LONG_AGO, "--dry-run")
    assert shown.exit_code == 1
    assert "sources.a.options.version: 3 is none" in shown.stderr
    assert "x: " in shown.stdout
    assert "nothing was asked" in shown.stdout


def test_a_secret_that_is_not_set_is_said_before_anything_is_asked() -> None:
    with serving(FakeX()) as server:
        configure(x_source(server.url))
        shown = invoke("sources")
        answer = invoke("collect")
        assert server.requests == []
    assert "missing: options.bearer_token: the environment variable X_TOKEN is not set" in (
        shown.stdout
    )
    assert answer.exit_code == 1
    assert "outage: sources.x.options.bearer_token: the environment variable" in answer.stderr


def test_the_circuit_opens_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_TOKEN", TOKEN)
    problem = Answer({"title": "CreditsDepleted", "detail": "no credits"}, 402)
    with serving(lambda _: problem) as server:
        configure(x_source(server.url))
        first = invoke("collect")
        second = invoke("collect")
        assert len(server.requests) == 1
        invoke("collect", "x")
        assert len(server.requests) == 2
        status = invoke("status")
    assert first.exit_code == second.exit_code == status.exit_code == 1
    assert "402 the account with the source has no credit left" in first.stderr
    assert "x: left alone until" in second.stderr
    assert "x: circuit open: left alone until" in status.stdout
    assert "CreditsDepleted: no credits" in status.stdout
    with Store.open("sqlite:///outage.db") as store:
        assert len(store.load(0, 2**40)) == 0


def outage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "outage", *words]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("OUTAGE_")}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **environment},
    )


def test_a_planted_secret_appears_nowhere() -> None:
    secret = "AAAA/planted+secret=%2F"

    def answer(request: Request) -> Answer:
        given = request.headers["authorization"]
        if "error" in request.one("query") or "down" in request.one("query"):
            return Answer(f"<html>{given} {json.dumps(secret)}", 200)
        return Answer({"title": given, "detail": f"{secret} is not accepted"}, 401)

    said = ""
    with serving(answer) as server:
        for services in ('"whatsapp"', '"telegram"'):
            configure(x_source(server.url, services))
            for words in (["collect", "x"], ["sources", "--json"]):
                run = outage(*words, X_TOKEN=secret, OUTAGE_DEBUG="1")
                said += run.stdout + run.stderr
    assert "is not accepted" in said
    assert "***" in said
    for spelling in (secret, "planted", "AAAA/", "AAAA%2F"):
        assert spelling not in said
        for file in Path().glob("outage.db*"):
            assert spelling.encode() not in file.read_bytes()


def samples(url: str) -> dict[str, list[float]]:
    """Return the columns of all samples that a store holds."""
    with Store.open(url) as store:
        batch = store.load(0, 2**40)
    names = [f"{one.subject} {one.signal}" for one in batch.series]
    columns = (batch.series_index, batch.slot_start, batch.value, batch.known_at)
    return {"series": names, **{str(n): column.tolist() for n, column in enumerate(columns)}}  # type: ignore[dict-item]


def kill_somewhere(forks: Forks, words: list[str], server: Server, draw: random.Random) -> bool:
    """Start a command and kill it after a few requests; return whether it was still at work."""
    process, enough = forks.start(words), len(server.requests) + draw.randint(0, 2)
    give_up = time.monotonic() + 5
    while len(server.requests) < enough and time.monotonic() < give_up:
        time.sleep(0.002)
    time.sleep(draw.uniform(0, 0.03))
    forks.kill(process)
    return forks.wait() == -signal.SIGKILL


def test_a_backfill_killed_at_any_moment_goes_on_as_if_nothing_had_been() -> None:
    draw, most = random.Random(5), 300
    words = ["collect", "x", "--since", LONG_AGO, "--until", "2015-07-01T00:00:00Z", "--database"]
    with (
        serving(FakeX(leave_out_zeros=True)) as server,
        forking(MODULES, {"X_TOKEN": TOKEN}) as forks,
    ):
        configure(x_source(server.url, requests_per_day=most))
        upgrade("sqlite:///whole.db")
        forks.start([*words, "sqlite:///whole.db"])
        assert forks.wait() == 0
        needed = len(server.requests)
        killed = [*words, "sqlite:///outage.db"]
        at_work = sum(kill_somewhere(forks, killed, server, draw) for _ in range(KILLS))
        assert forks.start(killed)
        assert forks.wait() == 0
        asked = len(server.requests) - needed
    assert at_work == KILLS
    assert samples("sqlite:///outage.db") == samples("sqlite:///whole.db")
    with Store.open("sqlite:///outage.db") as store:
        spent = json.loads(store.remembered("x", "spent") or "{}")
    assert needed <= asked <= spent["requests"] <= most


def test_a_budget_is_not_passed_however_often_it_is_killed() -> None:
    draw = random.Random(6)
    words = ["collect", "x", "--since", LONG_AGO, "--until", "2014-09-01T00:00:00Z"]
    with (
        serving(FakeX(leave_out_zeros=True)) as server,
        forking(MODULES, {"X_TOKEN": TOKEN}) as forks,
    ):
        configure(x_source(server.url, requests_per_day=7))
        while len(server.requests) < 5:
            kill_somewhere(forks, words, server, draw)
        forks.start(words)
        assert forks.wait() == 1
        forks.start(words)
        assert forks.wait() == 1
    assert 5 <= len(server.requests) <= 7


PACKAGE = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "someones-source"
version = "2.5"
[project.entry-points."outage.collectors"]
dice = "someones_source:Dice"
[tool.setuptools]
py-modules = ["someones_source"]
"""
MODULE = '''
from outage.words import Sample, Series


class Dice:
    """Throws a die a slot."""

    cost = "luck"

    def __init__(self, surroundings, sides=6):
        self.around, self.sides = surroundings, sides

    def collect(self, since, until):
        series = Series("whatsapp", "user_reports", source=self.around.source)
        for start in range(since, until, 600):
            yield Sample(series, start, start // 600 % self.sides, start + 600)
'''


def test_a_package_of_someone_else_adds_a_source(tmp_path: Path) -> None:
    package, site = tmp_path / "package", tmp_path / "site"
    package.mkdir()
    (package / "pyproject.toml").write_text(PACKAGE)
    (package / "someones_source.py").write_text(MODULE)
    command = "-m pip install --quiet --no-index --no-deps --no-build-isolation --target"
    subprocess.run([sys.executable, *command.split(), site, package], check=True)
    configure('[sources.dice]\nplug = "dice"\noptions = { sides = 7 }\n')

    window = ["--since", LONG_AGO, "--until", "2014-01-04T00:00:00Z"]
    collected = outage("collect", "dice", *window, PYTHONPATH=str(site))
    shown = outage("sources", PYTHONPATH=str(site))
    without = outage("sources")

    assert collected.returncode == 0, collected.stderr
    assert "dice: 2014-01-03T00:00:00Z to 2014-01-04T00:00:00Z: 144 new" in collected.stdout
    assert "cost: luck" in shown.stdout
    assert without.returncode == 2
    assert "'dice' is not among the installed outage.collectors plugs" in without.stderr
    with Store.open("sqlite:///outage.db") as store:
        batch = store.load(0, 2**40)
    first = parse_time(LONG_AGO)
    assert batch.series[0].source == "dice"
    np.testing.assert_array_equal(batch.value, np.arange(first, first + DAY, 600) // 600 % 7)
