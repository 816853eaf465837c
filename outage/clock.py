"""The only module that asks the machine for the time; everywhere else `now` is a parameter."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment as an aware UTC datetime."""
    return datetime.now(UTC)


def now() -> int:
    """Return the current moment in whole epoch seconds."""
    return int(utc_now().timestamp())
