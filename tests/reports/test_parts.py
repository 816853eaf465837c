"""The columns of table 3: the paper's order, groups that are shown and never stored, the rest."""

from __future__ import annotations

import pytest

from outage.reports.parts import Parts


@pytest.mark.parametrize(
    ("categories", "inner", "roles"),
    [
        (
            ["mms", "mmi", "mmv", "chat", "", "mm_other"],
            ["chat", "mm", "mmv", "mmi", "mms", "mm_other", "rest"],
            ["chat", "mm", "rest"],
        ),
        (["chat", "mmi"], ["chat", "mm", "mmi"], ["chat", "mm"]),
        ([""], ["all"], ["all"]),
        (["web", "api"], ["api", "web"], ["api", "web"]),
        (["img_other", "img1", "web"], ["img", "img1", "img_other", "web"], ["img", "web"]),
    ],
)
def test_parts_are_in_the_order_of_table_3(
    categories: list[str], inner: list[str], roles: list[str]
) -> None:
    parts = Parts.of(categories)

    assert list(parts.inner) == inner
    assert list(parts.roles) == roles


def test_the_whole_holds_all_and_a_group_its_own() -> None:
    members = Parts.of(["chat", "mms", "mmv", ""]).members

    assert members["all"] == {"chat", "mms", "mmv", ""}
    assert members["mm"] == {"mms", "mmv"}
    assert members["rest"] == {""}


def test_categories_named_like_the_whole_or_the_rest_hide_neither() -> None:
    parts = Parts.of(["all", "rest", "chat", ""])

    assert parts.members == {
        "all": {"all", "rest", "chat", ""},
        "chat": {"chat"},
        "all (category)": {"all"},
        "rest (category)": {"rest"},
        "rest": {""},
    }
    assert parts.names[0] == "all"
