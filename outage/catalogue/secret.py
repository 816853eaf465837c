"""Secrets stay outside the catalogue: it names the variable or file that holds them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from outage.errors import ConfigError
from outage.redacting import keep_secret

_SECRET_KEY: Final = re.compile(
    r"token$|secret|passw|passphrase|credential|bearer|authori[sz]ation|cookie|webhook"
    r"|(api|access|private|routing|signing|integration|account)[_-]?key$|^key$",
    re.IGNORECASE,
)
_LOGIN_IN_URL: Final = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
_SIZE_LIMIT: Final = 65_536


def is_reference(value: object) -> bool:
    """Tell whether `value` is `{env = "NAME"}` or `{file = "path"}`."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (key, name), *_ = value.items()
    return key in ("env", "file") and isinstance(name, str) and bool(name.strip())


def literal_secrets(
    value: Any, path: tuple[str | int, ...] = (), *, secret: bool = False
) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every secret that stands in the options in clear text."""
    if is_reference(value):
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            hidden = secret or _SECRET_KEY.search(key) is not None
            yield from literal_secrets(inner, (*path, key), secret=hidden)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from literal_secrets(inner, (*path, position), secret=secret)
    elif _is_plain_secret(value, secret):
        yield path


def _is_plain_secret(value: Any, secret: bool) -> bool:
    if isinstance(value, str):
        return secret or _LOGIN_IN_URL.match(value) is not None
    return secret and isinstance(value, int) and not isinstance(value, bool)


def reveal(options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the options with every reference replaced by the secret; raises ConfigError."""
    variables = os.environ if environ is None else environ
    return {key: _revealed(key, value, variables) for key, value in options.items()}


def _revealed(key: str, value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_revealed(key, inner, environ) for inner in value]
    if not isinstance(value, Mapping):
        return value
    if not is_reference(value):
        return {name: _revealed(f"{key}.{name}", inner, environ) for name, inner in value.items()}
    secret = _secret(key, value, environ)
    keep_secret(secret)
    return secret


def _secret(key: str, reference: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if "file" in reference:
        return _from_file(key, Path(reference["file"]).expanduser())
    name = reference["env"]
    if not environ.get(name, "").strip():
        raise ConfigError(f"{key}: the environment variable {name} is not set; export it")
    return environ[name].strip()


def _from_file(key: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_SIZE_LIMIT + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{key}: the secret's file {path} cannot be read: {why}") from error
    if len(text) > _SIZE_LIMIT:
        raise ConfigError(f"{key}: the secret's file {path} is over 64 KiB; name another")
    return text.strip()
