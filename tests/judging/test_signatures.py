"""The table of signatures is checked, and its page says what it says."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outage.errors import ConfigError
from outage.judging.signatures import (
    EFFECTS,
    FEATURES,
    PEOPLE,
    adapted,
    built_in,
    parse_signatures,
)
from outage.judging.weigh import Seen, features
from outage.settings import Judging, Settings, override
from outage.words import SIGNALS, Cause
from tests.judging.made import at, blackout, judge, world

TABLE: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(
    files("outage.judging").joinpath("signatures.toml").read_text("utf-8")
)
PAGE = (Path(__file__).parents[2] / "docs" / "judging.md").read_text()
ROWS = [(group, name) for group, rows in TABLE.items() for name in rows]


def arrow(ends: Sequence[float] | None) -> str:
    """Return the sign that the page has for a range of effects."""
    if ends is None:
        return ""
    low, high = ends[:2]
    if high < 0 or low > 0:
        return "↓" if high < 0 else "↑"
    if low < -0.1 and high > 0.1:
        return "↕"
    return "(↓)" if -low > high else "(↑)"


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


def documented(group: str) -> dict[tuple[str, str], str]:
    """Return the page's sign for each (row, feature) of a group."""
    lines = PAGE.splitlines()
    first = next(name for name in TABLE[group])
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| feature | `{first}`"))
    names = cells(lines[begin])[1:]
    found: dict[tuple[str, str], str] = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        feature, *signs = cells(line)
        found |= {(name, feature): sign for name, sign in zip(names, signs, strict=True)}
    return found


@pytest.mark.parametrize(("group", "row"), ROWS)
def test_the_page_has_every_row_and_feature(group: str, row: str) -> None:
    page = documented(group)

    for feature in FEATURES:
        expected = arrow(TABLE[group][row].get(feature))
        assert page.get((row, feature), "") == expected, f"{row} {feature}: write {expected!r}"


@pytest.mark.parametrize("group", TABLE)
def test_the_page_has_no_row_too_many(group: str) -> None:
    assert {row for row, _ in documented(group)} == set(TABLE[group])


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_described(feature: str) -> None:
    assert sum(line.startswith(f"| `{feature}` | a ") for line in PAGE.splitlines()) == 1


@pytest.mark.parametrize("name", list(Judging.model_fields))
def test_every_setting_of_judging_is_described(name: str) -> None:
    assert f"`judging.{name}`" in PAGE


def test_every_cause_is_a_row() -> None:
    rows = built_in().rows

    assert {cause.value for cause in Cause} == set(TABLE["outage"])
    assert list(rows) == [name for _, name in ROWS]


@pytest.mark.parametrize("row", [name for _, name in ROWS])
def test_every_row_is_a_probability(row: str) -> None:
    table = built_in()
    position = table.position(row)

    for feature in FEATURES:
        weights = table.weights[feature][position]
        assert weights.shape == EFFECTS.shape
        assert weights.min() >= 0.0
        assert weights.sum() == pytest.approx(1.0)


def test_a_feature_that_a_row_leaves_out_stays() -> None:
    table = parse_signatures({"outage": {"dns": {"flows": [-6.0, -0.1]}}})

    assert table.weights["posts"][0][np.abs(EFFECTS) <= 0.1].sum() == pytest.approx(1.0)
    assert table.weights["flows"][0][EFFECTS >= 0.0].sum() == 0.0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"outage": {"gremlins": {}}}, r"signatures\.outage\.gremlins: not a cause"),
        ({"outage": {"dns": {"vibes": [0, 1]}}}, r"signatures\.outage\.dns\.vibes: no such"),
        ({"innocent": {"meme": {"psots": [0, 1]}}}, r"signatures\.innocent\.meme\.psots: no such"),
    ],
)
def test_a_wrong_table_names_the_key(table: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_signatures(table)


def test_features_come_from_the_signals_there_are() -> None:
    one = np.ones((1, 1))
    everything = {name: Seen(one, one, one) for name in SIGNALS}

    without_flows = set(features({"bytes_down": Seen(one, one, one)}))

    assert set(features(everything)) == set(FEATURES) - {"bytes"}
    assert without_flows == {"bytes"}
    assert features({}) == {}
    assert set(features({name: everything[name] for name in ("posts", "error_posts")})) <= PEOPLE


def test_a_ratio_needs_something_to_divide_by() -> None:
    nothing, many = np.zeros((1, 1)), np.full((1, 1), 1_000.0)
    gone = {name: Seen(nothing, many, nothing + 0.05) for name in ("flows", "syn", "bytes_down")}

    found = features(gone)

    assert found["flows"].ratio[0, 0] < -5.0
    assert np.isnan(found["bytes_per_flow"].ratio[0, 0])
    assert np.isnan(found["syn_per_flow"].ratio[0, 0])


def test_news_leave_the_share_of_error_posts_as_it_is_and_trouble_raises_it() -> None:
    def seen(value: float, location: float) -> Seen:
        return Seen(*(np.array([[one]]) for one in (value, location, 0.2)))

    news = features({"posts": seen(400.0, 40.0), "error_posts": seen(20.0, 2.0)})
    trouble = features({"posts": seen(60.0, 40.0), "error_posts": seen(20.0, 2.0)})
    alone = features({"error_posts": seen(20.0, 2.0)})

    assert abs(news["error_posts_per_post"].ratio.item()) < 0.05
    assert trouble["error_posts_per_post"].ratio.item() > 1.5
    assert "error_posts_per_post" not in alone


def test_a_table_may_be_laid_over_the_built_in_one() -> None:
    changes = {
        "outage": {"throttling": {"bytes_per_flow": (-1.7, -0.75)}},
        "innocent": {"backup": {"bytes": (0.5, 3.0)}},
    }
    table = adapted(changes)

    throttling = table.position("throttling")
    least = EFFECTS[table.weights["bytes_per_flow"][throttling] > 0].max()
    assert least == -0.75
    kept = built_in().weights["bytes_up_per_flow"][throttling]
    np.testing.assert_array_equal(table.weights["bytes_up_per_flow"][throttling], kept)
    assert table.scopes[table.position("backup")] == "innocent"
    assert adapted({}) is built_in()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"bites": (0.0, 1.0)}, r"signatures\.outage\.dns\.bites: no such feature"),
        ({"bytes": (1.0, -1.0)}, r"signatures\.outage\.dns\.bytes: .* is no range"),
        ({"bytes": (0.0, 1.0, 7.0)}, "how often it stays"),
        ({"bytes": 3.0}, "is no range"),
    ],
)
def test_a_wrong_row_is_named(row: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        adapted({"outage": {"dns": row}})


def test_other_signatures_may_be_tried_on_a_replay() -> None:
    blind = override(
        Settings(),
        [
            f"signatures.outage.{cause}.{feature}=[3.0, 6.0]"
            for cause in ("application", "unreachable", "unknown")
            for feature in ("bytes_per_flow", "rst_per_flow", "flows", "syn_per_flow")
        ],
    )
    made = world(blackout(at(12), 60))

    assert [one.cause for one in judge(made).incidents] == [Cause.APPLICATION]
    assert Cause.APPLICATION not in [one.cause for one in judge(made, settings=blind).incidents]
    with pytest.raises(ConfigError, match="write it like"):
        override(Settings(), ["signatures.outage.dns.bytes=[1"])
