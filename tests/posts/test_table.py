from __future__ import annotations

import csv
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from outage.errors import BadInput, UsageError
from outage.posts import Matcher
from outage.posts.counting import Counts
from outage.posts.table import match_file

HEADER = "created_at,text,likes\n"


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_kept_and_three_added(tmp_path: Path, matcher: Matcher) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    body = '2025-01-01T00:00:00Z,"whatsapp\nis down, telegram fine",3\n2025-01-01T00:01:00Z,hi,0\n'
    source.write_text("\ufeff" + HEADER + body, encoding="utf-8")
    matched = match_file(source, out, matcher)
    first, second = written(out)
    assert first["text"] == "whatsapp\nis down, telegram fine"
    assert (first["likes"], first["services"], first["error"]) == ("3", "telegram whatsapp", "1")
    assert first["language"] == "en"
    assert (second["services"], second["error"], second["language"]) == ("", "0", "")
    assert (matched.rows, matched.naming, matched.failing, matched.rejected) == (2, 1, 1, 0)


def test_matching_a_result_again_changes_nothing(tmp_path: Path, matcher: Matcher) -> None:
    source, once, twice = (tmp_path / name for name in ("in.csv", "once.csv", "twice.csv"))
    source.write_text("text,lang\nwhatsapp caiu,pt\n", encoding="utf-8")
    match_file(source, once, matcher)
    match_file(once, twice, matcher)
    assert once.read_bytes() == twice.read_bytes()
    assert written(twice)[0]["language"] == "pt"


def test_posts_are_counted_and_quiet_slots_are_zero(tmp_path: Path, matcher: Matcher) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        HEADER + "2025-01-01 00:05:00,slack is down,\n2025-01-01 00:25:00,our slack channel,\n",
        encoding="utf-8",
    )
    counts = Counts(timezone=ZoneInfo("Asia/Jakarta"))
    match_file(source, out, matcher, counts)
    rows = [(row["signal"], row["slot_start"].hour, row["value"]) for row in counts.rows()]
    assert rows == [
        ("posts", 17, 1), ("posts", 17, 0), ("posts", 17, 1),
        ("error_posts", 17, 1), ("error_posts", 17, 0), ("error_posts", 17, 0),
    ]  # fmt: skip
    assert counts.write(tmp_path / "s.parquet") == 6
    assert pq.read_table(tmp_path / "s.parquet").column("service").unique().to_pylist() == ["slack"]


def test_only_what_was_asked_for_is_counted(tmp_path: Path, matcher: Matcher) -> None:
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "2025-01-01T00:00:00Z,slack is down so is zoom,\n")
    counts = Counts(subjects=["slack"], signals=["error_posts"])
    match_file(source, tmp_path / "out.csv", matcher, counts)
    assert [(row["service"], row["signal"]) for row in counts.rows()] == [("slack", "error_posts")]


def test_rows_that_cannot_be_taken_are_said_and_left_out(tmp_path: Path, matcher: Matcher) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = "2025-01-01 00:05:00,slack is down,\n2025-01-01T00:05:00Z,a,b,c\nnoon,x is down,\n"
    source.write_text(HEADER + rows, encoding="utf-8")
    matched = match_file(source, out, matcher, Counts())
    assert [row.line for row in matched.first_rejected] == [2, 3, 4]
    assert "--timezone" in matched.first_rejected[0].remedy
    assert "4 values for 3 columns" in matched.first_rejected[1].reason
    assert len(written(out)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"time,body\n1,2\n", "column text missing"),
        (b"text,text\na,b\n", "two columns have the same name"),
        (b"text\n\xff\xfe\n", "is not UTF-8"),
        (b"", "column text missing"),
        (b'text\n"' + b"a" * 2_000_000 + b'"\n', "field larger than field limit"),
    ],
)
def test_a_file_that_is_no_table_of_posts_is_refused(
    tmp_path: Path, matcher: Matcher, content: bytes, said: str
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        match_file(source, out, matcher)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_odd_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="divisor of an hour"):
        Counts(slot_seconds=700)
    with pytest.raises(BadInput, match="no post names a subject"):
        Counts().write(tmp_path / "s.parquet")
