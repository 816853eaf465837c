from __future__ import annotations

import logging
from pathlib import Path

import pytest

from collectors.files.folder import Folder
from outage.errors import SourceError
from outage.interfaces import Collector
from outage.slots import parse_time
from tests.collectors.files.reading import csv_file, plain
from tests.collectors.servers import surroundings

SINCE, UNTIL = parse_time("2014-02-22T18:00:00Z"), parse_time("2014-02-22T19:00:00Z")


def row(clock: str, value: int) -> str:
    return f"2014-02-22T{clock}:00Z,whatsapp,,,posts,{value}"


def test_complete_files_are_collected_within_the_window(tmp_path: Path) -> None:
    rows = [row("17:50", 1), row("18:00", 2), row("18:50", 3), row("19:00", 4)]
    csv_file(tmp_path, *rows, name="b.csv")
    csv_file(tmp_path, row("18:10", 9), name="a.csv")
    for name in (".hidden.csv", "late.csv.tmp", "late.csv.part", "notes.txt"):
        csv_file(tmp_path, row("18:20", 7), name=name)
    collector = Folder(surroundings(lag_seconds=30), tmp_path)
    assert isinstance(collector, Collector)
    samples = list(collector.collect(SINCE, UNTIL))
    assert [one[3] for one in plain(samples)] == [9.0, 2.0, 3.0]
    assert {one.known_at - one.slot_start for one in samples} == {630}


def test_a_pattern_chooses_the_files_and_a_source_names_them(tmp_path: Path) -> None:
    csv_file(tmp_path, row("18:00", 1), name="traffic-1.csv")
    csv_file(tmp_path, row("18:10", 2), name="posts-1.csv")
    (unnamed,) = Folder(surroundings("mine"), tmp_path, "posts-*").collect(SINCE, UNTIL)
    assert unnamed.series.source == "mine"
    samples = list(Folder(surroundings(), tmp_path, "posts-*", source="push").collect(SINCE, UNTIL))
    assert [(one.value, one.series.source) for one in samples] == [(2.0, "push")]


def test_a_bad_file_or_row_is_logged_and_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    csv_file(tmp_path, "1,2", header="a,b", name="a.csv")
    csv_file(tmp_path, row("18:00", -1), row("18:10", 2), name="b.csv")
    with caplog.at_level(logging.WARNING):
        samples = list(Folder(surroundings(), tmp_path).collect(SINCE, UNTIL))
    assert [one.value for one in samples] == [2.0]
    assert "missing" in caplog.messages[0]
    assert "1 row rejected, the first on line 2: value is negative" in caplog.messages[1]


def test_a_folder_that_is_not_there_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        list(Folder(surroundings(), tmp_path / "none").collect(SINCE, UNTIL))
