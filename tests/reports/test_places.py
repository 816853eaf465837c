"""Countries and cities from the MMDBs that users have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outage.errors import BadInput
from outage.reports.addresses import Address, parse
from outage.reports.places import Place, find_places
from tests.reports.test_systems import write_mmdb

CITY = {"country": {"iso_code": "US"}, "city": {"names": {"en": "Dallas", "de": "Dallas"}}}


def address(text: str) -> Address:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (CITY, Place("US", "Dallas")),
        ({"country": {"iso_code": "US"}}, Place("US", "")),
        ({"country_code": "US", "city": "Dallas"}, Place("US", "Dallas")),
        ({"country": "US"}, Place("US", "")),
        ({"registered_country": {"iso_code": "AT"}, "continent": {"code": "EU"}}, Place("AT", "")),
        ({"continent": {"code": "EU"}}, Place("", "")),
    ],
)
def test_records_of_several_makers_are_read(
    tmp_path: Path, record: dict[str, Any], place: Place
) -> None:
    file = write_mmdb(tmp_path / "geo.mmdb", {"192.0.2.0/24": record})

    assert find_places(file, [address("192.0.2.1")]) == {address("192.0.2.1"): place}


def test_addresses_that_are_not_in_it_have_no_place(tmp_path: Path) -> None:
    file = write_mmdb(tmp_path / "geo.mmdb", {"192.0.2.0/24": CITY, "2001:db8::/32": CITY})
    asked = [address(one) for one in ("192.0.2.1", "198.51.100.1", "2001:db8::5", "2001:db9::")]

    assert set(find_places(file, asked)) == {asked[0], asked[2]}


def test_a_database_of_ipv4_is_not_asked_for_ipv6(tmp_path: Path) -> None:
    file = write_mmdb(tmp_path / "geo.mmdb", {"192.0.2.0/24": CITY}, 4)

    assert find_places(file, [address("2001:db8::1")]) == {}


def test_a_database_of_systems_is_told(tmp_path: Path) -> None:
    record = {"autonomous_system_number": 64500}
    file = write_mmdb(tmp_path / "asn.mmdb", {"192.0.2.0/24": record})

    with pytest.raises(BadInput, match=r"asn\.mmdb: its records name no country"):
        find_places(file, [address("192.0.2.1")])


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"ip,country\n", "not an MMDB file"), (b"x\xab\xcd\xefMaxMind.com", "damaged MMDB")],
)
def test_another_file_is_told(tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / "geo.mmdb").write_bytes(content)

    with pytest.raises(BadInput, match=line):
        find_places(tmp_path / "geo.mmdb", [address("192.0.2.1")])
