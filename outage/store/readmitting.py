"""Count late samples as timely, where a rewind judges their slots again."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, select, update

from outage.store.judged import Terms
from outage.store.tables import SampleRow, SeriesRow


def readmit(connection: Connection, moment: int, terms: Terms) -> int:
    """Let late samples of slots complete after `moment` be known at slot end plus lag."""
    kinds = select(SeriesRow.source, SeriesRow.slot_seconds).distinct()
    found = [_readmit(connection, moment, terms, *kind) for kind in connection.execute(kinds)]
    return sum(found)


def _readmit(connection: Connection, moment: int, terms: Terms, source: str, seconds: int) -> int:
    mine = select(SeriesRow.id).where(SeriesRow.source == source, SeriesRow.slot_seconds == seconds)
    lag, row = terms.lags.get(source, 0), SampleRow
    fits = seconds <= terms.grid_seconds and terms.grid_seconds % seconds == 0
    grid = terms.grid_seconds if fits else seconds
    complete = (row.slot_start + seconds + grid - 1) // grid * grid + lag
    begin = moment - lag - grid
    mine_since = row.series_id.in_(mine), row.slot_start >= begin
    statement = (
        update(row)
        .where(*mine_since, complete > moment, row.known_at > complete)
        .values(known_at=row.slot_start + seconds + lag)
    )
    count = connection.execute(statement).rowcount
    if count:
        _note_earlier(connection, SeriesRow.id.in_(mine), begin)
    return count


def _note_earlier(connection: Connection, mine: ColumnElement[bool], begin: int) -> None:
    row = SampleRow
    first = (
        select(func.min(row.known_at))
        .where(row.series_id == SeriesRow.id, row.slot_start >= begin)
        .scalar_subquery()
    )
    statement = update(SeriesRow).where(mine, first < SeriesRow.known_since)
    connection.execute(statement.values(known_since=first))
