"""What the rules alone say of a post, before anything is weighed."""

from __future__ import annotations

from outage.posts import Matcher
from outage.posts.weighing import FAILS


def said_to_fail(matcher: Matcher, text: str) -> set[str]:
    """Return the subjects of which the rules hear trouble."""
    return {case.subject for case in matcher.cases(text) if FAILS in case.clues}
