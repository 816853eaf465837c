"""Past outages from samples to incidents: the reconstructions, and real counts where there are any.

Real input lies in the folder of shared material; its tests are skipped, naming it, without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from outage import scenarios
from outage.catalogue import load_catalogue
from outage.evaluation import evaluate, summary
from outage.importing import import_files
from outage.interfaces import ReadOptions
from outage.live import detect
from outage.plugs import load
from outage.replay import Replayed, replay_scenario
from outage.scenarios import Expected
from outage.settings import Settings, override
from outage.slots import DAY, HOUR, MINUTE, parse_time
from outage.store import Store
from outage.words import Cause, Incident

SETTINGS = Settings()
LATER = parse_time("2026-01-01T00:00:00Z")  # after all real input
BEFORE, AFTER, LONGEST = 2 * HOUR, 30 * MINUTE, DAY  # issue 2, "Real input"
CASES = ("case-000", "case-003", "case-008", "case-012", "case-022", "case-059")


@cache
def replayed(slug: str, *assignments: str) -> Replayed:
    return replay_scenario(slug, override(SETTINGS, assignments), load_catalogue(None))


EVENTS = [
    pytest.param(slug, event, id=f"{slug} {event.name}")
    for slug in scenarios.names()
    for event in scenarios.describe(slug).events
]


def during(slug: str, event: Expected, incidents: Sequence[Incident]) -> list[Incident]:
    """Return the incidents of the event's subject that touch it."""
    slot = scenarios.describe(slug).slot_seconds
    return [
        one
        for one in incidents
        if one.subject == event.subject
        and one.start <= event.recovered
        and (one.end is None or one.end > event.start - slot)
    ]


@pytest.mark.parametrize(("slug", "event"), EVENTS)
def test_each_event_is_found_once(slug: str, event: Expected) -> None:
    slot = scenarios.describe(slug).slot_seconds

    (one,) = during(slug, event, replayed(slug).incidents)

    assert (one.cause, one.vantage) == (event.cause, event.vantage)
    assert event.start < one.opened_at <= event.start + 30 * MINUTE
    assert one.confirmed_at is not None
    assert abs(one.start - event.start) <= 3 * slot
    assert one.end is not None
    assert event.end - slot <= one.end
    assert one.evidence


@pytest.mark.parametrize("slug", scenarios.names())
def test_nothing_else_is_found(slug: str) -> None:
    """No more for the subjects, and nothing for the ordinary services."""
    events = scenarios.describe(slug).events

    found = sorted(one.subject for one in replayed(slug).incidents)

    assert found == sorted(event.subject for event in events)


def test_the_blackouts_onset_is_in_its_slot_and_known_within_twenty_minutes() -> None:
    (one,) = during("whatsapp-2014", _event_b(), replayed("whatsapp-2014").incidents)

    assert one.start == parse_time("2014-02-22T18:00:00Z")
    assert one.opened_at <= parse_time("2014-02-22T18:20:00Z")


def _event_b() -> Expected:
    return next(one for one in scenarios.describe("whatsapp-2014").events if one.name == "B")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_half_as_deep_and_with_other_noise_it_is_found_too(seed: int) -> None:
    slug = "whatsapp-2014"
    found = replayed(slug, f"scenario.seed={seed}", "scenario.depth=0.5").incidents

    assert [(one.subject, one.cause) for one in found] == [("whatsapp", Cause.APPLICATION)] * 4
    for event in scenarios.describe(slug).events:
        assert len(during(slug, event, found)) == 1


def test_the_services_of_one_failure_are_one_event() -> None:
    found = replayed("facebook-2021").incidents

    assert len(found) == 4
    assert len({one.event for one in found}) == 1


def test_the_evidence_of_the_blackout_is_figure_eight() -> None:
    (one,) = during("whatsapp-2014", _event_b(), replayed("whatsapp-2014").incidents)
    directions = {(line.signal, line.direction) for line in one.evidence}

    assert {("syn", "up"), ("rst", "up"), ("error_posts", "up"), ("posts", "up")} <= directions
    assert ("flows", "up") in directions
    assert one.severity > 0.5


# -- real input -------------------------------------------------------------------------------


@pytest.fixture
def opened(sqlite_store_url: str) -> Iterator[Store]:
    """Return a store without samples on SQLite."""
    with Store.open(sqlite_store_url) as store:
        yield store


@dataclass(frozen=True)
class Peak:
    """The highest count of one archive: its file, and the start of its slot."""

    file: str
    moment: int


def peak_of(file: Path) -> Peak:
    """Return the first slot of 900 s that holds the file's highest count."""
    counts = json.loads(file.read_text())["counts"]
    highest = max(row["y"] for row in counts)
    moments = [parse_time(row["x"]) for row in counts if row["y"] == highest]
    return Peak(file.name, min(moments) // 900 * 900)


@dataclass(frozen=True)
class Compared:
    """Which peaks were found, and what was opened besides."""

    found: list[Peak]
    missed: list[Peak]
    further: list[Incident]
    longest: int


def compare(peaks: Sequence[Peak], incidents: Sequence[Incident]) -> Compared:
    """Match each peak with an incident that covers it and was opened around it."""
    used: set[str] = set()
    found: list[Peak] = []
    missed: list[Peak] = []
    for peak in sorted(peaks, key=lambda one: one.moment):
        match = next((one for one in incidents if _covers(one, peak)), None)
        (missed if match is None else found).append(peak)
        used |= set() if match is None else {match.id}
    spans = [(one.end or LATER) - one.start for one in incidents]
    further = [one for one in incidents if one.id not in used]
    return Compared(found, missed, further, max(spans, default=0))


def _covers(one: Incident, peak: Peak) -> bool:
    spans = one.start <= peak.moment and (one.end is None or one.end > peak.moment)
    return spans and peak.moment - BEFORE <= one.opened_at <= peak.moment + AFTER


def test_archived_reports_open_incidents_where_they_peak(shared: Path, opened: Store) -> None:
    files = sorted((shared / "data" / "downdetector").glob("*.json"))
    reader = load("outage.readers", "reports")()

    imported = import_files(opened, reader, files, ReadOptions(service="aws"), LATER)
    detect(opened, SETTINGS, load_catalogue(None), LATER)
    compared = compare([peak_of(file) for file in files], opened.incidents())

    assert (len(files), imported.files_failed, imported.rejected) == (69, 0, 0)
    assert len(compared.found) >= 60, f"missed: {[one.file for one in compared.missed]}"
    assert compared.longest <= LONGEST
    assert len(compared.further) <= 15
    assert {one.subject for one in opened.incidents()} == {"aws"}


def test_posts_of_ten_companies_are_judged(shared: Path, opened: Store) -> None:
    files = sorted((shared / "data" / "nab" / "data" / "realTweets").glob("*.csv"))
    reader = load("outage.readers", "samples")()

    for file in files:
        service = file.stem.rpartition("_")[2].lower()
        options = ReadOptions(service=service, signal="posts", timezone="UTC")
        imported = import_files(opened, reader, [file], options, LATER)
        assert (imported.files_failed, imported.rejected) == (0, 0)
    found = detect(opened, SETTINGS, load_catalogue(None), LATER)

    span = opened.span()
    assert len(files) == 10
    assert len(opened.subjects()) == 10
    assert span is not None
    assert found.until >= span[1]
    assert opened.incidents() == [], "posts alone tell no outage from news"
    assert "news" in {one.kind for one in opened.notices()}


def test_a_handful_of_labelled_cases(shared: Path) -> None:
    folders = [shared / "cases" / name for name in CASES]

    found = summary(evaluate(folders, SETTINGS))

    assert found["failed"] == []
    assert found["cases"] == len(CASES)
    assert found["recall"] >= 0.80
    assert found["false_alarms_per_subject_week"] <= 0.15
    assert found["cause_accuracy"] >= 0.70
