from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from collectors.network.ioda import Ioda, parse, shares, together
from collectors.network.ioda_alerts import IodaAlerts, level_now
from collectors.network.ioda_alerts import parse as parse_alerts
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Collector, Surroundings, Watched
from outage.words import Sample, SubjectKind
from tests.collectors.servers import Answer, Request, Server, Time, serving, surroundings

STEP = 600
WEEK = 7 * 86_400
SINCE = 1_767_607_200
UNTIL = SINCE + 6 * STEP
NOW = UNTIL + 3 * STEP
MOBILE = Watched("mobile-1", SubjectKind.OPERATOR, "Mobile One", asns=(64500, 64501), country="AT")
SERVICE = Watched("whatsapp", SubjectKind.SERVICE, "WhatsApp")


def envelope(data: Any, error: str | None = None, **others: Any) -> dict[str, Any]:
    return {
        "type": "signals",
        "metadata": {"requestTime": "2026-01-05T10:00:00", "responseTime": "2026-01-05T10:00:01"},
        "requestParameters": {},
        "error": error,
        "perf": None,
        "data": data,
        "copyright": "…",
    } | others


def series(start: int, values: list[Any], code: str = "64500", **others: Any) -> dict[str, Any]:
    step = others.get("step", STEP)
    return {
        "entityType": "asn",
        "entityCode": code,
        "entityName": "EX",
        "datasource": "ping-slash24",
        "subtype": "",
        "from": start,
        "until": start + len(values) * step,
        "step": STEP,
        "nativeStep": STEP,
        "values": values,
    } | others


def around(lag: int = 1200, **others: Any) -> Surroundings:
    return surroundings(
        "ioda", time=Time(NOW), lag_seconds=lag, watched=(SERVICE, MOBILE), **others
    )


def read(server: Server, **options: Any) -> list[Sample]:
    source = Ioda(around(), url=f"{server.url}/v2", **options)
    assert isinstance(source, Collector)
    return list(source.collect(SINCE, UNTIL))


def values_of(samples: list[Sample]) -> dict[int, float]:
    return {(one.slot_start - SINCE) // STEP: one.value for one in samples}


def week(*news: Any, level: float = 100) -> list[Any]:
    return [level] * (WEEK // STEP) + list(news)


def test_reachability_is_the_share_of_what_is_usually_there() -> None:
    first = series(SINCE - WEEK, week(100, 50, None, 120, 100, 0, 100, 100))
    second = series(SINCE - WEEK, week(100, 100, 100, 100, 100, 100, 100, 100), code="64501")
    with serving(lambda _: Answer(envelope([[first], [second]]))) as server:
        samples = read(server)
    assert values_of(samples) == {0: 1.0, 1: 0.75, 3: 1.0, 4: 1.0, 5: 0.5}
    one = samples[0]
    assert (one.series.subject, one.series.vantage) == ("mobile-1", "mobile-1")
    assert (one.series.signal, one.series.slot_seconds, one.weight) == ("reachability", STEP, 200.0)
    assert one.known_at == SINCE + STEP + 1200
    (request,) = server.requests
    assert request.path == "/v2/signals/raw/asn/64500,64501"
    assert request.one("from") == str(SINCE - WEEK)
    assert request.one("until") == str(UNTIL + 2 * STEP)


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        ([100, 100, 100, 100, 100, 100, 100, 100], 6),
        ([100, 100, 100, 100, 90, 40, None, None], 4),
        ([100, 100, 90, 10, None, None, None, None], 2),
        ([100, 100, 90, 10], 2),
        ([None] * 8, 0),
    ],
)
def test_the_newest_two_steps_and_the_null_tail_are_no_outage(tail: list[Any], kept: int) -> None:
    with serving(lambda _: Answer(envelope([[series(SINCE - WEEK, week(*tail))]]))) as server:
        assert values_of(read(server)) == dict.fromkeys(range(kept), 1.0)


@pytest.mark.parametrize(
    "data",
    [
        [],
        [[]],
        None,
        [[series(SINCE - WEEK, [])]],
        [[series(SINCE - WEEK, week(*[100] * 8), step=3600)]],
        [[series(SINCE - WEEK, [[{"agg_values": {"loss_pct": 1.5}}]] * 1016)]],
        [[series(SINCE - WEEK, week(*[5] * 8, level=5))]],
        [[series(SINCE, [100] * 8)]],
    ],
    ids=["empty", "[[]]", "null", "no values", "thinned", "nested", "too few", "no history"],
)
def test_an_answer_without_data_is_a_gap_and_no_zero(data: Any) -> None:
    with serving(lambda _: Answer(envelope(data))) as server:
        assert read(server) == []


def test_a_step_of_zero_is_the_native_one() -> None:
    (track,) = parse(envelope([[series(SINCE, [7], step=0)]]))
    assert (track.step, track.values.tolist()) == (STEP, [7.0])
    assert parse(envelope([[series(SINCE, [7], step=0, nativeStep=0)]])) == []


def test_an_error_is_told_with_status_200_and_400() -> None:
    with pytest.raises(BadInput, match="range too long"):
        parse(envelope(None, error="range too long"))
    with pytest.raises(BadInput, match="no data"):
        parse({"error": None})
    with serving(lambda _: Answer(envelope(None, error="range too long"), 400)) as server:
        with pytest.raises(SourceError, match=r"400 .*range too long") as caught:
            read(server)
        assert caught.value.permanent


def test_a_part_that_is_missing_makes_the_sum_a_gap() -> None:
    tracks = parse(
        envelope([[series(0, [1, 2, 3, 4, 5, 6])], [series(0, [1, None, 3, 4, 5, 6], "64501")]])
    )
    total = together(tracks, 0, 6 * STEP, STEP)
    np.testing.assert_array_equal(total, [2, np.nan, 6, 8, np.nan, np.nan])


def test_the_usual_is_the_nearest_rank_median_of_what_was_before() -> None:
    values = np.array([100.0, 200, 300, 400, np.nan, 50, 50, 50, 50, 50])
    share, usual = shares(values, 4)
    np.testing.assert_array_equal(usual, [np.nan, 100, 100, 200, 200, 300, 300, 50, 50, 50])
    assert share[5] == pytest.approx(50 / 300)
    assert share[9] == 1.0
    assert np.isnan(share[4])


def test_a_long_time_is_asked_for_in_pieces_with_the_history_of_each() -> None:
    time = Time(NOW)
    surrounded = surroundings("ioda", time=time, lag_seconds=1200, watched=(MOBILE,))
    with serving(lambda _: Answer(envelope([[]]))) as server:
        list(Ioda(surrounded, url=server.url).collect(UNTIL - 70 * 86_400, UNTIL))
    spans = [(int(one.one("from")), int(one.one("until"))) for one in server.requests]
    assert len(spans) == 3
    assert all(until - since <= 100 * 86_400 for since, until in spans)
    assert spans[1][0] == spans[0][1] - 2 * STEP - WEEK
    assert time.slept == [1.0, 1.0]


def test_countries_are_subjects_by_their_codes() -> None:
    data = [[series(SINCE - WEEK, week(*[30] * 8), entityType="country", entityCode="AT")]]
    with serving(lambda _: Answer(envelope(data))) as server:
        samples = read(server, countries={"austria": "at"})
    assert server.paths == ["/v2/signals/raw/asn/64500,64501", "/v2/signals/raw/country/AT"]
    assert {one.series.subject for one in samples} == {"mobile-1", "austria"}


@pytest.mark.parametrize(
    ("options", "lag", "fault"),
    [
        ({"datasource": "ping-slash24-loss"}, 1200, "none that is read"),
        ({"datasource": "gtr"}, 1200, "use bgp, ping-slash24, merit-nt"),
        ({"countries": {"a": "Austria"}}, 1200, "no ISO 3166-1 code"),
        ({}, 600, "600 is too little"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], lag: int, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Ioda(around(lag), **options)
    with pytest.raises(ConfigError, match="no operator has asns"):
        Ioda(surroundings("ioda", watched=(SERVICE,), lag_seconds=1200))


def alert(code: str, level: str, time: int, **others: Any) -> dict[str, Any]:
    entity = {"code": code, "name": "EX", "type": "asn", "subnames": [], "attrs": {}}
    return {
        "datasource": "bgp",
        "entity": entity,
        "time": time,
        "level": level,
        "condition": "< 0.99",
        "value": 80,
        "historyValue": 100,
        "method": "median",
    } | others


class Alarms:
    """IODA's alarms: oldest first, then cut to the limit, page by page."""

    def __init__(self, *alerts: dict[str, Any]) -> None:
        self.alerts = sorted(alerts, key=lambda one: one["time"])

    def __call__(self, request: Request) -> Answer:
        code = request.path.rpartition("/")[2]
        mine = [one for one in self.alerts if code in ("alerts", one["entity"]["code"])]
        first = int(request.one("limit")) * int(request.one("page", "0"))
        return Answer(envelope(mine[first : first + int(request.one("limit"))]))


def alarmed(server: Server) -> dict[str, float]:
    samples = list(IodaAlerts(around(), url=server.url).collect(NOW - STEP, NOW))
    assert all(one.slot_start == NOW - NOW % STEP for one in samples)
    assert all(NOW <= one.known_at < NOW + 60 for one in samples), "it is asked once a second"
    return {one.series.subject: one.value for one in samples}


def test_the_last_alarm_of_all_pages_counts() -> None:
    old = [alert("64500", "normal", NOW - 90_000 + n) for n in range(1_200)]
    with serving(Alarms(*old, alert("64500", "critical", NOW - 60))) as server:
        assert alarmed(server) == {"mobile-1": 2}
    pages = [one.one("page") for one in server.requests if one.path.endswith("64500")]
    assert pages == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("alerts", "level"),
    [
        ([alert("1", "warning", 5)], 1),
        ([alert("1", "warning", 5), alert("1", "normal", 9)], 0),
        ([alert("1", "normal", 9), alert("1", "critical", 5)], 0),
        ([alert("1", "critical", 5, value=3)], 3),
        ([alert("1", "critical", 5, value=3, historyValue=None)], 2),
        ([alert("1", "critical", 5, value="3", historyValue="100")], 3),
        ([alert("1", "normal", 9), alert("1", "warning", 5, datasource="merit-nt")], 1),
        ([alert("1", "strange", 9), alert("1", "warning", 5)], 1),
    ],
)
def test_the_worst_of_what_the_measurements_said_last(alerts: list[Any], level: int) -> None:
    assert level_now(parse_alerts(envelope(alerts))[1]) == level


def test_the_older_spelling_of_the_history_is_read_too() -> None:
    told = alert("1", "critical", 5, value=3)
    told["historicValue"] = told.pop("historyValue")
    assert level_now(parse_alerts(envelope([told]))[1]) == 3


def test_silence_is_calm_only_if_ioda_speaks_of_others() -> None:
    with serving(Alarms(alert("64999", "critical", NOW - 60))) as server:
        assert alarmed(server) == {"mobile-1": 0}
    with serving(Alarms()) as server:
        assert alarmed(server) == {}, "200 with no data is what a broken back-end sends too"
    half = Alarms(alert("64501", "critical", NOW - 60))
    with serving(lambda one: half(one) if one.path[-1] == "1" else Answer(envelope([]))) as server:
        assert alarmed(server) == {"mobile-1": 2}, "what is known to be wrong counts"


def test_alarms_that_tell_an_error_are_a_fault() -> None:
    with pytest.raises(BadInput, match="broken"):
        parse_alerts(envelope([], error="broken"))
    with pytest.raises(BadInput, match="not a list"):
        parse_alerts(envelope({"a": 1}))
    assert parse_alerts(envelope(None)) == (0, [])
