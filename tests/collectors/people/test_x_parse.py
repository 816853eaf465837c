"""A page of X's counts in the documented form, and forms that must not be taken for zero."""

from __future__ import annotations

import json
from math import isnan
from typing import Any

import pytest

from collectors.people.x_counts import Page, XCounts, parse
from outage.errors import BadInput, ConfigError
from outage.interfaces import Watched
from outage.slots import parse_time
from outage.words import SubjectKind
from tests.collectors.servers import surroundings

GOLDEN = """
{"data": [
  {"start": "2026-01-05T10:00:00.000Z", "end": "2026-01-05T10:01:00.000Z", "SPELLING": 12},
  {"start": "2026-01-05T10:01:00.000Z", "end": "2026-01-05T10:02:00.000Z", "SPELLING": 0},
  {"start": "2026-01-05T10:02:00.000Z", "end": "2026-01-05T10:03:00.000Z", "SPELLING": "7"}],
 "meta": {"total_SPELLING": 19, "next_token": "abc"}}
"""
TEN = parse_time("2026-01-05T10:00:00Z")
WHATSAPP = Watched("whatsapp", SubjectKind.SERVICE, "WhatsApp", keywords=("whatsapp",))


@pytest.mark.parametrize("spelling", ["tweet_count", "post_count"])
def test_the_documented_page(spelling: str) -> None:
    page = parse(json.loads(GOLDEN.replace("SPELLING", spelling)))
    assert page == Page({TEN: 12.0, TEN + 60: 0.0, TEN + 120: 7.0}, "abc", complete=True)


@pytest.mark.parametrize("count", [None, -1, "-1"])
def test_a_count_that_is_none_is_not_known(count: Any) -> None:
    document = json.loads(GOLDEN.replace("SPELLING", "post_count"))
    document["data"][1]["post_count"] = count
    assert isnan(parse(document).counts[TEN + 60])
    del document["data"][1]["post_count"]
    assert isnan(parse(document).counts[TEN + 60])


def test_no_data_and_a_total_of_zero_is_zero() -> None:
    for meta in ({"total_tweet_count": 0}, {"total_post_count": 0, "next_token": None}):
        assert parse({"meta": meta}) == Page({}, None, complete=True)


@pytest.mark.parametrize(
    "document",
    [
        *({}, {"meta": {}}, {"errors": []}, {"meta": None}),
        {"data": None, "meta": {"total_post_count": 3}},
        {"errors": [{"detail": "no"}], "meta": {"total_tweet_count": 0}},
    ],
)
def test_an_answer_that_says_nothing_is_not_zero(document: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="neither counts nor a total"):
        parse(document)


@pytest.mark.parametrize(
    "document", [[], "x", None, {"data": [{}], "meta": {}}, {"data": [7]}, {"errors": [3]}]
)
def test_another_form_is_a_fault_that_the_session_tells(document: Any) -> None:
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError, BadInput)):
        parse(document)


@pytest.mark.parametrize(
    ("services", "options", "says"),
    [
        (("watsapp",), {}, "'watsapp' is not in the catalogue"),
        (("whatsapp",), {"languages": ["en", "xx"]}, "no error phrases in 'xx'; there are: en"),
        (("whatsapp",), {"query_length": 25}, "is over 25 characters"),
        (("whatsapp",), {"base_url": "nowhere"}, "is no address"),
    ],
)
def test_what_cannot_be_asked_is_wrong_use(
    services: tuple[str, ...], options: dict[str, Any], says: str
) -> None:
    given = surroundings("x", watched=(WHATSAPP,), phrases={"en": ("is down",)})
    with pytest.raises(ConfigError, match=says):
        XCounts(given, "token", services, **options)
