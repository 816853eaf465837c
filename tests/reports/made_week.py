"""A week shaped like the paper's, accounted for exactly: every share is a quota, nothing is drawn.

Table 3's shares lead: of the flows, of the bytes down and of the bytes up each category gets its
part to the flow and to the byte; the sizes of flows follow from them. Table 2 gives the addresses
and what their system announces. The addresses are numbers without a meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from outage.canonical import answer_schema, flow_schema

SINCE = 1_392_681_600  # 2014-02-18T00:00:00Z
DAY = 86_400
FLOWS = 100_000
BYTES = 1_752_000_000  # so that a multimedia flow has 225 kB on average
DOWN_TO_UP = 2.73  # what the last row of table 3 implies

#: Category: shares in percent of flows, bytes down, bytes up (table 3, what is left over too),
#: addresses, spread of the sizes (sigma of a lognormal), host name.
CATEGORIES = {
    "chat": (93.4, 16.6, 29.5, 240, 0.9, "e{}.whatsapp.net"),
    "mmv": (0.3, 38.8, 35.2, 30, 1.0, "mmv{}.whatsapp.net"),
    "mmi": (2.9, 12.8, 15.0, 50, 1.4, "mmi{}.whatsapp.net"),
    "mms": (2.9, 29.8, 17.9, 50, 1.4, "mms{}.whatsapp.net"),
    "mm_other": (0.1, 1.6, 2.1, 6, 1.0, "mmg{}.whatsapp.net"),
    "": (0.4, 0.4, 0.3, 10, 1.0, "w{}.whatsapp.com"),
}
ADDRESSES, NETS_24, NETS_16, NETS_8 = 386, 51, 30, 24
SYSTEM, SYSTEM_NAME = 36_351, "MADE-HOSTING"
SYSTEM_24, SYSTEM_16, SYSTEM_8 = 5_330, 106, 42

#: Chat time-outs in seconds by type of device (figure 6), each with its share of the flows.
DEVICES = {
    "Android": (0.5, (600, 900, 1_440)),
    "iOS": (0.3, (180,)),
    "BlackBerry": (0.06, (900,)),
    "Windows Phone": (0.04, (600,)),
    None: (0.1, ()),
}
#: Waits of downloads over 1 MB, in turn by size: 8 of 20 good, 4 acceptable, 5 bad, 3 very bad.
WAITS = (5, 25, 8, 50, 10, 100, 12, 30, 60, 15, 120, 16, 35, 45, 18, 40, 70, 20, 200, 75)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def quota(total: int, weights: Floats) -> Ints:
    """Return whole numbers in proportion to the weights that sum up to the total exactly."""
    reached = np.cumsum(weights) / weights.sum()
    parts: Ints = np.diff(np.rint(reached * total).astype(np.int64), prepend=0)
    return parts


def server_addresses() -> list[str]:
    """Return 386 addresses in 51 /24s, 30 /16s and 24 /8s."""
    sixteens = system_sixteens()
    used = [sixteens[k] for k in range(NETS_8)] + [
        sixteens[SYSTEM_8 + k] for k in range(NETS_16 - NETS_8)
    ]
    nets = [(used[k % NETS_16], k // NETS_16) for k in range(NETS_24)]
    counts = quota(ADDRESSES, np.ones(NETS_24))
    return [
        str(IPv4Address((sixteen << 16) + (third << 8) + last))
        for (sixteen, third), count in zip(nets, counts, strict=True)
        for last in range(1, count + 1)
    ]


def system_sixteens() -> list[int]:
    """Return the 106 /16s of the system: one in each of its 42 /8s first, then second ones."""
    return [((210 + k % SYSTEM_8) << 8) + k // SYSTEM_8 for k in range(SYSTEM_16)]


def system_networks() -> list[str]:
    """Return the 5,330 /24s that the system announces."""
    return [
        f"{IPv4Address((sixteen << 16) + (third << 8))}/24"
        for sixteen, count in zip(
            system_sixteens(), quota(SYSTEM_24, np.ones(SYSTEM_16)), strict=True
        )
        for third in range(count)
    ]


def shuffled(count: int) -> Ints:
    """Return 0 to count - 1 in an order that mixes well, always the same."""
    stride = next(k for k in range(int(count * 0.618) | 1, 2 * count + 2) if np.gcd(k, count) == 1)
    return np.arange(count, dtype=np.int64) * stride % count


def sizes(total: int, count: int, sigma: float) -> Ints:
    """Return lognormal sizes, ascending, that sum up to the total exactly."""
    normal = NormalDist()
    return quota(
        total, np.exp(sigma * np.array([normal.inv_cdf((k + 0.5) / count) for k in range(count)]))
    )


def starts(count: int) -> Floats:
    """Return ascending moments over the week: most at noon and 20:00, least at night."""
    grid = np.arange(0, 7 * DAY + 1, 600.0)
    hour = grid % DAY / 3_600
    weight = 0.3 + np.exp(-(((hour - 12) / 3) ** 2)) + np.exp(-(((hour - 20) / 3) ** 2))
    reached = np.cumsum(weight) - weight[0]
    moments: Floats = np.interp((np.arange(count) + 0.5) / count * reached[-1], reached, grid)
    return moments


def strangers(count: int = 3_000) -> tuple[pa.Table, pa.Table]:
    """Return flows and answers of another service, and as many flows that nothing names."""
    start = SINCE + starts(2 * count)[shuffled(2 * count)]
    addresses = [f"198.51.{100 + k % 2}.{k % 200}" for k in range(2 * count)]
    clients = [f"client-{k % 2_000}" for k in range(2 * count)]
    flows: dict[str, object] = {
        "client": clients,
        "server_ip": addresses,
        "server_port": [443] * 2 * count,
        "protocol": ["udp"] * 2 * count,
        "start": micros(start),
        "end": micros(start + 30),
        "bytes_down": [5_000_000] * 2 * count,
        "bytes_up": [1_000] * 2 * count,
        "vantage": ["gn"] * 2 * count,
    }
    answers: dict[str, object] = {
        "client": clients,
        "name": [f"scontent-{k % 7}.fbcdn.net" for k in range(2 * count)],
        "address": addresses,
        "time": micros(start - 1),
        "ttl": [60] * 2 * count,
        "rcode": [0] * 2 * count,
    }
    named = table(answers, answer_schema()).filter(
        pa.array([one.startswith("198.51.100.") for one in addresses])
    )
    return table(flows, flow_schema()), named


@dataclass(frozen=True)
class MadeWeek:
    """The flows and DNS answers of the week (canonical tables), and what each flow truly is."""

    flows: pa.Table
    answers: pa.Table
    categories: list[str]

    def write_logs(self, folder: Path) -> tuple[Path, Path]:
        """Write the flows and answers among those of strangers, as logs; return both files."""
        flows, answers = strangers()
        pq.write_table(pa.concat_tables([self.flows, flows]), folder / "flows.parquet")
        pq.write_table(pa.concat_tables([self.answers, answers]), folder / "dns.parquet")
        return folder / "flows.parquet", folder / "dns.parquet"

    def write_classified(self, folder: Path) -> Path:
        """Write the flows as `outage flows classify` would; return the folder."""
        count = len(self.categories)
        table = self.flows.append_column("service", pa.array(["whatsapp"] * count))
        table = table.append_column("category", pa.array(self.categories))
        table = table.append_column("named_by", pa.array(["dns"] * count))
        (folder / "flows").mkdir(parents=True)
        pq.write_table(table, folder / "flows" / "week.parquet")
        return folder


def made_week(flows: int = FLOWS) -> MadeWeek:
    """Return the week."""
    parts, first = [], 0
    counts = dict(
        zip(CATEGORIES, quota(flows, np.array([c[0] for c in CATEGORIES.values()])), strict=True)
    )
    for category, (_, _, _, addresses, _, _) in CATEGORIES.items():
        servers = server_addresses()[first : first + addresses]
        parts.append(_category(category, int(counts[category]), servers))
        first += addresses
    return MadeWeek(
        pa.concat_tables(part for part, _ in parts),
        pa.concat_tables(answers for _, answers in parts),
        [category for category in CATEGORIES for _ in range(counts[category])],
    )


def _category(category: str, count: int, servers: list[str]) -> tuple[pa.Table, pa.Table]:
    """Return the flows of a category and the answers by which they can be named."""
    place = list(CATEGORIES).index(category)
    down, up = (_bytes(category, k, count) for k in (0, 1))
    devices = _devices(count)
    lasting = _durations(category, down, devices)
    start = SINCE + starts(count)[shuffled(count)]
    clients = [f"client-{(k * 7 + place) % 2_000}" for k in range(count)]
    addresses = [servers[k % len(servers)] for k in range(count)]
    names = [CATEGORIES[category][5].format(k % len(servers)) for k in range(count)]
    flows: dict[str, object] = {
        "client": clients,
        "server_ip": addresses,
        "server_port": [5222 if category == "chat" else 443] * count,
        "protocol": ["tcp"] * count,
        "start": micros(start),
        "end": micros(start + lasting),
        "bytes_down": down,
        "bytes_up": up,
        "device": devices,
        "vantage": ["gn"] * count,
    }
    answers: dict[str, object] = {
        "client": clients,
        "name": names,
        "address": addresses,
        "time": micros(start - 1),
        "ttl": [300] * count,
        "rcode": [0] * count,
    }
    return table(flows, flow_schema()), table(answers, answer_schema())


def table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    """Return a canonical table; columns that are not given are null."""
    count = len(columns["client"])  # type: ignore[arg-type]
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def micros(seconds: Floats) -> Ints:
    return np.rint(seconds * 1e6).astype(np.int64)


def _bytes(category: str, direction: int, count: int) -> Ints:
    """Return the bytes down (0) or up (1) of the flows of a category, ascending."""
    factor = DOWN_TO_UP / (1 + DOWN_TO_UP)
    total = round(BYTES * (factor, 1 - factor)[direction])
    shares = np.array([one[1 + direction] for one in CATEGORIES.values()])
    own = int(quota(total, shares)[list(CATEGORIES).index(category)])
    return sizes(own, count, CATEGORIES[category][4])


def _devices(count: int) -> list[str | None]:
    counts = quota(count, np.array([share for share, _ in DEVICES.values()]))
    row = [device for device, own in zip(DEVICES, counts, strict=True) for _ in range(own)]
    return [row[place] for place in shuffled(count)]


def _durations(category: str, down: Ints, devices: list[str | None]) -> Floats:
    """Return durations: chat ends at time-outs every other time, large downloads wait in turn."""
    count = len(down)
    if category == "chat":
        spread = np.exp(np.linspace(np.log(40), np.log(6_000), count))[shuffled(count)]
        ends = [DEVICES[device][1] for device in devices]
        return np.array(
            [end[k // 2 % len(end)] if end and k % 2 else spread[k] for k, end in enumerate(ends)]
        )
    waits = np.exp(np.linspace(np.log(1), np.log(90), count))[shuffled(count)]
    large = np.flatnonzero(down > 1_000_000)  # ascending in size
    waits[large] = [WAITS[k % len(WAITS)] for k in range(len(large))]
    return waits
