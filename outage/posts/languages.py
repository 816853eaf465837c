"""Tell the language of a post: what it says itself, else what its letters look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

#: Fewer letters than this say little about a language.
TELLING: Final = 24


def is_short(text: str) -> bool:
    """Tell whether a text is too short for its letters to tell the language."""
    return sum(map(str.isalpha, text)) < TELLING


class Languages:
    """Tells apart the languages it is given (ISO 639-1)."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = frozenset(known)

    def tell(self, text: str, said: Sequence[str]) -> str:
        """Return the language of a text.

        The first that the post says of itself (BCP 47), else the likeliest of the known ones by
        py3langid (Lui and Baldwin, 2012).
        """
        if said and (tag := said[0].replace("_", "-").split("-")[0].lower()):
            return tag
        language, _ = self._identifier.classify(text)
        return str(language)

    @cached_property
    def _identifier(self) -> Any:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        identifier.set_languages(self.known & set(identifier.labels))
        return identifier
