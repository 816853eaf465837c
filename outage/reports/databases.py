"""MaxMind DB files of the user: whether a file is one, and its records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outage.errors import BadInput

if TYPE_CHECKING:
    from maxminddb.reader import Reader

MARKER: Final = b"\xab\xcd\xefMaxMind.com"
METADATA: Final = 128 * 1024  # bytes at the end in which the format keeps its marker


def is_mmdb(path: Path) -> bool:
    """Return whether a file is an MMDB, by its marker; raises OSError if it cannot be read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - METADATA))
        return MARKER in file.read()


@contextmanager
def open_mmdb(path: Path) -> Iterator[Reader]:
    """Open an MMDB; raises BadInput if it is none or damaged."""
    import maxminddb

    if not is_mmdb(path):
        raise BadInput(f"{path}: not an MMDB file; give the file as its maker ships it, unpacked")
    try:
        with maxminddb.open_database(path) as reader:
            yield reader
    except maxminddb.InvalidDatabaseError as error:
        raise BadInput(f"{path}: a damaged MMDB file: {error}") from error
