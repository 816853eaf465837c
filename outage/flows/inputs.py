"""Canonical logs on disk: which files can be used, what is wrong with the others."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from outage.canonical import ANSWER_COLUMNS, ANSWER_KEYS, FLOW_COLUMNS, FLOW_KEYS
from outage.errors import BadInput
from outage.flows.engine import DAY_US, SECOND_US, literally, one_line, parquet, quoted, told
from outage.flows.places import is_url

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_DAYS: Final = 62
EARLIEST: Final = 7_305 * DAY_US  # 1990: earlier times are clocks that were never set
LATEST: Final = 84_006 * DAY_US  # 2200
MOST_TTL: Final = 2**31 - 1  # RFC 2181, section 8
NO_ROW: Final = "holds no row; was there no traffic, or did the exporter stop?"
OUTSIDE: Final = "have a {!r} outside 1990 to 2199 or none and are left out; set the clock"
AGAIN: Final = "fetch or write it again"
READ: Final = "make it with `outage flows read`, or see docs/flows.md"
_TYPES: Final = MappingProxyType(
    {
        "string": "VARCHAR",
        "int32": "INTEGER",
        "int64": "BIGINT",
        "double": "DOUBLE",
        "timestamp[us, tz=UTC]": "TIMESTAMP WITH TIME ZONE",
    }
)
_NUMBERS: Final = ("BIGINT", "DOUBLE", "DECIMAL", "FLOAT", "HUGEINT", "INTEGER", "SMALLINT")


@dataclass(frozen=True, slots=True)
class Kind:
    """Flows or answers: columns with their types, those a row cannot do without, and the time."""

    name: str
    columns: Mapping[str, str]
    keys: tuple[str, ...]
    time: str
    needed: tuple[str, ...]


def _kind(
    name: str, columns: Mapping[str, str], keys: tuple[str, ...], time: str, needed: tuple[str, ...]
) -> Kind:
    types = {column: _TYPES[text] for column, text in columns.items()}
    return Kind(name, MappingProxyType(types), keys, time, needed)


FLOWS: Final = _kind(
    "flows", FLOW_COLUMNS, FLOW_KEYS, "start", ("client", "server_ip", "start", "end")
)
#: A reader that knows the vantage of a query may write it; else it is that of the client's flows.
ANSWERS: Final = _kind(
    "DNS answers", {**ANSWER_COLUMNS, "vantage": "string"}, ANSWER_KEYS, "time", ANSWER_KEYS
)


@dataclass(frozen=True, slots=True)
class Log:
    """One usable Parquet file: its columns, rows, and first and last moment (microseconds).

    `origin` is the file it was made from, `days` the UTC days (since 1970) that it may touch,
    `lasting` (microseconds) its longest TTL.
    """

    path: str
    origin: str
    columns: tuple[str, ...]
    rows: int
    first: int
    last: int
    days: tuple[int, ...]
    lasting: int = 0

    def touches(self, start: int, end: int) -> bool:
        """Tell whether it may hold rows of `[start, end)` (microseconds)."""
        return self.first < end and self.last >= start

    def rows_within(self, start: int, end: int) -> int:
        """Return about how many rows lie in `[start, end)`, were they spread evenly."""
        inside = min(end, self.last + 1) - max(start, self.first)
        return max(0, self.rows * inside // (self.last + 1 - self.first))


def open_log(
    connection: DuckDBPyConnection, path: str, kind: Kind, staging: Path
) -> tuple[Log, list[str]]:
    """Return a file ready to be used, and lines on rows that it loses; raises BadInput.

    A CSV file is first written as Parquet into `staging`, its good rows only.
    """
    lines: list[str] = []
    source = path
    if not is_url(path):
        _check_file(Path(path))
        if not _is_parquet(Path(path)):
            source, lines = _staged(connection, Path(path), kind, staging)
    with told(path, AGAIN):
        described = connection.execute(f"DESCRIBE SELECT * FROM {parquet([source])}").fetchall()
    found = {str(row[0]): str(row[1]) for row in described}
    _check_columns(path, found, kind)
    log, more = _spanned(connection, source, path, tuple(found), kind)
    if log is None:
        raise BadInput(lines[0] if lines else f"{path}: {NO_ROW}")
    return log, lines + more


def rows_of(logs: Sequence[Log], kind: Kind, columns: Sequence[str] | None = None) -> str:
    """Return SQL for the rows of some logs, in canonical types; absent columns are null.

    Rows without one of the columns that nothing can be done without are left out.
    """
    wanted = tuple(columns or kind.columns)
    by_columns = sorted(logs, key=lambda log: (log.columns, log.path))
    parts = [
        _select([log.path for log in group], names, kind, wanted)
        for names, group in groupby(by_columns, key=lambda log: log.columns)
    ]
    return " UNION ALL ".join(parts) if parts else _none(kind, wanted)


def _select(paths: Sequence[str], names: Sequence[str], kind: Kind, wanted: Sequence[str]) -> str:
    fields = ", ".join(
        f'{_measured(one, kind.columns[one])} AS "{one}"'
        if one in names
        else f'NULL::{kind.columns[one]} AS "{one}"'
        for one in wanted
    )
    whole = " AND ".join(f'"{key}" IS NOT NULL' for key in kind.needed)
    return f"SELECT {fields} FROM {parquet(paths)} WHERE {whole}"


def _measured(name: str, wanted: str) -> str:
    """Return SQL for a column in its canonical type; what is no measurement is null."""
    cast = f'TRY_CAST("{name}" AS {wanted})'
    if wanted == "DOUBLE":
        return f"CASE WHEN isfinite({cast}) AND {cast} >= 0 THEN {cast} END"
    return cast if wanted != "BIGINT" or name == "ttl" else f"CASE WHEN {cast} >= 0 THEN {cast} END"


def _none(kind: Kind, wanted: Sequence[str]) -> str:
    fields = ", ".join(f'NULL::{kind.columns[one]} AS "{one}"' for one in wanted)
    return f"SELECT {fields} WHERE false"


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise BadInput(f"{path}: is empty; was the log cut off, or the exporter silent?")
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read: {error.strerror}; correct the path or its permissions"
        ) from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1" or path.suffix == ".parquet"


def _check_columns(path: str, found: Mapping[str, str], kind: Kind) -> None:
    for key in kind.keys:
        if key not in found:
            near = get_close_matches(key, found, n=1)
            hint = f" (it has {near[0]!r})" if near else ""
            raise BadInput(f"{path}: {kind.name} need a column {key!r}{hint}; {READ}")
    for name, wanted in kind.columns.items():
        if name in found and not _fits(found[name], wanted):
            raise BadInput(
                f"{path}: column {name!r} is {found[name]}, not {wanted}; {_remedy(name, wanted)}"
            )


def _fits(found: str, wanted: str) -> bool:
    if found in {'"NULL"', "NULL"}:
        return True
    if wanted == "VARCHAR":
        return found.startswith(("VARCHAR", "ENUM"))
    if wanted.startswith("TIMESTAMP"):
        return found.startswith("TIMESTAMP")
    return found.lstrip("U").startswith((*_NUMBERS, "TINYINT"))


def _remedy(name: str, wanted: str) -> str:
    if wanted == "VARCHAR":
        return "write addresses as text, such as 192.0.2.7" if "ip" in name else "write it as text"
    if wanted.startswith("TIMESTAMP"):
        return "write UTC timestamps, not numbers"
    return "write it as numbers"


def _spanned(
    connection: DuckDBPyConnection, source: str, path: str, columns: tuple[str, ...], kind: Kind
) -> tuple[Log | None, list[str]]:
    """Return a file as a log, None if it has no row, and lines on rows that are left out."""
    lasting = "max(ttl)" if "ttl" in kind.columns and "ttl" in columns else "0"
    with told(path, AGAIN):
        row = connection.execute(_sound(source, kind.time, lasting)).fetchone()
        if row is None:
            row = connection.execute(_walked(source, kind.time, lasting)).fetchone()
    rows, first, last, outside, ttl = row if row is not None else (0, None, None, 0, None)
    if not rows:
        return None, []
    if first is None:
        raise BadInput(f"{path}: no row has a {kind.time!r} from 1990 to 2199; {READ}")
    days = tuple(range(first // DAY_US, last // DAY_US + 1))
    if len(days) > MOST_DAYS:  # a clock that was wrong: do not walk through decades
        days = _days(connection, source, kind)
    lines = [f"{path}: {outside:,} rows {OUTSIDE}".format(kind.time)] if outside else []
    seconds = min(max(int(ttl or 0), 0), MOST_TTL)
    log = Log(source, path, columns, int(rows), first, last, days, seconds * SECOND_US)
    return log, lines


def _sound(source: str, time: str, lasting: str) -> str:
    """Return SQL for rows, first and last moment of a file whose every time is one; else no row.

    The engine answers it from the statistics in the file's footer, where it has them.
    """
    return f"""
        SELECT rows, {_micros("least")} AS first, {_micros("most")} AS last, 0, lasting FROM (
            SELECT count(*) AS rows, count("{time}") AS timed, min("{time}") AS least,
                   max("{time}") AS most, {lasting} AS lasting
            FROM {parquet([source])})
        WHERE timed = rows AND first >= {EARLIEST} AND last < {LATEST}"""


def _walked(source: str, time: str, lasting: str) -> str:
    """Return SQL for the same of any file, without the rows of wrong times, which it counts."""
    return f"""
        SELECT count(*), min(seen), max(seen), count(*) - count(seen), {lasting} FROM (
            SELECT *, {_micros(time)} AS moment,
                   CASE WHEN moment >= {EARLIEST} AND moment < {LATEST} THEN moment END AS seen
            FROM {parquet([source])})"""


def _micros(time: str) -> str:
    """Return SQL for a time in microseconds, whatever its unit is in the file."""
    return f'epoch_us("{time}"::TIMESTAMP WITH TIME ZONE)'


def _days(connection: DuckDBPyConnection, source: str, kind: Kind) -> tuple[int, ...]:
    query = (
        f"SELECT DISTINCT {_micros(kind.time)} // {DAY_US} AS day"
        f" FROM {parquet([source])} WHERE day >= {EARLIEST // DAY_US}"
        f" AND day < {LATEST // DAY_US} ORDER BY day"
    )
    return tuple(int(day) for (day,) in connection.execute(query).fetchall())


def read_whole(connection: DuckDBPyConnection, log: Log) -> None:
    """Read every column of a log to its end; raises BadInput if it is damaged."""
    with told(log.origin, AGAIN):
        columns = ", ".join(f'max(hash("{name}"))' for name in log.columns)
        connection.execute(f"SELECT {columns} FROM {parquet([log.path])}")


def _staged(
    connection: DuckDBPyConnection, path: Path, kind: Kind, staging: Path
) -> tuple[str, list[str]]:
    """Write the good rows of a CSV file as Parquet; return where, and what was wrong."""
    names = _header(path)
    _check_columns(str(path), dict.fromkeys(names, "NULL"), kind)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadInput(f"{path}: has the column {twice[0]!r} more than once; leave one of them")
    types = {name: kind.columns.get(name, "VARCHAR") for name in names}
    columns = ", ".join(f"{quoted(name)}: {quoted(text)}" for name, text in types.items())
    staging.mkdir(parents=True, exist_ok=True)
    target = staging / f"{len(list(staging.iterdir())):06}.parquet"
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    with told(str(path), "correct the file, or " + READ):
        connection.execute(
            f"COPY (SELECT * FROM read_csv({quoted(literally(str(path)))}, header = true,"
            f" delim = ',', quote = '\"', escape = '\"', auto_detect = false,"
            f" columns = {{{columns}}}, store_rejects = true, rejects_limit = 0))"
            f" TO {quoted(target)} (FORMAT parquet, COMPRESSION snappy)"
        )
    return str(target), _rejected(connection, path)


def _rejected(connection: DuckDBPyConnection, path: Path) -> list[str]:
    found = connection.execute(
        "SELECT count(DISTINCT line), min(line), arg_min(error_message, line) FROM reject_errors"
    ).fetchone()
    if found is None or not found[0]:
        return []
    count, line, reason = found
    return [
        f"{path}:{line}: {one_line(Exception(reason))}; {count:,} such rows are left out,"
        " correct them"
    ]


def _header(path: Path) -> list[str]:
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig", newline="")
        ) as stream:
            line = stream.readline(1 << 20)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: is neither Parquet nor CSV text ({error}); {READ}") from error
    if "\0" in line:
        raise BadInput(f"{path}: is neither Parquet nor CSV text; {READ}")
    return [name.strip() for name in next(csv.reader([line]), [])]
