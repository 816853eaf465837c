"""The bulk paths of the store: the same few steps for SQLite and for PostgreSQL."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from outage.store.database import POSTGRESQL
from outage.store.rows import Rows


class Bulk(Protocol):
    """What moves whole arrays of rows in and out of one kind of database."""

    def find(self, connection: Connection, runs: Rows) -> Rows:
        """Return the samples within ranges of slots, as FOUND rows in any order.

        The ranges stay in the temporary table `incoming` until the transaction ends.
        """
        ...

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert samples that are known to be absent."""
        ...

    def replace(self, connection: Connection, rows: Rows) -> None:
        """Give stored samples a new value, weight and known_at; FOUND rows with their place."""
        ...

    def correct(self, connection: Connection, rows: Rows) -> None:
        """Add later versions of judged samples; one of the same moment is taken over."""
        ...

    def forget(self, connection: Connection, rows: Rows) -> None:
        """Drop the corrections of samples, those that `replace` has just been given."""
        ...

    def load(self, connection: Connection, ids: list[int], since: int, until: int) -> Rows:
        """Return the samples of the series `ids` with a slot start in `[since, until)`."""
        ...


def bulk_for(connection: Connection) -> Bulk:
    """Return the bulk paths of the connection's database."""
    if connection.dialect.name == POSTGRESQL:
        from outage.store.bulk_postgresql import PostgresqlBulk

        return PostgresqlBulk()
    from outage.store.bulk_sqlite import SqliteBulk

    return SqliteBulk()
