"""Live capture, on traffic that the test makes itself on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import threading
import time
from pathlib import Path

import pytest
from pyarrow import parquet

from outage.errors import SourceError
from outage.flows.capturing import capture
from outage.flows.hiding import ClientKey
from outage.interfaces import LogOptions
from outage.plugs import load

OPTIONS = LogOptions(hide=ClientKey(b"a key for tests only").hider(), vantage="lab")


@pytest.fixture(scope="module", autouse=True)
def can_capture() -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: an interface cannot be captured")
    for tool in ("dumpcap", "tshark"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here; install it (Debian: tshark)")
    pytest.importorskip("nfstream", reason="nfstream is not installed (extra: capture)")


def talk() -> int:
    """Send 1,000 bytes and get 5,000 over one connection; return the server's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            peer, _ = server.accept()
            with peer:
                client.sendall(b"x" * 1_000)
                peer.recv(2_000)
                peer.sendall(b"y" * 5_000)
                client.recv(9_000)
    return port


def refused() -> int:
    """Knock at a port where nobody is, and return it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    return port


def look_up(name: str) -> None:
    """Ask a DNS server of our own for a name; it answers 192.0.2.9 for 77 seconds."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    question = labels + struct.pack("!HH", 1, 1)
    header = struct.pack("!HHHHHH", 4_711, 0x0100, 1, 0, 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 77, 4) + socket.inet_aton("192.0.2.9")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.53", 53))
        client.sendto(header + question, ("127.0.0.53", 53))
        _, asker = server.recvfrom(512)
        answer = struct.pack("!HHHHHH", 4_711, 0x8180, 1, 1, 0, 0) + question + record
        server.sendto(answer, asker)
        client.recv(512)


def test_traffic_of_our_own_becomes_flows_and_answers(tmp_path: Path) -> None:
    ports: list[int] = []

    def make_traffic() -> None:
        time.sleep(1.5)
        look_up("chat.example")
        ports.extend((talk(), refused()))

    maker = threading.Thread(target=make_traffic)
    maker.start()
    outcome = capture(load("outage.flow_readers", "pcap")(), "lo", 4, OPTIONS, tmp_path)
    maker.join()

    assert [one.error for one in outcome.files] == [None]
    rows = [
        row for one in (tmp_path / "flows").iterdir() for row in parquet.read_table(one).to_pylist()
    ]
    served, closed = ({row["server_port"]: row for row in rows}[port] for port in ports)
    flags = ("syn", "syn_ack", "rst", "fin")
    assert [served[flag] for flag in flags] == [1, 1, 0, 2]
    assert [closed[flag] for flag in flags] == [1, 0, 1, 0]
    assert served["bytes_down"] > 5_000 > served["bytes_up"] > 1_000
    assert served["rtt_ms"] < 100
    assert (served["vantage"], len(served["client"])) == ("lab", 16)
    answers = [
        row for one in (tmp_path / "dns").iterdir() for row in parquet.read_table(one).to_pylist()
    ]
    assert ("chat.example", "192.0.2.9", 77) in {
        (row["name"], row["address"], row["ttl"]) for row in answers
    }


def test_no_packet_stays_behind(tmp_path: Path) -> None:
    capture(load("outage.flow_readers", "pcap")(), "lo", 1, OPTIONS, tmp_path)

    assert [
        one for one in tmp_path.rglob("*") if "pcap" in one.suffix or ".capture" in one.name
    ] == []


def test_an_interface_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere0: cannot be captured"):
        capture(load("outage.flow_readers", "pcap")(), "nowhere0", 1, OPTIONS, tmp_path)
