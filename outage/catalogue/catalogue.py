"""The catalogue as the rest of the project asks it: whose zone, which part, what kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from outage.batches import Ints
from outage.catalogue.patterns import HostIndex, Part
from outage.catalogue.schema import Channel, Operator, Service, Source, Wording
from outage.catalogue.zones import utc_offsets
from outage.settings import Settings
from outage.words import SubjectKind


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that is known beforehand, checked: entries by slug, phrases by language."""

    services: Mapping[str, Service]
    operators: Mapping[str, Operator]
    sources: Mapping[str, Source]
    channels: Mapping[str, Channel]
    error_phrases: Mapping[str, tuple[str, ...]]
    settings: Settings
    wording: Wording = field(default_factory=Wording)

    def kind(self, slug: str) -> SubjectKind:
        """Return what a subject is; one that is not listed is a service."""
        return SubjectKind.OPERATOR if slug in self.operators else SubjectKind.SERVICE

    def zone(self, subject: str, vantage: str = "") -> str:
        """Return the IANA zone of a series: the vantage's, else the subject's, else UTC."""
        for operator in (vantage, subject):
            if operator in self.operators:
                return self.operators[operator].timezone
        service = self.services.get(subject)
        return (service.timezone if service else None) or "UTC"

    def utc_offsets(self, subject: str, vantage: str, slot_starts: Ints) -> Ints:
        """Return seconds east of UTC of a series' local clock, the shape of `slot_starts`."""
        return utc_offsets(self.zone(subject, vantage), slot_starts)

    def siblings(self, platform: str) -> tuple[str, ...]:
        """Return the services that stand on a platform, in alphabetical order."""
        return tuple(sorted(s for s, one in self.services.items() if one.platform == platform))

    def phrases(self, service: str) -> dict[str, tuple[str, ...]]:
        """Return the error phrases by language that count for a service: common, then its own."""
        own = self.services[service].error_phrases if service in self.services else {}
        languages = sorted({*self.error_phrases, *own})
        return {code: (*self.error_phrases.get(code, ()), *own.get(code, ())) for code in languages}

    def classify(self, hostname: str) -> Part | None:
        """Return service and category of a host name: the most specific pattern of all wins."""
        return self._hosts.find(hostname)

    def classify_certificate(self, name: str) -> Part | None:
        """Return the part a certificate's name belongs to: as listed, else as a host name."""
        folded = name.strip().lower()
        return self._certificates.get(folded) or self.classify(folded.removeprefix("*."))

    def classify_address(self, address: str) -> Part | None:
        """Return the service of the narrowest listed block that holds an IP address, or None.

        An address says less than a name: several services may share it.
        """
        try:
            bits = _bits(ip_address(address))
        except ValueError:
            return None
        prefixes = (bits[:length] for length in range(len(bits), 0, -1))
        return next((self._blocks[one] for one in prefixes if one in self._blocks), None)

    @cached_property
    def _hosts(self) -> HostIndex:
        return HostIndex(
            (pattern, Part(slug, category))
            for slug, service in self.services.items()
            for category, patterns in service.domains.items()
            for pattern in patterns
        )

    @cached_property
    def _certificates(self) -> dict[str, Part]:
        return {
            name: Part(slug, "")
            for slug, service in self.services.items()
            for name in service.certificates
        }

    @cached_property
    def _blocks(self) -> dict[str, Part]:
        return {
            _prefix(block): Part(slug, "")
            for slug, service in self.services.items()
            for block in service.addresses
        }


def _prefix(block: str) -> str:
    network = ip_network(block)
    return _bits(network.network_address)[: network.prefixlen + 1]


def _bits(address: IPv4Address | IPv6Address) -> str:
    """Return the version's digit and the address in binary, so that prefixes are text prefixes."""
    return f"{address.version}{int(address):0{address.max_prefixlen}b}"
