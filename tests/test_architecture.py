"""The architecture page, the folders and the real imports agree."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("outage", "collectors", "detectors", "dashboard")
NODE = re.compile(r'^\s*(\w+)\["(.+)"\]$', re.M)
MEMBER = re.compile(r"\b(?:outage\.\w+|collectors|detectors|dashboard)\b")
ARROW = re.compile(r"^\s*(\w+) --> (\w+)$", re.M)

#: The only places that may import a library directly: elsewhere its types do not leak.
HOMES = {
    "alembic": ("outage.store",),
    "prophet": ("detectors.prophet_baseline",),
    "ruptures": ("detectors.kernel",),
    "sqlalchemy": ("outage.store",),
    "streamlit": ("dashboard", "outage.cli"),
    "typer": ("outage.cli",),
}


@cache
def imports() -> grimp.ImportGraph:
    """Return the graph of all imports of the four packages."""
    return grimp.build_graph(*PACKAGES, include_external_packages=True)


@cache
def diagram() -> str:
    """Return the Mermaid diagram of the architecture page."""
    return PAGE.read_text().partition("```mermaid\n")[2].partition("```")[0]


def node_of_module() -> dict[str, str]:
    """Return which node of the diagram each module group is drawn in."""
    return {
        member: node for node, label in NODE.findall(diagram()) for member in MEMBER.findall(label)
    }


def group(module: str) -> str:
    """Return the module group of a module: a plug package, or a part of `outage`."""
    package, *rest = module.split(".")
    return ".".join([package, *rest[:1]]) if package == "outage" else package


def modules() -> set[str]:
    """Return our own modules, without the two that are only entrances."""
    ours = {name for name in imports().modules if name.split(".")[0] in PACKAGES}
    return ours - {"outage", "outage.__main__"}


def real_arrows() -> set[tuple[str, str]]:
    """Return the arrows between nodes that the imports make."""
    drawn = node_of_module()
    pairs = {
        (drawn[group(importer)], drawn[group(imported)])
        for importer in modules()
        for imported in imports().find_modules_directly_imported_by(importer) & modules()
    }
    return {(one, other) for one, other in pairs if one != other}


def test_every_module_is_drawn_once_and_every_drawn_one_exists() -> None:
    drawn = [member for _, label in NODE.findall(diagram()) for member in MEMBER.findall(label)]

    assert sorted(drawn) == sorted({group(module) for module in modules()})


def test_the_diagram_shows_the_real_imports() -> None:
    arrows = set(ARROW.findall(diagram()))
    real = real_arrows()

    missing = "\n".join(f"    {one} --> {other}" for one, other in sorted(real - arrows))
    assert not missing, f"add to {PAGE.name}:\n{missing}"
    untrue = "\n".join(f"    {one} --> {other}" for one, other in sorted(arrows - real))
    assert not untrue, f"take out of {PAGE.name}:\n{untrue}"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_in_its_home(library: str) -> None:
    known = library in imports().modules
    users = imports().find_modules_that_directly_import(library) if known else set()

    strangers = [user for user in users if not user.startswith(HOMES[library])]
    assert not strangers, f"{library} belongs in {', '.join(HOMES[library])}"


def test_the_import_contracts_hold() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_a_plug_that_reaches_for_the_store_breaks_a_contract(tmp_path: Path) -> None:
    for package in PACKAGES:
        subprocess.run(["cp", "-r", ROOT / package, tmp_path / package], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "collectors" / "greedy.py").write_text("import outage.store\n")

    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert answer.returncode == 1
    assert "collectors.greedy -> outage.store" in answer.stdout


def test_the_alembic_folder_does_not_shadow_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
