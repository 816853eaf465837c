"""Mastodon: the posts that one instance knows under the hashtags of each subject, and by search."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from collectors.fields import text
from collectors.http import Http
from collectors.tally import Tally, check_languages
from outage.errors import ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.redacting import hide
from outage.words import Sample

if TYPE_CHECKING:
    from mastodon import Mastodon as Client

VERSION: Final = "4.2.0"  # given, or the client asks for it, and is caught in a circle if it fails
PAGE: Final = 40
PAGES: Final = 50
BREAKS: Final = re.compile(r"<(?:br|/p|/li|/div)\b[^>]*>", re.IGNORECASE)
MARKS: Final = re.compile(r"<[^>]*>")
ALL_OF_TIME: Final = 0
TAG: Final = re.compile(r"#?[\w·]*[^\W\d_][\w·]*")  # Mastodon's own rule: not digits alone

log = logging.getLogger(__name__)


class Mastodon:
    """Counts posts that name each subject, and those that say that it fails, on one instance.

    `tags` maps subjects to hashtags (`{ whatsapp = ["whatsapp", "whatsappdown"] }`); with
    `search`, what the instance finds in its index counts too (it needs `token` and an instance
    with a search index, and finds only posts whose authors agreed). A post counts once, by its
    address. Each instance is a source of its own: they see each other's posts, so never add them.
    """

    needs = ("url", "tags")
    cost = "free"
    limits = "300 requests in 5 minutes; a request for each hashtag and page of 40 posts"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str,
        tags: Mapping[str, Sequence[str]],
        token: str | None = None,
        search: bool = False,
        languages: Sequence[str] = (),
    ) -> None:
        self._around = surroundings
        self._tags = _checked(surroundings, tags)
        if search and token is None:
            key = f"sources.{surroundings.source}.options"
            raise ConfigError(
                f"{key}.search: an instance answers only with a token; add {key}.token"
            )
        self._http = Http(surroundings, url, secrets=[token] if token else [])
        self._token = token
        self._search = search
        check_languages(surroundings.source, languages)
        self._languages = tuple(languages)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the counts of the slots in `[since, until)`; raises SourceError.

        A slot that the pages did not reach back to is a gap.
        """
        tally = Tally(self._around, self._languages)
        client, counted = self._client(), set[str]()

        def take(post: Any) -> None:
            moment = _moment(post)
            if since <= moment < until and _address(post) not in counted and not post.get("reblog"):
                counted.add(_address(post))
                language = text(post.get("language"))
                tally.count(moment, _said(post), [language] if language else [])

        with _faults(self._http.base_url):
            reached = {one: self._walked(client, one, since, take) for one in self._tags}
        for slot in range(since, until, self._around.slot_seconds):
            yield from tally.samples(slot, [one for one in self._tags if reached[one] <= slot])

    def _walked(self, client: Client, subject: str, since: int, take: Callable[[Any], None]) -> int:
        """Take what is said of a subject; return the moment from which on all of it is known."""
        reached = ALL_OF_TIME
        for tag in self._tags[subject]:
            reached = max(reached, _walk(_pages(client, tag), since, take))
            if self._search:  # the index shows a part only, so it says nothing of the rest
                found = client.search_v2(tag, resolve=False, result_type="statuses", limit=PAGE)
                for post in found.statuses:
                    take(post)
        return reached

    def _client(self) -> Client:
        from mastodon import Mastodon as Client

        return Client(
            access_token=self._token,
            api_base_url=self._http.base_url,
            ratelimit_method="throw",
            mastodon_version=VERSION,
            version_check_mode="created",
            session=self._http,  # type: ignore[arg-type]
            user_agent="outage",
        )


def _walk(pages: Iterator[Sequence[Any]], since: int, take: Callable[[Any], None]) -> int:
    """Take posts, newest first, until a page is before `since`; return how far back all is.

    A single old post ends nothing: one that was dated back stands among the newest.
    """
    oldest, whole = ALL_OF_TIME, True
    for number, page in enumerate(pages, start=1):
        for post in page:
            take(post)
        oldest = sorted(_moment(post) for post in page)[(len(page) - 1) // 2]
        if oldest < since:
            return ALL_OF_TIME
        whole = len(page) < PAGE
        if number == PAGES:
            break
    else:
        if whole:
            return ALL_OF_TIME
    log.warning("not all posts of the window were shown: what is older is a gap")
    return oldest


def _pages(client: Client, tag: str) -> Iterator[Sequence[Any]]:
    page: Any = client.timeline_hashtag(tag, limit=PAGE)
    while page:
        yield page
        page = client.fetch_next(page)


def _address(post: Any) -> str:
    return text(post.get("uri")) or text(post.get("url")) or str(post.get("id"))


def _said(post: Any) -> str:
    """Return the text of a post, and what it warns of before it, where it says the trouble."""
    parts = (text(post.get("spoiler_text")), plain(text(post.get("content"))))
    return "\n".join(part for part in parts if part)


def _moment(post: Any) -> int:
    written = post.get("created_at")
    if not isinstance(written, datetime):
        raise SourceError("a post has no time; the instance may have changed its format")
    return int(written.timestamp())


def plain(content: str) -> str:
    """Return the text of a post's HTML.

    >>> plain('<p>#<span>whatsapp</span> isn&#39;t working</p><p>again</p>')
    "#whatsapp isn't working\\nagain"
    """
    return html.unescape(MARKS.sub("", BREAKS.sub("\n", content))).strip()


@contextmanager
def _faults(url: str) -> Iterator[None]:
    """Let the session's own faults through the client, which wraps them; name the client's."""
    from mastodon import MastodonError

    try:
        yield
    except MastodonError as error:
        fault = error.__context__
        if not isinstance(fault, SourceError):
            fault = SourceError(f"{url}: {hide(str(error))[:200]}; is it a Mastodon instance?")
    else:
        return
    raise fault


def _checked(around: Surroundings, tags: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the hashtags of each subject; raises ConfigError."""
    key = f"sources.{around.source}.options.tags"
    if not tags:
        raise ConfigError(f'{key}: is empty; write {{ whatsapp = ["whatsapp", "whatsappdown"] }}')
    named = {one.slug for one in around.watched if one.keywords}
    found = {}
    for subject, names in tags.items():
        if isinstance(names, str) or not names or not all(_is_tag(name) for name in names):
            raise ConfigError(f'{key}.{subject}: is no list of hashtags; write ["{subject}"]')
        if subject not in named:  # nothing would match, and count as nobody complaining
            close = get_close_matches(subject, named, n=1)
            hint = f"did you mean {close[0]}?" if close else "add it, or its keywords"
            raise ConfigError(f"{key}.{subject}: nothing with keywords has this name; {hint}")
        found[subject] = tuple(name.lstrip("#") for name in names)
    return found


def _is_tag(name: Any) -> bool:
    return isinstance(name, str) and TAG.fullmatch(name) is not None
