"""A file's rows and span are the same whether its footer tells them or its rows do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from outage.canonical import answer_schema, flow_schema
from outage.flows.engine import Limits, engine
from outage.flows.inputs import ANSWERS, FLOWS, Kind, Log, open_log
from tests.flows.made import SECOND, answer, flow, micros, run, write_flows

NEVER_SET = 10 * SECOND  # 1970


def opened(path: Path, kind: Kind = FLOWS) -> tuple[Log, list[str]]:
    """Open a file alone."""
    with engine(Limits("1GB", 1), str(path.parent)) as connection:
        return open_log(connection, str(path), kind, path.parent)


def written(path: Path, starts: list[int | None], **options: Any) -> Path:
    """Write flows that start at these microseconds, three a row group."""
    schema = pa.schema([one.with_nullable(True) for one in flow_schema()])
    rows = [flow("c", "203.0.113.1", 0) | {"start": at} for at in starts]
    table = pa.Table.from_pylist(rows, schema=schema)
    parquet.write_table(table, path, row_group_size=3, **options)
    return path


@pytest.mark.parametrize("told", [True, False, ["client"]])
@pytest.mark.parametrize(
    "wrong", [[], [None], [NEVER_SET], [None] * 3 + [NEVER_SET, micros(10**10)]]
)
def test_wrong_times_are_left_out_with_and_without_statistics(
    tmp_path: Path, told: bool | list[str], wrong: list[int | None]
) -> None:
    good = [micros(second) for second in (50, 7, 3.5, 99, 20)]

    log, lines = opened(written(tmp_path / "f.parquet", good + wrong, write_statistics=told))

    assert (log.rows, log.first, log.last) == (5 + len(wrong), micros(3.5), micros(99))
    assert [line.split(": ")[1][:6] for line in lines] == [f"{len(wrong)} rows"] * bool(wrong)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", None])
def test_times_of_every_unit_span_the_same(tmp_path: Path, unit: str, zone: str | None) -> None:
    path = written(tmp_path / "f.parquet", [micros(second) for second in (5, 60, 7, 8)])
    table = parquet.read_table(path)
    place = table.column_names.index("start")
    starts = table.column(place).cast(pa.timestamp("us")).cast(pa.timestamp(unit))
    if zone:
        starts = starts.cast(pa.timestamp(unit, zone))
    parquet.write_table(table.set_column(place, "start", starts), path)

    log, lines = opened(path)

    assert (log.first, log.last, lines) == (micros(5), micros(60), [])


@pytest.mark.parametrize("told", [True, False])
def test_the_longest_ttl_is_known(tmp_path: Path, told: bool) -> None:
    rows = [answer("c", "a.example", "192.0.2.1", n, ttl=ttl) for n, ttl in enumerate((5, None, 9))]
    table = pa.Table.from_pylist(rows, schema=answer_schema())
    parquet.write_table(table, tmp_path / "dns.parquet", write_statistics=told)

    log, _ = opened(tmp_path / "dns.parquet", ANSWERS)

    assert (log.rows, log.lasting) == (3, 9 * SECOND)


def test_a_file_whose_times_are_damaged_is_left_out_when_it_is_read(tmp_path: Path) -> None:
    good = write_flows(tmp_path / "good.parquet", [flow("c", "203.0.113.1", 0)])
    times = [micros(second / 7) for second in range(2_000)]
    bad = written(tmp_path / "bad.parquet", times, use_dictionary=False)
    content = bytearray(bad.read_bytes())
    place = flow_schema().names.index("start")
    column = parquet.ParquetFile(bad).metadata.row_group(300).column(place)
    content[column.data_page_offset : column.data_page_offset + 12] = b"\xff" * 12
    bad.write_bytes(content)

    outcome = run([good, str(bad)], [], tmp_path / "out")

    assert outcome.flows == 1
    assert "bad.parquet: " in outcome.lines[0]
