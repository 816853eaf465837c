"""The subjects of certificates in Zeek's x509 logs, by fingerprint."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from collectors.files.lines import blocks
from collectors.files.rows import Told
from collectors.flows.tables import Damage
from collectors.flows.zeek_log import ZeekLog
from outage.errors import BadInput

WANTED: Final = ("fingerprint", "certificate.subject")
MOST: Final = 200_000  # certificates that are held


@dataclass(slots=True)
class Certificates:
    """Subjects by fingerprint, read when first asked for; `fault` says what could not be read."""

    paths: Sequence[Path]
    fault: Told | None = None
    held: OrderedDict[str, str] | None = None
    damage: Damage = field(default_factory=lambda: Damage("x509"))

    def subjects(self, chains: Any) -> Any:
        """Return the subject of the first certificate of each chain, null where unknown."""
        import pyarrow as pa

        if self.held is None:
            self.held = OrderedDict()
            for path in self.paths:
                self._read(path, self.held)
        encoded = chains.dictionary_encode()
        found = [self.held.get(word.partition(",")[0]) for word in encoded.dictionary.to_pylist()]
        return pa.array(found, pa.string()).take(encoded.indices)

    def _read(self, path: Path, held: OrderedDict[str, str]) -> None:
        log = ZeekLog(path, {"x509": WANTED})
        try:
            for block in blocks(path):
                for kind, found in log.records(block, self.damage):
                    if kind == "x509" and set(WANTED) <= set(found.columns):
                        _keep(held, *(found.columns[name].to_pylist() for name in WANTED))
        except BadInput as error:
            reason, _, remedy = str(error).partition("; ")
            self.fault = Told(f"certificate names are missing: {reason}", remedy or "fetch it")


def _keep(
    held: OrderedDict[str, str], fingerprints: list[str | None], subjects: list[str | None]
) -> None:
    for fingerprint, subject in zip(fingerprints, subjects, strict=True):
        if fingerprint and subject:
            held[fingerprint] = subject
    while len(held) > MOST:
        held.popitem(last=False)
