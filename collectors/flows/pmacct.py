"""pmacct's JSON lines (nfacctd, pmacctd, sfacctd): print, file and message-queue plugins alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from collectors.flows.exports import json_flows
from outage.interfaces import LogChunk, LogOptions

#: Our name -> keys of pmacct, the first that is there; they follow its `aggregate` setting.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "src": ("ip_src",),
    "dst": ("ip_dst",),
    "sport": ("port_src",),
    "dport": ("port_dst",),
    "protocol": ("ip_proto",),
    "start": ("timestamp_start", "timestamp_min", "timestamp_arrival", "stamp_inserted"),
    "end": ("timestamp_end", "timestamp_max", "timestamp_arrival", "stamp_updated"),
    "packets": ("packets",),
    "bytes": ("bytes",),
    "flags": ("tcp_flags",),
    "sampling": ("sampling_rate",),
}
MARKERS: Final = ("purge_init", "purge_close")


class Pmacct:
    """Reads pmacct's JSON lines and joins the two directions of flows."""

    in_order = False

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows of a file; raises BadInput if it cannot be read.

        Each record needs `timestamp_start` and `timestamp_end` (or the times of arrival or
        insertion) beside addresses, ports and protocol: pmacct writes what `aggregate` names.
        """
        return json_flows(path, options, tuple(KEYS), _renamed)


def _renamed(one: Mapping[str, Any]) -> dict[str, Any] | str:
    if one.get("event_type") in MARKERS:
        return "markers of pmacct's purges"
    return {
        name: next((one[key] for key in keys if one.get(key) is not None), None)
        for name, keys in KEYS.items()
    }
