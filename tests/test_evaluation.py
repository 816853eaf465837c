"""Labelled cases: every rule of counting on hand-made incidents; folders good and broken."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outage.batches import SampleBatch
from outage.errors import BadInput
from outage.evaluation import (
    Case,
    Label,
    Outcome,
    Report,
    compare,
    evaluate,
    judge_case,
    read_case,
    summary,
    wilson,
)
from outage.settings import Settings
from outage.slots import DAY, format_time
from outage.words import Cause, Incident, Notice, State
from tests.judging.made import ENDS, JUDGED, START, at, blackout, world

SLOT = 600
ZERO = 1_700_000_000 - 1_700_000_000 % DAY
EMPTY = SampleBatch.of(())


def slot(number: float) -> int:
    """Return the moment so many slots into the case."""
    return ZERO + int(number * SLOT)


def label(start: float, end: float, recovered: float | None = None, **fields: Any) -> Label:
    """Return a labelled outage of alpha, by slots."""
    fields = {"kind": "application", "service": "alpha", "vantage": None} | fields
    return Label(
        start=slot(start), end=slot(end), recovered=slot(end if recovered is None else recovered),
        **fields,
    )  # fmt: skip


def incident(start: float, end: float | None, opened: float, **fields: Any) -> Incident:
    """Return an incident of alpha, by slots."""
    base = Incident(
        id=f"{start}-{opened}-{fields.get('subject', 'alpha')}",
        subject="alpha",
        vantage=None,
        vantages=(),
        start=slot(start),
        end=None if end is None else slot(end),
        opened_at=slot(opened),
        confirmed_at=slot(opened + 1),
        state=State.CLOSED,
        cause=Cause.APPLICATION,
        runner_up=None,
        confidence=0.9,
        severity=0.5,
        event="e",
        lag_s=None,
    )
    return replace(base, **fields)


def case(*outages: Label, operators: tuple[str, ...] = ("op-a", "op-b"), **fields: Any) -> Case:
    base = Case(
        name="made",
        slot_seconds=SLOT,
        services=("alpha", "beta"),
        operators=operators,
        judged_from=ZERO,
        ends=ZERO + 7 * DAY,
        batch=EMPTY,
        outages=outages,
    )
    return replace(base, **fields)


def counted(of: Case, *incidents: Incident) -> tuple[int, int, int]:
    """Return how many were detected, false alarms and duplicates."""
    outcome = compare(of, incidents, ())
    return len(outcome.detections), outcome.false_alarms, outcome.duplicates


@pytest.mark.parametrize(
    ("opened", "detected"),
    [
        pytest.param(10.0, 0, id="at the start: nothing can be known yet"),
        pytest.param(10.02, 1, id="just after it"),
        pytest.param(13.0, 1, id="three slots: the latest for a short one"),
        pytest.param(13.02, 0, id="later than three slots and the end"),
    ],
)
def test_a_short_outage_must_be_opened_within_three_slots(opened: float, detected: int) -> None:
    assert counted(case(label(10, 11)), incident(10, 14, opened))[0] == detected


@pytest.mark.parametrize(("opened", "detected"), [(29.0, 1), (30.0, 1), (30.1, 0)])
def test_a_long_outage_may_be_opened_until_it_ends(opened: float, detected: int) -> None:
    assert counted(case(label(10, 30)), incident(10, 40, opened))[0] == detected


def test_with_short_slots_there_is_half_an_hour() -> None:
    short = case(label(10, 11), slot_seconds=60)

    assert counted(short, incident(10, 14, 13))[0] == 1
    assert counted(short, incident(10, 14, 13.1))[0] == 0


def test_with_long_slots_there_are_three_of_them() -> None:
    long = case(label(12, 13), slot_seconds=1_800)

    assert counted(long, incident(12, 30, 21))[0] == 1
    assert counted(long, incident(12, 30, 21.1))[0] == 0


@pytest.mark.parametrize(
    ("start", "end", "detected"),
    [(5, 9.9, 0), (5, 10, 1), (5, None, 1), (20, 25, 1), (20.1, 25, 0)],
)
def test_it_must_be_open_during_the_outage(start: float, end: float | None, detected: int) -> None:
    assert counted(case(label(10, 20)), incident(start, end, 15))[0] == detected


@pytest.mark.parametrize(("subject", "detected"), [("alpha", 1), ("beta", 0), ("op-a", 0)])
def test_the_subject_must_be_the_service(subject: str, detected: int) -> None:
    assert counted(case(label(10, 20)), incident(10, 20, 11, subject=subject))[0] == detected


@pytest.mark.parametrize(("subject", "detected"), [("op-a", 1), ("op-b", 0), ("alpha", 0)])
def test_for_an_operator_the_subject_is_the_operator(subject: str, detected: int) -> None:
    gone = label(10, 20, kind="operator", service=None, vantage="op-a")

    assert counted(case(gone), incident(10, 20, 11, subject=subject))[0] == detected


@pytest.mark.parametrize(
    ("start", "end", "false"),
    [
        pytest.param(1, 8.9, 1, id="over more than a slot before"),
        pytest.param(1, 9, 0, id="over one slot before"),
        pytest.param(27, 30, 0, id="begins two slots after recovery"),
        pytest.param(27.1, 30, 1, id="begins later"),
        pytest.param(1, None, 0, id="still open"),
    ],
)
def test_what_overlaps_no_outage_is_a_false_alarm(
    start: float, end: float | None, false: int
) -> None:
    assert counted(case(label(10, 20, 25)), incident(start, end, start + 1))[1] == false


def test_recovery_before_the_end_does_not_shorten_it() -> None:
    assert counted(case(label(10, 20, 15)), incident(22, 24, 23))[1] == 0


@pytest.mark.parametrize(
    ("fields", "false"),
    [
        pytest.param({"subject": "alpha", "vantage": "op-b"}, 0, id="same service"),
        pytest.param({"subject": "beta", "vantage": None}, 1, id="another service"),
        pytest.param({"subject": "beta", "vantage": "op-a"}, 0, id="another, same vantage"),
        pytest.param({"subject": "beta", "vantage": "op-b"}, 1, id="another, other vantage"),
        pytest.param({"subject": "op-a", "vantage": "op-a"}, 0, id="the operator itself"),
        pytest.param({"subject": "op-b", "vantage": "op-b"}, 1, id="another operator"),
    ],
)
def test_only_the_same_service_or_vantage_excuses(fields: dict[str, Any], false: int) -> None:
    seen_at_a = label(10, 20, vantage="op-a")

    assert counted(case(seen_at_a), incident(10, 20, 11, **fields))[1] == false


@pytest.mark.parametrize(("operators", "false"), [(("op-a",), 0), (("op-a", "op-b"), 1)])
def test_a_single_operator_is_meant_by_no_vantage(operators: tuple[str, ...], false: int) -> None:
    gone = label(10, 20, kind="operator", service=None, vantage="op-a")
    other = incident(10, 20, 11, subject="beta", vantage=None)

    assert counted(case(gone, operators=operators), other)[1] == false


def test_further_incidents_on_one_outage_are_duplicates() -> None:
    first, second, third = incident(10, 12, 11), incident(14, 16, 15), incident(18, 20, 19)

    assert counted(case(label(10, 20)), third, first, second) == (1, 0, 2)


def test_one_incident_detects_one_outage() -> None:
    found = counted(case(label(10, 20), label(21, 30)), incident(10, 40, 11))

    assert found == (1, 0, 0)


def test_an_incident_on_the_outage_that_came_too_late_is_no_false_alarm() -> None:
    assert counted(case(label(10, 11)), incident(12, 20, 14)) == (0, 0, 1)


def test_outages_before_judging_begins_do_not_count() -> None:
    outcome = compare(case(label(-20, -10), label(-20, -10, 2), label(10, 20)), (), ())

    assert outcome.outages == 2


def measured(one: Label, found: Incident, **fields: Any) -> Any:
    (detection,) = compare(case(one, **fields), (found,), ()).detections
    return detection


def test_the_delay_is_counted_in_slots_from_the_start() -> None:
    found = measured(label(10, 20), incident(9, 20, 12))

    assert (found.delay, found.confirmed_delay, found.onset_error) == (2.0, 3.0, 1.0)


@pytest.mark.parametrize(
    ("end", "error"), [(15, 5.0), (20, 0.0), (23, 0.0), (25, 0.0), (28, 3.0), (None, None)]
)
def test_the_end_error_is_the_distance_to_end_and_recovery(
    end: float | None, error: float | None
) -> None:
    assert measured(label(10, 20, 25), incident(10, end, 11)).end_error == error


@pytest.mark.parametrize(
    ("cause", "right"),
    [(Cause.APPLICATION, True), (Cause.UNREACHABLE, False), (Cause.UNKNOWN, False)],
)
def test_a_cause_is_right_if_it_is_the_label_and_unknown_is_wrong(
    cause: Cause, right: bool
) -> None:
    assert measured(label(10, 20), incident(10, 20, 11, cause=cause)).cause_right is right


@pytest.mark.parametrize(
    ("labelled", "said", "right"),
    [
        (None, None, True),
        ("op-a", "op-a", True),
        ("op-a", None, False),
        ("op-a", "op-b", False),
        (None, "op-a", False),
    ],
)
def test_a_scope_is_right_if_the_vantage_is(
    labelled: str | None, said: str | None, right: bool
) -> None:
    found = measured(label(10, 20, vantage=labelled), incident(10, 20, 11, vantage=said))

    assert found.scope_right is right


@pytest.mark.parametrize(
    ("kind", "named", "subject", "counts"),
    [
        ("flash_crowd", "flash_crowd", "alpha", 1),
        ("flash_crowd", "flash_crowd", "beta", 0),
        ("flash_crowd", "news", "alpha", 0),
        ("match", "ebb", "alpha", 1),
    ],
)
def test_a_nuisance_is_named_by_its_kind_and_service(
    kind: str, named: str, subject: str, counts: int
) -> None:
    labelled = case(nuisances=(label(10, 20, kind=kind),))
    notice = Notice(named, subject, None, slot(12), slot(14), "")

    assert compare(labelled, (), (notice,)).named == counts
    assert compare(labelled, (), (replace(notice, start=slot(30), end=slot(40)),)).named == 0


def test_a_subject_week_is_a_service_or_operator_over_seven_days() -> None:
    assert compare(case(), (), ()).subject_weeks == pytest.approx(4.0)


# -- all cases together -----------------------------------------------------------------------


def outcomes() -> list[Outcome]:
    """Return two cases: one outage of two found, one false alarm, one duplicate."""
    good = compare(
        case(label(10, 20), label(50, 60, kind="dns")),
        (incident(10, 22, 11), incident(13, 15, 14), incident(100, 110, 101, confidence=0.6)),
        (),
    )
    return [good, compare(case(name="quiet"), (), ())]


def test_the_summary_counts_all_cases() -> None:
    found = summary(Report(outcomes(), 1.25))

    assert (found["cases"], found["outages"], found["detected"], found["recall"]) == (2, 2, 1, 0.5)
    assert (found["false_alarms"], found["duplicates"]) == (1, 1)
    assert found["false_alarms_per_subject_week"] == pytest.approx(1 / 8)
    assert found["delay_slots"] == {"median": 1.0, "p90": 1.0}
    assert (found["cause_accuracy"], found["scope_accuracy"]) == (1.0, 1.0)
    assert found["end_error_slots"] == {"median": 2.0}
    assert found["brier"] == pytest.approx((0.1**2 + 0.1**2 + 0.6**2) / 3, abs=1e-4)
    assert found["by_cause"]["dns"]["detected"] == 0
    assert found["by_cause"]["application"]["cause_right"] == 1
    assert [one["case"] for one in found["per_case"]] == ["made", "quiet"]
    assert len(found["per_case"][0]["incidents"]) == 3


def test_the_summary_has_the_keys_of_the_contract_and_is_json() -> None:
    contract = (
        "cases outages detected recall false_alarms false_alarms_per_subject_week duplicates"
        " delay_slots cause_accuracy scope_accuracy onset_error_slots end_error_slots"
        " nuisances_named brier wall_s by_cause intervals per_case"
    )
    found = summary(Report(outcomes(), 1.0))

    assert set(contract.split()) <= set(found)
    assert json.loads(json.dumps(found)) == found


def test_the_intervals_hold_the_shares() -> None:
    found = summary(Report(outcomes(), 1.0))

    low, high = found["intervals"]["recall"]
    assert low < 0.5 < high
    least, most = found["intervals"]["false_alarms_per_subject_week"]
    assert least <= found["false_alarms_per_subject_week"] <= most


def test_no_case_at_all_is_no_division_by_zero() -> None:
    found = summary(Report([], 0.0))

    assert (found["recall"], found["false_alarms_per_subject_week"], found["brier"]) == (None,) * 3


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_wilson_agrees_with_the_published_values(
    part: int, whole: int, low: float, high: float
) -> None:
    """Newcombe 1998, method 3, to four digits."""
    found = wilson(part, whole)

    assert found is not None
    assert found == pytest.approx([low, high], abs=2e-4)


def test_wilson_of_nothing_is_unknown() -> None:
    assert wilson(0, 0) is None


# -- folders ----------------------------------------------------------------------------------


def write(folder: Path, batch: SampleBatch, *, labels: bool = True, csv: bool = False) -> Path:
    """Write a case as a folder."""
    folder.mkdir()
    about = {
        "slot_seconds": SLOT,
        "services": ["alpha", "beta"],
        "operators": ["op-a", "op-b"],
        "starts": format_time(START),
        "ends": format_time(ENDS),
        "judged_from": format_time(JUDGED),
    }
    (folder / "case.json").write_text(json.dumps(about))
    if labels:
        moments = {"start": at(12), "end": at(14), "recovered": at(14)}
        outage: dict[str, Any] = {key: format_time(value) for key, value in moments.items()}
        outage |= {"cause": "application", "service": "alpha", "vantage": None, "depth": 0.8}
        (folder / "labels.json").write_text(json.dumps({"outages": [outage], "nuisances": []}))
    series = np.array([(s.subject, s.vantage, s.signal) for s in batch.series])
    columns = dict(zip(("service", "vantage", "signal"), series[batch.series_index].T, strict=True))
    moments_column = pd.to_datetime(batch.slot_start, unit="s", utc=True)
    frame = pd.DataFrame({"slot_start": moments_column, **columns, "value": batch.value})
    if csv:
        frame.to_csv(folder / "samples.csv", index=False)
    else:
        frame.to_parquet(folder / "samples.parquet")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cases") / "good", world(blackout(at(12), 120)))


def test_a_case_is_read_as_it_was_written(folder: Path) -> None:
    found = read_case(folder)

    assert (found.name, found.slot_seconds) == ("good", SLOT)
    assert (found.services, found.operators) == (("alpha", "beta"), ("op-a", "op-b"))
    assert (found.judged_from, found.ends) == (JUDGED, ENDS)
    assert len(found.batch) == len(world())
    assert {one.vantage for one in found.batch.series} == {"", "op-a", "op-b"}
    assert (found.batch.known_at == found.batch.slot_start + SLOT).all()
    (one,) = found.outages
    assert (one.kind, one.start, one.end, one.service, one.vantage) == (
        "application", at(12), at(14), "alpha", None,
    )  # fmt: skip


def test_a_case_is_judged_and_compared(folder: Path) -> None:
    outcome = judge_case(read_case(folder), Settings())

    assert (outcome.outages, len(outcome.detections), outcome.false_alarms) == (1, 1, 0)
    assert outcome.detections[0].cause_right
    assert outcome.detections[0].scope_right


def test_csv_and_parquet_are_one(tmp_path: Path, folder: Path) -> None:
    text = read_case(write(tmp_path / "text", world(blackout(at(12), 120)), csv=True))
    other = read_case(folder)

    assert judge_case(text, Settings()).incidents == judge_case(other, Settings()).incidents


def test_a_case_without_labels_is_folded_too(tmp_path: Path) -> None:
    bare = write(tmp_path / "bare", world(blackout(at(12), 120)), labels=False)

    found = summary(evaluate([bare], Settings(), workers=1))

    assert (found["outages"], found["recall"]) == (0, None)
    assert [one["subject"] for one in found["per_case"][0]["incidents"]] == ["alpha"]


def spoilt(folder: Path, name: str, content: str | bytes | None) -> None:
    file = folder / name
    if content is None:
        file.unlink()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content)


BROKEN = [
    pytest.param("case.json", None, r"case\.json: not there", id="no case"),
    pytest.param("case.json", "{", r"case\.json: not JSON", id="half a case"),
    pytest.param("case.json", "[]", r"case\.json: not a JSON object", id="a list"),
    pytest.param("case.json", "{}", "is missing", id="an empty case"),
    pytest.param("case.json", b"\xff\xfe\x00", "not JSON", id="binary"),
    pytest.param("labels.json", "{]", r"labels\.json: not JSON", id="broken labels"),
    pytest.param("samples.parquet", None, "samples", id="no samples"),
    pytest.param("samples.parquet", b"PAR1 no", "samples cannot be read", id="broken samples"),
]


@pytest.mark.parametrize(("name", "content", "says"), BROKEN)
def test_a_broken_case_is_one_line(
    tmp_path: Path, name: str, content: str | bytes | None, says: str
) -> None:
    broken = write(tmp_path / "broken", world(days=1))
    spoilt(broken, name, content)

    with pytest.raises(BadInput, match=says) as caught:
        read_case(broken)
    assert "broken" in str(caught.value)


WRONG = [
    pytest.param("case.json", {"slot_seconds": "ten"}, id="slot length no number"),
    pytest.param("case.json", {"slot_seconds": 7}, id="slot length no divisor"),
    pytest.param("case.json", {"judged_from": "yesterday"}, id="no time"),
    pytest.param("case.json", {"judged_from": 5}, id="a number for a time"),
    pytest.param("case.json", {"services": 5}, id="services no list"),
    pytest.param("labels.json", {"outages": [{"cause": "dns"}]}, id="a label without times"),
    pytest.param("labels.json", {"outages": [5]}, id="a label that is none"),
    pytest.param("labels.json", {"outages": {"a": 1}}, id="labels no list"),
]


@pytest.mark.parametrize(("name", "change"), WRONG)
def test_a_wrong_value_is_one_line_that_names_the_case(
    tmp_path: Path, name: str, change: dict[str, Any]
) -> None:
    broken = write(tmp_path / "broken", world(days=1))
    document = json.loads((broken / name).read_text())
    (broken / name).write_text(json.dumps(document | change))

    with pytest.raises(BadInput, match="broken"):
        read_case(broken)


def test_samples_without_a_column_are_one_line(tmp_path: Path) -> None:
    broken = write(tmp_path / "broken", world(days=1))
    for column in ("value", "slot_start", "service"):
        frame = pd.read_parquet(broken / "samples.parquet").drop(columns=column)
        spoiled = tmp_path / column
        spoiled.mkdir()
        (spoiled / "case.json").write_text((broken / "case.json").read_text())
        frame.to_parquet(spoiled / "samples.parquet")

        with pytest.raises(BadInput, match=column):
            read_case(spoiled)


def test_a_broken_case_leaves_the_others(tmp_path: Path, folder: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()

    report = evaluate([broken, folder, tmp_path / "gone"], Settings(), workers=2)

    assert [one.name for one in report.outcomes] == ["good"]
    assert len(report.failed) == 2
    assert all("\n" not in line for line in report.failed)
    assert "gone" in report.failed[1]


def test_the_number_of_workers_changes_nothing(tmp_path: Path, folder: Path) -> None:
    other = write(tmp_path / "other", world(blackout(at(3), 60)), labels=False)

    alone = summary(evaluate([folder, other], Settings(), workers=1))
    both = summary(evaluate([folder, other], Settings(), workers=2))

    assert alone | {"wall_s": 0} == both | {"wall_s": 0}


def test_a_signal_that_is_not_known_is_one_line(tmp_path: Path) -> None:
    broken = write(tmp_path / "broken", world(days=1))
    frame = pd.read_parquet(broken / "samples.parquet")
    frame.loc[3, "signal"] = "vibes"
    frame.to_parquet(broken / "samples.parquet")

    with pytest.raises(BadInput, match=r"broken: .*signals not known: vibes"):
        read_case(broken)
