"""Rules that hold between entries, or that ask what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from outage.catalogue.faults import dotted
from outage.catalogue.positions import KeyPath
from outage.catalogue.rules import did_you_mean
from outage.catalogue.schema import Channel, Operator, Service, Source
from outage.catalogue.secret import literal_secrets
from outage.plugs import available
from outage.settings import Settings

Finding: TypeAlias = tuple[KeyPath, str, str]


def names_are_clear(
    services: Mapping[str, Service], operators: Mapping[str, Operator]
) -> Iterator[Finding]:
    """Refuse a slug that is a service and an operator at once."""
    for slug in operators:
        if slug in services:
            reason = f"{slug!r} is a service too"
            yield ("operators", slug), reason, "a subject is one or the other: rename one"


def nothing_twice(services: Mapping[str, Service], own: Iterable[str]) -> Iterator[Finding]:
    """Refuse a pattern, certificate or block that two parts claim; blame those of `own` slugs."""
    first: dict[tuple[str, str], KeyPath] = {}
    blamed = set(own)
    for slug in sorted(services, key=lambda slug: (slug in blamed, slug)):
        for path, kind, text in _claims(slug, services[slug]):
            holder = first.setdefault((kind, text), path)
            if holder != path:
                reason = f"{text!r} belongs to {dotted(holder[:-1])} already"
                yield path, reason, "leave it to one, or write a more specific one"


def _claims(slug: str, service: Service) -> Iterator[tuple[KeyPath, str, str]]:
    at = ("services", slug)
    for category, patterns in service.domains.items():
        for position, pattern in enumerate(patterns):
            yield (*at, "domains", category, position), "domain", pattern
    for position, name in enumerate(service.certificates):
        yield (*at, "certificates", position), "certificate", name
    for position, block in enumerate(service.addresses):
        yield (*at, "addresses", position), "block", block


def platforms_exist(services: Mapping[str, Service]) -> Iterator[Finding]:
    """Refuse a platform that is no service, and one that stands on itself."""
    for slug, service in services.items():
        path = ("services", slug, "platform")
        if service.platform is not None and service.platform not in services:
            reason = f"there is no service {service.platform!r} to stand on"
            yield path, reason, did_you_mean(service.platform, services)
        elif _stands_on_itself(slug, services):
            yield path, "stands on itself in the end", "cut the circle of platforms"


def _stands_on_itself(slug: str, services: Mapping[str, Service]) -> bool:
    seen = {slug}
    below = services[slug].platform
    while below is not None and below in services:
        if below in seen:
            return below == slug
        seen.add(below)
        below = services[below].platform
    return False


def secrets_stay_outside(
    section: str, entries: Mapping[str, Source] | Mapping[str, Channel]
) -> Iterator[Finding]:
    """Refuse a secret in clear text; the secret itself is never shown."""
    for name, entry in entries.items():
        for path in literal_secrets(entry.options):
            reason = "a secret must not stand in the file"
            remedy = 'write {env = "NAME"} or {file = "path"}'
            yield (section, name, "options", *path), reason, remedy


def plugs_are_installed(
    section: str, entries: Mapping[str, Source] | Mapping[str, Channel]
) -> Iterator[Finding]:
    """Refuse a plug that no installed package offers; nothing is loaded."""
    if entries:
        group = {"sources": "outage.collectors", "channels": "outage.channels"}[section]
        installed = available(group)
        for name, entry in entries.items():
            if entry.plug not in installed:
                yield (section, name, "plug"), *_missing(entry.plug, group, installed)


def baselines_are_installed(settings: Settings) -> Iterator[Finding]:
    """Refuse a baseline that no installed package offers."""
    chosen: dict[KeyPath, str] = {("baseline",): settings.baseline}
    chosen |= {("baselines", key): name for key, name in settings.baselines.items()}
    installed = available("outage.detectors")
    for path, name in chosen.items():
        if name not in installed:
            yield path, *_missing(name, "outage.detectors", installed)


def _missing(name: str, group: str, installed: Iterable[str]) -> tuple[str, str]:
    names = list(installed)
    remedy = did_you_mean(name, names) if names else "none is installed: leave it out"
    return f"{name!r} is not among the installed {group} plugs", remedy
