"""Records written as JSON, one object a line (or a list of such lines), to columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from collectors.files.lines import Block
from collectors.files.rows import Told
from collectors.flows.delimited import Records
from collectors.flows.tables import Damage

NOT_JSON: Final = Told("the line is no JSON object", "the line is cut or damaged: fetch it again")
BRACKETS: Final = frozenset({b"", b"[", b"]"})

Found = tuple[int, dict[str, Any]]


def objects(block: Block, damage: Damage) -> Iterator[Found]:
    """Yield the objects of a block, each with the position of its line; bad lines are counted."""
    for position, line in enumerate(block.text.split(b"\n")[:-1]):
        text = line.strip().rstrip(b",")
        if text in BRACKETS:
            continue
        for one in _parsed(text):
            if isinstance(one, dict):
                yield position, one
            else:
                damage.add(NOT_JSON, int(block.numbers[position]), block.line(position))


def _parsed(text: bytes) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [None]
    return found if isinstance(found, list) else [found]


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
