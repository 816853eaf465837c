"""The boards of Google Cloud, AWS and Slack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.boards import WHOLE
from collectors.people import aws_health, google_cloud, slack_status
from collectors.people.aws_health import AwsHealth
from collectors.people.google_cloud import GoogleCloud
from collectors.people.slack_status import SlackStatus
from outage.errors import BadInput, SourceError
from tests.collectors.people.pages import AWS, GOOGLE, NOW, SLACK, SLOT, around, levels
from tests.collectors.servers import Answer, serving


def test_google_lists_what_goes_on_by_product() -> None:
    services = {"storage": ["google cloud storage"], "sql": ["sql1"], "dns": ["cloud dns"]}
    with serving(lambda _: Answer(GOOGLE)) as server:
        cloud = GoogleCloud(around(), url=server.url, service="google", services=services)
        samples = list(cloud.collect(SLOT - 600, SLOT))
    assert server.paths == ["/incidents.json"]
    assert levels(samples) == {"google": 3, "storage": 3, "sql": 0, "dns": 1}
    assert {one.known_at for one in samples} == {NOW}


@pytest.mark.parametrize(
    ("incident", "level"),
    [
        ({"status_impact": "SERVICE_DISRUPTION"}, 2),
        ({"status_impact": "SERVICE_INFORMATION", "severity": "high"}, 1),
        ({"severity": "high"}, 3),
        ({}, 1),
        ({"severity": "high", "most_recent_update": {"status": "AVAILABLE"}}, 0),
        ({"severity": "high", "end": "2026-01-05T10:00:00Z"}, 0),
        ({"severity": "high", "end": "2026-01-05T11:00:00Z"}, 3),
        ({"severity": "high", "begin": "2026-01-06T00:00:00Z"}, 0),
        ({"severity": None, "affected_products": None, "begin": "soon"}, 1),
    ],
)
def test_google_says_how_bad_it_is_now(incident: dict[str, Any], level: int) -> None:
    assert google_cloud.parse([{"id": "g"} | incident], NOW).parts[WHOLE] == level


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-8"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_aws_is_read_by_its_byte_order_mark(encoding: str, mark: str) -> None:
    body = (mark + json.dumps(AWS, ensure_ascii=False)).encode(encoding)
    header = {"Content-Type": "application/json;charset=utf-16"}
    services = {"s3": ["s3-*"], "ec2": ["ec2-*"], "lambda": ["lambda-*"], "rds": ["rds-*"]}
    with serving(lambda _: Answer(body, headers=header)) as server:
        board = AwsHealth(around(), url=server.url, service="aws", services=services)
        samples = list(board.collect(SLOT - 600, SLOT))
    assert server.paths == ["/public/currentevents"]
    assert levels(samples) == {"aws": 3, "s3": 3, "ec2": 0, "lambda": 3, "rds": 1}


def test_aws_without_events_is_well_and_without_a_list_is_unknown() -> None:
    assert aws_health.parse([]).level([WHOLE]) == 0
    with pytest.raises(BadInput, match="not a list"):
        aws_health.parse({"error": "x"})
    with serving(lambda _: Answer(b"\xfe\xff\x00")) as server:
        board = AwsHealth(around(), url=server.url, service="aws")
        with pytest.raises(SourceError, match="is no JSON in utf-16"):
            list(board.collect(SLOT - 600, SLOT))


def test_slack_lists_what_goes_on_by_service() -> None:
    services = {"messages": ["messaging"], "flows": ["workflows"], "calls": ["calls"]}
    with serving(lambda _: Answer(SLACK)) as server:
        board = SlackStatus(around(), url=server.url, service="slack", services=services)
        samples = list(board.collect(SLOT - 600, SLOT))
    assert server.paths == ["/api/v2.0.0/current"]
    assert levels(samples) == {"slack": 3, "messages": 2, "flows": 0, "calls": 0}


@pytest.mark.parametrize(
    ("page", "level"),
    [
        ({"status": "ok", "active_incidents": []}, 0),
        ({"status": "ok"}, 0),
        ({"status": "active"}, 1),
        ({"status": "active", "active_incidents": [{"type": "notice"}]}, 1),
        ({"status": "active", "active_incidents": [{"type": None}]}, 1),
        ({"status": "active", "active_incidents": [{"type": "outage", "status": "scheduled"}]}, 0),
    ],
)
def test_slack_says_how_bad_it_is(page: dict[str, Any], level: int) -> None:
    assert slack_status.parse(page).parts[WHOLE] == level


@pytest.mark.parametrize("payload", [{}, [], {"status": "fine"}, {"status": None}])
def test_slack_must_say_ok_or_active(payload: Any) -> None:
    with pytest.raises(BadInput, match="expected ok or active"):
        slack_status.parse(payload)
