"""Round-trip times of RIPE Atlas probes with change points labelled by hand."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from outage.errors import BadInput

Floats = npt.NDArray[np.float64]
Scores = tuple[float, float, float]  # precision, recall, F2


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One trace: milliseconds by position, NaN for a loss; the positions labelled as changes.

    Labels, and the published scores, count samples: times (two formats in the files) play no part.
    """

    name: str
    rtt_ms: Floats
    labels: tuple[int, ...]


def read_traces(folder: Path) -> list[Trace]:
    """Return the traces (NAME.csv.gz) by name; raises BadInput if there is none."""
    paths = sorted(folder.glob("*.csv.gz"))
    if not paths:
        raise BadInput(f"{folder}: no *.csv.gz in it; give the folder with --data")
    return [_trace(path) for path in paths]


def _trace(path: Path) -> Trace:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = [(float(row["rtt"]), row["cp"]) for row in csv.DictReader(lines, delimiter=";")]
    rtt_ms = np.array([rtt for rtt, _ in rows])
    labels = tuple(position for position, (_, mark) in enumerate(rows) if float(mark) == 1)
    return Trace(path.name.removesuffix(".csv.gz"), np.where(rtt_ms > 0, rtt_ms, np.nan), labels)


def read_published(folder: Path) -> dict[str, dict[str, Scores]]:
    """Return the published scores by method and trace; {} where they are not in the folder."""
    path = folder / "published_cpt_real_paper.csv"
    scores: dict[str, dict[str, Scores]] = defaultdict(dict)
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = (float(row["precision"]), float(row["recall"]), float(row["f2"]))
                scores[row["method"]][Path(row["file"]).stem] = found
    return dict(scores)
