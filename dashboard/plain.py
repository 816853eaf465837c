"""Text from data, so that no page takes it for Markdown or HTML."""

from __future__ import annotations

import re
from typing import Final

PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    r"""Return text on one line with all punctuation escaped, to be shown as it is.

    >>> plain("*a* [b](c)")
    '\\*a\\* \\[b\\]\\(c\\)'
    """
    return PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
