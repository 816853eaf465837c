"""The page that explains the catalogue file names every key the schema has, and only those."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from outage.catalogue import load_catalogue, overlay
from outage.catalogue.schema import SECTIONS
from outage.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def _setting_keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _setting_keys(kind, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _rows(heading: str) -> set[str]:
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


def test_every_key_of_an_entry_has_its_row_and_no_row_is_stale() -> None:
    for section, model in SECTIONS.items():
        assert _rows(section) == set(model.model_fields), section


def test_every_setting_has_its_row_and_no_row_is_stale() -> None:
    wanted = set(_setting_keys(Settings))
    assert _rows("settings") == wanted, "give each setting its row in docs/catalogue.md"


def test_the_page_counts_right_and_its_example_is_valid() -> None:
    text = PAGE.read_text(encoding="utf-8")
    catalogue = load_catalogue()
    assert f"{len(catalogue.services)} services" in text
    assert f"{len(catalogue.error_phrases)} languages" in text
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert examples
    for example in examples:
        overlay(tomllib.loads(example), "docs/catalogue.md")
