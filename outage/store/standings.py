"""How far each source was collected, how that went, and what it wants remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from outage.store.tables import CollectionRow, MemoryRow
from outage.store.upserts import upsert


@dataclass(frozen=True, slots=True)
class Standing:
    """How the collection of a source stands; moments are epoch seconds, None where there is none.

    Everything before `collected_until` was collected; `failures` counts those in a row;
    until `paused_until` the source is left alone.
    """

    source: str
    collected_until: int | None = None
    attempted_at: int | None = None
    failures: int = 0
    paused_until: int | None = None


def standings(connection: Connection) -> dict[str, Standing]:
    """Return how the collection of each source stands, by its name."""
    row = CollectionRow
    query = select(
        row.source, row.collected_until, row.attempted_at, row.failures, row.paused_until
    )
    return {one[0]: Standing(*one) for one in connection.execute(query)}


def save_standing(connection: Connection, standing: Standing) -> None:
    """Keep how the collection of a source stands, in place of what was kept."""
    upsert(connection, CollectionRow, [asdict(standing)])


def remembered(connection: Connection, source: str, key: str) -> str | None:
    """Return the text that a source keeps under a key, None if there is none."""
    mine = (MemoryRow.source == source, MemoryRow.key == key)
    return connection.scalar(select(MemoryRow.text).where(*mine))


def swap(connection: Connection, source: str, key: str, before: str | None, text: str) -> bool:
    """Keep a text of a source if what is kept is still `before`; return whether it was."""
    if remembered(connection, source, key) != before:
        return False
    remember(connection, source, {key: text})
    return True


def remember(connection: Connection, source: str, notes: Mapping[str, str]) -> None:
    """Keep texts of a source by their keys."""
    records = [{"source": source, "key": key, "text": text} for key, text in notes.items()]
    upsert(connection, MemoryRow, records)
