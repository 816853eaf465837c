"""An installed package with a channel, and files to break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a catalogue file and names it."""

    def write(text: str) -> Path:
        path = tmp_path / "outage.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def pigeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a channel plug by its entry point, as any package would; return its name."""
    site = tmp_path / "site"
    info = site / "pigeons-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[outage.channels]\npigeon = pigeons:Pigeon\n")
    monkeypatch.syspath_prepend(str(site))
    return "pigeon"
