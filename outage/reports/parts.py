"""The parts of a service in a report: the whole, groups of categories, single categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from outage.reports.exhibits import WHOLE

REST: Final = "rest"  # flows of the service that fit no category
OTHER: Final = "_other"
#: The columns of table 3, in the paper's order; what it does not have comes after.
FIRST: Final = ("chat", "mm", "mmv", "mmi", "mms", "mm_other")


@dataclass(frozen=True, slots=True)
class Parts:
    """Which categories each part holds: first the whole, then as in table 3, the rest last.

    A category `X_other` makes a group `X` of all categories that begin with X.
    """

    members: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, categories: Iterable[str]) -> Parts:
        """Return the parts of a service with these categories ("" for none).

        >>> list(Parts.of(["mms", "mm_other", "", "chat"]).members)
        ['all', 'chat', 'mm', 'mms', 'mm_other', 'rest']
        """
        found = frozenset(categories)
        named = {_name(one): frozenset([one]) for one in found if one}
        named |= {group: _members(group, found) for group in _groups(found)}
        members = {WHOLE: found}
        members |= {name: named[name] for name in sorted(named, key=_place)}
        if "" in found and named:
            members[REST] = frozenset([""])
        return cls(members)

    @property
    def names(self) -> Sequence[str]:
        """Return every part, the whole first."""
        return tuple(self.members)

    @property
    def inner(self) -> Sequence[str]:
        """Return what table 3 has a column for; the whole where there is nothing else."""
        return self.names[1:] or self.names

    @property
    def roles(self) -> Sequence[str]:
        """Return the coarsest parts, which no other holds: chat and mm, in the paper."""
        inner = self.inner
        return tuple(
            name
            for place, name in enumerate(inner)
            if not any(self.members[name] <= self.members[other] for other in inner[:place])
        )


def _name(category: str) -> str:
    """Return the name of a category's part: another than those of the whole and the rest."""
    return f"{category} (category)" if category in {WHOLE, REST} else category


def _groups(categories: frozenset[str]) -> set[str]:
    known = {"mm"} if any(_is_media(one) for one in categories) else set[str]()
    return known | {one.removesuffix(OTHER) for one in categories if one.endswith(OTHER)}


def _is_media(category: str) -> bool:
    return category in FIRST[2:]


def _members(group: str, categories: frozenset[str]) -> frozenset[str]:
    return frozenset(one for one in categories if one.startswith(group))


def _place(name: str) -> tuple[int, str]:
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)
