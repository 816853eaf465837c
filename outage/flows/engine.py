"""The embedded engine: one DuckDB connection with bounded memory, and how SQL is put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from outage.errors import BadInput, OutageError, UsageError
from outage.flows.places import is_url, register

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from outage.catalogue import Part

DAY_US: Final = 86_400_000_000
SECOND_US: Final = 1_000_000
PATTERN: Final = re.compile(r"([\[*?])")
SIZE: Final = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may take: memory such as `2GB`, and threads (None: every core)."""

    memory: str = "2GB"
    threads: int | None = None

    def __post_init__(self) -> None:
        if not SIZE.fullmatch(self.memory.strip()):
            raise UsageError(f"--memory-limit: {self.memory!r} is no size; write it like 2GB")

    def shared(self, engines: int) -> Limits:
        """Return what each of several engines may take at once.

        >>> Limits("3 GB").shared(2).memory
        '1.500GB'
        """
        unit = self.memory.lstrip(" .0123456789").rstrip()
        size = float(self.memory.strip().removesuffix(unit)) / engines
        threads = None if self.threads is None else max(1, self.threads // engines)
        return replace(self, memory=f"{size:.3f}{unit}", threads=threads)


@contextmanager
def engine(limits: Limits, place: str, paths: Iterable[str] = ()) -> Iterator[DuckDBPyConnection]:
    """Open an empty database in memory that spills beside `place`, its results.

    A place or path that is a URL is opened through fsspec. The engine's errors become one line.
    """
    import duckdb

    scratch = None if is_url(place) else place
    with (
        told("the logs", "correct or leave out the file it is about"),
        TemporaryDirectory(prefix=".spill-", dir=scratch) as spill,
        duckdb.connect() as connection,
    ):
        register(connection, [place, *paths])
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET temp_directory = {quoted(spill)}")
        connection.execute(f"SET memory_limit = {quoted(limits.memory)}")
        if limits.threads is not None:
            connection.execute(f"SET threads = {int(limits.threads)}")
        yield connection


def quoted(text: object) -> str:
    """Return a text as an SQL literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def parquet(paths: Iterable[str], *options: str) -> str:
    """Return SQL that reads Parquet files; names are no patterns, whatever is in them."""
    names = ", ".join(quoted(literally(one)) for one in paths)
    return f"read_parquet({', '.join((f'[{names}]', 'hive_partitioning = false', *options))})"


def literally(path: str) -> str:
    """Return a name that the engine takes for that file alone, not for a pattern.

    >>> literally("logs/a[1].parquet")
    'logs/a[[]1].parquet'
    """
    return path if is_url(path) else PATTERN.sub(r"[\1]", path)


def moment(micros: int) -> str:
    """Return an SQL literal of a moment in microseconds since 1970, which scans can prune by."""
    return f"make_timestamptz({int(micros)})"


def one_line(error: Exception) -> str:
    """Return what the engine said, short enough for a line."""
    return " ".join(str(error).split())[:200]


@contextmanager
def told(what: str, remedy: str) -> Iterator[None]:
    """Turn the engine's errors into one line: memory and disk as such, all else as bad input."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise OutageError(
            f"{what}: out of memory ({one_line(error)}); raise --memory-limit or free disk space"
        ) from error
    except duckdb.Error as error:
        raise BadInput(f"{what}: {one_line(error)}; {remedy}") from error


def make_parts(connection: DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Create the table `parts`: number, service and category, as enumerations.

    Enumerations are written to Parquet as they are, without looking every text up again.
    """
    services = sorted({part.service for part in parts}) or [""]
    categories = sorted({part.category for part in parts} | {""})
    for name, values in (("service_t", services), ("category_t", categories)):
        connection.execute(f"CREATE TYPE {name} AS ENUM ({', '.join(map(quoted, values))})")
    rules = ("dns", "sni", "certificate", "address")
    connection.execute(f"CREATE TYPE rule_t AS ENUM ({', '.join(map(quoted, rules))})")
    connection.execute("CREATE TABLE parts (part SMALLINT, service service_t, category category_t)")
    rows = [f"({i}, {quoted(p.service)}, {quoted(p.category)})" for i, p in enumerate(parts)]
    if rows:
        connection.execute(f"INSERT INTO parts VALUES {', '.join(rows)}")
