"""The end of a Parquet file, which says where its columns lie: read and written as a tree.

Thrift's compact protocol, as the Parquet format has it; nothing is known here of what the fields
mean, so that what a later version of the format adds is kept.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Final, TypeAlias

from outage.errors import BadInput

MAGIC: Final = b"PAR1"
TAIL: Final = 8
STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 12
INTEGERS: Final = frozenset((4, 5, 6))

#: Number of the field -> its type and its value; a list is its type and its values.
Fields: TypeAlias = dict[int, tuple[int, Any]]


def read_footer(stream: BinaryIO) -> Fields:
    """Return the footer of an open Parquet file; raises BadInput if it is not one."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - TAIL))
    tail = stream.read(TAIL)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length + TAIL > size:
        raise BadInput("not a whole Parquet file; fetch or write it again")
    stream.seek(size - TAIL - length)
    return _Reader(stream.read(length)).fields()


def write_footer(stream: BinaryIO, fields: Fields) -> None:
    """Write a footer, and with it the end of the file."""
    out = bytearray()
    _put_fields(out, fields)
    stream.write(out + len(out).to_bytes(4, "little") + MAGIC)


class _Reader:
    """Walks through the bytes of one footer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fields(self) -> Fields:
        """Read a structure up to its stop."""
        found: Fields = {}
        number = 0
        while (head := self._byte()) != STOP:
            kind, step = head & 15, head >> 4
            number = number + step if step else self._signed()
            found[number] = (kind, self._value(kind))
        return found

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _signed(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)

    def _bytes(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]

    def _value(self, kind: int) -> Any:
        match kind:
            case 4 | 5 | 6:
                value: Any = self._signed()
            case 8:
                value = self._bytes(self._unsigned())
            case 12:
                value = self.fields()
            case 9 | 10:
                value = self._list()
            case 1 | 2:
                value = kind == TRUE
            case 7:
                value = self._bytes(8)
            case 3:
                value = self._byte()
            case _:
                value = self._unknown(kind)
        return value

    def _unknown(self, kind: int) -> Any:
        raise BadInput(f"its footer has a field of type {kind}, which Parquet does not use")

    def _list(self) -> tuple[int, list[Any]]:
        head = self._byte()
        kind, count = head & 15, head >> 4
        if count == 15:
            count = self._unsigned()
        if kind in (TRUE, FALSE):  # within a list a truth takes a byte
            return kind, [self._byte() for _ in range(count)]
        return kind, [self._value(kind) for _ in range(count)]


def _put_fields(out: bytearray, fields: Fields) -> None:
    last = 0
    for number, (given, value) in sorted(fields.items()):
        truth = given in (TRUE, FALSE)
        kind = (TRUE if value else FALSE) if truth else given
        if 0 < number - last < 16:
            out.append(number - last << 4 | kind)
        else:
            out.append(kind)
            _put_signed(out, number)
        if not truth:
            _put(out, kind, value)
        last = number
    out.append(STOP)


def _put(out: bytearray, kind: int, value: Any) -> None:
    if kind in INTEGERS:
        _put_signed(out, value)
    elif kind == BINARY:
        _put_unsigned(out, len(value))
        out += value
    elif kind == STRUCT:
        _put_fields(out, value)
    elif kind in (LIST, SET):
        _put_list(out, *value)
    elif kind == DOUBLE:
        out += value
    else:
        out += struct.pack("B", value)


def _put_list(out: bytearray, kind: int, values: list[Any]) -> None:
    out.append(min(len(values), 15) << 4 | kind)
    if len(values) >= 15:
        _put_unsigned(out, len(values))
    for value in values:
        _put(out, kind, value)


def _put_signed(out: bytearray, value: int) -> None:
    _put_unsigned(out, value << 1 if value >= 0 else (-value << 1) - 1)


def _put_unsigned(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
