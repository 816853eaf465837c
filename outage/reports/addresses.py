"""Addresses as numbers, and the prefixes that they lie in.

IPv4 prefixes are counted as /24, /16 and /8, as in table 2; of IPv6 a site's /48 stands for the
/24 and an operator's /32 for the /16.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Version: TypeAlias = Literal[4, 6]

#: Name in a row of table 2 -> the version of the addresses, the length of the prefix.
PREFIXES: Final[Mapping[str, tuple[Version, int]]] = MappingProxyType(
    {
        "prefixes_24": (4, 24),
        "prefixes_16": (4, 16),
        "prefixes_8": (4, 8),
        "prefixes_48": (6, 48),
        "prefixes_32": (6, 32),
    }
)
BITS: Final[Mapping[Version, int]] = MappingProxyType({4: 32, 6: 128})
MAPPED: Final = 0xFFFF  # the upper 96 bits of ::ffff:0:0/96, IPv4 in IPv6 clothes


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An IP address as a number."""

    version: Version
    number: int

    def prefix(self, length: int) -> str:
        """Return the prefix of a length that it lies in, as text.

        >>> Address(4, 0xC0000201).prefix(24)
        '192.0.2.0/24'
        """
        low = BITS[self.version] - length
        number = self.number >> low << low
        kind = IPv4Address if self.version == 4 else IPv6Address
        return f"{kind(number)}/{length}"


def parse(text: str) -> Address | None:
    """Return the address that a text names, None if it names none.

    >>> parse("192.0.2.1") == parse("::ffff:192.0.2.1") == Address(4, 0xC0000201)
    True
    """
    try:
        if ":" not in text:
            return Address(4, int.from_bytes(socket.inet_pton(socket.AF_INET, text)))
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return None
    return Address(4, number & 0xFFFFFFFF) if number >> 32 == MAPPED else Address(6, number)


def prefix_counts(addresses: Iterable[Address | None]) -> dict[str, int | None]:
    """Return how many prefixes hold the addresses; None for a version that has none."""
    known = [one for one in addresses if one is not None]
    numbers: dict[Version, list[int]] = {
        version: [one.number for one in known if one.version == version] for version in BITS
    }
    return {
        name: len({one >> (BITS[version] - length) for one in numbers[version]}) or None
        for name, (version, length) in PREFIXES.items()
    }


def range_counts(ranges: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Return how many IPv4 addresses and prefixes some ranges touch (disjoint, both ends in)."""
    counts = {"addresses": sum(high - low + 1 for low, high in ranges)}
    ordered = sorted(ranges)
    for name, (version, length) in PREFIXES.items():
        if version == 4:
            counts[name] = _touched(ordered, BITS[4] - length)
    return counts


def _touched(ordered: Sequence[tuple[int, int]], shift: int) -> int:
    count, reached = 0, -1
    for low, high in ordered:
        first, last = max(low >> shift, reached + 1), high >> shift
        count += max(0, last - first + 1)
        reached = max(reached, last)
    return count
