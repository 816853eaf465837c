from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from outage.cli.main import run

Shell: TypeAlias = Callable[..., tuple[int, str, str]]
CATALOGUE = """
[operators.biznet]
name = "Biznet"
timezone = "Asia/Jakarta"
keywords = ["biznet"]

[judging]
possible_nats = 3
least_complaints = 4
"""
BURSTS = ("2025-06-19T10", "2025-07-21T15", "2025-08-28T11")


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTAGE_DATABASE_URL", f"sqlite:///{tmp_path}/store.db")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["outage", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_a_table_is_matched(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nis slack down?\nhello\n")
    code, out, _ = shell("posts", "match", "in.csv", "--out", "out.csv")
    assert code == 0
    assert "2 posts, 1 naming a service or operator, 1 saying that it fails" in out
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "is slack down?,slack,1,en"


def test_rejected_rows_are_lines_and_a_code(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,n\na,b,c\nslack is down,1\n")
    code, _, err = shell("posts", "match", "in.csv", "--out", "out.csv")
    assert code == 1
    assert err.startswith("in.csv:2: has 3 values for 2 columns")


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("id,text,when\n20250101,slack is down,2025-01-01T00:00:00Z\n", "--time when"),
        ("id,text\n20250101,slack is down\n", "--time COLUMN"),
    ],
)
def test_a_missing_time_is_told_with_a_column_that_looks_like_one(
    shell: Shell, tmp_path: Path, table: str, hint: str
) -> None:
    (tmp_path / "in.csv").write_text(table)
    code, _, err = shell("posts", "match", "in.csv", "--out", "o.csv", "--samples", "s.parquet")
    found = table.partition("\n")[0].replace(",", ", ")
    assert code == 1
    assert err == (
        f"outage: in.csv: column created_at missing (found: {found});"
        f" say where a post's time stands: {hint}\n"
    )
    assert shell("posts", "match", "in.csv", "--out", "o.csv")[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "in.csv"], "must be different"),
        (["--out", "o.csv", "--samples", "s.csv"], "end the name in .parquet"),
        (["--out", "o.csv", "--samples", "s.parquet", "--timezone", "Mars"], "not an IANA zone"),
        (["--out", "o.csv", "--samples", "s.parquet", "--source", "A b"], "is not a slug"),
        (["--out", "o.csv", "--samples", "s.parquet", "--signal", "likes"], "'likes'"),
        (["--out", "o.csv", "--samples", "s.parquet", "--subject", "a"], "not in the catalogue"),
        (["--out", "o", "--samples", "s.parquet", "--subject", "slak"], "did you mean slack?"),
    ],
)
def test_wrong_use(shell: Shell, tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "in.csv").write_text("created_at,text\n2025-01-01T00:00:00Z,slack is down\n")
    code, _, err = shell("posts", "match", "in.csv", *options)
    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_three_bursts_of_an_operator_are_found_and_little_else(
    shell: Shell, tmp_path: Path, shared: Path
) -> None:
    (tmp_path / "outage.toml").write_text(CATALOGUE)
    posts = shared / "data" / "posts" / "biznet_2025.csv"
    made = (
        "--samples",
        "s.parquet",
        "--timezone",
        "UTC",
        "--signal",
        "error_posts",
        "--subject",
        "biznet",
    )
    assert shell("posts", "match", posts, "--out", "out.csv", *made)[0] == 0
    assert shell("init")[0] == 0
    assert shell("import", "samples", "s.parquet")[0] == 0
    assert shell("detect")[0] == 0
    found = json.loads(shell("incidents", "--json")[1])
    mine = found["incidents"]
    for burst in BURSTS:
        hour, next_hour = f"{burst}:00:00Z", f"{burst}:59:59Z"
        [one] = [one for one in mine if one["start"] <= next_hour and one["end"] > hour]
        assert one["cause"] == "operator"
        assert one["opened_at"] <= next_hour
    assert len(mine) + len(found["notices"]) <= len(BURSTS) + 6
