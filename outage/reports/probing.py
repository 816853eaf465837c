"""Figure 2: round-trip times to the servers; and whether all probes get the same addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.reports.exhibits import Axis, Column, Exhibit, Line, Plot, Row, Table
from outage.reports.hosts import FEATURES, Hosts
from outage.reports.measurements import Answers, Pings
from outage.reports.spread import Spread, weighted
from outage.words import counted

PERCENTS: Final = (10, 25, 50, 75, 90)
RTT: Final = Axis("smallest RTT", "ms")


def rtt_exhibits(hosts: Hosts, pings: Pings) -> tuple[list[Exhibit], list[str]]:
    """Return figure 2 and its table; the smallest RTT to an address is that of any probe."""
    rows, times = _measured(hosts, pings)
    plain = weighted(times, np.ones(len(times)))
    by_feature = {
        FEATURES[name]: weighted(times, values[rows])
        for name, values in hosts.whole.features.items()
    }
    remarks = _remarks(hosts, pings, len(rows))
    if not rows:
        return [], remarks
    return [
        _table({"addresses": plain, **by_feature}),
        _plot("min_rtt", "a", "Smallest RTT to the servers", {"addresses": plain}),
        _plot("weighted_min_rtt", "b", "Smallest RTT, weighted by what is carried", by_feature),
    ], remarks


def _measured(hosts: Hosts, pings: Pings) -> tuple[list[int], Floats]:
    found = [
        (row, pings.smallest[number])
        for row, text in enumerate(hosts.whole.address)
        if (number := hosts.numbers.get(text)) in pings.smallest and number is not None
    ]
    return [row for row, _ in found], np.array([time for _, time in found])


def _remarks(hosts: Hosts, pings: Pings, measured: int) -> list[str]:
    addresses = counted(len(hosts.whole.address), "address", "addresses")
    silent = len(pings.silent & set(hosts.numbers.values()))
    lines = [f"{measured:,} of {addresses} answered a ping; {silent:,} asked in vain"]
    if len(pings.probes) > 1:
        lines.append(
            f"the pings are of {len(pings.probes)} probes: a smallest RTT is that of the nearest"
            " one, not that from the vantage"
        )
    return lines


def _table(spreads: Mapping[str, Spread]) -> Table:
    columns = [
        Column("weight", "weighted by"),
        Column("least", "least", "ms"),
        *(Column(f"p{one}", "median" if one == 50 else f"{one} %", "ms") for one in PERCENTS),
        Column("most", "most", "ms"),
    ]
    rows: list[Row] = [
        {
            "weight": name,
            "least": one.quantile(0),
            **{f"p{percent}": one.quantile(percent / 100) for percent in PERCENTS},
            "most": one.quantile(1),
        }
        for name, one in spreads.items()
    ]
    return Table("rtt", "Smallest round-trip time to the servers", "figure 2", columns, rows)


def _plot(name: str, letter: str, title: str, spreads: Mapping[str, Spread]) -> Plot:
    lines = [Line(one, *spread.curve()) for one, spread in spreads.items()]
    y = Axis("share", "share")
    return Plot(name, title, f"figure 2 ({letter})", RTT, y, lines, "cdf")


def probe_exhibits(hosts: Hosts, answers: Answers) -> tuple[list[Exhibit], list[str]]:
    """Return for every name whether all probes are answered the same addresses."""
    columns = [
        Column("name", "name"),
        Column("probes", "probes", "count"),
        Column("addresses", "addresses", "count"),
        Column("sets", "different sets", "count"),
        Column("pools", "pools that share nothing", "count"),
        Column("seen", "of them seen by the median probe", "share"),
        Column("in_flows", "of them in the flows", "share"),
        Column("verdict", "the same for all?"),
    ]
    served = set(hosts.whole.address)
    rows = [_probed(name, dict(sets), served) for name, sets in sorted(answers.names.items())]
    title = "Addresses that the probes of RIPE Atlas are answered"
    remarks = [f"{answers.failed} DNS results had no address"] if answers.failed else []
    if answers.damaged:
        remarks.append(f"{answers.damaged} DNS results were damaged")
    return [Table("probes", title, "section 3.2", columns, rows)], remarks


def _probed(name: str, by_probe: Mapping[int, Set[str]], served: Set[str]) -> Row:
    sets = [frozenset(one) for one in by_probe.values()]
    union = frozenset().union(*sets)
    groups = pools(sets)
    different = len(set(sets))
    verdict = "no" if groups > 1 else "yes" if different == 1 else "one pool, seen in parts"
    return {
        "name": name,
        "probes": len(by_probe),
        "addresses": len(union),
        "sets": different,
        "pools": groups,
        "seen": float(np.median([len(one) / len(union) for one in sets])),
        "in_flows": len(union & served) / len(union),
        "verdict": verdict,
    }


def pools(sets: Iterable[Set[str]]) -> int:
    """Return into how many groups sets fall that have no element in common.

    >>> pools([{"a", "b"}, {"b", "c"}, {"d"}])
    2
    """
    found: list[set[str]] = []
    for one in sets:
        touching = [pool for pool in found if pool & one]
        found = [pool for pool in found if not pool & one]
        found.append(set(one).union(*touching))
    return len(found)
