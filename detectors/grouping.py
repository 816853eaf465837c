"""Which series share a clock or a kind of noise, so that they are worked on together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from outage.batches import Ints
from outage.words import Noise

Mask = npt.NDArray[np.bool_]


def mask_of(noises: Sequence[Noise], kind: Noise) -> Mask:
    """Return which series have the noise `kind`, shape (series,)."""
    return np.array([noise is kind for noise in noises], dtype=np.bool_)


def offsets_apart(utc_offsets: Ints) -> list[tuple[Ints, Mask]]:
    """Return the distinct columns of `utc_offsets`, each with the mask of the series having it."""
    left = np.ones(utc_offsets.shape[1], dtype=np.bool_)
    groups: list[tuple[Ints, Mask]] = []
    while left.any():
        offset = utc_offsets[:, int(np.argmax(left))]
        alike = left & (utc_offsets == offset[:, None]).all(axis=0)
        groups.append((offset, alike))
        left &= ~alike
    return groups


def chunks(chosen: Mask, size: int) -> list[Ints]:
    """Return the positions of a mask, `size` at a time."""
    positions = np.flatnonzero(chosen).astype(np.int64)
    return [positions[first : first + size] for first in range(0, len(positions), size)]
