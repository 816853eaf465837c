"""Plugs of other people's packages are found, loaded, and named when they are broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from outage import plugs
from outage.errors import ConfigError, PlugError
from outage.settings import Settings, override

GOOD = '''
class Pigeon:
    """Counts pigeons."""
    def collect(self, since, until):
        yield from ()
    def read(self, path, options):
        yield from ()
'''


def package(folder: Path, name: str, source: str, entry_points: str, version: str = "2.1") -> None:
    """Lay a package out in `folder` as an installer would."""
    (folder / f"{name}.py").write_text(source)
    record = folder / f"{name}-{version}.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (record / "entry_points.txt").write_text(entry_points)


def asked(folder: Path, group: str, name: str) -> subprocess.CompletedProcess[str]:
    """Load a plug in a process of its own, with `folder` on its path."""
    code = (
        "import sys; from outage import plugs; from outage.errors import OutageError\n"
        "try: plug = plugs.load(*sys.argv[1:])\n"
        "except OutageError as error: print(error, file=sys.stderr); sys.exit(1)\n"
        "print(plug.__module__, plug.__name__, hasattr(plug(), 'collect'))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, group, name],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("group", ["outage.collectors", "outage.readers"])
def test_a_third_party_plug_is_found_and_loaded(tmp_path: Path, group: str) -> None:
    package(tmp_path, "pigeons", GOOD, f"[{group}]\npigeon = pigeons:Pigeon\n")

    answer = asked(tmp_path, group, "pigeon")

    assert answer.stderr == ""
    assert answer.stdout.split() == ["pigeons", "Pigeon", "True"]


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("import nowhere_to_be_found", "pigeons:Pigeon", "No module named 'nowhere_to_be_found'"),
        ("class Dove: pass", "pigeons:Pigeon", "no attribute 'Pigeon'"),
        ("def broken(:", "pigeons:Pigeon", "SyntaxError"),
        ("1 / 0", "pigeons:Pigeon", "ZeroDivisionError"),
        ("Pigeon = 3", "pigeons:Pigeon", "must be a class with the method collect"),
        ("class Pigeon: pass", "pigeons:Pigeon", "must be a class with the method collect"),
    ],
)
def test_a_broken_plug_is_one_clear_line(
    tmp_path: Path, source: str, target: str, reason: str
) -> None:
    package(tmp_path, "pigeons", source, f"[outage.collectors]\npigeon = {target}\n")

    answer = asked(tmp_path, "outage.collectors", "pigeon")

    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("outage.collectors: 'pigeon' from pigeons 2.1")
    assert reason in line


def test_two_plugs_of_one_name_are_refused_naming_both_packages(tmp_path: Path) -> None:
    for name in ("pigeons", "doves"):
        package(tmp_path, name, GOOD, f"[outage.collectors]\nbird = {name}:Pigeon\n")

    answer = asked(tmp_path, "outage.collectors", "bird")

    (line,) = answer.stderr.splitlines()
    assert "pigeons 2.1" in line
    assert "doves 2.1" in line


def test_a_misspelt_plug_is_suggested() -> None:
    with pytest.raises(PlugError, match="did you mean 'seasonal'"):
        plugs.load("outage.detectors", "seasnal")


def test_an_unknown_plug_says_what_there_is() -> None:
    with pytest.raises(PlugError, match=r"there are: .*seasonal"):
        plugs.load("outage.detectors", "zzz")


@pytest.mark.parametrize("group", plugs.GROUPS)
def test_every_plug_of_our_own_loads_and_says_what_it_does(group: str) -> None:
    for name, point in plugs.available(group).items():
        summary = plugs.load(group, name).__doc__
        assert summary, f"{point.value} has no docstring"


def test_a_plug_is_built_with_its_options_and_a_wrong_one_is_named() -> None:
    assert plugs.build("outage.detectors", "prophet", {"cluster": "tcp://127.0.0.1:1"}).cluster
    with pytest.raises(ConfigError, match=r"options of 'prophet': .*'clutser'; it takes"):
        plugs.build("outage.detectors", "prophet", {"clutser": "tcp://127.0.0.1:1"})


def test_options_of_a_detector_are_set_like_any_key() -> None:
    chosen = override(Settings(), ["detectors.prophet.cluster=tcp://127.0.0.1:1"])
    assert chosen.detectors == {"prophet": {"cluster": "tcp://127.0.0.1:1"}}
