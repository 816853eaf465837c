"""Build the collector of a configured source, and say what it lacks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from outage.catalogue import Source
from outage.catalogue.secret import is_reference, reveal
from outage.errors import ConfigError, OutageError, PlugError
from outage.interfaces import Collector, Surroundings
from outage.plugs import load
from outage.redacting import hide

GROUP = "outage.collectors"


def build(
    name: str, source: Source, surroundings: Surroundings, *, secrets: bool = True
) -> Collector:
    """Return the collector of a source, its secrets revealed; ConfigError, PlugError.

    Without `secrets` it can say what it would do, but cannot do it.
    """
    plug = load(GROUP, source.plug)
    _check_options(f"sources.{name}.options", plug, surroundings, source.options)
    try:
        options = reveal(source.options) if secrets else _veiled(source.options)
        options = dict(_typed(plug, options))
    except ConfigError as error:
        raise ConfigError(f"sources.{name}.options.{error}") from None
    try:
        collector: Collector = plug(surroundings, **options)
    except OutageError:
        raise
    except Exception as error:  # noqa: BLE001, a plug is anybody's code and may fail anyhow
        fault = f"sources.{name}: the plug {source.plug!r} cannot be built with these options"
        raise PlugError(f"{fault}: {type(error).__name__}: {hide(str(error))}") from None
    return collector


def lacking(source: Source) -> list[str]:
    """Return what keeps a source from being collected, one line each."""
    try:
        plug = load(GROUP, source.plug)
    except PlugError as error:
        return [str(error)]
    needs: tuple[str, ...] = getattr(plug, "needs", ())
    absent = [f"options.{key} is not given" for key in needs if key not in source.options]
    unknown = (f"options.{fault}" for fault in _unknown(plug, source.options))
    return [*absent, *unknown, *_unset(source.options)]


def described(source: Source, what: str) -> str:
    """Return what a plug says of itself: its `cost` or `limits`, empty if nothing."""
    return str(_attribute(source, what, ""))


def overlap(source: Source) -> int:
    """Return how many seconds a plug asks for again each time, for what arrives late."""
    return int(_attribute(source, "overlap_seconds", 0))


def with_least_lag(source: Source) -> Source:
    """Return the source with the lag that its plug needs at least."""
    least = int(_attribute(source, "least_lag_seconds", 0))
    lag = max(source.lag_seconds, least)
    return source if lag == source.lag_seconds else source.model_copy(update={"lag_seconds": lag})


def _veiled(value: Any) -> Any:
    """Return options in which a word stands for each secret."""
    if is_reference(value):
        return "unset"
    if isinstance(value, Mapping):
        return {key: _veiled(inner) for key, inner in value.items()}
    return [_veiled(inner) for inner in value] if isinstance(value, list) else value


def _attribute(source: Source, name: str, otherwise: Any) -> Any:
    try:
        return getattr(load(GROUP, source.plug), name, otherwise)
    except PlugError:
        return otherwise


def _unset(options: Mapping[str, Any], above: str = "options") -> Iterator[str]:
    for key, value in options.items():
        if is_reference(value):
            try:
                reveal({f"{above}.{key}": value})
            except ConfigError as error:
                yield str(error)
        elif isinstance(value, Mapping):
            yield from _unset(value, f"{above}.{key}")


def _typed(plug: Any, options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options as the plug's annotations want them; raises ConfigError."""
    try:
        hints = get_type_hints(plug.__init__)
    except (AttributeError, NameError, TypeError):  # a plug need not have any
        hints = {}
    for key, value in options.items():
        try:
            yield key, TypeAdapter(hints.get(key, Any)).validate_python(value)
        except ValidationError as error:  # the value is not repeated: it may be a secret
            raise ConfigError(f"{key}{_told(error)}") from None
        except PydanticSchemaGenerationError:
            yield key, value


def _told(error: ValidationError) -> str:
    """Return where within an option something is wrong, and what."""
    first = error.errors()[0]
    within = "".join(f".{part}" for part in first["loc"] if isinstance(part, str | int))
    if first["type"] == "sequence_str":
        return f'{within}: is a text and not a list; write ["...", "..."]'
    return f"{within}: {first['msg']}"


def _check_options(
    where: str, plug: Any, surroundings: Surroundings, options: Mapping[str, Any]
) -> None:
    """Refuse options that the plug does not know, and the lack of one that it needs."""
    for fault in _unknown(plug, options):
        raise ConfigError(f"{where}.{fault}")
    try:
        inspect.signature(plug).bind(surroundings, **options)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}; give it") from None


def _unknown(plug: Any, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with each option that the plug does not know."""
    parameters = inspect.signature(plug).parameters
    known = list(parameters)[1:]
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    for key in options:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known) or 'none'}"
            yield f"{key}: there is no such option; {hint}"
