"""Subjects that options of sources name: only those that the catalogue lists."""

from __future__ import annotations

from difflib import get_close_matches

from outage.errors import ConfigError
from outage.interfaces import Surroundings, Watched
from outage.words import check_slug


def watched_subject(around: Surroundings, key: str, slug: str) -> Watched:
    """Return the subject that the option `key` names; raises ConfigError, BadInput.

    A misspelt one would be watched as a service of its own, beside the one that was meant.
    """
    known = {one.slug: one for one in around.watched}
    if check_slug(slug, "subject") in known:
        return known[slug]
    close = get_close_matches(slug, known, n=1)
    hint = f"did you mean {close[0]}? else " if close else ""
    raise ConfigError(
        f"sources.{around.source}.options.{key}: {slug!r} is not in the catalogue;"
        f" {hint}add [services.{slug}]"
    )
