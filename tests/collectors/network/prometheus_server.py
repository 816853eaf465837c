"""A real Prometheus on a free port of the loopback, with a history written beforehand."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: live
    static_configs:
      - targets: [{targets}]
"""


@contextmanager
def running(folder: Path, history: Sequence[str], targets: str = "") -> Iterator[str]:
    """Run a server whose storage holds `history` (OpenMetrics lines); yield its address."""
    for tool in ("prometheus", "promtool"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    (folder / "history.txt").write_text("\n".join([*history, "# EOF", ""]))
    (folder / "prometheus.yml").write_text(CONFIG.format(targets=targets))
    storage = folder / "storage"
    backfill = ("promtool", "tsdb", "create-blocks-from", "openmetrics")
    subprocess.run([*backfill, folder / "history.txt", storage], check=True, capture_output=True)
    address = f"127.0.0.1:{_free_port()}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={storage}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(f"http://{address}/-/ready", server)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "Prometheus ended at once; see its log"
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise TimeoutError("Prometheus is not ready after 15 s")
