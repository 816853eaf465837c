"""Zeek's connections as canonical flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.rows import Faults
from collectors.flows.columns import addresses, decimals, integers, moments, per_word, protocols
from collectors.flows.oneway import ports
from collectors.flows.tables import flow_table
from collectors.flows.zeek_ssl import Names
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED: Final = ("ts", "id.orig_h", "id.resp_h", "id.resp_p", "proto")
WANTED: Final = (
    *REQUIRED, "uid", "duration", "orig_bytes", "resp_bytes", "history", "orig_pkts",
    "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
)  # fmt: skip
#: Letters of `history` by what they say was seen, of either end (upper case: the originator).
FLAGS: Final[Mapping[str, str]] = {"syn": "sq", "syn_ack": "h", "rst": "ri", "fin": "fi"}


def connections(
    columns: Mapping[str, Any], options: LogOptions, names: Names
) -> tuple[pa.Table, Faults]:
    """Return the flows of some connections and the faults of the others.

    The originator is the client. Bytes are those of IP packets where the log has them, else of
    payload. SYN, SYN-ACK, RST and FIN are 1 where `history` tells of one, else 0: its letters
    are no packet counts.
    """
    faults = Faults.none(len(columns["ts"]))
    start = moments(columns["ts"], options.timezone, faults)
    end = start + _micros(columns.get("duration"), len(start), faults)
    protocol = protocols(columns["proto"])
    server_name, certificate_name = names.of(columns.get("uid"), end)
    flows = {
        "client": addresses(columns["id.orig_h"], faults),
        "server_ip": addresses(columns["id.resp_h"], faults),
        "server_port": ports(columns["id.resp_p"], protocol, faults),
        "protocol": protocol,
        "start": start,
        "end": end,
        "bytes_down": _count(columns, ("resp_ip_bytes", "resp_bytes"), faults),
        "bytes_up": _count(columns, ("orig_ip_bytes", "orig_bytes"), faults),
        "packets_down": _count(columns, ("resp_pkts",), faults),
        "packets_up": _count(columns, ("orig_pkts",), faults),
        "server_name": server_name,
        "certificate_name": certificate_name,
        **_flags(columns.get("history"), protocol),
    }
    return flow_table(flows, faults, options), faults


def _micros(durations: Any, rows: int, faults: Faults) -> Any:
    """Return durations in microseconds, 0 where a connection was but one packet."""
    if durations is None:
        return np.zeros(rows, dtype=np.int64)
    seconds = decimals(durations, "duration", faults).fill_null(0.0)
    return np.rint(np.asarray(seconds) * 1e6).astype(np.int64)


def _count(columns: Mapping[str, Any], fields: tuple[str, ...], faults: Faults) -> Any:
    import pyarrow.compute as pc

    present = [columns[name] for name in fields if name in columns]
    return integers(pc.coalesce(*present), fields[0], faults) if present else None


def _flags(history: Any, protocol: Any) -> dict[str, Any]:
    """Return the flags of connections: 0 for what is not TCP, null where nothing was noted."""
    import pyarrow.compute as pc

    if history is None:
        return {}
    other = pc.not_equal(protocol, "tcp")
    return {
        name: pc.if_else(other, 0, per_word(history, _tells(letters)))
        for name, letters in FLAGS.items()
    }


def _tells(letters: str) -> Callable[[str], int]:
    return lambda history: int(any(letter in history.lower() for letter in letters))
