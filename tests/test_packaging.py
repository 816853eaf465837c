"""The lock, the list of packages, and the wheel installed alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.command_tree import command_tree

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([\w.-]+)==(\S+)")
BUILT = {words for one in command_tree() if (words := one.words)}


@cache
def project() -> dict[str, object]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def files() -> list[Path]:
    """Return the project's own files: what git holds or would add."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def pins() -> dict[str, list[str]]:
    """Return the locked versions of every package: several, where they differ by Python."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if match := PIN.match(line):
            found.setdefault(match[1].lower(), []).append(match[2])
    return found


def test_everything_that_is_asked_for_is_locked() -> None:
    table = project()["project"]
    asked = [*table["dependencies"], *table["optional-dependencies"]["dev"]]

    for text in asked:
        wanted = Requirement(text)
        versions = pins().get(wanted.name.lower())
        assert versions, f"{wanted.name} is not in requirements.lock; run make lock"
        assert all(map(wanted.specifier.contains, versions)), f"{text}: locked at {versions}"


def test_every_locked_package_has_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert len(entries) > 50
    assert all(PIN.match(entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted.org", "--index" + "-url", "anaconda" + ".org"]
    folders = ["/" + "root/", "/" + "home/", "/" + "work/", "/" + "Users/"]
    allowed = {("Makefile", hosts[2]), ("CONTRIBUTING.md", hosts[2])}  # as --no-emit-index-url

    found = [
        (path.relative_to(ROOT).as_posix(), word)
        for path in files()
        if path.suffix not in {".png", ".parquet"}
        for word in (*hosts, *folders)
        if word in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert set(found) <= allowed


def test_every_package_is_listed_for_the_wheel() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"]) - {"outage.migrations"}
    roots = ("outage", "collectors", "detectors", "dashboard")
    inits = [
        path.relative_to(ROOT) for root in roots for path in (ROOT / root).rglob("__init__.py")
    ]

    assert listed == {".".join(path.parent.parts) for path in inits}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that no left-over of the tree gets into it."""
    copy = tmp_path_factory.mktemp("source")
    for path in files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    command = "-m pip wheel --quiet --no-index --no-build-isolation --no-deps --wheel-dir dist ."
    subprocess.run([sys.executable, *command.split()], cwd=copy, check=True)
    (built,) = (copy / "dist").glob("outage-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into an empty environment that sees the locked dependencies."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(str(Path(pytest.__file__).parent.parent))
    command = ["-m", "pip", "--python", home / "bin/python", "install", "--quiet", "--no-index"]
    subprocess.run([sys.executable, *command, "--no-deps", wheel], check=True)
    return home


def run(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the empty environment in a folder, free of this checkout."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [home / "bin" / words[0], *words[1:]],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("package", ["outage", "collectors", "detectors", "dashboard"])
def test_the_wheel_brings_the_four_packages(installed: Path, tmp_path: Path, package: str) -> None:
    answer = run(
        installed, tmp_path, "python", "-c", f"import {package}; print({package}.__file__)"
    )

    assert answer.stdout.startswith(str(installed)), answer.stderr


def test_the_wheel_brings_the_data_that_is_no_code(installed: Path) -> None:
    (site,) = installed.glob("lib/python*/site-packages")
    data = [
        path
        for path in files()
        if path.suffix in {".toml", ".tsv"} and path.relative_to(ROOT).parts[0] == "outage"
    ]
    assert data

    for path in data:
        assert (site / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    migrations = sorted(path.name for path in (ROOT / "alembic/versions").glob("*.py"))
    assert sorted(path.name for path in (site / "outage/migrations/versions").glob("*.py")) == (
        migrations
    )


@pytest.mark.parametrize(
    "words",
    [
        words
        for words in (("--help",), ("init",), ("config", "check"), ("demo", "--no-serve"))
        if words[:1] in BUILT or words[0].startswith("-") or words in BUILT
    ],
    ids=" ".join,
)
def test_the_wheel_alone_works_in_an_empty_folder(
    installed: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = run(installed, tmp_path, "outage", *words)

    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_plugs_of_the_wheel_are_found(installed: Path, tmp_path: Path) -> None:
    code = "from outage import plugs; print(*plugs.available('outage.detectors'))"
    answer = run(installed, tmp_path, "python", "-c", code)

    entry_points = project()["project"]["entry-points"]["outage.detectors"]
    assert answer.stdout.split() == sorted(entry_points)


def test_make_says_clearly_that_python_is_missing(tmp_path: Path) -> None:
    answer = make(tmp_path, "PYTHON=python-of-the-future")

    assert "there is no 'python-of-the-future' here" in answer.stderr


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (
            'case "$*" in *version_info*) exit 1;; esac; echo "Python 3.9.2"',
            "Python 3.9.2 is too old",
        ),
        ('case "$*" in *ensurepip*) exit 1;; esac; exit 0', "comes without venv"),
    ],
)
def test_make_says_clearly_what_is_wrong_with_python(
    tmp_path: Path, script: str, complaint: str
) -> None:
    fake = tmp_path / "fake-python"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)

    answer = make(tmp_path, f"PYTHON={fake}")

    assert answer.returncode == 2
    assert complaint in answer.stderr


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make setup` in a folder that holds only what it reads."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return subprocess.run(
        ["make", "setup", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
