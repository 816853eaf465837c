"""Columns that are taken over as they are make the same named flows as rows written anew."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from outage.errors import BadInput
from outage.flows import shares, splicing
from outage.flows.footers import read_footer, write_footer
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
def spliced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many logs were taken over, a number a share."""
    counts: list[int] = []

    def counting(logs: Any, *more: Any) -> None:
        counts.append(len(logs))
        splice(logs, *more)

    splice = splicing.splice
    monkeypatch.setattr(splicing, "splice", counting)
    return counts


def by_day(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return flows by the UTC day on which they start."""
    days = sorted({row["start"] // 86_400_000_000 for row in rows})
    return [[row for row in rows if row["start"] // 86_400_000_000 == day] for day in days]


def rewritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the results of a run that takes nothing over."""
    with monkeypatch.context() as context:
        context.setattr(shares.splicing, "fits", lambda *_: False)
        classify(folder, FLOWS, ANSWERS)
    return folder / "out"


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_columns_taken_over_are_what_would_have_been_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spliced: list[int], compression: str
) -> None:
    wanted = rewritten(tmp_path / "anew", monkeypatch)
    assert not spliced
    paths = [write_flows(tmp_path / f"{n}-{half}.parquet", rows[half::2])
             for n, rows in enumerate(by_day(FLOWS)) for half in (0, 1)]  # fmt: skip
    for path in paths:
        parquet.write_table(
            parquet.read_table(path), path, row_group_size=70, compression=compression
        )

    run(paths, [write_answers(tmp_path / "dns.parquet", ANSWERS)], tmp_path / "out")

    assert spliced
    assert set(spliced) == {2}
    assert classified(tmp_path / "out") == classified(wanted)
    assert samples(tmp_path / "out") == samples(wanted)
    for path in (tmp_path / "out" / "flows").glob("*/*"):
        assert parquet.read_metadata(path).num_row_groups > 2
        assert parquet.read_schema(path).field("named_by").type == pa.string()


def test_a_log_over_midnight_or_without_a_vantage_is_written_anew(
    tmp_path: Path, spliced: list[int]
) -> None:
    classify(tmp_path / "two days", FLOWS, ANSWERS)
    assert not spliced

    day = [row | {"vantage": None} for row in by_day(FLOWS)[0]]
    classify(tmp_path / "blank", day, ANSWERS, vantage="filled")
    assert not spliced
    assert {row["vantage"] for row in classified(tmp_path / "blank" / "out")} == {"filled"}

    classify(tmp_path / "kept", day, ANSWERS)
    assert spliced == [1]


@pytest.mark.parametrize(
    ("column", "value"), [("bytes_up", -1), ("rtt_ms", float("nan")), ("rtt_ms", -0.5)]
)
def test_a_log_with_what_is_no_measurement_is_written_anew(
    tmp_path: Path, spliced: list[int], column: str, value: float
) -> None:
    day = by_day(FLOWS)[0]
    classify(tmp_path, [*day[1:], day[0] | {column: value}], ANSWERS)

    assert not spliced
    assert all(row[column] is None or row[column] >= 0 for row in classified(tmp_path / "out"))


def test_a_log_with_a_clock_that_was_never_set_is_written_anew(
    tmp_path: Path, spliced: list[int]
) -> None:
    day = by_day(FLOWS)[0]
    classify(tmp_path, [*day, day[0] | {"start": 5, "end": 6}], ANSWERS)

    assert not spliced
    assert len(classified(tmp_path / "out")) == len(day)


def test_a_log_with_columns_of_other_types_is_written_anew(
    tmp_path: Path, spliced: list[int]
) -> None:
    path = write_flows(tmp_path / "flows.parquet", by_day(FLOWS)[0])
    table = parquet.read_table(path)
    place = table.schema.get_field_index("server_port")
    narrow = table.column("server_port").cast(pa.int16())
    parquet.write_table(table.set_column(place, "server_port", narrow), path)

    run([path], [], tmp_path / "out")

    assert not spliced
    found = next((tmp_path / "out" / "flows").glob("*/*"))
    assert parquet.read_schema(found).field("server_port").type == pa.int32()


def test_a_footer_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = write_flows(tmp_path / "flows.parquet", FLOWS[:100])
    with Path(path).open("rb") as stream:
        footer = read_footer(stream)

    again = BytesIO()
    write_footer(again, footer)

    assert Path(path).read_bytes().endswith(again.getvalue())
    assert read_footer(again) == footer


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1"])
def test_what_is_no_parquet_file_is_told(content: bytes) -> None:
    with pytest.raises(BadInput, match="not a whole Parquet file"):
        read_footer(BytesIO(content))
