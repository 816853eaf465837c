"""`outage demo --no-serve`: from nothing to the printed blackout, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from outage.store import Store
from outage.words import Cause
from tests.cli.test_detect import outage


def test_the_demo_needs_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    first = outage("demo", "--no-serve")
    again = outage("demo", "--no-serve")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0].endswith("(reconstruction)")
    assert first.stdout.count("application") == 4
    assert again.returncode == 0
    assert "437,472 there before" in again.stdout or " 0 samples loaded" in again.stdout
    assert again.stdout.partition("Incidents")[2] == first.stdout.partition("Incidents")[2]
    assert [file.name for file in tmp_path.glob("*.db")] == ["outage-demo.db"]
    with Store.open(f"sqlite:///{tmp_path / 'outage-demo.db'}") as store:
        assert [one.cause for one in store.incidents()] == [Cause.APPLICATION] * 4
