from __future__ import annotations

from typing import Any

import pytest

from collectors.devices.ooni import Ooni, parse
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Collector, Watched
from outage.slots import HOUR, format_time, parse_time
from outage.words import Sample, SubjectKind
from tests.collectors.servers import Answer, Request, Server, Time, serving, surroundings

SINCE, UNTIL = parse_time("2026-01-05T20:00:00Z"), parse_time("2026-01-06T02:00:00Z")
MOBILE = Watched("mobile-1", SubjectKind.OPERATOR, "Mobile One", asns=(64500, 64501))
TESTS = {"whatsapp": {"test_name": "whatsapp"}}


def row(start: int | str, ok: Any = 96, anomaly: Any = 3, confirmed: Any = 0) -> dict[str, Any]:
    return {
        "measurement_start_day": format_time(start) if isinstance(start, int) else start,
        "anomaly_count": anomaly,
        "confirmed_count": confirmed,
        "failure_count": 1,
        "ok_count": ok,
        "measurement_count": 100,
    }


def answer(result: Any) -> dict[str, Any]:
    return {"v": 0, "dimension_count": 1, "result": result}


def read(server: Server, since: int = SINCE, until: int = UNTIL, **options: Any) -> list[Sample]:
    around = surroundings("ooni", time=Time(until + HOUR), lag_seconds=HOUR, watched=(MOBILE,))
    source = Ooni(around, url=f"{server.url}/api/v1", **({"tests": TESTS} | options))
    assert isinstance(source, Collector)
    return list(source.collect(since, until))


def hours(samples: list[Sample]) -> dict[int, float]:
    return {(one.slot_start - SINCE) // HOUR: one.value for one in samples}


def test_the_share_that_succeeds_is_added_up_over_the_networks_of_an_operator() -> None:
    told = {
        "AS64500": [row(SINCE, 96, 3, 1), row(SINCE + HOUR, 10, 0), row(UNTIL, 1)],
        "AS64501": [row(SINCE, 40, 60), row(SINCE - HOUR, 1)],
    }
    with serving(lambda one: Answer(answer(told[one.one("probe_asn")]))) as server:
        samples = read(server)
    assert hours(samples) == {0: 136 / 200, 1: 1.0}
    first = samples[0]
    assert (first.series.subject, first.series.vantage) == ("whatsapp", "mobile-1")
    assert (first.series.slot_seconds, first.weight) == (HOUR, 200)
    assert first.known_at == SINCE + 2 * HOUR
    request = server.requests[0]
    assert (request.path, request.one("test_name")) == ("/api/v1/aggregation", "whatsapp")
    assert (request.one("axis_x"), request.one("time_grain")) == ("measurement_start_day", "hour")
    assert (request.one("since"), request.one("until")) == ("2026-01-05", "2026-01-07")


def test_the_last_day_is_asked_for_since_the_end_is_exclusive() -> None:
    midnight = parse_time("2026-01-06T00:00:00Z")
    with serving(lambda _: Answer(answer([row(midnight - HOUR)]))) as server:
        assert len(read(server, midnight - HOUR, midnight)) == 1
    assert server.requests[0].one("until") == "2026-01-06"


def test_an_hour_comes_with_the_window_that_completes_it() -> None:
    with serving(lambda _: Answer(answer([row(SINCE)]))) as server:
        found = [
            len(read(server, at, at + 600)) for at in range(SINCE - 1200, SINCE + HOUR + 1200, 600)
        ]
        asked = len(server.requests)
    assert sum(found) == 1
    assert found[7] == 1
    assert asked == 4, "two networks, at the two full hours: what ends no hour asks nothing"


@pytest.mark.parametrize(
    "result",
    [
        [],
        {},
        row(SINCE, ok=0, anomaly=0),
        [row(SINCE, ok=None)],
        [row(SINCE, anomaly=None)],
        [row("2026-01-05")],
        [row("soon")],
        [row(SINCE + 60)],
        [None, "x"],
    ],
)
def test_what_no_test_could_tell_is_a_gap(result: Any) -> None:
    assert parse(answer(result)) == []


def test_a_result_is_an_object_or_a_list() -> None:
    assert parse(answer(row(SINCE))) == parse(answer([row(SINCE)]))
    (hour,) = parse(answer([row(SINCE, "0", "5")]))
    assert (hour.reached, hour.told) == (0, 5)


def test_an_error_of_status_200_is_a_fault() -> None:
    with (
        serving(lambda _: Answer({"error": "Choose time_grain", "v": 0})) as server,
        pytest.raises(SourceError, match="Choose time_grain"),
    ):
        read(server)
    with pytest.raises(BadInput, match="nothing of a result"):
        parse({"v": 0})


def test_a_used_up_quota_passes() -> None:
    time = Time(UNTIL + HOUR)
    busy = Answer({"error": "quota exceeded"}, 429, {"X-RateLimit-Remaining": "0"})
    around = surroundings("ooni", time=time, lag_seconds=HOUR, watched=(MOBILE,))
    with serving(lambda _: busy) as server, pytest.raises(SourceError, match="429") as caught:
        list(Ooni(around, tests=TESTS, url=server.url).collect(SINCE, UNTIL))
    assert not caught.value.permanent
    assert time.slept


def test_a_long_time_is_asked_for_in_weeks() -> None:
    def within(request: Request) -> Answer:
        since, until = (parse_time(f"{request.one(key)}T00:00:00Z") for key in ("since", "until"))
        fits = until - since <= 7 * 86_400
        return Answer(answer([]) if fits else {"error": "Choose time_grain between day and week"})

    with serving(within) as server:
        assert read(server, SINCE - 20 * 86_400, UNTIL) == []
    assert len(server.requests) == 2 * 4


def test_countries_are_vantages_and_domains_may_be_asked_for() -> None:
    tests = {"x": {"test_name": "web_connectivity", "domain": "x.example"}}
    with serving(lambda _: Answer(answer([row(SINCE)]))) as server:
        samples = read(server, tests=tests, countries={"austria": "AT"})
    assert {one.series.vantage for one in samples} == {"mobile-1", "austria"}
    assert [one.one("probe_cc") for one in server.requests] == ["", "", "AT"]
    assert {one.one("domain") for one in server.requests} == {"x.example"}


@pytest.mark.parametrize(
    ("tests", "lag", "fault"),
    [
        ({}, HOUR, "tests: is empty"),
        ({"x": {"domain": "x.example"}}, HOUR, "x: needs test_name"),
        ({"x": {"test_name": "t", "domains": "x"}}, HOUR, "may have test_name, domain"),
        ({"x": "whatsapp"}, HOUR, "needs test_name"),
        (TESTS, 600, "600 is too little"),
    ],
)
def test_wrong_options_are_named(tests: Any, lag: int, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Ooni(surroundings("ooni", lag_seconds=lag, watched=(MOBILE,)), tests=tests)
    with pytest.raises(ConfigError, match="no operator has asns"):
        Ooni(surroundings("ooni", lag_seconds=HOUR), tests=TESTS)
