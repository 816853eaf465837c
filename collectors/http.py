"""What every collector that speaks HTTP stands on: one session with one source.

It keeps to a time limit and a size limit, tries again with growing, jittered pauses what may pass,
waits as long as the source asks, gives up with one clear line, follows no redirect to another host,
and shows no secret (`outage.redacting`).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from collectors.ratelimits import asked_to_wait, used_up
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.redacting import hide, keep_secret

ATTEMPTS: Final = 4
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
WHOLE_SECONDS: Final = 300.0  # an answer that drips for longer is given up
LONGEST_PAUSE: Final = 60.0
SIZE_LIMIT: Final = 50 * 1024 * 1024
REDIRECTS: Final = 3
EXCERPT: Final = 500
BLOCK: Final = 1 << 16

CONNECTION_FAULTS: Final = (
    *(requests.RequestException, urllib3.exceptions.HTTPError, OSError),
    UnicodeError,  # of a header that is not Latin-1
)
PASSING: Final = frozenset({408, 425, 429})
USED_UP: Final = "/usage-capped"  # X's type of a 429 that no wait of minutes ends, and that is paid
REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
REMEDIES: Final = {
    400: "the source refused the request as wrong",
    401: "the source does not accept the secret; renew it",
    402: "the account with the source has no credit left; top it up",
    403: "the account may not ask this; check its plan and rights",
    404: "there is nothing at this address; check the address in the source's options",
    429: "the source's limit is reached",
}
CAPPED: Final = "the plan's share is used up; wait for its next period, or raise it"

T = TypeVar("T")
Params = Mapping[str, Any] | Iterable[tuple[str, Any]]
log = logging.getLogger(__name__)


class Http:
    """One session with one source; every fault is a SourceError that says whether it is permanent.

    `patience` bounds the seconds waited within one request, pauses that the source asked for
    included; what would take longer is a passing fault with `wait_seconds`. `instead_of` is the
    address that an official client has built in and that `base_url` stands in for; such a client
    takes this object in place of its `requests.Session`. `before` is told the path of every
    request, each attempt anew, and may refuse it by a SourceError.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        instead_of: str | None = None,
        attempts: int = ATTEMPTS,
        patience: float = LONGEST_PAUSE,
        read_seconds: float = READ_SECONDS,
        size_limit: int = SIZE_LIMIT,
        before: Callable[[str], None] | None = None,
    ) -> None:
        for secret in secrets:
            keep_secret(secret)
        self.base_url = _address_of(base_url)
        self.patience = patience
        self.session = requests.Session()
        self.session.headers["User-Agent"] = "outage"
        self.session.headers.update(headers or {})
        self.session.auth = _as_it_is  # else requests would look for a login in ~/.netrc
        self._surroundings = surroundings
        self._instead_of = instead_of
        self._attempts = attempts
        self._timeouts = (min(CONNECT_SECONDS, read_seconds), read_seconds)
        self._size_limit = size_limit
        self._before = before
        self._not_before = 0.0

    def get(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Return the answer to GET (2xx, or 304 where `headers` made it conditional)."""
        return self.request("GET", path, params=params, headers=headers)

    def get_json(
        self,
        path: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        parse: Callable[[Any], T] | None = None,
    ) -> Any:
        """Return the JSON document at `path`, or what `parse` makes of it."""
        answer = self.get(path, params, headers)
        return self.read(answer, lambda body: (parse or _itself)(json.loads(body)))

    def read(self, answer: requests.Response, parse: Callable[[bytes], T]) -> T:
        """Return what `parse` makes of the body; a fault of it is logged with the body."""
        try:
            return parse(answer.content)
        except (ArithmeticError, AttributeError, BadInput, LookupError, TypeError, ValueError) as e:
            kind = "" if isinstance(e, BadInput) else f"{type(e).__name__}: "
            why = kind + hide(str(e))
        except RecursionError:
            why = "it is nested too deeply"
        where = _shown(answer.url)
        start = hide(answer.content[:BLOCK].decode("utf-8", "replace"))[:EXCERPT]
        log.warning("%s: cannot be read: %s; it begins: %r", where, why, start)
        raise SourceError(
            f"{where}: the answer cannot be read ({hide(why[:200])}); the source may have"
            " changed its format: see the log for what it sent"
        )

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Return the answer, as `requests.Session.request` would, its body read; SourceError."""
        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=_pause,
            stop=self._enough,
            sleep=self._surroundings.sleep,
            reraise=True,
        )
        return trying(self._attempt, method, self._address(url), options)

    def _address(self, url: str) -> str:
        if self._instead_of and url.startswith(self._instead_of):
            return self.base_url + url.removeprefix(self._instead_of)
        if url.startswith(("http://", "https://")):
            return url
        return f"{self.base_url}/{url.lstrip('/')}" if url else self.base_url

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        waited = max(state.idle_for, state.seconds_since_start or 0.0)
        too_long = waited + state.upcoming_sleep > self.patience
        return too_long or state.attempt_number >= self._attempts

    def _attempt(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        self._keep_to_the_limit(url)
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(method, url, options)
            if answer.status_code not in REDIRECTING:
                break
            url = _redirected(answer)
            options = {key: value for key, value in options.items() if key != "params"}
        else:
            raise SourceError(f"{_shown(url)}: redirects in a circle; correct the address")
        self._note_limit(answer)
        if answer.status_code // 100 == 2 or answer.status_code == 304:
            return answer
        raise _refusal(answer, self._surroundings.clock())

    def _exchange(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        if self._before is not None:
            self._before(urlsplit(url).path.removeprefix(urlsplit(self.base_url).path))
        given = {"timeout": self._timeouts, **options, "stream": True, "allow_redirects": False}
        try:
            with self.session.request(method, url, **given) as answer:
                answer._content = self._body(answer)  # as requests itself keeps it
                return answer
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            UnicodeError,
        ) as e:
            fault = _connection_fault(url, e)
        raise fault  # outside the handler: the cause's text may hold what must not be shown

    def _body(self, answer: requests.Response) -> bytes:
        parts, size = [], 0
        give_up = time.monotonic() + WHOLE_SECONDS
        while part := answer.raw.read1(BLOCK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._size_limit:
                raise SourceError(
                    f"{_shown(answer.url)}: the answer is over {self._size_limit:,} bytes;"
                    " ask for less, or correct the address",
                    permanent=True,
                )
            if time.monotonic() > give_up:
                raise SourceError(f"{_shown(answer.url)}: the answer takes too long")
        return b"".join(parts)

    def _note_limit(self, answer: requests.Response) -> None:
        if used_up(answer.headers):
            now = self._surroundings.clock()
            self._not_before = now + (asked_to_wait(answer.headers, now) or 0.0)

    def _keep_to_the_limit(self, url: str) -> None:
        wait = self._not_before - self._surroundings.clock()
        self._not_before = 0.0
        if wait > self.patience:
            raise _limited(_shown(url), wait)
        if wait > 0:
            self._surroundings.sleep(wait)


def _address_of(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise ConfigError(f"{hide(base_url)!r} is no address; write it like https://host/path")
    return base_url.rstrip("/")


def _itself(document: Any) -> Any:
    return document


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, SourceError) and not error.permanent


_GROWING: Final = tenacity.wait_exponential_jitter(initial=1.0, max=LONGEST_PAUSE, jitter=1.0)


def _pause(state: tenacity.RetryCallState) -> float:
    """Return how long the source asked to wait, else a pause that doubles and is jittered."""
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.wait_seconds if isinstance(fault, SourceError) else None
    return _GROWING(state) if asked is None else asked + 0.5


def _shown(url: str) -> str:
    """Return the address as it may be shown: no login, no query, no secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return hide(f"{parts.scheme}://{host}{parts.path}")


def _redirected(answer: requests.Response) -> str:
    target = urljoin(answer.url, answer.headers.get("location", ""))
    old, new = urlsplit(answer.url), urlsplit(target)
    upgraded = (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname
    if upgraded or (old.scheme, old.netloc) == (new.scheme, new.netloc):
        return target
    raise SourceError(
        f"{_shown(answer.url)}: redirects to {_shown(target)}, another host, which is not followed;"
        " if that is right, put it into the source's options",
        permanent=True,
    )


def _connection_fault(url: str, error: Exception) -> SourceError:
    if isinstance(error, (requests.exceptions.InvalidHeader, UnicodeError)):
        return SourceError(f"{_shown(url)}: the secret cannot be sent; check it", permanent=True)
    if isinstance(error, ValueError):  # what requests says of an address it cannot use
        return SourceError(f"{hide(url)}: is no address; correct it", permanent=True)
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return SourceError(f"{_shown(url)}: no answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return SourceError(f"{_shown(url)}: no trusted connection ({_last(error)})")
    if isinstance(error, requests.ConnectionError):
        return SourceError(f"{_shown(url)}: no connection ({_last(error)})")
    return SourceError(f"{_shown(url)}: the connection broke off ({type(error).__name__})")


def _last(error: BaseException) -> str:
    """Return the innermost reason: the outer ones repeat the address with its query."""
    while error.args and isinstance(inner := error.args[-1], BaseException):
        error = inner
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _last(reason)
    return hide(str(error).rpartition(": ")[2])[:200]  # before it stands the connection


def _refusal(answer: requests.Response, now: int) -> SourceError:
    status, document = answer.status_code, _document(answer)
    capped = status == 429 and str(document.get("type", "")).endswith(USED_UP)
    permanent = capped or (status not in PASSING and status < 500)
    otherwise = "the source refuses" if permanent else "the source has trouble"
    told = CAPPED if capped else REMEDIES.get(status, otherwise)
    detail = _detail(document)
    return SourceError(
        f"{_shown(answer.url)}: {status} {told}" + (f" ({detail})" if detail else ""),
        permanent=permanent,
        status=status,
        wait_seconds=None if permanent else asked_to_wait(answer.headers, now),
    )


def _limited(where: str, wait: float) -> SourceError:
    told = f"{where}: {REMEDIES[429]} for another {wait:.0f} s"
    return SourceError(told, status=429, wait_seconds=wait)


def _document(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object of a refusal, empty where it is none."""
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _detail(document: dict[str, Any]) -> str:
    """Return what the source says of its refusal, where it says it in JSON as most do."""
    errors = document.get("errors")
    inner = errors[0] if isinstance(errors, list) and errors else {}
    inner = inner if isinstance(inner, dict) else {}
    known = ("title", "detail", "message", "error", "error_description")
    said = [table[key] for table in (document, inner) for key in known if table.get(key)]
    texts = dict.fromkeys(text for text in said if isinstance(text, str))
    return " ".join(hide(": ".join(texts)).split())[:300]
