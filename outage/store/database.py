"""One database: opened by its URL, read and written in transactions, its faults in one line."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from outage.errors import StoreError, UsageError

# An interrupt in the middle of a read is no news; without a handler it would be a traceback.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
BUSY_SECONDS: Final = 30
CONNECT_SECONDS: Final = 10

PRAGMAS: Final = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)

REMEDIES: Final = (
    ("readonly", "make the file writable or name another with --database"),
    ("read-only", "make the database writable or name another with --database"),
    ("unable to open", "check that its folder exists and may be written"),
    ("not a database", "name another file with --database"),
    ("locked", "another process holds it; try again when that has finished"),
    ("is full", "free some space and try again"),
    ("no space", "free some space and try again"),
    ("does not exist", "create it on the server first, or correct --database"),
    ("password", "correct the user and password in --database or OUTAGE_DATABASE_URL"),
    ("connect", "start the server, or correct --database"),
)

PASSING: Final = ("locked", "connect", "terminated", "shutting down", "starting up")


def parse_url(text: str) -> URL:
    """Return the URL of a SQLite or PostgreSQL database; raises UsageError.

    >>> parse_url("postgres://me:secret@localhost/outage").drivername
    'postgresql+psycopg'
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise UsageError(
            "--database: this is not a database URL; write sqlite:///FILE or"
            " postgresql://USER@HOST/NAME"
        ) from None
    backend = url.drivername.partition("+")[0]
    if backend == SQLITE:
        return url.set(drivername=SQLITE)
    if backend in {POSTGRESQL, "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise UsageError(
        f"--database: {backend!r} is not supported; write sqlite:///FILE or"
        " postgresql://USER@HOST/NAME"
    )


def shown_url(url: URL) -> str:
    """Return the URL as it may be printed: no password, no options.

    >>> shown_url(parse_url("postgresql://me:secret@localhost/outage?password=too"))
    'postgresql://me:***@localhost/outage'
    """
    name = url.drivername.partition("+")[0]
    return url.set(drivername=name, query={}).render_as_string(hide_password=True)


def _sqlite_engine(url: URL, file: Path | None) -> Engine:
    read_only = False
    if file is not None and file.exists() and not os.access(file, os.W_OK):
        read_only, there = True, file
        # Anew each time: whether somebody else is writing is seen when it is opened.
        engine = create_engine(url, creator=lambda: _read_only(there), poolclass=NullPool)
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own transactions would commit before DDL; ours begin explicitly.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            if not (read_only and "journal_mode" in pragma):
                connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _read_only(file: Path) -> sqlite3.Connection:
    """Connect to a file that may not be written.

    A write-ahead log cannot be begun there; where none is, nobody is writing, and the file is
    read as one that does not change (sqlite.org/wal.html, "Read-Only Databases").
    """
    unchanging = not file.with_name(f"{file.name}-wal").exists()
    uri = f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if unchanging else ''}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, connect_args={"connect_timeout": CONNECT_SECONDS}, pool_pre_ping=True)


class Database:
    """A database behind its URL; every fault of the driver becomes a StoreError."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.shown = shown_url(self.url)
        sqlite = self.url.drivername == SQLITE
        self.engine = (
            _sqlite_engine(self.url, self.file) if sqlite else _postgresql_engine(self.url)
        )

    @property
    def file(self) -> Path | None:
        """Return the file of a SQLite database, None where there is none."""
        name = self.url.database
        if self.url.drivername != SQLITE or not name or name.startswith((":memory:", "file:")):
            return None
        return Path(name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the store and changes nothing."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one writing transaction; others wait, so what was read stays true."""
        with self._translated(), self._immediate() as connection:
            if connection.dialect.name == POSTGRESQL:
                connection.exec_driver_sql("LOCK TABLE judgement IN SHARE ROW EXCLUSIVE MODE")
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Open a transaction that may create and alter tables; a second one waits."""
        with self._translated(), self._immediate() as connection:
            if connection.dialect.name == POSTGRESQL:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('outage'))")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _immediate(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            # A deferred transaction that reads first could not wait for another writer.
            connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        dbapi = self.engine.dialect.loaded_dbapi
        try:
            yield
        except DBAPIError as error:
            raise self._fault(error.orig or error) from error
        except (dbapi.Error, SQLAlchemyError) as error:
            raise self._fault(error) from error

    def _fault(self, error: BaseException) -> StoreError:
        text = str(error).strip() or type(error).__name__
        reason = text.splitlines()[0].strip()
        if self.url.password:
            reason = reason.replace(str(self.url.password), "***")
        remedy = next((cure for sign, cure in REMEDIES if sign in reason.lower()), None)
        message = f"store {self.shown}: {reason}" + (f"; {remedy}" if remedy else "")
        passing = any(sign in reason.lower() for sign in PASSING)
        return StoreError(message, permanent=not passing)
