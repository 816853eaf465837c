"""From the facts of all days to long samples: complete slots, and zeros where nothing was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outage.flows.engine import SECOND_US, parquet, quoted
from outage.flows.places import remove
from outage.flows.sampling import COUNTED
from outage.flows.shares import write

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Signal -> the column of the facts, and the one that says how many measurements know it.
COUNTS: Final = ("flows", *COUNTED)
FILLED: Final = {name: (name, f"known_{name}") for name in COUNTS} | {
    "active_servers": ("active_servers", "known_flows")
}
FLOW_MEDIANS: Final = {"rtt_tcp_ms": ("rtt_ms", "known_rtt_ms")}
DNS_FILLED: Final = {name: (name, f"known_{name}") for name in ("dns_queries", "dns_failures")}
DNS_MEDIANS: Final = {"rtt_dns_ms": ("rtt_dns_ms", "known_rtt_dns_ms")}


@dataclass(frozen=True, slots=True)
class Emission:
    """How samples are named and cut: source, slot length, and the span known to be whole.

    `since` and `until` (epoch seconds) say that the logs are whole from then and until then;
    otherwise the slots in which a vantage's data begin and end are held back.
    """

    source: str
    slot_seconds: int
    since: int | None = None
    until: int | None = None


def write_samples(
    connection: DuckDBPyConnection,
    flow_facts: Sequence[str],
    dns_facts: Sequence[str],
    emission: Emission,
    target: str,
) -> tuple[int, int]:
    """Write the samples of the given facts (Parquet files) to `target`; count them and their slots.

    A series that was seen at a vantage at all has zeros in the slots that the vantage covers and
    in which a flow of any service knew the signal; otherwise a slot is a gap. So is one in which
    no flow of the vantage ended: logs are written at the ends of flows, and what is known of it
    comes from flows that outlasted the silence of the log.
    """
    queries = []
    for files, filled, medians in (
        (flow_facts, FILLED, FLOW_MEDIANS),
        (dns_facts, DNS_FILLED, DNS_MEDIANS),
    ):
        if files:
            queries.append(_samples(parquet(files), filled, medians, emission))
    if not queries:
        remove(target)
        return 0, 0
    rows = f"""
        SELECT make_timestamptz(slot * {emission.slot_seconds * SECOND_US}) AS slot_start,
               service, vantage, category, signal, value::DOUBLE AS value,
               {quoted(emission.source)} AS source, {emission.slot_seconds} AS slot_seconds,
               weight::DOUBLE AS weight
        FROM ({" UNION ALL ".join(queries)})
        ORDER BY slot, service, vantage, category, signal"""
    if not write(connection, rows, target):
        remove(target)
        return 0, 0
    count = "SELECT count(*), count(DISTINCT slot_start)"
    row = connection.execute(f"{count} FROM {parquet([target])}").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _samples(
    facts: str,
    filled: dict[str, tuple[str, str]],
    medians: dict[str, tuple[str, str]],
    emission: Emission,
) -> str:
    slot = emission.slot_seconds * SECOND_US
    since = f"{emission.since * SECOND_US}" if emission.since is not None else "min(first)"
    until = f"{emission.until * SECOND_US}" if emission.until is not None else "max(last)"
    known = sorted({column for _, column in filled.values()})
    ever = ", ".join(f"sum({x}) AS ever_{x}" for x in known)
    covered = ", ".join(f"c.{x} AS covered_{x}" for x in known)
    rows = [
        f"SELECT slot, service, vantage, category, '{signal}' AS signal, NULL::BIGINT AS weight,"
        f" CASE WHEN {known} > 0 THEN {column}::DOUBLE ELSE 0.0 END AS value FROM laid"
        f" WHERE {known} > 0 OR (covered_{known} > 0 AND ever_{known} > 0)"
        for signal, (column, known) in filled.items()
    ]
    rows += [
        f"SELECT slot, service, vantage, category, '{signal}' AS signal, {known} AS weight,"
        f" {column}::DOUBLE AS value FROM laid WHERE {known} > 0"
        for signal, (column, known) in medians.items()
    ]
    return f"""(
        WITH facts AS (SELECT * FROM {facts}),
        spans AS (
            SELECT vantage, ({since} + {slot - 1}) // {slot} AS first_slot,
                   {until} // {slot} AS end_slot
            FROM facts WHERE service IS NULL GROUP BY vantage),
        covered AS (
            SELECT c.* FROM facts c JOIN spans s ON c.vantage = s.vantage
                AND c.slot >= s.first_slot AND c.slot < s.end_slot
            WHERE c.service IS NULL AND c.ended > 0),
        series AS (
            SELECT vantage, service, category, {ever} FROM facts
            WHERE service IS NOT NULL GROUP BY ALL),
        laid AS (
            SELECT c.slot, s.*, {covered}, f.* EXCLUDE (vantage, service, category, slot)
            FROM covered c JOIN series s ON c.vantage = s.vantage
            LEFT JOIN facts f ON f.vantage = s.vantage AND f.service = s.service
                AND f.category = s.category AND f.slot = c.slot)
        {" UNION ALL ".join(rows)})"""
