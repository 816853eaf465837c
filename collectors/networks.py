"""Which operators a source that knows networks by their numbers can speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from collectors.fields import text
from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.words import SubjectKind, check_slug

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def operator_asns(around: Surroundings) -> dict[str, tuple[int, ...]]:
    """Return the numbers of the autonomous systems of each operator that has some."""
    operators = (one for one in around.watched if one.kind is SubjectKind.OPERATOR)
    return {one.slug: one.asns for one in operators if one.asns}


def country_codes(around: Surroundings, countries: Mapping[str, str] | None) -> dict[str, str]:
    """Return the country code of each subject in the option `countries`; raises ConfigError."""
    found = {}
    for subject, code in (countries or {}).items():
        if not _COUNTRY.fullmatch(text(code).upper()):
            where = f"sources.{around.source}.options.countries.{subject}"
            raise ConfigError(f"{where}: {code!r} is no ISO 3166-1 code, such as AT")
        found[check_slug(subject, "subject")] = code.strip().upper()
    return found


def asn(value: Any) -> int | None:
    """Return the number of an autonomous system, however it is written.

    >>> asn(64500), asn("64500"), asn("AS64500"), asn(None)
    (64500, 64500, 64500, None)
    """
    digits = str(value).strip().upper().removeprefix("AS")
    return int(digits) if digits.isdecimal() else None


def enough_lag(around: Surroundings, least: int, why: str) -> None:
    """Raise ConfigError where slots would be asked for before they are settled.

    They are not asked for again: what is read too early would stay a gap.
    """
    if around.lag_seconds < least:
        where = f"sources.{around.source}.lag_seconds"
        raise ConfigError(
            f"{where}: {around.lag_seconds} is too little ({why}); set {least} or more"
        )


def somebody(around: Surroundings, *subjects: Mapping[str, Any]) -> None:
    """Raise ConfigError where a source would have nobody to ask about."""
    if not any(subjects):
        raise ConfigError(
            f"sources.{around.source}: no operator has asns; add asns = [...] to [operators.NAME],"
            ' or countries = { SUBJECT = "AT" } to the options'
        )
