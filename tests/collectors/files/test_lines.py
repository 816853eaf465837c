from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from collectors.files import lines
from collectors.files.lines import blocks
from outage.errors import BadInput
from tests.collectors.files.reading import HEADER, read

ROW = "2014-02-22T18:00:00Z,whatsapp,,,posts,1\n"


def numbered(path: Path) -> list[tuple[int, str]]:
    return [
        (int(block.numbers[place]), block.line(place))
        for block in blocks(path)
        for place in range(len(block))
    ]


@pytest.mark.parametrize("piece", [3, 7, 1 << 20])
def test_lines_keep_their_numbers_over_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(lines, "PIECE_BYTES", piece)
    monkeypatch.setattr(lines, "MAX_LINES", 2)
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\r\ntwo\n\nfour\nlast")
    assert numbered(path) == [(1, "one "), (2, "two"), (3, ""), (4, "four"), (5, "last")]


@pytest.mark.parametrize("piece", [16, 64, 100, 520, 1 << 20])
def test_a_line_too_long_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(lines, "PIECE_BYTES", piece)
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 40)
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\n" + b"x" * 500 + b"\nthree\n" + b"y" * 41 + b"\nfive\n")
    assert numbered(path) == [(1, "one"), (3, "three"), (5, "five")]
    assert [number for block in blocks(path) for number in block.too_long] == [2, 4]


def test_a_long_line_in_a_file_of_samples_fills_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(f"{HEADER}\n{ROW}".encode())
        for _ in range(64):
            stream.write(b"a" * (1 << 20))
        stream.write(f"\n{ROW.replace('18:00', '18:10')}".encode())
    read(path)
    tracemalloc.start()
    samples, rejected = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(samples) == 2
    assert [(one.line, one.reason) for one in rejected] == [(3, "the line is longer than 1 MiB")]
    assert peak < 32 << 20


@pytest.mark.parametrize("content", [b"a", b"\0"])
def test_one_line_of_two_gigabytes_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "endless.csv"
    path.write_bytes(content * (8 << 20))
    os.truncate(path, 2 << 30)
    with pytest.raises(BadInput, match=r"line 1 is longer than 1 MiB|binary"):
        read(path)


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20), 1))
    with pytest.raises(BadInput, match="binary"):
        read(path)


def test_what_is_no_file_to_read_is_said_in_a_line(tmp_path: Path) -> None:
    empty, pipe, locked = tmp_path / "empty.csv", tmp_path / "pipe", tmp_path / "locked.csv"
    empty.touch()
    os.mkfifo(pipe)
    locked.write_text(HEADER)
    locked.chmod(0)
    unreadable = tmp_path / ("x" * 300) if os.access(locked, os.R_OK) else locked  # root reads all
    for path, said in (
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "is a folder"),
        (pipe, "not a regular file"),
        (empty, "is empty"),
        (unreadable, "cannot be opened"),
    ):
        with pytest.raises(BadInput, match=said):
            read(path)
