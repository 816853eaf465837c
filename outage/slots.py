"""Slots: half-open UTC intervals `[start, start + slot_seconds)`, held as epoch seconds.

Inside the project a moment is an `int` of seconds since 1970-01-01T00:00Z (arrays: int64);
records that leave it carry aware UTC datetimes, written as ISO 8601 with `Z`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from outage.errors import BadInput, UsageError

DEFAULT_SLOT_SECONDS = 600
DAY = 86_400
HOUR = 3_600
MINUTE = 60


def check_slot_seconds(seconds: int) -> int:
    """Return `seconds` if it divides an hour and is at least 60.

    >>> check_slot_seconds(900)
    900
    """
    if seconds < MINUTE or HOUR % seconds:
        raise UsageError(
            f"slot_seconds: {seconds} is not a divisor of an hour from 60 up;"
            " use one of 60, 120, 180, 300, 600, 900, 1200, 1800, 3600"
        )
    return seconds


def floor_slot(moment: int, slot_seconds: int) -> int:
    """Return the start of the slot that holds `moment` (both epoch seconds).

    >>> floor_slot(1_393_092_059, 600)
    1393092000
    """
    return moment - moment % slot_seconds


def to_epoch(moment: datetime) -> int:
    """Return whole epoch seconds of an aware datetime; a naive one is refused."""
    if moment.tzinfo is None:
        raise BadInput(f"time {moment.isoformat()} has no zone; write it with Z or an offset")
    return int(moment.timestamp() // 1)


def from_epoch(moment: int) -> datetime:
    """Return the aware UTC datetime of epoch seconds."""
    return datetime.fromtimestamp(moment, UTC)


def parse_time(text: str) -> int:
    """Return epoch seconds of an ISO 8601 time that names its zone.

    >>> parse_time("2014-02-22T19:00:00+01:00") == parse_time("2014-02-22T18:00:00Z")
    True
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(
            f"time {text[:40]!r} is not ISO 8601; write it like 2014-02-22T18:00:00Z"
        ) from error
    return to_epoch(moment)


def format_time(moment: int | None) -> str | None:
    """Return ISO 8601 UTC with `Z`, or None for None.

    >>> format_time(1_393_092_000)
    '2014-02-22T18:00:00Z'
    """
    if moment is None:
        return None
    return from_epoch(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
