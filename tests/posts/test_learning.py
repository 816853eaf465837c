"""The weights that are shipped are those that the labelled posts give."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.labelled_posts import HELD, rows
from outage.catalogue import load_catalogue
from outage.posts.weighing import OPERATORS, SERVICES, Weights
from tools.learn_weights import LINE, cases_of, labelled, learn, weigh


@pytest.mark.parametrize("kind", [SERVICES, OPERATORS])
def test_the_weights_are_those_of_the_posts(kind: str) -> None:
    catalogue = load_catalogue()
    held = (post for path in HELD for post in rows(path))
    asked = cases_of(held, catalogue, catalogue.services).cases
    found = labelled(kind)
    anew = weigh(learn(found.cases, found.fails), asked) > LINE[kind]
    shipped = np.array([Weights.learned(kind).log_odds(case) > 0 for case in asked])
    assert (anew == shipped).mean() > 0.98, "run make weights"
