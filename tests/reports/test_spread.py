"""A histogram read as a CDF: exact means and marks, quantiles within a quarter of a percent."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage.reports.spread import Spread, bin_of, gather, weighted

DATABASE = duckdb.connect()


def counted(values: list[float], marks: tuple[float, ...] = ()) -> Spread:
    """Return the spread of values, by way of the database."""
    rows = "(SELECT unnest($1::DOUBLE[]) AS value)"
    query = f"SELECT {bin_of('value', marks)}, count(*), sum(value) FROM {rows} GROUP BY ALL"
    return gather(DATABASE.execute(query, [values]).fetchall())


VALUES = st.lists(st.floats(1e-6, 1e12) | st.just(0.0), min_size=1, max_size=60)


@given(VALUES, st.sampled_from([0.01, 0.1, 0.5, 0.9, 1.0]))
def test_mean_and_quantiles_are_those_of_the_values(values: list[float], share: float) -> None:
    spread = counted(values)
    exact = np.quantile(values, share, method="inverted_cdf")

    assert spread.flows == len(values)
    assert spread.mean == pytest.approx(np.mean(values))
    assert spread.quantile(share) == pytest.approx(exact, rel=0.0024)


@given(VALUES)
def test_a_share_up_to_a_mark_is_exact(values: list[float]) -> None:
    marks = (values[0], 1.0)

    spread = counted(values, marks)

    for mark in marks:
        assert spread.upto(mark) == pytest.approx(np.mean(np.array(values) <= mark), abs=1e-12)


def test_a_mark_within_a_bin_parts_it() -> None:
    values = [100.01, 100.02, 100.03]

    assert counted(values, (100.02,)).upto(100.02) == pytest.approx(2 / 3)


def test_parts_add_up() -> None:
    one, other = [(5, 2, 10.0), (7, 1, 9.0)], [(5, 2, 14.0)]

    spread = gather([*one, *other])

    assert spread.values.tolist() == [6.0, 9.0]
    assert spread.counts.tolist() == [4, 1]


def test_of_nothing_nothing_is_known() -> None:
    nothing = gather([])

    assert (nothing.flows, nothing.mean, nothing.quantile(0.5), nothing.upto(1)) == (
        0,
        None,
        None,
        None,
    )
    assert nothing.curve() == ([], [])


def test_a_curve_rises_from_nothing_to_all_and_keeps_its_steps() -> None:
    values = np.linspace(1, 100, 10_000)
    counts = np.ones(10_000, np.int64)
    counts[5_000] = 10_000

    x, y = Spread(values, counts).curve()

    assert (y[0], y[-1]) == (0, 1)
    assert len(x) < 1_000
    assert np.all(np.diff(y) >= 0)
    step = int(np.argmax(np.diff(y)))
    assert y[step] == pytest.approx(0.25, abs=0.001)
    assert y[step + 1] == pytest.approx(0.75, abs=0.003)
    assert x[step + 1] == values[5_000]


def test_weights_count() -> None:
    spread = weighted(np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.25, 0.25]))

    assert spread.quantile(0.5) == 2
    assert spread.quantile(0.51) == 3
    assert spread.mean == pytest.approx(2.25)


def test_without_any_weight_nothing_is_known() -> None:
    assert weighted(np.array([3.0]), np.array([0.0])).mean is None
