"""TCP flags as exporters write them: numbers, letters or names, of all packets of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FIN, SYN, RST, ACK = 1, 2, 4, 16  # RFC 9293
MOST_DIGITS: Final = 5
BITS: Final[Mapping[str, int]] = {
    "FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128,
}  # fmt: skip
LETTERS: Final[Mapping[str, int]] = {
    "F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128,
}  # fmt: skip


def flag_bits(word: str) -> int | None:
    """Return the bits (RFC 9293) of a number, of `...A..S.`, or of names; None if it is none.

    >>> flag_bits("18"), flag_bits("0x12"), flag_bits("...A..S."), flag_bits("SYN,ACK")
    (18, 18, 18, 18)
    """
    text = word.strip().upper().strip("[]")
    if text.isdecimal():
        return int(text) if len(text) <= MOST_DIGITS else None
    if text.startswith("0X"):
        return hex_bits(text[2:])
    names = [BITS.get(name.strip(" '\""), -1) for name in text.replace("|", ",").split(",")]
    if -1 not in names:
        return sum(set(names))
    bits = [0 if letter in ". X" else LETTERS.get(letter, -1) for letter in text]
    return None if -1 in bits else sum(set(bits))


def hex_bits(word: str) -> int | None:
    """Return the bits of a hexadecimal number without its 0x.

    >>> hex_bits("1b")
    27
    """
    try:
        return int(word, 16) if len(word) <= MOST_DIGITS else None
    except ValueError:
        return None
