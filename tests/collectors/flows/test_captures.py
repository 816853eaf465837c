"""Captures, on those of others and held to what tshark itself counts in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from collectors.flows.captures import Captures
from outage.errors import BadInput
from tests.collectors.flows.made import Read, read

NAMES = [
    "KakaoTalk_chat.pcap", "KakaoTalk_talk.pcap", "bad-dns-traffic.pcap",
    "dns_ambiguous_names.pcap", "dns_fragmented.pcap", "googledns_android10.pcap", "line.pcap",
    "synscan.pcap", "telegram.pcap", "tls_multiple_synack_different_seq.pcapng", "wechat.pcap",
    "whatsapp.pcap", "whatsapp_login_chat.pcap", "whatsappfiles.pcap",
]  # fmt: skip
FLAGS = ("syn", "syn_ack", "rst", "fin")


@pytest.fixture(scope="session")
def pcaps(shared: Path) -> Path:
    if shutil.which("tshark") is None:
        pytest.skip("no tshark here; install it (Debian: tshark)")
    pytest.importorskip("nfstream", reason="nfstream is not installed (extra: capture)")
    return shared / "data" / "pcaps"


@cache
def captured(path: Path) -> Read:
    """Return a capture as read, once for all tests."""
    return read(Captures(), path)


def counted(path: Path) -> dict[str, Counter[str]]:
    """Return tshark's count of flags by connection, both ways together."""
    fields = "ip.src ipv6.src tcp.srcport ip.dst ipv6.dst tcp.dstport".split()
    fields += ["tcp.flags.syn", "tcp.flags.ack", "tcp.flags.reset", "tcp.flags.fin"]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp && !icmp", "-T", "fields"]
    command += [part for name in fields for part in ("-e", name)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    counts: dict[str, Counter[str]] = {}
    for line in answer.stdout.splitlines():
        source4, source6, sport, target4, target6, dport, *bits = line.split("\t")
        ends = sorted([(source4 or source6, int(sport)), (target4 or target6, int(dport))])
        syn, ack, rst, fin = (bit in ("1", "True") for bit in bits)
        seen = {"syn": syn and not ack, "syn_ack": syn and ack, "rst": rst, "fin": fin}
        counts.setdefault(str(ends), Counter()).update(
            {name: int(value) for name, value in seen.items()}
        )
    return counts


@pytest.mark.parametrize("name", NAMES)
def test_flags_agree_with_tsharks_count_on_every_capture(pcaps: Path, name: str) -> None:
    expected = counted(pcaps / name)

    flows = [one for one in captured(pcaps / name).flows if one["protocol"] == "tcp"]

    def shape(rows: list[tuple[int, ...]]) -> Counter[tuple[int, ...]]:
        return Counter(row for row in rows if any(row))

    # Ports of clients are not kept: connections are compared as a multiset of their counts.
    ours = shape([tuple(int(one[flag]) for flag in FLAGS) for one in flows])
    theirs = shape([tuple(count[flag] for flag in FLAGS) for count in expected.values()])
    assert ours == theirs
    assert len(flows) >= len(expected)  # silence of two minutes ends a flow


def test_the_evidence_for_whatsapp_in_each_capture(pcaps: Path) -> None:
    chat = captured(pcaps / "whatsapp.pcap")
    login = captured(pcaps / "whatsapp_login_chat.pcap")
    files = captured(pcaps / "whatsappfiles.pcap")

    # 86 handshakes with a chat port, no DNS and no TLS: nothing names them.
    assert (len(chat.flows), len(chat.answers)) == (86, 0)
    assert {one["server_name"] for one in chat.flows} == {None}
    assert {(one["name"], one["ttl"]) for one in login.answers} == {("e12.whatsapp.net", 548)}
    named = {one["address"] for one in login.answers}
    assert len(named) == 8
    (conversation,) = (one for one in login.flows if one["server_port"] == 5222)
    assert conversation["server_ip"] in named
    assert conversation["rtt_ms"] == pytest.approx(257.017)
    assert {one["server_name"] for one in files.flows} == {"mmg-fna.whatsapp.net"}
    assert "*.cdn.whatsapp.net" in {one["certificate_name"] for one in files.flows}


def test_bytes_are_those_of_ip_packets(pcaps: Path) -> None:
    path = pcaps / "whatsappfiles.pcap"
    command = ["tshark", "-n", "-r", str(path), "-Y", "ip.src == 192.168.2.29", "-T", "fields"]
    lengths = subprocess.run(
        [*command, "-e", "ip.len"], capture_output=True, text=True, check=True
    ).stdout.split()

    flows = captured(path).flows

    assert sum(one["bytes_up"] for one in flows) == sum(map(int, lengths))
    assert sum(one["packets_up"] for one in flows) == len(lengths)


def test_dns_answers_have_address_ttl_code_and_round_trip(pcaps: Path) -> None:
    outcome = captured(pcaps / "dns_fragmented.pcap")

    by_name = {(one["name"], one["address"]): one for one in outcome.answers}
    # Glue in the additional section is no answer to the question.
    assert ("pa.weberlab.de", "193.24.227.238") not in by_name
    answer = next(one for key, one in by_name.items() if key[0] == "fg2.weberlab.de" and key[1])
    assert (answer["address"], answer["ttl"], answer["rcode"]) == ("194.247.4.10", 60, 0)
    assert 0 < answer["rtt_ms"] < 10


def test_the_server_is_told_where_a_capture_begins_in_the_middle(pcaps: Path) -> None:
    flows = captured(pcaps / "googledns_android10.pcap").flows

    assert {one["server_port"] for one in flows if one["protocol"] == "tcp"} == {853}


def test_a_cut_capture_gives_what_came_before(pcaps: Path, tmp_path: Path) -> None:
    whole = (pcaps / "whatsappfiles.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(BadInput, match="tshark cannot read it to its end"):
        read(Captures(), path)


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.pcap"
    path.write_text("no packets here")

    with pytest.raises(BadInput, match="is no packet capture"):
        read(Captures(), path)


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nfstream", None)
    monkeypatch.delitem(sys.modules, "collectors.flows.capture_flags", raising=False)
    path = tmp_path / "one.pcap"
    path.write_bytes(bytes.fromhex("d4c3b2a1") + bytes(40))

    with pytest.raises(BadInput, match=r"install the extra: pip install 'outage\[capture\]'"):
        read(Captures(), path)
