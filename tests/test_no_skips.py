"""Continuous integration skips nothing: `OUTAGE_NO_SKIPS=1` turns a skip into a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
SUITE = """
import pytest

def test_runs():
    assert True

@pytest.mark.skipif({skips}, reason="no such program: unicorn")
def test_is_skipped():
    assert True
"""


def suite(folder: Path, *, skips: bool, forbidden: bool) -> subprocess.CompletedProcess[str]:
    """Run a small suite under the project's own conftest."""
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (folder / "test_small.py").write_text(SUITE.format(skips=skips))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(folder)],
        cwd=folder,
        env={**os.environ, "OUTAGE_NO_SKIPS": str(int(forbidden)), **QUICK},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("skips", "forbidden", "code"), [(True, True, 1), (True, False, 0), (False, True, 0)]
)
def test_a_skip_fails_the_run_where_it_is_forbidden(
    tmp_path: Path, skips: bool, forbidden: bool, code: int
) -> None:
    answer = suite(tmp_path, skips=skips, forbidden=forbidden)

    assert answer.returncode == code, answer.stdout
    assert ("test_small.py::test_is_skipped: Skipped: no such program" in answer.stdout) == bool(
        code
    )
    assert "passed" in answer.stdout.splitlines()[-1]
