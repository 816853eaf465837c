"""Judge cases made from seeds, which nobody looked at while the judging was written.

`benchmarks.cases` makes them without a look at the judging. The figures are those of
`outage evaluate` with default settings, then the same by cause, nuisance, slot length, number of
operators, onset and depth. A part's outages are compared one label at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process a case; set before NumPy loads

from cases import Made, make_case, write_case
from cases.events import Event

from outage.evaluation import (
    Case,
    Label,
    Outcome,
    Report,
    compare,
    judge_case,
    read_case,
    summary,
    wilson,
)
from outage.settings import Settings
from outage.words import Incident

BANDS = (0.15, 0.3, 0.5, 0.75, 1.0)
HEADLINE = ("recall", "false_alarms_per_subject_week", "cause_accuracy", "scope_accuracy")


@dataclass(frozen=True)
class Judged:
    """One case: its outcome, and a row for every label, nuisance and false alarm."""

    outcome: Outcome
    outages: list[dict[str, Any]]
    nuisances: list[dict[str, Any]]
    false: list[dict[str, Any]]
    slot: int
    operators: int


def judge(folder: Path, seed: int) -> Judged:
    """Make, write and judge the case of a seed."""
    made = make_case(seed)
    case = read_case(write_case(made, folder))
    outcome = judge_case(case, Settings())
    about = {"case": case.name, "slot": case.slot_seconds, "operators": len(case.operators)}
    return Judged(
        outcome,
        [about | row for row in _outages(case, made, outcome)],
        [about | row for row in _nuisances(case, outcome)],
        [about | row for row in _false(case, made, outcome)],
        case.slot_seconds,
        len(case.operators),
    )


def _outages(case: Case, made: Made, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield what became of each labelled outage."""
    for label, event in zip(case.outages, made.outages, strict=True):
        alone = compare(replace(case, outages=(label,)), outcome.incidents, ())
        found = alone.detections[0] if alone.detections else None
        yield {
            "cause": event.kind,
            "onset": "slow" if event.slow else "abrupt",
            "depth": band(event.depth or 0.0),
            "detected": found is not None,
            "cause_right": bool(found and found.cause_right),
            "scope_right": bool(found and found.scope_right),
            "delay": found.delay if found else None,
            "label": _told(label) | {"depth": event.depth},
        }


def _nuisances(case: Case, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield whether each nuisance was named."""
    for label in case.nuisances:
        one = compare(replace(case, outages=(), nuisances=(label,)), (), outcome.notices)
        yield {"kind": label.kind, "named": bool(one.named), "label": _told(label)}


def _false(case: Case, made: Made, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield each false alarm with what went on then."""
    for incident in outcome.incidents:
        if compare(case, [incident], ()).false_alarms:
            yield {"during": _during(made, incident), "cause": str(incident.cause)} | {
                "subject": incident.subject,
                "start": incident.start,
                "opened_at": incident.opened_at,
            }


def _during(made: Made, incident: Incident) -> str:
    """Return the kinds of what a false alarm overlaps, and of what it could concern."""
    until = incident.end if incident.end is not None else made.layout.ends
    going = [x for x in (*made.nuisances, *made.traps) if _concerns(x, incident)]
    kinds = sorted({x.kind for x in going if x.start <= until and incident.start <= x.end + 7200})
    return " + ".join(kinds) or "nothing"


def _concerns(event: Event, incident: Incident) -> bool:
    return event.service is None or event.service == incident.subject


def _told(label: Label) -> dict[str, Any]:
    return {
        "start": label.start,
        "end": label.end,
        "service": label.service,
        "vantage": label.vantage,
    }


def band(depth: float) -> str:
    """Return the band of a depth.

    >>> band(0.4)
    '0.30-0.50'
    """
    above = [edge for edge in BANDS[1:] if depth <= edge] or [BANDS[-1]]
    return f"{BANDS[BANDS.index(above[0]) - 1]:.2f}-{above[0]:.2f}"


def judge_all(seeds: Sequence[int], folder: Path, jobs: int) -> list[Judged]:
    """Judge the cases of all seeds, in the order of the seeds."""
    found: dict[int, Judged] = {}
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        waiting = {pool.submit(partial(judge, folder), seed): seed for seed in seeds}
        for job in as_completed(waiting):
            found[waiting[job]] = job.result()
            if sys.stderr.isatty():
                print(f"\r{len(found)} of {len(waiting)} cases", end="", file=sys.stderr)
    return [found[seed] for seed in seeds]


def share(part: int, whole: int) -> str:
    """Return a share with its counts and 95 % interval."""
    low, high = wilson(part, whole) or (0.0, 1.0)
    return f"{part / whole:.3f} ({part} of {whole}, {low:.2f}-{high:.2f})" if whole else "-"


def tables(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the figures by each way to part the cases."""
    outages = [row for one in judged for row in one.outages]
    for key in ("cause", "slot", "operators", "onset", "depth"):
        yield f"by {key:12} {'recall':31}{'cause right':31}{'scope right':31}false a subject-week"
        for value in sorted({row[key] for row in outages}):
            yield _line(judged, key, value, [row for row in outages if row[key] == value])
    yield "nuisances        named"
    nuisances = [row for one in judged for row in one.nuisances]
    for kind in sorted({row["kind"] for row in nuisances}):
        named = [row["named"] for row in nuisances if row["kind"] == kind]
        yield f"  {kind:14} {share(sum(named), len(named))}"
    during = Counter(row["during"] for one in judged for row in one.false)
    yield "false alarms during: " + ", ".join(f"{k} {n}" for k, n in during.most_common())


def _line(judged: Iterable[Judged], key: str, value: Any, rows: Sequence[dict[str, Any]]) -> str:
    found = [row for row in rows if row["detected"]]
    right = sum(row["cause_right"] for row in found)
    scope = sum(row["scope_right"] for row in found)
    parts = (share(len(found), len(rows)), share(right, len(found)), share(scope, len(found)))
    text = f"  {value!s:14} " + "".join(f"{part:31}" for part in parts)
    if key not in {"slot", "operators"}:
        return text.rstrip()
    chosen = [one.outcome for one in judged if getattr(one, key) == value]
    weeks = sum(one.subject_weeks for one in chosen)
    return f"{text}{sum(one.false_alarms for one in chosen) / weeks:.3f}"


def last_line(found: dict[str, Any]) -> str:
    """Return the figures and their intervals in one line."""
    parts = [f"{key} {found[key]} {found['intervals'][key]}" for key in HEADLINE]
    return (
        f"held_back: {found['cases']} cases, {found['outages']} outages; {'; '.join(parts)};"
        f" nuisances_named {found['nuisances_named']} {found['intervals']['nuisances_named']};"
        f" delay {found['delay_slots']['median']} slots (confirmed"
        f" {found['confirmed_delay_slots']['median']}); end error"
        f" {found['end_error_slots']['median']}; duplicates {found['duplicates']};"
        f" brier {found['brier']}; {found['wall_s']} s"
    )


def run(seeds: Sequence[int], folder: Path, jobs: int) -> dict[str, Any]:
    """Judge the cases, print the tables, and return the document of `outage evaluate`."""
    begun = time.perf_counter()
    judged = judge_all(seeds, folder, jobs)
    report = Report([one.outcome for one in judged], time.perf_counter() - begun, [])
    found = summary(report)
    for line in tables(judged):
        print(line)
    rows = ("outages", "nuisances", "false")
    found["rows"] = {name: [row for one in judged for row in getattr(one, name)] for name in rows}
    print(last_line(found))
    return found


def seeds_of(text: str) -> range:
    """Return the seeds of `first:after`."""
    first, _, after = text.partition(":")
    return range(int(first), int(after or int(first) + 1))


def main() -> None:
    """Read the options, judge, and keep what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=seeds_of, default=range(1000, 1060), metavar="FIRST:AFTER")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the cases that were made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure and row")
    options = parser.parse_args()
    with TemporaryDirectory() as made:
        found = run(options.seeds, options.keep or Path(made), options.jobs)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
