"""A Parquet file with columns put beside its own reads as both would, for every reader."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest
from pyarrow import parquet

from outage.errors import BadInput
from outage.flows.widening import group_sizes, widen

ROWS = 250
LEFT = pa.table(
    {
        "number": pa.array([None if n % 7 == 0 else n for n in range(ROWS)], pa.int64()),
        "text": [f"text {n % 5}" for n in range(ROWS)],
        "list": [[n, n + 1] for n in range(ROWS)],
    }
)
RIGHT = pa.table({"word": [None if n % 3 else f"word {n}" for n in range(ROWS)],
                  "other": pa.array(range(ROWS), pa.int16())})  # fmt: skip


def written(table: pa.Table, **options: Any) -> bytes:
    stream = BytesIO()
    parquet.write_table(table, stream, row_group_size=60, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zstd", "write_page_index": True},
        {"compression": "none", "use_dictionary": False, "data_page_version": "2.0"},
        {"write_statistics": False, "store_schema": False},
    ],
)
def test_both_files_columns_stand_side_by_side(tmp_path: Path, options: dict[str, Any]) -> None:
    source, target = tmp_path / "left.parquet", tmp_path / "both.parquet"
    source.write_bytes(written(LEFT, **options))

    widen(source, target, [written(RIGHT, **options)])

    wanted = [{**left, **right} for left, right in
              zip(LEFT.to_pylist(), RIGHT.to_pylist(), strict=True)]  # fmt: skip
    assert parquet.read_table(target).to_pylist() == wanted
    assert polars.read_parquet(target).to_dicts() == wanted
    with duckdb.connect() as engine:
        rows = engine.execute(f"SELECT * FROM '{target}' ORDER BY other").fetchall()
    assert rows == [tuple(row.values()) for row in wanted]
    assert group_sizes(target) == [60, 60, 60, 60, 10]


def test_the_columns_may_come_in_several_files(tmp_path: Path) -> None:
    source, target = tmp_path / "left.parquet", tmp_path / "both.parquet"
    source.write_bytes(written(LEFT))

    widen(source, target, (written(RIGHT.slice(*span)) for span in ((0, 120), (120, 130))))

    assert parquet.read_table(target).select(RIGHT.column_names) == RIGHT


def test_a_filter_on_either_files_columns_finds_its_rows(tmp_path: Path) -> None:
    source, target = tmp_path / "left.parquet", tmp_path / "both.parquet"
    source.write_bytes(written(LEFT))
    widen(source, target, [written(RIGHT)])

    for column, value in (("number", 201), ("other", 201), ("word", "word 201")):
        found = parquet.read_table(target, filters=[(column, "==", value)])
        assert found.column("text").to_pylist() == ["text 1"], column


def test_the_source_stays_as_it_was(tmp_path: Path) -> None:
    source, content = tmp_path / "left.parquet", written(LEFT)
    source.write_bytes(content)

    widen(source, tmp_path / "both.parquet", [written(RIGHT)])

    assert source.read_bytes() == content


def test_a_copy_can_be_widened_again(tmp_path: Path) -> None:
    first, second = tmp_path / "1.parquet", tmp_path / "2.parquet"
    parquet.write_table(LEFT, first, row_group_size=60)
    widen(first, second, [written(RIGHT.select(["word"]))])
    widen(second, first, [written(RIGHT.select(["other"]))])

    assert parquet.read_table(first).column("other").to_pylist() == list(range(ROWS))
    assert parquet.read_schema(first).names == ["number", "text", "list", "word", "other"]


def test_row_groups_that_differ_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "left.parquet"
    source.write_bytes(written(LEFT))

    with pytest.raises(ValueError, match="shorter"):
        widen(source, tmp_path / "both.parquet", [written(RIGHT.slice(0, 100))])


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "left.parquet"
    source.write_bytes(b"client,server_ip\n")

    with pytest.raises(BadInput, match="no whole Parquet file"):
        widen(source, tmp_path / "both.parquet", [written(RIGHT)])
