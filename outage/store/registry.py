"""Number the series, and know the subjects, as their first samples arrive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from outage.batches import Ints
from outage.errors import BadInput
from outage.slots import check_slot_seconds
from outage.store.tables import SeriesRow, SubjectRow
from outage.words import SIGNALS, Series, SubjectKind, check_slug

FEW: Final = 500  # series that are looked up one by one


def register(
    connection: Connection, wanted: Iterable[Series], known: Mapping[Series, int]
) -> Mapping[Series, int]:
    """Return the number of every series, with those of `wanted` made where they are new.

    An unknown subject becomes a service; one that is also a vantage, an operator.
    """
    wanted = list(wanted)
    if all(one in known for one in wanted):
        return known
    known = numbers(connection)
    missing = [one for one in wanted if one not in known]
    if not missing:
        return known
    for one in missing:
        check_series(one)
    _create(connection, missing)
    return numbers(connection)


def numbers(connection: Connection) -> dict[Series, int]:
    """Return the number of every series of the store."""
    query = select(
        SeriesRow.id,
        SeriesRow.subject,
        SeriesRow.signal,
        SeriesRow.category,
        SeriesRow.vantage,
        SeriesRow.source,
        SeriesRow.slot_seconds,
    )
    return {Series(*row[1:]): row[0] for row in connection.execute(query)}


def count(connection: Connection) -> int:
    """Return how many series there are; none is ever removed."""
    return connection.scalar(select(func.count()).select_from(SeriesRow)) or 0


def joined(connection: Connection) -> dict[Series, int]:
    """Return since when each series that has samples is known."""
    since = _known_since(connection)
    return {one: since[x] for one, x in numbers(connection).items() if x in since}


def _known_since(connection: Connection, chosen: Sequence[int] | None = None) -> dict[int, int]:
    query = select(SeriesRow.id, SeriesRow.known_since)
    if chosen is not None:
        query = query.where(SeriesRow.id.in_(chosen))
    return {number: moment for number, moment in connection.execute(query) if moment is not None}


def note_known(connection: Connection, series: Ints, moments: Ints) -> None:
    """Note that series (their numbers) are known since these moments, if not since before."""
    if not len(series):
        return
    found = dict(zip(series.tolist(), moments.tolist(), strict=True))
    before = _known_since(connection, list(found) if len(found) <= FEW else None)
    records = [
        {"number": number, "moment": moment}
        for number, moment in found.items()
        if moment < before.get(number, moment + 1)
    ]
    if records:
        mine = SeriesRow.id == bindparam("number")
        statement = update(SeriesRow).where(mine).values(known_since=bindparam("moment"))
        connection.execute(statement, records)


def subjects(connection: Connection) -> dict[str, SubjectKind]:
    """Return the kind of every subject, in order of their slugs."""
    rows = connection.execute(select(SubjectRow.slug, SubjectRow.kind))
    return {slug: SubjectKind(kind) for slug, kind in sorted(rows)}


def _create(connection: Connection, series: list[Series]) -> None:
    known = set(connection.scalars(select(SubjectRow.slug)))
    fresh = sorted({one.subject for one in series} - known)
    if fresh:
        rows = [{"slug": slug, "kind": SubjectKind.SERVICE.value} for slug in fresh]
        connection.execute(insert(SubjectRow), rows)
    connection.execute(
        insert(SeriesRow),
        [
            {
                "subject": one.subject,
                "signal": one.signal,
                "category": one.category,
                "vantage": one.vantage,
                "source": one.source,
                "slot_seconds": one.slot_seconds,
            }
            for one in series
        ],
    )
    connection.execute(
        update(SubjectRow)
        .where(SubjectRow.slug.in_(select(SeriesRow.vantage)))
        .values(kind=SubjectKind.OPERATOR.value)
    )


def check_series(series: Series) -> None:
    """Refuse a series with a signal, name or slot length that cannot be; raises BadInput."""
    if series.signal not in SIGNALS:
        raise BadInput(f"signal {series.signal[:40]!r} is unknown; use one of {', '.join(SIGNALS)}")
    check_slug(series.subject, "subject")
    for text, what in (
        (series.category, "category"),
        (series.vantage, "vantage"),
        (series.source, "source"),
    ):
        if text:
            check_slug(text, what)
    check_slot_seconds(series.slot_seconds)
