"""Judge labelled cases with the engine of live running, and count what was right."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from outage.errors import BadInput
from outage.evaluation.cases import Case, read_case
from outage.evaluation.comparing import Detection, Outcome, compare
from outage.judging.engine import Engine
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.settings import Settings
from outage.words import as_json


def judge_case(case: Case, settings: Settings) -> Outcome:
    """Judge one case and compare with its labels."""
    judging = settings.judging.model_copy(update={"grid_seconds": case.slot_seconds})
    engine = Engine(
        MemorySource(case.batch), settings.model_copy(update={"judging": judging}), no_offsets
    )
    incidents, notices, _ = run(engine, engine.start(case.judged_from), case.ends)
    return compare(case, incidents, notices)


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
    if not sum(outcome.subject_weeks for outcome in outcomes):
        return None
    rng = np.random.default_rng(0)
    false = np.array([outcome.false_alarms for outcome in outcomes], dtype=np.float64)
    weeks = np.array([outcome.subject_weeks for outcome in outcomes])
    drawn = rng.integers(0, len(outcomes), size=(rounds, len(outcomes)))
    rates = false[drawn].sum(axis=1) / np.maximum(weeks[drawn].sum(axis=1), 1e-9)
    return [round(float(x), 4) for x in np.quantile(rates, [0.025, 0.975])]
