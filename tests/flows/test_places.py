"""What only fsspec reaches, read by several threads of the engine at once."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from threading import Thread

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from outage.errors import UsageError
from outage.flows.places import Shared, register


def test_threads_that_share_an_open_file_read_the_right_bytes(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    table = pa.table({f"c{n}": chance.integers(0, 1 << 40, 200_000) for n in range(4)})
    parquet.write_table(table, tmp_path / "many.parquet", row_group_size=10_000)
    sums = ", ".join(f"sum(c{n})::BIGINT" for n in range(4))

    with duckdb.connect() as connection:
        register(connection, ["local://"])
        connection.execute("SET threads = 4")
        for _ in range(5):
            found = connection.execute(
                f"SELECT {sums} FROM read_parquet('local://{tmp_path}/many.parquet')"
            ).fetchall()
            assert found == [tuple(int(column.to_numpy().sum()) for column in table.columns)]


def test_each_thread_has_a_position_of_its_own() -> None:
    file = Shared(BytesIO(b"0123456789"))
    file.seek(4)
    other = Thread(target=lambda: (file.seek(8), file.read(1)))
    other.start()
    other.join()

    assert (file.tell(), file.read(2), file.read(1)) == (4, b"45", b"6")
    assert (file.seek(-1, 2), file.read(), file.seek(-2, 1)) == (9, b"9", 8)


def test_a_place_that_nothing_opens_is_wrong_use() -> None:
    with duckdb.connect() as connection, pytest.raises(UsageError, match=r"nowhere://x: cannot be"):
        register(connection, ["nowhere://x"])
