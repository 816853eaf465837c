"""Logs that are copied make the same named flows as rows written anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from outage.flows import copying
from outage.flows.inputs import Log
from tests.flows.made import (
    classified,
    classify,
    made_answers,
    made_flows,
    run,
    samples,
    write_answers,
    write_flows,
)  # fmt: skip

FLOWS, ANSWERS = made_flows(3_000, seed=15), made_answers(1_500, seed=16)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the logs that were copied, in order."""
    found: list[str] = []

    def noting(log: Log, *more: Any) -> None:
        found.append(log.path)
        copy(log, *more)

    copy = copying.copy_named
    monkeypatch.setattr(copying, "copy_named", noting)
    return found


def by_day(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return flows by the UTC day on which they start."""
    days = sorted({row["start"] // 86_400_000_000 for row in rows})
    return [[row for row in rows if row["start"] // 86_400_000_000 == day] for day in days]


def rewritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the results of a run that copies nothing."""
    with monkeypatch.context() as context:
        context.setattr(copying, "can_be_copied", lambda *_: False)
        classify(folder, FLOWS, ANSWERS)
    return folder / "out"


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_a_copy_is_what_would_have_been_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copied: list[str], compression: str
) -> None:
    wanted = rewritten(tmp_path / "anew", monkeypatch)
    assert not copied
    paths = [write_flows(tmp_path / f"{n}-{half}.parquet", rows[half::2])
             for n, rows in enumerate(by_day(FLOWS)) for half in (0, 1)]  # fmt: skip
    for path in paths:
        parquet.write_table(
            parquet.read_table(path), path, row_group_size=70, compression=compression
        )

    run(paths, [write_answers(tmp_path / "dns.parquet", ANSWERS)], tmp_path / "out")

    assert sorted(copied) == sorted(paths)
    assert classified(tmp_path / "out") == classified(wanted)
    assert samples(tmp_path / "out") == samples(wanted)
    for path in (tmp_path / "out" / "flows").glob("*/*"):
        assert parquet.read_metadata(path).num_row_groups > 2
        assert parquet.read_schema(path).field("named_by").type == pa.string()


def test_a_log_over_midnight_or_without_a_vantage_is_written_anew(
    tmp_path: Path, copied: list[str]
) -> None:
    classify(tmp_path / "two days", FLOWS, ANSWERS)
    assert not copied

    day = [row | {"vantage": None} for row in by_day(FLOWS)[0]]
    classify(tmp_path / "blank", day, ANSWERS, vantage="filled")
    assert not copied
    assert {row["vantage"] for row in classified(tmp_path / "blank" / "out")} == {"filled"}

    classify(tmp_path / "kept", day, ANSWERS)
    assert len(copied) == 1


@pytest.mark.parametrize(
    ("column", "value"), [("bytes_up", -1), ("rtt_ms", float("nan")), ("rtt_ms", -0.5)]
)
def test_a_log_with_what_is_no_measurement_is_written_anew(
    tmp_path: Path, copied: list[str], column: str, value: float
) -> None:
    day = by_day(FLOWS)[0]
    classify(tmp_path, [*day[1:], day[0] | {column: value}], ANSWERS)

    assert not copied
    assert all(row[column] is None or row[column] >= 0 for row in classified(tmp_path / "out"))


def test_a_log_with_a_clock_that_was_never_set_is_written_anew(
    tmp_path: Path, copied: list[str]
) -> None:
    day = by_day(FLOWS)[0]
    classify(tmp_path, [*day, day[0] | {"start": 5, "end": 6}], ANSWERS)

    assert not copied
    assert len(classified(tmp_path / "out")) == len(day)


def test_a_log_with_columns_of_other_types_is_written_anew(
    tmp_path: Path, copied: list[str]
) -> None:
    path = write_flows(tmp_path / "flows.parquet", by_day(FLOWS)[0])
    table = parquet.read_table(path)
    place = table.schema.get_field_index("server_port")
    narrow = table.column("server_port").cast(pa.int16())
    parquet.write_table(table.set_column(place, "server_port", narrow), path)

    run([path], [], tmp_path / "out")

    assert not copied
    found = next((tmp_path / "out" / "flows").glob("*/*"))
    assert parquet.read_schema(found).field("server_port").type == pa.int32()


@pytest.mark.parametrize("column", ["protocol", "bytes_up", "server_name", "end"])
def test_a_damaged_page_is_told_and_the_other_logs_are_kept(tmp_path: Path, column: str) -> None:
    good, damaged = (
        write_flows(tmp_path / f"{half}.parquet", by_day(FLOWS)[0][half::2]) for half in (0, 1)
    )
    pages = parquet.read_metadata(damaged).row_group(0)
    chunk = pages.column(parquet.read_schema(damaged).get_field_index(column))
    begin = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(Path(damaged).read_bytes())
    content[begin : begin + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    Path(damaged).write_bytes(content)

    outcome = run([good, damaged], [], tmp_path / "out")

    assert [line for line in outcome.lines if damaged in line]
    assert outcome.files_failed == 1
    assert len(classified(tmp_path / "out")) == len(by_day(FLOWS)[0][0::2])
