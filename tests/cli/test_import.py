from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from outage.cli.main import run
from outage.store.schema import upgrade
from outage.store.store import Store
from outage.words import counted

HEADER = "slot_start,service,vantage,category,signal,value\n"
GOOD = "2014-02-22T18:00:00Z,whatsapp,op-1,,flows,12\n"
NEXT = "2014-02-22T18:10:00Z,whatsapp,op-1,,flows,13\n"


class Shell:
    """The command line in this process, on a store of its own."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url, self._capsys = url, capsys

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        sys.argv = ["outage", "import", *map(str, arguments)]
        with pytest.raises(SystemExit) as caught:
            run()
        out, err = self._capsys.readouterr()
        return int(caught.value.code or 0), out, err

    def rows(self) -> int:
        with Store.open(self.url) as store:
            return len(store.load(0, 2**40))


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    url = f"sqlite:///{tmp_path}/store.db"
    upgrade(url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("OUTAGE_DATABASE_URL", url)
    return Shell(url, capsys)


def broken(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.csv"
    bodies = {
        "columns": b"time,svc,val\n1,2,3\n",
        "times": (HEADER + GOOD + GOOD.replace("2014-02-22T18", "22.2.2014 18") + NEXT).encode(),
        "nan": (HEADER + GOOD + NEXT.replace("13", "NaN")).encode(),
        "negative": (HEADER + GOOD + NEXT.replace("13", "-13")).encode(),
        "binary": bytes(range(256)) * 50,
        "parquet": b"PAR1" + b"\0" * 500,
        "duplicates": (HEADER + GOOD + GOOD.replace("12", "14")).encode(),
        "zones": (HEADER + GOOD + NEXT.replace("Z", "") + NEXT.replace("Z", "+00:00")).encode(),
        "signal": (HEADER + GOOD + NEXT.replace("flows", "flow")).encode(),
        "gzip": gzip.compress((HEADER + GOOD * 99).encode())[:-9],
        "empty": b"",
    }
    path.write_bytes(bodies.get(kind, b"a"))
    if kind == "line":
        os.truncate(path, 2 << 30)
    return path


@pytest.mark.parametrize(
    ("kind", "said", "rows"),
    [
        ("columns", "column slot_start, service, signal, value missing (found: time, svc, val)", 0),
        ("times", "times.csv:3: time is not ISO 8601; write it like 2014-02-22T18:00:00Z", 2),
        ("nan", "nan.csv:3: value is missing (empty or NaN)", 1),
        ("negative", "negative.csv:3: value is negative", 1),
        ("binary", "binary.csv: is not UTF-8 text but binary", 0),
        ("parquet", "parquet.csv: is not a whole Parquet file", 0),
        ("duplicates", "duplicates.csv:2: another row of the same slot and series", 1),
        ("zones", "zones.csv:3: time has no zone; write it with Z or an offset", 2),
        ("line", "line.csv: is not UTF-8 text but binary", 0),
        ("signal", "unknown signal 'flow'; did you mean 'flows'?", 1),
        ("gzip", "gzip.csv: is damaged or cut off", 1),
        ("empty", "empty.csv: is empty", 0),
    ],
)
def test_broken_input_is_one_line_and_leaves_the_store_whole(
    shell: Shell, tmp_path: Path, kind: str, said: str, rows: int
) -> None:
    code, out, err = shell("samples", broken(tmp_path, kind))
    assert code == 1
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert out.startswith(f"{counted(rows, 'sample')}: ")
    assert shell.rows() == rows
    good = tmp_path / "good.csv"
    good.write_text(HEADER + GOOD + NEXT)
    assert shell("samples", good)[0] == 0
    assert shell.rows() == 2


def test_posts_are_sent_to_where_they_are_counted(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("created_at,text\n2025-01-01T00:00:00Z,slack is down\n")
    code, _, err = shell("samples", "p.csv", "--service", "slack")
    assert code == 1
    assert "count them first: outage posts match FILE.csv" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--service", "watsap"], "--service: 'watsap' is taken as it stands"),
        (["--service", "whatsapp", "--vantage", "mobil-1"], "did you mean mobile-1?"),
        (["--service", "ours", "--vantage", "mobile-1"], ""),
    ],
)
def test_a_name_that_looks_misspelt_is_told_and_taken(
    shell: Shell, tmp_path: Path, options: list[str], said: str
) -> None:
    operator = '[operators.mobile-1]\nname = "Mobile"\ntimezone = "UTC"\n'
    (tmp_path / "outage.toml").write_text(operator)
    (tmp_path / "a.csv").write_text("timestamp,value\n2025-01-01T00:00:00Z,3\n")
    code, out, err = shell("samples", "a.csv", "--signal", "posts", *options)
    assert (code, err.count("\n")) == (0, bool(said))
    assert said in err
    assert "1 new" in out


def test_many_bad_rows_are_told_in_eleven_lines(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + GOOD + "x,y,z,,flows,1\n" * 50)
    code, out, err = shell("samples", path)
    assert code == 1
    assert len(err.splitlines()) == 11
    assert err.splitlines()[-1].endswith("and 40 more; see `outage rejected`")
    assert out == "1 sample: 1 new, 0 unchanged, 50 rows rejected\n"


def test_two_columns_become_posts_by_options(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("timestamp,value\n2015-02-26 21:42:53,104\n2015-02-26 21:47:53,100\n")
    given = ("--service", "aapl", "--signal", "posts", "--slot-seconds", "300")
    code, _, err = shell("samples", path, *given)
    assert code == 1
    assert "give --timezone" in err
    assert shell("samples", path, *given, "--timezone", "UTC") == (
        0,
        "2 samples: 2 new, 0 unchanged\n",
        "",
    )


def test_archived_reports_import(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "reports.json"
    path.write_text(json.dumps({"counts": [{"x": "2018-01-04T05:31:11-05:00", "y": 1}]}))
    assert shell("reports", path, "--service", "aws")[:2] == (0, "1 sample: 1 new, 0 unchanged\n")
    code, _, err = shell("reports", path)
    assert code == 2
    assert "--service" in err


@pytest.mark.parametrize(
    "options", [["--slot-seconds", "7"], ["--timezone", "Mars"], ["--signal", "psots"], ["--bogus"]]
)
def test_wrong_use_is_exit_code_two(shell: Shell, tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("timestamp,value\n")
    code, _, err = shell("samples", path, "--service", "a", *options)
    assert code == 2
    assert "Traceback" not in err


def test_slots_already_judged_are_told_with_the_command_to_judge_again(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "late.csv"
    path.write_text(HEADER + GOOD + NEXT)
    with Store.open(shell.url) as store:
        store.save_judgement(2_000_000_000, {}, [], [])
    _, out, _ = shell("samples", path)
    assert "of slots already judged: 2 samples; " in out
    assert "`outage detect --since 2014-02-22T18:00:00Z`" in out


def test_without_a_store_the_line_says_how_to_make_one(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_text(HEADER + GOOD)
    code, _, err = shell("samples", path, "--database", f"sqlite:///{tmp_path}/none.db")
    assert code == 1
    assert "outage init" in err
    assert err.count("\n") == 1
