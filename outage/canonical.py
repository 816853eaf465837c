"""The canonical flow record and DNS answer: columns, units, and what may be unknown.

Readers of flow logs write these columns, classification reads them (docs/flows.md). What a source
cannot know is null, never zero. Addresses are text; clients and devices are keyed hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

#: Column of a flow -> its type; the server is the end that was contacted, down is towards the
#: client; times in UTC; packets with SYN (and no ACK), SYN and ACK, RST, FIN are counted.
FLOW_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "client": "string",
        "server_ip": "string",
        "server_port": "int32",
        "protocol": "string",  # lower case: tcp, udp, icmp, or the IANA number as text
        "start": "timestamp[us, tz=UTC]",
        "end": "timestamp[us, tz=UTC]",
        "bytes_down": "int64",
        "bytes_up": "int64",
        "packets_down": "int64",
        "packets_up": "int64",
        "syn": "int64",
        "syn_ack": "int64",
        "rst": "int64",
        "fin": "int64",
        "rtt_ms": "double",
        "server_name": "string",
        "certificate_name": "string",
        "device": "string",
        "vantage": "string",
    }
)

#: Column of a DNS answer -> its type; one row an address, and one row without an address for a
#: query that brought none; `ttl` in seconds, `rcode` null where nobody answered.
ANSWER_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "client": "string",
        "name": "string",
        "address": "string",
        "time": "timestamp[us, tz=UTC]",
        "ttl": "int64",
        "rcode": "int32",
        "rtt_ms": "double",
    }
)

#: What a row cannot do without; all else may be null.
FLOW_KEYS: Final = ("client", "server_ip", "server_port", "protocol", "start", "end")
ANSWER_KEYS: Final = ("client", "name", "time")


def flow_schema() -> pa.Schema:
    """Return the Arrow schema of flows."""
    return _schema(FLOW_COLUMNS, FLOW_KEYS)


def answer_schema() -> pa.Schema:
    """Return the Arrow schema of DNS answers."""
    return _schema(ANSWER_COLUMNS, ANSWER_KEYS)


def _schema(columns: Mapping[str, str], keys: tuple[str, ...]) -> pa.Schema:
    import pyarrow as pa

    types = {"timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC")}
    return pa.schema(
        [
            pa.field(name, types.get(text) or pa.type_for_alias(text), nullable=name not in keys)
            for name, text in columns.items()
        ]
    )
