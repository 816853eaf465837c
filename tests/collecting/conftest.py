"""What tests of collecting share: a store, installed plugs, and a way to run them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outage.store import Store
from tests.collecting import plugs


@pytest.fixture
def opened(sqlite_store_url: str) -> Iterator[Store]:
    """Return an open store without samples on SQLite."""
    with Store.open(sqlite_store_url) as store:
        yield store


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    plugs.install(folder, monkeypatch)
