"""Rules for single values of the catalogue, each refusal with its reason and remedy."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated, Any, Final, LiteralString
from unicodedata import category
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from outage.catalogue.notation import parse
from outage.catalogue.patterns import fault_in
from outage.errors import UsageError
from outage.slots import check_slot_seconds
from outage.words import SLUG

_CODES: Final = (
    "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffi"
    "fjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkw"
    "kylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnro"
    "rurwsascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyi"
    "yozazhzu"
)
LANGUAGES: Final = frozenset(_CODES[at : at + 2] for at in range(0, len(_CODES), 2))
_WORD_LIMIT: Final = 64
_PHRASE_LIMIT: Final = 80
_PATTERN_LIMIT: Final = 1_200
_SHOWN: Final = 48


def refuse(reason: str, remedy: str, *at: str | int) -> PydanticCustomError:
    """Return the refusal of a value; `at` leads from the value to what is wrong within it."""
    template: LiteralString = "{reason}"
    return PydanticCustomError("rule", template, {"reason": reason, "remedy": remedy, "at": at})


def did_you_mean(text: str, known: Any) -> str:
    """Return the remedy for a misspelt name: the closest known one, or all of a short list."""
    names = sorted(known)
    folded = {name.casefold(): name for name in reversed(names)}
    close = get_close_matches(text[:_SHOWN].casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known: {', '.join(names)}" if names and len(names) <= 16 else "see docs/catalogue.md"


def _slug(text: str) -> str:
    if not SLUG.fullmatch(text):
        reason = f"{text[:_SHOWN]!r} is not a slug"
        raise refuse(reason, "use a-z, 0-9, '.', '_' and '-', at most 64 characters")
    return text


def _category(text: str) -> str:
    return _slug(text) if text else text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        remedy = did_you_mean(text, available_timezones())
        raise refuse(f"{text[:_SHOWN]!r} is not an IANA time zone", remedy) from None
    return text


def _language(text: str) -> str:
    if text not in LANGUAGES:
        reason = f"{text[:_SHOWN]!r} is not a language of ISO 639-1"
        raise refuse(reason, "use two small letters, such as en or de")
    return text


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", text):
        reason = f"{text[:_SHOWN]!r} is not a country code of ISO 3166-1"
        raise refuse(reason, "use two capital letters, such as AT")
    return text


def _host(text: str) -> str:
    pattern = text.strip().lower()
    if fault := fault_in(pattern):
        raise refuse(f"{text[:_SHOWN]!r} {fault[0]}", fault[1])
    return pattern


def _certificate(text: str) -> str:
    name = text.strip().lower()
    if fault := fault_in(name.removeprefix("*.")):
        raise refuse(f"{text[:_SHOWN]!r} {fault[0]}", fault[1])
    return name


def _cidr(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        remedy = f"write {ip_network(text, strict=False)}"
    except ValueError:
        remedy = "write it like 192.0.2.0/24 or 2001:db8::/32"
    raise refuse(f"{text[:_SHOWN]!r} is not a block of addresses", remedy)


def _text(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        if not text.strip() or any(category(letter) == "Cc" for letter in text):
            raise refuse("is empty or holds control characters", "write a word or leave it out")
        if len(text) > limit:
            raise refuse(f"is longer than {limit} characters", "shorten it")
        return " ".join(text.split())

    return AfterValidator(check)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    seen = Counter[str]()
    for position, value in enumerate(values):
        seen[value.casefold()] += 1
        if seen[value.casefold()] > 1:
            raise refuse(f"{value[:_SHOWN]!r} stands there twice", "leave one out", position)
    return values


def _slot_length(seconds: int) -> int:
    try:
        return check_slot_seconds(seconds)
    except UsageError:
        reason = f"{seconds} is not a divisor of an hour from 60 up"
        raise refuse(reason, "use one of 60, 120, 180, 300, 600, 900, 1200, 1800, 3600") from None


def _pattern(text: str) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise refuse(f"{text[:_SHOWN]!r} {error}", "see docs/posts.md for the notation") from error
    return text


def _by_category(value: Any) -> Any:
    return {"": value} if isinstance(value, (list, tuple, str)) else value


Slug = Annotated[str, AfterValidator(_slug)]
Zone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]
Name = Annotated[str, _text(_WORD_LIMIT)]
Words = Annotated[tuple[Name, ...], AfterValidator(_distinct)]
Phrases = Annotated[
    tuple[Annotated[str, _text(_PHRASE_LIMIT)], ...], AfterValidator(_distinct), Field(min_length=1)
]
Tongues = tuple[Annotated[str, AfterValidator(_language)], ...]
PhrasesByLanguage = dict[Annotated[str, AfterValidator(_language)], Phrases]
Patterns = Annotated[
    tuple[Annotated[str, _text(_PATTERN_LIMIT), AfterValidator(_pattern)], ...],
    AfterValidator(_distinct),
    Field(min_length=1),
]
PatternsByLanguage = dict[Annotated[str, AfterValidator(_language)], Patterns]
_Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], AfterValidator(_distinct)]
Domains = Annotated[
    dict[Annotated[str, AfterValidator(_category)], _Hosts], BeforeValidator(_by_category)
]
Certificates = Annotated[
    tuple[Annotated[str, AfterValidator(_certificate)], ...], AfterValidator(_distinct)
]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_cidr)], ...], AfterValidator(_distinct)]
Flag = Annotated[bool, Field(strict=True)]
Asn = Annotated[int, Field(strict=True, ge=1, le=4_294_967_295)]
IntervalSeconds = Annotated[int, Field(strict=True, ge=10, le=604_800)]
SlotSeconds = Annotated[int, Field(strict=True), AfterValidator(_slot_length)]
LookBackSeconds = Annotated[int, Field(strict=True, ge=0, le=31_622_400)]
TimeoutSeconds = Annotated[int, Field(strict=True, ge=1, le=86_400)]
LagSeconds = Annotated[int, Field(strict=True, ge=0, le=604_800)]
