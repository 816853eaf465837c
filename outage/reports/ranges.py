"""Figures 1 and 3: where in the address space the servers are, and what each of them carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.reports.activity import Addresses
from outage.reports.addresses import Address
from outage.reports.exhibits import WHOLE, Axis, Column, Exhibit, Line, Plot, Row, Table
from outage.reports.hosts import FEATURES, SHARES, Hosts, shortened
from outage.reports.spread import weighted
from outage.reports.systems import Systems

SPACE: Final = Axis("IPv4 address", "address")
EIGHT: Final = 1 << 24  # addresses of a /8
MOST_STEMS: Final = 3_000  # addresses drawn one by one: those that carry most

#: Figure 3: panel, feature.
PANELS: Final = (("a", "flows"), ("b", "active_slots"), ("c", "bytes_down"), ("d", "bytes_up"))


def range_exhibits(hosts: Hosts, systems: Systems | None) -> list[Exhibit]:
    """Return figure 1 with the tables of the prefixes that carry most."""
    return [
        _by_prefix(hosts, "16", 16, 32),
        _by_prefix(hosts, "24", 24, 48),
        _space(hosts, systems),
        _weighted_space(hosts),
    ]


def _by_prefix(hosts: Hosts, name: str, length: int, length_v6: int) -> Table:
    def prefix(address: Address) -> str:
        return address.prefix(length if address.version == 4 else length_v6)

    rows: list[Row] = [
        {"prefix": one or "not an address", **row} for one, row in hosts.grouped(prefix).items()
    ]
    title = f"The /{name} prefixes that carry most (IPv6: /{length_v6})"
    columns = [Column("prefix", "prefix"), Column("addresses", "addresses", "count"), *SHARES]
    return Table(f"by_prefix_{name}", title, "figure 1 (b)", columns, shortened(rows, "prefix"))


def _space(hosts: Hosts, systems: Systems | None) -> Plot:
    """Return figure 1 (a): the service's addresses, and all of its systems', along the space."""
    places, _ = _placed(hosts)
    lines = [Line(hosts.flows.scope.service, *weighted(places, np.ones(len(places))).curve())]
    if systems is not None:
        lines += [_announced(systems, one) for one in _systems(hosts, systems)]
    y = Axis("share of addresses", "share")
    title = "Addresses along the IPv4 space"
    return Plot("address_space", title, "figure 1 (a)", SPACE, y, lines, "cdf")


def _systems(hosts: Hosts, systems: Systems) -> list[int]:
    return [one for one in hosts.grouped(systems.of) if one is not None][:3]


def _announced(systems: Systems, number: int) -> Line:
    ranges = systems.announced(number)
    places = np.array([low / EIGHT for low, _ in ranges])
    sizes = np.array([high - low + 1.0 for low, high in ranges])
    return Line(f"all of AS {number}", *weighted(places, sizes).curve(), dashed=True)


def _weighted_space(hosts: Hosts) -> Plot:
    """Return figure 1 (b): the four features along the address space."""
    places, rows = _placed(hosts)
    lines = [
        Line(FEATURES[name], *weighted(places, values[rows]).curve())
        for name, values in hosts.whole.features.items()
    ]
    y = Axis("share", "share")
    title = "What the addresses carry, along the IPv4 space"
    return Plot("weighted_address_space", title, "figure 1 (b)", SPACE, y, lines, "cdf")


def _placed(hosts: Hosts) -> tuple[Floats, list[int]]:
    """Return where each IPv4 address lies (in /8s), and which row of all addresses it is."""
    found = [
        (number.number / EIGHT, row)
        for row, text in enumerate(hosts.whole.address)
        if (number := hosts.numbers.get(text)) is not None and number.version == 4
    ]
    return np.array([place for place, _ in found]), [row for _, row in found]


def server_exhibits(hosts: Hosts) -> list[Exhibit]:
    """Return figure 3: the share that each address has of the four features, and a summary."""
    return [_concentration(hosts), *(_panel(hosts, *panel) for panel in PANELS)]


def _panel(hosts: Hosts, letter: str, feature: str) -> Plot:
    order = {text: place for place, text in enumerate(_in_order(hosts), 1)}
    total = hosts.whole.features[feature].sum()
    lines = [
        _stems(part, hosts.parts[part], feature, order, total) for part in hosts.flows.parts.roles
    ]
    x = Axis("server address, in order", "count")
    y = Axis(f"share of {FEATURES[feature]}", "share")
    title = f"Servers by {FEATURES[feature]}"
    name = f"servers_by_{feature}"
    return Plot(name, title, f"figure 3 ({letter})", x, y, lines, "stems")


def _in_order(hosts: Hosts) -> list[str]:
    last = Address(6, 1 << 128)  # what is no address comes last
    return sorted(hosts.whole.address, key=lambda text: (hosts.numbers.get(text, last), text))


def _stems(
    part: str, addresses: Addresses, feature: str, order: dict[str, int], total: float
) -> Line:
    values = addresses.features[feature]
    largest = np.sort(np.argsort(-values, kind="stable")[:MOST_STEMS])
    places = [(order[addresses.address[row]], float(values[row])) for row in largest]
    places.sort()
    return Line(part, [x for x, _ in places], [y / total if total else None for _, y in places])


def _concentration(hosts: Hosts) -> Table:
    """Return each part's share of every feature, and how few addresses carry half of it."""
    columns = [
        Column("part", "part"),
        Column("addresses", "addresses", "count"),
        *SHARES,
        *(
            Column(f"half_{key}", f"half of its {name} on", "count")
            for key, name in FEATURES.items()
        ),
    ]
    rows = [_concentrated(hosts, part) for part in hosts.parts]
    title = "What the servers of each part carry, and how many carry half of it"
    return Table("servers", title, "figure 3", columns, rows)


def _concentrated(hosts: Hosts, part: str) -> Row:
    own, whole = hosts.parts[part].features, hosts.parts[WHOLE].features
    totals = {name: float(values.sum()) for name, values in whole.items()}
    shares = {n: float(v.sum()) / totals[n] if totals[n] else None for n, v in own.items()}
    halves = {f"half_{name}": half(values) for name, values in own.items()}
    return {"part": part, "addresses": len(hosts.parts[part].address), **shares, **halves}


def half(values: Sequence[float] | Floats) -> int | None:
    """Return how few of the values make up at least half of their sum, None of nothing.

    >>> half([1, 5, 1, 1])
    1
    """
    ordered = np.sort(np.asarray(values, np.float64))[::-1]
    total = ordered.sum()
    return int(np.searchsorted(np.cumsum(ordered), total / 2)) + 1 if total > 0 else None
