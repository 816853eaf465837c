"""Make flows and DNS answers of a nation's clients, in canonical columns, as Parquet.

50,000 clients, an answer for every five flows, 1,200 names of which 960 belong to listed
services, 3,600 addresses, 20 million flows a day in order of time. A flow follows an answer of
its client after 400 s on average, so that some answers have expired; a tenth goes elsewhere.
Every figure is a hash of its number: the same size gives the same files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

A_DAY: Final = 20_000_000
BEGIN_US: Final = 1_792_368_000_000_000  # 2026-10-19T00:00Z, a Monday
NAMES: Final = 1_200
#: Encoded and cut as `outage flows read` does it.
WRITTEN: Final = "COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE 491520"
FAMILIES: Final = (
    "e{}.whatsapp.net", "mmi{}.whatsapp.net", "mms{}.whatsapp.net", "mmv{}.whatsapp.net",
    "a{}.facebook.com", "i{}.instagram.com", "r{}.googlevideo.com", "n{}.nflxvideo.net",
    "t{}.twimg.com",
)  # fmt: skip
MACROS: Final = f"""
CREATE MACRO chance(i, salt) AS (hash(i * 64 + salt) >> 11)::DOUBLE / 9007199254740992.0;
CREATE MACRO host(a) AS floor({NAMES} * pow(chance(a, 2), 2.5))::INT;
CREATE MACRO place(a) AS host(a) * 3 + (hash(a * 64 + 3) % 3)::INT;
CREATE MACRO address(k) AS '198.' || (18 + k // 65536) || '.' || (k // 256 % 256) || '.' || k % 256;
CREATE MACRO client(a) AS substr(md5((hash(a * 64 + 1) % 50000)::VARCHAR), 1, 16);
CREATE MACRO ttl(h) AS [60, 120, 300, 300, 900, 3600][1 + h % 6];
CREATE MACRO instant(us) AS make_timestamptz(us::BIGINT);
"""


def make(folder: Path, flows: int) -> None:
    """Write `folder/flows-*.parquet` and `folder/dns-*.parquet`, a file a day; once only."""
    if (folder / "made").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    answers, days = flows // 5, -(-flows // A_DAY)
    span = int(flows / A_DAY * 86_400_000_000)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET memory_limit = '4GB'; SET threads = 2")
        engine.execute("SET enable_progress_bar = false")
        engine.execute(MACROS)
        engine.execute("CREATE TABLE names (h INT, name VARCHAR)")
        engine.executemany("INSERT INTO names VALUES (?, ?)", [[h, _name(h)] for h in range(NAMES)])
        for day in range(days):
            first, last = day * A_DAY, min((day + 1) * A_DAY, flows)
            rows = _answers(first // 5, last // 5, span, answers)
            engine.execute(f"COPY ({rows}) TO '{folder}/dns-{day:02}.parquet' ({WRITTEN})")
            rows = _flows(first, last, span, flows, answers)
            engine.execute(f"COPY ({rows}) TO '{folder}/flows-{day:02}.parquet' ({WRITTEN})")
    (folder / "made").touch()


def _name(number: int) -> str:
    family = FAMILIES[number % len(FAMILIES)] if number % 5 else "host{}.example.net"
    return family.format(number)


def _answers(first: int, last: int, span: int, total: int) -> str:
    return f"""
        SELECT client(i) AS client, name, address(place(i)) AS address,
               instant({BEGIN_US} + i * {span}::HUGEINT // {total}) AS time,
               ttl(host(i))::BIGINT AS ttl, 0::INT AS rcode,
               round(5 + 40 * chance(i, 9), 1) AS rtt_ms
        FROM range({first}, {last}) r(i) JOIN names ON h = host(i)"""


def _flows(first: int, last: int, span: int, total: int, answers: int) -> str:
    delay = f"-ln(1 - chance(f, 5)) * 400 * {answers}::DOUBLE / {span / 1e6}"
    return f"""
        WITH drawn AS (
            SELECT f, {BEGIN_US} + (f * {span}::HUGEINT // {total})::BIGINT AS us,
                   greatest(0, f // 5 - ({delay})::BIGINT) AS a, f % 10 > 0 AS tcp
            FROM range({first}, {last}) r(f))
        SELECT client(a) AS client,
               address(CASE WHEN chance(f, 6) < 0.1 THEN (hash(f * 64 + 7) % 3600)::INT
                            ELSE place(a) END) AS server_ip,
               443::INT AS server_port, CASE WHEN tcp THEN 'tcp' ELSE 'udp' END AS protocol,
               instant(us) AS "start", instant(us - ln(1 - chance(f, 8)) * 45e6) AS "end",
               exp(6 + 4 * chance(f, 10) + 2 * chance(f, 11))::BIGINT AS bytes_down,
               exp(5 + 3 * chance(f, 12))::BIGINT AS bytes_up,
               (5 + 40 * chance(f, 13))::BIGINT AS packets_down,
               (5 + 30 * chance(f, 14))::BIGINT AS packets_up,
               CASE WHEN tcp THEN 1::BIGINT END AS syn, CASE WHEN tcp THEN 1::BIGINT END AS syn_ack,
               CASE WHEN tcp THEN (chance(f, 15) < 0.05)::BIGINT END AS rst,
               CASE WHEN tcp THEN 2::BIGINT END AS fin,
               CASE WHEN tcp THEN round(20 + 100 * chance(f, 16), 1) END AS rtt_ms,
               CASE WHEN chance(f, 17) < 0.3 THEN name END AS server_name,
               NULL::VARCHAR AS certificate_name, NULL::VARCHAR AS device, 'mobile-1' AS vantage
        FROM drawn JOIN names ON h = host(a)"""
