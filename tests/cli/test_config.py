"""`outage config check` as a user meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GOOD = '[operators.at-1]\nname = "AT"\ntimezone = "Europe/Vienna"\n'
BAD = GOOD + 'asn = 1\n[services.intranet]\ndomains = ["*.com"]\n'


def _run(folder: Path, *arguments: str, config: str = "") -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if key != "OUTAGE_CONFIG"}
    if config:
        environ["OUTAGE_CONFIG"] = config
    command = [sys.executable, "-m", "outage", "config", "check", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_without_a_file_the_built_in_catalogue_is_checked(tmp_path: Path) -> None:
    done = _run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("built-in catalogue: fine: ")
    assert done.stdout.count("\n") == 1


def test_the_file_of_the_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "outage.toml").write_text(GOOD)
    assert "outage.toml: fine: " in _run(tmp_path).stdout
    assert " 1 operator," in _run(tmp_path).stdout


def test_every_fault_on_a_line_of_stderr_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(BAD)
    done = _run(tmp_path, "--config", "mine.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [
        ["mine.toml:4", "operators.at-1.asn"],
        ["mine.toml:5", "services.intranet.name"],
        ["mine.toml:6", "services.intranet.domains[0]"],
    ]


def test_the_environment_names_a_file_and_the_option_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "bad.toml").write_text(BAD)
    assert _run(tmp_path, config="bad.toml").returncode == 2
    assert _run(tmp_path, "--config", "good.toml", config="bad.toml").returncode == 0


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    done = _run(tmp_path, "--config", "absent.toml")
    assert done.returncode == 2
    assert done.stderr == (
        "absent.toml: cannot be read: No such file or directory;"
        " name a readable file with --config\n"
    )


def test_the_options_of_sources_are_checked_without_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "outage.toml").write_text(
        '[sources.a]\nplug = "mastodon"\n'
        'options = { url = "https://a.example", tags = { whatsap = ["x"] } }\n'
        '[sources.b]\nplug = "bluesky"\noptions = { languages = "en" }\n'
        '[sources.c]\nplug = "statuspage"\noptions = { servce = "whatsapp" }\n'
        '[sources.d]\nplug = "downdetector"\nlag_seconds = 900\n'
        'options = { slugs = { whatsapp = 7 }, token = { env = "NOT_SET" } }\n'
        '[sources.e]\nplug = "x_counts"\n'
        'options = { bearer_token = { env = "NOT_SET" }, services = ["whatsapp"] }\n'
        '[sources.f]\nplug = "statuspage"\n'
        'options = { url = "https://a.example", service = "githb" }\n'
    )
    done = _run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    keys = [line.split(": ")[1] for line in done.stderr.splitlines()]
    assert keys == [
        "sources.a.options.tags.whatsap",
        "sources.b.options.languages",
        "sources.c.options.servce",
        "sources.d.options.slugs.whatsapp",
        "sources.f.options.service",
    ]
    assert "'githb' is not in the catalogue; did you mean github?" in done.stderr
    assert "did you mean whatsapp?" in done.stderr
