"""Autonomous systems from the files that users have: MMDB, TSV and CSV of ranges, pyasn's text."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from outage.errors import BadInput
from outage.reports.addresses import parse
from outage.reports.systems import Systems, flattened, read_systems

TSV = """\
192.0.2.0\t192.0.2.127\t64500\tZZ\tEXAMPLE - one, of two
192.0.2.128\t192.0.2.255\t0\tNone\tNot routed
198.51.100.0\t198.51.100.255\t64501\tZZ\tSECOND
2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64502\tZZ\tSIX
"""
NUMBERS = f"{int(ip_address('192.0.2.0'))}\t{int(ip_address('192.0.2.127'))}\t64500\tZZ\tEXAMPLE"
CSV = "192.0.2.0,192.0.2.127,64500,EXAMPLE\n198.51.100.0,198.51.100.255,64501,SECOND\n"
PYASN = """\
; IP-ASN32-DAT file
; Original file : <Path to a rib file>
192.0.2.0/25\t64500
198.51.100.0/24\t64501
198.51.0.0/16\t64503
2001:db8::/32\t64502
"""


def write_mmdb(path: Path, networks: Mapping[str, Mapping[str, Any]], version: int = 6) -> Path:
    """Write an MMDB of networks and their records; return the path."""
    writer = MMDBWriter(version, "Test", ["en"], "made", ipv4_compatible=version == 6)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), dict(record))
    writer.to_db_file(str(path))
    return path


def mmdb(path: Path) -> Path:
    names = {"192.0.2.0/25": (64500, "EXAMPLE"), "2001:db8::/32": (64502, "SIX")}
    return write_mmdb(
        path,
        {
            network: {"autonomous_system_number": one, "autonomous_system_organization": name}
            for network, (one, name) in names.items()
        },
    )


def system(systems: Systems, text: str) -> int | None:
    address = parse(text)
    assert address is not None
    return systems.of(address)


@pytest.mark.parametrize("text", [TSV, NUMBERS, CSV, PYASN], ids=["tsv", "numbers", "csv", "pyasn"])
def test_text_tells_the_system_of_an_address(tmp_path: Path, text: str) -> None:
    file = tmp_path / "systems"
    file.write_text(text)

    systems = read_systems(file)

    assert system(systems, "192.0.2.0") == system(systems, "192.0.2.127") == 64500
    assert system(systems, "192.0.2.128") is None
    assert system(systems, "191.255.255.255") is None
    assert systems.announced(64500) == [(parse_number("192.0.2.0"), parse_number("192.0.2.127"))]
    assert systems.damaged == 0


def parse_number(text: str) -> int:
    return int(ip_address(text))


def test_names_are_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "systems.tsv").write_text(TSV)

    assert read_systems(tmp_path / "systems.tsv").names[64500] == "EXAMPLE - one, of two"


def test_ipv6_has_systems_too(tmp_path: Path) -> None:
    (tmp_path / "systems.tsv").write_text(TSV)

    systems = read_systems(tmp_path / "systems.tsv")

    assert system(systems, "2001:db8:1::1") == 64502
    assert system(systems, "2001:db9::") is None


def test_of_nested_prefixes_the_longest_counts(tmp_path: Path) -> None:
    (tmp_path / "pyasn").write_text(PYASN)

    systems = read_systems(tmp_path / "pyasn")

    assert system(systems, "198.51.100.9") == 64501
    assert system(systems, "198.51.99.9") == system(systems, "198.51.101.0") == 64503
    assert sum(high - low + 1 for low, high in systems.announced(64503)) == (1 << 16) - 256


def test_gzip_is_read(tmp_path: Path) -> None:
    (tmp_path / "systems.tsv.gz").write_bytes(gzip.compress(TSV.encode()))

    assert system(read_systems(tmp_path / "systems.tsv.gz"), "198.51.100.1") == 64501


def test_an_mmdb_is_known_by_its_content(tmp_path: Path) -> None:
    systems = read_systems(mmdb(tmp_path / "systems.dat"))

    assert system(systems, "192.0.2.1") == 64500
    assert system(systems, "2001:db8::1") == 64502
    assert systems.names[64500] == "EXAMPLE"
    assert systems.announced(64500) == [(parse_number("192.0.2.0"), parse_number("192.0.2.127"))]


def test_a_flat_mmdb_is_read(tmp_path: Path) -> None:
    file = write_mmdb(tmp_path / "flat.mmdb", {"192.0.2.0/24": {"asn": "AS64500", "name": "X"}}, 4)

    assert read_systems(file).names == {64500: "X"}


def test_damaged_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "systems").write_text(
        f"start,end,asn\n{CSV}192.0.2.9,192.0.2.1,1,X\n1.2.3.4/99 1\n"
    )

    systems = read_systems(tmp_path / "systems")

    assert (systems.damaged, system(systems, "192.0.2.5")) == (3, 64500)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "names no autonomous system; give an MMDB"),
        (b"hello\n" * 3_000, "names no autonomous system"),
        (b"192.0.2.0\t192.0.2.255\t0\tNone\tNot routed\n", "names no autonomous system"),
        (bytes(range(256)) * 20, "names no autonomous system"),
        (b"\xab\xcd\xefMaxMind.com", "damaged MMDB"),
    ],
)
def test_another_file_is_told(tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(BadInput, match=line) as raised:
        read_systems(tmp_path / "file")
    assert str(tmp_path / "file") in str(raised.value)


def test_a_torn_gzip_is_told(tmp_path: Path) -> None:
    (tmp_path / "systems.gz").write_bytes(gzip.compress(TSV.encode())[:-12])

    with pytest.raises(BadInput, match=r"systems\.gz: a damaged gzip file"):
        read_systems(tmp_path / "systems.gz")


def test_an_mmdb_of_places_is_told(tmp_path: Path) -> None:
    file = write_mmdb(tmp_path / "geo.mmdb", {"192.0.2.0/24": {"country": {"iso_code": "ZZ"}}})

    with pytest.raises(BadInput, match="without autonomous systems"):
        read_systems(file)


RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30), st.integers(1, 5)), max_size=8
).map(lambda rows: [(low, low + length, system) for low, length, system in rows])


@given(RANGES)
def test_flattened_ranges_do_not_overlap_and_cover_the_same(
    ranges: list[tuple[int, int, int]],
) -> None:
    flat = flattened(ranges)

    covered = [one for low, high, _ in flat for one in range(low, high + 1)]
    assert covered == sorted({one for low, high, _ in ranges for one in range(low, high + 1)})


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 6)), max_size=12, unique=True))
def test_flattened_prefixes_give_the_longest_match(prefixes: list[tuple[int, int]]) -> None:
    """Blocks of a power of two either nest or are apart, as prefixes do."""
    blocks = {(place >> bits << bits, bits): k for k, (place, bits) in enumerate(prefixes)}
    flat = flattened([(low, low + (1 << bits) - 1, k) for (low, bits), k in blocks.items()])

    for address in range(64):
        holding = [(bits, k) for (low, bits), k in blocks.items() if low == address >> bits << bits]
        found = [k for low, high, k in flat if low <= address <= high]
        assert found == ([min(holding)[1]] if holding else [])
