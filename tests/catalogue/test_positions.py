"""The line of every key, in every way TOML has of writing one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outage.catalogue.load import BUILTIN
from outage.catalogue.positions import KeyPath, key_lines, line_of

TRICKY = '''# comment with [brackets] and "quotes"
top = "a # no comment"  # a comment

[services.one]
name = "One"
keywords = [
  "first",  # ] not the end
  'second ]',
  ["in", "ner"],
]
domains = { "" = ["a.b"], chat = [
  "c.d", "e.f" ] }
a."b.c".'d' = 1
long = """
[not.a.table]
key = "no"
"quoted" \\""" and more"""
raw = \'\'\'
x = 1\'\'\'\'
when = 2014-02-22T18:00:00Z
float = 1.5e3 # end

[[channels]]
name = "p"
[channels.options]
to = "q"
[[channels]]
name = "r"
[ services . "two" ]
last = true'''

EXPECTED: dict[KeyPath, int] = {
    ("top",): 2,
    ("services",): 4,
    ("services", "one"): 4,
    ("services", "one", "keywords"): 6,
    ("services", "one", "keywords", 0): 7,
    ("services", "one", "keywords", 1): 8,
    ("services", "one", "keywords", 2, 1): 9,
    ("services", "one", "domains", ""): 11,
    ("services", "one", "domains", "", 0): 11,
    ("services", "one", "domains", "chat"): 11,
    ("services", "one", "domains", "chat", 1): 12,
    ("services", "one", "a", "b.c", "d"): 13,
    ("services", "one", "long"): 14,
    ("services", "one", "raw"): 18,
    ("services", "one", "when"): 20,
    ("services", "one", "float"): 21,
    ("channels", 0): 23,
    ("channels", 0, "name"): 24,
    ("channels", 0, "options", "to"): 26,
    ("channels", 1, "name"): 28,
    ("services", "two"): 29,
    ("services", "two", "last"): 30,
}


def _leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield path, value
    for key, inner in items:
        yield from _leaves(inner, (*path, key))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_of_a_tricky_text(ending: str) -> None:
    lines = key_lines(TRICKY.replace("\n", ending))
    assert {path: lines.get(path) for path in EXPECTED} == EXPECTED


def test_exactly_the_keys_that_the_standard_reader_finds() -> None:
    found = {path for path in key_lines(TRICKY) if path}
    leaves = {path for path, _ in _leaves(tomllib.loads(TRICKY))}
    assert leaves <= found
    assert found == {path[:length] for path in leaves for length in range(1, len(path) + 1)}


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.toml")), ids=lambda path: path.name)
def test_every_value_of_the_built_in_files_stands_on_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines, rows = key_lines(text), text.split("\n")
    for key, value in _leaves(tomllib.loads(text)):
        assert str(value) in rows[lines[key] - 1], key


def test_an_absent_key_is_placed_at_the_table_around_it() -> None:
    lines = key_lines(TRICKY)
    assert line_of(lines, ("services", "two", "name")) == 29
    assert line_of(lines, ("sources", "x")) is None


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k, ensure_ascii=False)} = {_written(v)}" for k, v in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[ # ] no end\n" + "".join(f"  {_written(one)}, # }}\n" for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_whatever_stands_in_a_table_is_found(table: dict[str, Any]) -> None:
    pairs = [f"{json.dumps(k, ensure_ascii=False)} = {_written(v)}" for k, v in table.items()]
    text = "\n[head]\n" + "\n".join(pairs)
    assert tomllib.loads(text) == {"head": table}
    lines = key_lines(text)
    assert {path for path, _ in _leaves({"head": table})} <= lines.keys() | {()}
    line = 3
    for key, pair in zip(table, pairs, strict=True):
        assert lines["head", key] == line
        line += pair.count("\n") + 1
