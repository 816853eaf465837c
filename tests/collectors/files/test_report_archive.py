from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from collectors.files import report_archive
from collectors.files.report_archive import ReportArchive
from outage.errors import BadInput, UsageError
from outage.interfaces import Reader, ReadOptions
from outage.words import Series
from tests.collectors.files.reading import plain, read

AWS = ReadOptions(service="aws")


def archive(folder: Path, counts: Any, name: str = "made.json") -> Path:
    path = folder / name
    path.write_text(counts if isinstance(counts, str) else json.dumps({"counts": counts}))
    return path


def test_times_are_floored_to_slots_and_the_higher_count_wins(tmp_path: Path) -> None:
    counts = [
        {"x": "2018-01-04T05:31:11-05:00", "y": 1},
        {"x": "2018-01-04T05:46:11-05:00", "y": 7},
        {"x": "2018-01-04T10:59:59+00:00", "y": 3},
    ]
    samples, rejected = read(archive(tmp_path, counts), AWS, ReportArchive())
    assert not rejected
    assert [(one[0], one[3]) for one in plain(samples)] == [
        ("2018-01-04T10:30:00Z", 1.0),
        ("2018-01-04T10:45:00Z", 7.0),
    ]
    assert samples[0].series == Series("aws", "user_reports", "", "", "reports", 900)
    assert samples[0].known_at - samples[0].slot_start == 900


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('{"x": "2018-01-04T05:31:11", "y": 1}', "no zone"),
        ('{"x": "noon", "y": 1}', "not ISO 8601"),
        ('{"y": 1}', 'no time "x"'),
        ("7", 'no time "x"'),
        ('{"x": "2918-01-04T05:31:11Z", "y": 1}', "outside 1970 to 2199"),
        ('{"x": "2018-01-04T05:31:11Z"}', "missing"),
        ('{"x": "2018-01-04T05:31:11Z", "y": -1}', "negative"),
        ('{"x": "2018-01-04T05:31:11Z", "y": NaN}', "NaN"),
        ('{"x": "2018-01-04T05:31:11Z", "y": 1e999}', "beyond"),
        ('{"x": "2018-01-04T05:31:11Z", "y": ' + "9" * 400 + "}", "beyond"),
        ('{"x": "2018-01-04T05:31:11Z", "y": true}', "not a number"),
        ('{"x": "2018-01-04T05:31:11Z", "y": "1"}', "not a number"),
    ],
)
def test_a_bad_entry_is_named_by_its_place(tmp_path: Path, entry: str, reason: str) -> None:
    good = '{"x": "2018-01-04T05:00:00Z", "y": 1}'
    path = archive(tmp_path, f'{{"counts": [{good}, {entry}]}}')
    samples, rejected = read(path, AWS, ReportArchive())
    assert len(samples) == 1
    assert [one.line for one in rejected] == [2]
    assert reason in rejected[0].reason
    assert rejected[0].remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", 'has no list "counts"'),
        ('{"counts": 3}', 'has no list "counts"'),
        ('{"counts": [' + "9" * 5_000 + "]}", "thousands of digits"),
    ],
)
def test_what_is_no_archive_is_refused_in_a_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        read(archive(tmp_path, content), AWS, ReportArchive())
    assert "\n" not in str(caught.value)


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = archive(tmp_path, "{}")
    os.truncate(path, report_archive.MAX_BYTES + 1)
    with pytest.raises(BadInput, match="split the file"):
        read(path, AWS, ReportArchive())


@pytest.mark.parametrize("options", [ReadOptions(), ReadOptions(service="A W S")])
def test_without_a_service_there_is_no_import(tmp_path: Path, options: ReadOptions) -> None:
    with pytest.raises(UsageError, match="--service"):
        read(archive(tmp_path, []), options, ReportArchive())


def test_it_is_a_reader_that_keeps_the_highest() -> None:
    assert isinstance(ReportArchive(), Reader)
    assert ReportArchive().keep_highest


def test_every_archived_file_is_read(shared: Path) -> None:
    files = sorted((shared / "data" / "downdetector").glob("*.json"))
    assert len(files) == 69
    for file in files:
        samples, rejected = read(file, AWS, ReportArchive())
        assert len(samples) == 95
        assert not rejected
