"""Numbers and names of judging in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from outage.slots import MINUTE, format_time
from outage.words import SIGNALS, Series

NO_FACTOR: Final = 1000.0
INNOCENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flash_crowd": "more use than usual, in the usual proportions: a crowd, not an outage",
        "ebb": "less use than usual, in the usual proportions: people do something else",
        "ebb_after_release": "less use, and every flow carries less: an ebb after a new release",
        "level_shift_down": "every flow carries less than it used to, nothing fails: a new release",
        "level_shift_up": "every flow carries more than it used to, nothing fails: a new release",
        "news": "many posts name it and its traffic is as expected: news",
        "meme": "people joke or complain and its traffic is as expected: only talk",
        "source_gap": "this source counts nothing any more, though traffic is expected",
        "people_source_gap": "this source says nothing of people any more, though much is expected",
        "service_gap": "nothing of it is counted any more, though others are",
        "people_service_gap": "no people are counted any more who name it, though others are",
        "clock_change": "every service looks as it should an hour earlier or later: a wrong clock",
        "record_loss": "all counts fall alike and no proportion changes: records may be missing",
    }
)


def innocence(name: str) -> str:
    """Return what an innocent explanation says, in words.

    >>> innocence("data_gap")
    'data gap'
    """
    return INNOCENT.get(name, name.replace("_", " "))


def what(series: Series) -> str:
    """Return a series' signal and category.

    >>> what(Series("whatsapp", "syn", "chat", "operator-a"))
    'syn chat'
    """
    return " ".join(part for part in (series.signal, series.category) if part)


def line(series: Series, seen: float, expected: float, score: float, since: int) -> str:
    """Return what one series did, in numbers.

    >>> line(Series("whatsapp", "bytes_down", "chat"), 1.2e9, 9.3e9, -14.0, 1_393_092_000)
    'bytes_down chat -87 % since 18:00 UTC (seen 1.2 GB, expected 9.3 GB, 14 sigma)'
    """
    unit = SIGNALS[series.signal].unit
    where = f" at {series.vantage}" if series.vantage else ""
    return (
        f"{what(series)}{where} {change(seen, expected)}"
        f" since {(format_time(since) or '')[11:16]} UTC"
        f" (seen {amount(seen, unit)}, expected {amount(expected, unit)}, {abs(score):.0f} sigma)"
    )


def change(seen: float, expected: float) -> str:
    """Return how far seen is from expected, as a factor when it is large.

    Of next to nothing there is no factor: the difference.

    >>> change(36.0, 200.0), change(840.0, 200.0), change(25.0, 1.0), change(2.0, 0.0)
    ('-82 %', 'x4.2', 'x25', '+2')
    """
    ratio = seen / expected if expected > 0 else math.inf
    if ratio >= NO_FACTOR:
        return f"{seen - expected:+.3g}" if seen < 1000 else f"+{seen - expected:,.0f}"
    if ratio >= 3:
        return f"x{ratio:.0f}" if ratio >= 10 else f"x{ratio:.1f}"
    return f"{100 * (ratio - 1):+.0f} %"


def amount(value: float, unit: str) -> str:
    """Return a number with its unit.

    >>> amount(1.2e9, "bytes"), amount(15_500, "posts"), amount(0.42, "share"), amount(41, "ms")
    ('1.2 GB', '15.5 k posts', '0.42 share', '41 ms')
    """
    symbol = "B" if unit == "bytes" else unit
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            gap = "" if unit == "bytes" else " "
            return f"{value / factor:.1f} {prefix}{gap}{symbol}"
    return f"{value:.2g} {symbol}" if 0 < value < 10 else f"{value:.0f} {symbol}"


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', '')
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def minutes(seconds: int) -> str:
    """Return a length of time in minutes, or hours.

    >>> minutes(600), minutes(7200), minutes(5400)
    ('10 min', '2 h', '1 h 30 min')
    """
    hours, rest = divmod(seconds // MINUTE, 60)
    parts = (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "")
    return " ".join(part for part in parts if part)
