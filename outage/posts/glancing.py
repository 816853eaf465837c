"""A first look at every post: whether it may name a subject at all."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

from outage.posts.folding import DRAWN_OUT, VARYING

_EXACT_UP_TO: Final = 4
# Small letters and digits as they are; all else is no part of an English word.
_FLAT: Final = bytes(
    ord(chr(byte).lower()) if byte < 0x80 and chr(byte).isalnum() else ord(" ")
    for byte in range(0x100)
)


class Seen(Enum):
    """What a first look sees: a name, letters drawn out that may hide one, or neither."""

    NAME = auto()
    DRAWN_OUT = auto()
    NOTHING = auto()


class Glance:
    """Finds spellings of names: those of English letters where a word begins, others anywhere.

    Spellings of up to four letters are whole words.
    """

    def __init__(self, spellings: Iterable[str]) -> None:
        spellings = sorted(spellings)
        latin = {_edged(one) for one in spellings if one.isascii()}
        self._latin = _automaton([*latin, *(one.encode() for one in DRAWN_OUT)])
        self._latin_names = len(latin)
        other = [one.encode() for one in spellings if not one.isascii()]
        varying = [(one.encode(), same.encode()) for one, same in VARYING.items()]
        self._other = _automaton([*other, *(letter for letter, _ in varying)])
        self._other_names = len(other)
        self._varying = varying

    def look(self, text: str) -> Seen:
        """Return what may be seen in a text, glanced at or folded."""
        raw = text.encode(errors="replace")
        seen = self._latin_in(raw)
        if seen is Seen.NAME or len(raw) == len(text):
            return seen
        hits = {hit[0] for hit in self._other.find_matches_as_indexes(raw, True)}
        if not hits:
            return seen
        if min(hits) < self._other_names:
            return Seen.NAME
        for number in hits:
            raw = raw.replace(*self._varying[number - self._other_names])
        if any(
            hit[0] < self._other_names for hit in self._other.find_matches_as_indexes(raw, True)
        ):
            return Seen.NAME
        return self._latin_in(raw)

    def _latin_in(self, raw: bytes) -> Seen:
        hits = self._latin.find_matches_as_indexes(b" %b " % raw.translate(_FLAT), True)
        if not hits:
            return Seen.NOTHING
        return Seen.NAME if min(hits)[0] < self._latin_names else Seen.DRAWN_OUT


def _edged(spelling: str) -> bytes:
    word = spelling.encode().translate(_FLAT).strip()
    return b" %b " % word if len(spelling) <= _EXACT_UP_TO else b" %b" % word


def _automaton(patterns: list[bytes]) -> BytesAhoCorasick:
    return BytesAhoCorasick(patterns, implementation=Implementation.DFA)
