"""The page in a real browser, served by the real command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import picture

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: no browser")


@pytest.fixture(scope="module")
def address(blackout_url: str) -> Iterator[str]:
    with picture.served(blackout_url) as address:
        yield address


def test_the_incidents_are_drawn_without_a_fault(address: str, tmp_path: Path) -> None:
    asked: list[str] = []
    with picture.browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        picture.await_drawn(page)
        shown = page.inner_text(".stMainBlockContainer")
        page.screenshot(path=tmp_path / "page.png")
        faults = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']")

        assert faults.count() == 0
        assert page.locator(".js-plotly-plot .subplot").count() >= 5
        assert page.locator(".js-plotly-plot .shapelayer path").count() >= 2
        assert page.locator("[data-testid='stDataFrame']").count() == 3

    assert "whatsapp failed for 5 h 50 min" in shown
    assert "not a measurement" in shown
    assert (tmp_path / "page.png").stat().st_size > 20_000
    strangers = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert strangers == [], "the page asks nobody else"


def test_a_row_that_is_clicked_is_shown(address: str) -> None:
    with picture.browser_page() as page:
        page.goto(address)
        picture.await_drawn(page)
        table = page.locator("[data-testid='stDataFrame']").first
        # The table is a canvas: the box of the second row is at a place, not an element.
        table.click(position={"x": 16, "y": 2 * 36 + 18})
        page.wait_for_selector("text=whatsapp failed for 1 h")

        assert "incident=" + "a" * 16 in page.url
