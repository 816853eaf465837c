"""Samples for the tests of the store, written shortly."""

from __future__ import annotations

from outage.batches import SampleBatch
from outage.words import Sample, Series

SLOT = 600
FLOWS = Series("whatsapp", "flows", vantage="op-a", source="probe", slot_seconds=SLOT)
NOW = 1_400_000_000


def sample(
    slot: int, value: float, *, series: Series = FLOWS, weight: float | None = None
) -> Sample:
    """Return the sample of slot number `slot`, known at its end."""
    start = slot * series.slot_seconds
    return Sample(series, start, value, start + series.slot_seconds, weight)


def batch(*samples: Sample) -> SampleBatch:
    """Return samples as a batch."""
    return SampleBatch.of(samples)


def rows(found: SampleBatch) -> list[Sample]:
    """Return a batch as single samples, in its order."""
    return [
        Sample(found.series[series], start, value, known_at, None if weight != weight else weight)
        for series, start, value, known_at, weight in zip(
            found.series_index.tolist(),
            found.slot_start.tolist(),
            found.value.tolist(),
            found.known_at.tolist(),
            found.weight.tolist(),
            strict=True,
        )
    ]
