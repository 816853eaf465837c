"""Suricata's flow events as canonical flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from collectors.files.lines import Block
from collectors.files.rows import Faults
from collectors.flows.columns import (
    addresses,
    common_names,
    integers,
    moments,
    names,
    per_word,
    protocols,
)
from collectors.flows.json_lines import Found, records_of
from collectors.flows.oneway import bit, either, ports
from collectors.flows.tables import Damage, flow_table
from collectors.flows.tcp_flags import FIN, RST, SYN, hex_bits
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

COUNTS: Final[Mapping[str, str]] = {
    "bytes_down": "bytes_toclient",
    "bytes_up": "bytes_toserver",
    "packets_down": "pkts_toclient",
    "packets_up": "pkts_toserver",
}
WANTED: Final = (
    *COUNTS, "client", "server_ip", "server_port", "protocol", "start", "end", "there", "back",
    "sni", "subject",
)  # fmt: skip


def flows_of(
    block: Block, events: Sequence[Found], options: LogOptions, damage: Damage
) -> pa.Table:
    """Return the flows of events, each with the tls event of its flow under `tls`.

    The source is the client, as Suricata has it. Flags are 1 where any packet had them, else 0.
    """
    found = records_of(block, [(place, _flattened(one)) for place, one in events], WANTED)
    faults, text = Faults.none(len(found)), found.columns
    protocol = protocols(text["protocol"])
    there, back = (_flags(text[way], protocol) for way in ("there", "back"))
    columns = {
        **{name: integers(text[name], name, faults) for name in COUNTS},
        "client": addresses(text["client"], faults),
        "server_ip": addresses(text["server_ip"], faults),
        "server_port": ports(text["server_port"], protocol, faults),
        "protocol": protocol,
        "start": moments(text["start"], options.timezone, faults),
        "end": moments(text["end"], options.timezone, faults),
        "syn": bit(there, SYN),
        "syn_ack": bit(back, SYN),
        "rst": either(bit(there, RST), bit(back, RST)),
        "fin": either(bit(there, FIN), bit(back, FIN)),
        "server_name": names(text["sni"]),
        "certificate_name": common_names(text["subject"]),
    }
    table = flow_table(columns, faults, options)
    damage.add_faults(faults, found.lines, found.excerpt)
    return table


def _flattened(one: Mapping[str, Any]) -> dict[str, Any]:
    flow, tcp, tls = (_part(one, name) for name in ("flow", "tcp", "tls"))
    return {
        **{name: flow.get(key) for name, key in COUNTS.items()},
        "client": one.get("src_ip"),
        "server_ip": one.get("dest_ip"),
        "server_port": one.get("dest_port"),
        "protocol": one.get("proto"),
        "start": flow.get("start"),
        "end": flow.get("end"),
        "there": tcp.get("tcp_flags_ts"),
        "back": tcp.get("tcp_flags_tc"),
        "sni": tls.get("sni"),
        "subject": tls.get("subject"),
    }


def _part(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = one.get(name)
    return part if isinstance(part, dict) else {}


def _flags(column: Any, protocol: Any) -> Any:
    """Return the flags of one direction; 0 for what is not TCP."""
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(protocol, "tcp"), per_word(column, hex_bits), 0)
