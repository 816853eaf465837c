"""The notation of phrases in `[wording]`: alternatives, gaps, open ends (docs/posts.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

GAP: Final = "..."
MOST: Final = 2_000
_PIECE: Final = re.compile(r"\(([^()]*)\)|([^()|]+)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase taken apart: one part beside the next gap, each a choice of texts.

    A choice is a text and whether a word may go on after it; `after_name` and `before_name` say on
    which side of the name the phrase must stand.
    """

    parts: tuple[tuple[tuple[str, bool], ...], ...]
    after_name: bool
    before_name: bool


def parse(text: str) -> Pattern:
    """Return the pattern of a phrase; raises ValueError saying what is wrong with it.

    >>> parse("... (is|went) down*").parts
    ((('is down', True), ('went down', True)),)
    """
    pieces = [piece.strip() for piece in text.split(GAP)]
    parts = tuple(_choices(piece) for piece in pieces if piece not in ("", "*"))
    if not parts:
        raise ValueError("holds no words")
    return Pattern(parts, not pieces[0], len(pieces) > 1 and not pieces[-1])


def _choices(piece: str) -> tuple[tuple[str, bool], ...]:
    found = list(_PIECE.finditer(piece))
    if "".join(one[0] for one in found) != piece:
        raise ValueError("has a bracket or bar without its fellow")
    choices = [one[2].split("|") if one[1] is None else one[1].split("|") for one in found]
    count = 1
    for options in choices:
        count *= len(options)
    if count > MOST:
        raise ValueError(f"stands for {count:,} phrases, more than {MOST:,}")
    texts = (" ".join("".join(chosen).split()) for chosen in product(*choices))
    kept = dict.fromkeys((text.rstrip("*").strip(), text.endswith("*")) for text in texts)
    if any("*" in text for text, _ in kept):
        raise ValueError("has a * that is not the end of a part")
    return tuple(one for one in kept if one[0])
