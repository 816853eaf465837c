"""From classified flows to samples: what each slot saw of each service, category and vantage.

A flow's bytes are spread over the slots it spans in proportion to time, in whole bytes; it counts
among flows, SYN and SYN-ACK where it starts, among RST and FIN where it ends, and its server is
active in every slot it spans. All sums are of whole numbers, so that no order of adding matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from outage.flows.engine import DAY_US, SECOND_US, moment, parquet, quoted
from outage.flows.inputs import ANSWERS, Log, rows_of
from outage.flows.naming import Share

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_DAYS: Final = 7
CLIENT_VANTAGES: Final = "client_vantages (client UBIGINT, vantage VARCHAR)"
SPREAD: Final = ("bytes_down", "bytes_up")
AT_START: Final = ("syn", "syn_ack")
AT_END: Final = ("rst", "fin")
COUNTED: Final = (*SPREAD, *AT_START, *AT_END)
ADDED: Final = ("flows", *COUNTED)
PARTS: Final = "vantage, service, category"


def make_facts(
    connection: DuckDBPyConnection,
    own: Sequence[str],
    earlier: Sequence[str],
    day: int,
    slot_seconds: int,
) -> None:
    """Create `facts`: what the slots of one UTC day saw, one row a slot and part.

    `own` are the classified flows that start on the day, `earlier` those of which some may last
    into it. `service` is null for all flows together, `category` empty for the whole service. Of
    each additive signal there are the sum and `known_...`, how many flows knew it; `ended` counts
    the flows that end in the slot.
    """
    slot = slot_seconds * SECOND_US
    first, last = day * DAY_US // slot, (day + 1) * DAY_US // slot - 1
    _make_touching(connection, own, earlier, day)
    _make_strides(connection, slot)
    _make_serving(connection, slot)
    totals = ", ".join(
        f"sum({x})::HUGEINT AS {x}, coalesce(sum(known_{x}), 0)::BIGINT AS known_{x}" for x in ADDED
    )
    ended = "coalesce(sum(ended), 0)::BIGINT AS ended"
    sums = f"min(first) AS first, max(last) AS last, {ended}, {totals}"
    served = f"unnest(range(greatest(a, {first}), least(b, {last}) + 1)) AS slot"
    serving = f"SELECT {PARTS}, server, {served} FROM serving"
    for table, query in (
        ("sums", f"SELECT {PARTS}, slot, {sums} FROM ({_added(slot)}) GROUP BY ALL"),
        ("medians", _both("median(rtt_ms) AS rtt_ms, count(*) AS known_rtt_ms", _times(slot))),
        ("actives", _both("count(DISTINCT server) AS active_servers", serving)),
    ):
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM ({query})"
            f" WHERE slot BETWEEN {first} AND {last}"
        )
    connection.execute(f"""
        CREATE OR REPLACE TABLE facts AS
        WITH wholes AS (
            SELECT vantage, slot, NULL AS service, '' AS category, {sums} FROM sums GROUP BY ALL
            UNION ALL
            SELECT vantage, slot, service, '' AS category, {sums} FROM sums
            WHERE service IS NOT NULL GROUP BY ALL
            UNION ALL
            SELECT vantage, slot, service, category, {sums} FROM sums
            WHERE service IS NOT NULL AND category <> '' GROUP BY ALL)
        SELECT w.*, rtt_ms, coalesce(known_rtt_ms, 0) AS known_rtt_ms,
               coalesce(active_servers, 0) AS active_servers
        FROM wholes w
        LEFT JOIN medians USING (vantage, slot, service, category)
        LEFT JOIN actives USING (vantage, slot, service, category)""")


def _make_touching(
    connection: DuckDBPyConnection, own: Sequence[str], earlier: Sequence[str], day: int
) -> None:
    """Create the view `touching`: the flows that overlap the day, with their first and last moment.

    A flow that ends before it starts, or after more than seven days, has a wrong clock: it is
    taken to end where it starts.
    """
    late = f'"end" >= {moment(day * DAY_US)}'
    rows = [_read(files, where) for files, where in ((own, "true"), (earlier, late)) if files]
    connection.execute(f"""
        CREATE OR REPLACE VIEW touching AS
        SELECT * EXCLUDE (ends), CASE WHEN ends BETWEEN starts AND starts + {LONGEST_DAYS * DAY_US}
               THEN ends ELSE starts END AS ends
        FROM ({" UNION ALL ".join(rows)})""")


def _read(files: Sequence[str], where: str) -> str:
    return (
        "SELECT coalesce(vantage, '') AS vantage, service, category, server_ip, rtt_ms,"
        f' {", ".join(COUNTED)}, epoch_us("start") AS starts, epoch_us("end") AS ends'
        f" FROM {parquet(files)} WHERE {where}"
    )


def _make_strides(connection: DuckDBPyConnection, slot: int) -> None:
    """Create `strides`: the sums of the flows from one slot to another (`a` to `b`), by part."""
    sums = ", ".join(f"sum({x})::HUGEINT AS {x}, count({x}) AS known_{x}" for x in COUNTED)
    connection.execute(f"""
        CREATE OR REPLACE TABLE strides AS
        SELECT {PARTS}, starts // {slot} AS a, ends // {slot} AS b, min(starts) AS first,
               max(starts) AS last, count(*) AS flows, {sums}
        FROM touching GROUP BY ALL""")


def _added(slot: int) -> str:
    """Return SQL for what flows add to slots, several rows a slot and part."""
    first, last, inside = (_kept(names) for names in (AT_START, AT_END, SPREAD))
    return f"""
        SELECT {PARTS}, a AS slot, first, last, flows, {first} FROM strides
        UNION ALL BY NAME
        SELECT {PARTS}, b AS slot, flows AS ended, {last} FROM strides
        UNION ALL BY NAME
        SELECT {PARTS}, a AS slot, flows AS known_flows, {inside} FROM strides WHERE a = b
        UNION ALL BY NAME
        {_spread(slot)}"""


def _kept(names: Sequence[str]) -> str:
    return ", ".join(f"{x}, known_{x}" for x in names)


def _spread(slot: int) -> str:
    """Return SQL for the bytes that flows over several slots add to each of them."""
    upto = f"(least((slot + 1) * {slot}, ends) - starts)"
    before = f"greatest(slot * {slot} - starts, 0)"
    fields = ", ".join(f"{_share(x, upto)} - {_share(x, before)} AS {x}" for x in SPREAD)
    sums = ", ".join(f"sum({x})::HUGEINT AS {x}, count({x}) AS known_{x}" for x in SPREAD)
    return f"""
        SELECT {PARTS}, slot, 0 AS flows, count(*) AS known_flows, {sums} FROM (
            SELECT {PARTS}, slot, {fields} FROM (
                SELECT *, unnest(range(starts // {slot}, ends // {slot} + 1)) AS slot
                FROM touching WHERE ends // {slot} > starts // {slot}))
        GROUP BY ALL"""


def _share(column: str, part: str) -> str:
    """Return SQL for what a flow carried in the first `part` microseconds of its time, floored.

    Wide numbers are slow: they are used only where the product would not fit.
    """
    whole = "(ends - starts)"
    return (
        f"CASE WHEN {column} <= 9000000000000000000 // {whole} THEN {column} * {part} // {whole}"
        f" ELSE ({column}::HUGEINT * {part} // {whole})::BIGINT END"
    )


def _both(select: str, rows: str) -> str:
    """Return SQL that makes one row a category and one for the whole service."""
    return (
        f"SELECT {PARTS}, slot, {select} FROM ({rows}) WHERE category <> '' GROUP BY ALL"
        f" UNION ALL SELECT vantage, service, '' AS category, slot, {select} FROM ({rows})"
        " GROUP BY ALL"
    )


def _times(slot: int) -> str:
    return (
        f"SELECT {PARTS}, starts // {slot} AS slot, rtt_ms FROM touching"
        " WHERE service IS NOT NULL AND rtt_ms IS NOT NULL"
    )


def _make_serving(connection: DuckDBPyConnection, slot: int) -> None:
    """Create `serving`: which server served which part, from one slot to another (`a` to `b`).

    Hashes of 64 bits stand for addresses. That two of 100,000 in a slot share theirs has a
    chance of one in four thousand million.
    """
    connection.execute(f"""
        CREATE OR REPLACE TABLE serving AS
        SELECT DISTINCT {PARTS}, hash(server_ip) AS server,
               starts // {slot} AS a, ends // {slot} AS b
        FROM touching WHERE service IS NOT NULL""")


def make_dns_facts(
    connection: DuckDBPyConnection,
    answers: Sequence[Log],
    share: Share,
    slot_seconds: int,
    only: str | None,
) -> None:
    """Create `dns_facts` of one UTC day: queries, failures and the median round-trip time.

    A query is a client, a name and a moment, however many addresses it brought. It failed where
    the answer's code is not 0, or where there is neither a code nor an address: nobody answered.
    Its vantage is as written, else `only`, else that of most of its client's flows (the table
    `client_vantages`, by the client's hash).
    """
    slot = slot_seconds * SECOND_US
    near = [log for log in answers if log.touches(share.start, share.end)]
    columns = ("client", "name", "address", "time", "rcode", "rtt_ms", "vantage")
    otherwise = "v.vantage" if only is None else quoted(only)
    totals = (
        "min(asked) AS first, max(asked) AS last, count(*) AS ended,"
        " count(*)::HUGEINT AS dns_queries,"
        " count(*) AS known_dns_queries, count_if(failed)::HUGEINT AS dns_failures,"
        " count(failed) AS known_dns_failures, median(rtt_ms) AS rtt_dns_ms,"
        " count(rtt_ms) AS known_rtt_dns_ms"
    )
    connection.execute(f"CREATE TABLE IF NOT EXISTS {CLIENT_VANTAGES}")
    connection.execute(f"""
        CREATE OR REPLACE TABLE dns_facts AS
        WITH queries AS (
            SELECT hash(client) AS client, hash(name) AS name, part, epoch_us(time) AS asked,
                   max(vantage) AS vantage, min(rtt_ms) AS rtt_ms,
                   CASE WHEN count(rcode) > 0 THEN max(rcode) <> 0
                        WHEN count(address) = 0 THEN true END AS failed
            FROM ({rows_of(near, ANSWERS, columns)}) LEFT JOIN hosts USING (name)
            WHERE time >= {moment(share.start)} AND time < {moment(share.end)}
            GROUP BY ALL),
        placed AS (
            SELECT asked // {slot} AS slot, asked, failed, rtt_ms, service, category,
                   coalesce(q.vantage, {otherwise}) AS vantage
            FROM queries q LEFT JOIN parts USING (part)
            LEFT JOIN client_vantages v ON q.client = v.client)
        SELECT vantage, slot, NULL AS service, '' AS category, {totals} FROM placed
        WHERE vantage IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT vantage, slot, service, '' AS category, {totals} FROM placed
        WHERE vantage IS NOT NULL AND service IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT vantage, slot, service, category, {totals} FROM placed
        WHERE vantage IS NOT NULL AND category <> '' GROUP BY ALL""")


def make_client_vantages(
    connection: DuckDBPyConnection, own: Sequence[str], otherwise: str | None
) -> str | None:
    """Return the only vantage of the day's flows; if there are several, None.

    Then `client_vantages` holds the vantage of most of each client's flows.
    """
    connection.execute(f"CREATE TABLE {CLIENT_VANTAGES}")
    found = connection.execute("SELECT DISTINCT vantage FROM facts").fetchall()
    if len(found) <= 1:
        return str(found[0][0]) if found else otherwise
    if own:
        connection.execute(f"""
            INSERT INTO client_vantages
            SELECT client, arg_max(vantage, (flows, vantage)) FROM (
                SELECT hash(client) AS client, coalesce(vantage, '') AS vantage, count(*) AS flows
                FROM {parquet(own)} GROUP BY ALL)
            GROUP BY client""")
    return None
