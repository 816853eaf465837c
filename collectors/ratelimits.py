"""How long a server asks to wait, in the several forms in which servers say it.

`Retry-After` (RFC 9110, seconds or a date), `x-rate-limit-reset` (X: Unix seconds),
`RateLimit-Reset` (the IETF draft: seconds from now; Bluesky: Unix seconds), `X-RateLimit-Reset`
(Mastodon: ISO 8601) and `RateLimit: "default";r=50;t=30` (structured field, Cloudflare).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Final

RESETS: Final = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
REMAINING: Final = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
A_MOMENT: Final = 1_000_000_000  # a larger number is a moment, not a number of seconds
IN_MILLISECONDS: Final = 100_000_000_000
LONGEST: Final = 366 * 86_400.0

_FIELD: Final = re.compile(r";\s*([rt])\s*=\s*(\d{1,9})")


def asked_to_wait(headers: Mapping[str, str], now: int) -> float | None:
    """Return the seconds after which the server wants to be asked again, None if it says none."""
    for name, read in (("retry-after", _retry_after), *((name, _reset) for name in RESETS)):
        text = headers.get(name)
        wait = None if text is None else read(text.strip(), now)
        if wait is not None:
            return min(max(wait, 0.0), LONGEST)
    seconds = _field(headers).get("t")
    return None if seconds is None else float(seconds)


def used_up(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer says that no further request is allowed for now."""
    said = (headers.get(name, "").strip() for name in REMAINING)
    return _field(headers).get("r") == 0 or any(text in {"0", "0.0"} for text in said)


def _retry_after(text: str, now: int) -> float | None:
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return _iso(text, now)
    return _aware(moment).timestamp() - now


def _reset(text: str, now: int) -> float | None:
    number = _number(text)
    if number is None:
        return _iso(text, now)
    if number >= IN_MILLISECONDS:
        number /= 1000
    return number - now if number >= A_MOMENT else number


def _iso(text: str, now: int) -> float | None:
    try:
        return _aware(datetime.fromisoformat(text)).timestamp() - now
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _field(headers: Mapping[str, str]) -> dict[str, int]:
    return {key: int(digits) for key, digits in _FIELD.findall(headers.get("ratelimit", ""))}
