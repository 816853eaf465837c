"""Addresses as numbers, and the prefixes that they touch."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage.reports.addresses import Address, parse, prefix_counts, range_counts

TEXTS = ("192.0.2.1", "192.0.2.200", "192.0.3.1", "198.51.100.7", "2001:db8::1", "2001:db8:0:1::1")


def test_prefixes_are_counted_by_version() -> None:
    counts = prefix_counts([parse(one) for one in TEXTS])

    assert counts == {
        "prefixes_24": 3,
        "prefixes_16": 2,
        "prefixes_8": 2,
        "prefixes_48": 1,
        "prefixes_32": 1,
    }
    assert [counts["prefixes_24"], counts["prefixes_8"]] == [3, 2]


def test_of_a_version_without_addresses_nothing_is_known() -> None:
    counts = prefix_counts([parse("192.0.2.1"), None])

    assert (counts["prefixes_24"], counts["prefixes_48"]) == (1, None)


@pytest.mark.parametrize("text", ["", "host", "192.0.2", "192.0.2.256", "1.2.3.4/8", "::g", "a\0b"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse(text) is None


def test_ipv4_within_ipv6_is_ipv4() -> None:
    assert parse("::ffff:192.0.2.1") == parse("192.0.2.1")
    assert parse("::192.0.2.1") != parse("192.0.2.1")


@pytest.mark.parametrize(
    ("text", "length", "prefix"),
    [
        ("198.51.100.77", 24, "198.51.100.0/24"),
        ("198.51.100.77", 8, "198.0.0.0/8"),
        ("2001:db8:1:2::3", 48, "2001:db8:1::/48"),
        ("2001:db8:1:2::3", 32, "2001:db8::/32"),
    ],
)
def test_a_prefix_is_named(text: str, length: int, prefix: str) -> None:
    address = parse(text)

    assert address is not None
    assert address.prefix(length) == prefix


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 600)), max_size=8))
def test_the_prefixes_of_ranges_are_those_of_their_addresses(spans: list[tuple[int, int]]) -> None:
    ranges, place = [], int(IPv4Address("192.0.2.0"))
    for gap, length in spans:
        place += gap
        ranges.append((place, place + length))
        place += length + 1
    addresses = [Address(4, one) for low, high in ranges for one in range(low, high + 1)]
    expected = {key: n or 0 for key, n in prefix_counts(addresses).items() if key[9:] in "24 16 8"}

    assert range_counts(ranges[::-1]) == {"addresses": len(addresses), **expected}
