"""`outage init`: creates, upgrades, and leaves alone what is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from outage.cli.main import build
from outage.store import Store
from outage.store.schema import HEAD, downgrade


def test_init_creates_and_then_finds_it_up_to_date(empty_url: str) -> None:
    runner = CliRunner()

    created = runner.invoke(build(), ["init", "--database", empty_url])
    again = runner.invoke(build(), ["init"], env={"OUTAGE_DATABASE_URL": empty_url})

    assert (created.exit_code, again.exit_code) == (0, 0)
    assert created.stdout.startswith("created the store ")
    assert again.stdout.rstrip().endswith(f"is up to date, schema {HEAD}")
    Store.open(empty_url).close()


def test_init_upgrades_an_older_store(empty_url: str) -> None:
    runner = CliRunner()
    runner.invoke(build(), ["init", "--database", empty_url])
    downgrade(empty_url, "base")

    assert runner.invoke(build(), ["init", "--database", empty_url]).exit_code == 0
    Store.open(empty_url).close()


def test_init_makes_outage_db_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTAGE_DATABASE_URL", raising=False)

    assert CliRunner().invoke(build(), ["init"]).exit_code == 0
    assert (tmp_path / "outage.db").is_file()
