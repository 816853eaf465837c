"""Prometheus, a real one with a made history; and what only a made answer shows."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from collectors.network.prometheus import Prometheus, parse
from outage.errors import BadInput, ConfigError, OutageError, SourceError
from outage.interfaces import Collector
from outage.words import Sample, Series
from tests.collectors.network.prometheus_server import running
from tests.collectors.servers import Answer, Request, serving, surroundings

SINCE = 1_767_607_200
SLOT = 600
HOUR = 3_600
FAR = 11_500 * 60


def history() -> Iterator[str]:
    """Yield a day of two operators' counters, an operator that falls silent, and a gauge."""
    yield "# TYPE bytes counter"
    for operator, rate in (("AS64500", 100), ("mobile-2", 7)):
        for moment in range(-HOUR, 3 * HOUR + 1, 60):
            if operator == "mobile-2" and HOUR < moment < 2 * HOUR:
                continue
            labels = f'operator="{operator}",category="chat"'
            yield f"bytes_total{{{labels}}} {rate * (moment + HOUR)} {SINCE + moment}"
    yield "# TYPE errors gauge"
    yield f"errors 3 {SINCE + 60}"
    yield f"errors 4 {SINCE + FAR}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("prometheus"), list(history())) as url:
        yield url


def source(url: str, *queries: Mapping[str, Any], slot: int = SLOT, **others: Any) -> Prometheus:
    around = surroundings("prom", now=SINCE + 4 * HOUR, slot_seconds=slot, lag_seconds=30)
    return Prometheus(around, url=url, queries=queries, **others)


BYTES = {
    "query": "sum by (operator) (increase(bytes_total[10m]))",
    "signal": "bytes_down",
    "subject": "whatsapp",
    "vantage_label": "operator",
    "names": {"AS64500": "mobile-1"},
}


def by_series(samples: list[Sample]) -> dict[Series, dict[int, float]]:
    found: dict[Series, dict[int, float]] = {}
    for one in samples:
        found.setdefault(one.series, {})[(one.slot_start - SINCE) // SLOT] = one.value
    return found


def test_a_query_becomes_series_by_its_labels(server: str) -> None:
    prometheus = source(server, BYTES)
    assert isinstance(prometheus, Collector)
    samples = list(prometheus.collect(SINCE, SINCE + HOUR))
    found = by_series(samples)
    one = Series("whatsapp", "bytes_down", "", "mobile-1", "prom", SLOT)
    two = Series("whatsapp", "bytes_down", "", "mobile-2", "prom", SLOT)
    assert found == {
        one: dict.fromkeys(range(6), pytest.approx(60_000)),
        two: dict.fromkeys(range(6), pytest.approx(4_200)),
    }
    assert {sample.known_at - sample.slot_start for sample in samples} == {SLOT + 30}


def test_a_slot_is_measured_at_its_end_and_the_window_is_half_open(server: str) -> None:
    starts = [one.slot_start for one in source(server, BYTES).collect(SINCE + SLOT, SINCE + HOUR)]
    assert (min(starts), max(starts)) == (SINCE + SLOT, SINCE + HOUR - SLOT)
    assert list(source(server, BYTES).collect(SINCE, SINCE)) == []


def test_an_operator_that_falls_silent_leaves_a_gap_and_no_zero(server: str) -> None:
    found = by_series(list(source(server, BYTES).collect(SINCE, SINCE + 3 * HOUR)))
    seen = {one.vantage: values for one, values in found.items()}
    assert set(seen["mobile-1"]) == set(range(18))
    assert set(seen["mobile-2"]) & set(range(7, 11)) == set()
    assert min(seen["mobile-2"].values()) > 0


def test_nan_and_infinity_are_gaps(server: str) -> None:
    nothing = {**BYTES, "query": "sum by (operator) (bytes_total * 0 / 0)"}
    endless = {**BYTES, "query": "sum by (operator) (bytes_total / 0)"}
    assert list(source(server, nothing, endless).collect(SINCE, SINCE + HOUR)) == []


def test_a_stale_value_is_not_carried_on_where_the_query_says_how_old_it_may_be(
    server: str,
) -> None:
    fresh = {"query": "last_over_time(errors[60s])", "signal": "connect_failures", "subject": "x"}
    found = list(source(server, fresh, slot=60).collect(SINCE, SINCE + SLOT))
    assert [(one.slot_start, one.value) for one in found] == [(SINCE, 3.0), (SINCE + 60, 3.0)]


def test_a_time_of_more_points_than_the_server_gives_is_asked_for_in_parts(server: str) -> None:
    sparse = {"query": "last_over_time(errors[59s])", "signal": "connect_failures", "subject": "x"}
    found = list(source(server, sparse, slot=60).collect(SINCE, SINCE + FAR))
    assert [one.slot_start - SINCE for one in found] == [0, FAR - 60]


def test_two_results_of_one_series_are_refused_and_not_guessed(server: str) -> None:
    blurred = {"query": "bytes_total", "signal": "bytes_up", "subject": "x"}
    with pytest.raises(SourceError, match="are the same series") as caught:
        list(source(server, blurred).collect(SINCE, SINCE + HOUR))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("sum(", "400 .*unclosed left parenthesis"),
        ('label_replace(bytes_total, "a", "$1", "b", "(")', "422 .*invalid regular expression"),
    ],
)
def test_a_query_that_is_refused_stops_no_other_and_is_told(
    server: str, query: str, fault: str
) -> None:
    broken = {"query": query, "signal": "flows", "subject": "x"}
    samples: list[Sample] = []
    with pytest.raises(SourceError, match=fault) as caught:
        samples.extend(source(server, broken, BYTES).collect(SINCE, SINCE + HOUR))
    assert caught.value.permanent
    assert len(samples) == 12


def test_a_query_that_takes_too_long_may_pass_another_time(server: str) -> None:
    slow = source(server, BYTES, timeout_seconds=0.000_001)
    with pytest.raises(SourceError, match=r"503 .*timed out") as caught:
        list(slow.collect(SINCE, SINCE + HOUR))
    assert not caught.value.permanent


def test_labels_that_are_no_slugs_are_left_out_and_named(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    unnamed = {**BYTES, "names": {}}
    found = by_series(list(source(server, unnamed).collect(SINCE, SINCE + HOUR)))
    assert {one.vantage for one in found} == {"mobile-2"}
    assert "AS64500" in caplog.text


def test_subject_and_category_may_stand_in_labels(server: str) -> None:
    labelled = {
        "query": "sum by (operator, category) (increase(bytes_total[10m]))",
        "signal": "bytes_down",
        "subject_label": "operator",
        "category_label": "category",
        "vantage": "all",
        "names": {"AS64500": "mobile-1"},
    }
    found = by_series(list(source(server, labelled).collect(SINCE, SINCE + SLOT)))
    assert {(one.subject, one.category, one.vantage) for one in found} == {
        ("mobile-1", "chat", "all"),
        ("mobile-2", "chat", "all"),
    }


def test_values_that_cannot_be_are_gaps(server: str, caplog: pytest.LogCaptureFixture) -> None:
    below = {**BYTES, "query": "-sum by (operator) (bytes_total)"}
    share = {**BYTES, "query": "sum by (operator) (bytes_total)", "signal": "reachability"}
    assert list(source(server, below, share).collect(SINCE, SINCE + HOUR)) == []
    assert "6 values of bytes_down are below 0" in caplog.text
    assert "6 values of reachability" in caplog.text


def test_what_is_scraped_a_moment_ago_is_measured(tmp_path: Any) -> None:
    import time

    metrics = "# TYPE online gauge\nonline 0.5\n"
    with serving(lambda _: Answer(metrics, headers={"Content-Type": "text/plain"})) as target:
        address = target.url.removeprefix("http://")
        with running(tmp_path, [f"past 1 {SINCE}"], targets=repr(address)) as url:
            query = {
                "query": "last_over_time(online[1m])",
                "signal": "reachability",
                "subject": "x",
            }
            for _ in range(60):
                now = int(time.time()) + 1  # noqa: TID251, a real server lives in real time
                found = list(source(url, query, slot=60).collect(now - 60, now))
                if found:
                    break
                time.sleep(0.1)
    assert [one.value for one in found] == [0.5]


def answer(**parts: Any) -> dict[str, Any]:
    data = {"resultType": "matrix", "result": []}
    return {"status": "success", "data": data} | parts


def test_login_is_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(request: Request) -> Answer:
        return Answer(f"who is {request.headers.get('authorization')}?", status=401)

    with serving(refuse) as server, caplog.at_level(logging.DEBUG):
        logins: tuple[dict[str, Any], ...] = (
            {"token": "the-bearer-secret"},
            {"user": "me", "password": "pass-secret"},
        )
        for login in logins:
            with pytest.raises(SourceError, match="401") as caught:
                list(source(server.url, BYTES, slot=SLOT, **login).collect(SINCE, SINCE + SLOT))
            assert not {"the-bearer-secret", "pass-secret"} & set(str(caught.value).split())
    sent = [one.headers["authorization"] for one in server.requests]
    assert sent[0] == "Bearer the-bearer-secret"
    assert sent[1].startswith("Basic ")
    assert "bearer-secret" not in caplog.text
    form = parse_qs(server.requests[0].body.decode())
    assert form["query"] == [BYTES["query"]]
    assert (form["start"], form["end"]) == ([str(SINCE + SLOT)], [str(SINCE + SLOT)])


def test_an_answer_is_read_with_whatever_it_lacks(caplog: pytest.LogCaptureFixture) -> None:
    values = [[SINCE, "1"], [SINCE + 60.0, "NaN"], [SINCE + 120, "-Inf"], [SINCE + 180, None]]
    result = [{"metric": None, "values": values}, {"metric": {"a": "b"}, "histograms": []}]
    found = parse(
        answer(data={"resultType": "matrix", "result": result}, warnings=["a part is missing"])
    )
    assert [(dict(one.labels), one.points) for one in found] == [
        ({}, ((SINCE, 1.0),)),
        ({"a": "b"}, ()),
    ]
    assert "a part is missing" in caplog.text


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        answer(status="error"),
        answer(data={"resultType": "vector", "result": []}),
        answer(data={"resultType": "matrix", "result": None}),
    ],
)
def test_what_is_no_answer_is_refused(payload: Any) -> None:
    with pytest.raises(BadInput):
        parse(payload)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({**BYTES, "vantage_labels": "x"}, "no such key: vantage_labels"),
        ({**BYTES, "signal": "bytes"}, r"queries\[0\]: needs a query and a signal"),
        ({**BYTES, "query": " "}, "needs a query"),
        ({**BYTES, "subject": ""}, "either subject or subject_label"),
        ({**BYTES, "subject_label": "x"}, "either subject or subject_label"),
        ({**BYTES, "subject": "Not A Slug"}, "not a slug"),
        ({**BYTES, "names": ["a"]}, "names"),
    ],
)
def test_a_wrong_query_is_named(query: dict[str, Any], fault: str) -> None:
    with pytest.raises(OutageError, match=fault):
        source("http://127.0.0.1:9", query)


def test_no_query_at_all_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="is empty"):
        source("http://127.0.0.1:9")
