"""What tests of reports share: the made week, and classified flows from a few rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from outage.canonical import flow_schema
from outage.cli.main import build
from tests.reports.made_week import SYSTEM, made_week, system_networks, table

SECOND = 1_000_000
NOON = 1_392_724_800  # 2014-02-18T12:00:00Z

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the made week, classified by the real command."""
    folder = tmp_path_factory.mktemp("week")
    flows, answers = made_week().write_logs(folder)
    words = ("flows", "classify", "--flows", str(flows), "--dns", str(answers), "--out")
    answer = CliRunner().invoke(build(), [*words, str(folder / "classified")])
    assert answer.exit_code == 0, answer.output
    return folder / "classified"


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the week's system announces, as pyasn has it."""
    file = tmp_path_factory.mktemp("systems") / "announced.txt"
    file.write_text("; made\n" + "".join(f"{one}\t{SYSTEM}\n" for one in system_networks()))
    return file


def flow(
    address: str = "192.0.2.1",
    *,
    at: float = 0,
    lasting: float = 10,
    down: int | None = 1_000,
    up: int | None = 500,
    category: str = "chat",
    service: str = "whatsapp",
    **more: Any,
) -> dict[str, Any]:
    """Return a classified flow that starts some seconds after noon."""
    start = int((NOON + at) * SECOND)
    return {
        "client": "client",
        "server_ip": address,
        "server_port": 443,
        "protocol": "tcp",
        "start": start,
        "end": start + int(lasting * SECOND),
        "bytes_down": down,
        "bytes_up": up,
        "service": service,
        "category": category,
        "named_by": "dns",
        **more,
    }


CLASSES = ("service", "category", "named_by")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes flows as a classified Parquet file."""

    def _write(*rows: dict[str, Any], name: str = "flows.parquet", classes: bool = True) -> Path:
        columns: dict[str, Any] = {
            key: [row.get(key) for row in rows] for key in rows[0] | rows[-1]
        }
        found = table(columns, flow_schema())
        if classes:
            for one in CLASSES:
                found = found.append_column(one, pa.array(columns[one], pa.string()))
        file = tmp_path / name
        pq.write_table(found, file)
        return file

    return _write
