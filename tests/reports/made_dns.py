"""DNS messages and results of RIPE Atlas, made byte by byte (RFC 1035, section 4)."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

POINTER_TO_QUESTION = b"\xc0\x0c"


def name(text: str) -> bytes:
    """Return a name as labels."""
    labels = text.split(".") if text else []
    return b"".join(bytes([len(one)]) + one.encode() for one in labels) + b"\0"


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 300, len(data)) + data


def answer(asked: str, addresses: Sequence[str], alias: str = "") -> bytes:
    """Return a response; with an alias the addresses are those of the alias."""
    records = [record(POINTER_TO_QUESTION, 5, name(alias))] if alias else []
    owner = name(alias) if alias else POINTER_TO_QUESTION
    for text in addresses:
        address = ip_address(text)
        records.append(record(owner, 1 if address.version == 4 else 28, address.packed))
    header = struct.pack("!HHHHHH", 7, 0x8180, 1, len(records), 0, 0)
    return header + name(asked) + struct.pack("!HH", 1, 1) + b"".join(records)


def result(probe: int, message: bytes | None) -> dict[str, Any]:
    """Return a DNS result of a probe; without a message it timed out."""
    about = {"type": "dns", "msm_id": 1, "prb_id": probe, "timestamp": 1_392_724_800}
    if message is None:
        return about | {"error": {"timeout": 5_000}}
    return about | {"result": {"abuf": base64.b64encode(message).decode(), "rt": 20.5}}
