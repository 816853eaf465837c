"""Keep what the fold found: incidents and notices, its state, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from outage.store.judged import Judged, Terms
from outage.store.tables import IncidentRow, JudgementRow, NoticeRow
from outage.store.upserts import upsert
from outage.words import Cause, Evidence, Incident, Notice, State

JUDGEMENT = 1


def judgement(connection: Connection) -> tuple[int, dict[str, Any]] | None:
    """Return how far was judged and the state of the fold, None before the first time."""
    row = connection.execute(select(JudgementRow.judged_until, JudgementRow.document)).first()
    return None if row is None else (row.judged_until, json.loads(row.document))


def judged_until(connection: Connection) -> int | None:
    """Return how far was judged, None before the first time."""
    return connection.scalar(select(JudgementRow.judged_until))


def judged(connection: Connection) -> Judged | None:
    """Return which slots were judged, None before the first time."""
    query = select(JudgementRow.judged_from, JudgementRow.judged_until, JudgementRow.terms)
    row = connection.execute(query).first()
    if row is None:
        return None
    since = row.judged_until if row.judged_from is None else row.judged_from
    return Judged(since, row.judged_until, Terms.from_json(row.terms))


def save_judgement(
    connection: Connection,
    judged_until: int,
    document: Mapping[str, Any],
    begun: int | None,
    terms: Terms | None,
) -> None:
    """Note how far was judged, by which terms, and the state of the fold.

    `begun` is where judging set out; the earliest of all times is kept.
    """
    record = {"id": JUDGEMENT, "judged_until": judged_until, "document": _dump(document)}
    if terms is not None:
        record["terms"] = terms.as_json()
    if begun is not None:
        kept = connection.scalar(select(JudgementRow.judged_from))
        record["judged_from"] = begun if kept is None else min(begun, kept)
    upsert(connection, JudgementRow, [record])


def save_incidents(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Insert or replace the incidents by their id."""
    records = [
        {
            "id": one.id,
            "subject": one.subject,
            "vantage": one.vantage,
            "start": one.start,
            "end": one.end,
            "opened_at": one.opened_at,
            "state": one.state.value,
            "cause": one.cause.value,
            "document": _dump(asdict(one)),
        }
        for one in incidents
    ]
    upsert(connection, IncidentRow, records)


def save_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Insert or replace the notices by kind, subject, vantage and start."""
    records = [
        {**_notice_key(one), "end": one.end, "document": _dump(asdict(one))} for one in notices
    ]
    upsert(connection, NoticeRow, records)


def forget_after(
    connection: Connection,
    moment: int,
    incidents: Collection[Incident],
    notices: Collection[Notice],
) -> None:
    """Remove what was opened after `moment` and is not among the given."""
    kept = {one.id for one in incidents}
    opened = connection.scalars(select(IncidentRow.id).where(IncidentRow.opened_at > moment))
    for number in set(opened) - kept:
        connection.execute(delete(IncidentRow).where(IncidentRow.id == number))
    keys = {tuple(_notice_key(one).values()) for one in notices}
    columns = (NoticeRow.kind, NoticeRow.subject, NoticeRow.vantage, NoticeRow.start)
    seen = connection.execute(select(*columns).where(NoticeRow.start > moment))
    for key in set(map(tuple, seen)) - keys:
        same_key = (column == part for column, part in zip(columns, key, strict=True))
        connection.execute(delete(NoticeRow).where(*same_key))


def incidents(
    connection: Connection, since: int | None, until: int | None, subject: str | None
) -> list[Incident]:
    """Return the incidents that touch `[since, until)`, by opened_at and id."""
    query = select(IncidentRow.document).where(*_touching(IncidentRow, since, until))
    if subject is not None:
        query = query.where(IncidentRow.subject == subject)
    found = (_incident(json.loads(text)) for text in connection.scalars(query))
    return sorted(found, key=lambda one: (one.opened_at, one.id))


def notices(
    connection: Connection, since: int | None, until: int | None, subject: str | None
) -> list[Notice]:
    """Return the notices that touch `[since, until)`, by start, subject, kind and vantage."""
    query = select(NoticeRow.document).where(*_touching(NoticeRow, since, until))
    if subject is not None:
        query = query.where(NoticeRow.subject == subject)
    found = (Notice(**json.loads(text)) for text in connection.scalars(query))
    return sorted(found, key=lambda one: (one.start, one.subject, one.kind, one.vantage or ""))


def _touching(
    model: type[IncidentRow | NoticeRow], since: int | None, until: int | None
) -> list[ColumnElement[bool]]:
    """Return the conditions of an overlap; one that ends as it starts touches its start."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        lasting = and_(model.end.is_not(None), model.end <= since, model.start < since)
        conditions.append(~lasting)
    if until is not None:
        conditions.append(model.start < until)
    return conditions


def _notice_key(notice: Notice) -> dict[str, Any]:
    return {
        "kind": notice.kind,
        "subject": notice.subject,
        "vantage": notice.vantage or "",
        "start": notice.start,
    }


def _dump(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _incident(document: dict[str, Any]) -> Incident:
    runner_up = document["runner_up"]
    rebuilt = {
        "vantages": tuple(document["vantages"]),
        "state": State(document["state"]),
        "cause": Cause(document["cause"]),
        "runner_up": None if runner_up is None else Cause(runner_up),
        "evidence": tuple(Evidence(**one) for one in document["evidence"]),
    }
    return Incident(**{**document, **rebuilt})
