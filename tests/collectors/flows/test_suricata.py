from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.flows.suricata import Suricata
from tests.collectors.flows.made import MICROS, START, Read, read


def moment(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"2026-01-05T10:{int(minutes):02}:{rest:09.6f}+0000"


def event(kind: str, seconds: float, flow_id: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": moment(seconds), "flow_id": flow_id, "event_type": kind, "proto": "TCP",
        "src_ip": "10.0.0.5", "src_port": 40_000, "dest_ip": "192.0.2.9", "dest_port": 443, **more,
    }  # fmt: skip


def flow(flow_id: int = 1, *, there: str = "1b", back: str = "1b", **more: Any) -> dict[str, Any]:
    counts = {
        "pkts_toserver": 6, "pkts_toclient": 7, "bytes_toserver": 400, "bytes_toclient": 2300,
        "start": moment(1.25), "end": moment(3.75),
    }  # fmt: skip
    tcp = {"tcp_flags": "1b", "tcp_flags_ts": there, "tcp_flags_tc": back}
    return event("flow", 60, flow_id, flow=counts, tcp=tcp, **more)


def dns(kind: str, seconds: float, number: int = 7, **more: Any) -> dict[str, Any]:
    ends = {"dest_port": 53, "dest_ip": "10.0.0.1", "proto": "UDP"}
    return event("dns", seconds, **ends, dns={"type": kind, "id": number, **more})


ANSWERS = [
    {"rrname": "web.whatsapp.com", "rrtype": "CNAME", "ttl": 3600, "rdata": "mmx-ds.whatsapp.net"},
    {"rrname": "mmx-ds.whatsapp.net", "rrtype": "A", "ttl": 60, "rdata": "192.0.2.9"},
    {"rrname": "mmx-ds.whatsapp.net", "rrtype": "AAAA", "ttl": 30, "rdata": "2001:DB8::9"},
]
NAME = {"rrname": "web.whatsapp.com", "rrtype": "A"}
VERSIONS = {
    "2": [dns("query", 0, **NAME), dns("answer", 0.03, rcode="NOERROR", answers=ANSWERS, **NAME)],
    "3": [
        dns("request", 0, queries=[NAME]),
        dns("response", 0.03, rcode="NOERROR", queries=[NAME], answers=ANSWERS),
    ],
}


def events(folder: Path, *records: dict[str, Any], **options: Any) -> Read:
    path = folder / "eve.json"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records))
    return read(Suricata(), path, **options)


def test_a_flow_event_is_a_flow_with_the_names_of_its_handshake(tmp_path: Path) -> None:
    tls = {"sni": "MMG.whatsapp.net", "subject": "C=US, O=Example, CN=*.whatsapp.net"}

    outcome = events(tmp_path, event("tls", 2, tls=tls), flow(), flow(2), vantage="op-1")

    named, other = outcome.flows
    assert named == {
        "client": "#10.0.0.5", "server_ip": "192.0.2.9", "server_port": 443, "protocol": "tcp",
        "start": START * MICROS + 1_250_000, "end": START * MICROS + 3_750_000,
        "bytes_down": 2300, "bytes_up": 400, "packets_down": 7, "packets_up": 6,
        "syn": 1, "syn_ack": 1, "rst": 0, "fin": 1, "rtt_ms": None,
        "server_name": "mmg.whatsapp.net", "certificate_name": "*.whatsapp.net", "device": None,
        "vantage": "op-1",
    }  # fmt: skip
    assert (other["server_name"], other["certificate_name"]) == (None, None)


@pytest.mark.parametrize(
    ("there", "back", "flags"),
    [("02", "00", (1, 0, 0)), ("02", "14", (1, 0, 1)), ("12", "02", (1, 1, 0))],
)
def test_flags_are_told_apart_by_direction(
    tmp_path: Path, there: str, back: str, flags: tuple[int, ...]
) -> None:
    (one,) = events(tmp_path, flow(there=there, back=back)).flows

    assert (one["syn"], one["syn_ack"], one["rst"]) == flags


def test_flags_are_unknown_where_a_tcp_flow_has_none(tmp_path: Path) -> None:
    bare = {key: value for key, value in flow().items() if key != "tcp"}

    tcp, udp, icmp = events(
        tmp_path, bare, {**bare, "proto": "UDP"}, {**bare, "proto": "IPv6-ICMP", "dest_port": None}
    ).flows

    assert (tcp["syn"], udp["syn"]) == (None, 0)
    assert (icmp["protocol"], icmp["server_port"]) == ("icmp", 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_of_either_version(tmp_path: Path, version: str) -> None:
    four, six = events(tmp_path, *VERSIONS[version]).answers

    assert four == {
        "client": "#10.0.0.5", "name": "web.whatsapp.com", "address": "192.0.2.9",
        "time": START * MICROS + 30_000, "ttl": 60, "rcode": 0, "rtt_ms": pytest.approx(30.0),
    }  # fmt: skip
    assert (six["address"], six["ttl"]) == ("2001:db8::9", 30)


def test_the_client_is_who_asked_whichever_way_the_packet_went(tmp_path: Path) -> None:
    query, answer = VERSIONS["2"]
    turned = {**answer, "src_ip": "10.0.0.1", "src_port": 53, "dest_ip": "10.0.0.5"}
    turned["dest_port"] = 40_000

    assert events(tmp_path, query, turned).answers == events(tmp_path, query, answer).answers


def test_queries_without_an_answer_are_known(tmp_path: Path) -> None:
    late = dns("query", 40, 9, rrname="late.example")
    failed = dns("answer", 41, 10, rcode="SERVFAIL", rrname="broken.example")

    outcome = events(tmp_path, dns("query", 0, 8, rrname="lost.example"), late, failed)

    assert [(one["name"], one["rcode"], one["rtt_ms"]) for one in outcome.answers] == [
        ("lost.example", None, None),
        ("broken.example", 2, None),
        ("late.example", None, None),
    ]


def test_other_events_are_passed_over_and_damage_is_told(tmp_path: Path) -> None:
    bad = {**flow(), "dest_ip": 3_221_225_993}
    path = tmp_path / "eve.json"
    lines = [json.dumps(one) for one in (event("stats", 1), event("alert", 2), bad, flow())]
    path.write_text("\n".join([*lines, lines[-1][:50]]))

    outcome = read(Suricata(), path)

    assert len(outcome.flows) == 1
    assert outcome.passed == {"stats events of Suricata": 1, "alert events of Suricata": 1}
    assert outcome.damaged == {"address is an integer": 1, "the line is no JSON object": 1}


def test_names_that_wait_for_their_flow_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.flows.suricata.MOST_NAMES", 2)
    shakes = [event("tls", 2, number, tls={"sni": f"h{number}.example"}) for number in range(4)]

    flows = events(tmp_path, *shakes, *(flow(number) for number in range(4))).flows

    assert [one["server_name"] for one in flows] == [None, None, "h2.example", "h3.example"]
