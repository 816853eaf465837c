"""The two steps of the work that can be done anywhere: classify a share, sum a day up.

Both read and write Parquet only, under temporary names until they are whole: a step that died
half-way leaves nothing that counts, and may be done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from outage.flows import copying, naming, sampling
from outage.flows.engine import Limits, engine, make_parts, parquet, quoted
from outage.flows.inputs import Log
from outage.flows.naming import Names, Share
from outage.flows.places import exists, is_url, make_folder, move, remove
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
    """What became of one share: its files (none: it has no flows), how many flows each rule named
    ("" for none), and when the last of them ends (microseconds)."""

    share: Share
    paths: tuple[str, ...]
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
    named: dict[str, Counter[str]] = {}
    with _opened(plan) as connection:
        naming.make_spells(connection, plan.answers, share, plan.grace, plan.look_back)
        near = [log for log in plan.flows if log.touches(share.start, share.end)]
        copied = [log for log in near if _can_be_copied(connection, plan, log, share)]
        for place, log in enumerate(copied):
            target = f"{folder}/log-{place:04}.parquet"
            named[target] = _copy(connection, plan, log, target)
        if rest := [log for log in near if log not in copied]:
            target = f"{folder}/part-{share.bucket:03}-of-{share.buckets:03}.parquet"
            if write(connection, naming.named_flows(rest, share, plan.vantage), target):
                named[target] = _rules(connection, target)
        last = _last(connection, tuple(named)) if named else 0
    return Classified(share, tuple(named), sum(named.values(), Counter()), last)


def _can_be_copied(connection: DuckDBPyConnection, plan: Plan, log: Log, share: Share) -> bool:
    local = not is_url(plan.out) and len(plan.names.parts) <= copying.MOST_PARTS
    return local and copying.can_be_copied(connection, log, share, plan.vantage)


def _copy(connection: DuckDBPyConnection, plan: Plan, log: Log, target: str) -> Counter[str]:
    codes, named = copying.read_codes(connection, log)
    with _whole(target) as unfinished:
        copying.copy_named(log, plan.names, codes, unfinished)
    return named


def _rules(connection: DuckDBPyConnection, target: str) -> Counter[str]:
    rows = f"SELECT coalesce(named_by, ''), count(*) FROM {parquet([target])} GROUP BY ALL"
    return Counter(dict(connection.execute(rows).fetchall()))


def _last(connection: DuckDBPyConnection, paths: Sequence[str]) -> int:
    """Return when the last flow of some files ends, in microseconds."""
    found = connection.execute(f'SELECT epoch_us(max("end")) FROM {parquet(paths)}').fetchone()
    return int(found[0]) if found else 0


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
    with _whole(target) as unfinished:
        found = connection.execute(f"COPY ({query}) TO {quoted(unfinished)} ({WRITTEN})").fetchone()
        rows = int(found[0]) if found else 0
        if not rows:
            remove(unfinished)
    return rows


@contextmanager
def _whole(target: str) -> Iterator[str]:
    """Yield a temporary name; what was written there gets its own when it is whole."""
    folder, name = target.rsplit("/", 1)
    make_folder(folder)
    unfinished = f"{folder}/.{name}.{uuid4().hex}.tmp"
    try:
        yield unfinished
        if exists(unfinished):
            move(unfinished, target)
    finally:
        remove(unfinished)


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
