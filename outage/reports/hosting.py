"""The hosting report: table 2 and figures 1 to 3 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outage.reports.addresses import Address, prefix_counts, range_counts
from outage.reports.exhibits import WHOLE, Column, Exhibit, Report, Row, Table, Value
from outage.reports.hosts import SHARES, Hosts, shortened
from outage.reports.measurements import read_answers, read_pings
from outage.reports.places import find_places
from outage.reports.probing import probe_exhibits, rtt_exhibits
from outage.reports.ranges import range_exhibits, server_exhibits
from outage.reports.selection import Flows
from outage.reports.systems import Systems, read_systems
from outage.reports.traffic import doubts
from outage.words import counted

UNKNOWN: Final = "not known"
OTHER_SYSTEMS: Final = 5  # autonomous systems whose whole space table 2 counts


@dataclass(frozen=True, slots=True)
class Sources:
    """The user's own files that say more of an address than flows do."""

    systems: Path | None = None
    places: Path | None = None
    pings: Sequence[Path] = ()
    answers: Sequence[Path] = ()


def hosting(flows: Flows, sources: Sources) -> Report:
    """Return the hosting report; raises BadInput for a source that is not what it should be.

    The sources are read first; addresses are looked up once each, however many flows they have.
    """
    systems = read_systems(sources.systems) if sources.systems else None
    pings, answers = read_pings(sources.pings), read_answers(sources.answers)
    if sources.places is not None:
        find_places(sources.places, ())
    hosts = Hosts.of(flows)
    remarks = doubts(flows) + _not_addresses(hosts)
    exhibits: list[Exhibit] = [_prefix_table(hosts, systems)]
    if systems is not None:
        exhibits.append(_system_table(hosts, systems))
        remarks += _damaged(systems)
    exhibits += range_exhibits(hosts, systems)
    if sources.places is not None:
        exhibits += _place_tables(hosts, sources.places)
    if sources.pings:
        found, more = rtt_exhibits(hosts, pings)
        exhibits, remarks = exhibits + found, remarks + more
    exhibits += server_exhibits(hosts)
    if sources.answers:
        found, more = probe_exhibits(hosts, answers)
        exhibits, remarks = exhibits + found, remarks + more
    return Report("hosting", "Hosting", flows.scope, exhibits, remarks)


def _not_addresses(hosts: Hosts) -> list[str]:
    strange = [text for text in hosts.whole.address if text not in hosts.numbers]
    if not strange:
        return []
    return [f"servers whose address is none: {len(strange):,} (the first is {strange[0][:60]!r})"]


def _damaged(systems: Systems) -> list[str]:
    if not systems.damaged:
        return []
    return [f"not understood: {counted(systems.damaged, 'line')} of the autonomous systems' file"]


def _prefix_table(hosts: Hosts, systems: Systems | None) -> Table:
    """Return table 2: addresses and prefixes of the service, of each part, and of its systems."""
    columns = [
        Column("name", "service, AS"),
        Column("addresses", "addresses", "count"),
        Column("prefixes_24", "/24", "count"),
        Column("prefixes_16", "/16", "count"),
        Column("prefixes_8", "/8", "count"),
        Column("prefixes_48", "IPv6 /48", "count"),
        Column("prefixes_32", "IPv6 /32", "count"),
        Column("systems", "AS", "count"),
    ]
    rows = [_used(hosts, part, systems) for part in hosts.parts]
    if systems is not None:
        rows += _announced(hosts, systems)
    title = "Server addresses and the prefixes they lie in"
    return Table("prefixes", title, "table 2", columns, rows, AS_NOTE if systems else "")


AS_NOTE: Final = "A row of an AS counts all IPv4 addresses that it announces, used or not."


def _used(hosts: Hosts, part: str, systems: Systems | None) -> Row:
    known = hosts.known(part)
    service = hosts.flows.scope.service
    return {
        "part": part,
        "name": service if part == WHOLE else f"{service}, {part}",
        "addresses": len(known),
        **prefix_counts(known),
        "systems": None if systems is None else len({systems.of(one) for one in known} - {None}),
    }


def _announced(hosts: Hosts, systems: Systems) -> list[Row]:
    hosting = [one for one in hosts.grouped(systems.of) if one is not None]
    return [
        {"system": one, "name": _name(systems, one), **range_counts(systems.announced(one))}
        for one in hosting[:OTHER_SYSTEMS]
    ]


def _name(systems: Systems, number: int | None) -> str:
    if number is None:
        return UNKNOWN
    name = systems.names.get(number, "")
    return f"{name} (AS {number})" if name else f"AS {number}"


def _system_table(hosts: Hosts, systems: Systems) -> Table:
    columns = [
        Column("system", "autonomous system"),
        Column("number", "AS"),
        Column("addresses", "addresses", "count"),
        *SHARES,
    ]
    rows: list[Row] = [
        {"system": _name(systems, one), "number": one, **row}
        for one, row in hosts.grouped(systems.of).items()
    ]
    title = "Autonomous systems that host the service"
    return Table("systems", title, "section 3.2", columns, shortened(rows, "system"))


def _place_tables(hosts: Hosts, path: Path) -> list[Exhibit]:
    """Return the shares of countries and of cities, by the user's database."""
    places = find_places(path, hosts.numbers.values())

    def country(address: Address) -> str | None:
        place = places.get(address)
        return place.country if place and place.country else None

    def city(address: Address) -> tuple[str, str] | None:
        place = places.get(address)
        return (place.country, place.city) if place and place.city else None

    countries: list[Row] = [
        {"country": one or UNKNOWN, **row} for one, row in hosts.grouped(country).items()
    ]
    cities: list[Row] = [{**_city(one), **row} for one, row in hosts.grouped(city).items()]
    head = [Column("country", "country")]
    rest = [Column("addresses", "addresses", "count"), *SHARES]
    tables = [
        Table(
            "countries", "Countries", "section 3.2", [*head, *rest], shortened(countries, "country")
        )
    ]
    if any(place.city for place in places.values()):
        columns = [*head, Column("city", "city"), *rest]
        tables.append(
            Table(
                "cities", "Cities", "section 3.2", columns, shortened(cities, "country"), PLACE_NOTE
            )
        )
    return [*tables]


PLACE_NOTE: Final = (
    "Cities of address databases are often wrong; hold them against round-trip times."
)


def _city(place: tuple[str, str] | None) -> dict[str, Value]:
    country, city = place or (UNKNOWN, UNKNOWN)
    return {"country": country, "city": city}
