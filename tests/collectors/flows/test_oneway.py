"""The two directions of flows are joined and the client told, whatever wrote the records."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from collectors.flows.goflow2 import Goflow2
from collectors.flows.pmacct import Pmacct
from tests.collectors.flows.made import MICROS, START, Read, read

CLIENT, SERVER = "10.0.0.5", "192.0.2.9"


def there(**changes: Any) -> dict[str, Any]:
    """Return a record from client to server."""
    return {
        "ip_src": CLIENT, "ip_dst": SERVER, "port_src": 40_000, "port_dst": 443, "ip_proto": "tcp",
        "tcp_flags": 0x1B, "timestamp_start": f"{START}.100000", "timestamp_end": f"{START + 4}",
        "packets": 6, "bytes": 400, **changes,
    }  # fmt: skip


def back(**changes: Any) -> dict[str, Any]:
    """Return the record of the way back."""
    return there(
        ip_src=SERVER, ip_dst=CLIENT, port_src=443, port_dst=40_000,
        timestamp_start=f"{START}.200000", timestamp_end=f"{START + 5}", packets=7, bytes=2300,
    ) | changes  # fmt: skip


def flows(folder: Path, *records: dict[str, Any]) -> Read:
    path = folder / "pmacct.json"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records))
    return read(Pmacct(), path)


@pytest.mark.parametrize("order", [[there(), back()], [back(), there()]])
def test_two_directions_are_one_flow(tmp_path: Path, order: list[dict[str, Any]]) -> None:
    (flow,) = flows(tmp_path, *order).flows

    assert flow == {
        "client": f"#{CLIENT}", "server_ip": SERVER, "server_port": 443, "protocol": "tcp",
        "start": START * MICROS + 100_000, "end": (START + 5) * MICROS,
        "bytes_down": 2300, "bytes_up": 400, "packets_down": 7, "packets_up": 6,
        "syn": 1, "syn_ack": 1, "rst": 0, "fin": 1, "rtt_ms": None, "server_name": None,
        "certificate_name": None, "device": None, "vantage": None,
    }  # fmt: skip


def test_flags_are_presence_however_many_packets_had_them(tmp_path: Path) -> None:
    (flow,) = flows(tmp_path, there(packets=900, tcp_flags=0xFF), back(tcp_flags=0xFF)).flows

    assert [flow[name] for name in ("syn", "syn_ack", "rst", "fin")] == [1, 1, 1, 1]


def test_no_answer_is_zero_where_others_are_answered(tmp_path: Path) -> None:
    lonely = there(port_src=41_000, tcp_flags=2)

    outcome = flows(tmp_path, there(), lonely, back())

    one = next(flow for flow in outcome.flows if flow["fin"] == 0)
    assert (one["bytes_down"], one["packets_down"], one["bytes_up"]) == (0, 0, 400)
    assert [one[name] for name in ("syn", "syn_ack", "rst")] == [1, 0, 0]


def test_the_other_direction_is_unknown_where_only_one_is_exported(tmp_path: Path) -> None:
    outgoing, incoming = (
        flows(tmp_path, *(record(port_src=port, port_dst=443) for port in (41_000, 42_000))).flows
        if record is there
        else flows(tmp_path, *(record(port_dst=port) for port in (41_000, 42_000))).flows
        for record in (there, back)
    )

    assert {(one["bytes_up"], one["bytes_down"], one["syn_ack"]) for one in outgoing} == {
        (400, None, None)
    }
    assert {(one["bytes_up"], one["bytes_down"], one["syn"]) for one in incoming} == {
        (None, 2300, None)
    }


def test_records_that_are_cut_after_a_while_pair_up_in_their_order(tmp_path: Path) -> None:
    later = {"timestamp_start": f"{START + 300}", "timestamp_end": f"{START + 400}"}

    found = flows(tmp_path, there(), there(bytes=1, **later), back(), back(bytes=2, **later)).flows

    assert [(one["bytes_up"], one["bytes_down"]) for one in found] == [(400, 2300), (1, 2)]


def test_neither_other_ports_nor_later_times_pair_up(tmp_path: Path) -> None:
    records = (
        there(),
        back(port_dst=40_001),
        back(ip_proto="udp"),
        back(timestamp_start=f"{START + 900}", timestamp_end=f"{START + 901}"),
    )

    assert len(flows(tmp_path, *records).flows) == 4


@pytest.mark.parametrize(
    ("record", "client"),
    [
        (there(port_src=30_000, port_dst=50_000, tcp_flags=2), CLIENT),  # a SYN speaks louder
        (there(port_src=30_000, port_dst=50_000), SERVER),
        (there(port_src=123, port_dst=123, ip_proto="udp"), CLIENT),  # private, the other not
        (back(port_src=123, port_dst=123, ip_proto="udp"), CLIENT),
        (there(ip_src="192.0.2.1", port_src=500, port_dst=500, ip_proto=17), "192.0.2.1"),
        (there(port_src=0, port_dst=2048, ip_proto="icmp"), CLIENT),
    ],
)
def test_who_the_client_is(tmp_path: Path, record: dict[str, Any], client: str) -> None:
    (flow,) = flows(tmp_path, record).flows

    assert flow["client"] == f"#{client}"


@pytest.mark.parametrize("lines", [1, 7, 100_000])
def test_pairs_are_the_same_wherever_the_file_is_cut_into_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    monkeypatch.setattr("collectors.files.lines.MAX_LINES", lines)
    monkeypatch.setattr("collectors.flows.oneway.AT_ONCE", lines)
    records = [
        record(**{key: 40_000 + place})
        for place in range(50)
        for record, key in ((there, "port_src"), (back, "port_dst"))
    ]

    found = flows(tmp_path, *records).flows

    assert len(found) == 50
    assert {(one["bytes_up"], one["bytes_down"]) for one in found} == {(400, 2300)}


def test_few_enough_records_wait_for_their_partner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        ("collectors.files.lines", "MAX_LINES", 1),
        ("collectors.flows.oneway", "AT_ONCE", 1),
        ("collectors.flows.oneway", "MOST_WAITING", 3),
    ):
        monkeypatch.setattr(f"{module}.{name}", value)
    lonely = [there(port_src=41_000 + place) for place in range(4)]

    found = flows(tmp_path, there(), back(), there(), *lonely, back()).flows

    assert sorted((one["bytes_up"], one["bytes_down"]) for one in found) == [
        (0, 2300), (400, 0), (400, 0), (400, 0), (400, 0), (400, 0), (400, 2300),
    ]  # fmt: skip


def test_no_byte_is_lost_or_counted_twice(tmp_path: Path) -> None:
    luck = random.Random(7)
    records = [
        luck.choice((there, back))(
            bytes=luck.randrange(10_000),
            ip_proto=luck.choice(("tcp", "udp")),
            timestamp_start=str(START + (begin := luck.randrange(3_000))),
            timestamp_end=str(START + begin + luck.randrange(300)),
        )
        for _ in range(2_000)
    ]

    found = flows(tmp_path, *records).flows

    for column, source in (("bytes_up", CLIENT), ("bytes_down", SERVER)):
        expected = sum(one["bytes"] for one in records if one["ip_src"] == source)
        assert sum(one[column] for one in found) == expected


def test_pmacct_flags_and_times_in_every_form(tmp_path: Path) -> None:
    forms: list[dict[str, Any]] = [
        {"tcp_flags": ["SYN", "ACK", "RST"]},
        {"tcp_flags": "22"},
        {"tcp_flags": 22, "timestamp_start": "2026-01-05 10:00:00.100000"},
        {"tcp_flags": "SYN,ACK,RST", "timestamp_start": "2026-01-05T11:00:00.100000+01:00"},
    ]
    records = [there(port_src=40_000 + place, **form) for place, form in enumerate(forms)]

    found = flows(tmp_path, *records, {"event_type": "purge_init"}).flows

    assert {(one["syn"], one["rst"], one["start"]) for one in found} == {
        (1, 1, START * MICROS + 100_000)
    }
    assert len(found) == 4


def test_pmacct_says_what_its_records_lack(tmp_path: Path) -> None:
    timeless = {key: value for key, value in there().items() if "timestamp" not in key}
    inserted = {**timeless, "stamp_inserted": "2026-01-05 10:00:00", "port_src": 41_000}

    outcome = flows(tmp_path, timeless, inserted, {"event_type": "purge_close", "packets": 3})

    assert [one["start"] for one in outcome.flows] == [START * MICROS]
    assert outcome.damaged == {"the record has no time": 1}
    assert outcome.passed == {"markers of pmacct's purges": 1}


def goflow(**changes: Any) -> dict[str, Any]:
    return {
        "type": "IPFIX", "time_received_ns": (START + 9) * 10**9 + 123_456_789,
        "time_flow_start_ns": START * 10**9 + 123_456_789, "time_flow_end_ns": (START + 1) * 10**9,
        "sampling_rate": 1000, "bytes": 60, "packets": 1, "src_addr": CLIENT, "dst_addr": SERVER,
        "etype": "IPv4", "proto": "TCP", "src_port": 40_000, "dst_port": 443, "tcp_flags": 2,
        **changes,
    }  # fmt: skip


def test_goflow2_is_scaled_by_its_sampling_rate(tmp_path: Path) -> None:
    path = tmp_path / "goflow2.json"
    records = (
        goflow(),
        goflow(sampling_rate=0, src_port=40_001),
        goflow(type="SFLOW_5", time_flow_start_ns=0, time_flow_end_ns=0, src_port=40_002),
        {"type": "SFLOW_5", "etype": "ARP", "bytes": 60},
    )
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records) + '{"type": "IPF')

    outcome = read(Goflow2(), path)

    scaled, unknown, sampled = outcome.flows
    assert (scaled["bytes_up"], scaled["packets_up"], scaled["syn"]) == (60_000, 1_000, 1)
    assert scaled["start"] == START * MICROS + 123_456
    assert (unknown["bytes_up"], unknown["packets_up"]) == (60, 1)
    assert sampled["start"] == sampled["end"] == (START + 9) * MICROS + 123_456
    assert outcome.passed == {"records of goflow2 that are no IP": 1}
    assert outcome.damaged == {"the line is no JSON object": 1}


def test_exports_of_real_routers_are_read_from_pmacct(shared: Path) -> None:
    total, damaged = 0, 0
    for path in sorted((shared / "data" / "flow_exports").rglob("output-flow-*.json")):
        outcome = read(Pmacct(), path)
        total += len(outcome.flows)
        assert set(outcome.damaged) <= {"the record has no time"}
        damaged += sum(outcome.damaged.values())

    assert (total, damaged) == (208, 119)


def test_records_that_end_before_they_start_are_told(tmp_path: Path) -> None:
    outcome = flows(tmp_path, there(timestamp_end=f"{START - 61}"), back())

    assert len(outcome.flows) == 1
    assert outcome.damaged == {"flow ends before it starts": 1}
