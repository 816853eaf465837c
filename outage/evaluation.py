"""Judge labelled cases, by the rules of the design ("Labelled cases"), and count.

The same engine as live running; nothing here is told the labels before it has judged.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from outage.batches import SampleBatch
from outage.errors import BadInput, OutageError
from outage.judging.engine import Engine
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.settings import Settings
from outage.slots import check_slot_seconds, parse_time
from outage.words import SIGNALS, Incident, Notice, Series, as_json

if TYPE_CHECKING:
    import pandas as pd

WEEK: Final = 7 * 86_400
SAME_KIND: Final = {"feast": "ebb", "match": "ebb", "ebb": "ebb"}
MOST_JSON_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled outage or nuisance; moments are epoch seconds."""

    kind: str
    start: int
    end: int
    recovered: int
    service: str | None
    vantage: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with samples, what they are, and the labels where known."""

    name: str
    slot_seconds: int
    services: tuple[str, ...]
    operators: tuple[str, ...]
    judged_from: int
    ends: int
    batch: SampleBatch
    outages: tuple[Label, ...] = ()
    nuisances: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case went: one row per outage detected, and what was opened besides."""

    name: str
    outages: int
    detections: tuple[Detection, ...]
    false_alarms: int
    duplicates: int
    nuisances: int
    named: int
    subject_weeks: float
    confidences: tuple[tuple[float, bool], ...]
    causes: tuple[tuple[str, bool], ...]
    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """One outage that was found, and how well; distances in slots."""

    cause: str
    delay: float
    confirmed_delay: float | None
    cause_right: bool
    scope_right: bool
    onset_error: float
    end_error: float | None


# -- reading --------------------------------------------------------------------------------


def read_case(folder: Path) -> Case:
    """Read a labelled case; raises BadInput naming the file and what is wrong with it."""
    about = _read_json(folder / "case.json")
    labels = folder / "labels.json"
    table = _read_json(labels) if labels.exists() else {}
    try:
        return Case(
            name=folder.name,
            slot_seconds=check_slot_seconds(int(about["slot_seconds"])),
            services=tuple(about["services"]),
            operators=tuple(about["operators"]),
            judged_from=parse_time(about["judged_from"]),
            ends=parse_time(about["ends"]),
            batch=_read_samples(folder, int(about["slot_seconds"])),
            outages=tuple(_label(row, "cause") for row in table.get("outages", ())),
            nuisances=tuple(_label(row, "kind") for row in table.get("nuisances", ())),
        )
    except KeyError as error:
        raise BadInput(
            f"{folder.name}: {error.args[0]!r} is missing; see `Labelled cases`"
        ) from None
    except (AttributeError, TypeError, ValueError, OutageError) as error:
        where = "" if folder.name in str(error) else f"{folder.name}: "
        raise BadInput(f"{where}{error}; see `Labelled cases`") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_JSON_BYTES:
            raise BadInput(f"{path}: larger than 16 MiB; a case describes itself in a few lines")
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path}: not there; a case needs case.json and samples.parquet") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON ({error})") from error
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a JSON object")
    return document


def _label(row: dict[str, Any], kind: str) -> Label:
    end = parse_time(row["end"])
    recovered = parse_time(row["recovered"]) if row.get("recovered") else end
    return Label(
        row[kind],
        parse_time(row["start"]),
        end,
        recovered,
        row.get("service"),
        row.get("vantage"),
    )


def _read_samples(folder: Path, slot_seconds: int) -> SampleBatch:
    import pandas as pd

    parquet, text = folder / "samples.parquet", folder / "samples.csv"
    try:
        frame = pd.read_parquet(parquet) if parquet.exists() else pd.read_csv(text)
        moments = pd.to_datetime(frame["slot_start"], utc=True).astype("datetime64[s, UTC]")
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{folder}: samples cannot be read ({error})") from error
    _check_columns(folder, frame)
    names = [
        frame[name].astype(str).fillna("") if name in frame else pd.Series("", index=frame.index)
        for name in ("service", "signal", "category", "vantage", "source")
    ]
    codes, keys = pd.MultiIndex.from_arrays(names).factorize()
    series = tuple(Series(*key, slot_seconds=slot_seconds) for key in keys)
    starts = moments.astype("int64").to_numpy()
    return SampleBatch(
        series,
        codes.astype(np.int64),
        starts,
        frame["value"].to_numpy(np.float64),
        starts + slot_seconds,
        np.full(len(frame), np.nan),
    )


def _check_columns(folder: Path, frame: pd.DataFrame) -> None:
    missing = {"service", "signal", "value"} - set(frame)
    unknown = set() if missing else set(frame["signal"].unique()) - set(SIGNALS)
    if missing or unknown:
        names = ", ".join(sorted(map(str, missing or unknown)))
        fault = "columns missing" if missing else "signals not known"
        raise BadInput(f"{folder}: samples have {fault}: {names}; see `Long samples`")


# -- judging --------------------------------------------------------------------------------


def judge_case(case: Case, settings: Settings) -> Outcome:
    """Judge one case and compare with its labels."""
    judging = settings.judging.model_copy(update={"grid_seconds": case.slot_seconds})
    engine = Engine(
        MemorySource(case.batch), settings.model_copy(update={"judging": judging}), no_offsets
    )
    incidents, notices, _ = run(engine, engine.start(case.judged_from), case.ends)
    return compare(case, incidents, notices)


def compare(case: Case, incidents: Sequence[Incident], notices: Sequence[Notice]) -> Outcome:
    """Count detections, false alarms, duplicates and named nuisances by the design's rules."""
    labels = [label for label in case.outages if label.recovered >= case.judged_from]
    taken: set[str] = set()
    detections, confidences, causes = [], [], []
    for label in labels:
        found = _detecting(case, label, incidents, taken)
        causes.append((label.kind, found is not None))
        if found is not None:
            taken.add(found.id)
            detections.append(_detection(case, label, found))
    false = [one for one in incidents if not any(_overlaps(case, one, x) for x in labels)]
    false_ids = {one.id for one in false}
    duplicates = len(incidents) - len(false) - len(taken)
    for one in incidents:
        confidences.append((one.confidence, one.id not in false_ids))
    nuisances = [label for label in case.nuisances if label.end >= case.judged_from]
    named = sum(any(_names(label, one) for one in notices) for label in nuisances)
    weeks = (case.ends - case.judged_from) / WEEK * (len(case.services) + len(case.operators))
    return Outcome(
        case.name,
        len(labels),
        tuple(detections),
        len(false),
        duplicates,
        len(nuisances),
        named,
        weeks,
        tuple(confidences),
        tuple(causes),
        tuple(incidents),
        tuple(notices),
    )


def _subject(label: Label) -> str | None:
    return label.service if label.service is not None else label.vantage


def _detecting(
    case: Case, label: Label, incidents: Iterable[Incident], taken: set[str]
) -> Incident | None:
    allowed = max(3 * case.slot_seconds, 1800)
    for one in sorted(incidents, key=lambda x: x.opened_at):
        if one.id in taken or one.subject != _subject(label):
            continue
        over = one.end is None or one.end >= label.start
        latest = max(label.start + allowed, label.end)
        if over and one.start <= label.end and label.start < one.opened_at <= latest:
            return one
    return None


def _detection(case: Case, label: Label, one: Incident) -> Detection:
    slot = case.slot_seconds
    end_error = None
    if one.end is not None:
        end_error = max(0, label.end - one.end, one.end - label.recovered) / slot
    confirmed = None if one.confirmed_at is None else (one.confirmed_at - label.start) / slot
    return Detection(
        label.kind,
        (one.opened_at - label.start) / slot,
        confirmed,
        one.cause == label.kind,
        _scope(case, label, one),
        abs(one.start - label.start) / slot,
        end_error,
    )


def _scope(case: Case, label: Label, one: Incident) -> bool:
    alone = len(case.operators) == 1
    return one.vantage == label.vantage or (alone and (one.vantage is None or not label.vantage))


def _overlaps(case: Case, one: Incident, label: Label) -> bool:
    begin = label.start - case.slot_seconds
    end = max(label.end, label.recovered) + 2 * case.slot_seconds
    if (one.end is not None and one.end < begin) or one.start > end:
        return False
    vantage = one.subject if one.subject in case.operators else one.vantage
    if vantage is None and len(case.operators) == 1:
        vantage = case.operators[0]
    same_service = label.service is not None and one.subject == label.service
    return same_service or (label.vantage is not None and vantage == label.vantage)


def _names(label: Label, one: Notice) -> bool:
    kind = SAME_KIND.get(label.kind, label.kind)
    if SAME_KIND.get(one.kind, one.kind) != kind:
        return False
    if label.service is not None and one.subject != label.service:
        return False
    return one.start <= label.end and (one.end is None or one.end >= label.start)


# -- counting -------------------------------------------------------------------------------


@dataclass(slots=True)
class Report:
    """All cases together."""

    outcomes: list[Outcome]
    wall_s: float
    failed: list[str] = field(default_factory=list)


def evaluate(folders: Sequence[Path], settings: Settings, workers: int = 2) -> Report:
    """Judge every case; a folder that cannot be read is reported and leaves the others alone."""
    begun = time.perf_counter()
    outcomes, failed = [], []
    with ProcessPoolExecutor(max_workers=workers) as pool:
        jobs = [pool.submit(_judge_folder, folder, settings) for folder in folders]
        for job in jobs:
            try:
                outcomes.append(job.result())
            except BadInput as error:
                failed.append(str(error))
    return Report(outcomes, time.perf_counter() - begun, failed)


def _judge_folder(folder: Path, settings: Settings) -> Outcome:
    return judge_case(read_case(folder), settings)


def summary(report: Report) -> dict[str, Any]:
    """Return the contract's JSON document."""
    outcomes = report.outcomes
    found = [one for outcome in outcomes for one in outcome.detections]
    outages = sum(outcome.outages for outcome in outcomes)
    false = sum(outcome.false_alarms for outcome in outcomes)
    weeks = sum(outcome.subject_weeks for outcome in outcomes)
    nuisances = sum(outcome.nuisances for outcome in outcomes)
    named = sum(outcome.named for outcome in outcomes)
    duplicates = sum(outcome.duplicates for outcome in outcomes)
    confirmed = [d.confirmed_delay for d in found if d.confirmed_delay is not None]
    sure = [pair for outcome in outcomes for pair in outcome.confidences]
    return {
        "cases": len(outcomes),
        "outages": outages,
        "detected": len(found),
        "recall": _share(len(found), outages),
        "false_alarms": false,
        "false_alarms_per_subject_week": round(false / weeks, 4) if weeks else None,
        "duplicates": duplicates,
        "delay_slots": _quantiles([d.delay for d in found]),
        "confirmed_delay_slots": _quantiles(confirmed),
        "cause_accuracy": _share(sum(d.cause_right for d in found), len(found)),
        "scope_accuracy": _share(sum(d.scope_right for d in found), len(found)),
        "onset_error_slots": {"median": _median([d.onset_error for d in found])},
        "end_error_slots": {
            "median": _median([d.end_error for d in found if d.end_error is not None])
        },
        "nuisances_named": _share(named, nuisances),
        "brier": round(float(np.mean([(p - hit) ** 2 for p, hit in sure])), 4) if sure else None,
        "wall_s": round(report.wall_s, 1),
        "by_cause": _by_cause(outcomes, found),
        "intervals": {
            "recall": wilson(len(found), outages),
            "cause_accuracy": wilson(sum(d.cause_right for d in found), len(found)),
            "scope_accuracy": wilson(sum(d.scope_right for d in found), len(found)),
            "nuisances_named": wilson(named, nuisances),
            "false_alarms_per_subject_week": _bootstrap(outcomes),
        },
        "failed": report.failed,
        "per_case": [
            {
                "case": outcome.name,
                "incidents": [as_json(one) for one in outcome.incidents],
                "notices": [as_json(one) for one in outcome.notices],
            }
            for outcome in outcomes
        ],
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    p90 = round(float(np.quantile(values, 0.9)), 3) if values else None
    return {"median": _median(values), "p90": p90}


def _by_cause(outcomes: Sequence[Outcome], found: Sequence[Detection]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for cause in sorted({cause for outcome in outcomes for cause, _ in outcome.causes}):
        hits = [d for d in found if d.cause == cause]
        total = sum(1 for outcome in outcomes for name, _ in outcome.causes if name == cause)
        table[cause] = {
            "outages": total,
            "detected": len(hits),
            "cause_right": sum(d.cause_right for d in hits),
            "scope_right": sum(d.scope_right for d in hits),
        }
    return table


def wilson(part: int, whole: int, z: float = 1.96) -> list[float] | None:
    """Return the 95 % Wilson score interval of a share (Wilson 1927).

    >>> wilson(9, 10)
    [0.5958, 0.9821]
    """
    if not whole:
        return None
    share, square = part / whole, z * z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = z * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    half /= 1 + square / whole
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def _bootstrap(outcomes: Sequence[Outcome], rounds: int = 1_000) -> list[float] | None:
    """Return the 95 % interval of false alarms per subject-week, drawing whole cases."""
    if not outcomes:
        return None
    rng = np.random.default_rng(0)
    false = np.array([outcome.false_alarms for outcome in outcomes], dtype=np.float64)
    weeks = np.array([outcome.subject_weeks for outcome in outcomes])
    drawn = rng.integers(0, len(outcomes), size=(rounds, len(outcomes)))
    rates = false[drawn].sum(axis=1) / weeks[drawn].sum(axis=1)
    return [round(float(x), 4) for x in np.quantile(rates, [0.025, 0.975])]
