"""Change points of one series by our detector, by ruptures and by Prophet, one setting for all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.kernel import KernelChangePoints
from detectors.noise import NORMAL

Floats = npt.NDArray[np.float64]

PROPHET_POINTS, PROPHET_STEP = 25, 0.01  # as in the Turing benchmark
DAYS_FROM = "2019-01-01"  # where Prophet is told of days in want of times


def standardised(values: Floats) -> Floats:
    """Return values (length,) less their mean, over their standard deviation; gaps kept."""
    deviation = np.nanstd(values)
    return np.asarray((values - np.nanmean(values)) / (deviation if deviation > 0 else 1.0))


def residuals(values: Floats) -> Floats:
    """Return values less their median, in robust standard deviations; gaps kept.

    What our judging calls surprise, of a series of which no season is known.
    """
    off = values - np.nanmedian(values)
    deviation = NORMAL * np.nanmedian(np.abs(off))
    return np.asarray(off / deviation) if deviation > 0 else standardised(values)


def ours(values: Floats) -> list[int]:
    """Return what our detector finds, with its defaults."""
    return list(KernelChangePoints().find(residuals(values)))


def kernel(values: Floats, form: str) -> list[int]:
    """Return what ruptures' KernelCPD finds of kernel `form` (linear, rbf) with BIC's penalty."""
    from ruptures import KernelCPD

    return _cuts(KernelCPD(kernel=form, min_size=2), values)


def pelt(values: Floats) -> list[int]:
    """Return what ruptures' Pelt finds with its defaults and BIC's penalty."""
    from ruptures import Pelt

    return _cuts(Pelt(model="l2"), values)


def binary(values: Floats) -> list[int]:
    """Return what ruptures' Binseg finds with its defaults and BIC's penalty."""
    from ruptures import Binseg

    return _cuts(Binseg(model="l2"), values)


def _cuts(algorithm: Any, values: Floats) -> list[int]:
    """Cut the known values, standardised; a change adds a mean and a place: BIC asks 2 ln n."""
    present = np.flatnonzero(np.isfinite(values))
    signal = standardised(values[present])[:, None]
    found = algorithm.fit_predict(signal, pen=2 * np.log(len(present)))
    return [int(present[cut]) for cut in found[:-1]]


def prophet(values: Floats, times: npt.NDArray[np.datetime64] | None) -> Sequence[int]:
    """Return the places where Prophet's trend bends by 0.01 at least.

    As the authors of the Turing benchmark ran it: 25 candidates over the whole range; seasons by
    default, none where the data has no time.
    """
    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    names = ("yearly_seasonality", "weekly_seasonality", "daily_seasonality")
    seasons: dict[str, Any] = dict.fromkeys(names, "auto" if times is not None else False)
    model: Any = Prophet(
        n_changepoints=PROPHET_POINTS, changepoint_range=1.0, uncertainty_samples=0, **seasons
    )
    days = np.datetime64(DAYS_FROM, "s") + np.arange(len(values)).astype("timedelta64[D]")
    clock = days if times is None else times
    with TemporaryDirectory() as folder:  # cmdstanpy would keep files until the process ends
        model.fit(pd.DataFrame({"ds": clock, "y": values}), seed=0, output_dir=folder)
    bends = np.abs(np.nanmean(model.params["delta"], axis=0)) >= PROPHET_STEP
    places = model.changepoints.to_numpy().astype("datetime64[s]")
    chosen = places[bends[: len(places)]]
    return [int(place) for place in np.flatnonzero(np.isin(clock, chosen))]
