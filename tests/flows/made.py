"""Made flows and answers, and a plain reference of what becomes of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from outage.canonical import answer_schema, flow_schema
from outage.catalogue import Catalogue, overlay
from outage.flows.classifying import Outcome, classify_logs
from outage.flows.engine import Limits
from outage.flows.surveying import Options

DAY = 86_400
SECOND = 1_000_000
START = 20_500 * DAY  # a UTC midnight
HOSTS = (
    "c1.alpha.example", "C2.alpha.example.", "mm1.alpha.example", "www.alpha.example",
    "beta.example", "cdn.beta.example", "gamma.example", "nobody.example", "tracker.example",
)  # fmt: skip
RULES = ("dns", "sni", "certificate", "address")


@cache
def catalogue() -> Catalogue:
    """Return a catalogue with three services, of which one has categories, one an address block."""
    services = {
        "alpha": {
            "name": "Alpha",
            "domains": {
                "": ["alpha.example"],
                "chat": ["c*.alpha.example"],
                "media": ["mm*.alpha.example"],
            },
            "certificates": ["*.alpha.example"],
        },
        "beta": {"name": "Beta", "domains": ["beta.example"]},
        "gamma": {
            "name": "Gamma",
            "domains": ["gamma.example"],
            "addresses": ["203.0.113.0/28", "2001:db8:77::/48"],
        },
    }
    return overlay({"services": services})


class Named(NamedTuple):
    """What a flow is named, and by which rule; None for a flow without a name."""

    service: str | None
    category: str | None
    rule: str | None


def flow(client: str, server: str, start: float, **more: Any) -> dict[str, Any]:
    """Return a canonical flow; `start` and `end` in seconds after START, kept as microseconds."""
    end = more.pop("end", start)
    row = dict.fromkeys(flow_schema().names)
    row |= {"client": client, "server_ip": server, "server_port": 443, "protocol": "tcp"}
    row |= {"start": micros(start), "end": micros(end)}
    return row | more


def answer(client: str, name: str, address: str | None, time: float, **more: Any) -> dict[str, Any]:
    """Return a canonical DNS answer; `time` in seconds after START."""
    row = dict.fromkeys(answer_schema().names)
    row |= {"client": client, "name": name, "address": address, "time": micros(time), "ttl": 60}
    return row | more


def micros(seconds: float) -> int:
    """Return microseconds since 1970 of seconds after START."""
    return START * SECOND + round(seconds * SECOND)


def write(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> str:
    """Write canonical rows as Parquet and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return str(path)


def write_flows(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    """Write flows as Parquet and return the path."""
    return write(path, rows, flow_schema())


def write_answers(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    """Write answers as Parquet and return the path."""
    return write(path, rows, answer_schema())


def classify(
    folder: Path,
    flows: Sequence[dict[str, Any]],
    answers: Sequence[dict[str, Any]] = (),
    **options: Any,
) -> Outcome:
    """Classify rows into `folder/out`."""
    given = [write_flows(folder / "flows.parquet", flows)]
    dns = [write_answers(folder / "dns.parquet", answers)] if answers else []
    return run(given, dns, folder / "out", **options)


def run(flows: Sequence[str], dns: Sequence[str], out: Path, **options: Any) -> Outcome:
    """Classify files with the made catalogue."""
    options = {"limits": Limits("1GB", 2)} | options
    return classify_logs(flows, dns, str(out), catalogue(), Options(**options))


def classified(out: Path) -> list[dict[str, Any]]:
    """Return the classified flows, times as microseconds, in a fixed order."""
    rows: list[dict[str, Any]] = []
    for path in sorted((out / "flows").glob("*/*.parquet")):
        table = parquet.ParquetFile(path).read()
        for name in ("start", "end"):
            place = table.column_names.index(name)
            table = table.set_column(place, name, table.column(name).cast(pa.int64()))
        rows += table.to_pylist()
    return sorted(rows, key=repr)


def samples(out: Path) -> dict[tuple[str, str, str, str, int], tuple[float, float | None]]:
    """Return the samples: (service, category, vantage, signal, seconds after START) -> value."""
    table = parquet.read_table(out / "samples.parquet")
    seconds = table.column("slot_start").cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return {
        (row["service"], row["category"], row["vantage"], row["signal"], second - START): (
            row["value"],
            row["weight"],
        )
        for row, second in zip(table.to_pylist(), seconds.to_pylist(), strict=True)
    }


def made_flows(count: int, seed: int, days: int = 2) -> list[dict[str, Any]]:
    """Return random flows over some days: few clients and addresses, so that much collides."""
    chance = random.Random(seed)
    return [_made_flow(chance, days) for _ in range(count)]


def _made_flow(chance: random.Random, days: int) -> dict[str, Any]:
    start = _moment(chance, days)
    lasting = chance.choice((0, 0.5, 30, chance.expovariate(1 / 300), 4_000))
    tcp = chance.random() < 0.8
    return flow(
        f"client-{chance.randrange(60)}",
        _address(chance),
        start,
        end=start + lasting,
        protocol="tcp" if tcp else "udp",
        bytes_down=chance.randrange(100_000),
        bytes_up=None if chance.random() < 0.01 else chance.randrange(10_000),
        syn=1 if tcp else None,
        syn_ack=chance.randrange(2) if tcp else None,
        rst=chance.randrange(3) if tcp else None,
        fin=chance.randrange(3) if tcp else None,
        rtt_ms=chance.randrange(10, 90) / 4 if tcp else None,
        server_name=chance.choice(HOSTS) if chance.random() < 0.2 else None,
        certificate_name=chance.choice(("*.alpha.example", "x.example")) if chance.random() < 0.1
        else None,
        vantage=chance.choice(("op-a", "op-b")),
    )  # fmt: skip


def made_answers(count: int, seed: int, days: int = 2) -> list[dict[str, Any]]:
    """Return random answers: overlapping lives, shared addresses, moments that flows share too."""
    chance = random.Random(seed)
    return [
        answer(
            f"client-{chance.randrange(60)}",
            chance.choice(HOSTS),
            None if chance.random() < 0.02 else _address(chance),
            _moment(chance, days),
            ttl=chance.choice((0, 1, 60, 300, 3_600, 90_000, None)),
            rcode=chance.choice((0, 0, 0, 2, None)),
            rtt_ms=chance.randrange(1, 200) / 2,
        )
        for _ in range(count)
    ]


def _address(chance: random.Random) -> str:
    number = chance.randrange(24)
    return f"2001:db8::{number:x}" if number % 5 == 0 else f"198.51.100.{number}"


def _moment(chance: random.Random, days: int) -> float:
    """Return a moment: whole seconds on purpose, so that answers and flows share them."""
    second = chance.randrange(days * DAY)
    return second if chance.random() < 0.5 else second + chance.randrange(SECOND) / SECOND


def reference(
    flows: Iterable[dict[str, Any]], answers: Iterable[dict[str, Any]], grace: int
) -> list[Named]:
    """Name every flow by walking through its client's answers, one by one."""
    flows, answers = list(flows), list(answers)
    by_pair: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in answers:
        if one["address"] is not None:
            by_pair[one["client"], one["address"]].append(one)
    owners = _owners(flows, answers)
    return [_named(one, by_pair[one["client"], one["server_ip"]], owners, grace) for one in flows]


def _named(
    one: dict[str, Any],
    answers: Sequence[dict[str, Any]],
    owners: dict[str, tuple[str, str]],
    grace: int,
) -> Named:
    latest = None
    for given in answers:
        if given["time"] <= one["start"] and (latest is None or _after(given, latest)):
            latest = given
    if latest is not None:
        lasting = (latest["ttl"] or 0) + grace
        part = catalogue().classify(latest["name"])
        if part is not None and one["start"] <= latest["time"] + lasting * SECOND:
            return Named(*part, "dns")
    for column, find, rule in (
        ("server_name", catalogue().classify, "sni"),
        ("certificate_name", catalogue().classify_certificate, "certificate"),
    ):
        part = find(one[column]) if one[column] else None
        if part is not None:
            return Named(*part, rule)
    if one["server_ip"] in owners:
        return Named(*owners[one["server_ip"]], "address")
    return Named(None, None, None)


def _after(given: dict[str, Any], latest: dict[str, Any]) -> bool:
    """Tell whether an answer comes after another; of the same moment the longer-lived one does."""
    mine, other = ((x["time"], x["ttl"] or 0) for x in (given, latest))
    return mine > other or (mine == other and given["name"] < latest["name"])


def _owners(
    flows: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]]
) -> dict[str, tuple[str, str]]:
    seen: dict[str, set[Any]] = defaultdict(set)
    for one in answers:
        seen[one["address"]].add(catalogue().classify(one["name"]))
    for one in flows:
        if one["server_name"]:
            seen[one["server_ip"]].add(catalogue().classify(one["server_name"]))
        if one["certificate_name"]:
            name = one["certificate_name"]
            seen[one["server_ip"]].add(catalogue().classify_certificate(name))
    owners = {}
    for address, parts in seen.items():
        if None not in parts and len({part.service for part in parts}) == 1:
            categories = {part.category for part in parts}
            category = categories.pop() if len(categories) == 1 else ""
            owners[address] = (next(iter(parts)).service, category)
    for one in flows:
        part = catalogue().classify_address(one["server_ip"])
        if part is not None and one["server_ip"] not in seen:
            owners[one["server_ip"]] = tuple(part)
    return owners
