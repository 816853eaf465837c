"""Figures: aligned on one time axis, incidents on every panel, gaps as gaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from outage.charts import COLOURS, SHADES, SPARE, incident_figure, palette, steps
from outage.queries import Panels, incident_panels, only, open_store
from outage.words import Cause, Series
from tests.queries.made import SLOT, START, batch, filled, incident, series

GAP = np.nan
LATER = incident(id="f" * 16, start=START + 5_400, end=None, opened_at=START + 6_000)


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    held = [10.0] * 15 + [GAP] * 3 + [8.0] * 6
    lines: dict[Series, list[float]] = {
        series(signal, category): held
        for signal in ("bytes_down", "flows", "syn")
        for category in ("chat", "mmi")
    }
    lines[series("error_posts", vantage="")] = [1.0] * 24
    url = f"sqlite:///{tmp_path_factory.mktemp('charts') / 'outage.db'}"
    with open_store(filled(url, batch(lines), [incident(), LATER])) as store:
        return incident_panels(store, incident())


@pytest.fixture(scope="module")
def figure(panels: Panels) -> go.Figure:
    return incident_figure(panels)


def test_every_panel_has_its_own_scale_and_all_share_the_time(figure: go.Figure) -> None:
    assert {one.xaxis for one in figure.data} == {"x"}
    assert {one.yaxis for one in figure.data} == {"y", "y2", "y3", "y4"}
    domains = [figure.layout[name].domain for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert domains[0][1] == 1.0
    assert domains[-1][0] == pytest.approx(0.0, abs=1e-9)
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))


def test_incidents_are_marked_on_all_panels(figure: go.Figure) -> None:
    spans = [one for one in figure.layout.shapes if one.type == "rect"]
    opened = [one for one in figure.layout.shapes if one.type == "line"]

    assert len(spans) == len(opened) == 2 * 4
    assert {one.yref for one in spans} == {f"{axis} domain" for axis in ("y", "y2", "y3", "y4")}
    assert {one.x0 for one in spans} == {"2026-03-02T12:00:00", "2026-03-02T13:30:00"}
    assert {one.line.dash for one in opened} == {"dash"}
    assert {one.x0 for one in opened} == {"2026-03-02T12:10:00", "2026-03-02T13:40:00"}


def test_an_open_incident_is_shaded_to_the_end_of_the_window(figure: go.Figure) -> None:
    (late,) = {one.x1 for one in figure.layout.shapes if one.x0 == "2026-03-02T13:30:00"}

    assert late == "2026-03-02T14:00:00"


def test_the_chosen_incident_stands_out_and_each_names_its_cause(figure: go.Figure) -> None:
    spans = {one.x0: one.opacity for one in figure.layout.shapes if one.type == "rect"}
    labels = [one.text for one in figure.layout.annotations[4:]]

    assert spans["2026-03-02T12:00:00"] > spans["2026-03-02T13:30:00"]
    assert labels == ["<b>application</b>, opened 12:10", "application"]


def test_gaps_are_drawn_as_gaps(figure: go.Figure) -> None:
    whole = next(one for one in figure.data if one.name == "all")

    assert whole.connectgaps is False
    assert np.isnan(whole.y).sum() == 3


def test_times_go_to_plotly_without_a_zone(figure: go.Figure) -> None:
    assert {np.asarray(one.x).dtype.kind for one in figure.data} == {"M"}


def test_a_value_holds_for_its_whole_slot_also_before_a_gap_and_at_the_end() -> None:
    times = np.array([0, SLOT, 2 * SLOT, 3 * SLOT], dtype="datetime64[s]")

    moments, values = steps(times, np.array([1.0, GAP, 2.0, 3.0]), SLOT)

    np.testing.assert_array_equal(values, [1.0, 1.0, GAP, 2.0, 3.0, 3.0])
    assert moments.astype(int).tolist() == [0, SLOT, SLOT, 2 * SLOT, 3 * SLOT, 4 * SLOT]


@pytest.mark.parametrize("values", [[], [GAP], [1.0]])
def test_short_lines_have_steps_too(values: list[float]) -> None:
    times = np.arange(len(values)).astype("datetime64[s]")

    moments, held = steps(times, np.array(values), SLOT)

    assert len(moments) == len(held) == len(values) + sum(np.isfinite(values))


def test_a_part_has_the_same_colour_on_every_panel(figure: go.Figure) -> None:
    colours = {one.line.color for one in figure.data if one.name == "chat"}

    assert colours == {COLOURS["chat"]}
    assert palette(["posts (birds)"]) == {"posts (birds)": COLOURS["posts"]}


def test_names_without_a_colour_of_their_own_differ_while_there_are_colours() -> None:
    names = ["gmail", "netflix", "youtube", "facebook", "x", "zoom"]

    colours = palette(names)

    assert len(set(colours.values())) == len(SPARE)
    assert palette(reversed(names)) == colours
    assert len(palette([*names, "slack", "teams"])) == 8


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_shade(cause: Cause) -> None:
    assert cause in SHADES


def test_names_from_data_are_no_markup(panels: Panels) -> None:
    plot = panels.plots[0]
    evil = replace(plot.traces[0], name="<img src=x>")

    figure = incident_figure(replace(panels, plots=(replace(plot, traces=(evil,)),)))

    assert figure.data[0].name == "&lt;img src=x&gt;"


def test_units_name_the_slot_they_are_counted_in(figure: go.Figure) -> None:
    titles = [one.text for one in figure.layout.annotations[:4]]

    assert "share of the maximum" in titles[0]
    assert "flows in 10 min" in titles[1]


def test_no_panels_are_an_empty_figure(panels: Panels) -> None:
    figure = incident_figure(only(panels, []))

    assert len(figure.data) == 0
    assert len(figure.layout.annotations) == 0
