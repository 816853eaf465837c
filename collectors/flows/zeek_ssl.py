"""The names in Zeek's ssl logs, by connection, a bounded stretch of time at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from collectors.files.lines import blocks
from collectors.files.rows import Faults, Told
from collectors.flows.columns import common_names, moments
from collectors.flows.columns import names as host_names
from collectors.flows.tables import Damage
from collectors.flows.zeek_log import ZeekLog, companions
from collectors.flows.zeek_x509 import Certificates
from outage.batches import Ints
from outage.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

WANTED: Final = ("ts", "uid", "server_name", "subject", "cert_chain_fps")
MOST: Final = 1_000_000  # names held at a time: about 100 MB
AHEAD: Final = 120 * 1_000_000  # microseconds by which names are read ahead of connections

Batch: TypeAlias = "tuple[pa.Table, int]"
Source: TypeAlias = Iterator[Batch]


@dataclass(slots=True, eq=False)
class Names:
    """Server and certificate names by `uid`: those of the last million TLS handshakes.

    A handshake is logged before its connection, so names are read only as far as the
    connections have come.
    """

    source: Source = field(default_factory=lambda: iter(()))
    held: list[pa.Table] = field(default_factory=list)
    latest: int = 0
    ended: bool = False
    fault: Told | None = None

    def of(self, uids: Any, ends: Ints) -> tuple[Any, Any]:
        """Return the server and the certificate name of each connection, null where unknown."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self._advance(int(ends.max(initial=0)) + AHEAD)
        if uids is None or not self.held:
            return None, None
        names = pa.concat_tables(self.held).combine_chunks()
        found = pc.index_in(uids, value_set=names.column("uid").combine_chunks())
        return (
            names.column("server_name").combine_chunks().take(found),
            names.column("certificate_name").combine_chunks().take(found),
        )

    def _advance(self, until: int) -> None:
        while self.latest <= until and not self.ended:
            batch = next(self.source, None)
            if batch is None:
                self.ended = True
                return
            self.held.append(batch[0])
            self.latest = max(self.latest, batch[1])
            while len(self.held) > 1 and sum(map(len, self.held)) > MOST:
                del self.held[0]


def names_beside(path: Path, timezone: str) -> Names:
    """Return the names for a conn log: the ssl log of its rotation and the one before it.

    Where the ssl log names certificates by fingerprint only, the x509 logs beside it are asked.
    """
    names = Names()
    names.source = _read_all(names, path, timezone)
    return names


def _read_all(names: Names, path: Path, timezone: str) -> Source:
    certificates = Certificates(companions(path, "x509"))
    for one in companions(path, "ssl"):
        try:
            yield from _batches(one, timezone, certificates)
        except BadInput as error:
            names.fault = _told(error)
    names.fault = names.fault or certificates.fault


def _batches(path: Path, timezone: str, certificates: Certificates) -> Source:
    """Yield the connections that have a name, and the time of the latest handshake so far."""
    log, damage = ZeekLog(path, {"ssl": WANTED}), Damage(path.name)
    for block in blocks(path):
        for kind, found in log.records(block, damage):
            if kind == "ssl" and {"ts", "uid"} <= set(found.columns):
                times = moments(found.columns["ts"], timezone, Faults.none(len(found)))
                yield _named(found.columns, certificates), int(times.max(initial=0))


def _named(columns: dict[str, Any], certificates: Certificates) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = pa.nulls(len(columns["uid"]), pa.string())
    subjects = columns.get("subject", absent)
    if "cert_chain_fps" in columns:
        subjects = pc.coalesce(subjects, certificates.subjects(columns["cert_chain_fps"]))
    table = pa.table(
        {
            "uid": columns["uid"],
            "server_name": host_names(columns.get("server_name", absent)),
            "certificate_name": common_names(subjects),
        }
    )
    useful = pc.or_(table["server_name"].is_valid(), table["certificate_name"].is_valid())
    return table.filter(pc.and_(useful, table["uid"].is_valid()))


def _told(error: BadInput) -> Told:
    reason, _, remedy = str(error).partition("; ")
    return Told(f"names are missing: {reason}", remedy or "fetch it again")
