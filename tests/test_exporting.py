"""An incident goes out as a labelled case, and comes back as an outage that is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outage import scenarios
from outage.catalogue import load_catalogue
from outage.errors import UsageError
from outage.evaluation import compare, judge_case, read_case
from outage.exporting import Correction, export_case
from outage.judging.layout import lay_out
from outage.live import detect
from outage.settings import Settings
from outage.slots import DAY
from outage.store import Store
from outage.words import Cause, Incident
from tests.judging.made import ALARM, ENDS, GONE, JUDGED, Change, at, blackout, world

SLUG = "whatsapp-2014"
ABOUT = scenarios.describe(SLUG)


@pytest.fixture(scope="module")
def whatsapp(sqlite_store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store with the blackout, judged."""
    file = copy(sqlite_store_file, tmp_path_factory.mktemp("whatsapp") / "outage.db")
    with Store.open(f"sqlite:///{file}") as store:
        store.add(scenarios.build(SLUG), ABOUT.ends)
        detect(store, Settings(), load_catalogue(None), ABOUT.ends, since=ABOUT.judged_from)
        yield store


@pytest.fixture(scope="module")
def small(sqlite_store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store with two blackouts and an operator's outage, judged; the last is open."""
    file = copy(sqlite_store_file, tmp_path_factory.mktemp("small") / "outage.db")
    changes = (
        blackout(at(4), 60),
        Change(at(12), at(13), GONE, None, "op-a"),
        Change(at(12), at(13), ALARM, "op-a", ""),
        blackout(at(23), 120, "beta"),
    )
    with Store.open(f"sqlite:///{file}") as store:
        store.add(world(*changes), JUDGED)
        detect(store, Settings(), load_catalogue(None), ENDS, since=JUDGED)
        yield store


def incident(store: Store, subject: str) -> Incident:
    return store.incidents(subject=subject)[0]


def labels(folder: Path) -> list[dict[str, Any]]:
    outages: list[dict[str, Any]] = json.loads((folder / "labels.json").read_text())["outages"]
    return outages


def test_event_b_goes_round(whatsapp: Store, tmp_path: Path) -> None:
    """What is exported is read as a case, judged, and found with the right cause."""
    b = whatsapp.incidents(subject="whatsapp")[1]

    written = export_case(whatsapp, b.id, tmp_path / "b")
    case = read_case(tmp_path / "b")
    outcome = judge_case(case, Settings())

    assert (case.services, case.operators) == (("whatsapp",), ("operator-a", "operator-b"))
    assert written.outages == outcome.outages == 4
    assert written.samples == len(case.batch)
    assert written.left_out == ()
    assert len(outcome.detections) == 4
    assert all(one.cause_right and one.scope_right for one in outcome.detections)
    assert [one.start for one in outcome.incidents if one.start == b.start] == [b.start]
    assert outcome.false_alarms == 0


def test_the_case_is_the_month_before_and_what_there_is_after(
    whatsapp: Store, tmp_path: Path
) -> None:
    b = whatsapp.incidents(subject="whatsapp")[1]

    export_case(whatsapp, b.id, tmp_path / "b")
    case = read_case(tmp_path / "b")

    midnight = b.start - b.start % DAY
    assert int(case.batch.slot_start.min()) == midnight - 28 * DAY
    assert case.judged_from == midnight - DAY
    assert case.ends == ABOUT.ends


def test_samples_are_those_of_the_store(small: Store, tmp_path: Path) -> None:
    one = incident(small, "alpha")

    export_case(small, one.id, tmp_path / "case")
    batch = read_case(tmp_path / "case").batch
    stored = small.load(0, ENDS, subjects={"alpha"})

    planes = [lay_out(rows.series, 600)[0] for rows in (batch, stored)]
    mine = [i for i, s in enumerate(planes[0].series) if s.subject == "alpha"]
    seen = planes[0].panel(batch, JUDGED, ENDS).values[:, mine]
    assert np.array_equal(seen, planes[1].panel(stored, JUDGED, ENDS).values)


def test_a_correction_is_what_is_labelled(small: Store, tmp_path: Path) -> None:
    one = incident(small, "alpha")
    better = Correction(Cause.UNREACHABLE, at(3.5), at(6))

    export_case(small, one.id, tmp_path / "case", better)

    (row,) = [row for row in labels(tmp_path / "case") if row["service"] == "alpha"]
    assert (row["cause"], row["start"], row["end"], row["recovered"]) == (
        "unreachable",
        "2025-03-25T03:30:00Z",
        "2025-03-25T06:00:00Z",
        "2025-03-25T06:00:00Z",
    )


def test_a_false_alarm_is_no_outage_and_counts_against_the_next_version(
    small: Store, tmp_path: Path
) -> None:
    one = incident(small, "alpha")

    export_case(small, one.id, tmp_path / "case", Correction(false_alarm=True))
    case = read_case(tmp_path / "case")
    found = judge_case(case, Settings())

    assert [label for label in case.outages if label.service == "alpha"] == []
    assert found.false_alarms == 1
    assert compare(case, [], []).false_alarms == 0


def test_an_operators_outage_brings_its_services(small: Store, tmp_path: Path) -> None:
    export_case(small, incident(small, "op-a").id, tmp_path / "case")
    case = read_case(tmp_path / "case")
    found = judge_case(case, Settings())

    assert case.services == ("alpha", "beta")
    row = next(row for row in labels(tmp_path / "case") if row["cause"] == "operator")
    assert (row["service"], row["vantage"]) == (None, "op-a")
    assert [one.subject for one in found.incidents if one.cause is Cause.OPERATOR] == ["op-a"]


def test_slots_that_fit_no_grid_are_left_out_and_named(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    with Store.open(sqlite_store_url) as store:
        store.add(world(blackout(at(4), 60)), JUDGED)
        reports = world(blackout(at(4), 60), slot_seconds=900, services=("alpha",), operators=())
        renamed = tuple(
            type(s)(s.subject, s.signal, s.category, s.vantage, "archive", 900)
            for s in reports.series
        )
        store.add(type(reports)(renamed, *(getattr(reports, n) for n in COLUMNS)), JUDGED)
        detect(store, Settings(), load_catalogue(None), ENDS, since=JUDGED)

        written = export_case(store, incident(store, "alpha").id, tmp_path / "case")

    assert written.left_out == (
        "archive: left out, its slots cannot be brought to the case's 600 s",
    )
    frame = pd.read_parquet(tmp_path / "case" / "samples.parquet")
    assert set(frame["source"]) == {"probe", "crowd"}


COLUMNS = ("series_index", "slot_start", "value", "known_at", "weight")


def test_the_beginning_of_an_id_is_enough(small: Store, tmp_path: Path) -> None:
    one = incident(small, "alpha")

    export_case(small, one.id[:8], tmp_path / "case")

    assert json.loads((tmp_path / "case" / "case.json").read_text())["incident"] == one.id


@pytest.mark.parametrize(
    ("subject", "better", "says"),
    [
        ("nobody", Correction(), "the store has no such incident; `outage incidents --json`"),
        ("beta", Correction(), "still open; say with --end when it ended"),
        ("alpha", Correction(end=at(3)), "--end 2025-03-25T03:00:00Z is not after the start"),
        ("alpha", Correction(Cause.OPERATOR), "only what one operator saw can be its outage"),
    ],
)
def test_wrong_use_says_what_to_do(
    small: Store, tmp_path: Path, subject: str, better: Correction, says: str
) -> None:
    number = incident(small, subject).id if subject != "nobody" else "zz"

    with pytest.raises(UsageError) as fault:
        export_case(small, number, tmp_path / "case", better)

    assert says in str(fault.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_left_alone(small: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(UsageError, match="not an empty folder; name a new one"):
        export_case(small, incident(small, "alpha").id, tmp_path)

    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
