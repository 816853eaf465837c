"""What is known of subjects beforehand: who is an operator, who stands on which platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outage.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Kin:
    """Operators by slug, and the platform of each service that stands on one."""

    operators: frozenset[str] = frozenset()
    platforms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue) -> Kin:
        """Return what a catalogue says."""
        platforms = {slug: one.platform for slug, one in catalogue.services.items() if one.platform}
        return cls(frozenset(catalogue.operators), platforms)

    def related(self, one: str, other: str) -> bool:
        """Return whether two subjects stand on the same platform, or one on the other.

        >>> Kin(platforms={"instagram": "meta"}).related("instagram", "meta")
        True
        """
        return self.platforms.get(one, one) == self.platforms.get(other, other)
