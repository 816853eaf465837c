"""The rivals by name, and which of them are put together in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Final

from outage.slots import DAY, HOUR

from .downdetector import Downdetector
from .ewma import Ewma
from .ioda import Ioda, IodaSameHour
from .prophet_alone import ProphetAlone
from .rule import Rival, Setting
from .sheet import NETWORK
from .shesd import Shesd

PROPHET: Final = "prophet"
#: The members of each family by what sets them apart; the first is the rule as published.
FAMILIES: Final[Mapping[str, Mapping[str, Rival]]] = MappingProxyType(
    {
        "ioda": {"": Ioda()},
        "ioda same hour": {"": IodaSameHour()},
        "downdetector": {"": Downdetector(10), "of 5": Downdetector(5), "of 3": Downdetector(3)},
        "x is down": {"": Ewma(DAY), "over 6 h": Ewma(6 * HOUR)},
        "s-h-esd": {"": Shesd(), "either way": Shesd(either_way=True)},
        PROPHET: {"": ProphetAlone(), "either way": ProphetAlone(either_way=True)},
    }
)


def _settings(
    thresholds: Sequence[float], leasts: Sequence[int], signals: Sequence[tuple[str, ...]]
) -> tuple[Setting, ...]:
    return tuple(
        Setting(threshold, least, signals=names)
        for threshold, least, names in product(thresholds, leasts, signals)
    )


COMPLAINTS: Final = (("error_posts",), ("error_posts", "user_reports"))
TRAFFIC: Final = (NETWORK, ("bytes_down",))
SHARES: Final = _settings((0.15, 0.2, 0.3, 0.4, 0.5), (1, 2), TRAFFIC)
#: As the witness of a pair: what a family contributes, its first setting being the default.
ON_NETWORK: Final[Mapping[str, Sequence[Setting]]] = MappingProxyType(
    {
        "ioda": (Setting(0.5), *SHARES),
        "ioda same hour": (Setting(0.5), *SHARES),
        "s-h-esd": (Setting(4.3, signals=NETWORK), *_settings((3, 5, 6, 8), (1, 2), TRAFFIC)),
        PROPHET: (Setting(1.0, signals=NETWORK), *_settings((0.7, 1.3, 2, 3), (1, 2), TRAFFIC)),
    }
)
ON_PEOPLE: Final[Mapping[str, Sequence[Setting]]] = MappingProxyType(
    {
        "downdetector": (Setting(4.0, 2), *_settings((1.5, 2, 4, 8), (1, 2), COMPLAINTS)),
        "x is down": (
            Setting(4.0, signals=COMPLAINTS[0]),
            *_settings((2, 3, 6, 8), (1, 2), COMPLAINTS),
        ),
        "s-h-esd": (
            Setting(4.3, signals=COMPLAINTS[0]),
            *_settings((3, 6, 8), (1, 2), COMPLAINTS[:1]),
        ),
        PROPHET: (
            Setting(1.0, signals=COMPLAINTS[0]),
            *_settings((0.7, 1.5, 2, 3), (1, 2), COMPLAINTS[:1]),
        ),
    }
)
PAIRS: Final = (
    *product(("ioda", "ioda same hour"), ("downdetector", "x is down")),
    ("s-h-esd", "s-h-esd"),
    (PROPHET, PROPHET),
)
