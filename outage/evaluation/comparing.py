"""What was opened against what was labelled: the rules of the design, "Labelled cases"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from outage.evaluation.cases import Case, Label
from outage.words import Incident, Notice

WEEK: Final = 7 * 86_400
# What labels call a nuisance, and what a notice calls it where the names differ.
SAME_KIND: Final = MappingProxyType(
    {
        "feast": "ebb",
        "match": "ebb",
        "partial_gap": "record_loss",
        "clock_shift": "clock_change",
        "source_gap": "data_gap",
        "people_source_gap": "data_gap",
        "service_gap": "data_gap",
        "people_service_gap": "data_gap",
    }
)


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

    @classmethod
    def unlabelled(
        cls, name: str, incidents: Sequence[Incident], notices: Sequence[Notice]
    ) -> Outcome:
        """Return the outcome of a case of which nobody knows what is right: it counts nowhere."""
        shown = (tuple(incidents), tuple(notices))
        return cls(name, 0, (), 0, 0, 0, 0, 0.0, (), (), *shown)


def compare(case: Case, incidents: Sequence[Incident], notices: Sequence[Notice]) -> Outcome:
    """Count detections, false alarms, duplicates and named nuisances by the design's rules."""
    if not case.labelled:
        return Outcome.unlabelled(case.name, incidents, notices)
    labels = [label for label in case.outages if label.recovered >= case.judged_from]
    taken: set[str] = set()
    detections, causes = [], []
    for label in labels:
        found = _detecting(case, label, incidents, taken)
        causes.append((label.kind, found is not None))
        if found is not None:
            taken.add(found.id)
            detections.append(_detection(case, label, found))
    false = [one for one in incidents if not any(_overlaps(case, one, x) for x in labels)]
    false_ids = {one.id for one in false}
    duplicates = len(incidents) - len(false) - len(taken)
    confidences = [(one.confidence, one.id not in false_ids) for one in incidents]
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
        one.vantage == label.vantage,
        abs(one.start - label.start) / slot,
        end_error,
    )


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
