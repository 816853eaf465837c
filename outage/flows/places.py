"""Where results go: a local folder, or a folder of an object store by its URL (fsspec)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, Any

from outage.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def is_url(path: str) -> bool:
    """Tell whether a path names a place that only fsspec can open.

    >>> is_url("s3://bucket/flows.parquet"), is_url("flows.parquet")
    (True, False)
    """
    return "://" in path


def files_system(path: str) -> Any:
    """Return the fsspec file system of a URL; raises UsageError if there is none."""
    protocol = path.split("://", 1)[0]
    try:
        import fsspec

        return fsspec.filesystem(protocol)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{path}: cannot be opened ({error}); install outage[cluster] and what fsspec needs"
            f" for {protocol}://"
        ) from error


def register(connection: DuckDBPyConnection, paths: Iterable[str]) -> None:
    """Let the engine read and write the places that the paths name."""
    known: set[str] = set()
    for path in paths:
        protocol = path.split("://", 1)[0]
        if is_url(path) and protocol not in known:
            known.add(protocol)
            connection.register_filesystem(_shareable(path))


def _shareable(path: str) -> Any:
    """Return the file system of a URL, of which the engine's threads may share an open file."""
    files_system(path)  # raises what is to be told
    import fsspec

    system = fsspec.filesystem(path.split("://", 1)[0], skip_instance_cache=True)
    opened = system.open

    def shared(name: str, mode: str = "rb", **options: Any) -> Any:
        file = opened(name, mode, **options)
        return Shared(file) if mode.startswith("r") else file

    system.open = shared
    return system


class Shared:
    """An open file with a position for each thread.

    The engine seeks and reads in two calls, from several threads: with one position another
    thread may come in between, and the wrong bytes are read.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._lock = Lock()
        self._places = local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def tell(self) -> int:
        """Return the position of this thread."""
        return getattr(self._places, "at", 0)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position of this thread and return it."""
        with self._lock:
            begin = {0: 0, 1: self.tell()}.get(whence)
            self._places.at = self._file.seek(offset, 2) if begin is None else begin + offset
        return self.tell()

    def read(self, length: int = -1) -> bytes:
        """Read from the position of this thread on."""
        with self._lock:
            self._file.seek(self.tell())
            content = bytes(self._file.read(length))
        self._places.at = self.tell() + len(content)
        return content


def make_folder(path: str) -> None:
    """Make a folder and those above it; raises UsageError."""
    if is_url(path):
        files_system(path).makedirs(path, exist_ok=True)
        return
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--out: {path} cannot be made ({error.strerror}); name a folder that can be"
        ) from error


def move(source: str, target: str) -> None:
    """Put a whole file in the place of another, in one step where the place can do that."""
    if is_url(target):
        system = files_system(target)
        if system.exists(target):
            system.rm(target)
        system.mv(source, target)
    else:
        Path(source).replace(target)


def remove(path: str) -> None:
    """Remove a file, if it is there."""
    if not is_url(path):
        Path(path).unlink(missing_ok=True)
    elif files_system(path).exists(path):
        files_system(path).rm(path)


def exists(path: str) -> bool:
    """Tell whether there is such a file."""
    return bool(files_system(path).exists(path)) if is_url(path) else Path(path).exists()


def names_in(folder: str, pattern: str) -> list[str]:
    """Return the full names of a folder's files that match a pattern, sorted.

    Hidden files are unfinished: only a pattern that begins with a dot finds them.
    """
    if is_url(folder):
        system = files_system(folder)
        found = system.ls(folder, detail=False) if system.exists(folder) else []
        names = [str(one).rstrip("/").rsplit("/", 1)[-1] for one in found]
    else:
        names = [one.name for one in Path(folder).iterdir()] if Path(folder).is_dir() else []
    names = [name for name in names if name.startswith(".") == pattern.startswith(".")]
    chosen = (name for name in names if fnmatch(name, pattern))
    return [f"{folder}/{name}" for name in sorted(chosen)]


def read_text(path: str) -> str:
    """Return a text file's content."""
    if is_url(path):
        return bytes(files_system(path).cat_file(path)).decode()
    return Path(path).read_text(encoding="utf-8")


def write_text(path: str, text: str) -> None:
    """Write a text file, whole or not at all."""
    if is_url(path):
        files_system(path).pipe_file(path, text.encode())
        return
    unfinished = Path(f"{path}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
