"""The two steps of the work that can be done anywhere: classify a share, sum a day up.

Both read and write Parquet only, under temporary names until they are whole: a step that died
half-way leaves nothing that counts, and may be done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from outage.flows import naming, sampling
from outage.flows.engine import Limits, engine, make_parts, parquet, quoted
from outage.flows.inputs import Log
from outage.flows.naming import Names, Share
from outage.flows.places import make_folder, move, remove
from outage.slots import DAY, format_time

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Writing takes half of all time: no search for dictionaries of columns that have none. Of the
#: compressions the quickest one makes files a third larger, and is hardly quicker.
WRITTEN: Final = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2,"
    " DICTIONARY_SIZE_LIMIT 5000"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the steps need to know, the same for each of them; `look_back` in microseconds."""

    out: str
    flows: tuple[Log, ...]
    answers: tuple[Log, ...]
    names: Names
    slot_seconds: int
    grace: int
    vantage: str
    look_back: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Classified:
    """What became of one share: its file (None: it has no flows), how many flows each rule named
    ("" for none), and when the last of them ends (microseconds)."""

    share: Share
    path: str | None
    named: Mapping[str, int]
    last: int


def day_name(day: int) -> str:
    """Return the name of a UTC day, as in the folders of classified flows.

    >>> day_name(16_123)
    'day=2014-02-22'
    """
    return f"day={(format_time(day * DAY) or '')[:10]}"


def classify_share(plan: Plan, share: Share) -> Classified:
    """Write the named flows of one share; the same rows whoever does it, however often."""
    folder = f"{plan.out}/flows/{day_name(share.day)}"
    target = f"{folder}/part-{share.bucket:03}-of-{share.buckets:03}.parquet"
    with _opened(plan) as connection:
        naming.make_spells(connection, plan.answers, share, plan.grace, plan.look_back)
        rows = write(connection, naming.named_flows(plan.flows, share, plan.vantage), target)
        if not rows:
            return Classified(share, None, {}, 0)
        counts = connection.execute(
            f"SELECT coalesce(named_by, ''), count(*), max(epoch_us(\"end\"))"
            f" FROM {parquet([target])} GROUP BY ALL"
        ).fetchall()
    named = {str(rule): int(count) for rule, count, _ in counts}
    return Classified(share, target, named, max(int(end) for _, _, end in counts))


@contextmanager
def _opened(plan: Plan) -> Iterator[DuckDBPyConnection]:
    """Open the engine with the plan's names in its tables."""
    logs = [log.path for log in (*plan.flows, *plan.answers)]
    with engine(plan.limits, plan.out, logs) as connection:
        make_parts(connection, plan.names.parts)
        naming.load_names(connection, plan.names)
        yield connection


def write(connection: DuckDBPyConnection, query: str, target: str) -> int:
    """Write the rows of a query as one Parquet file, whole or not at all; return how many."""
    folder, name = target.rsplit("/", 1)
    make_folder(folder)
    unfinished = f"{folder}/.{name}.{uuid4().hex}.tmp"
    try:
        found = connection.execute(f"COPY ({query}) TO {quoted(unfinished)} ({WRITTEN})").fetchone()
        rows = int(found[0]) if found else 0
        if rows:
            move(unfinished, target)
    finally:
        remove(unfinished)
    return rows


def _replace(connection: DuckDBPyConnection, query: str, target: str) -> None:
    """Write the rows of a query; where there are none, no earlier file stays."""
    if not write(connection, query, target):
        remove(target)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day (since 1970) and the classified flows that touch it: `own` start on it, of
    those in `earlier` some may last into it."""

    day: int
    own: tuple[str, ...]
    earlier: tuple[str, ...]


def sum_day_up(plan: Plan, day: Day) -> int:
    """Write the facts of one day, of flows and of answers, and return the day."""
    place = f"{plan.out}/slots"
    share = Share(day.day)
    with _opened(plan) as connection:
        only: str | None = plan.vantage
        targets = [f"{place}/{kind}-{day_name(day.day)}.parquet" for kind in ("flows", "dns")]
        if day.own or day.earlier:
            sampling.make_facts(connection, day.own, day.earlier, day.day, plan.slot_seconds)
            _replace(connection, "FROM facts", targets[0])
            only = sampling.make_client_vantages(connection, day.own, only)
        else:
            remove(targets[0])
        if any(log.touches(share.start, share.end) for log in plan.answers):
            sampling.make_dns_facts(connection, plan.answers, share, plan.slot_seconds, only)
            _replace(connection, "FROM dns_facts", targets[1])
        else:
            remove(targets[1])
    return day.day
