"""Migrations on both databases: up, the same as the models, down and up again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import outage
from outage.errors import StoreError
from outage.store import Store, upgrade
from outage.store.database import Database
from outage.store.schema import HEAD, configuration, downgrade, migrations_folder
from outage.store.tables import Base
from tests.store.samples import NOW, batch, sample


def tables(url: str) -> set[str]:
    database = Database(url)
    with database.reading() as connection:
        found = set(inspect(connection).get_table_names())
    database.close()
    return found


def stamp(url: str, revision: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    database.close()


def test_upgrade_down_and_up_again(empty_url: str) -> None:
    first = upgrade(empty_url)
    assert (first.before, first.after) == (None, HEAD)
    assert tables(empty_url) == {*Base.metadata.tables, "alembic_version"}

    downgrade(empty_url, "base")
    assert tables(empty_url) == {"alembic_version"}

    upgrade(empty_url)
    with Store.open(empty_url) as store:
        assert store.add(batch(sample(1, 1.0)), NOW).new == 1
    again = upgrade(empty_url)
    assert (again.before, again.after) == (HEAD, HEAD)
    with Store.open(empty_url) as store:
        assert len(store.load(0, NOW)) == 1


def test_the_migrations_make_what_the_models_say(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database(empty_url)
    with database.reading() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_constraints_are_named_alike_on_both(empty_url: str) -> None:
    upgrade(empty_url)
    database = Database(empty_url)
    with database.reading() as connection:
        inspector = inspect(connection)
        for table in Base.metadata.sorted_tables:
            assert inspector.get_pk_constraint(table.name)["name"] == table.primary_key.name
            found = {one["name"] for one in inspector.get_foreign_keys(table.name)}
            assert found == {one.name for one in table.foreign_key_constraints}
    database.close()


def test_the_program_expects_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [HEAD]


def test_samples_have_no_rowid_on_sqlite(sqlite_store_url: str) -> None:
    database = Database(sqlite_store_url)
    with database.reading() as connection:
        query = "SELECT sql FROM sqlite_master WHERE name = 'samples'"
        assert "WITHOUT ROWID" in (connection.exec_driver_sql(query).scalar() or "")
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


def test_a_store_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "outage.db"

    with pytest.raises(StoreError, match="there is none yet; run `outage init`"):
        Store.open(f"sqlite:///{file}")

    assert not file.exists()


def test_a_database_without_tables_is_refused(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).touch()

    with pytest.raises(StoreError, match="no tables yet; run `outage init`"):
        Store.open(empty_url)


def test_an_older_and_a_newer_schema_are_refused(empty_url: str) -> None:
    upgrade(empty_url)

    stamp(empty_url, "0000")
    with pytest.raises(StoreError, match=r"schema 0000 is older .* run `outage init`"):
        Store.open(empty_url)

    stamp(empty_url, "9999")
    with pytest.raises(StoreError, match="schema 9999 is newer"):
        Store.open(empty_url)
    with pytest.raises(StoreError, match="schema 9999 is newer"):
        upgrade(empty_url)


def test_migrations_are_found_in_a_checkout_and_in_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Path(outage.__file__).parent.parent / "alembic"
    assert migrations_folder() == checkout

    installed = tmp_path / "site 100%" / "outage"
    shutil.copytree(checkout, installed / "migrations")
    monkeypatch.setattr(outage, "__file__", str(installed / "__init__.py"))
    assert migrations_folder() == installed / "migrations"
    assert upgrade(f"sqlite:///{tmp_path / 'outage.db'}").after == HEAD
