"""The public benchmarks' scores: examples computed by hand, known properties, published figures."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from benchmarks.public.nab import read_corpus
from benchmarks.public.rtt import read_published as read_published_rtt
from benchmarks.public.rtt import read_traces
from benchmarks.public.tcpd import read_published, read_series
from benchmarks.scoring.matching import match
from benchmarks.scoring.nab import NOTHING, Profile, Windows, best_score, score_at, worths
from benchmarks.scoring.segmentation import cleaned, cover, f1, matched, segments

STANDARD = Profile("standard", hit=1.0, false_alarm=0.11, miss=1.0)
LOW_FP = Profile("reward_low_FP_rate", hit=1.0, false_alarm=0.22, miss=1.0)
LOW_FN = Profile("reward_low_FN_rate", hit=1.0, false_alarm=0.11, miss=2.0)
PROFILES = (STANDARD, LOW_FP, LOW_FN)


def marked(rows: int, *detected: int) -> np.ndarray:
    """Return scores of 1 in some rows and 0 elsewhere."""
    scores = np.zeros(rows)
    scores[list(detected)] = 1.0
    return scores


# -- Numenta --------------------------------------------------------------------------------


def test_worths_by_hand() -> None:
    worth, inside = worths(Windows(20, [(10, 13)]), STANDARD)

    # 2 / (1 + e^-5) - 1 = 0.986614 at the first row; half way 0.848284, three quarters 0.554600
    assert worth[[10, 12, 13]] == pytest.approx([1.0, 0.859793, 0.562125], abs=1e-6)
    # past the window by 1/3 of its width less one: 2 / (1 + e^(5/3)) - 1 = -0.682260
    assert worth[[5, 14]] == pytest.approx([-0.11, -0.11 * 0.682260], abs=1e-6)
    assert inside.tolist() == [-1] * 10 + [0] * 4 + [-1] * 6


def test_only_the_best_of_a_window_counts_and_every_false_alarm() -> None:
    windows = Windows(20, [(10, 13)])

    assert score_at(windows, marked(20, 5, 12, 13, 14), STANDARD, 0.5) == pytest.approx(
        0.859793 - 0.11 - 0.11 * 0.682260, abs=1e-6
    )
    assert score_at(windows, marked(20, 5), LOW_FN, 0.5) == pytest.approx(-2.11)


def test_probation_is_neither_rewarded_nor_punished() -> None:
    windows = Windows(20, [(10, 13)])

    assert score_at(windows, marked(20, 0, 1, 2), STANDARD, 0.5) == -1.0
    assert score_at(windows, marked(20, 3), STANDARD, 0.5) == pytest.approx(-1.11)
    assert [Windows(rows, []).probation for rows in (1_882, 5_000, 15_902)] == [282, 750, 750]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_null_is_0_and_perfect_is_100(profile: Profile) -> None:
    windows = (Windows(100, [(40, 49), (80, 89)]), Windows(60, []), Windows(60, [(30, 30)]))
    silent = [(one, np.full(one.rows, 0.5)) for one in windows]
    perfect = [(one, marked(one.rows, *(first for first, _ in one.spans))) for one in windows]

    assert best_score(silent, profile).normalised == 0.0
    assert best_score(silent, profile).threshold == NOTHING
    assert best_score(perfect, profile).normalised == pytest.approx(100.0)


def test_one_threshold_is_chosen_for_the_whole_corpus() -> None:
    first, second = np.zeros(20), np.zeros(20)
    first[10] = 0.9
    second[5], second[10] = 0.8, 0.7
    windows = Windows(20, [(10, 13)])

    best = best_score([(windows, first), (windows, second)], STANDARD)

    assert best.threshold == 0.7
    assert best.raw == pytest.approx(2 - 0.11)
    assert best.normalised == pytest.approx(100 * (2 - 0.11 + 2) / 4)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_no_threshold_is_better_than_the_best(profile: Profile) -> None:
    rng = np.random.default_rng(3)
    windows = (Windows(200, [(50, 69), (150, 169)]), Windows(150, [(90, 99)]))
    corpus = [(one, np.round(rng.random(one.rows) ** 0.2, 2)) for one in windows]
    thresholds = [NOTHING, *np.unique(np.concatenate([scores for _, scores in corpus]))]

    by_hand = {
        threshold: sum(score_at(one, scores, profile, threshold) for one, scores in corpus)
        for threshold in thresholds
    }
    best = best_score(corpus, profile)

    assert best.raw == pytest.approx(max(by_hand.values()))
    assert by_hand[best.threshold] == pytest.approx(best.raw)


def test_a_score_that_numenta_published_is_made_of_our_worths(shared: Path) -> None:
    """results/windowedGaussian, standard: two windows hit, one missed, no false alarm."""
    corpus = {Path(file.name).stem: file for file in read_corpus(shared / "data" / "nab")}
    file = corpus["ec2_request_latency_system_failure"]
    worth, inside = worths(Windows(len(file.values), file.spans), STANDARD)
    of_window = [worth[inside == number] for number in range(3)]

    sums = [np.add.outer(one, two).ravel() - 1 for one, two in combinations(of_window, 2)]

    assert np.abs(np.concatenate(sums) + 0.06591011872780705).min() < 1e-15


def test_as_many_rows_are_scored_as_numenta_published(shared: Path) -> None:
    """results/windowedGaussian, low FP: without a detection TN and FN count all scored rows."""
    published = {
        "Twitter_volume_AAPL": (13_564, 1_588),
        "machine_temperature_system_failure": (19_677, 2_268),
        "rogue_agent_key_hold": (1_410, 190),
    }

    for file in read_corpus(shared / "data" / "nab"):
        windows = Windows(len(file.values), file.spans)
        inside = worths(windows, STANDARD)[1][windows.probation :] >= 0
        counted = (int((~inside).sum()), int(inside.sum()))
        assert counted == published.get(Path(file.name).stem, counted)


# -- Turing ---------------------------------------------------------------------------------


def test_cover_by_hand() -> None:
    # {0..2}, {3..5} against itself is 1; against one segment of six the better half covers 1/2.
    assert cover([[3], []], [3], 6) == pytest.approx((1 + 0.5) / 2)
    # {0..3}, {4..5} by {0..2}, {3..5}: (4 * 3/4 + 2 * 2/3) / 6
    assert cover([[4]], [3], 6) == pytest.approx((3 + 4 / 3) / 6)


def test_f1_by_hand() -> None:
    assert f1([[3], []], [3]) == 1.0
    # nothing found: 0 is right; recall is 1/2 and 1
    assert f1([[30], []], []) == pytest.approx(2 * 0.75 / 1.75)
    # 30 is found, 60 is wrong: precision 2/3, recall (1 + 1) / 2
    assert f1([[30], []], [30, 60]) == pytest.approx(2 * (2 / 3) / (2 / 3 + 1))


def test_a_found_point_serves_once_and_within_the_margin() -> None:
    assert matched([10, 12], [11]) == 1
    assert matched([10], [15]) == 1
    assert matched([10], [16]) == 0


def test_ends_are_no_change_points() -> None:
    assert cleaned([0, 3, 3, 9, 10], 10) == [3]
    assert segments([0, 3, 10], 10) == [(0, 3), (3, 10)]


def test_finding_nothing_scores_what_the_authors_published(shared: Path) -> None:
    folder = shared / "data" / "tcpd"
    covers = read_published(folder, "default_cover")["zero"]
    f1s = read_published(folder, "default_f1")["zero"]

    for one in read_series(folder):
        length = len(one.values)
        assert cover(one.annotations, [], length) == pytest.approx(covers[one.name], abs=0.00051)
        assert f1(one.annotations, []) == pytest.approx(f1s[one.name], abs=0.00051)


# -- round-trip times -----------------------------------------------------------------------


def test_matching_by_hand() -> None:
    assert match([10, 12], [11]).hits == 1
    assert match([10], [13]).hits == 0
    # the nearest for 12 is 12, but then 10 would have none
    assert match([10, 12], [12, 14]).hits == 2


def test_precision_recall_and_f2_by_hand() -> None:
    found = match([10, 50], [9, 11, 50, 90])

    assert (found.precision, found.recall) == (0.5, 1.0)
    assert found.f(2.0) == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    assert match([10], []).f(2.0) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_the_matching_is_a_largest_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, found = (rng.choice(60, 15, replace=False) for _ in range(2))
    near = csr_array(np.abs(np.subtract.outer(labels, found)) <= 2)

    largest = (maximum_bipartite_matching(near) >= 0).sum()

    assert match(labels.tolist(), found.tolist()).hits == largest


def test_published_recalls_are_shares_of_the_labels(shared: Path) -> None:
    folder = shared / "data" / "rtt_changepoints"
    published = read_published_rtt(folder)

    for one in read_traces(folder):
        hits = [scores[one.name][1] * len(one.labels) for scores in published.values()]
        assert hits == pytest.approx(np.round(hits))
