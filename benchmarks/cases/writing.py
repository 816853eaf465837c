"""Write a made case as a folder: samples, what they are, and labels (design, "Labelled cases")."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from outage.slots import format_time

from .events import Event
from .layout import DEVICES, PEOPLE, Layout, local_offsets
from .making import Made


def write_case(made: Made, parent: Path) -> Path:
    """Write a case below a folder and return its own folder."""
    folder = parent / f"made-{made.layout.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(samples(made), folder / "samples.parquet", compression="zstd")
    _write(folder / "case.json", about(made.layout))
    _write(folder / "labels.json", labels(made))
    return folder


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def samples(made: Made) -> pa.Table:
    """Return long samples, series by series; what is missing has no row."""
    times, columns = made.layout.times, []
    for key, values in _series(made):
        there = np.flatnonzero(~np.isnan(values))
        if len(there):
            columns.append((key, times[there], values[there]))
    counts = [len(values) for _, _, values in columns]
    moments = np.concatenate([times for _, times, _ in columns]).astype("datetime64[s]")
    table = {"slot_start": pa.array(moments.astype("datetime64[us]"), pa.timestamp("us", "UTC"))}
    for position, name in enumerate(("service", "vantage", "signal", "source")):
        if name != "source" or made.layout.sources:
            table[name] = _words([key[position] for key, _, _ in columns], counts)
    table["value"] = pa.array(np.concatenate([values for _, _, values in columns]))
    return pa.table(table)


def _words(values: list[str], counts: list[int]) -> pa.Array:
    names, codes = np.unique(values, return_inverse=True)
    return pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(codes, counts).astype(np.int32)), pa.array(list(names))
    )


def _series(made: Made) -> Iterator[tuple[tuple[str, str, str, str], np.ndarray]]:
    """Yield (subject, vantage, signal, source) with values by slot."""
    layout = made.layout
    subjects = (*layout.services, *layout.operators)
    for signal, values in sorted(made.values.items()):
        if signal in PEOPLE:
            source = "reports" if signal == "user_reports" else "social"
            for column, subject in enumerate(subjects):
                yield (subject, "", signal, source), values[:, column]
            continue
        kind = "devices" if signal in DEVICES else "flows"
        for column, service in enumerate(layout.services):
            for place, vantage in enumerate(layout.operators):
                key = (service, vantage, signal, f"{kind}-{vantage}")
                yield key, values[:, column, place]


def about(layout: Layout) -> dict[str, Any]:
    """Return what `case.json` says."""
    offset = int(local_offsets(layout)[layout.row(layout.judged_from)])
    return {
        "slot_seconds": layout.slot,
        "services": list(layout.services),
        "operators": list(layout.operators),
        "utc_offset_hours": offset / 3600,
        "time_zone": layout.zone,
        "starts": format_time(layout.starts),
        "ends": format_time(layout.ends),
        "judged_from": format_time(layout.judged_from),
    }


def labels(made: Made) -> dict[str, Any]:
    """Return what `labels.json` says; `traps` and `history` are only for looking closer."""
    return {
        "outages": [
            _row("cause", x) | {"recovered": format_time(x.recovered), "depth": x.depth}
            | {"slow": x.slow, "visibility": seen}
            for x, seen in zip(made.outages, made.visibility, strict=True)
        ],
        "nuisances": [_nuisance(x) for x in made.nuisances],
        "traps": [_nuisance(x) for x in made.traps],
        "history": [_row("kind", x) | {"depth": x.depth} for x in made.history],
    }  # fmt: skip


def _nuisance(event: Event) -> dict[str, Any]:
    more = {"detail": event.detail} if event.detail else {}
    return _row("kind", event) | more | ({"depth": event.depth} if event.depth else {})


def _row(kind: str, event: Event) -> dict[str, Any]:
    return {
        kind: event.kind,
        "start": format_time(event.start),
        "end": format_time(event.end),
        "service": event.service,
        "vantage": event.vantage,
    }
