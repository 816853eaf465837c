"""Parts become one line, and a missing part a gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outage.queries import open_store
from outage.queries.window import OTHERS, Window, exporters, largest, parts_of, together, whole_of
from outage.words import Combine, Series
from tests.queries.made import START, batch, filled, series

GAP = np.nan


@pytest.mark.parametrize(
    ("combine", "line"),
    [
        (Combine.SUM, [3.0, GAP, 7.0]),
        (Combine.MAX, [2.0, GAP, 4.0]),
        (Combine.WEIGHTED_MEAN, [1.5, GAP, 3.5]),
    ],
)
def test_a_missing_part_makes_the_line_a_gap(combine: Combine, line: list[float]) -> None:
    values = np.array([[1.0, 2.0], [5.0, GAP], [3.0, 4.0]])

    np.testing.assert_array_equal(together(values, combine), line)


def test_a_part_that_has_not_begun_is_not_expected() -> None:
    values = np.array([[GAP, GAP], [5.0, GAP], [5.0, 1.0], [5.0, GAP]])

    np.testing.assert_array_equal(together(values, Combine.SUM), [GAP, 5.0, 6.0, GAP])


def test_a_mean_is_weighted_by_the_measurements_behind_it() -> None:
    values = np.array([[10.0, 20.0], [10.0, 20.0]])
    weights = np.array([[3.0, 1.0], [GAP, GAP]])

    np.testing.assert_array_equal(together(values, Combine.WEIGHTED_MEAN, weights), [12.5, 15.0])


def test_the_whole_is_the_stored_whole_of_a_vantage_or_else_its_parts() -> None:
    north = [series("flows"), series("flows", "chat")]
    south = [series("flows", "chat", "south"), series("flows", "mmi", "south")]

    assert whole_of([*north, *south]) == [north[0], *south]


def test_the_parts_of_a_service_are_its_categories_the_other_one_last() -> None:
    found = parts_of([series("flows", name) for name in ("mm_other", "", "mmi", "chat")], "chatty")

    assert list(found) == ["chat", "mmi", "mm_other"]


def test_the_parts_of_an_operator_are_the_services_seen_from_it() -> None:
    seen = [series("flows", subject=name) for name in ("chatty", "tube")]

    assert parts_of(seen, "north") == {"chatty": [seen[0]], "tube": [seen[1]]}


@pytest.fixture
def window(tmp_path: Path) -> Window:
    lines: dict[Series, list[float]] = {
        series("flows", name): [float(size)] * 24
        for name, size in {"a": 1, "b": 20, "c": 3, "d": 10}.items()
    }
    lines |= {
        series("flows", "a", source="other"): [5.0] * 12,
        series("posts", vantage="", source="birds"): [1.0] * 4,
        series("posts", vantage="", source="elephants"): [2.0] * 9,
        series("posts", vantage="", subject="tube"): [2.0] * 9,
    }
    store = open_store(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines)))
    return Window.read(store, "chatty", START - 3_600, START + 3_600)


def test_a_window_holds_only_its_subject(window: Window) -> None:
    assert {one.subject for one in window.batch.series} == {"chatty"}
    assert window.batch.series_index.max() < len(window.batch.series)


def test_two_exporters_of_one_network_are_not_added_up(window: Window) -> None:
    flows = [one for one in window.batch.series if one.signal == "flows"]

    (fullest,) = exporters(window, flows)

    assert {one.source for one in fullest} == {"probe"}


def test_two_collectors_of_posts_are_two_lines(window: Window) -> None:
    posts = [one for one in window.batch.series if one.signal == "posts"]

    assert [group[0].source for group in exporters(window, posts)] == ["elephants", "birds"]


def test_the_largest_parts_are_lines_and_the_rest_is_one(window: Window) -> None:
    flows = [one for one in window.batch.series if one.source == "probe" and one.category]

    lines = largest(window, parts_of(flows, "chatty"), 2)

    assert {name: line[0] for name, line in lines.items()} == {"b": 20.0, "d": 10.0, OTHERS: 4.0}


def test_one_part_alone_is_the_whole_and_no_line_of_its_own(window: Window) -> None:
    flows = [series("flows", "a")]

    assert largest(window, parts_of(flows, "chatty"), 2) == {}
