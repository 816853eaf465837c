"""Records of one direction each (NetFlow, IPFIX, sFlow) to flows with a client and a server.

Two records of the same ends, opposite directions and overlapping or neighbouring times are one
flow. Who the client is, in this order: who sent a SYN without an ACK; who has the higher port;
who has a private address, the other not; who sent first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from collectors.files.rows import Bools, Faults, Told
from collectors.flows.columns import BACKWARDS, integers, nulls
from collectors.flows.tables import flow_table
from collectors.flows.tcp_flags import ACK, FIN, RST, SYN
from outage.batches import Ints
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

Columns: TypeAlias = Mapping[str, Any]

APART: Final = 120 * 1_000_000  # microseconds between the two directions of one flow, at most
AT_ONCE: Final = 100_000  # records that are sorted together with those that wait
MOST_WAITING: Final = 200_000
PRIVATE: Final = (  # RFC 1918, RFC 6598, RFC 4193
    r"^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\."
    r"|f[cd])"
)

#: A record: `r...` is the way back, null where the record does not tell of it; times in
#: microseconds; flags are the bits seen in any packet, null where the source has none.
RECORD: Final[Mapping[str, str]] = {
    "src": "string", "dst": "string", "sport": "int64", "dport": "int64", "protocol": "string",
    "start": "int64", "end": "int64", "packets": "int64", "bytes": "int64", "flags": "int64",
    "rpackets": "int64", "rbytes": "int64", "rflags": "int64", "rtt_ms": "double",
    "server_name": "string",
}  # fmt: skip
KEYS: Final = ("src", "dst", "sport", "dport", "protocol")


def record_table(columns: Columns, faults: Faults) -> pa.Table:
    """Return the good records; columns not given are null.

    Marks those that lack one of `KEYS` and those that end before they start.
    """
    import pyarrow as pa

    faults.mark(columns["end"] < columns["start"], BACKWARDS)
    for key in KEYS:
        faults.mark(nulls(columns[key]), _missing(key))
    good = pa.array(faults.good)
    made = {}
    for name, kind in RECORD.items():
        values = columns.get(name)
        whole = pa.nulls(len(good), kind) if values is None else pa.array(values).cast(kind)
        made[name] = whole.filter(good)
    return pa.table(made)


def _missing(key: str) -> Told:
    return Told(f"{key} is missing", "let the exporter write addresses, ports and protocol")


@dataclass(slots=True)
class Pairs:
    """Joins the two directions of flows; of records without a partner the last 200,000 wait.

    `answered` says whether any record had a partner: then one without had no answer (0 bytes
    back), else the exporter sees one direction only, and the other is unknown.
    """

    waiting: list[pa.Table] = field(default_factory=list)
    fresh: int = 0
    answered: bool = False

    def add(self, records: pa.Table) -> pa.Table:
        """Take records and return the flows that are known by now, often none."""
        self.waiting.append(records)
        self.fresh += len(records)
        return self._join(MOST_WAITING) if self.fresh >= AT_ONCE else records.slice(0, 0)

    def rest(self) -> pa.Table | None:
        """Return all flows that are left."""
        return self._join(0) if self.waiting else None

    def _join(self, keep: int) -> pa.Table:
        import pyarrow as pa

        every = pa.concat_tables(self.waiting)
        first, second, alone = _partners(every)
        self.answered = self.answered or len(first) > 0 or self._tells_both(every)
        old = max(0, len(alone) - keep)
        self.waiting, self.fresh = [every.take(alone[old:])], 0
        return pa.concat_tables([_merged(every, first, second), every.take(alone[:old])])

    @staticmethod
    def _tells_both(records: pa.Table) -> bool:
        return bool(records["rpackets"].null_count < len(records))


def _partners(records: pa.Table) -> tuple[Ints, Ints, Ints]:
    """Return the positions of first and second records of flows, and of those left alone."""
    low, lower_first = _unordered(records)
    keys = [_codes(records[name]) for name in ("protocol",)] + low
    start, end = (_ints(records[name]) for name in ("start", "end"))
    order = np.lexsort((start, *keys))
    same = np.ones(max(0, len(order) - 1), dtype=np.bool_)
    for key in keys:
        same &= np.diff(key[order]) == 0
    way = lower_first[order]
    same &= way[1:] != way[:-1]
    same &= start[order][1:] - end[order][:-1] <= APART
    same &= ~(both := ~nulls(records["rpackets"].combine_chunks())[order])[1:] & ~both[:-1]
    begin = _evens(same)
    first, second = order[begin], order[begin + 1]
    alone = np.setdiff1d(np.arange(len(order)), np.concatenate([first, second]))
    return first, second, alone


def _unordered(records: pa.Table) -> tuple[list[Ints], Bools]:
    """Return keys that both directions share, and whether a record begins at the low end."""
    import pyarrow as pa

    ends = pa.chunked_array([*records["src"].chunks, *records["dst"].chunks], pa.string())
    codes = _codes(ends)
    size = len(records)
    src = codes[:size] * 65_536 + _ints(records["sport"])
    dst = codes[size:] * 65_536 + _ints(records["dport"])
    return [np.minimum(src, dst), np.maximum(src, dst)], src < dst


def _evens(linked: Bools) -> Ints:
    """Return each second position of runs of links, so that no record is taken twice."""
    places = np.arange(len(linked), dtype=np.int64)
    breaks = np.where(linked, -1, places)
    since = places - np.maximum.accumulate(breaks) - 1 if len(linked) else places
    return np.flatnonzero(linked & (since % 2 == 0)).astype(np.int64)


def _merged(records: pa.Table, first: Ints, second: Ints) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    there, back = records.take(first), records.take(second)
    columns = {name: there[name] for name in RECORD}
    columns["end"] = pc.max_element_wise(there["end"], back["end"])
    for name in ("packets", "bytes", "flags"):
        columns[f"r{name}"] = back[name]
    for name in ("rtt_ms", "server_name"):
        columns[name] = pc.coalesce(there[name], back[name])
    return pa.table(columns)


def flows_of(records: pa.Table, answered: bool, options: LogOptions) -> pa.Table:
    """Return records as canonical flows; flags are 1 where a packet had them, else 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    row = {name: records[name].combine_chunks() for name in RECORD}
    if answered:
        for name in ("rpackets", "rbytes"):
            row[name] = pc.fill_null(row[name], 0)
    swap = pa.array(_swapped(row))
    merged_flags = nulls(row["rflags"]) & ~nulls(row["rpackets"]) & (_ints(row["rpackets"]) > 0)

    def side(mine: str, other: str) -> Any:
        return pc.if_else(swap, row[other], row[mine])

    flags, rflags = side("flags", "rflags"), side("rflags", "flags")
    if answered:
        flags, rflags = _known(flags, rflags, pa.array(merged_flags))
    columns = {
        "client": side("src", "dst"),
        "server_ip": side("dst", "src"),
        "server_port": side("dport", "sport"),
        "protocol": row["protocol"],
        "start": _ints(row["start"]),
        "end": _ints(row["end"]),
        "bytes_up": side("bytes", "rbytes"),
        "bytes_down": side("rbytes", "bytes"),
        "packets_up": side("packets", "rpackets"),
        "packets_down": side("rpackets", "packets"),
        "syn": bit(flags, SYN),
        "syn_ack": bit(rflags, SYN),
        "rst": either(bit(flags, RST), bit(rflags, RST)),
        "fin": either(bit(flags, FIN), bit(rflags, FIN)),
        "rtt_ms": row["rtt_ms"],
        "server_name": row["server_name"],
    }
    return flow_table(columns, Faults.none(len(records)), options)


def _known(flags: Any, rflags: Any, merged: Any) -> tuple[Any, Any]:
    """Return flags with 0 for a direction that was silent, unless one value stands for both."""
    import pyarrow.compute as pc

    some = pc.or_(flags.is_valid(), rflags.is_valid())
    silent = pc.and_(some, pc.invert(merged))
    there, back = (pc.if_else(pc.and_(silent, one.is_null()), 0, one) for one in (flags, rflags))
    return there, back


def _swapped(row: Columns) -> Bools:
    """Return where the record's source is the server."""
    import pyarrow.compute as pc

    flags, rflags = _ints(row["flags"]), _ints(row["rflags"])
    sport, dport = _ints(row["sport"]), _ints(row["dport"])
    private = [np.asarray(pc.match_substring_regex(row[name], PRIVATE)) for name in ("src", "dst")]
    swap: Bools = (sport < dport) | ((sport == dport) & private[1] & ~private[0])
    swap &= ~((flags & (SYN | ACK)) == SYN)
    swap |= ((rflags & (SYN | ACK)) == SYN) & ((flags & (SYN | ACK)) != SYN)
    return swap


def ports(column: Any, protocol: Any, faults: Faults) -> Any:
    """Return ports, 0 where a protocol has none: ICMP's type and code often stand there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ported = pc.is_in(protocol, value_set=pa.array(["tcp", "udp", "132", "33"]))
    if column is None:
        column = pa.nulls(len(protocol), pa.string())
    return integers(pc.if_else(ported, column, "0"), "port", faults, most=65_535)


def bit(flags: Any, wanted: int) -> Any:
    """Return 1 where flags have a bit, else 0, null where they are null."""
    import pyarrow.compute as pc

    return pc.if_else(pc.not_equal(pc.bit_wise_and(flags, wanted), 0), 1, 0)


def either(one: Any, other: Any) -> Any:
    """Return the greater of two columns; a null counts for nothing."""
    import pyarrow.compute as pc

    return pc.max_element_wise(one, other)


def _codes(column: Any) -> Ints:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _ints(column: Any) -> Ints:
    return np.asarray(column.fill_null(0), dtype=np.int64)
