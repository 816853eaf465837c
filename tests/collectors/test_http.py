"""The HTTP base: retries, limits, redirects, faults and secrets, over real connections."""

from __future__ import annotations

import gzip
import logging
import traceback
from collections.abc import Callable
from itertools import count
from urllib.parse import quote

import pytest

from collectors.http import Http
from outage.errors import ConfigError, SourceError
from outage.redacting import keep_secret
from tests.collectors.servers import Answer, Request, Time, serving, surroundings

NOW = 1_790_000_000
SECRET = "s3cr/t+wo rd=ü"
keep_secret(SECRET)


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    """Give each answer once, and the last one for ever."""
    numbers = count()
    return lambda _: answers[min(next(numbers), len(answers) - 1)]


def test_json_is_asked_for_and_parsed() -> None:
    with serving(in_turn(Answer({"rows": [1, 2]}))) as server:
        http = Http(surroundings(), server.url + "/v2/", headers={"X-Key": "k"})
        rows = http.get_json("things", {"a": "b c", "n": 1}, parse=lambda found: found["rows"])

    assert rows == [1, 2]
    (request,) = server.requests
    assert (request.path, request.one("a"), request.one("n")) == ("/v2/things", "b c", "1")
    assert request.headers["x-key"] == "k"
    assert "authorization" not in request.headers


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    time = Time(NOW)
    busy = Answer(status=503)
    with serving(in_turn(busy, busy, Answer("{", cut=9), Answer([7]))) as server:
        assert Http(surroundings(time=time), server.url).get_json("/") == [7]

    assert len(time.slept) == 3
    assert 1 <= time.slept[0] <= 2 <= time.slept[1] <= 3 < 4 <= time.slept[2] <= 5


def test_the_last_fault_is_told_when_patience_ends() -> None:
    time = Time(NOW)
    with (
        serving(in_turn(Answer({"message": "later, please"}, 502))) as server,
        pytest.raises(SourceError, match=r"/x: 502 .*\(later, please\)") as caught,
    ):
        Http(surroundings(time=time), server.url, attempts=3).get("/x")
    assert len(server.requests) == 3
    assert not caught.value.permanent
    assert caught.value.status == 502


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 422])
def test_what_cannot_pass_is_not_tried_again(status: int) -> None:
    problem = {"title": "No", "detail": "not so", "errors": [{"message": "bad `x`"}]}
    with (
        serving(in_turn(Answer(problem, status))) as server,
        pytest.raises(SourceError, match=r"No: not so: bad `x`") as caught,
    ):
        Http(surroundings(), server.url).get("/")
    assert len(server.requests) == 1
    assert caught.value.permanent
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Mon, 21 Sep 2026 14:13:29 GMT"}, 9),
        ({"x-rate-limit-reset": str(NOW + 12)}, 12),
        ({"RateLimit-Reset": "11"}, 11),
        ({"RateLimit-Reset": str(NOW + 13), "RateLimit-Remaining": "0"}, 13),
        ({"X-RateLimit-Reset": "2026-09-21T14:13:30.000Z"}, 10),
        ({"X-RateLimit-Reset": str((NOW + 14) * 1000)}, 14),
        ({"RateLimit": '"default";r=0;t=30'}, 30),
        ({"Retry-After": "nonsense", "x-rate-limit-reset": "nan"}, None),
    ],
)
def test_the_wait_that_the_source_asks_for_is_kept(
    headers: dict[str, str], seconds: int | None
) -> None:
    time = Time(NOW)
    with serving(in_turn(Answer(status=429, headers=headers), Answer([1]))) as server:
        assert Http(surroundings(time=time), server.url).get_json("/") == [1]
    assert len(server.requests) == 2
    if seconds is None:
        assert 1 <= sum(time.slept) <= 2
    else:
        assert seconds <= sum(time.slept) <= seconds + 1


def test_a_wait_beyond_patience_is_handed_on() -> None:
    time = Time(NOW)
    headers = {"x-rate-limit-reset": str(NOW + 900)}
    with (
        serving(in_turn(Answer(status=429, headers=headers))) as server,
        pytest.raises(SourceError, match="429") as caught,
    ):
        Http(surroundings(time=time), server.url).get("/")
    assert time.slept == []
    assert len(server.requests) == 1
    assert caught.value.wait_seconds == 900
    assert not caught.value.permanent


def test_a_used_up_limit_is_waited_for_before_the_next_request() -> None:
    time = Time(NOW)
    spent = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(NOW + 20)}
    with serving(in_turn(Answer([1], headers=spent), Answer([2]))) as server:
        http = Http(surroundings(time=time), server.url)
        assert http.get_json("/") == [1]
        assert time.slept == []
        assert http.get_json("/") == [2]
    assert time.slept == [20]


def test_a_redirect_stays_with_its_host() -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/old":
            return Answer(status=308, headers={"Location": "/new"})
        if request.path == "/ring":
            return Answer(status=302, headers={"Location": "/ring"})
        if request.path == "/away":
            return Answer(status=302, headers={"Location": "http://127.0.0.2:9/x?token=abcd"})
        return Answer({"auth": request.headers["authorization"]})

    with serving(answer) as server:
        http = Http(surroundings(), server.url, headers={"Authorization": "Bearer abc"})
        assert http.get_json("/old") == {"auth": "Bearer abc"}
        with pytest.raises(SourceError, match="circle"):
            http.get("/ring")
        with pytest.raises(SourceError, match=r"127.0.0.2:9/x, another host") as caught:
            http.get("/away")
    assert caught.value.permanent


def test_an_answer_that_is_too_large_is_not_read() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    packed = Answer(bomb, headers={"Content-Encoding": "gzip"})
    with serving(in_turn(packed)) as server:
        careful = Http(surroundings(), server.url, size_limit=1_000_000)
        with pytest.raises(SourceError, match=r"over 1,000,000 bytes") as caught:
            careful.get("/")
        assert caught.value.permanent
        assert Http(surroundings(), server.url).get("/").content == b"0" * 5_000_000


@pytest.mark.parametrize("body", ["<html>", "", "[" * 100_000, '{"rows": null}', "9" * 5_000])
def test_what_cannot_be_read_is_logged_as_it_came(
    body: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        serving(in_turn(Answer(body))) as server,
        pytest.raises(SourceError, match="cannot be read") as caught,
    ):
        Http(surroundings(), server.url).get_json("/", parse=lambda found: found["rows"][0])
    assert not caught.value.permanent
    (message,) = caplog.messages
    assert body[:500] in message


def test_nobody_there_and_no_answer_are_passing_faults() -> None:
    time = Time(NOW)
    with pytest.raises(SourceError, match="no connection") as caught:
        Http(surroundings(time=time), "http://127.0.0.1:1", attempts=2).get("/?q=1")
    assert not caught.value.permanent
    assert "q=1" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "example.org/x", "ftp://example.org", "http://[x", "http://"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        Http(surroundings(), address)


def test_a_slow_source_is_given_up() -> None:
    from time import sleep

    def answer(_: Request) -> Answer:
        sleep(0.4)
        return Answer([1])

    with serving(answer) as server:
        http = Http(surroundings(), server.url, attempts=1, read_seconds=0.1)
        with pytest.raises(SourceError, match="no answer in time"):
            http.get("/")


def test_a_source_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.http.WHOLE_SECONDS", 0.2)
    with serving(in_turn(Answer("x" * 100, drip=0.02))) as server:
        http = Http(surroundings(), server.url, attempts=1, read_seconds=5)
        with pytest.raises(SourceError, match="takes too long"):
            http.get("/")


def test_a_login_beside_the_project_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("home") / ".netrc"
    file.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(file))
    with serving(lambda request: Answer([request.headers.get("authorization", "")])) as server:
        http = Http(surroundings(), server.url, headers={"Authorization": "Bearer abc"})
        assert http.get_json("/") == ["Bearer abc"]


def test_an_official_client_talks_through_it() -> None:
    with serving(lambda request: Answer([request.path, request.one("q")])) as server:
        http = Http(surroundings(), server.url, instead_of="https://api.example.org")
        with http.request("GET", "https://api.example.org/2/x", params={"q": "y"}) as answer:
            assert answer.json() == ["/2/x", "y"]


@pytest.mark.parametrize("secret", ["clé-€-key", "two\nlines"])
def test_a_secret_that_no_header_can_hold_is_told_without_showing_it(secret: str) -> None:
    with serving(in_turn(Answer([]))) as server:
        http = Http(surroundings(), server.url, headers={"Authorization": f"Bearer {secret}"})
        with pytest.raises(SourceError, match="the secret cannot be sent; check it") as caught:
            http.get("/x")
    assert caught.value.permanent
    assert not {"€", "u20ac", "lines"} & set(str(caught.value).split())
    assert server.requests == []


def test_a_secret_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Nor in the log of the libraries below, nor in what a traceback would show."""
    spellings = {SECRET, quote(SECRET), quote(SECRET, safe=""), "s3cr", "rd%3D"}

    def answer(request: Request) -> Answer:
        if request.path == "/refuses":
            return Answer({"detail": f"no such key: {SECRET}"}, 401)
        return Answer(f"<p>{SECRET}</p>")

    said: list[str] = []
    with caplog.at_level(logging.DEBUG), serving(answer) as server:
        for url in (server.url, "http://127.0.0.1:1"):
            http = Http(surroundings(), url, attempts=2, headers={"X-Key": quote(SECRET)})
            for path in ("/refuses", "/echoes", f"/{quote(SECRET, safe='')}/x"):
                with pytest.raises(SourceError) as caught:
                    http.get_json(path, {"api_key": SECRET})
                said += traceback.format_exception(caught.value)
                said += traceback.format_exception(caught.value.__context__)
    said += [logging.Formatter().format(record) for record in caplog.records]
    assert "urllib3.connectionpool" in {record.name for record in caplog.records}
    assert len(said) > 10
    assert [(text, one) for text in said for one in spellings if one in text] == []
