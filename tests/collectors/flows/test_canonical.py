from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from collectors.flows.canonical import Canonical
from outage.errors import BadInput
from tests.collectors.flows.made import MICROS, START, read

FLOWS = (
    "client,server_ip,server_port,protocol,start,end,bytes_down,syn,rtt_ms,server_name,vantage,device\n"
    "imsi-1,192.0.2.9,443,TCP,2026-01-05T10:00:00.25Z,1767607202.75,2300,1,12.5,A.Example.,op-1,p1\n"
    "imsi-2,2001:DB8::9,443,6,2026-01-05T11:00:00+01:00,2026-01-05T10:00:01Z,,,,,,\n"
)
ANSWERS = (
    "client,name,address,time,ttl,rcode,rtt_ms\n"
    "10.0.0.5,Web.WhatsApp.com,192.0.2.9,2026-01-05T10:00:00Z,60,0,30.5\n"
    "::ffff:10.0.0.5,gone.example,,2026-01-05T10:00:01Z,,3,\n"
)


def test_flows_from_csv_keep_what_is_empty_unknown(tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    path.write_text(FLOWS)

    first, second = read(Canonical(), path, vantage="op-2").flows

    assert first == {
        "client": "#imsi-1", "server_ip": "192.0.2.9", "server_port": 443, "protocol": "tcp",
        "start": START * MICROS + 250_000, "end": START * MICROS + 2_750_000, "bytes_down": 2300,
        "bytes_up": None, "packets_down": None, "packets_up": None, "syn": 1, "syn_ack": None,
        "rst": None, "fin": None, "rtt_ms": 12.5, "server_name": "a.example",
        "certificate_name": None, "device": "#p1", "vantage": "op-1",
    }  # fmt: skip
    assert (second["server_ip"], second["bytes_down"], second["vantage"]) == (
        "2001:db8::9",
        None,
        "op-2",
    )


def test_answers_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_text(ANSWERS)

    found, missing = read(Canonical(), path).answers

    assert found == {
        "client": "#10.0.0.5", "name": "web.whatsapp.com", "address": "192.0.2.9",
        "time": START * MICROS, "ttl": 60, "rcode": 0, "rtt_ms": 30.5,
    }  # fmt: skip
    assert (missing["client"], missing["address"], missing["rcode"]) == ("#10.0.0.5", None, 3)


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    from pyarrow import csv

    for name, text in (("flows", FLOWS), ("dns", ANSWERS)):
        plain, packed = tmp_path / f"{name}.csv", tmp_path / f"{name}.parquet"
        plain.write_text(text.replace(",1767607202.75,", ",2026-01-05T10:00:02.75Z,"))
        table = csv.read_csv(plain)
        parquet.write_table(table, packed)

        one, other = read(Canonical(), plain), read(Canonical(), packed)

        assert (one.flows, one.answers) == (other.flows, other.answers)


def test_parquet_moments_without_a_zone_are_in_the_zone_given(tmp_path: Path) -> None:
    path = tmp_path / "dns.parquet"
    moment = pa.array([(START + 3_600) * MICROS + 250_000]).cast(pa.timestamp("us"))
    columns = {"client": ["a"], "name": ["b.example"], "address": ["192.0.2.9"], "time": moment}
    parquet.write_table(pa.table(columns), path)

    (answer,) = read(Canonical(), path, timezone="Europe/Vienna").answers

    assert answer["time"] == START * MICROS + 250_000


def test_integer_addresses_are_told_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    moments = pa.array([START * MICROS] * 2).cast(pa.timestamp("us", "UTC"))
    columns = {
        "client": [1, 2], "server_ip": [3_221_225_993, 3_221_225_994], "server_port": [443, 443],
        "protocol": ["tcp", "tcp"], "start": moments, "end": moments,
    }  # fmt: skip
    parquet.write_table(pa.table(columns), path)

    outcome = read(Canonical(), path)

    assert (outcome.flows, outcome.damaged) == ([], {"address is an integer": 2})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client,server_ip,start,end\n", "column server_port, protocol missing"),
        ("a,b\n1,2\n", "missing"),
        ("client,name,time\n", "column address missing"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "flows.csv"
    path.write_text(text)

    with pytest.raises(BadInput, match=said):
        read(Canonical(), path)


def test_damaged_files_and_rows_are_told(tmp_path: Path) -> None:
    broken, rows = tmp_path / "broken.parquet", tmp_path / "rows.csv"
    broken.write_bytes(b"PAR1" + bytes(100))
    rows.write_text(FLOWS.replace("op-1", "No Slug!").replace("imsi-2", ""))

    with pytest.raises(BadInput, match="damaged or no Parquet file"):
        read(Canonical(), broken)

    assert read(Canonical(), rows).damaged == {"vantage is no slug": 1, "client is missing": 1}
