"""The HTML of a report: one file that fetches nothing, drawn in a real browser."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from outage.reports.exhibits import Axis, Column, Line, Plot, Report, Scope, Style, Table
from outage.reports.page import page
from outage.reports.selection import Selection, open_flows
from outage.reports.traffic import traffic
from tools import picture

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: no browser"
)
EVIL = (
    "\"</script><script>document.title='broken'</script>"
    "<img src=x onerror=document.title='broken'><b>bold</b><a href='https://x.invalid'>x</a>"
)
SCOPE = Scope(EVIL, None, [EVIL], 0, 600, 1)


STYLES: tuple[Style, ...] = ("cdf", "time", "stems", "cells")


def report(name: str = EVIL) -> Report:
    """Return a report with every kind of plot and a table, whose every name is an attack."""
    axis = Axis(name, "bytes", log=True)
    line = Line(name, [1.0, 10.0], [0.0, 1.0], [3, 4])
    plots = [
        Plot(style, name, "figure 5", axis, Axis(name, "share"), [line], style, name, [(5, name)])
        for style in STYLES
    ]
    table = Table("t", name, name, [Column("a", name)], [{"a": name}], name)
    return Report("traffic", "Traffic", SCOPE, [*plots, table], [name])


class Outside(HTMLParser):
    """Gathers what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            (tag, name) for name, _ in attrs if name in {"src", "href", "srcset", "data"}
        ]
        named = dict(attrs)
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(named["content"] or "")


def test_the_file_names_nothing_outside_and_forbids_it() -> None:
    reader = Outside()
    reader.feed(page(report()))

    assert reader.found == []
    (policy,) = reader.policies
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_what_draws_is_there_once_and_only_if_needed() -> None:
    whole = page(report())
    tables = Report("t", "T", SCOPE, report().tables)

    assert whole.count("plotly.js v") == 1
    assert 4_000_000 < len(whole) < 8_000_000
    assert len(page(tables)) < 10_000


def test_names_from_data_are_escaped() -> None:
    text = page(report())
    own = text[text.index("<body>") :]

    assert "<img" not in own
    assert "broken'</script" not in own
    assert own.count("&lt;/script&gt;") >= 6


@pytest.mark.parametrize("y", [[], [None, None]])
def test_a_plot_without_a_point_says_so_and_has_no_axes(y: list[float | None]) -> None:
    plot = replace(report().plots[0], lines=[Line("chat", [1.0] * len(y), y)])
    text = page(Report("t", "T", SCOPE, [plot]))

    assert "There is nothing to draw" in text
    assert 'Plotly.newPlot("plot_' not in text


def test_panels_of_one_figure_are_side_by_side() -> None:
    plot, *_, table = report().exhibits
    text = page(Report("t", "T", SCOPE, [table, plot, plot, table]))

    (panels,) = re.findall(r'<div class="panels">(.*?)</div>\n?<section', text, re.S)
    assert panels.count("<section") == 2


@needs_chromium
def test_an_attack_is_only_text(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(report()), encoding="utf-8")

    with picture.browser_page() as shown:
        shown.goto(file.as_uri())
        for style in STYLES:
            shown.wait_for_selector(f"#plot_{style} .main-svg")
            legend = shown.locator(f"#plot_{style} .legendtext").first
            assert legend.text_content() == EVIL
        assert shown.title() == f"Traffic of {EVIL}"
        assert shown.inner_text("h2 >> nth=0").startswith(EVIL)


@needs_chromium
def test_a_plot_named_after_a_category_is_drawn_whatever_the_category_is(tmp_path: Path) -> None:
    plot = replace(report("x" * 400).plots[0], name=f"duration_o'x\"{EVIL}")
    file = tmp_path / "report.html"
    file.write_text(page(Report("traffic", "T", SCOPE, [plot])), encoding="utf-8")

    with picture.browser_page() as shown:
        shown.goto(file.as_uri())
        shown.wait_for_selector("[id^=plot_] .main-svg")
        assert shown.title() == f"T of {EVIL}"
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@needs_chromium
def test_the_week_is_drawn_without_a_fault_and_without_asking_anybody(
    week: Path, tmp_path: Path
) -> None:
    with open_flows(Selection([week], "whatsapp")) as flows:
        (tmp_path / "week.html").write_text(page(traffic(flows)), encoding="utf-8")
    asked: list[str] = []
    faults: list[str] = []

    with picture.browser_page() as shown:
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.on("console", lambda message: faults.append(message.text))
        shown.goto((tmp_path / "week.html").as_uri())
        shown.wait_for_selector("#plot_duration_chat_cdf .main-svg")
        drawn = shown.locator(".js-plotly-plot").count()
        empty = [k for k in range(drawn) if not _traces(shown, k)]
        wide = shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shown.screenshot(path=tmp_path / "week.png")

    assert asked == [(tmp_path / "week.html").as_uri()]
    assert faults == []
    assert (drawn, empty) == (11, [])
    assert wide, "nothing is wider than the window"
    assert (tmp_path / "week.png").stat().st_size > 20_000


def _traces(shown: object, number: int) -> int:
    plot = shown.locator(".js-plotly-plot").nth(number)  # type: ignore[attr-defined]
    return int(plot.locator(".scatterlayer .trace path").count())
