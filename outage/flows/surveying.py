"""Look once at every name and address of the logs, and lay down what the steps need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from outage.errors import BadInput, UsageError
from outage.flows import addresses, naming
from outage.flows.engine import SECOND_US, Limits, engine, make_parts
from outage.flows.inputs import ANSWERS, FLOWS, MOST_TTL, Log, rows_of
from outage.flows.naming import GRACE, MOST_GRACE, Names
from outage.flows.places import exists
from outage.flows.shares import Plan, write
from outage.slots import check_slot_seconds
from outage.words import check_slug

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from outage.catalogue import Catalogue

NAMED: Final = ("server_ip", "start", "server_name", "certificate_name")
ANSWERED: Final = ("name", "address", "time", "ttl")


@dataclass(frozen=True, slots=True)
class Options:
    """How flows are classified and samples cut; `reverse` finds the reverse name of an address.

    `since` and `until` (epoch seconds) say from when and until when the logs are whole;
    `cluster` is the address of a Dask scheduler.
    """

    slot_seconds: int = 600
    grace: int = GRACE
    source: str = "flows"
    vantage: str = ""
    since: int | None = None
    until: int | None = None
    limits: Limits = field(default_factory=Limits)
    reverse: Callable[[str], str | None] | None = None
    cluster: str | None = None

    def check(self) -> None:
        """Raise UsageError if an option is wrong."""
        check_slot_seconds(self.slot_seconds)
        if not 0 <= self.grace <= MOST_GRACE:
            raise UsageError(f"--grace: {self.grace} is not within 0 and {MOST_GRACE} seconds")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError("--until: is not after --since; name the later moment")
        for name, slug in (("--source", self.source), ("--vantage", self.vantage or "none")):
            try:
                check_slug(slug, name)
            except BadInput as error:
                raise UsageError(str(error)) from error


def survey(
    flows: Sequence[Log], answers: Sequence[Log], out: str, catalogue: Catalogue, options: Options
) -> Plan:
    """Return the plan for some logs; `out/addresses.parquet` learns from them."""
    with engine(options.limits, out, [log.path for log in (*flows, *answers)]) as connection:
        _look(connection, flows, answers)
        names = _named(connection, catalogue)
        make_parts(connection, names.parts)
        naming.load_names(connection, names)
        kept = f"{out}/{addresses.FILE_NAME}"
        known = exists(kept)
        if known:
            addresses.check_kept(connection, kept)
        addresses.make_learned(connection, kept if known else None)
        addresses.learn_addresses(connection, catalogue, names, options.reverse)
        write(connection, "FROM learned", kept)
        row = connection.execute("SELECT max(ttl) FROM seen_answers").fetchone()
    longest = min(max(int(row[0] or 0), 0), MOST_TTL) if row else 0
    return Plan(
        out=out,
        flows=tuple(flows),
        answers=tuple(answers),
        names=names,
        slot_seconds=options.slot_seconds,
        grace=options.grace,
        vantage=options.vantage,
        look_back=(longest + options.grace) * SECOND_US,
        limits=options.limits,
    )


def _look(connection: DuckDBPyConnection, flows: Sequence[Log], answers: Sequence[Log]) -> None:
    """Create `seen_servers`, `seen_flows` (of those that tell a name) and `seen_answers`."""
    connection.execute(f"""
        CREATE TABLE seen_servers AS
        SELECT DISTINCT server_ip FROM ({rows_of(flows, FLOWS, ("server_ip",))})""")
    connection.execute(f"""
        CREATE TABLE seen_flows AS
        SELECT server_ip, server_name, certificate_name, max(epoch_us("start")) AS last
        FROM ({rows_of(flows, FLOWS, NAMED)})
        WHERE server_name IS NOT NULL OR certificate_name IS NOT NULL GROUP BY ALL""")
    connection.execute(f"""
        CREATE TABLE seen_answers AS
        SELECT name, address, max(epoch_us(time)) AS last, max(ttl) AS ttl
        FROM ({rows_of(answers, ANSWERS, ANSWERED)}) GROUP BY ALL""")


def _named(connection: DuckDBPyConnection, catalogue: Catalogue) -> Names:
    names = Names()
    hosts = connection.execute(
        "SELECT DISTINCT name FROM (SELECT name FROM seen_answers UNION ALL"
        " SELECT server_name FROM seen_flows) WHERE name IS NOT NULL"
    ).fetchall()
    certificates = connection.execute(
        "SELECT DISTINCT certificate_name FROM seen_flows WHERE certificate_name IS NOT NULL"
    ).fetchall()
    names.hosts = naming.classify((row[0] for row in hosts), catalogue.classify, names)
    names.certificates = naming.classify(
        (row[0] for row in certificates), catalogue.classify_certificate, names
    )
    return names
