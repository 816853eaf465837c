from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from collectors.flows.nfdump import Nfdump
from outage.errors import BadInput
from tests.collectors.flows.made import MICROS, START, read

NEW = "firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,flags,packets,bytes\n"
DEFAULT = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
FAST = (
    "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,"
    "flags,srcTos,packets,bytes\n"
)
OLD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,cl,sl,al\n"
SUMMARY = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,460,7,1,1,1\n"


def log(folder: Path, text: str, name: str = "flows.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


FORMS = {
    "1.7": NEW + f"{START}.250,{START + 2}.750,TCP,10.0.0.5,40000,192.0.2.9,443,...AP.SF,6,400\n",
    "1.7 fast": FAST
    + f"1,2,{START}250,{START + 2}750,6,10.0.0.5,40000,192.0.2.9,443,0,0,1,2,...AP.SF,0,6,400\n",
    "1.6": OLD
    + "2026-01-05 10:00:00.250,2026-01-05 10:00:02.750,2.500,10.0.0.5,192.0.2.9,40000,443,TCP  ,"
    "...AP.SF,0,0,6,400,0,0,    0.000,    0.000,    0.000\n" + SUMMARY,
}


@pytest.mark.parametrize("form", FORMS)
def test_csv_of_every_version_says_the_same(tmp_path: Path, form: str) -> None:
    outcome = read(Nfdump(), log(tmp_path, FORMS[form]))

    assert not outcome.damaged
    (flow,) = outcome.flows
    assert (flow["client"], flow["server_ip"], flow["server_port"]) == (
        "#10.0.0.5",
        "192.0.2.9",
        443,
    )
    assert (flow["start"], flow["end"]) == (START * MICROS + 250_000, START * MICROS + 2_750_000)
    assert (flow["bytes_up"], flow["packets_up"], flow["protocol"]) == (400, 6, "tcp")
    assert [flow[name] for name in ("syn", "rst", "fin")] == [1, 0, 1]


def test_the_default_form_has_no_flags_and_they_stay_unknown(tmp_path: Path) -> None:
    rows = (
        "2026-01-05 10:00:00.250,00:00:02.500,TCP,10.0.0.5,40000,192.0.2.9,443,6,400,1\n"
        "2026-01-05 10:00:00.350,1d 00:00:02.000,TCP,192.0.2.9,443,10.0.0.5,40000,7,2300,1\n"
    )

    (flow,) = read(Nfdump(), log(tmp_path, DEFAULT + rows)).flows

    assert [flow[name] for name in ("syn", "syn_ack", "rst", "fin")] == [None] * 4
    assert flow["end"] - flow["start"] == 86_402 * MICROS + 100_000


def test_times_without_a_zone_are_in_the_zone_given(tmp_path: Path) -> None:
    path = log(tmp_path, FORMS["1.6"].replace(" 10:00", " 11:00"))

    (flow,) = read(Nfdump(), path, timezone="Europe/Vienna").flows

    assert flow["start"] == START * MICROS + 250_000


def test_latencies_are_the_round_trip_of_the_handshake(tmp_path: Path) -> None:
    text = FORMS["1.6"].replace("    0.000,    0.000,", "    1.500,   28.250,")

    (flow,) = read(Nfdump(), log(tmp_path, text)).flows

    assert flow["rtt_ms"] == pytest.approx(29.75)


def test_two_way_records_keep_both_ways_and_do_not_guess_syn_ack(tmp_path: Path) -> None:
    text = FORMS["1.6"].replace(",6,400,0,0,", ",6,400,7,2300,")

    (flow,) = read(Nfdump(), log(tmp_path, text)).flows

    assert (flow["bytes_up"], flow["bytes_down"], flow["packets_down"]) == (400, 2300, 7)
    assert (flow["syn"], flow["syn_ack"], flow["fin"]) == (1, None, 1)


def test_a_summary_ends_and_a_header_begins_a_list(tmp_path: Path) -> None:
    text = FORMS["1.6"] + FORMS["1.6"].replace("40000", "40001")

    outcome = read(Nfdump(), log(tmp_path, text))

    assert (len(outcome.flows), outcome.damaged) == (2, {})


def test_icmp_has_no_port_where_type_and_code_stand(tmp_path: Path) -> None:
    row = f"{START},{START},ICMP,10.0.0.5,0,192.0.2.9,8.0,........,1,84\n"

    (flow,) = read(Nfdump(), log(tmp_path, NEW + row)).flows

    assert (flow["server_port"], flow["protocol"], flow["syn"]) == (0, "icmp", 0)


def test_other_columns_than_the_header_says_are_told(tmp_path: Path) -> None:
    good = FORMS["1.7"].splitlines()[1]
    rows = [
        good,
        "TCP,10.0.0.5,40000,192.0.2.9,443,...AP.SF,6,400,1767607200,1767607202",
        good[:40],
        good.replace("10.0.0.5", "167772165"),
        good.replace("...AP.SF", "what?"),
        good.replace(",400", ",1.2 M"),
    ]

    outcome = read(Nfdump(), log(tmp_path, NEW + "\n".join(rows) + "\n"))

    assert len(outcome.flows) == 1
    assert outcome.damaged == {
        "time is neither an epoch nor ISO 8601": 1,
        "another number of columns than the header names": 1,
        "address is an integer": 1,
        "TCP flags are not readable": 1,
        "bytes is not a number from 0 to 1,099,511,627,776": 1,
    }


def test_a_missing_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="first line names no columns of nfdump"):
        read(Nfdump(), log(tmp_path, FORMS["1.7"].partition("\n")[2]))


def record(**changes: Any) -> dict[str, Any]:
    return {
        "type": "FLOW", "first": "2026-01-05T10:00:00.250", "last": "2026-01-05T10:00:02.750",
        "received": "2026-01-05T10:05:00.000", "in_packets": 6, "in_bytes": 400, "proto": 6,
        "tcp_flags": "...AP.SF", "src_port": 40000, "dst_port": 443, "src4_addr": "10.0.0.5",
        "dst4_addr": "192.0.2.9", "cli_latency": 2.0, "srv_latency": 30.0, **changes,
    }  # fmt: skip


IPV6 = {
    "src4_addr": None,
    "src6_addr": "2001:db8::5",
    "dst6_addr": "2001:db8::9",
    "src_port": 41000,
}
WRITTEN = {
    "lines": "\n".join(json.dumps(one) for one in (record(), record(**IPV6))),
    "array": json.dumps([record(), record(**IPV6)]),
    "pretty": json.dumps([record(), record(**IPV6)], indent=1),
    "tool": "[\n"
    + ",\n".join(json.dumps(one, indent=1) for one in (record(), record(**IPV6)))
    + "]",
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("lines", [3, 100_000])
def test_json_is_read_however_it_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, lines: int
) -> None:
    monkeypatch.setattr("collectors.files.lines.MAX_LINES", lines)

    outcome = read(Nfdump(), log(tmp_path, WRITTEN[form] + "\n", "flows.json"))

    assert not outcome.damaged
    assert [(one["client"], one["rtt_ms"], one["end"] - one["start"]) for one in outcome.flows] == [
        ("#10.0.0.5", 32.0, 2_500_000),
        ("#2001:db8::5", 32.0, 2_500_000),
    ]


def test_json_that_is_cut_or_invalid_costs_its_record_only(tmp_path: Path) -> None:
    bad = json.dumps(record()).replace('"proto": 6', '"tls": TLS1.2, "proto": 6')
    cut = json.dumps(record(), indent=1)[:80]

    outcome = read(Nfdump(), log(tmp_path, f"{json.dumps(record())}\n{bad}\n{cut}", "f.json"))

    assert len(outcome.flows) == 1
    assert outcome.damaged == {"the line is no JSON object": 2}


@pytest.fixture(scope="session")
def nfdump() -> str:
    program = shutil.which("nfdump")
    if program is None:
        pytest.skip("no nfdump here; install it (Debian: nfdump)")
    return program


def test_binary_files_are_read_by_the_tool_in_utc(
    tmp_path: Path, shared: Path, nfdump: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    capture = shared / "data" / "pcaps" / "whatsappfiles.pcap"
    subprocess.run(
        ["nfpcapd", "-r", capture, "-w", tmp_path, "-t", "86400"], check=True, capture_output=True
    )
    (path,) = tmp_path.glob("nfcapd.2018*")

    flows = read(Nfdump(), path).flows

    assert len(flows) == 3
    first = min(flows, key=lambda one: one["start"])
    assert (first["start"] // MICROS, first["server_ip"], first["server_port"]) == (
        1_519_924_083,
        "185.60.216.53",
        443,
    )
    assert sum(one["packets_up"] + one["packets_down"] for one in flows) == 620
    assert sum(one["syn"] for one in flows) == 2


def test_a_damaged_binary_file_is_told(tmp_path: Path, nfdump: str) -> None:
    path = tmp_path / "nfcapd.202601051000"
    path.write_bytes(b"\x0c\xa5" + b"\0" * 300)

    with pytest.raises(BadInput, match="nfdump cannot read it"):
        read(Nfdump(), path)


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "nfcapd.202601051000"
    path.write_bytes(b"\x0c\xa5")

    with pytest.raises(BadInput, match="needs the tool nfdump, which is not installed"):
        read(Nfdump(), path)


def payloads(capture: Path) -> list[bytes]:
    """Return the UDP payloads of a classic capture of Ethernet, IPv4 or IPv6."""
    data, place, found = capture.read_bytes(), 24, []
    while place < len(data):
        (size,) = struct.unpack("<I", data[place + 8 : place + 12])
        packet = data[place + 16 + 14 : place + 16 + size]
        header = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
        found.append(packet[header + 8 :])
        place += 16 + size
    return found


def collected(folder: Path, captures: list[Path]) -> Path:
    """Send what exporters sent to nfcapd and return its file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["nfcapd", "-b", "127.0.0.1", "-p", str(port), "-w", str(folder), "-t", "3600"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as collector:
        wait_for_socket(port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for payload in (one for capture in captures for one in payloads(capture)):
                sender.sendto(payload, ("127.0.0.1", port))
        time.sleep(0.3)
        collector.send_signal(signal.SIGTERM)
        collector.communicate(timeout=10)
    (path,) = (one for one in folder.iterdir() if re.fullmatch(r"nfcapd\.\d+", one.name))
    return path


def wait_for_socket(port: int) -> None:
    """Wait until some process listens on a UDP port of this machine."""
    listening = f":{port:04X} "
    for _ in range(100):
        if listening in Path("/proc/net/udp").read_text():
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


@pytest.mark.parametrize(
    "folder",
    [
        "100-IPFIXv10-CISCO",
        "101-NFv9-CISCO-cust_primitives",
        "102-NFv9-CISCO-f2rd-pretag-sampling-reload",
    ],
)
def test_exports_of_real_routers_hold_the_same_bytes_by_nfcapd_and_by_pmacct(
    tmp_path: Path, shared: Path, nfdump: str, folder: str
) -> None:
    source = shared / "data" / "flow_exports" / folder
    decoded = (source / "output-flow-00.json").read_text().replace("}{", "}\n{").splitlines()
    expected = [json.loads(line) for line in decoded if line]

    outcome = read(Nfdump(), collected(tmp_path, [source / "traffic-00.pcap"]))

    assert not outcome.damaged
    for kind in ("bytes", "packets"):
        both = sum((one[f"{kind}_up"] or 0) + (one[f"{kind}_down"] or 0) for one in outcome.flows)
        assert both == sum(one[kind] for one in expected)
