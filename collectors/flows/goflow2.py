"""goflow2's JSON lines: NetFlow, IPFIX and sFlow, scaled by the sampling rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from collectors.flows.exports import json_flows
from outage.interfaces import LogChunk, LogOptions

KEYS: Final[Mapping[str, str]] = {
    "src": "src_addr",
    "dst": "dst_addr",
    "sport": "src_port",
    "dport": "dst_port",
    "protocol": "proto",
    "packets": "packets",
    "bytes": "bytes",
    "flags": "tcp_flags",
    "sampling": "sampling_rate",
}
IP: Final = ("IPv4", "IPv6", 2048, 34525, None)


class Goflow2:
    """Reads goflow2's JSON lines, scales them by their sampling rate and joins directions."""

    in_order = False

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows of a file; raises BadInput if it cannot be read.

        Bytes and packets are multiplied by `sampling_rate` (0 is unknown: taken as 1); flags
        are not: a sampled flow seldom shows its SYN.
        """
        return json_flows(path, options, (*KEYS, "start", "end"), _renamed)


def _renamed(one: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return a record under our names; where it has no times of its own, when it came counts."""
    if one.get("etype") not in IP:
        return "records of goflow2 that are no IP"
    came = one.get("time_received_ns") or _nanoseconds(one.get("time_received"))
    start = one.get("time_flow_start_ns") or _nanoseconds(one.get("time_flow_start")) or came
    end = one.get("time_flow_end_ns") or _nanoseconds(one.get("time_flow_end")) or start
    return {**{name: one.get(key) for name, key in KEYS.items()}, "start": start, "end": end}


def _nanoseconds(seconds: Any) -> int | None:
    return seconds * 1_000_000_000 if isinstance(seconds, int) and seconds else None
