"""Counts TCP flags packet by packet while nfstream meters, and tells which end is the server."""

from __future__ import annotations

from typing import Any

from nfstream import NFPlugin

WELL_KNOWN = 1_024


class FlagCounts(NFPlugin):  # type: ignore[misc]  # nfstream is not typed
    """Adds syn, syn_ack, rst, fin (packets) and swapped (the first sender is the server)."""

    def on_init(self, packet: Any, flow: Any) -> None:
        """Begin with a flow's first packet.

        Who sends a SYN is the client, who sends a SYN-ACK the server. A flow that was under way
        before is told by its ports: for TCP the lower is the server's, else one below 1024.
        """
        counts = flow.udps
        counts.syn = counts.syn_ack = counts.rst = counts.fin = 0
        known = WELL_KNOWN if packet.protocol != 6 else 65_536
        begun = packet.syn and not packet.ack
        answering = packet.syn and packet.ack
        lower = packet.src_port < packet.dst_port and packet.src_port < known
        counts.swapped = bool(answering or (lower and not begun))
        self.on_update(packet, flow)

    def on_update(self, packet: Any, flow: Any) -> None:
        """Count the flags of a packet."""
        counts = flow.udps
        if packet.protocol == 6:
            counts.syn += packet.syn and not packet.ack
            counts.syn_ack += packet.syn and packet.ack
            counts.rst += packet.rst
            counts.fin += packet.fin
