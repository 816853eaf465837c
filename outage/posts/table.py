"""Tables of posts: a CSV file matched row by row, and counted into samples."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from outage.errors import BadInput, OutageError
from outage.words import RejectedRow

if TYPE_CHECKING:
    from outage.posts.counting import Counts
    from outage.posts.matcher import Matcher, Mention

TEXT: Final = "text"
ADDED: Final = ("services", "error", "language")
LANGUAGES: Final = ("langs", "lang", "language")
FIELD_LIMIT: Final = 1 << 20
KEPT_REJECTED: Final = 10


@dataclass(slots=True)
class Matched:
    """What became of a table: its rows, those that name a subject, those that speak of trouble."""

    rows: int = 0
    naming: int = 0
    failing: int = 0
    rejected: int = 0
    first_rejected: list[RejectedRow] = field(default_factory=list)

    def reject(self, row: RejectedRow) -> None:
        """Count a row that was not taken whole, and keep the first ones."""
        self.rejected += 1
        if len(self.first_rejected) < KEPT_REJECTED:
            self.first_rejected.append(row)


def match_file(
    path: Path,
    out: Path,
    matcher: Matcher,
    counts: Counts | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Matched:
    """Write the table at `path` to `out` with `services`, `error` and `language` for each post.

    The column `text` is matched; `langs`, `lang` or `language` is what the post says of its
    language; all columns are kept, the three added ones replaced where they exist. `counts`, if
    given, takes up every post. Rows that cannot be read are left out and returned. Raises BadInput.
    """
    matched = Matched()
    unfinished = out.with_name(f".{out.name}.part")
    old_limit = csv.field_size_limit(FIELD_LIMIT)
    try:
        with _reading(path) as file, unfinished.open("w", encoding="utf-8", newline="") as target:
            _copy(path, file, target, matcher, counts, matched, progress)
        unfinished.replace(out)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise BadInput(f"{path}: is not a CSV file: {error}; correct it there") from error
    finally:
        csv.field_size_limit(old_limit)
        unfinished.unlink(missing_ok=True)
    return matched


def _reading(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")


def _copy(
    path: Path,
    file: TextIO,
    target: TextIO,
    matcher: Matcher,
    counts: Counts | None,
    matched: Matched,
    progress: Callable[[float], None],
) -> None:
    rows = csv.reader(file)
    columns = next(rows, [])
    _check(path, columns, counts)
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*columns, *(name for name in ADDED if name not in columns)])
    size = max(1, path.stat().st_size)
    for line, row in _whole(path, rows, len(columns), matched):
        post = dict(zip(columns, row, strict=True))
        mentions = matcher.match(post[TEXT], _languages(post))
        writer.writerow(list({**post, **_said(mentions)}.values()))
        matched.rows += 1
        matched.naming += bool(mentions)
        matched.failing += any(one.error for one in mentions)
        if counts is not None:
            _count(path, line, post, mentions, counts, matched)
        if not matched.rows % 1_000:
            progress(min(1.0, file.buffer.tell() / size))


def _check(path: Path, columns: Sequence[str], counts: Counts | None) -> None:
    wanted = [TEXT] + ([] if counts is None else [counts.column])
    for name in wanted:
        if name not in columns:
            there = ", ".join(columns[:20]) or "none"
            raise BadInput(f"{path}: column {name} missing (found: {there}); name the column so")
    if len(set(columns)) < len(columns):
        raise BadInput(f"{path}: two columns have the same name; rename one")


def _whole(
    path: Path, rows: Iterator[list[str]], width: int, matched: Matched
) -> Iterator[tuple[int, list[str]]]:
    line = 1
    for row in rows:
        line += 1
        if len(row) == width:
            yield line, row
        elif row:
            reason = f"has {len(row)} values for {width} columns"
            remedy = "put quotes around text with commas"
            matched.reject(RejectedRow(str(path), line, reason, remedy))


def _languages(post: dict[str, str]) -> list[str]:
    return next((post[name].split() for name in LANGUAGES if post.get(name)), [])


def _said(mentions: Sequence[Mention]) -> dict[str, str]:
    return {
        "services": " ".join(sorted(one.service for one in mentions)),
        "error": str(int(any(one.error for one in mentions))),
        "language": mentions[0].language if mentions else "",
    }


def _count(
    path: Path,
    line: int,
    post: dict[str, str],
    mentions: Sequence[Mention],
    counts: Counts,
    matched: Matched,
) -> None:
    try:
        counts.add(post[counts.column], mentions)
    except OutageError as error:
        remedy = "correct it, or say --timezone" if "zone" in str(error) else "correct it"
        matched.reject(RejectedRow(str(path), line, str(error), remedy))
