"""Records written as JSON, one object a line (or a list of such lines), to columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from collectors.files.lines import Block
from collectors.files.rows import Told
from collectors.flows.delimited import Records
from collectors.flows.tables import Damage

NOT_JSON: Final = Told("the line is no JSON object", "the line is cut or damaged: fetch it again")
MOST_PARTS: Final = 1_000  # lines of one object
BRACKETS: Final = frozenset({b"", b"[", b"]"})

Found = tuple[int, dict[str, Any]]


def objects(block: Block, damage: Damage) -> Iterator[Found]:
    """Yield the objects of a block, each with the position of its line; bad lines are counted."""
    for position, line in enumerate(block.text.split(b"\n")[:-1]):
        yield from _told(line.strip(), position, block, damage)


def _parsed(text: bytes) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [None]
    return found if isinstance(found, list) else [found]


@dataclass(slots=True)
class Assembler:
    """Joins objects that are written over several lines, also across blocks."""

    parts: list[bytes] = field(default_factory=list)
    line: int = 0

    def objects(self, block: Block, damage: Damage) -> Iterator[Found]:
        """Yield the objects that end in a block, with the position of the line where they do."""
        for position, line in enumerate(block.text.split(b"\n")[:-1]):
            text = line.strip()
            text = b"{" if text == b"[{" else text
            if not self.parts and text[:1] == b"{" and not _ends(text):
                self.line = int(block.numbers[position])
            elif not self.parts:
                yield from _told(text, position, block, damage)
                continue
            self.parts.append(text)
            if text.rstrip(b",]") == b"}" or len(self.parts) > MOST_PARTS:
                whole, self.parts = b" ".join(self.parts), []
                yield from _told(whole, position, block, damage)

    def end(self, damage: Damage) -> None:
        """Count an object that was begun and never ended."""
        if self.parts:
            damage.add(NOT_JSON, self.line, self.parts[0].decode("utf-8", "replace"))


def _ends(text: bytes) -> bool:
    return text.rstrip(b",").endswith(b"}")


def _told(text: bytes, position: int, block: Block, damage: Damage) -> Iterator[Found]:
    bare = text.rstrip(b",")
    if bare.startswith(b"{"):
        bare = bare.rstrip(b"]")
    if bare in BRACKETS:
        return
    for one in _parsed(bare):
        if isinstance(one, dict):
            yield position, one
        else:
            damage.add(NOT_JSON, int(block.numbers[position]), bare.decode("utf-8", "replace"))


def records_of(block: Block, found: Sequence[Found], wanted: Sequence[str]) -> Records:
    """Return the wanted keys of some objects as columns of text, null where a key is absent."""
    import pyarrow as pa

    columns = {
        name: pa.array([text(one.get(name)) for _, one in found], pa.string()) for name in wanted
    }
    positions = [position for position, _ in found]
    return Records(
        columns,
        block.numbers[np.array(positions, dtype=np.int64)],
        lambda row: block.line(positions[row]),
    )


def text(value: Any) -> str | None:
    """Return a JSON value as text; the elements of a list are joined by commas.

    >>> text(["a,b", 2]), text(1e-06), text(True)
    ('a\\\\x2cb,2', '0.000001', 'T')
    """
    match value:
        case None | str():
            return value
        case bool():
            return "T" if value else "F"
        case float():
            return f"{value:.6f}"
        case list():
            return ",".join((text(one) or "").replace(",", "\\x2c") for one in value)
        case _:
            return str(value)
