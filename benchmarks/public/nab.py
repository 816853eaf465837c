"""The files and labelled windows of the Numenta Anomaly Benchmark, or of any part of it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from outage.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file: its name in the labels, times (epoch seconds, as written), values, windows.

    `times` need not ascend (one file holds a clock change); `spans` are the first and last row
    of each labelled window.
    """

    name: str
    times: Ints
    values: Floats
    spans: tuple[tuple[int, int], ...]


def read_corpus(folder: Path, beginning: str = "") -> list[File]:
    """Return the labelled files under `folder`/data whose name begins so.

    Raises BadInput naming what is missing.
    """
    labels = _json(_first(folder, "combined_windows.json", "labels/combined_windows.json"))
    names = [name for name in sorted(labels) if name.startswith(beginning)]
    present = [name for name in names if (folder / "data" / name).is_file()]
    if not present:
        asked = f" that begin with {beginning!r}" if beginning else ""
        raise BadInput(f"{folder / 'data'}: none of the {len(names)} labelled files{asked} is here")
    return [_read(folder / "data" / name, name, labels[name]) for name in present]


def read_profiles(folder: Path) -> dict[str, dict[str, float]]:
    """Return the weights of each profile by name."""
    profiles = _json(_first(folder, "config/profiles.json"))
    return {name: profile["CostMatrix"] for name, profile in profiles.items()}


def _first(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise BadInput(f"{folder}: no {names[0]} in it; give the benchmark's folder with --data")


def _json(path: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def _read(path: Path, name: str, windows: list[list[str]]) -> File:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [(_moment(row["timestamp"]), float(row["value"])) for row in csv.DictReader(lines)]
    times = np.array([moment for moment, _ in rows], dtype=np.int64)
    values = np.array([value for _, value in rows], dtype=np.float64)
    spans = sorted((_row(times, first, path), _row(times, last, path)) for first, last in windows)
    return File(name, times, values, tuple(spans))


def _moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _row(times: Ints, text: str, path: Path) -> int:
    """Return the first row with a time; labels name rows by it."""
    rows = np.flatnonzero(times == _moment(text))
    if not len(rows):
        raise BadInput(f"{path}: the labelled time {text} is none of its rows")
    return int(rows[0])
