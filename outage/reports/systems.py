"""Autonomous systems of addresses, from the user's own file: MMDB, iptoasn TSV, or pyasn text.

All three become sorted ranges that do not overlap: of nested prefixes the longest counts.
"""

from __future__ import annotations

import gzip
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeAlias

from outage.errors import BadInput
from outage.reports.addresses import Address, Version, parse
from outage.reports.databases import is_mmdb, open_mmdb

Range: TypeAlias = tuple[int, int, int]  # first and last address, AS number

FORMATS: Final = (
    "give an MMDB, a TSV of iptoasn (first, last, AS, country, name), or pyasn's text (prefix, AS)"
)
HOPELESS: Final = 1_000  # first lines of which none is of the format: it is another file


@dataclass(frozen=True, slots=True, eq=False)
class Systems:
    """Which AS announces which addresses: sorted ranges by IP version, and names by number."""

    ranges: Mapping[Version, Sequence[Range]]
    names: Mapping[int, str]
    damaged: int = 0

    def of(self, address: Address) -> int | None:
        """Return the AS number of an address, None if it is in no range."""
        ranges = self.ranges[address.version]
        place = bisect_right(ranges, address.number, key=lambda one: one[0]) - 1
        if place < 0 or address.number > ranges[place][1]:
            return None
        return ranges[place][2]

    def announced(self, system: int) -> list[tuple[int, int]]:
        """Return the IPv4 ranges of an AS, first and last address of each."""
        return [(low, high) for low, high, number in self.ranges[4] if number == system]


def read_systems(path: Path) -> Systems:
    """Read a file of autonomous systems; raises BadInput saying what it should be."""
    rows = _mmdb_rows(path) if is_mmdb(path) else _text_rows(path)
    found: dict[Version, list[Range]] = {4: [], 6: []}
    names: dict[int, str] = {}
    damaged = 0
    for place, row in enumerate(rows):
        if row is None:
            damaged += 1
        elif row.system:
            found[row.version].append((row.low, row.high, row.system))
            names.setdefault(row.system, row.name)
        if place == HOPELESS and damaged == place + 1:
            break
    if not names:
        raise BadInput(f"{path}: names no autonomous system; {FORMATS}")
    return Systems({version: flattened(rows) for version, rows in found.items()}, names, damaged)


@dataclass(frozen=True, slots=True)
class _Row:
    version: Version
    low: int
    high: int
    system: int
    name: str


def flattened(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges that do not overlap: of nested ones the innermost counts.

    >>> flattened([(0, 99, 1), (10, 19, 2)])
    [(0, 9, 1), (10, 19, 2), (20, 99, 1)]
    """
    flat: list[Range] = []
    around: list[Range] = []  # the ranges that hold the place reached, outermost first
    place = 0
    for low, high, system in sorted(ranges, key=lambda one: (one[0], -one[1])):
        place = _close(flat, around, place, low)
        around.append((low, high, system))
        place = max(place, low)
    _close(flat, around, place, None)
    return flat


def _close(flat: list[Range], around: list[Range], place: int, until: int | None) -> int:
    """Write what lies between the place reached and `until`; return where that is."""
    while around:
        _, high, system = around[-1]
        if until is not None and high >= until:
            if place < until:
                flat.append((place, until - 1, system))
            return until
        if place <= high:
            flat.append((place, high, system))
        place = max(place, high + 1)
        around.pop()
    return place


def _mmdb_rows(path: Path) -> Iterator[_Row | None]:
    with open_mmdb(path) as reader:
        for network, record in reader:
            number, name = _system(record)
            if number is None:
                raise BadInput(
                    f"{path}: an MMDB of the type {reader.metadata().database_type}, without"
                    " autonomous systems; give one whose records have autonomous_system_number"
                )
            low, high = int(network.network_address), int(network.broadcast_address)
            yield _Row(network.version, low, high, number, name)


def _system(record: object) -> tuple[int | None, str]:
    """Return number and name of an AS as the makers of MMDBs write them."""
    if not isinstance(record, dict):
        return None, ""
    number = record.get("autonomous_system_number", record.get("asn"))
    name = record.get("autonomous_system_organization", record.get("name", ""))
    return _number(str(number)), str(name)


def _text_rows(path: Path) -> Iterator[_Row | None]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip() and not line.startswith((";", "#")):
                    yield _parsed(line.strip())
    except (EOFError, gzip.BadGzipFile) as error:
        raise BadInput(f"{path}: a damaged gzip file: {error}; fetch it again") from error


def _parsed(line: str) -> _Row | None:
    """Return the row of a line: (prefix, AS), or (first, last, AS, ..., name)."""
    fields = line.split("\t" if "\t" in line else "," if "," in line else None)
    if "/" in fields[0]:
        return _prefix_row(fields)
    if len(fields) < 3:
        return None
    first, last, number = _end(fields[0]), _end(fields[1]), _number(fields[2])
    if first is None or last is None or number is None or first > last:
        return None
    return _Row(first.version, first.number, last.number, number, fields[-1].strip(' "'))


def _prefix_row(fields: Sequence[str]) -> _Row | None:
    number = _number(fields[1]) if len(fields) > 1 else None
    try:
        network = ip_network(fields[0].strip(), strict=False)
    except ValueError:
        return None
    if number is None:
        return None
    low, high = int(network.network_address), int(network.broadcast_address)
    return _Row(network.version, low, high, number, "")


def _end(text: str) -> Address | None:
    """Return an address that is written as such, or as a number (IPv4)."""
    bare = text.strip(' "')
    return Address(4, int(bare)) if bare.isdecimal() and int(bare) >> 32 == 0 else parse(bare)


def _number(text: str) -> int | None:
    bare = text.strip(' "').upper().removeprefix("AS")
    return int(bare) if bare.isdecimal() else None
