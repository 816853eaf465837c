"""One form for many spellings: case, accents, letter forms, invisible characters, long letters."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import Final
from unicodedata import normalize

# What NFKC and casefolding leave apart although people write the one for the other.
_SAME: Final = {
    "ı": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ё": "е",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "ʻ": "'",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه",
    "ک": "ك", "ھ": "ه", "ہ": "ه", "ۀ": "ه",
}  # fmt: skip
_DROPPED: Final = (
    (0x0300, 0x036F),  # accents, once letters are taken apart
    (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x0640, 0x0640),  # Arabic
    (0x0591, 0x05C7),  # Hebrew points
    (0x093C, 0x093C), (0x09BC, 0x09BC),  # nukta
    (0x00AD, 0x00AD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0xFEFF, 0xFEFF),
    (0xFE00, 0xFE0F),  # emoji or text
)  # fmt: skip
_TABLE: Final = {
    **{code: None for first, last in _DROPPED for code in range(first, last + 1)},
    **{ord(letter): same for letter, same in _SAME.items()},
}
_ODD: Final = re.compile("[" + "".join(map(re.escape, map(chr, sorted(_TABLE)))) + "]")
_ADDRESS: Final = re.compile(r"https?://\S+|\S+@[a-z0-9-]+\.[a-z]\S*")
_LONG: Final = re.compile(r"([^\W\d_])\1{2,}")
_TAG: Final = re.compile(r"#\w+")
_THRICE: Final = re.compile(r"(.)\1\1")  # finds more than _LONG, but soon
_LONG_WORD: Final = re.compile(r"\b\w*([^\W\d_])\1{2,}\w*")

#: Characters that `glance` leaves and `fold` does not, with what it makes of them.
VARYING: Final = {chr(code): same or "" for code, same in sorted(_TABLE.items())}
#: Letters drawn out; w is left out, since web addresses begin with three.
DRAWN_OUT: Final = tuple(letter * 3 for letter in "abcdefghijklmnopqrstuvxyz")


def glance(text: str) -> str:
    """Return the text as the first, quick look takes it: NFKC and lower case."""
    return text.lower() if text.isascii() else normalize("NFKC", text).lower()


def fold(text: str) -> str:
    """Return the form in which texts and phrases are compared.

    NFKC and casefolded (Unicode 15, section 3.13), without accents, points and invisible
    characters; apostrophes, dotless i, the forms of Arabic letters and English n't are made one.

    >>> fold("Çalışmıyor, WON’T lo\u200bad: ｗｈａｔｓａｐｐ")
    'calismiyor, wont load: whatsapp'
    """
    if text.isascii():
        return text.lower().replace("n't", "nt")
    apart = normalize("NFD", normalize("NFKC", text).casefold())
    apart = apart.replace("u\u0308ber", "ueber")  # the German word is no "uber"
    for letter in set(_ODD.findall(apart)):  # str.translate would look up every letter
        apart = apart.replace(letter, _TABLE[ord(letter)] or "")
    return normalize("NFC", apart).replace("n't", "nt")


@lru_cache(maxsize=4)
def capitals(folded: str) -> str:
    """Return a folded text with a capital where a word of letters begins, as long as before.

    Patterns in this form are not found within words.
    """
    return folded.encode().title().decode() if folded.isascii() else folded.title()


def without_addresses(folded: str) -> str:
    """Return the text without web and mail addresses: a link to a service does not name it."""
    return _ADDRESS.sub(" ", folded) if "://" in folded or "@" in folded else folded


def spaced(folded: str) -> str:
    """Return the text with the words of a hashtag apart (`#outage_of_netflix`)."""
    if "#" not in folded or "_" not in folded:
        return folded
    return _TAG.sub(lambda found: found[0].replace("_", " "), folded)


def shorten(folded: str, known: Container[str]) -> str:
    """Return the text with drawn-out letters (three and more) as known words have them.

    >>> shorten("whatsappppp is dowwwn", {"whatsapp", "down"})
    'whatsapp is down'
    """
    if not _THRICE.search(folded):
        return folded
    return _LONG_WORD.sub(lambda found: _shortened(found[0], known), folded)


def _shortened(word: str, known: Container[str]) -> str:
    twice, once = _LONG.sub(r"\1\1", word), _LONG.sub(r"\1", word)
    return twice if twice in known and once not in known else once
