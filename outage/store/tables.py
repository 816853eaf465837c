"""The tables of the store: one schema for SQLite and PostgreSQL.

Moments are epoch seconds in 64 bits; names of sources and signals are plain strings. Rows of
these models never leave the store: what goes in and out are the records of `outage.words`.
"""

from __future__ import annotations

from typing import Annotated, Final

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Moment = Annotated[int, mapped_column(BigInteger)]
Slug = Annotated[str, mapped_column(String(64))]
Real = Annotated[float, mapped_column(Double)]
Document = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """What all tables share: the metadata, with names for every constraint."""

    metadata = MetaData(naming_convention=NAMING)


class SubjectRow(Base):
    """A service or an operator."""

    __tablename__ = "subjects"

    slug: Mapped[Slug] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))


class SeriesRow(Base):
    """A series, under the number by which its samples name it, and since when it is known."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("subject", "signal", "category", "vantage", "source", "slot_seconds"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject: Mapped[Slug] = mapped_column(ForeignKey("subjects.slug"))
    signal: Mapped[Slug]
    category: Mapped[Slug]
    vantage: Mapped[Slug]
    source: Mapped[Slug]
    slot_seconds: Mapped[int]
    known_since: Mapped[Moment | None]


class SampleRow(Base):
    """A sample as it was when its slot was judged.

    There is no foreign key to `series`: the store numbers series in the same transaction, and
    the check would cost PostgreSQL half of its bulk rate.
    """

    __tablename__ = "samples"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    slot_start: Mapped[Moment] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[Real]
    known_at: Mapped[Moment]
    weight: Mapped[Real | None]


class CorrectionRow(Base):
    """A later version of a sample whose slot had been judged."""

    __tablename__ = "corrections"
    __table_args__ = (
        ForeignKeyConstraint(
            ["series_id", "slot_start"],
            ["samples.series_id", "samples.slot_start"],
            ondelete="CASCADE",
        ),
    )

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    slot_start: Mapped[Moment] = mapped_column(primary_key=True, autoincrement=False)
    known_at: Mapped[Moment] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[Real]
    weight: Mapped[Real | None]


class RejectedRowRow(Base):
    """A row that was not taken, and why."""

    __tablename__ = "rejected_rows"
    __table_args__ = (UniqueConstraint("origin", "line", "reason"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    origin: Mapped[str] = mapped_column(String(500))
    line: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(500))
    remedy: Mapped[str] = mapped_column(String(500))
    excerpt: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[Moment]


class SourceRow(Base):
    """How fresh a source is, and what went wrong with it last."""

    __tablename__ = "sources"

    name: Mapped[Slug] = mapped_column(primary_key=True)
    last_slot_end: Mapped[Moment | None]
    last_success_at: Mapped[Moment | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    last_error_at: Mapped[Moment | None]


class CollectionRow(Base):
    """How far a source was collected, and how that went."""

    __tablename__ = "collections"

    source: Mapped[Slug] = mapped_column(primary_key=True)
    collected_until: Mapped[Moment | None]
    attempted_at: Mapped[Moment | None]
    failures: Mapped[int]
    paused_until: Mapped[Moment | None]


class MemoryRow(Base):
    """A text that a source keeps over restarts."""

    __tablename__ = "memories"

    source: Mapped[Slug] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    text: Mapped[Document]


class IncidentRow(Base):
    """An incident: what it is searched by, and the whole record as a document."""

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "start"), Index(None, "opened_at"))

    id: Mapped[Slug] = mapped_column(primary_key=True)
    subject: Mapped[Slug]
    vantage: Mapped[Slug | None]
    start: Mapped[Moment]
    end: Mapped[Moment | None]
    opened_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(32))
    document: Mapped[Document]


class NoticeRow(Base):
    """A notice; `vantage` is empty where the record has none, so that the key is whole."""

    __tablename__ = "notices"

    kind: Mapped[Slug] = mapped_column(primary_key=True)
    subject: Mapped[Slug] = mapped_column(primary_key=True)
    vantage: Mapped[Slug] = mapped_column(primary_key=True)
    start: Mapped[Moment] = mapped_column(primary_key=True, autoincrement=False)
    end: Mapped[Moment | None]
    document: Mapped[Document]


class JudgementRow(Base):
    """How far the fold has come and its state; one row, with id 1.

    `terms` says when a slot was complete: the grid, and the lag of every source.
    """

    __tablename__ = "judgement"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    judged_from: Mapped[Moment | None]
    judged_until: Mapped[Moment]
    terms: Mapped[str | None] = mapped_column(Text)
    document: Mapped[Document]


class BaselineRow(Base):
    """The baseline of one key for one day: two arrays of little-endian float64."""

    __tablename__ = "baselines"

    day: Mapped[Moment] = mapped_column(primary_key=True, autoincrement=False)
    slot_seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(500), primary_key=True)
    location: Mapped[bytes] = mapped_column(LargeBinary)
    spread: Mapped[bytes] = mapped_column(LargeBinary)
