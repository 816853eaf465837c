"""The status page's delay against people is told, in slots, whichever came first."""

from __future__ import annotations

import re

import numpy as np
import pytest

from outage.batches import SampleBatch
from outage.judging.paging import Said, page_remark
from outage.judging.wording import line
from outage.slots import HOUR, MINUTE
from outage.words import Sample, Series
from tests.judging.made import ALARM, APPLICATION, ENDS, SLOT, START, Change, at, judge, world

NOON, TWO = at(12), at(14)
PAGE = Series("alpha", "status_level", source="page")
SAID = re.compile(r"a status page said so from (\d\d:\d\d) UTC on, ([^;,]*)")


def with_page(batch: SampleBatch, said: int, until: int) -> SampleBatch:
    """Return the batch with a page that is read every slot and says 2 from `said` on."""
    slots = np.arange(START, ENDS, SLOT)
    page = [Sample(PAGE, int(one), 2.0 * (said <= one < until), int(one) + 60) for one in slots]
    there = [Sample(batch.series[i], *row) for i, *row in _rows(batch)]
    return SampleBatch.of([*there, *page])


def _rows(batch: SampleBatch) -> zip[tuple[int, int, float, int]]:
    columns = (batch.series_index, batch.slot_start, batch.value, batch.known_at)
    return zip(*(one.tolist() for one in columns), strict=True)


def told(said: int, until: int = TWO) -> tuple[str, str] | None:
    """Return when the page is told to have said so, and how long after whom."""
    network = {name: value for name, value in APPLICATION.items() if name not in ALARM}
    people = Change(NOON, TWO, ALARM, "alpha", "")
    made = world(Change(NOON, TWO, network, "alpha"), people, services=("alpha",))
    (found,) = judge(with_page(made, said, until)).incidents
    texts = [match.groups() for one in found.evidence for match in SAID.finditer(one.text)]
    assert len(texts) <= 1
    return texts[0] if texts else None


def test_a_page_that_comes_late_is_told_with_its_delay() -> None:
    assert told(NOON + 40 * MINUTE) == ("12:40", "40 min after people")


def test_a_page_that_comes_very_late_is_told_though_it_is_no_evidence() -> None:
    assert told(NOON + 100 * MINUTE) == ("13:40", "1 h 40 min after people")


def test_a_page_that_says_nothing_has_no_delay() -> None:
    assert told(ENDS) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(NOON, NOON, NOON), "12:00 UTC on, together with people"),
        (Said(NOON, NOON + 600, NOON), "12:00 UTC on, 10 min before people"),
        (Said(NOON + HOUR, None, NOON), "13:00 UTC on, 1 h after the onset"),
    ],
)
def test_the_delay_in_words(said: Said, words: str) -> None:
    assert page_remark(said) == f"a status page said so from {words}"


def test_of_nothing_expected_there_is_no_factor() -> None:
    assert line(PAGE, 2.0, 0.0, 9.0, NOON).startswith("status_level +2 since 12:00 UTC")
    posts = Series("alpha", "error_posts")
    assert line(posts, 4_000.0, 0.1, 9.0, NOON).startswith("error_posts +4,000 since")
