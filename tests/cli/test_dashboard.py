"""`outage dashboard`: where it listens, whom it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outage.cli import dashboard
from outage.errors import UsageError


def outage(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "outage", "dashboard", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port on loopback that somebody listens on for the length of the test."""
    listener = socket.create_server((dashboard.LOOPBACK, 0))
    yield listener.getsockname()[1]
    listener.close()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_other_machines_are_refused_in_one_line(address: str) -> None:
    answer = outage("--address", address)

    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert address in line
    assert "--allow-remote" in line


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_loopback_is_known(address: str) -> None:
    assert dashboard.is_loopback(address)


def test_the_next_free_port_is_taken(taken: int) -> None:
    assert taken < dashboard.free_port(dashboard.LOOPBACK, taken) < taken + dashboard.PORTS_TRIED


def test_no_free_port_is_a_line(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "PORTS_TRIED", 1)

    with pytest.raises(UsageError, match=f"--port {taken}: .*taken"):
        dashboard.free_port(dashboard.LOOPBACK, taken)


@pytest.mark.parametrize("address", ["203.0.113.9", "no such host"])
def test_an_address_that_is_not_ours_is_a_line(address: str) -> None:
    with pytest.raises(UsageError, match="--address"):
        dashboard.free_port(address, 8_600)


def test_the_script_is_found_without_importing_it() -> None:
    assert dashboard.script().name == "app.py"
    assert dashboard.script().is_file()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to see processes in")
def test_it_serves_says_where_and_ends_with_its_child(taken: int, tmp_path: Path) -> None:
    secret = "postgresql://me:geheim@127.0.0.1:1/outage"
    page = subprocess.Popen(
        [sys.executable, "-m", "outage", "dashboard", "--port", str(taken)],
        env={**os.environ, "OUTAGE_DATABASE_URL": secret, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with page:
        assert page.stdout is not None
        line = page.stdout.readline()
        (child,) = children(page.pid)
        arguments = Path(f"/proc/{child}/cmdline").read_text()
        page.send_signal(signal.SIGTERM)
        _, complaints = page.communicate(timeout=60)

    found = re.match(r"the page: http://127\.0\.0\.1:(\d+)", line)
    assert found
    assert taken < int(found[1]) < taken + dashboard.PORTS_TRIED
    assert "geheim" not in arguments
    assert f"port {taken} is taken" in complaints
    assert page.returncode == 128 + signal.SIGTERM
    assert not Path(f"/proc/{child}").exists(), "the page outlived the command"


def children(parent: int) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
