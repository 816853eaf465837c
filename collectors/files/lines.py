"""Text files in blocks of whole lines, so that no line and no archive can fill the memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from outage.batches import Ints
from outage.errors import BadInput

PIECE_BYTES: Final = 4 << 20
MAX_LINE_BYTES: Final = 1 << 20
MAX_LINES: Final = 100_000
GZIP_MAGIC: Final = b"\x1f\x8b"
ASCII_ONLY: Final = bytes(range(128)) + b"?" * 128
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Whole lines of a file, each ended by a newline.

    Line k is `text[ends[k - 1] + 1 : ends[k]]` and the file's line `numbers[k]` (from 1);
    `too_long` are the numbers of lines left out; `progress` is the share of the file read.
    """

    text: bytes
    ends: Ints
    numbers: Ints
    too_long: tuple[int, ...]
    progress: float

    def __len__(self) -> int:
        return len(self.ends)

    def line(self, position: int) -> str:
        """Return one line, without its newline."""
        begin = int(self.ends[position - 1]) + 1 if position else 0
        return self.text[begin : int(self.ends[position])].decode("utf-8", "replace")

    def lengths(self) -> Ints:
        """Return the bytes of each line, without its newline."""
        return np.diff(self.ends, prepend=-1) - 1

    def after(self, position: int) -> Block:
        """Return the block without its lines up to and including `position`."""
        cut = int(self.ends[position]) + 1
        rest = slice(position + 1, None)
        return Block(
            self.text[cut:],
            self.ends[rest] - cut,
            self.numbers[rest],
            self.too_long,
            self.progress,
        )


def regular_file(path: Path) -> int:
    """Return the file's size in bytes; raises BadInput unless it is a file that can be read."""
    try:
        if path.is_dir():
            raise BadInput(f"{path}: is a folder; name the files in it")
        if not path.exists():
            raise BadInput(f"{path}: no such file; check the name")
        if not path.is_file():
            raise BadInput(f"{path}: is not a regular file; copy it to one first")
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be opened ({error.strerror}); check its permissions"
        ) from error


def blocks(path: Path) -> Iterator[Block]:
    """Yield a text file (UTF-8, also gzipped) in blocks of at most 100,000 lines.

    A line over 1 MiB is passed over and named; raises BadInput where the file is damaged,
    after the blocks before the damage.
    """
    yield from blocks_of(_pieces(path))


def blocks_of(pieces: Iterable[tuple[bytes, float]]) -> Iterator[Block]:
    """Yield text that comes in pieces, each with the progress made, in blocks of whole lines."""
    pending, number, skipping, progress = b"", 1, False, 0.0
    for piece, progress in pieces:
        if skipping:
            newline = piece.find(b"\n")
            if newline < 0:
                continue
            piece, number, skipping = piece[newline + 1 :], number + 1, False  # noqa: PLW2901
        data = pending + piece
        cut = data.rfind(b"\n") + 1
        pending = data[cut:]
        for block in _cut(data[:cut], number, progress):
            number += len(block) + len(block.too_long)
            yield block
        if len(pending) > MAX_LINE_BYTES:
            yield Block(b"", _none(), _none(), (number,), progress)
            pending, skipping = b"", True
    if pending:
        yield from _cut(pending + b"\n", number, progress)


def _pieces(path: Path) -> Iterator[tuple[bytes, float]]:
    size = max(1, regular_file(path))
    with path.open("rb") as raw, _unpacked(raw) as stream:
        first, damage = True, None
        while damage is None:
            piece, damage = _read(stream)
            if first and b"\0" in piece:
                raise BadInput(
                    f"{path}: is not UTF-8 text but binary or UTF-16; save it as CSV in UTF-8"
                )
            if piece:
                yield piece.removeprefix(BOM) if first else piece, min(1.0, raw.tell() / size)
            elif damage is None:
                return
            first = False
        raise BadInput(
            f"{path}: is damaged or cut off ({damage}); nothing after that can be read,"
            " fetch it again"
        ) from damage


@contextmanager
def _unpacked(raw: BufferedReader) -> Iterator[BufferedReader | gzip.GzipFile]:
    packed = raw.read(2) == GZIP_MAGIC
    raw.seek(0)
    if packed:
        with gzip.GzipFile(fileobj=raw) as stream:
            yield stream
    else:
        yield raw


def _read(stream: BufferedReader | gzip.GzipFile) -> tuple[bytes, Exception | None]:
    """Return the next piece, and the damage behind it: what comes before it is still good."""
    parts: list[bytes] = []
    size = 0
    try:
        while size < PIECE_BYTES and (part := stream.read1(PIECE_BYTES - size)):
            parts.append(part)
            size += len(part)
    except (OSError, EOFError, zlib.error) as error:
        return b"".join(parts), error
    return b"".join(parts), None


def _cut(data: bytes, number: int, progress: float) -> Iterator[Block]:
    """Yield the lines of `data` (which ends with a newline), at most MAX_LINES at a time."""
    ends = _newlines(data)
    for first in range(0, len(ends), MAX_LINES):
        chosen = ends[first : first + MAX_LINES]
        begin = int(ends[first - 1]) + 1 if first else 0
        text = data[begin : int(chosen[-1]) + 1]
        yield _block(text, chosen - begin, number + first, progress)


def _block(text: bytes, ends: Ints, number: int, progress: float) -> Block:
    numbers = number + np.arange(len(ends), dtype=np.int64)
    block = Block(_plain(text), ends, numbers, (), progress)
    long = block.lengths() > MAX_LINE_BYTES
    if not long.any():
        return block
    kept = b"".join(
        text[int(end - length) : int(end) + 1]
        for end, length in zip(ends[~long], block.lengths()[~long], strict=True)
    )
    too_long = tuple(numbers[long].tolist())
    return Block(_plain(kept), _newlines(kept), numbers[~long], too_long, progress)


def _plain(text: bytes) -> bytes:
    """Return the text as UTF-8 of the same length, with carriage returns as spaces."""
    text = text.replace(b"\r", b" ")
    return text if _is_utf8(text) else text.translate(ASCII_ONLY)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _newlines(text: bytes) -> Ints:
    found: npt.NDArray[np.intp] = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == 10)
    return found.astype(np.int64)


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)
