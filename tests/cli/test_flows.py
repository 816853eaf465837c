"""`outage flows classify`: what it prints, how it exits, and that its samples can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from outage.cli.flows_classify import _repeated
from tests.flows.made import answer, flow, write_answers, write_flows

FLOWS = [
    flow("c", "198.51.100.7", second, end=second + 5, bytes_down=1_000, vantage="mobile-1")
    for second in range(0, 3_601, 60)
]
ANSWERS = [answer("c", "mmv12.whatsapp.net", "198.51.100.7", 0, ttl=1_200)]


def outage(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "outage", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a folder with two files of flows and one of answers."""
    write_flows(tmp_path / "flows" / "1.parquet", FLOWS[:30])
    write_flows(tmp_path / "flows" / "2.parquet", FLOWS[30:])
    write_answers(tmp_path / "dns" / "1.parquet", ANSWERS)
    return tmp_path


CLASSIFY = ("flows", "classify", "--flows", "flows/1.parquet", "flows/2.parquet", "--dns",
            "dns/1.parquet", "--out", "out")  # fmt: skip


def test_its_samples_are_ready_to_be_imported(logs: Path) -> None:
    done = outage(logs, *CLASSIFY, "--json")
    outage(logs, "init")
    imported = outage(logs, "import", "samples", "out/samples.parquet")

    summary = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    named = {"dns": 26, "sni": 0, "certificate": 0, "address": 35}  # 1,500 s, then by address
    assert summary["named"] == named
    assert (summary["flows"], summary["unnamed"], summary["slots"]) == (61, 0, 6)
    assert summary["flows_per_second"] > 0
    assert f"{summary['samples']} samples: {summary['samples']} new" in imported.stdout
    assert imported.returncode == 0


def test_an_operator_that_looks_misspelt_is_told(logs: Path) -> None:
    operator = '[operators.mobile-1]\nname = "Mobile"\ntimezone = "UTC"\n'
    (logs / "outage.toml").write_text(operator)
    done = outage(logs, *CLASSIFY, "--vantage", "mobil-1")
    assert done.returncode == 0
    assert "did you mean mobile-1?" in done.stderr


def test_people_get_a_line_and_damage_exits_with_one(logs: Path) -> None:
    (logs / "flows" / "3.parquet").write_text("not at all")

    done = outage(logs, *CLASSIFY, "--flows", "flows/3.parquet")

    assert done.returncode == 1
    assert "61 flows: 26 by dns, 0 by sni, 0 by certificate, 35 by address" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "3.parquet" in line
    assert "Traceback" not in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--grace", "3601"), "--grace: 3601 is not within 0 and 3600 seconds"),
        (("--slot-seconds", "7"), "slot_seconds: 7 is not a divisor"),
        (("--memory-limit", "much"), "--memory-limit: 'much' is no size"),
        (("--vantage", "Not A Slug"), "--vantage 'Not A Slug' is not a slug"),
        (("--since", "today"), "time 'today' is not ISO 8601"),
    ],
)
def test_wrong_options_exit_with_two_and_a_line(
    logs: Path, words: tuple[str, ...], said: str
) -> None:
    done = outage(logs, *CLASSIFY, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert not (logs / "out" / "samples.parquet").exists()


def test_an_option_takes_every_name_up_to_the_next_option() -> None:
    words = ["--flows", "a", "b", "c", "--json", "--dns", "d", "--out", "o"]

    assert list(_repeated(words)) == [
        "--flows", "a", "--flows", "b", "--flows", "c", "--json", "--dns", "d", "--out", "o",
    ]  # fmt: skip


def test_the_names_after_an_equals_sign_belong_together() -> None:
    assert list(_repeated(["--flows=a", "b", "--dns=d", "e"])) == [
        "--flows=a", "--flows", "b", "--dns=d", "--dns", "e",
    ]  # fmt: skip


def test_no_samples_are_not_said_to_be_in_a_file(logs: Path) -> None:
    write_flows(logs / "one.parquet", FLOWS[:1])

    done = outage(logs, "flows", "classify", "--flows", "one.parquet", "--out", "out")

    assert (done.returncode, done.stderr) == (0, "")
    assert "0 samples of 0 slots: no flow has a service, or no slot is complete (" in done.stdout


def test_a_folder_without_logs_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = outage(tmp_path, "flows", "classify", "--flows", "empty", "--out", "out")

    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "no file can be used: the folders hold no *.parquet" in line
    assert "outage flows read" in line
