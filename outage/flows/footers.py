"""The end of a Parquet file, which says where its columns lie: read and written as a tree.

Thrift's compact protocol, as the Parquet format uses it. What the numbered fields mean is not
known here, so that what a later version of the format adds is kept. No library that is still
looked after gives footers as they are: those that read Parquet show only what they understand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

from outage.errors import BadInput

MAGIC: Final = b"PAR1"
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST = range(1, 10)
STRUCT: Final = 12
TRUTHS: Final = frozenset((TRUE, FALSE))
TAIL: Final = 8
LONG: Final = 15  # a list of at least so many says how many in a number of its own


class Field(NamedTuple):
    """One value and its type on the wire."""

    kind: int
    value: Any


class Items(NamedTuple):
    """The values of a list, which are all of one type."""

    kind: int
    values: list[Any]


#: A structure: its fields by their number in the format's definition.
Struct: TypeAlias = dict[int, Field]


def read_footer(stream: BinaryIO) -> tuple[Struct, int]:
    """Return the footer of an open Parquet file, and at which byte it begins; raises BadInput."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - TAIL))
    tail = stream.read(TAIL)
    begin = size - TAIL - int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or begin < len(MAGIC):
        raise BadInput("is no whole Parquet file; fetch or write it again")
    stream.seek(begin)
    try:
        return _Reader(stream.read(size - TAIL - begin)).struct(), begin
    except (IndexError, KeyError, RecursionError):
        raise BadInput("has a footer that is none of Parquet; fetch or write it again") from None


def write_footer(stream: BinaryIO, footer: Struct) -> None:
    """Write a footer, and with it the end of the file."""
    out = bytearray()
    _put_struct(out, footer)
    stream.write(out + len(out).to_bytes(4, "little") + MAGIC)


class _Reader:
    """Walks through the bytes of one footer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._read: dict[int, Callable[[], Any]] = {
            TRUE: lambda: True,
            FALSE: lambda: False,
            BYTE: self._byte,
            I16: self._number,
            I32: self._number,
            I64: self._number,
            DOUBLE: lambda: self._bytes(8),
            BINARY: lambda: self._bytes(self._count()),
            LIST: self._items,
            STRUCT: self.struct,
        }

    def struct(self) -> Struct:
        """Read a structure up to its stop."""
        found: Struct = {}
        number = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else self._number()
            found[number] = Field(kind, self._read[kind]())
        return found

    def _items(self) -> Items:
        head = self._byte()
        kind, count = head & 15, head >> 4
        if count == LONG:
            count = self._count()
        read = self._byte if kind in TRUTHS else self._read[kind]
        return Items(kind, [read() for _ in range(count)])

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]

    def _count(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _number(self) -> int:
        value = self._count()
        return value >> 1 ^ -(value & 1)


def _put_struct(out: bytearray, struct: Struct) -> None:
    last = 0
    for number, (given, value) in sorted(struct.items()):
        kind = (TRUE if value else FALSE) if given in TRUTHS else given
        if 0 < number - last < 16:
            out.append(number - last << 4 | kind)
        else:
            out.append(kind)
            _put_number(out, number)
        if kind not in TRUTHS:
            _put(out, kind, value)
        last = number
    out.append(0)


def _put(out: bytearray, kind: int, value: Any) -> None:
    if kind in (I16, I32, I64):
        _put_number(out, value)
    elif kind == BINARY:
        _put_count(out, len(value))
        out += value
    elif kind == STRUCT:
        _put_struct(out, value)
    elif kind == LIST:
        _put_items(out, value)
    elif kind == DOUBLE:
        out += value
    else:
        out.append(value)


def _put_items(out: bytearray, items: Items) -> None:
    out.append(min(len(items.values), LONG) << 4 | items.kind)
    if len(items.values) >= LONG:
        _put_count(out, len(items.values))
    for value in items.values:
        _put(out, items.kind, value)


def _put_number(out: bytearray, value: int) -> None:
    _put_count(out, value << 1 if value >= 0 else ~(value << 1))


def _put_count(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
