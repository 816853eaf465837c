"""Insert-or-update and insert-or-ignore, in the dialect of the connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from outage.store.database import POSTGRESQL
from outage.store.tables import Base


def upsert(connection: Connection, model: type[Base], records: Sequence[dict[str, Any]]) -> None:
    """Insert the records; where the primary key is there already, take their other columns."""
    if not records:
        return
    statement = _insert(connection, model)
    key = {column.name for column in _table(model).primary_key}
    others = {
        column.name: statement.excluded[column.name]
        for column in _table(model).columns
        if column.name not in key and column.name in records[0]
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=sorted(key), set_=others), records
    )


def insert_new(
    connection: Connection, model: type[Base], records: Sequence[dict[str, Any]], counted: str
) -> int:
    """Insert the records that break no unique constraint; return how many those were."""
    if not records:
        return 0
    column = _table(model).columns[counted]
    statement = _insert(connection, model).on_conflict_do_nothing().returning(column)
    return len(connection.execute(statement, records).all())


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _insert(connection: Connection, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == POSTGRESQL:
        return postgresql.insert(_table(model))
    return sqlite.insert(_table(model))
