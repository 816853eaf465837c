"""Classified flows, opened for a report: one service, one stretch of time, one vantage or all.

The flows stay in their Parquet files; DuckDB reads of them what a question needs, within
`MEMORY`, and spills what does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from outage.canonical import FLOW_COLUMNS
from outage.errors import BadInput, UsageError
from outage.reports.exhibits import Scope
from outage.reports.parts import Parts
from outage.slots import DAY, format_time

SECOND: Final = 1_000_000  # microseconds
LONGEST: Final = 7 * DAY * SECOND  # microseconds; a flow that lasts longer has a wrong clock
_TIMED: Final = f'epoch_us("end") - epoch_us(start) BETWEEN 0 AND {LONGEST}'
MEMORY: Final = "2GB"
CLASSIFIED: Final = ("service", "category")
NEEDED: Final = ("server_ip", "start", "end", "bytes_down", "bytes_up", *CLASSIFIED)
OPTIONAL: Final = ("device", "vantage")
LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """Which flows a report is about: those that start in [since, until), epoch seconds.

    Without a service the files must hold only one.
    """

    paths: Sequence[Path]
    service: str | None = None
    vantage: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """The chosen flows as the view `chosen` of an open database, and what is known of them.

    Columns: address, category ("" for none), began and ended (epoch microseconds), bytes_down,
    bytes_up, device, vantage. `unmeasured` flows have no byte counts; `untimed` ones, which end
    before they start or after more than seven days, are taken to end where they start.
    """

    database: duckdb.DuckDBPyConnection
    scope: Scope
    parts: Parts
    unmeasured: int
    untimed: int

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows that a query gives."""
        return self.database.execute(query, values or None).fetchall()

    def columns(self, query: str, **values: Any) -> dict[str, Any]:
        """Return what a query gives as one numpy array a column."""
        return self.database.execute(query, values or None).fetchnumpy()


@contextmanager
def open_flows(selection: Selection) -> Iterator[Flows]:
    """Open the classified flows of a selection; raises BadInput and UsageError."""
    files = flow_files(selection.paths)
    with TemporaryDirectory(prefix="outage-report-") as spill, _database(spill) as database:
        _read(database, files)
        service = selection.service or _only_service(database)
        database.execute(_view(selection, service, _columns(database)))
        yield _described(database, selection, service)


def flow_files(paths: Sequence[Path]) -> list[Path]:
    """Return the Parquet files of some paths; of a folder with `flows` in it, those of `flows`."""
    files = [file for path in paths for file in _files(path)]
    return sorted(set(files))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadInput(f"{path}: there is no such file or folder; give what flows classify wrote")
    folder = path / "flows" if (path / "flows").is_dir() else path
    files = [one for one in folder.rglob("*.parquet") if one.is_file()]
    if not files:
        raise BadInput(f"{folder}: holds no Parquet file; give what flows classify wrote")
    return files


@contextmanager
def _database(spill: str) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": spill,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    database = duckdb.connect(":memory:", config=settings)
    try:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET enable_progress_bar = false")  # it would write on stdout
        yield database
    except duckdb.OutOfMemoryException as error:
        line = f"the report needs more memory than {MEMORY}; narrow it by --since and --until"
        raise BadInput(f"{line} ({_first_line(error)})") from error
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise BadInput(f"the flows cannot be read: {_first_line(error)}") from error
    except RuntimeError as error:
        if "interrupted" in str(error):  # how the database tells of an interrupt
            raise KeyboardInterrupt from error
        raise
    finally:
        database.close()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _read(database: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Make the view `flows` of the files; names are no patterns, whatever is in them."""
    for file in files:  # one by one, so that a broken one is named
        try:
            types = _types(database.read_parquet(_literally(file)))
        except duckdb.Error as error:
            raise BadInput(f"{file}: not readable as Parquet: {_first_line(error)}") from error
        _check_columns(file, types)
        _check_types(file, types)
    every = [_literally(file) for file in files]
    database.read_parquet(every, union_by_name=True, hive_partitioning=False).create_view("flows")


def _literally(file: Path) -> str:
    return re.sub(r"([\[*?])", r"[\1]", str(file))


def _check_columns(file: Path, columns: Mapping[str, str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    if not missing:
        return
    if set(missing) <= set(CLASSIFIED):
        remedy = "these flows are not classified yet; run `outage flows classify` first"
    else:
        remedy = "a report reads what `outage flows classify` writes"
    raise BadInput(f"{file}: has no column {', '.join(missing)}; {remedy}")


def _columns(database: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return _types(database.view("flows"))


def _types(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _check_types(file: Path, types: Mapping[str, str]) -> None:
    for name in ("start", "end", "bytes_down", "bytes_up"):
        wanted = FLOW_COLUMNS[name]
        good = "TIMESTAMP" if wanted.startswith("timestamp") else "INT"
        if good not in types[name]:
            raise BadInput(f"{file}: column {name} is {types[name]}; write it as {wanted}")


def _view(selection: Selection, service: str, columns: dict[str, str]) -> str:
    """Return the statement that makes the view of the chosen flows."""
    conditions = [f"service = {quoted(service)}", "start IS NOT NULL", '"end" IS NOT NULL']
    if selection.vantage is not None:
        conditions.append(f"{_optional('vantage', columns)} = {quoted(selection.vantage)}")
    if selection.since is not None:
        conditions.append(f"start >= {_moment(selection.since)}")
    if selection.until is not None:
        conditions.append(f"start < {_moment(selection.until)}")
    return f"""
        CREATE VIEW chosen AS SELECT
            server_ip AS address, coalesce(category, '') AS category,
            epoch_us(start) AS began, CASE WHEN {_TIMED} THEN epoch_us("end")
                ELSE epoch_us(start) END AS ended,
            NOT ({_TIMED}) AS untimed,
            bytes_down, bytes_up, {_optional("device", columns)} AS device,
            {_optional("vantage", columns)} AS vantage
        FROM flows WHERE {" AND ".join(conditions)}"""  # noqa: S608 - literals, quoted


def _optional(name: str, columns: dict[str, str]) -> str:
    return name if name in columns else "NULL::VARCHAR"


def quoted(value: str) -> str:
    """Return text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _moment(seconds: int) -> str:
    return f"make_timestamptz({seconds * SECOND})"


def _only_service(database: duckdb.DuckDBPyConnection) -> str:
    services = _services(database)
    if len(services) == 1:
        return services[0]
    if not services:
        raise BadInput("no flow has a service: nothing in these files was recognised")
    raise UsageError(f"the flows are of several services; choose one: --service {_some(services)}")


def _services(database: duckdb.DuckDBPyConnection) -> list[str]:
    query = """
        SELECT service FROM flows WHERE coalesce(service, '') <> ''
        GROUP BY service ORDER BY count(*) DESC, service"""
    return [str(name) for (name,) in database.execute(query).fetchall()]


def _some(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _described(database: duckdb.DuckDBPyConnection, selection: Selection, service: str) -> Flows:
    query = """
        SELECT category, coalesce(vantage, ''), count(*), min(began), max(ended),
            count(*) FILTER (bytes_down IS NULL OR bytes_up IS NULL), count(*) FILTER (untimed)
        FROM chosen GROUP BY ALL"""
    groups = database.execute(query).fetchall()
    if not groups:
        raise BadInput(_empty(database, selection, service))
    categories, vantages, counts, begins, ends, unmeasured, untimed = zip(*groups, strict=True)
    since, until = min(begins) // SECOND, -(-max(ends) // SECOND)
    scope = Scope(
        service=service,
        vantage=selection.vantage,
        vantages=sorted(set(vantages)),
        since=since if selection.since is None else selection.since,
        until=until if selection.until is None else selection.until,
        flows=sum(counts),
    )
    return Flows(database, scope, Parts.of(categories), sum(unmeasured), sum(untimed))


def _empty(database: duckdb.DuckDBPyConnection, selection: Selection, service: str) -> str:
    """Return why nothing was chosen, and what there is to choose from."""
    services = _services(database)
    if service not in services:
        near = get_close_matches(service, services, 1)
        hint = f" (do you mean {near[0]}?)" if near else ""
        return f"no flow of the service {service!r}{hint}; the files hold {_some(services)}"
    vantages = _vantages(database, service)
    if selection.vantage is not None and selection.vantage not in vantages:
        seen = _some([one or "(none)" for one in vantages])
        return f"no flow of {service} from vantage {selection.vantage!r}; there are {seen}"
    return f"no flow of {service} in that time; its flows start {_span(database, service)}"


def _vantages(database: duckdb.DuckDBPyConnection, service: str) -> list[str]:
    if "vantage" not in _columns(database):
        return [""]
    query = """
        SELECT DISTINCT coalesce(vantage, '') FROM flows WHERE service = $service ORDER BY 1"""
    return [str(one) for (one,) in database.execute(query, {"service": service}).fetchall()]


def _span(database: duckdb.DuckDBPyConnection, service: str) -> str:
    query = """
        SELECT epoch_us(min(start)), epoch_us(max(start)) FROM flows WHERE service = $service"""
    first, last = database.execute(query, {"service": service}).fetchall()[0]
    return f"between {format_time(first // SECOND)} and {format_time(last // SECOND)}"
