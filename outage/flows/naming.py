"""Naming flows: by DNS, else server name, else certificate name, else address.

The rules are those of the WhatsApp paper, section 3.1: an answer maps a client and an address to
a name until its TTL, and a grace, have passed. Host names are classified once each, not once a
row. Answers become *spells*: stretches of time in which a client's flows to an address have one
name, cut into hours, so that a flow finds its spell by one hash look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from outage.flows.engine import DAY_US, SECOND_US, moment, parquet, quoted
from outage.flows.inputs import ANSWERS, FLOWS, MOST_TTL, Log, rows_of
from outage.slots import HOUR

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from outage.catalogue import Part

GRACE: Final = 300
MOST_GRACE: Final = 3_600
RULES: Final = ("dns", "sni", "certificate", "address")
CUT_US: Final = HOUR * SECOND_US
KEYS: Final = (
    'epoch_us("start") AS began,'
    f" xor(xor(hash(client), hash(hash(server_ip))), hash(began // {CUT_US})) AS key"
)
JOINED: Final = """
            LEFT JOIN spells s ON f.key = s.key AND f.began BETWEEN s.since AND s.until
            LEFT JOIN hosts h ON f.server_name = h.name
            LEFT JOIN certificates c ON f.certificate_name = c.name
            LEFT JOIN addresses a ON f.server_ip = a.name"""


@dataclass(slots=True)
class Names:
    """What is known of names: the parts that occur, and which host, certificate and address is
    which (positions in `parts`)."""

    parts: list[Part] = field(default_factory=list)
    hosts: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    _places: dict[Part, int] = field(default_factory=dict)

    def place(self, part: Part) -> int:
        """Return the number of a part, a new one if need be."""
        if part not in self._places:
            self._places[part] = len(self.parts)
            self.parts.append(part)
        return self._places[part]


def classify(
    names: Iterable[str], find: Callable[[str], Part | None], known: Names
) -> dict[str, int]:
    """Return the number of the part of each name that has one."""
    found = ((name, find(name)) for name in sorted(names))
    return {name: known.place(part) for name, part in found if part is not None}


def load_names(connection: DuckDBPyConnection, names: Names) -> None:
    """Put hosts, certificates and addresses into tables of that name, with their parts."""
    for table, mapping in (
        ("hosts", names.hosts),
        ("certificates", names.certificates),
        ("addresses", names.addresses),
    ):
        connection.execute(
            f"CREATE TABLE {table} AS SELECT unnest($names::VARCHAR[]) AS name,"
            " unnest($parts::SMALLINT[]) AS part",
            {"names": list(mapping), "parts": list(mapping.values())},
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the work: the clients of one bucket, on one UTC day (since 1970)."""

    day: int
    bucket: int = 0
    buckets: int = 1

    @property
    def start(self) -> int:
        """Return the first microsecond of the day."""
        return self.day * DAY_US

    @property
    def end(self) -> int:
        """Return the first microsecond after the day."""
        return self.start + DAY_US

    def clients(self) -> str:
        """Return SQL that holds for the clients of this bucket."""
        return f"hash(client) % {self.buckets} = {self.bucket}" if self.buckets > 1 else "true"


def make_spells(
    connection: DuckDBPyConnection, answers: Sequence[Log], share: Share, grace: int, look_back: int
) -> None:
    """Create the table `spells` of one share: when which pair of client and address has a name.

    Only the latest answer counts; of those of the same microsecond the one with the longest TTL,
    then the first name of the alphabet. An unknown TTL is 0. `look_back` (microseconds) is how
    long any answer lasts. A hash of 64 bits stands for a client, an address and an hour: numbers
    are joined and sorted faster than text. That one of 20 million flows meets another's among 4
    million spells has a chance of one in 230,000. Answers for addresses without any listed name
    are left out at once.
    """
    since = share.start - look_back
    near = [log for log in answers if log.touches(since, share.end)]
    rows = f"""
        SELECT * FROM ({rows_of(near, ANSWERS, ("client", "name", "address", "time", "ttl"))})
        WHERE time >= {moment(since)} AND time < {moment(share.end)}"""
    lasting = f"least(greatest(coalesce(ttl, 0), 0), {MOST_TTL}) + {grace}"
    connection.execute(f"""
        CREATE OR REPLACE TABLE spells AS
        WITH names AS (
            SELECT name, part, row_number() OVER (ORDER BY name DESC) AS place
            FROM (SELECT DISTINCT name FROM ({rows})) LEFT JOIN hosts USING (name)),
        listed AS (
            SELECT DISTINCT hash(address) AS address FROM ({rows}) SEMI JOIN hosts USING (name)
            WHERE address IS NOT NULL),
        answers AS (
            SELECT hash(address) AS address, xor(hash(client), hash(hash(address))) AS pair,
                   part, place,
                   epoch_us(time) AS since, epoch_us(time) + ({lasting}) * {SECOND_US} AS expires
            FROM ({rows}) JOIN names USING (name)
            WHERE address IS NOT NULL AND {share.clients()}),
        followed AS (
            SELECT pair, part, since, expires,
                   lead(since) OVER (PARTITION BY pair ORDER BY since, expires, place) AS next
            FROM answers SEMI JOIN listed USING (address)),
        spells AS (
            SELECT pair, part, since, least(expires, coalesce(next - 1, expires)) AS until
            FROM followed WHERE part IS NOT NULL AND (next IS NULL OR next > since))
        SELECT xor(pair, hash(cut)) AS key, part, since, until FROM (
            SELECT *, unnest(range(
                greatest(since, {share.start}) // {CUT_US},
                least(until, {share.end - 1}) // {CUT_US} + 1)) AS cut
            FROM spells WHERE until >= {share.start})""")


def named_flows(flows: Sequence[Log], share: Share, vantage: str) -> str:
    """Return SQL for the flows of one share with `service`, `category` and `named_by`.

    `vantage` stands where a flow names none.
    """
    near = [log for log in flows if log.touches(share.start, share.end)]
    columns = ", ".join(f'f."{name}"' for name in FLOWS.columns if name != "vantage")
    filled = f"coalesce(f.vantage, {quoted(vantage)})" if vantage else "f.vantage"
    within = f'"start" >= {moment(share.start)} AND "start" < {moment(share.end)}'
    return f"""
        WITH f AS (
            SELECT *, {KEYS} FROM ({rows_of(near, FLOWS)}) WHERE {within} AND {share.clients()}),
        g AS (
            SELECT {columns}, {filled} AS vantage,
                coalesce(s.part, h.part, c.part, a.part) AS part,
                CASE WHEN s.part IS NOT NULL THEN 'dns'::rule_t
                     WHEN h.part IS NOT NULL THEN 'sni'::rule_t
                     WHEN c.part IS NOT NULL THEN 'certificate'::rule_t
                     WHEN a.part IS NOT NULL THEN 'address'::rule_t END AS named_by
            FROM f {JOINED})
        SELECT g.* EXCLUDE (part, named_by), service, category, named_by
        FROM g LEFT JOIN parts USING (part)"""


def coded_flows(log: Log) -> str:
    """Return SQL for `row`, the number of a flow in its log, and `code`: that of its part times
    four, plus that of the rule; flows without a name are left out."""
    codes = ", ".join(f"{one}.part::INTEGER * 4 + {rule}" for rule, one in enumerate("shca"))
    return f"""
        WITH f AS (
            SELECT file_row_number::UINTEGER AS row, server_ip, server_name, certificate_name,
                   {KEYS}
            FROM {parquet([log.path], "file_row_number = true")})
        SELECT row, coalesce({codes})::USMALLINT AS code FROM f {JOINED}
        WHERE code IS NOT NULL"""
