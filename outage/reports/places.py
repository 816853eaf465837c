"""Country and city of addresses, from the user's own MMDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

from outage.errors import BadInput
from outage.reports.addresses import Address
from outage.reports.databases import open_mmdb

if TYPE_CHECKING:
    from maxminddb.types import Record


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a database says that an address is; empty where it does not say."""

    country: str
    city: str


def find_places(path: Path, addresses: Iterable[Address]) -> dict[Address, Place]:
    """Return the places of those addresses that the database knows; raises BadInput.

    Read are the records of GeoLite2 and DB-IP (country.iso_code, city.names.en) and flat ones
    (country_code or country, city).
    """
    found: dict[Address, Place] = {}
    with open_mmdb(path) as reader:
        for address in addresses:
            kind = IPv4Address if address.version == 4 else IPv6Address
            if address.version == 6 and reader.metadata().ip_version == 4:
                continue
            record = reader.get(kind(address.number))
            if record is not None:
                found[address] = _place(path, record)
    return found


def _place(path: Path, record: Record) -> Place:
    if not isinstance(record, Mapping):
        raise BadInput(f"{path}: {NO_COUNTRY}")
    country = _text(record.get("country"), "iso_code") or _text(record.get("country_code"))
    country = country or _text(record.get("registered_country"), "iso_code")
    if not country and not {"country", "country_code", "city", "continent"} & set(record):
        raise BadInput(f"{path}: {NO_COUNTRY}")
    return Place(country, _text(record.get("city"), "names", "en"))


NO_COUNTRY = "its records name no country; give an MMDB of countries or cities to --geo"


def _text(value: Record | None, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else value
    return value if isinstance(value, str) else ""
