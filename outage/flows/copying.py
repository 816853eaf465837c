"""Named flows as a copy of their log: nineteen columns as they are, and three beside them.

To decode and encode a log's columns takes half of all processor time, and yields what stood there
before. A log can be copied where each of its rows belongs to the share and is as it should be;
that, its footer tells, and one look at the columns that naming does not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import accumulate, pairwise
from math import isfinite
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from outage.canonical import flow_schema
from outage.flows.engine import parquet
from outage.flows.inputs import FLOWS, Log
from outage.flows.naming import RULES, Names, Share, coded_flows
from outage.flows.places import is_url
from outage.flows.widening import group_sizes, widen

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

AT_ONCE: Final = 1_000_000
GROUPS_AT_ONCE: Final = 16
MOST_ROWS: Final = 100_000_000  # of one log: 200 MB of codes
MOST_PARTS: Final = 16_000
NO_NAME: Final = 65_535
ADDED: Final = ("service", "category", "named_by")
UNREAD: Final = (
    "server_port", "protocol", "packets_down", "packets_up", "certificate_name", "device",
)  # fmt: skip


def can_be_copied(connection: DuckDBPyConnection, log: Log, share: Share, vantage: str) -> bool:
    """Tell whether all rows of a log are canonical flows of the share, with nothing to fill in.

    Raises the engine's error if a column that naming does not read is damaged.
    """
    whole = share.buckets == 1 and not is_url(log.path) and log.rows <= MOST_ROWS
    if not whole or not _told_by_footer(log, share, vantage):
        return False
    read = ", ".join(f"bit_xor(hash({name}))" for name in UNREAD)
    query = f"SELECT count(*) FILTER (isnan(rtt_ms)), {read} FROM {parquet([log.path])}"
    return not connection.execute(query).fetchall()[0][0]


def _told_by_footer(log: Log, share: Share, vantage: str) -> bool:
    """Tell whether a footer promises canonical columns, times of the day and only measurements."""
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_metadata

    try:
        meta = read_metadata(log.path)
    except (ArrowInvalid, OSError):
        return False
    found, wanted = meta.schema.to_arrow_schema(), flow_schema()
    if found.names != wanted.names or found.types != wanted.types:
        return False
    needed = {*FLOWS.needed, *(("vantage",) if vantage else ())}
    groups = [meta.row_group(place) for place in range(meta.num_row_groups)]
    return all(
        group.num_rows > 0
        and _promised(group.column(place).statistics, name, group.num_rows, share, name in needed)
        for group in groups
        for place, name in enumerate(wanted.names)
    )


def _promised(known: Any, name: str, rows: int, share: Share, needed: bool) -> bool:
    """Tell whether the statistics of one column of a row group rule out what must be mended."""
    if FLOWS.columns[name] == "VARCHAR" and not needed:
        return True
    if known is None or not known.has_null_count or (needed and known.null_count):
        return False
    if FLOWS.columns[name] == "VARCHAR" or name == "end" or known.null_count == rows:
        return True
    if not known.has_min_max:
        return False
    if name == "start":
        return bool(share.start <= known.min_raw and known.max_raw < share.end)
    return bool(known.min >= 0 and isfinite(known.max))


def read_codes(connection: DuckDBPyConnection, log: Log) -> tuple[NDArray[np.uint16], Counter[str]]:
    """Return the code of every row of a log, in order, and how many flows each rule named.

    A code is the number of the part times four, plus that of the rule, or NO_NAME, which counts
    under "". The engine reads the rows in any order.
    """
    import numpy as np

    codes = np.full(log.rows, NO_NAME, dtype=np.uint16)
    named = np.zeros(len(RULES), dtype=np.int64)
    for batch in connection.sql(coded_flows(log)).to_arrow_reader(AT_ONCE):
        rows, found = (column.to_numpy() for column in batch.columns)
        codes[rows] = found
        named += np.bincount(found % len(RULES), minlength=len(RULES))
    counts = dict(zip(RULES, named.tolist(), strict=True))
    return codes, Counter({"": log.rows - sum(counts.values())} | counts)


def copy_named(log: Log, names: Names, codes: NDArray[np.uint16], target: str) -> None:
    """Write a copy of a log with, beside each row, what its code stands for."""
    source, spelled = Path(log.path), _spellings(names)
    pieces = _pieces(codes, group_sizes(source))
    with ThreadPoolExecutor(cpu_count()) as pool:
        widen(source, Path(target), pool.map(lambda piece: _encoded(spelled, piece), pieces))


def _pieces(
    codes: NDArray[np.uint16], sizes: Sequence[int]
) -> Iterator[Sequence[NDArray[np.uint16]]]:
    """Yield the codes of each row group, some groups at a time, so that several hands can work."""
    spans = list(pairwise(accumulate(sizes, initial=0)))
    for first in range(0, len(spans), GROUPS_AT_ONCE):
        yield [codes[slice(*span)] for span in spans[first : first + GROUPS_AT_ONCE]]


def _encoded(
    spelled: Sequence[tuple[Any, NDArray[np.int16]]], groups: Sequence[NDArray[np.uint16]]
) -> bytes:
    """Return a Parquet file of the three columns, a row group for each of the given codes."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema([(name, pa.dictionary(pa.int16(), pa.string())) for name in ADDED])
    stream = BytesIO()
    with ParquetWriter(
        stream, schema, compression="none", store_schema=False, write_statistics=False
    ) as writer:
        for codes in groups:
            table = pa.Table.from_arrays(_columns(spelled, codes), schema=schema)
            writer.write_table(table, row_group_size=len(codes))
    return stream.getvalue()


def _columns(
    spelled: Sequence[tuple[Any, NDArray[np.int16]]], codes: NDArray[np.uint16]
) -> list[pa.DictionaryArray]:
    import pyarrow as pa

    known = pa.array(codes != NO_NAME).buffers()[1]  # which codes are names, a bit each
    numbered = (
        pa.Array.from_buffers(pa.int16(), len(codes), [known, pa.py_buffer(numbers.take(codes))])
        for _, numbers in spelled
    )
    return [
        pa.DictionaryArray.from_arrays(one, words)
        for one, (words, _) in zip(numbered, spelled, strict=True)
    ]


def _spellings(names: Names) -> list[tuple[Any, NDArray[np.int16]]]:
    """Return, for each of the three columns, its distinct words and the word of every code."""
    import numpy as np
    import pyarrow as pa

    columns = (
        [part.service for part in names.parts for _ in RULES],
        [part.category for part in names.parts for _ in RULES],
        [rule for _ in names.parts for rule in RULES],
    )
    spelled = []
    for words in columns:
        distinct = sorted({*words})
        numbers = np.zeros(NO_NAME + 1, dtype=np.int16)
        numbers[: len(words)] = [distinct.index(word) for word in words]
        spelled.append((pa.array(distinct, pa.string()), numbers))
    return spelled
