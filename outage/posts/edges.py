"""Where words begin and end, in scripts that have spaces and in those that have none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import category

_MOST_BEFORE: Final = 4
_NONE, _SPACED, _KATAKANA, _HANGUL = range(4)
# Written without spaces: a word may begin and end anywhere.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u309f\u3400-\u9fff]"
)
_KATAKANA_LETTER: Final = re.compile(r"[\u30a1-\u30fa\u30fc-\u30ff]")
_HANGUL_SYLLABLE: Final = re.compile(r"[\u1100-\u11ff\uac00-\ud7a3]")
#: Latin words count one each; where there are no spaces two characters make a word.
WORD: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff]{1,2}"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff][\w']*"
)


@lru_cache(maxsize=4096)
def _kind(letter: str) -> int:
    if _UNSPACED.match(letter):
        return _NONE
    if _KATAKANA_LETTER.match(letter):
        return _KATAKANA
    if _HANGUL_SYLLABLE.match(letter):
        return _HANGUL
    return _SPACED if letter == "_" or category(letter)[0] in "LMN" else _NONE


def joined(left: str, right: str) -> bool:
    """Tell whether two neighbouring characters stand within one word."""
    kind = _kind(left)
    return kind != _NONE and kind == _kind(right)


def before(text: str, start: int) -> str:
    """Return the part of the word at `start` that stands before it, empty at an edge.

    Of a long part these are the last letters: more than may be written onto a word.
    """
    at = start
    first = max(0, start - _MOST_BEFORE)
    if not at or text[at - 1] == " ":
        return ""
    while at > first and joined(text[at - 1], text[at]):
        at -= 1
    return text[at:start]


def after(text: str, end: int) -> str:
    """Return the rest of the word that goes on at `end`; Korean particles are no rest."""
    if end == len(text) or text[end] == " " or _kind(text[end - 1]) == _HANGUL:
        return ""
    at = end
    while at < len(text) and joined(text[at - 1], text[at]):
        at += 1
    return text[end:at]
