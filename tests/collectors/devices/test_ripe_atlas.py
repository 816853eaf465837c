from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.devices.ripe_atlas import RipeAtlas, parse
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Collector
from outage.words import Sample
from tests.collectors.servers import Answer, Notes, Request, Server, Time, serving, surroundings

SINCE = 1_767_607_200
SLOT = 600
UNTIL = SINCE + 6 * SLOT
MEASUREMENTS = {"1001": "whatsapp"}
PROBES = {"mobile-1": [5, 6], "mobile-2": [7]}


def ping(time: int, probe: int = 5, *trips: float | str, **others: Any) -> dict[str, Any]:
    packets = [{"x": "*"} if isinstance(trip, str) else {"rtt": trip} for trip in trips]
    known = [trip for trip in trips if not isinstance(trip, str)]
    return {
        "fw": 5080,
        "lts": 12,
        "af": 4,
        "dst_name": "h.example",
        "dst_addr": "192.0.2.1",
        "from": "198.51.100.7",
        "proto": "ICMP",
        "result": packets,
        "dup": 0,
        "rcvd": len(known),
        "sent": len(trips),
        "min": min(known, default=-1),
        "avg": sum(known) / len(known) if known else -1,
        "max": max(known, default=-1),
        "msm_id": 1001,
        "prb_id": probe,
        "timestamp": time,
        "stored_timestamp": time + 90,
        "step": 240,
        "type": "ping",
        "group_id": 1001,
    } | others


def atlas(results: list[dict[str, Any]]) -> Callable[[Request], Answer]:
    """Answer as the API does: the start is inclusive, and so is the end."""

    def answer(request: Request) -> Answer:
        start, stop = int(request.one("start")), int(request.one("stop"))
        probes = set(request.one("probe_ids").split(",")) - {""}
        return Answer(
            [
                one
                for one in results
                if start <= one["timestamp"] <= stop
                and (not probes or str(one["prb_id"]) in probes)
            ]
        )

    return answer


def read(
    server: Server,
    since: int = SINCE,
    until: int = UNTIL,
    memory: Notes | None = None,
    **others: Any,
) -> list[Sample]:
    around = surroundings("atlas", time=Time(until + 900), lag_seconds=600, memory=memory)
    options: dict[str, Any] = {"measurements": MEASUREMENTS, "probes": PROBES} | others
    source = RipeAtlas(around, url=f"{server.url}/api/v2", **options)
    assert isinstance(source, Collector)
    return list(source.collect(since, until))


def told(samples: list[Sample], signal: str, subject: str = "whatsapp") -> dict[Any, float]:
    return {
        (one.series.vantage, (one.slot_start - SINCE) // SLOT): one.value
        for one in samples
        if (one.series.signal, one.series.subject) == (signal, subject)
    }


def test_pings_become_reachability_and_round_trips_by_operator() -> None:
    results = [
        ping(SINCE, 5, 20.1, 20.4, "*"),
        ping(SINCE + 240, 5, 30.0, 31.0, 32.0),
        ping(SINCE + 240, 6, 21.0, 22.0, 23.0),
        ping(SINCE + 600, 7, "*", "*", "*"),
        ping(SINCE + 600, 99, 1.0),
    ]
    with serving(atlas(results)) as server:
        samples = read(server)
    assert told(samples, "reachability") == {("mobile-1", 0): 8 / 9, ("mobile-2", 1): 0.0}
    assert told(samples, "rtt_tcp_ms") == {("mobile-1", 0): 21.0}, "-1 is no round trip"
    first = samples[0]
    assert (first.known_at, first.weight) == (SINCE + SLOT + 600, 9.0)
    (request,) = server.requests
    assert request.path == "/api/v2/measurements/1001/results/"
    assert request.one("probe_ids") == "5,6,7"


def test_a_result_counts_once_and_in_its_own_window() -> None:
    results = [ping(SINCE, 5, 20.0), ping(SINCE, 5, 20.0), ping(SINCE + SLOT, 5, "*")]
    with serving(atlas(results)) as server:
        first, then = read(server, until=SINCE + SLOT), read(server, SINCE + SLOT, SINCE + 2 * SLOT)
    assert told(first, "reachability") == {("mobile-1", 0): 1.0}
    assert [one.weight for one in first if one.series.subject == "whatsapp"] == [1.0, 1.0]
    assert told(then, "reachability") == {("mobile-1", 1): 0.0}


def test_what_a_dead_link_uploads_afterwards_is_left_out_and_its_silence_counts() -> None:
    memory = Notes()
    late = {"stored_timestamp": SINCE + 9_000}
    results = [ping(SINCE + at, probe, 20.0) for at in (0, SLOT) for probe in (5, 6, 7)]
    results += [ping(SINCE + 2 * SLOT, 5, 20.0), ping(SINCE + 2 * SLOT, 7, 20.0)]
    results += [ping(SINCE + 2 * SLOT, 6, "*", **late), ping(SINCE + 3 * SLOT, 6, "*", **late)]
    results += [ping(SINCE + 3 * SLOT, 7, 20.0)]
    with serving(atlas(results)) as server:
        whole = read(server, memory=memory)
        again = read(server, SINCE + 3 * SLOT, SINCE + 4 * SLOT, memory=memory)
        fresh = read(server, SINCE + 3 * SLOT, SINCE + 4 * SLOT)
    assert told(whole, "reachability", "mobile-1") == {
        ("mobile-1", 0): 1.0,
        ("mobile-1", 1): 1.0,
        ("mobile-1", 2): 0.5,
        ("mobile-1", 3): 0.0,
    }, "where no probe at all is heard, nothing is known"
    assert ("mobile-1", 2) in told(whole, "reachability")
    assert told(whole, "reachability")["mobile-1", 2] == 1.0, "the late result is left out"
    assert told(again, "reachability", "mobile-1") == {("mobile-1", 3): 0.0}
    assert told(fresh, "reachability", "mobile-1") == {}, "no probe of it is known yet"


def test_a_probe_that_is_slower_than_the_slots_is_not_missed() -> None:
    results = [ping(SINCE, 7, 20.0, step=900), ping(SINCE, 5, 20.0), ping(SINCE + SLOT, 5, 20.0)]
    with serving(atlas(results)) as server:
        samples = read(server)
    assert told(samples, "reachability", "mobile-2") == {}
    assert len(told(samples, "reachability", "mobile-1")) == 2


def test_without_probes_the_vantage_is_empty() -> None:
    memory = Notes()
    with serving(atlas([ping(SINCE, 99, 5.0)])) as server:
        samples = read(server, memory=memory, probes=None)
    assert memory == {}, "whose probes they are is not known: nobody is missed"
    assert told(samples, "reachability") == {("", 0): 1.0}
    assert server.requests[0].query.keys() == {"start", "stop"}
    assert {one.series.subject for one in samples} == {"whatsapp"}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (ping(SINCE, 5, 20.0, "*"), (2, 1, 20.0)),
        (ping(SINCE, 5, 20.0, "*", result=[{"rtt": 20.0}, {"rtt": 21.0, "dup": 1}]), (1, 1, 20.0)),
        (ping(SINCE, 5, 20.0, min=None), (1, 1, 20.0)),
        (ping(SINCE, 5, "*", "*"), (2, 0, None)),
        (ping(SINCE, 5, 20.0, 21.0, result=None), (2, 2, 20.0)),
        (ping(SINCE, 5, result=[{"rtt": 9.5}, {"error": "unreachable"}], min=-1), (1, 1, 9.5)),
        (ping(SINCE, 5, 20.0, lts=-1), (1, 1, 20.0)),
        (ping(SINCE, 5, 20.0, lts=None), (1, 1, 20.0)),
    ],
)
def test_packets_are_counted_as_sent_and_answered(result: dict[str, Any], expected: Any) -> None:
    (found,) = parse([result])
    assert (found.sent, found.received, found.best_ms) == expected


@pytest.mark.parametrize(
    "result",
    [
        ping(SINCE, 5, 20.0, lts=86_400),
        ping(SINCE, 5, result=[{"error": "name could not be resolved"}], sent=0, rcvd=0),
        ping(SINCE, 5, 20.0, type="traceroute"),
        ping(SINCE, 5, 20.0, timestamp=None),
        ping(SINCE, 5, 20.0, prb_id="x"),
    ],
    ids=["clock not set", "nothing sent", "another kind", "no time", "no probe"],
)
def test_what_tells_nothing_of_the_target_is_left_out(result: dict[str, Any]) -> None:
    assert parse([result]) == []


def test_a_long_time_is_asked_for_in_pieces() -> None:
    with serving(atlas([])) as server:
        assert read(server, SINCE, SINCE + 86_400) == []
    starts = [int(one.one("start")) for one in server.requests]
    assert starts == [SINCE + n * 21_600 for n in range(4)]


def test_an_answer_that_is_no_list_is_a_fault() -> None:
    with pytest.raises(BadInput, match="not a list"):
        parse({"error": {"status": 404}})
    with serving(lambda _: Answer({"detail": "Not found."}, 404)) as server:
        with pytest.raises(SourceError, match=r"404 .*Not found") as caught:
            read(server)
        assert caught.value.permanent


@pytest.mark.parametrize("given", [{}, {"abc": "whatsapp"}])
def test_wrong_options_are_named(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"options\.measurements"):
        RipeAtlas(surroundings("atlas", lag_seconds=600), measurements=given)
    with pytest.raises(ConfigError, match="lag_seconds: 0 is too little"):
        RipeAtlas(surroundings("atlas"), measurements=MEASUREMENTS)


def test_real_results_are_read(shared: Path) -> None:
    lines = (shared / "data/atlas/1042404_6098.ndjson").read_text().splitlines()
    found = parse([json.loads(line) for line in lines])
    unanswered = [one for one in found if one.best_ms is None]
    assert len(found) > 0.95 * len(lines)
    assert len(unanswered) == sum(json.loads(line)["min"] == -1 for line in lines if _sure(line))
    assert all(one.received == 0 for one in unanswered)


def _sure(line: str) -> bool:
    result = json.loads(line)
    return bool(result["lts"] <= 600 and result["sent"] > 0)
