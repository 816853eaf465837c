"""Secrets that this process has read, and texts without them.

A secret is known from the moment it is read; from then on no log record shows it, whoever wrote
the record, and `hide` takes it out of any other text. Known to the whole process: a secret of one
source must not stand in a message of another either.
"""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote

SHORTEST: Final = 4  # less would tear holes into every text, and is no secret
STARS: Final = "***"

_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_LOGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*?:([^/@\s]+)@", re.IGNORECASE)
_LOCK: Final = Lock()
_KNOWN: Final[set[str]] = set()
_PATTERN: list[re.Pattern[str]] = []


def keep_secret(text: str) -> None:
    """Take `text` out of every log record from now on, and of what passes through `hide`."""
    with _LOCK:
        new = {one for one in _spellings(text) if len(one) >= SHORTEST} - _KNOWN
        if not new:
            return
        if not isinstance(logging.getLogRecordFactory(), _Recording):
            logging.setLogRecordFactory(_Recording(logging.getLogRecordFactory()))
        _set(_KNOWN | new)


@contextmanager
def forgetting() -> Iterator[None]:
    """Forget afterwards the secrets that became known within (one test after another)."""
    before = set(_KNOWN)
    try:
        yield
    finally:
        with _LOCK:
            _set(before)


def _set(secrets: set[str]) -> None:
    _KNOWN.intersection_update(secrets)
    _KNOWN.update(secrets)
    longest_first = sorted(secrets, key=len, reverse=True)
    _PATTERN[:] = [re.compile("|".join(map(re.escape, longest_first)))] if secrets else []


def hide(text: str) -> str:
    """Return the text with every known secret replaced, however it is spelt in URLs or JSON."""
    for pattern in _PATTERN:
        return pattern.sub(STARS, text)
    return text


def _spellings(text: str) -> Iterator[str]:
    raw = text.strip()
    quoted = (quote(raw), quote(raw, safe=""), quote_plus(raw))
    yield from (text, raw, raw.rstrip("/"), *quoted)
    yield from (_ESCAPE.sub(lambda found: found[0].lower(), one) for one in quoted)
    yield from (json.dumps(raw)[1:-1], json.dumps(raw, ensure_ascii=False)[1:-1], repr(raw)[1:-1])
    yield from (escape(raw), raw.replace("/", "\\/"))
    if len(raw) >= SHORTEST:
        yield b64encode(raw.encode()).decode()
        yield urlsafe_b64encode(raw.encode()).decode()
    if login := _LOGIN.match(raw):  # the address is shown without it, and it may stand alone
        yield from {login[1], unquote(login[1])}


class _Recording:
    """Makes log records as before, and hides secrets in their text and traceback."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*args, **kwargs)
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # a faulty call; the handler says so itself
            said = str(record.msg)
        hidden = hide(said)
        if hidden != said:
            record.msg, record.args = hidden, None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = hide(logging.Formatter().formatException(record.exc_info))
        return record
