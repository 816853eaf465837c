"""From the logs of others to named flows and samples, by the public commands."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from outage.cli.main import run


class Shell:
    """The command line in this process; returns what `--json` prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> dict[str, Any]:
        sys.argv = ["outage", "flows", *map(str, words), "--json"]
        with pytest.raises(SystemExit) as caught:
            run()
        out, err = self._capsys.readouterr()
        assert caught.value.code in (0, None), err
        document: dict[str, Any] = json.loads(out)
        return document


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("OUTAGE_CLIENT_KEY", "a key for tests only")
    monkeypatch.delenv("OUTAGE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


def classified(folder: Path) -> list[dict[str, Any]]:
    """Return the classified flows of a folder, without their times."""
    columns = ["server_port", "service", "category", "named_by"]
    return [
        row
        for path in sorted(folder.rglob("flows/**/*.parquet"))
        for row in parquet.ParquetFile(path).read(columns=columns).to_pylist()
    ]


def test_captures_name_whatsapp_wherever_they_hold_the_evidence(
    shell: Shell, shared: Path, tmp_path: Path
) -> None:
    pytest.importorskip("nfstream", reason="nfstream is not installed (extra: capture)")
    if shutil.which("tshark") is None:
        pytest.skip("no tshark here; install it (Debian: tshark)")
    names = ("whatsapp", "whatsapp_login_chat", "whatsappfiles")
    captures = [shared / "data" / "pcaps" / f"{name}.pcap" for name in names]

    shell("read", "pcap", *captures, "--out", tmp_path / "logs", "--vantage", "lab")
    flows, answers = (list((tmp_path / "logs" / kind).iterdir()) for kind in ("flows", "dns"))
    shell("classify", "--flows", *flows, "--dns", *answers, "--out", tmp_path / "named")

    rows = classified(tmp_path / "named")
    named = Counter(
        (row["server_port"], row["named_by"])
        for row in rows
        if row["service"] == "whatsapp" and row["named_by"] != "address"
    )
    assert len(rows) == 97
    assert named == {(5222, "dns"): 1, (443, "sni"): 2}


def test_three_days_of_a_real_host_become_samples(
    shell: Shell, shared: Path, tmp_path: Path
) -> None:
    summary = shell(
        "read", "zeek", shared / "data" / "zeek", "--out", tmp_path / "logs", "--vantage", "lab"
    )
    assert (summary["files"], summary["files_failed"]) == (216, 0)
    assert (summary["flows"], summary["answers"], summary["skipped"]) == (105_918, 6_491, {})
    flows, answers = (list((tmp_path / "logs" / kind).iterdir()) for kind in ("flows", "dns"))

    outcome = shell("classify", "--flows", *flows, "--dns", *answers, "--out", tmp_path / "named")

    assert outcome["flows"] == 105_918
    assert len(classified(tmp_path / "named")) == 105_918
    samples = parquet.read_table(tmp_path / "named" / "samples.parquet")
    assert samples.num_rows == outcome["samples"] > 0
    assert set(samples["vantage"].to_pylist()) == {"lab"}
