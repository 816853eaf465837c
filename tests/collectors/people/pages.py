"""Golden payloads of status pages: the documented form, invented values."""

from __future__ import annotations

from typing import Any

from outage.interfaces import Surroundings
from outage.words import Sample
from tests.collectors.servers import Notes, Time, surroundings, watching

NOW = 1_767_607_512  # 2026-01-05T10:05:12Z, in the slot of 10:00
SLOT = 1_767_607_200
SUBJECTS = watching(
    *("ex", "dns", "mail", "api", "bill", "odd", "azure", "m"),
    *("google", "storage", "sql", "aws", "s3", "ec2", "lambda", "rds"),
    *("slack", "messages", "flows", "calls"),
)

STATUSPAGE: dict[str, Any] = {
    "page": {
        "id": "p1",
        "name": "Ex",
        "url": "https://status.example",
        "time_zone": "Etc/UTC",
        "updated_at": "2026-01-05T10:00:00.000Z",
    },
    "status": {"indicator": "minor", "description": "Partial degradation"},
    "components": [
        {"id": "c1", "name": "DNS", "status": "partial_outage", "group": False, "group_id": None},
        {"id": "c2", "name": "API [EU]", "status": "operational", "group": False, "group_id": "g"},
        {"id": "c3", "name": "API [US]", "status": "degraded_performance", "group_id": "g"},
        {"id": "c4", "name": "Billing", "status": "under_maintenance", "group_id": None},
        {"id": "c5", "name": "Odd", "status": "on_fire", "group_id": None},
    ],
    "incidents": [
        {
            "id": "i1",
            "name": "DNS failures",
            "status": "identified",
            "impact": "minor",
            "created_at": "2026-01-05T09:58:00.000Z",
            "started_at": "2026-01-05T09:58:00.000Z",
            "resolved_at": None,
            "incident_updates": [{"id": "u1", "status": "identified", "affected_components": None}],
            "components": [],
        }
    ],
    "scheduled_maintenances": [],
}

GOOGLE: list[dict[str, Any]] = [
    {
        "id": "g1",
        "number": "1",
        "begin": "2026-01-05T09:40:00+00:00",
        "created": "2026-01-05T09:55:00+00:00",
        "external_desc": "Objects cannot be read",
        "most_recent_update": {"when": "2026-01-05T10:00:00+00:00", "status": "SERVICE_OUTAGE"},
        "status_impact": "SERVICE_DISRUPTION",
        "severity": "medium",
        "service_name": "Multiple Products",
        "affected_products": [{"title": "Google Cloud Storage", "id": "gcs1"}],
        "currently_affected_locations": [],
    },
    {
        "id": "g2",
        "begin": "2026-01-04T09:40:00+00:00",
        "end": "2026-01-04T11:00:00+00:00",
        "status_impact": "SERVICE_OUTAGE",
        "severity": "high",
        "affected_products": [{"title": "Cloud SQL", "id": "sql1"}],
    },
    {"id": "g3", "begin": "2026-01-05T10:00:00Z", "severity": "low", "service_name": "Cloud DNS"},
]

AWS: list[dict[str, Any]] = [
    {
        "service": "s3-us-east-1",
        "region_name": "N. Virginia",
        "status": "3",
        "summary": "Increased error rates – investigating",
        "date": "1767606900",
        "arn": "arn:x",
        "event_log": [{"summary": "…", "message": "…", "status": 1, "timestamp": 1767606900}],
    },
    {"service": "ec2-eu-west-1", "status": "0", "date": "1767600000"},
    {"service": "lambda-us-east-1", "status": 7},
    {"service": "rds-eu-central-1", "status": "soon"},
]

SLACK: dict[str, Any] = {
    "status": "active",
    "date_created": "2026-01-05T01:50:00-08:00",
    "date_updated": "2026-01-05T02:00:00-08:00",
    "active_incidents": [
        {
            "id": 1,
            "title": "Messages are not sent",
            "type": "incident",
            "status": "active",
            "url": "https://slack.example/1",
            "services": ["Messaging"],
            "notes": [{"date_created": "2026-01-05T01:50:00-08:00", "body": "…"}],
        },
        {"id": 2, "type": "maintenance", "status": "active", "services": ["Workflows"]},
        {"id": 3, "type": "outage", "status": "resolved", "services": ["Calls"]},
        {"id": 4, "type": "outage", "status": "active", "services": None},
    ],
}


def entry(identity: str, title: str, text: str, updated: str) -> str:
    return (
        f"<entry><id>{identity}</id><title>{title}</title><updated>{updated}</updated>"
        f'<content type="html"><![CDATA[{text}]]></content></entry>'
    )


def atom(*entries: str, end: str = "</feed>") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
    return f"{head}<title>Ex Status</title>{''.join(entries)}{end}".encode()


OPEN_TEXT = (
    "<p><small>Jan 5, 10:00 UTC</small><br><strong>Identified</strong> - DNS is unavailable.</p>"
    "<p><small>Jan 5, 09:50 UTC</small><br><strong>Investigating</strong> - We are looking.</p>"
)
SOLVED_TEXT = (
    "<p><small>Jan 5, 10:04 UTC</small><br><strong>Resolved</strong> - It is over.</p>" + OPEN_TEXT
)
PLANNED_TEXT = "<p><strong>Scheduled</strong> - The major outage of the old system on Friday.</p>"


def around(memory: Notes | None = None, now: int = NOW, source: str = "page") -> Surroundings:
    return surroundings(source, time=Time(now), memory=memory, watched=SUBJECTS)


def levels(samples: list[Sample]) -> dict[str, float]:
    return {one.series.subject: one.value for one in samples}
