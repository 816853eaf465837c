"""Hide who a client is: a keyed hash, the same for flows and DNS answers.

Without the key a hash says nothing about the address behind it; with the same key the hashes of
different logs, days and sources agree. Losing the key means that earlier hashes no longer match.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outage.errors import UsageError
from outage.flows.places import make_folder

VARIABLE: Final = "OUTAGE_CLIENT_KEY"
FILE_NAME: Final = "client.key"
SHORTEST: Final = 16
HASH_BYTES: Final = 8  # ten million clients: one chance in 370,000 that two share a hash


@dataclass(frozen=True, slots=True)
class ClientKey:
    """The secret under which clients are hashed, and the file that was made for it, if any."""

    secret: bytes
    made: Path | None = None

    def hider(self) -> Callable[[str], str]:
        """Return what turns an identifier into 16 hexadecimal digits (BLAKE2b, keyed)."""
        start = hashlib.blake2b(
            digest_size=HASH_BYTES, key=hashlib.blake2b(self.secret).digest(), person=b"client"
        )

        def hide(identifier: str) -> str:
            state = start.copy()
            state.update(identifier.encode())
            return state.hexdigest()

        return hide


def client_key(given: str | None, key_file: Path | None, folder: Path) -> ClientKey:
    """Return the key: of `key_file`, else `given` (the environment's), else of one in `folder`.

    Where there is none at all, one is made in `folder`, readable by its owner alone. Raises
    UsageError if a key is too short or cannot be read.
    """
    if key_file is not None:
        return ClientKey(_checked(_read(key_file), str(key_file)))
    if given is not None:
        return ClientKey(_checked(given.strip().encode(), VARIABLE))
    kept = folder / FILE_NAME
    if kept.exists():
        return ClientKey(_checked(_read(kept), str(kept)))
    return _make(kept)


def _make(path: Path) -> ClientKey:
    secret = secrets.token_hex(32).encode()
    make_folder(str(path.parent))
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(secret + b"\n")
    return ClientKey(secret, path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise UsageError(
            f"--key-file: {path} cannot be read ({error.strerror}); correct the path or its"
            " permissions"
        ) from error


def _checked(secret: bytes, where: str) -> bytes:
    if len(secret) < SHORTEST:
        raise UsageError(
            f"{where}: the key has {len(secret)} characters; use at least {SHORTEST},"
            " best 64 random hexadecimal digits"
        )
    return secret
