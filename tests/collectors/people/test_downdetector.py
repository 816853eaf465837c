"""Downdetector's enterprise API, by a server that answers as its pages and clients tell."""

from __future__ import annotations

import json
import logging
from base64 import b64decode, b64encode
from itertools import count
from typing import Any

import pytest

from collectors.people import downdetector_api
from collectors.people.downdetector import Downdetector, parse
from collectors.people.downdetector_status import DowndetectorStatus
from collectors.people.downdetector_status import parse as verdict
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Collector
from outage.slots import format_time, parse_time
from outage.words import Sample
from tests.collectors.servers import Answer, Request, Server, Time, serving, surroundings, watching

SINCE, UNTIL = parse_time("2026-01-05T10:00:00Z"), parse_time("2026-01-05T12:00:00Z")
SLOT = LAG = 900
WATCHED = watching("ex", "a", "b", "c")
LOGIN: dict[str, Any] = {"client_id": "me", "client_secret": "hush-hush-secret"}


def bucket(start: int, total: Any = 31, **parts: Any) -> dict[str, Any]:
    stamp = (format_time(start) or "").replace("Z", "+00:00")
    return {"point_in_time": stamp, "total": total, **parts}


class Company:
    """The reports of one company: pages of four, tokens that serve a number of requests."""

    def __init__(self, buckets: list[dict[str, Any]], lives: int = 1_000, busy: int = 0) -> None:
        self.buckets, self.lives, self.busy = buckets, lives, busy
        self.tokens: dict[str, int] = {}

    def __call__(self, request: Request) -> Answer:
        if request.path == "/v2/tokens":
            return self._token(request)
        token = request.headers["authorization"].removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= 0:
            return Answer({"error": True, "message": "Unauthorized", "statusCode": 401}, 401)
        if self.busy:
            self.busy -= 1
            return Answer({"error": True, "message": "Too Many Requests"}, 429)
        self.tokens[token] -= 1
        return self._page(int(request.one("page", "1")))

    def _token(self, request: Request) -> Answer:
        basic = b64encode(b"me:hush-hush-secret").decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return Answer({"error": True, "message": "Bad client", "statusCode": 401}, 401)
        assert (request.method, request.one("grant_type")) == ("POST", "client_credentials")
        token = f"token-number-{len(self.tokens)}"
        self.tokens[token] = self.lives
        return Answer({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _page(self, page: int) -> Answer:
        more = {"X-Page-Next": f"{page + 1}"} if len(self.buckets) > 4 * page else {}
        return Answer(self.buckets[4 * page - 4 : 4 * page], headers=more)


def read(server: Server, now: int = UNTIL + LAG + 60, time: Time | None = None) -> list[Sample]:
    around = surroundings(
        "dd", watched=WATCHED, time=time or Time(now), slot_seconds=SLOT, lag_seconds=LAG
    )
    source = Downdetector(around, slugs={"ex": "example"}, url=f"{server.url}/v2", **LOGIN)
    assert isinstance(source, Collector)
    return list(source.collect(SINCE, UNTIL))


def whole(samples: list[Sample]) -> list[tuple[int, float]]:
    found = [one for one in samples if not one.series.category]
    return [((one.slot_start - SINCE) // SLOT, one.value) for one in found]


def test_reports_are_read_page_by_page() -> None:
    company = Company([bucket(SINCE + n * SLOT, n, indicators=n) for n in range(-1, 9)])
    with serving(company) as server:
        samples = read(server)
    assert whole(samples) == [(n, float(n)) for n in range(8)]
    first = samples[0]
    assert (first.series.signal, first.series.slot_seconds) == ("user_reports", SLOT)
    assert first.known_at == SINCE + SLOT + LAG
    asked = [one for one in server.requests if one.path == "/v2/slugs/example/reports"]
    assert [one.one("page") for one in asked] == ["1", "2", "3"]
    assert {one.one("interval") for one in asked} == {"15m"}
    assert asked[0].one("startdate") == "2026-01-05T09:45:00Z", "the start is rounded somehow"
    assert asked[0].one("enddate") == "2026-01-05T12:15:00Z"


def test_the_newest_bucket_may_still_be_filling() -> None:
    company = Company([bucket(SINCE + n * SLOT) for n in range(9)])
    with serving(company) as server:
        assert len(whole(read(server, UNTIL + 60))) == 7, "the eighth ended a minute ago"
        assert len(whole(read(server, UNTIL + SLOT))) == 8, "now it has had its time"
    asked = [one for one in server.requests if "slugs" in one.path]
    assert asked[0].one("enddate") == "2026-01-05T12:01:00Z", "nothing ahead is asked for"


def test_each_bucket_comes_once_whatever_the_windows() -> None:
    company = Company([bucket(SINCE + n * SLOT) for n in range(9)])
    around = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
    with serving(company) as server:
        source = Downdetector(around, slugs={"ex": "x"}, url=f"{server.url}/v2", **LOGIN)
        found = [one for at in range(SINCE, UNTIL, 600) for one in source.collect(at, at + 600)]
    assert whole(found) == [(n, 31.0) for n in range(8)]


def test_an_expired_token_is_renewed_and_a_wrong_login_is_a_permanent_fault() -> None:
    company = Company([bucket(SINCE + n * SLOT) for n in range(9)], lives=2)
    with serving(company) as server:
        assert len(whole(read(server))) == 8
        assert server.paths.count("/v2/tokens") == 2
        around = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
        wrong = LOGIN | {"client_secret": "another-secret"}
        source = Downdetector(around, slugs={"ex": "x"}, url=f"{server.url}/v2", **wrong)
        with pytest.raises(SourceError, match="does not accept the secret") as caught:
            list(source.collect(SINCE, UNTIL))
    assert caught.value.permanent


def test_a_secret_beyond_latin_letters_is_sent_as_utf8() -> None:
    given = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
    with serving(Company([])) as server:
        wrong = LOGIN | {"client_secret": "schlüssel-€"}
        source = Downdetector(given, slugs={"ex": "x"}, url=f"{server.url}/v2", **wrong)
        with pytest.raises(SourceError, match="does not accept the secret"):
            list(source.collect(SINCE, UNTIL))
        sent = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert b64decode(sent).decode() == "me:schlüssel-€"


def test_a_fixed_token_that_is_refused_is_not_renewed() -> None:
    with serving(Company([])) as server:
        around = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
        source = Downdetector(around, slugs={"ex": "x"}, url=f"{server.url}/v2", token="long-lived")
        with pytest.raises(SourceError) as caught:
            list(source.collect(SINCE, UNTIL))
    assert caught.value.status == 401
    assert server.paths == ["/v2/slugs/x/reports"]


def test_a_limit_without_headers_is_waited_out_with_growing_pauses() -> None:
    time = Time(UNTIL + LAG)
    company = Company([bucket(SINCE + n * SLOT) for n in range(9)], busy=2)
    with serving(company) as server:
        assert len(whole(read(server, time=time))) == 8
    assert len(time.slept) == 2
    assert time.slept[1] > time.slept[0] >= 1


def test_the_total_and_what_it_is_made_of_are_kept_apart() -> None:
    rows = [
        bucket(SINCE, 31, indicators=27, other=4),
        bucket(SINCE + SLOT, "40", indicators=None, tweets="9"),
        bucket(SINCE + 2 * SLOT, None, indicators=5, other=1),
        bucket(SINCE + 3 * SLOT, None),
        bucket(SINCE + 4 * SLOT, -1),
        bucket(SINCE + 5 * SLOT + 60, 3),
        {"point_in_time": None, "total": 3},
        bucket(SINCE + 6 * SLOT, 0),
    ]
    found = parse(rows)
    assert [((one.start - SINCE) // SLOT, one.total) for one in found] == [
        (0, 31),
        (1, 40),
        (2, 6),
        (6, 0),
    ], "what has no count is a gap, a zero is a count"
    assert [dict(one.parts) for one in found] == [
        {"indicators": 27, "other": 4},
        {"tweets": 9},
        {"indicators": 5, "other": 1},
        {},
    ]
    with serving(Company([*rows, bucket(SINCE + 7 * SLOT)])) as server:
        categories = {one.series.category for one in read(server)}
        assert categories == {"", "indicators", "other", "tweets"}
        around = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
        url = f"{server.url}/v2"
        plain = Downdetector(around, slugs={"ex": "x"}, url=url, components=False, **LOGIN)
        assert {one.series.category for one in plain.collect(SINCE, UNTIL)} == {""}


def test_a_long_time_is_asked_for_week_by_week() -> None:
    with serving(Company([])) as server:
        around = surroundings("dd", watched=WATCHED, now=UNTIL + LAG, lag_seconds=LAG)
        source = Downdetector(around, slugs={"a": "x", "b": "y"}, url=f"{server.url}/v2", **LOGIN)
        assert list(source.collect(UNTIL - 10 * 86_400, UNTIL)) == []
    asked = [one for one in server.requests if "slugs" in one.path]
    assert [one.path[-9:] for one in asked] == ["x/reports"] * 2 + ["y/reports"] * 2


def test_what_is_no_list_of_reports_is_refused() -> None:
    with pytest.raises(BadInput, match="an object, not a list"):
        parse({"error": True, "message": "no"})


def test_a_server_that_never_ends_its_pages_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downdetector_api, "PAGES", 5)
    pages = count(2)

    def answer(request: Request) -> Answer:
        if request.path == "/v2/tokens":
            return Answer({"access_token": "endless-token"})
        return Answer([], headers={"X-Page-Next": f"{server.url}/v2/x?page={next(pages)}"})

    with serving(answer) as server, pytest.raises(SourceError, match="over 5 pages"):
        read(server)


def test_a_token_in_a_strange_answer_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        serving(lambda _: Answer({"accessToken": "not-to-be-seen"})) as server,
        pytest.raises(SourceError, match="holds no access_token") as caught,
    ):
        read(server)
    assert "not-to-be-seen" not in caplog.text + str(caught.value)


@pytest.mark.parametrize(
    ("payload", "level"),
    [("success", 0), ({"status": "warning"}, 1), ("Danger", 2), ({"status": "odd"}, None)],
)
def test_a_verdict_is_a_text_or_an_object(payload: Any, level: int | None) -> None:
    assert verdict(payload) == level


def test_verdicts_become_levels_of_the_running_slot() -> None:
    told = {
        "/v2/companies/7/status": "danger",
        "/v2/companies/8/status": {"status": "success"},
        "/v2/companies/9/status": {"status": "shrug"},
    }
    with serving(lambda one: Answer(json.dumps(told[one.path]))) as server:
        around = surroundings("dd", watched=WATCHED, now=UNTIL + 5)
        companies = {"a": 7, "b": 8, "c": 9}
        source = DowndetectorStatus(
            around, companies=companies, url=f"{server.url}/v2", token="fixed-token"
        )
        samples = list(source.collect(UNTIL - 600, UNTIL))
        assert list(source.collect(UNTIL - 7200, UNTIL - 3600)) == []
    assert [(one.series.subject, one.value, one.slot_start) for one in samples] == [
        ("a", 2.0, UNTIL),
        ("b", 0.0, UNTIL),
    ]
    with pytest.raises(BadInput):
        verdict({"state": "success"})


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"slugs": {}}, "slugs: is empty"), ({"slugs": {"a": "b"}}, "client_id and client_secret")],
)
def test_wrong_options_are_named(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Downdetector(surroundings("dd", watched=WATCHED, lag_seconds=LAG), **options)
    with pytest.raises(ConfigError, match="lag_seconds: 600 is too little"):
        Downdetector(
            surroundings("dd", watched=WATCHED, lag_seconds=600), slugs={"a": "b"}, **LOGIN
        )
