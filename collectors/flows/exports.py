"""What readers of one-direction records share: columns of text to records, records to flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from collectors.files.lines import blocks
from collectors.files.rows import Faults, Told
from collectors.flows.columns import (
    addresses,
    decimals,
    integers,
    moments,
    names,
    nulls,
    per_word,
    protocols,
)
from collectors.flows.delimited import TOO_LONG, Records
from collectors.flows.json_lines import objects, records_of
from collectors.flows.oneway import Pairs, flows_of, ports, record_table
from collectors.flows.tables import Damage
from collectors.flows.tcp_flags import flag_bits
from outage.batches import Ints
from outage.interfaces import LogChunk, LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED: Final = ("src", "dst", "protocol", "start")
NO_TIME: Final = Told("the record has no time", "let the exporter write when flows start and end")
MOST_SEEN: Final = 2**40  # packets or bytes of one record; times the rate they are below 2**63
MOST_RATE: Final = 2**22
Rename: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any] | str]
NO_FLAGS: Final = Told("TCP flags are not readable", "correct the record")


@dataclass(slots=True)
class Exports:
    """Records of one file on their way to flows; columns have the names of `oneway.RECORD`.

    Beside those: `duration` in seconds in place of `end`, `sampling` (one packet in so many was
    seen), `client_ms` and `server_ms`, the two halves of a handshake.
    """

    options: LogOptions
    flags: Callable[[str], int | None] = flag_bits
    pairs: Pairs = field(default_factory=Pairs)

    def flows(self, found: Records, damage: Damage) -> pa.Table:
        """Return the flows that these records complete; what is wrong is counted."""
        faults = Faults.none(len(found))
        text = {
            name: column
            for name, column in found.columns.items()
            if name in REQUIRED or column.null_count < len(column)
        }
        records = record_table(self._checked(text, faults), faults)
        damage.add_faults(faults, found.lines, found.excerpt)
        return flows_of(self.pairs.add(records), self.pairs.answered, self.options)

    def rest(self) -> pa.Table | None:
        """Return the flows that still waited for their other direction."""
        waiting = self.pairs.rest()
        if waiting is None or not len(waiting):
            return None
        return flows_of(waiting, self.pairs.answered, self.options)

    def _checked(self, text: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
        protocol = protocols(text["protocol"])
        start, end = self._times(text, faults)
        scale = _scale(text, faults)
        counts = {
            name: _scaled(integers(text[name], name, faults, most=MOST_SEEN), scale)
            for name in ("packets", "bytes", "rpackets", "rbytes")
            if name in text
        }
        return {
            "src": addresses(text["src"], faults),
            "dst": addresses(text["dst"], faults),
            "sport": ports(text.get("sport"), protocol, faults),
            "dport": ports(text.get("dport"), protocol, faults),
            "protocol": protocol,
            "start": start,
            "end": end,
            **_one_way(counts),
            "flags": self._flags(text.get("flags"), protocol, faults),
            "rtt_ms": _handshake(text, faults),
            "server_name": names(text["server_name"]) if "server_name" in text else None,
        }

    def _times(self, text: Mapping[str, Any], faults: Faults) -> tuple[Ints, Ints]:
        zone = self.options.timezone
        faults.mark(nulls(text["start"]), NO_TIME)
        start = moments(text["start"], zone, faults)
        if "duration" in text:
            return start, start + _durations(text["duration"], faults)
        if "end" not in text:
            return start, start
        return start, np.where(nulls(text["end"]), start, _ends(text["end"], zone, faults))

    def _flags(self, column: Any, protocol: Any, faults: Faults) -> Any:
        import pyarrow.compute as pc

        if column is None:
            return None
        bits = per_word(column, self.flags)
        faults.mark(nulls(bits) & ~nulls(column), NO_FLAGS)
        return pc.if_else(pc.equal(protocol, "tcp"), bits, 0)


def _ends(column: Any, zone: str, faults: Faults) -> Ints:
    absent = nulls(column)
    own = Faults.none(len(column))
    micros = moments(column, zone, own)
    for place, told in enumerate(own.told):
        faults.mark((own.of_row == place) & ~absent, told)
    return micros


def _durations(column: Any, faults: Faults) -> Ints:
    """Return durations in microseconds: seconds, or `[1d ]HH:MM:SS.mmm` as nfdump writes them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    clock = np.asarray(pc.fill_null(pc.match_substring(column, ":"), False), dtype=np.bool_)
    if clock.any():
        texts = [str(_seconds(word)) for word in column.filter(pa.array(clock)).to_pylist()]
        column = pc.replace_with_mask(column, pa.array(clock), pa.array(texts))
    seconds = decimals(column, "duration", faults).fill_null(0.0)
    return np.rint(np.asarray(seconds) * 1e6).astype(np.int64)


def _seconds(word: str) -> float:
    """Return the seconds of `[1d ]HH:MM:SS.mmm`, -1 where it is something else."""
    days, _, clock = word.strip().rpartition("d")
    try:
        hours, minutes, seconds = (float(part) for part in clock.split(":"))
        return (float(days or 0) * 24 + hours) * 3_600 + minutes * 60 + seconds
    except ValueError:
        return -1.0


def _scale(text: Mapping[str, Any], faults: Faults) -> Any:
    import pyarrow.compute as pc

    if "sampling" not in text:
        return None
    rate = pc.fill_null(integers(text["sampling"], "sampling rate", faults, most=MOST_RATE), 1)
    return pc.if_else(pc.equal(rate, 0), 1, rate)


def _scaled(counts: Any, scale: Any) -> Any:
    import pyarrow.compute as pc

    return counts if scale is None else pc.multiply(counts, scale)


def _one_way(counts: dict[str, Any]) -> dict[str, Any]:
    """Return counts without a way back of 0: that is how one-direction records are written."""
    import pyarrow.compute as pc

    if "rpackets" not in counts:
        return counts
    none = pc.fill_null(pc.equal(counts["rpackets"], 0), True)
    back: dict[str, Any] = {
        name: pc.if_else(none, None, counts[name])
        for name in ("rpackets", "rbytes")
        if name in counts
    }
    return {**counts, **back}


def _handshake(text: Mapping[str, Any], faults: Faults) -> Any:
    """Return the round trip of the handshake in ms, null where its halves were not measured."""
    import pyarrow.compute as pc

    if "client_ms" not in text or "server_ms" not in text:
        return None
    halves = [decimals(text[name], "latency", faults) for name in ("client_ms", "server_ms")]
    whole = pc.add(*halves)
    return pc.if_else(pc.greater(whole, 0.0), whole, None)


def json_flows(
    path: Path, options: LogOptions, wanted: Sequence[str], rename: Rename
) -> Iterator[LogChunk]:
    """Yield the flows of a file with a record a line; raises BadInput if it cannot be read.

    `rename` gives a record under our names, of which `wanted` are read, or says in a text what it
    is where it is none, so that it is counted as passed over.
    """
    exports = Exports(options)
    for block in blocks(path):
        damage, passed = Damage(path.name), Counter[str]()
        damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
        found = []
        for position, one in objects(block, damage):
            match rename(one):
                case str(what):
                    passed[what] += 1
                case record:
                    found.append((position, record))
        flows = exports.flows(records_of(block, found, wanted), damage) if found else None
        yield damage.chunk(block.progress, flows, None, passed)
    yield Damage(path.name).chunk(1.0, exports.rest())
