"""pmacct's JSON lines (nfacctd, pmacctd, sfacctd): print, file and message-queue plugins alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from collectors.files.lines import Block, blocks
from collectors.flows.delimited import TOO_LONG
from collectors.flows.exports import Exports
from collectors.flows.json_lines import objects, records_of
from collectors.flows.tables import Damage
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
        exports = Exports(options)
        for block in blocks(path):
            yield _chunk(path, block, exports)
        yield Damage(path.name).chunk(1.0, exports.rest())


def _chunk(path: Path, block: Block, exports: Exports) -> LogChunk:
    damage, passed = Damage(path.name), Counter[str]()
    damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
    found = []
    for position, one in objects(block, damage):
        if one.get("event_type") in MARKERS:
            passed["markers of pmacct's purges"] += 1
        else:
            found.append((position, _renamed(one)))
    flows = exports.flows(records_of(block, found, tuple(KEYS)), damage) if found else None
    return damage.chunk(block.progress, flows, None, passed)


def _renamed(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: next((one[key] for key in keys if one.get(key) is not None), None)
        for name, keys in KEYS.items()
    }
