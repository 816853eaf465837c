"""Addresses and faults: one clear line each, and never a password in it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from outage.errors import OutageError, StoreError, UsageError
from outage.store import Store, upgrade
from outage.store.database import Database, parse_url, shown_url
from tests.store.samples import NOW, batch, sample

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://me:{SECRET}@localhost:5432/outage",
        f"postgres://me:{SECRET}@localhost/outage?sslmode=disable",
        f"postgresql+psycopg2://me@localhost/outage?password={SECRET}",
    ],
)
def test_a_shown_url_holds_no_password(text: str) -> None:
    url = parse_url(text)

    assert url.drivername == "postgresql+psycopg"
    assert SECRET not in shown_url(url)
    assert shown_url(url).startswith("postgresql://me")


@pytest.mark.parametrize(
    "text",
    ["", "outage.db", f"mysql://me:{SECRET}@host/db", f"://me:{SECRET}@x", "postgresql://h:x"],
)
def test_what_is_no_database_url_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="sqlite:///FILE or postgresql://") as caught:
        Database(text)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("step", [Store.open, upgrade])
def test_a_server_that_is_not_there_is_one_line_without_the_password(step: object) -> None:
    assert callable(step)
    with pytest.raises(StoreError) as caught:
        step(f"postgresql://me:{SECRET}@127.0.0.1:1/outage")

    message = str(caught.value)
    assert "postgresql://me:***@127.0.0.1:1/outage" in message
    assert "refused" in message
    assert "start the server" in message
    assert SECRET not in message
    assert "\n" not in message
    assert not caught.value.permanent


def test_a_database_that_does_not_exist_names_the_remedy(postgresql_server: str) -> None:
    url = postgresql_server.replace("/postgres?", "/nowhere?")

    with pytest.raises(StoreError, match='"nowhere" does not exist; create it on the server'):
        upgrade(url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, " * 100)

    for step in (Store.open, upgrade):
        with pytest.raises(StoreError, match="not a database; name another file"):
            step(f"sqlite:///{file}")

    assert file.read_text() == "not a database, " * 100


def test_a_folder_that_is_not_there_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"unable to open .* check that its folder exists"):
        upgrade(f"sqlite:///{tmp_path / 'nowhere' / 'outage.db'}")


def test_a_read_only_store_is_read_and_refuses_to_be_written(sqlite_store_url: str) -> None:
    with Store.open(sqlite_store_url) as store:
        store.add(batch(sample(1, 1.0)), NOW)
    file = sqlite_store_url.removeprefix("sqlite:///")

    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert len(store.load(0, NOW)) == 1
        with pytest.raises(StoreError, match="readonly database; make the file writable"):
            store.add(batch(sample(2, 1.0)), NOW)


@pytest.mark.parametrize("folder", [0o555, 0o777])
@pytest.mark.parametrize("log", [False, True], ids=["at rest", "being written"])
def test_a_store_whose_file_may_not_be_written_is_read(
    tmp_path: Path, sqlite_store_url: str, folder: int, *, log: bool
) -> None:
    """As another user, where the tests run as root, who may write everything."""
    with Store.open(sqlite_store_url) as store:
        store.add(batch(sample(1, 1.0)), NOW)
    writing = Store.open(sqlite_store_url) if log else None
    if writing is not None:
        writing.add(batch(sample(2, 1.0)), NOW)
    for part in tmp_path.iterdir():
        part.chmod(0o444)
    for above in tmp_path.parents[:2]:
        above.chmod(0o755)
    tmp_path.chmod(folder)
    try:
        assert _as_another(lambda: _read(sqlite_store_url)) == (2 if log else 1)
        assert _as_another(lambda: _write(sqlite_store_url)) == 77
    finally:
        tmp_path.chmod(0o755)
        if writing is not None:
            writing.close()


def _read(url: str) -> int:
    with Store.open(url) as store:
        return len(store.load(0, NOW))


def _write(url: str) -> int:
    with Store.open(url) as store, pytest.raises(StoreError, match="make the file writable"):
        store.add(batch(sample(3, 1.0)), NOW)
    return 77


def _as_another(step: Callable[[], int]) -> int:
    """Return what `step` returns, a small number, in a process without root's rights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it forks beside threads, and ends
        child = os.fork()
    if not child:
        code = 99
        try:
            if os.getuid() == 0:
                os.setuid(65_534)
            code = step()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_locked_store_says_so_and_that_it_is_worth_another_try(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outage.store.database.PRAGMAS", ("PRAGMA busy_timeout=10",))
    other = sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with Store.open(sqlite_store_url) as store:
        with pytest.raises(StoreError, match="locked; another process") as caught:
            store.add(batch(sample(1, 1.0)), NOW)
        assert not caught.value.permanent
        other.execute("ROLLBACK")
        assert store.add(batch(sample(1, 1.0)), NOW).new == 1
    other.close()


def test_a_fault_halfway_leaves_the_store_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutageError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr("outage.store.margins.note_success", fail)
        with pytest.raises(OutageError, match="disk is gone"):
            store.add(batch(sample(1, 1.0)), NOW)
    assert store.series() == []

    assert store.add(batch(sample(1, 1.0)), NOW).new == 1
    assert len(store.load(0, NOW)) == 1


WRITER = """
import sys
from outage.store import Store
from outage.words import Series
from tests.store.samples import NOW, batch, sample
with Store.open(sys.argv[1]) as store:
    own = Series(sys.argv[2], "flows")
    both = Series("both", "flows")
    for turn in range(25):
        slots = range(turn * 20, turn * 20 + 20)
        store.add(batch(*(sample(n, n, series=one) for n in slots for one in (own, both))), NOW)
"""


def test_two_processes_write_at_once(store_url: str) -> None:
    root = Path(__file__).parent.parent.parent
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, store_url, name],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    faults = [writer.communicate(timeout=60)[1] for writer in writers]

    assert faults == ["", ""]
    with Store.open(store_url) as store:
        assert [one.subject for one in store.series()] == ["both", "left", "right"]
        assert len(store.load(0, NOW)) == 3 * 25 * 20
