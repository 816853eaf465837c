"""What is watched, as collectors are told: services and operators of the catalogue."""

from __future__ import annotations

from outage.catalogue import Catalogue, Operator, Service
from outage.interfaces import Watched
from outage.words import SubjectKind


def watched(catalogue: Catalogue) -> tuple[Watched, ...]:
    """Return every service, then every operator, in order of their slugs."""
    services = (_service(slug, one) for slug, one in sorted(catalogue.services.items()))
    operators = (_operator(slug, one) for slug, one in sorted(catalogue.operators.items()))
    return (*services, *operators)


def _service(slug: str, service: Service) -> Watched:
    return Watched(
        slug=slug,
        kind=SubjectKind.SERVICE,
        name=service.name,
        keywords=service.keywords,
        ambiguous=service.needs_context,
        context=service.context,
        error_phrases=service.error_phrases,
        domains=tuple(one for patterns in service.domains.values() for one in patterns),
    )


def _operator(slug: str, operator: Operator) -> Watched:
    return Watched(
        slug=slug,
        kind=SubjectKind.OPERATOR,
        name=operator.name,
        keywords=operator.keywords,
        ambiguous=operator.needs_context,
        context=operator.context,
        error_phrases=operator.error_phrases,
        asns=operator.asns,
        country=operator.country,
    )
