"""The reverse name of an address, as the machine's resolver knows it."""

from __future__ import annotations

import socket


def reverse_name(address: str) -> str | None:
    """Return the first reverse name of an address, None if it has none or nobody answers."""
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None
