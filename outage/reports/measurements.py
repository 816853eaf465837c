"""Results of RIPE Atlas: smallest round-trip times of pings, and what probes' resolvers answer.

Files are JSON arrays or one result a line, also gzipped, as the service hands them out.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from outage.errors import BadInput
from outage.reports.addresses import Address, parse
from outage.reports.wire import addresses_in

KINDS: Final[Mapping[str, str]] = {"ping": "--ping", "dns": "--atlas-dns"}


@dataclass(slots=True)
class Pings:
    """What pings say: the smallest RTT (ms) of each address that answered, and who did not."""

    smallest: dict[Address, float] = field(default_factory=dict)
    silent: set[Address] = field(default_factory=set)
    probes: set[int] = field(default_factory=set)
    damaged: int = 0


@dataclass(slots=True)
class Answers:
    """What each probe's resolvers answered: name asked for -> probe -> addresses."""

    names: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    failed: int = 0
    damaged: int = 0


def read_pings(paths: Sequence[Path]) -> Pings:
    """Read ping results; -1, which says that nothing answered, is no time; raises BadInput."""
    pings = Pings()
    for result in _results(paths, "ping"):
        address = parse(str(result.get("dst_addr") or ""))
        if address is None:
            pings.damaged += 1
            continue
        pings.probes.add(_probe(result))
        times = [one for one in _times(result) if one > 0]
        if times:
            pings.smallest[address] = min(pings.smallest.get(address, times[0]), *times)
        else:
            pings.silent.add(address)
    pings.silent -= pings.smallest.keys()
    return pings


def _times(result: Mapping[str, Any]) -> Iterator[float]:
    packets = _list(result.get("result"))
    for time in (result.get("min"), *(one.get("rtt") for one in packets)):
        if isinstance(time, (int, float)):
            yield float(time)


def read_answers(paths: Sequence[Path]) -> Answers:
    """Read DNS results; raises BadInput."""
    answers = Answers()
    for result in _results(paths, "dns"):
        for one in _list(result.get("resultset")) or [result]:
            _add_answer(answers, _probe(result), one.get("result"))
    return answers


def _probe(result: Mapping[str, Any]) -> int:
    probe = result.get("prb_id")
    return probe if isinstance(probe, int) else 0


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _add_answer(answers: Answers, probe: int, result: Any) -> None:
    if not isinstance(result, dict) or not result.get("abuf"):
        answers.failed += 1  # a time-out, or the probe's own fault
        return
    try:
        name, found = addresses_in(base64.b64decode(str(result["abuf"]), validate=True))
    except ValueError:
        answers.damaged += 1
        return
    if not found:
        answers.failed += 1
        return
    answers.names.setdefault(name, defaultdict(set))[probe] |= found


def _results(paths: Sequence[Path], kind: str) -> Iterator[dict[str, Any]]:
    for path in paths:
        count = 0
        for result in _documents(path):
            if not isinstance(result, dict) or result.get("type", kind) != kind:
                raise BadInput(_wrong_kind(path, result, kind))
            count += 1
            yield result
        if not count:
            raise BadInput(f"{path}: holds no result; give the results of a {kind} measurement")


def _wrong_kind(path: Path, result: Any, kind: str) -> str:
    found = str(result.get("type") or "") if isinstance(result, dict) else ""
    other = f"; {found} results belong to {KINDS[found]}" if found in KINDS else ""
    what = f"a result of type {found}" if found else "no RIPE Atlas result"
    return f"{path}: {what}, not of type {kind}{other}"


def _documents(path: Path) -> Iterator[Any]:
    """Yield the documents of a file: the elements of one array, or one a line."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                text = line.strip().rstrip(",")
                if number == 1 and text.startswith("["):
                    yield from json.loads(line + file.read())
                    return
                if text:
                    yield json.loads(text)
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise BadInput(f"{path}: not JSON as RIPE Atlas hands it out: {error}") from error
