"""What every source that speaks HTTP does alike: nonsense is no sample, and no secret is shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from outage import plugs
from outage.errors import SourceError
from outage.interfaces import Watched
from outage.slots import parse_time
from outage.words import Sample, SubjectKind
from tests.collectors.servers import Answer, Request, Time, serving, surroundings, watching

UNTIL = parse_time("2026-01-05T12:00:00Z")
LAG = 3_600
SECRET = "a-secret-never-shown"
MOBILE = Watched("mobile-1", SubjectKind.OPERATOR, "Mobile One", asns=(64500,))
QUERY = {"query": "up", "signal": "reachability", "subject": "ex"}

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "statuspage": {"service": "ex"},
    "feeds": {"service": "ex"},
    "azure": {"service": "ex"},
    "google_cloud": {"service": "ex"},
    "aws_health": {"service": "ex"},
    "slack_status": {"service": "ex"},
    "downdetector": {"slugs": {"ex": "ex"}, "token": SECRET},
    "downdetector_status": {"companies": {"ex": 1}, "token": SECRET},
    "prometheus": {"queries": [QUERY], "token": SECRET},
    "ioda": {},
    "ioda_alerts": {},
    "cloudflare_radar": {"token": SECRET},
    "ripe_atlas": {"measurements": {"1": "ex"}},
    "ooni": {"tests": {"ex": {"test_name": "whatsapp"}}},
}
SAYS_SOMETHING = {
    ("google_cloud", "no rows"),  # lists only trouble
    ("aws_health", "no rows"),
    ("downdetector_status", "a success without a word"),
}
NONSENSE: Mapping[str, Answer] = {
    "a page": Answer("<html><body>We are moving</body></html>"),
    "nothing": Answer(b""),
    "null": Answer("null"),
    "a number": Answer("7"),
    "no rows": Answer("[]"),
    "rows of rows": Answer([[[]]]),
    "odd rows": Answer([None, 1, "x", {}]),
    "no keys": Answer({}),
    "keys without values": Answer({"status": None, "data": None, "result": None, "error": None}),
    "a success without a word": Answer({"success": True, "status": "success", "result": {}}),
    "cut": Answer('{"status": {"indicator": "no'),
    "too deep": Answer("[" * 100_000),
    "no UTF-8": Answer(b'"\xff\xfe\xfa"'),
    "NaN": Answer('{"data": NaN, "result": [NaN]}'),
}


def read(name: str, url: str, time: Time | None = None) -> list[Sample]:
    around = surroundings(
        name, time=time or Time(UNTIL + LAG + 5), lag_seconds=LAG, watched=(MOBILE, *watching("ex"))
    )
    source = plugs.load("outage.collectors", name)(around, url=url, **OPTIONS[name])
    return list(source.collect(UNTIL - LAG, UNTIL))


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("name", OPTIONS)
def test_nonsense_is_no_measurement(name: str, nonsense: str) -> None:
    with serving(lambda _: NONSENSE[nonsense]) as server:
        try:
            samples = read(name, server.url)
        except SourceError:
            samples = []
    assert bool(samples) == ((name, nonsense) in SAYS_SOMETHING), samples


@pytest.mark.parametrize("name", OPTIONS)
def test_a_source_that_is_down_is_a_passing_fault(name: str) -> None:
    time = Time(UNTIL + LAG + 5)
    with (
        serving(lambda _: Answer("<h1>Bad gateway</h1>", 502)) as server,
        pytest.raises(SourceError, match="502") as caught,
    ):
        read(name, server.url, time)
    assert not caught.value.permanent
    assert 2 <= len(server.requests) <= 5
    assert sum(time.slept) <= 60


@pytest.mark.parametrize("name", OPTIONS)
def test_a_source_that_refuses_is_not_asked_again_and_shows_no_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(request: Request) -> Answer:
        return Answer({"error": f"no: {dict(request.headers)}"}, 403)

    with (
        caplog.at_level(logging.DEBUG),
        serving(refuse) as server,
        pytest.raises(SourceError, match="403") as caught,
    ):
        read(name, server.url)
    assert caught.value.permanent
    assert len(server.requests) == 1
    assert SECRET not in str(caught.value) + caplog.text


@pytest.mark.parametrize("name", OPTIONS)
def test_each_says_what_it_costs_and_what_it_allows(name: str) -> None:
    plug = plugs.load("outage.collectors", name)
    assert plug.cost
    assert plug.limits
    assert set(getattr(plug, "needs", ())) <= {*OPTIONS[name], "url"}
