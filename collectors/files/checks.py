"""Check the columns of long samples all at once: what is good goes on, what is not is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from collectors.files.rows import Bools, Faults, Told
from outage.batches import Floats, Ints
from outage.errors import BadInput, UsageError
from outage.slots import check_slot_seconds
from outage.words import SIGNALS, check_slug

Check: TypeAlias = Callable[[str], str]

NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
ABSENT: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})
ENDLESS: Final = frozenset({"inf", "infinity"})
MISSING: Final = Told("value is missing (empty or NaN)", "leave out a row without a value")
INFINITE: Final = Told("value is infinite", "leave out a row without a value")


class Wrong(Exception):
    """A word that does not pass its check; carries what is told of it."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.reason)
        self.told = told


def as_text(column: Any) -> Any:
    """Return an Arrow column as strings, empty where it is null; BadInput if it cannot be."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        return column.cast(pa.string()).fill_null("")
    except pa.ArrowException as error:
        raise BadInput(f"values of type {column.type} are not text") from error


def words(column: Any, check: Check, faults: Faults) -> tuple[Ints, list[str]]:
    """Return the code of each row and the checked word of each code; marks the bad rows."""
    encoded = as_text(column).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    checked, told = [], {}
    for code, word in enumerate(encoded.dictionary.to_pylist()):
        try:
            checked.append(check(word.strip()))
        except Wrong as wrong:
            told[code] = wrong.told
            checked.append("")
    faults.mark_words(codes, told)
    return codes, checked


def slug(what: str, *, empty: bool = False) -> Check:
    """Return the check of a word that names a subject, vantage, category or source."""
    return partial(_slug, what=what, empty=empty)


def _slug(word: str, what: str, empty: bool) -> str:
    if not word and empty:
        return word
    if not word:
        raise Wrong(Told(f"{what} is empty", f"name the {what} in each row"))
    try:
        return check_slug(word, what)
    except BadInput as error:
        reason, _, remedy = str(error).partition("; ")
        tidy = re.sub(r"[^a-z0-9._-]+", "-", word[:64].lower()).strip("-._")
        hint = f", for example {tidy!r}" if tidy else ""
        raise Wrong(Told(reason, remedy + hint)) from error


def signal(word: str) -> str:
    """Return a signal of the vocabulary; raises Wrong with the nearest one."""
    if word in SIGNALS:
        return word
    close = get_close_matches(word[:64].lower(), SIGNALS, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(SIGNALS)}"
    raise Wrong(Told(f"unknown signal {word[:40]!r}" if word else "signal is empty", remedy))


def slot_length(word: str) -> str:
    """Return a slot length as digits, empty where it is to be inferred; raises Wrong."""
    if not word:
        return word
    try:
        seconds = float(word[:20])
        return str(check_slot_seconds(int(seconds) if seconds.is_integer() else 0))
    except (ValueError, OverflowError, UsageError) as error:
        remedy = "use 60, 120, 180, 300, 600, 900, 1200, 1800 or 3600"
        raise Wrong(
            Told(f"slot_seconds {word[:20]!r} is not a divisor of an hour from 60 up", remedy)
        ) from error


NO_WEIGHT: Final = Told(
    "weight is no count of measurements", "write how many measurements there were, or nothing"
)


def numbers(column: Any, faults: Faults) -> Floats:
    """Return the values as floats; marks those that are no number, missing or infinite."""
    value = _cast(column) if _is_numeric(column) else _from_text(as_text(column), faults)
    faults.mark(np.isnan(value), MISSING)
    faults.mark(np.isinf(value), INFINITE)
    faults.mark(value < 0, Told("value is negative", "no signal falls below 0; leave the row out"))
    return value


def weights(column: Any, faults: Faults) -> Floats:
    """Return how many measurements stand behind each value, NaN where it is not said.

    Marks those that are negative or no number.
    """
    import pyarrow.compute as pc

    if _is_numeric(column):
        value = _cast(column)
    else:
        texts = pc.fill_null(pc.utf8_trim_whitespace(as_text(column)), "")
        shaped = pc.match_substring_regex(texts, NUMBER)
        value = _cast(pc.if_else(shaped, texts, None))
        faults.mark(~np.asarray(pc.or_(shaped, pc.equal(texts, "")), dtype=np.bool_), NO_WEIGHT)
    faults.mark((value < 0) | np.isinf(value), NO_WEIGHT)
    return np.where(value == 0, np.nan, value)


def _is_numeric(column: Any) -> bool:
    import pyarrow as pa

    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _cast(column: Any) -> Floats:
    import pyarrow as pa

    cast = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(cast, dtype=np.float64)


def _from_text(column: Any, faults: Faults) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return np.asarray(column.cast(pa.float64()), dtype=np.float64)
    except pa.ArrowInvalid:  # one bad cell fails the whole cast
        trimmed = pc.utf8_trim_whitespace(column)
    shaped = pc.match_substring_regex(trimmed, NUMBER)
    good = np.asarray(shaped, dtype=np.bool_)
    _mark_odd(trimmed, ~good, faults)
    kept = pc.if_else(shaped, trimmed, pa.scalar("0"))
    return np.asarray(kept.cast(pa.float64()), dtype=np.float64)


def _mark_odd(texts: Any, odd: Bools, faults: Faults) -> None:
    lowered = [text.lower().lstrip("+-") for text in texts.filter(odd).to_pylist()]
    for told, chosen in (
        (MISSING, _where(odd, lowered, ABSENT)),
        (INFINITE, _where(odd, lowered, ENDLESS)),
        (Told("value is not a number", "write it like 12 or 12.5, without separators"), odd),
    ):
        faults.mark(chosen, told)


def _where(odd: Bools, lowered: Sequence[str], known: frozenset[str]) -> Bools:
    chosen = odd.copy()
    chosen[odd] = [text in known for text in lowered]
    return chosen


def shares(value: Floats, codes: Ints, signals: Sequence[str], faults: Faults) -> None:
    """Mark the values above 1 of signals that are shares."""
    share = np.array([SIGNALS[name].unit == "share" if name else False for name in signals])
    if share.any():
        told = Told("a share is above 1", "divide a percentage by 100")
        faults.mark(share[codes] & (value > 1), told)
