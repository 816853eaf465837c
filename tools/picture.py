"""Take the picture of the page for the docs: the built-in blackout, in a real browser.

`python -m tools.picture [FILE]` (or `make picture`) fills a store of its own, serves the page on a
free port and writes docs/images/page.png. It needs Chromium (CHROMIUM names another program).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT: Final = Path(__file__).parent.parent
PICTURE: Final = ROOT / "docs" / "images" / "page.png"
WIDTH, HEIGHT = 1400, 900
PATIENCE: Final = 60_000  # milliseconds, on a machine that has much else to do
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)


@contextmanager
def served(database: str) -> Iterator[str]:
    """Serve the page of a store and yield where it is."""
    command = [sys.executable, "-m", "outage", "dashboard", "--port", "8600"]
    environment = {**os.environ, "OUTAGE_DATABASE_URL": database}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as page:
        try:
            line = page.stdout.readline() if page.stdout else ""
            found = re.search(r"http://\S+", line)
            if not found:
                raise SystemExit("the page did not start")
            yield found.group()
        finally:
            page.terminate()


@contextmanager
def browser_page(width: int = WIDTH, height: int = HEIGHT) -> Iterator[Page]:
    """Open an empty page in Chromium."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE)
            yield page
        finally:
            browser.close()


def await_drawn(page: Page) -> None:
    """Wait until the tables and every panel are drawn and nothing runs any more."""
    page.wait_for_selector("[data-testid='stDataFrame'] canvas")
    page.wait_for_selector(".js-plotly-plot .scatterlayer .trace")
    page.wait_for_selector("[data-testid='stStatusWidget']", state="detached")
    page.wait_for_timeout(1_500)  # the tables draw on a canvas: there is nothing to wait for


def take(database: str, file: Path) -> None:
    """Write the picture of the whole page of a store."""
    with served(database) as address, browser_page() as page:
        page.goto(address)
        await_drawn(page)
        # Streamlit scrolls inside the window: only a window as high as the page shows all.
        height = page.evaluate("document.querySelector('.stMainBlockContainer').scrollHeight")
        page.set_viewport_size({"width": WIDTH, "height": int(height)})
        page.wait_for_timeout(1_500)
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)


def main(file: Path = PICTURE) -> int:
    """Fill a store with the blackout, take the picture, say how large it is."""
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/outage.db"
        command = [sys.executable, "-m", "outage", "demo", "--no-serve", "--database", database]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        take(database, file)
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
