"""Create, upgrade and check the schema; the migrations travel with the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect

import outage
from outage.errors import StoreError
from outage.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0003"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What `upgrade` did: the printable URL and the schema before (None: none) and after."""

    database: str
    before: str | None
    after: str


def migrations_folder() -> Path:
    """Return the folder of the migrations, in an installed package or in a checkout."""
    package = Path(outage.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "alembic"


def upgrade(url: str) -> Upgrade:
    """Create the store at `url`, or bring it to the newest schema; raises StoreError."""
    return _migrate(url, "upgrade", "head")


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to `revision` ("base": nothing is left); raises StoreError."""
    _migrate(url, "downgrade", revision)


def check_current(database: Database) -> None:
    """Refuse a store that is not there, or whose schema is not this program's; StoreError."""
    if database.file is not None and not database.file.exists():
        raise StoreError(f"store {database.shown}: there is none yet; run `outage init`")
    with database.reading() as connection:
        revision = current_revision(connection)
    if revision is None:
        raise StoreError(f"store {database.shown}: it has no tables yet; run `outage init`")
    if revision > HEAD:
        raise StoreError(
            f"store {database.shown}: its schema {revision} is newer than this program's {HEAD};"
            " install the newer outage"
        )
    if revision < HEAD:
        raise StoreError(
            f"store {database.shown}: its schema {revision} is older than this program's {HEAD};"
            " run `outage init` to upgrade it"
        )


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the schema, None where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if revision is None else str(revision)


def configuration(connection: Connection | None = None) -> Config:
    """Return the configuration of the migrations, with the connection they run on."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _migrate(url: str, direction: str, revision: str) -> Upgrade:
    from alembic import command

    database = Database(url)
    try:
        with database.migrating() as connection:
            before = current_revision(connection)
            if before is not None and before > HEAD:
                raise StoreError(
                    f"store {database.shown}: its schema {before} is newer than this program's"
                    f" {HEAD}; install the newer outage"
                )
            getattr(command, direction)(configuration(connection), revision)
            return Upgrade(database.shown, before, revision if revision != "head" else HEAD)
    finally:
        database.close()
