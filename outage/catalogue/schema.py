"""What a catalogue file may hold: one model an entry; docs/catalogue.md explains every key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

from pydantic import Field, model_validator

from outage.catalogue.patterns import HostIndex, Part
from outage.catalogue.rules import (
    Addresses,
    Asn,
    Certificates,
    Country,
    Domains,
    Flag,
    IntervalSeconds,
    LagSeconds,
    LookBackSeconds,
    Name,
    PatternsByLanguage,
    PhrasesByLanguage,
    SlotSeconds,
    Slug,
    TimeoutSeconds,
    Tongues,
    Words,
    Zone,
    refuse,
)
from outage.settings import Strict


class Subject(Strict):
    """What is watched, and how people name it."""

    name: Name
    keywords: Words = ()
    ambiguous: Words = ()
    everyday: Tongues = ()
    context: Words = ()
    unless: Words = ()
    error_phrases: PhrasesByLanguage = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ambiguous_names_have_context(self) -> Self:
        known = {word.casefold() for word in self.keywords}
        for position, word in enumerate(self.ambiguous):
            if word.casefold() not in known:
                reason = f"{word!r} is not among the keywords"
                raise refuse(reason, "add it there too, or leave it out", "ambiguous", position)
        if self.ambiguous and not self.context:
            reason = "an ambiguous keyword needs words that make it clear"
            raise refuse(reason, "add context = [...]", "ambiguous")
        return self

    @property
    def needs_context(self) -> tuple[str, ...]:
        """Return the keywords that name the subject only beside a context word."""
        return self.ambiguous or (self.keywords if self.context else ())


class Service(Subject):
    """A service: how people name it, and how the network knows it."""

    enabled: Flag = True
    domains: Domains = Field(default_factory=dict)
    certificates: Certificates = ()
    addresses: Addresses = ()
    platform: Slug | None = None
    timezone: Zone | None = None

    @cached_property
    def _hosts(self) -> HostIndex:
        return HostIndex(
            (pattern, Part("", category))
            for category, patterns in self.domains.items()
            for pattern in patterns
        )

    def category_of(self, hostname: str) -> str | None:
        """Return the category that serves `hostname` ("" for the whole), None if it is not ours.

        The most specific pattern wins (see `outage.catalogue.patterns`).
        """
        part = self._hosts.find(hostname)
        return None if part is None else part.category


class Operator(Subject):
    """An operator's network: a vantage, and a subject of its own that people name."""

    timezone: Zone
    asns: tuple[Asn, ...] = ()
    country: Country | None = None


class Wording(Strict):
    """How people speak of trouble and of its end, by language; docs/posts.md has the notation."""

    errors: PatternsByLanguage = Field(default_factory=dict)
    near: PatternsByLanguage = Field(default_factory=dict)
    predicates: PhrasesByLanguage = Field(default_factory=dict)
    denials: PatternsByLanguage = Field(default_factory=dict)
    recoveries: PatternsByLanguage = Field(default_factory=dict)
    memories: PatternsByLanguage = Field(default_factory=dict)
    ongoing: PatternsByLanguage = Field(default_factory=dict)
    wishes: PatternsByLanguage = Field(default_factory=dict)
    elsewhere: PatternsByLanguage = Field(default_factory=dict)


class Source(Strict):
    """A source of samples: the plug that reads it, how often, and how late its slots are.

    The first collection looks `look_back_seconds` back; one that shows no sign of life for
    `timeout_seconds` is given up.
    """

    plug: Name
    enabled: Flag = True
    options: dict[str, Any] = Field(default_factory=dict)
    interval: IntervalSeconds = 600
    lag_seconds: LagSeconds = 0
    slot_seconds: SlotSeconds = 600
    look_back_seconds: LookBackSeconds = 86_400
    timeout_seconds: TimeoutSeconds = 300


class Channel(Strict):
    """A way to tell people: the plug that delivers, and its options."""

    plug: Name
    enabled: Flag = True
    options: dict[str, Any] = Field(default_factory=dict)


SECTIONS: Final[Mapping[str, type[Strict]]] = MappingProxyType(
    {"services": Service, "operators": Operator, "sources": Source, "channels": Channel}
)
