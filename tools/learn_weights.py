"""Learn the weights by which posts are judged (outage/posts/weights-*.tsv) from labelled posts.

A logistic regression over what the rules found and the words and letters of the post, one case
for each subject that it may name; each feature is scaled by how much it tells on its own (Wang
and Manning, 2012, section 2.3). The lightest weights are left out. What a cross-validation gives
for some places of the line is printed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks.labelled_posts import LEARNED, ON_OPERATORS, POSTS, rows, share
from outage.catalogue import Catalogue, load_catalogue
from outage.posts import Matcher
from outage.posts.weighing import ALWAYS, OPERATORS, SERVICES, THOUSANDTHS, Case, Weights, features

WEIGHTS: Final = Path(__file__).parents[1] / "outage" / "posts"
#: Features in fewer cases than this are left out, as are all but the heaviest.
LEAST_CASES: Final = 3
MOST_FEATURES: Final = 60_000
INVERSE_REGULARIZATION: Final = 0.15
FOLDS: Final = 5
#: The posts of each kind, and the file that lists their operators.
POSTS_ON: Final = {
    SERVICES: (LEARNED, None),
    OPERATORS: (ON_OPERATORS, POSTS / "operators.toml"),
}
#: The log odds above which a subject fails. Of operators fewer posts speak: there precision and
#: recall are about equal; of services it is said when it is likelier than not.
LINE: Final = {SERVICES: 0.0, OPERATORS: -0.5}

Truth = npt.NDArray[np.bool_]
Odds = npt.NDArray[np.float64]


class Labelled(NamedTuple):
    """Cases, which of them fail, the post of each, and how many failing subjects no case has."""

    cases: list[Case]
    fails: Truth
    posts: npt.NDArray[np.int64]
    unnamed: int


def labelled(kind: str) -> Labelled:
    """Return the cases of the labelled posts on services, or on operators."""
    paths, listed = POSTS_ON[kind]
    catalogue = load_catalogue(listed)
    subjects = catalogue.operators if kind == OPERATORS else catalogue.services
    return cases_of((post for path in paths for post in rows(path)), catalogue, subjects)


def cases_of(
    posts: Iterable[Mapping[str, str]], catalogue: Catalogue, subjects: Container[str]
) -> Labelled:
    """Return the cases of some subjects in labelled posts."""
    matcher = Matcher.of(catalogue)
    found: list[tuple[Case, bool, int]] = []
    unnamed = 0
    for number, post in enumerate(posts):
        errors = {one for one in post["errors"].split() if one in subjects}
        own = [case for case in matcher.cases(post["text"]) if case.subject in subjects]
        found.extend((case, case.subject in errors, number) for case in own)
        unnamed += len(errors - {case.subject for case in own})
    cases, fails, numbers = zip(*found, strict=True)
    return Labelled(list(cases), np.array(fails), np.array(numbers), unnamed)


def learn(found: Sequence[Case], truth: Truth) -> dict[str, float]:
    """Return the weight of each feature in log odds."""
    counter = CountVectorizer(analyzer=features, min_df=LEAST_CASES, binary=True)
    held = counter.fit_transform(found)
    telling = _shares(held[truth]) - _shares(held[~truth])
    model = LogisticRegression(C=INVERSE_REGULARIZATION, solver="liblinear", max_iter=300)
    model.fit(held.multiply(telling).tocsr(), truth)
    names = counter.get_feature_names_out()
    weights = dict(zip(names, model.coef_[0] * telling, strict=True))
    weights[ALWAYS] += model.intercept_[0]
    heaviest = sorted(weights, key=lambda one: -abs(weights[one]))[:MOST_FEATURES]
    return {one: float(weights[one]) for one in heaviest}


def _shares(held: sparse.csr_matrix) -> Odds:
    """Return the logarithm of each feature's share of all, one added to its cases."""
    cases: Odds = 1.0 + np.asarray(held.sum(axis=0), dtype=np.float64).ravel()
    return cast(Odds, np.log(cases / cases.sum()))


def weigh(weights: dict[str, float], found: Iterable[Case]) -> Odds:
    """Return the log odds of each case."""
    learned = Weights(weights)
    return np.array([learned.log_odds(case) for case in found])


def cross_validated(found: Labelled) -> Odds:
    """Return the log odds of each case by weights that were learned without its post."""
    odds = np.zeros(len(found.cases))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    for known, asked in folds.split(found.cases, None, found.posts):
        weights = learn([found.cases[one] for one in known], found.fails[known])
        odds[asked] = weigh(weights, (found.cases[one] for one in asked))
    return odds


def report(odds: Odds, found: Labelled) -> None:
    """Print precision and recall for each place where the line may be drawn."""
    wanted = int(found.fails.sum()) + found.unnamed
    for line in np.arange(-1.0, 1.25, 0.25):
        right = int((found.fails & (odds > line)).sum())
        precision = share(right, int((odds > line).sum()))
        print(f"{line:5.2f}  precision {precision}  recall {share(right, wanted)}")


def write(weights: dict[str, float], kind: str) -> None:
    """Write the weights, with the line at none."""
    rounded = {one: round(THOUSANDTHS * weight) for one, weight in weights.items()}
    rounded[ALWAYS] -= round(THOUSANDTHS * LINE[kind])
    table = "".join(f"{weight}\t{one}\n" for one, weight in sorted(rounded.items()) if weight)
    (WEIGHTS / f"weights-{kind}.tsv").write_text(table, encoding="utf-8")


def main() -> None:
    """Print what may be expected, and write the weights."""
    for kind in (SERVICES, OPERATORS):
        found = labelled(kind)
        print(f"{kind}: {len(found.cases):,} cases")
        report(cross_validated(found), found)
        write(learn(found.cases, found.fails), kind)


if __name__ == "__main__":
    main()
