"""Posts: which service or operator a text names, and whether it says that it does not work.

`Matcher.of(catalogue)` matches single posts; `match_file` and `count_posts` do it for tables.
"""

from outage.posts.matcher import Matcher, Mention

__all__ = ["Matcher", "Mention"]
