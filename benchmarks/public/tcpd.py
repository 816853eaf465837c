"""The Turing change point data as it ships, and the published scores that lie beside it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from outage.errors import BadInput

Floats = npt.NDArray[np.float64]

MADE_WHOLE = {"%Y": "-01-01", "%Y-%m": "-01", "%Y-%m-%d": "", "%Y-%m-%d %H:%M:%S": ""}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series: values (length, dimensions), NaN where missing; each annotator's indices.

    `times` are datetime64[s], or None where the data has no time.
    """

    name: str
    values: Floats
    times: npt.NDArray[np.datetime64] | None
    annotations: tuple[tuple[int, ...], ...]


def read_series(folder: Path) -> list[Series]:
    """Return the annotated series that are there, by name; raises BadInput if none is."""
    marks = folder / "annotations.json"
    paths = sorted((folder / "datasets").rglob("*.json"))
    if not marks.is_file() or not paths:
        raise BadInput(
            f"{folder}: no annotations.json or no datasets/*.json; give the folder with --data"
        )
    annotations = json.loads(marks.read_text(encoding="utf-8"))
    tables = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    return [
        _series(table, annotations[table["name"]]) for table in tables if _known(table, annotations)
    ]


def _known(table: dict[str, Any], annotations: dict[str, Any]) -> bool:
    return table.get("name") in annotations and "series" in table


def _series(table: dict[str, Any], marks: dict[str, list[int]]) -> Series:
    columns = [[np.nan if one is None else one for one in part["raw"]] for part in table["series"]]
    values = np.array(columns, dtype=np.float64).T
    return Series(table["name"], values, _times(table["time"]), tuple(map(tuple, marks.values())))


def _times(time: dict[str, Any]) -> npt.NDArray[np.datetime64] | None:
    """Return the times, or None where there are none or they are written in another way."""
    ending = MADE_WHOLE.get(time.get("format", ""))
    if ending is None or "raw" not in time:
        return None
    texts = [f"{text}{ending}".replace(" ", "T") for text in time["raw"]]
    return np.array(texts, dtype="datetime64[s]")


def read_published(folder: Path, table: str) -> dict[str, dict[str, float]]:
    """Return scores by method and series of a LaTeX table (`default_cover`, `default_f1`, ...).

    What failed (F), was missing (M) or does not apply is left out; {} where there is no table.
    """
    path = folder / "published" / f"{table}_combined_full.tex"
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    methods = re.findall(r"\\textsc\{(\w+)\}", text)
    scores: dict[str, dict[str, float]] = {name: {} for name in methods}
    for name, row in re.findall(r"\\verb\+(\w+)\+ & (.*)\\\\", text):
        for method, cell in zip(methods, row.split("&"), strict=True):
            if number := re.search(r"\d\.\d+", cell):
                scores[method][name] = float(number[0])
    return scores
