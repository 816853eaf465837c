"""Samples are what a plain walk over the classified flows adds up to."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from tests.flows.made import (
    DAY,
    SECOND,
    START,
    answer,
    catalogue,
    classified,
    classify,
    flow,
    made_answers,
    made_flows,
    samples,
)  # fmt: skip

SLOT = 600 * SECOND
ADDED = ("bytes_down", "bytes_up", "flows", "syn", "syn_ack", "rst", "fin")


def shares(row: dict[str, Any]) -> dict[int, dict[str, int | None]]:
    """Return what one flow adds to each slot that it spans."""
    start, end = row["start"], row["end"]
    found: dict[int, dict[str, int | None]] = {}
    done = dict.fromkeys(("bytes_down", "bytes_up"), 0)
    for slot in range(start // SLOT, end // SLOT + 1):
        until = min((slot + 1) * SLOT, end)
        share = Fraction(until - start, end - start) if end > start else Fraction(1)
        here: dict[str, int | None] = {"flows": int(slot == start // SLOT)}
        for name in done:
            if row[name] is not None:
                upto = int(row[name] * share)
                here[name], done[name] = upto - done[name], upto
        for names, mine in (("syn syn_ack", start), ("rst fin", end)):
            here |= {name: row[name] for name in names.split() if slot == mine // SLOT}
        found[slot] = here
    return found


def expected(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str, str, int], Any]:
    """Return the samples of classified flows, in Fractions and lists, one flow at a time."""
    facts: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        service, category = row["service"], row["category"]
        keys = {(None, ""), (service, "")} | ({(service, category)} if category else set())
        for slot, added in shares(row).items():
            for key in keys:
                cell = facts[(*key, row["vantage"], slot)]
                for name, value in added.items():
                    cell[name] += [] if value is None else [value]
                cell["server"].append(row["server_ip"])
                cell["ended"] += [1] if slot == row["end"] // SLOT else []
                if slot == row["start"] // SLOT and row["rtt_ms"] is not None:
                    cell["rtt"].append(row["rtt_ms"])
    return {
        (service, category, vantage, signal, slot * SLOT // SECOND - START): value
        for (service, category, vantage) in {key[:3] for key in facts if key[0] is not None}
        for slot in complete(rows, vantage)
        if facts[None, "", vantage, slot]["ended"]
        for signal, value in values(facts, service, category, vantage, slot).items()
    }


def values(facts: Any, service: str, category: str, vantage: str, slot: int) -> dict[str, Any]:
    """Return the samples of one part in one slot."""
    cell, every = facts.get((service, category, vantage, slot), {}), facts[None, "", vantage, slot]
    found: dict[str, Any] = {}
    for name in ADDED:
        known = any(
            cell.get(name) for key, cell in facts.items() if key[:3] == (service, category, vantage)
        )
        if every.get(name) and known:
            found[name] = (sum(cell.get(name, ())), None)
    found["active_servers"] = (len(set(cell.get("server", ()))), None)
    if cell.get("rtt"):
        found["rtt_tcp_ms"] = (median(cell["rtt"]), len(cell["rtt"]))
    return found


def complete(rows: list[dict[str, Any]], vantage: str) -> range:
    """Return the slots of a vantage without those in which its flows begin and end to start."""
    starts = [row["start"] for row in rows if row["vantage"] == vantage]
    return range(-(-min(starts) // SLOT), max(starts) // SLOT)


def test_samples_of_random_flows_are_those_of_the_reference(tmp_path: Path) -> None:
    classify(tmp_path, made_flows(6_000, seed=3), made_answers(3_000, seed=4))

    found = {key: x for key, x in samples(tmp_path / "out").items() if "dns" not in key[3]}
    assert found == expected(classified(tmp_path / "out"))
    assert len(found) > 10_000


def edges(*vantages: str) -> list[dict[str, Any]]:
    """Return unnamed flows that make the first hour complete, one in each slot."""
    return [
        flow("x", "192.0.2.1", second, vantage=vantage, bytes_down=1, syn=1)
        for vantage in vantages or ("op",)
        for second in range(0, 3_601, 600)
    ]


def hour(folder: Path, flows: list, answers: list = (), **options: object) -> dict[Any, Any]:
    """Return value by (service, category, signal, second) of a complete hour of one vantage."""
    classify(folder, [*edges(), *flows], answers, **options)
    found = samples(folder / "out")
    return {(s, c, signal, second): x[0] for (s, c, _, signal, second), x in found.items()}


def test_a_long_flow_is_spread_in_whole_bytes_and_nothing_is_lost(tmp_path: Path) -> None:
    long = flow("c", "203.0.113.1", 300, end=1_500, bytes_down=1_001, bytes_up=7, syn=1, syn_ack=1,
                rst=2, fin=3, rtt_ms=20.0, vantage="op")  # fmt: skip

    found = hour(tmp_path, [long])

    def line(signal: str) -> list[float | None]:
        return [found.get(("gamma", "", signal, second)) for second in (0, 600, 1_200, 1_800)]

    assert line("bytes_down") == [250, 500, 251, 0]
    assert line("flows") == line("syn") == [1, 0, 0, 0]
    assert line("syn_ack") == [1, None, None, None]  # no other flow knew it: gaps, not zeros
    assert line("rst") == [None, None, 2, None]
    assert line("active_servers") == [1, 1, 1, 0]
    assert line("rtt_tcp_ms") == [20, None, None, None]


def test_the_whole_counts_an_address_of_two_categories_once(tmp_path: Path) -> None:
    flows = [
        flow("c", "203.0.113.1", 1, server_name=name, vantage="op", bytes_down=5)
        for name in ("c1.alpha.example", "mm1.alpha.example", "www.alpha.example")
    ]

    found = hour(tmp_path, flows)

    parts = ("", "chat", "media")
    assert [found["alpha", part, "active_servers", 0] for part in parts] == [1, 1, 1]
    assert [found["alpha", part, "flows", 0] for part in parts] == [3, 1, 1]


def test_what_no_flow_knows_yields_no_sample(tmp_path: Path) -> None:
    found = hour(tmp_path, [flow("c", "203.0.113.1", 1, vantage="op", bytes_down=5)])

    signals = {signal for _, _, signal, _ in found}
    assert signals == {"bytes_down", "flows", "active_servers"}  # edges know SYN, gamma never did


def test_a_slot_without_any_flow_of_the_vantage_is_a_gap(tmp_path: Path) -> None:
    kept = [one for one in edges() if one["start"] != edges()[2]["start"]]
    classify(tmp_path, [*kept, flow("c", "203.0.113.1", 1, vantage="op", bytes_down=5)])

    seconds = {key[4] for key in samples(tmp_path / "out")}
    assert seconds == {0, 600, 1_800, 2_400, 3_000}


def test_an_hour_whose_log_is_missing_is_a_gap_though_flows_outlast_it(tmp_path: Path) -> None:
    flows = [
        flow("c", "203.0.113.1", second, end=second + 20, vantage="op", bytes_down=900)
        for second in range(0, 10_801, 60)
    ]
    long = [
        flow("c", "203.0.113.1", 3_000, end=8_000, vantage="op", bytes_down=5),
        flow("c", "203.0.113.1", 5_500, end=7_300, vantage="op", bytes_down=5),
    ]
    kept = [one for one in flows if not 3_600 <= (one["end"] // SECOND - START) < 7_200]

    classify(tmp_path, [*kept, *long])

    seconds = {key[4] for key in samples(tmp_path / "out")}
    assert seconds == {*range(0, 3_600, 600), *range(7_200, 10_800, 600)}


def test_slots_at_the_edges_are_held_back_unless_said_to_be_whole(tmp_path: Path) -> None:
    flows = [flow("c", "203.0.113.1", second, bytes_down=1) for second in (1, 700, 1_300)]

    classify(tmp_path / "one", flows)
    classify(tmp_path / "two", flows, since=START, until=START + 1_800)

    def seconds(folder: Path) -> set[int]:
        return {key[4] for key in samples(folder / "out")}

    assert seconds(tmp_path / "one") == {600}
    assert seconds(tmp_path / "two") == {0, 600, 1_200}


def test_queries_are_counted_once_however_many_addresses_they_brought(tmp_path: Path) -> None:
    brought = [answer("x", "c1.alpha.example", f"198.51.100.{n}", 10, rcode=0, rtt_ms=4.0)
               for n in range(3)]  # fmt: skip
    answers = [
        *brought,
        answer("x", "c1.alpha.example", None, 20, rcode=2, rtt_ms=8.0),
        answer("x", "www.alpha.example", None, 30),  # nobody answered
        answer("x", "nobody.example", "192.0.2.9", 0, rcode=0),
        answer("x", "nobody.example", "192.0.2.9", 3_600, rcode=0),
    ]

    found = hour(tmp_path, [], answers)

    assert found["alpha", "chat", "dns_queries", 0] == 2
    assert found["alpha", "chat", "dns_failures", 0] == 1
    assert found["alpha", "", "dns_queries", 0] == 3
    assert found["alpha", "", "dns_failures", 0] == 2
    assert found["alpha", "chat", "rtt_dns_ms", 0] == 6
    assert ("alpha", "", "dns_queries", 600) not in found  # no query of anybody: a gap


def test_queries_are_seen_from_where_their_client_is(tmp_path: Path) -> None:
    flows = [*edges("op-a", "op-b"), flow("c", "192.0.2.1", 5, vantage="op-b")]
    answers = [answer("c", "beta.example", "198.51.100.1", x) for x in (0, 10, 600)]
    answers.append(answer("stranger", "beta.example", "198.51.100.1", 10))

    classify(tmp_path, flows, answers)

    found = {key: x for key, x in samples(tmp_path / "out").items() if key[3] == "dns_queries"}
    assert found == {("beta", "", "op-b", "dns_queries", 0): (2, None)}


def test_a_flow_whose_end_is_absurd_counts_where_it_starts(tmp_path: Path) -> None:
    flows = [
        flow("c", "203.0.113.1", 700, end=10, bytes_down=5, vantage="op"),
        flow("c", "203.0.113.1", 800, end=30 * DAY, bytes_down=6, vantage="op"),
    ]

    found = hour(tmp_path, flows)

    assert found["gamma", "", "bytes_down", 600] == 11
    assert found["gamma", "", "bytes_down", 1_200] == 0


def test_slots_of_a_minute(tmp_path: Path) -> None:
    found = hour(tmp_path, [flow("c", "203.0.113.1", 601, vantage="op")], slot_seconds=60)

    assert found["gamma", "", "flows", 600] == 1
    assert catalogue().services["gamma"].addresses
