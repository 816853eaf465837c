from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from collectors.flows.zeek import Zeek
from outage.errors import BadInput
from tests.collectors.flows.made import (
    CONN,
    CONNECTION,
    DNS,
    MICROS,
    SSL,
    START,
    connection,
    read,
    zeek,
)

LOOKUP = {
    "ts": f"{START}.000000", "uid": "D1", "id.orig_h": "10.0.0.5", "id.resp_h": "10.0.0.1",
    "proto": "udp", "rtt": "0.030000", "query": "Web.WhatsApp.com", "qtype_name": "A",
    "rcode": "0", "answers": "mmx-ds.cdn.whatsapp.net,192.0.2.9,192.0.2.10",
    "TTLs": "3600.000000,60.000000,30.000000",
}  # fmt: skip


def conn_log(folder: Path, *records: dict[str, str], name: str = "conn.log") -> Path:
    path = folder / name
    path.write_text(zeek("conn", CONN, *records))
    return path


def test_a_connection_becomes_a_flow_of_its_originator(tmp_path: Path) -> None:
    path = conn_log(tmp_path, CONNECTION)

    (flow,) = read(Zeek(), path, vantage="op-1").flows

    assert flow == {
        "client": "#10.0.0.5", "server_ip": "192.0.2.9", "server_port": 443, "protocol": "tcp",
        "start": START * MICROS + 250_000, "end": START * MICROS + 2_750_000,
        "bytes_down": 2300, "bytes_up": 400, "packets_down": 7, "packets_up": 6,
        "syn": 1, "syn_ack": 1, "rst": 0, "fin": 1, "rtt_ms": None, "server_name": None,
        "certificate_name": None, "device": None, "vantage": "op-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("history", "flags"),
    [
        ("S", (1, 0, 0, 0)),
        ("Sr", (1, 0, 1, 0)),
        ("ShAR", (1, 1, 1, 0)),
        ("SSSShADTTTFfR", (1, 1, 1, 1)),  # letters repeat, but are no packet counts
        ("^dADa", (0, 0, 0, 0)),
        ("-", (None, None, None, None)),  # nothing was noted: unknown, not zero
    ],
)
def test_history_tells_which_flags_were_there(
    tmp_path: Path, history: str, flags: tuple[int | None, ...]
) -> None:
    (flow,) = read(Zeek(), conn_log(tmp_path, connection(history=history))).flows

    assert tuple(flow[name] for name in ("syn", "syn_ack", "rst", "fin")) == flags


def test_what_is_not_tcp_has_no_flags_and_icmp_no_port(tmp_path: Path) -> None:
    path = conn_log(
        tmp_path,
        connection(proto="udp", history="Dd", resp_p="53"),
        connection(proto="icmp", history="-", resp_p="0", orig_p="8", duration="-"),
    )

    udp, icmp = read(Zeek(), path).flows

    assert [udp[name] for name in ("syn", "syn_ack", "rst", "fin")] == [0, 0, 0, 0]
    assert (icmp["server_port"], icmp["end"]) == (0, icmp["start"])


def test_columns_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text(zeek("conn", [*reversed(CONN), "community_id"], CONNECTION))

    assert read(Zeek(), path).flows == read(Zeek(), conn_log(tmp_path, CONNECTION)).flows


@pytest.mark.parametrize(
    ("said", "used"), [("\\x2c", ","), ("|", "|"), ("\\x", "\t"), ("\\xe9x", "\t"), ("", "\t")]
)
def test_the_separator_is_what_the_header_says(tmp_path: Path, said: str, used: str) -> None:
    path = conn_log(tmp_path, CONNECTION)
    plain = read(Zeek(), path).flows
    path.write_text(path.read_text().replace("\\x09", said).replace("\t", used))

    assert read(Zeek(), path).flows == plain


def test_payload_bytes_stand_in_where_the_log_has_no_packet_bytes(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    fields = [name for name in CONN if "ip_bytes" not in name and "pkts" not in name]
    path.write_text(zeek("conn", fields, CONNECTION))

    (flow,) = read(Zeek(), path).flows

    assert (flow["bytes_down"], flow["bytes_up"], flow["packets_up"]) == (2000, 100, None)


def test_json_says_the_same_as_tabs_whichever_way_times_are_written(tmp_path: Path) -> None:
    plain = conn_log(tmp_path, CONNECTION, connection(duration="-", history="-"))
    numbers = {"ts", "duration", "orig_bytes", "resp_bytes", "id.resp_p", "orig_ip_bytes"}
    first = {key: float(text) if key in numbers else text for key, text in CONNECTION.items()}
    first |= {"id.resp_p": 443, "orig_ip_bytes": 400, "orig_bytes": 100, "resp_bytes": 2000}
    first["_path"] = "conn"
    second = {key: text for key, text in first.items() if key not in ("duration", "history")}
    second["ts"] = "2026-01-05T10:00:00.250000Z"
    lines = tmp_path / "conn.json.log.gz"
    lines.write_bytes(gzip.compress(f"{json.dumps(first)}\n{json.dumps(second)}\n".encode()))

    assert read(Zeek(), lines).flows == read(Zeek(), plain).flows


def test_answers_are_a_row_an_address_each_with_its_own_ttl(tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek("dns", DNS, LOOKUP))

    first, second = read(Zeek(), path).answers

    assert first == {
        "client": "#10.0.0.5", "name": "web.whatsapp.com", "address": "192.0.2.9",
        "time": START * MICROS + 30_000, "ttl": 60, "rcode": 0, "rtt_ms": pytest.approx(30.0),
    }  # fmt: skip
    assert (second["address"], second["ttl"]) == ("192.0.2.10", 30)


def test_queries_without_an_address_have_one_row(tmp_path: Path) -> None:
    unanswered = {**LOOKUP, "rtt": "-", "rcode": "-", "answers": "-", "TTLs": "-"}
    missing = {**LOOKUP, "rcode": "3", "answers": "-", "TTLs": "-"}
    text = {**LOOKUP, "qtype_name": "TXT", "answers": "TXT 9 192.0.2.1", "TTLs": "60.0"}
    nameless = {**LOOKUP, "query": "-"}
    path = tmp_path / "dns.log"
    path.write_text(zeek("dns", DNS, unanswered, missing, text, nameless))

    outcome = read(Zeek(), path)

    assert [one["rcode"] for one in outcome.answers] == [None, 3, 0]
    assert {(one["address"], one["ttl"]) for one in outcome.answers} == {(None, None)}
    assert not outcome.damaged


def test_a_ttl_is_unknown_where_answers_and_ttls_do_not_match(tmp_path: Path) -> None:
    path = tmp_path / "dns.log"
    path.write_text(zeek("dns", DNS, {**LOOKUP, "TTLs": "60.0"}, LOOKUP))

    assert [one["ttl"] for one in read(Zeek(), path).answers] == [None, None, 60, 30]


def test_names_come_from_the_ssl_logs_of_this_rotation_and_the_one_before(tmp_path: Path) -> None:
    handshakes = {
        "08": {"uid": "C0", "server_name": "too-early.example"},
        "09": {"uid": "C1", "server_name": "MMG.whatsapp.net", "subject": "-"},
        "10": {"uid": "C2", "subject": "CN=*.whatsapp.net,O=Example\\, Inc."},
        "11": {"uid": "C3", "server_name": "too-late.example"},
    }
    for hour, one in handshakes.items():
        log = zeek("ssl", SSL, {"ts": f"{START - 60}", **one})
        (tmp_path / f"ssl.{hour}:00:00.log.gz").write_bytes(gzip.compress(log.encode()))
    connections = [connection(uid=uid) for uid in ("C0", "C1", "C2", "C3")]
    path = conn_log(tmp_path, *connections, name="conn.10:00:00.log")

    flows = read(Zeek(), path).flows

    assert [(one["server_name"], one["certificate_name"]) for one in flows] == [
        (None, None),
        ("mmg.whatsapp.net", None),
        (None, "*.whatsapp.net"),
        (None, None),
    ]


def test_the_first_hour_of_a_day_is_named_by_the_last_of_the_day_before(tmp_path: Path) -> None:
    days = [tmp_path / day for day in ("2026-01-03", "2026-01-04", "2026-01-05", "notes")]
    for day in days:
        day.mkdir()
        log = zeek(
            "ssl", SSL, {"ts": f"{START}", "uid": "C1", "server_name": f"{day.name}.example"}
        )
        (day / "ssl.23:00:00.log").write_text(log)

    (flow,) = read(Zeek(), conn_log(days[2], CONNECTION, name="conn.00:00:00.log")).flows

    assert flow["server_name"] == "2026-01-04.example"


def test_certificates_named_by_fingerprint_are_looked_up_in_the_x509_log(tmp_path: Path) -> None:
    shakes = [{"ts": f"{START}", "uid": f"C{place}", "cert_chain_fps": fps}
              for place, fps in ((1, "aa,bb"), (2, "cc"))]  # fmt: skip
    (tmp_path / "ssl.log").write_text(zeek("ssl", ["ts", "uid", "cert_chain_fps"], *shakes))
    certificates = [
        {"fingerprint": "bb", "certificate.subject": "CN=Some CA"},
        {"fingerprint": "aa", "certificate.subject": "CN=*.whatsapp.net,O=Example"},
    ]
    fields = ["ts", "fingerprint", "certificate.subject"]
    (tmp_path / "x509.log").write_text(zeek("x509", fields, *certificates))

    flows = read(Zeek(), conn_log(tmp_path, CONNECTION, connection(uid="C2"))).flows

    assert [one["certificate_name"] for one in flows] == ["*.whatsapp.net", None]


def test_names_are_held_for_a_bounded_number_of_handshakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.flows.zeek_ssl.MOST", 1_000)
    monkeypatch.setattr("collectors.files.lines.MAX_LINES", 500)
    count = 5_000
    moments = [f"{START + place}.000000" for place in range(count)]
    shakes = [
        {"ts": moment, "uid": f"C{place}", "server_name": f"host{place}.example"}
        for place, moment in enumerate(moments)
    ]
    (tmp_path / "ssl.log").write_text(zeek("ssl", SSL, *shakes))
    flows = [
        connection(ts=moment, uid=f"C{place}", duration="1.0")
        for place, moment in enumerate(moments)
    ]

    named = read(Zeek(), conn_log(tmp_path, *flows)).flows

    assert [one["server_name"] for one in named] == [
        f"host{place}.example" for place in range(count)
    ]


def test_a_damaged_ssl_log_costs_names_only_and_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(zeek("ssl", SSL, {"ts": f"{START}", "uid": "C1"}).encode())
    (tmp_path / "ssl.log.gz").write_bytes(packed[:-12])

    outcome = read(Zeek(), conn_log(tmp_path, CONNECTION))

    assert len(outcome.flows) == 1
    ((reason, count),) = outcome.damaged.items()
    assert (count, "names are missing" in reason, "ssl.log.gz" in reason) == (1, True, True)


def test_logs_of_two_kinds_in_one_file_are_both_read(tmp_path: Path) -> None:
    path = tmp_path / "all.log"
    weird = zeek("weird", ["ts", "name"], {"ts": "1", "name": "odd"})
    path.write_text(zeek("conn", CONN, CONNECTION) + weird + zeek("dns", DNS, LOOKUP))

    outcome = read(Zeek(), path)

    assert (len(outcome.flows), len(outcome.answers)) == (1, 2)
    assert outcome.passed == {"records of Zeek's weird log": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orig_h": "3232235777"}, "address is an integer"),
        ({"resp_h": "999.1.1.1"}, "address is not an IP address"),
        ({"resp_h": "-"}, "server_ip is missing"),
        ({"resp_p": "70000"}, "port is not a number from 0 to 65,535"),
        ({"resp_p": "-"}, "server_port is missing"),
        ({"ts": "yesterday"}, "time is neither an epoch nor ISO 8601"),
        ({"ts": "12.5"}, "time is outside 1990 to 2199"),
        ({"duration": "-2.0"}, "duration is not a number from 0 to"),
        ({"resp_ip_bytes": "many"}, "resp_ip_bytes is not a number from 0"),
    ],
)
def test_a_damaged_record_is_named_and_the_rest_is_read(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    path = conn_log(tmp_path, CONNECTION, connection(**changes), connection(uid="C3"))

    outcome = read(Zeek(), path)

    assert len(outcome.flows) == 2
    (row,) = outcome.rejected
    assert row.reason.startswith(reason)
    assert (row.line, outcome.damaged[row.reason]) == (9, 1)


def test_a_cut_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = conn_log(tmp_path, CONNECTION, CONNECTION)
    path.write_text(path.read_text().rpartition("#close")[0] + "1767607200.1\tC9\t10.0.0.5\t400")

    outcome = read(Zeek(), path)

    assert len(outcome.flows) == 2
    (row,) = outcome.rejected
    assert (row.line, row.reason) == (10, "another number of columns than the header names")


def test_a_log_without_a_header_is_refused_and_one_in_the_middle_helps(tmp_path: Path) -> None:
    body = "\t".join(CONNECTION[name] for name in CONN) + "\n"
    path = tmp_path / "conn.log"
    path.write_text(body * 3)
    with pytest.raises(BadInput, match="no #fields line"):
        read(Zeek(), path)

    path.write_text(body * 3 + zeek("conn", CONN, CONNECTION))
    outcome = read(Zeek(), path)

    assert len(outcome.flows) == 1
    assert outcome.damaged == {"no #fields line above the record": 3}


def test_a_header_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text(zeek("conn", [name for name in CONN if name != "id.resp_h"], CONNECTION))

    with pytest.raises(BadInput, match=r"names no id\.resp_h"):
        read(Zeek(), path)


def test_ipv6_is_brought_to_one_text(tmp_path: Path) -> None:
    path = conn_log(
        tmp_path,
        connection(orig_h="2001:DB8:0:0::5", resp_h="2001:db8::0009"),
        connection(orig_h="fe80::1%eth0", resp_h="::ffff:192.0.2.9"),
    )

    one, other = read(Zeek(), path).flows

    assert (one["client"], one["server_ip"]) == ("#2001:db8::5", "2001:db8::9")
    assert (other["client"], other["server_ip"]) == ("#fe80::1", "192.0.2.9")


def test_three_days_of_a_real_host_are_read_whole(shared: Path) -> None:
    folder = shared / "data" / "zeek"
    states = {"syn": 0, "syn_ack": 0, "rst": 0, "rows": 0}
    for path in sorted(folder.glob("2024-*/conn.*")):
        outcome = read(Zeek(), path)
        assert not outcome.damaged
        states["rows"] += len(outcome.flows)
        for flag in ("syn", "syn_ack", "rst"):
            states[flag] += sum(one[flag] or 0 for one in outcome.flows)

    assert states == {"rows": 105_918, "syn": 85_588, "syn_ack": 30_554, "rst": 58_243}
