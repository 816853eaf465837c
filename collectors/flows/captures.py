"""Packet captures: flows by nfstream, DNS answers, TLS names and round trips by tshark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.lines import regular_file
from collectors.files.rows import Faults
from collectors.flows.columns import EARLIEST, OUT_OF_RANGE, addresses, names, protocols
from collectors.flows.dissected import Dissection
from collectors.flows.tables import Damage, flow_table
from outage.errors import BadInput
from outage.interfaces import LogChunk, LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

MAGICS: Final = frozenset(
    bytes.fromhex(text) for text in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")
)
FLOWS: Final = 20_000  # flows of one chunk
IDLE: Final = 120  # seconds of silence that end a flow
ACTIVE: Final = 1_800  # seconds after which a flow is cut
NAMED: Final = ("TLS", "QUIC", "DTLS", "HTTP")  # of other protocols the name is no server's


class Captures:
    """Reads packet captures (pcap, pcapng): flows by nfstream, names and DNS by tshark."""

    in_order = False

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield a capture's flows, with true counts of SYN, SYN-ACK, RST and FIN, and its answers.

        Needs the extra `capture` (nfstream) and the tool tshark. Nothing of the payload is kept
        but names. Raises BadInput if the file is no capture, or is damaged, after what was
        before the damage.
        """
        _check(path)
        dissection = Dissection(path)
        batch: list[dict[str, Any]] = []
        for flow in _flows(path):
            batch.append(_row(flow, dissection))
            if len(batch) >= FLOWS:
                yield _chunk(path, batch, dissection, options)
                batch = []
        dissection.close()
        yield _chunk(path, batch, dissection, options)
        if dissection.fault is not None:
            raise BadInput(dissection.fault)


def _check(path: Path) -> None:
    regular_file(path)
    with path.open("rb") as stream:
        if stream.read(4) not in MAGICS:
            raise BadInput(f"{path}: is no packet capture (pcap or pcapng); unpack or convert it")


def _flows(path: Path) -> Iterator[Any]:
    """Yield nfstream's flows, with flags counted packet by packet: it counts SYN-ACK as SYN."""
    try:
        from nfstream import NFStreamer

        from collectors.flows.capture_flags import FlagCounts
    except ImportError as error:
        raise BadInput(
            f"{path}: captures need nfstream, which is not installed; install the extra:"
            " pip install 'outage[capture]'"
        ) from error
    yield from NFStreamer(
        source=str(path),
        udps=FlagCounts(),
        accounting_mode=1,  # bytes of IP packets, as flow exporters count
        idle_timeout=IDLE,
        active_timeout=ACTIVE,
        n_meters=1,
        statistical_analysis=False,
        performance_report=0,
    )


def _row(flow: Any, dissection: Dissection) -> dict[str, Any]:
    """Return one flow under the names of the canonical columns."""
    ends = (flow.src_ip, flow.src_port, flow.dst_ip, flow.dst_port)
    seen = dissection.of(ends, flow.bidirectional_last_seen_ms / 1e3)
    up, down = ("dst2src", "src2dst") if flow.udps.swapped else ("src2dst", "dst2src")
    counted = {
        f"{what}_{way}": getattr(flow, f"{prefix}_{what}")
        for way, prefix in (("up", up), ("down", down))
        for what in ("bytes", "packets")
    }
    own = flow.requested_server_name if flow.application_name.startswith(NAMED) else None
    return {
        **counted,
        "client": flow.dst_ip if flow.udps.swapped else flow.src_ip,
        "server_ip": flow.src_ip if flow.udps.swapped else flow.dst_ip,
        "server_port": flow.src_port if flow.udps.swapped else flow.dst_port,
        "protocol": str(flow.protocol),
        "start": flow.bidirectional_first_seen_ms * 1_000,
        "end": flow.bidirectional_last_seen_ms * 1_000,
        "syn": flow.udps.syn,
        "syn_ack": flow.udps.syn_ack,
        "rst": flow.udps.rst,
        "fin": flow.udps.fin,
        "rtt_ms": seen and seen.rtt_ms,
        "server_name": (seen and seen.server_name) or (own or "").partition(":")[0],
        "certificate_name": seen and seen.certificate_name,
    }


def _chunk(
    path: Path, batch: list[dict[str, Any]], dissection: Dissection, options: LogOptions
) -> LogChunk:
    damage = Damage(path.name)
    answers = dissection.transactions.answers(options, damage)
    return damage.chunk(0.5, _table(batch, options, damage) if batch else None, answers)


def _table(batch: list[dict[str, Any]], options: LogOptions, damage: Damage) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {name: pa.array([one[name] for one in batch]) for name in batch[0]}
    faults = Faults.none(len(batch))
    for end in ("client", "server_ip"):
        columns[end] = addresses(columns[end], faults)
    for moment in ("start", "end"):
        columns[moment] = np.asarray(columns[moment], dtype=np.int64)
        faults.mark(columns[moment] < EARLIEST, OUT_OF_RANGE)
    for name in ("server_name", "certificate_name"):
        columns[name] = names(columns[name].cast(pa.string()))
    columns["protocol"] = protocols(columns["protocol"])
    table = flow_table(columns, faults, options)
    damage.add_faults(faults, np.zeros(len(batch), dtype=np.int64), lambda row: _shown(batch[row]))
    return table


def _shown(row: dict[str, Any]) -> str:
    return f"{row['protocol']} {row['server_ip']}:{row['server_port']} at {row['start']} us"
