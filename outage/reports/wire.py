"""DNS messages on the wire (RFC 1035, section 4): the question, and the addresses answered."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Final

HEADER: Final = struct.Struct("!HHHHHH")
RECORD: Final = struct.Struct("!HHIH")  # type, class, TTL, length of the data
QUESTION: Final = struct.Struct("!HH")
ADDRESS_TYPES: Final = {1: 4, 28: 16}  # A and AAAA -> bytes of the address
POINTER: Final = 0xC0
MOST_PARTS: Final = 300  # labels and pointers of a name: one may point in circles


def addresses_in(message: bytes) -> tuple[str, set[str]]:
    """Return the name asked for and the addresses answered; raises ValueError if cut or wrong."""
    try:
        _, _, questions, answers, *_ = HEADER.unpack_from(message)
        place, name = HEADER.size, ""
        for _ in range(questions):
            name, place = _name(message, place)
            place += QUESTION.size
        return name, _answers(message, place, answers)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a DNS message that is cut: {error}") from error


def _answers(message: bytes, place: int, count: int) -> set[str]:
    found = set()
    for _ in range(count):
        _, place = _name(message, place)
        kind, _, _, length = RECORD.unpack_from(message, place)
        place += RECORD.size
        data = message[place : place + length]
        if len(data) != length:
            raise ValueError("a DNS message that is cut within a record")
        if ADDRESS_TYPES.get(kind) == length:
            found.add(str(ip_address(data)))
        place += length
    return found


def _name(message: bytes, place: int) -> tuple[str, int]:
    """Return the name at a place, lower case without the last dot, and where it ends."""
    labels: list[str] = []
    after = None
    for _ in range(MOST_PARTS):
        length = message[place]
        if length & POINTER == POINTER:
            after = place + 2 if after is None else after
            place = (length & ~POINTER) << 8 | message[place + 1]
        elif length:
            labels.append(message[place + 1 : place + 1 + length].decode("ascii", "replace"))
            place += 1 + length
        else:
            return ".".join(labels).lower(), place + 1 if after is None else after
    raise ValueError("a DNS name that points in circles")
