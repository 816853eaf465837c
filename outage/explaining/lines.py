"""An explanation as lines of text: sentences first, then what they stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from outage.explaining.record import Explanation, Reading, Warming
from outage.explaining.sentences import clock
from outage.judging.wording import amount, change

MOST_LINES: Final = 14
WEAK_NATS: Final = 1.0


def page(found: Explanation) -> Iterator[str]:
    """Yield an explanation line by line."""
    end = clock(found.slot_start + found.slot_seconds)[11:16]
    yield f"{found.subject}, slot {clock(found.slot_start)[:16]} to {end} UTC"
    yield from (f"- {sentence}" for sentence in found.sentences)
    if found.incident is not None and found.incident.evidence:
        yield from ("", "What speaks for the incident, from its start to here:")
        yield from (f"  {one.text}" for one in found.incident.evidence)
    yield from ("", *_weights(found))
    yield from ("", *_readings(found.readings))


def warming_page(warming: Sequence[Warming], at: int) -> Iterator[str]:
    """Yield what was warming up, a series a line."""
    if not warming:
        yield f"Nothing was warming up at {clock(at)}."
    for one in warming:
        name = _joined((one.subject, one.signal, one.category, one.vantage))
        until = "no season in sight" if one.warm_from is None else f"warm {clock(one.warm_from)}"
        yield f"{name}: {until}; until then judged by {one.footing}"


def _weights(found: Explanation) -> Iterator[str]:
    yield "Evidence in nats (running, this slot, margin over the innocent explanations):"
    for one in found.weights:
        if max(abs(one.running), abs(one.slot)) >= WEAK_NATS:
            name = one.name if one.outage else f"({one.name})"
            margin = "" if one.margin is None else f"{one.margin:8.1f}"
            yield f"  {name:22} {one.running:8.1f} {one.slot:8.1f} {margin}".rstrip()


def _readings(readings: Sequence[Reading]) -> Iterator[str]:
    yield "Seen in the slot, the most surprising first:"
    ranked = sorted(readings, key=lambda one: -abs(one.sigma or 0.0))
    places = Counter((one.signal, one.category, one.vantage) for one in readings)
    for one in ranked[:MOST_LINES]:
        several = places[one.signal, one.category, one.vantage] > 1
        yield _reading(one, f"({one.source})" if several else "")
    if len(ranked) > MOST_LINES:
        yield f"  ... and {len(ranked) - MOST_LINES} more (--json has them all)"


def _reading(one: Reading, source: str) -> str:
    name = _joined((one.signal, one.category, one.vantage, source))
    if one.seen is None or one.expected is None or one.sigma is None:
        return f"  {name:34} {one.presence}, expectation from {one.footing}"
    moved = f"{change(one.seen, one.expected):>7} {one.sigma:+7.1f} sigma"
    numbers = f"{amount(one.seen, one.unit)}, expected {amount(one.expected, one.unit)}"
    return f"  {name:34} {moved}  {numbers}"


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)
