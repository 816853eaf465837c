"""Long samples from Parquet, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from collectors.files.lines import regular_file
from collectors.files.rows import COLUMNS, Rows
from outage.errors import BadInput

BATCH_ROWS: Final = 100_000
MAGIC: Final = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Return whether the file starts, or by its name should start, as Parquet does."""
    regular_file(path)
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC or path.suffix == ".parquet"


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file; a row's line is its number, counted from 1."""

    path: Path
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> ParquetFile:
        """Read the names of the columns; raises BadInput if the file is not whole."""
        with _readable(path) as file:
            _check_types(file.schema_arrow, path)
            return cls(path, tuple(name.strip().lower() for name in file.schema_arrow.names))

    def rows(self, wanted: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows with the wanted columns, at most 100,000 at a time."""
        import pyarrow as pa

        with _readable(self.path) as file:
            names = [name for name in file.schema_arrow.names if name.strip().lower() in wanted]
            done, total = 0, max(1, file.metadata.num_rows)
            batches = file.iter_batches(BATCH_ROWS, columns=names)
            try:
                for batch in batches:
                    yield _rows(batch, done, total)
                    done += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise _damaged(self.path, error) from error


def _check_types(schema: Any, path: Path) -> None:
    import pyarrow as pa

    for field in schema:
        if field.name.strip().lower() in COLUMNS and (
            pa.types.is_nested(field.type) or pa.types.is_binary(field.type)
        ):
            raise BadInput(
                f"{path}: column {field.name} is of type {field.type}; write it as text, numbers"
                " or timestamps"
            )


def _rows(batch: Any, done: int, total: int) -> Rows:
    columns = {
        name.strip().lower(): column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }

    def excerpt(row: int) -> str:
        return ", ".join(f"{name}={column[row].as_py()}" for name, column in columns.items())

    lines = done + 1 + np.arange(batch.num_rows, dtype=np.int64)
    return Rows(lines, columns, excerpt, tuple, min(1.0, (done + batch.num_rows) / total))


def _readable(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    regular_file(path)
    try:
        return parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> BadInput:
    why = " ".join(str(error).split())[:160]
    return BadInput(f"{path}: is not a whole Parquet file ({why}); fetch or write it again")
