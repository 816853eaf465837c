"""Write an incident as a labelled case, so that the next version is judged on it.

The folder is what `outage evaluate` reads (design, "Labelled cases").
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from outage.batches import SampleBatch
from outage.errors import UsageError
from outage.judging.layout import Plane, lay_out
from outage.slots import DAY, HOUR, format_time
from outage.store.store import Store
from outage.words import Cause, Incident, Series

BEFORE_DAYS: Final = 28
AFTER_DAYS: Final = 2
CALM_DAYS: Final = 1  # judged before the incident, so that a false alarm there shows


@dataclass(frozen=True, slots=True)
class Correction:
    """What people know better about an incident; None leaves it as it is stored.

    `false_alarm` says that it was none: the case then has no such outage.
    """

    cause: Cause | None = None
    start: int | None = None
    end: int | None = None
    false_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: how many samples and outages, and one line per source left out."""

    folder: Path
    samples: int
    outages: int
    left_out: tuple[str, ...]


def export_case(
    store: Store,
    incident_id: str,
    folder: Path,
    correction: Correction = Correction(),
    grid_seconds: int = 600,
) -> Exported:
    """Write the incident and the other incidents of its subjects around it, with their samples.

    28 days before and 2 after, as far as they are stored, as they were judged. Raises UsageError
    for an unknown incident, one that is still open without an end, or a folder that is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: not an empty folder; name a new one")
    one = _find(store, incident_id)
    start, end = _span(one, correction)
    label = None if correction.false_alarm else _corrected(one, correction)
    first = start - start % DAY - BEFORE_DAYS * DAY
    last = end - end % DAY + (AFTER_DAYS + 1) * DAY
    batch = store.load(first, last, subjects=_subjects(store, one, label))
    if not len(batch):
        raise UsageError(f"{one.id}: its samples are no longer in the store; nothing to export")
    plane, left_out = _plane(batch, grid_seconds)
    seconds = plane.slot_seconds
    first = max(first, int(batch.slot_start.min()) // HOUR * HOUR)
    last = min(last, int(batch.slot_start.max()) // seconds * seconds + seconds)
    judged_from = max(first, start - start % DAY - CALM_DAYS * DAY)
    about = _about(plane, first, last, judged_from) | {"incident": one.id}
    known = {*about["services"], *about["operators"]}
    others = [other for other in store.incidents(judged_from, last) if other.subject in known]
    outages = [_label(other, other.end or last) for other in others if other.id != one.id]
    outages = sorted([*outages, *([label] if label else [])], key=lambda row: str(row["start"]))
    part = folder.with_name(f"{folder.name}.part")  # a folder is whole, or not there
    part.mkdir(parents=True, exist_ok=True)
    count = _write_samples(part / "samples.parquet", plane, batch, first, last)
    _write_json(part / "case.json", about)
    _write_json(part / "labels.json", {"outages": outages, "nuisances": []})
    part.replace(folder)
    return Exported(folder, count, len(outages), left_out)


def _find(store: Store, incident_id: str) -> Incident:
    """Return the incident of an id, or of the beginning of one."""
    found = [one for one in store.incidents() if one.id.startswith(incident_id)]
    if len(found) == 1:
        return found[0]
    what = "several incidents begin so" if found else "the store has no such incident"
    raise UsageError(f"{incident_id}: {what}; `outage incidents --json` lists their ids")


def _span(one: Incident, correction: Correction) -> tuple[int, int]:
    start = one.start if correction.start is None else correction.start
    end = one.end if correction.end is None else correction.end
    if end is None:
        raise UsageError(f"{one.id}: still open; say with --end when it ended")
    if end <= start:
        raise UsageError(f"--end {format_time(end)} is not after the start {format_time(start)}")
    return start, end


def _subjects(store: Store, one: Incident, label: dict[str, Any] | None) -> set[str]:
    """Return whose samples belong to the case: the event's subjects, and who is seen with them.

    An operator is judged by all services seen from it.
    """
    event = {other.subject for other in store.incidents() if other.event == one.event}
    event |= {label["vantage"]} if label and label["cause"] == Cause.OPERATOR else set()
    series = store.series()
    event |= {s.subject for s in series if s.vantage in event}
    return event | {s.vantage for s in series if s.subject in event and s.vantage}


def _vantages(plane: Plane) -> set[str]:
    return {one.vantage for one in plane.series if one.vantage}


def _plane(batch: SampleBatch, grid_seconds: int) -> tuple[Plane, tuple[str, ...]]:
    """Return the plane with most series, and a line for each source that is not on its grid."""
    planes = lay_out(batch.series, grid_seconds)
    best = max(planes, key=lambda plane: (len(plane.series), -plane.slot_seconds))
    others = sorted({s.source for plane in planes if plane is not best for s in plane.series})
    grid = best.slot_seconds
    return best, tuple(
        f"{name}: left out, its slots cannot be brought to the case's {grid} s" for name in others
    )


def _about(plane: Plane, first: int, last: int, judged_from: int) -> dict[str, Any]:
    vantages = _vantages(plane)
    return {
        "slot_seconds": plane.slot_seconds,
        "services": sorted({one.subject for one in plane.series} - vantages),
        "operators": sorted(vantages),
        "starts": format_time(first),
        "ends": format_time(last),
        "judged_from": format_time(judged_from),
    }


def _corrected(one: Incident, correction: Correction) -> dict[str, Any]:
    """Return the incident's label as people corrected it; raises UsageError."""
    start, end = _span(one, correction)
    cause = correction.cause or one.cause
    label = _label(replace(one, cause=cause, start=start), end)
    if cause is not Cause.OPERATOR or one.cause is Cause.OPERATOR:
        return label
    if len(one.vantages) != 1:
        raise UsageError(
            f"--cause operator: {one.id} was seen at {', '.join(one.vantages) or 'no vantage'};"
            " only what one operator saw can be its outage"
        )
    return label | {"service": None, "vantage": one.vantages[0]}


def _label(one: Incident, end: int) -> dict[str, Any]:
    operator = one.cause is Cause.OPERATOR
    return {
        "cause": one.cause.value,
        "start": format_time(one.start),
        "end": format_time(end),
        "recovered": format_time(end),
        "service": None if operator else one.subject,
        "vantage": one.subject if operator else one.vantage,
        "depth": one.severity,
    }


def _write_samples(path: Path, plane: Plane, batch: SampleBatch, first: int, last: int) -> int:
    """Write what was judged of `[first, last)`, on the case's grid; a gap is no row."""
    import pandas as pd

    panel = plane.panel(batch, first, last)
    # A whole that judging adds up of its parts is added up again when the case is read.
    stored = {_key(one) for one in batch.series}
    kept = [i for i, s in enumerate(plane.series) if _key(s) in stored]
    rows, columns = np.nonzero(np.isfinite(panel.values[:, kept]))
    chosen = np.array(kept)[columns]
    names = {
        name: np.array([getattr(one, name) for one in plane.series], dtype=object)
        for name in ("subject", "signal", "category", "vantage", "source")
    }
    frame = pd.DataFrame(
        {
            "slot_start": pd.to_datetime(panel.slot_starts[rows], unit="s", utc=True),
            "service": names["subject"][chosen],
            "signal": names["signal"][chosen],
            "category": names["category"][chosen],
            "vantage": names["vantage"][chosen],
            "source": names["source"][chosen],
            "value": panel.values[rows, chosen],
        }
    )
    frame.to_parquet(path, index=False)
    return len(frame)


def _key(one: Series) -> tuple[str, ...]:
    return one.subject, one.signal, one.category, one.vantage, one.source


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
