"""The way into Downdetector's enterprise API: a token that expires, and pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests

from collectors.fields import table, text
from collectors.http import Http
from outage.errors import ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.redacting import keep_secret

URL: Final = "https://downdetectorapi.com/v2"
COST: Final = "by contract"
LIMITS: Final = "10 requests a second, and the plan's daily quota"
PAGE: Final = 100
PAGES: Final = 1_000


class Api:
    """One login: by client id and secret, or by a token that lives long."""

    def __init__(
        self,
        surroundings: Surroundings,
        url: str,
        client_id: str | None,
        client_secret: str | None,
        token: str | None,
    ) -> None:
        if token is None and (client_id is None or client_secret is None):
            where = f"sources.{surroundings.source}.options"
            raise ConfigError(f"{where}: needs client_id and client_secret, or token")
        # As bytes: of a text requests would make Latin-1, which holds not every secret.
        self._login = ((client_id or "").encode(), (client_secret or "").encode())
        self._token, self._renewable = token, token is None
        secrets = [secret for secret in (client_secret, token) if secret]
        self.http = Http(surroundings, url, secrets=secrets)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> requests.Response:
        """Return an answer, with a new token if the old one has expired."""
        if self._token is not None:
            try:
                return self._with(self._token, path, params)
            except SourceError as error:
                if error.status != 401 or not self._renewable:
                    raise
        self._token = self._new_token()
        return self._with(self._token, path, params)

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[requests.Response]:
        """Yield page after page, as the header X-Page-Next tells."""
        page = "1"
        for _ in range(PAGES):
            answer = self.get(path, {**params, "page_size": PAGE, "page": page})
            yield answer
            following = _page(answer.headers.get("X-Page-Next", ""))
            if not following or following == page:
                return
            page = following
        raise SourceError(f"{path}: over {PAGES} pages; ask for a shorter time")

    def _with(self, token: str, path: str, params: Any) -> requests.Response:
        return self.http.get(path, params, {"Authorization": f"Bearer {token}"})

    def _new_token(self) -> str:
        answer = self.http.request(
            "POST", "/tokens", params={"grant_type": "client_credentials"}, auth=self._login
        )
        try:
            token = text(table(json.loads(answer.content)).get("access_token"))
        except (ValueError, RecursionError):
            token = ""
        if not token:  # and the body is not logged: it may hold one under another name
            raise SourceError("Downdetector: the answer to /tokens holds no access_token")
        keep_secret(token)
        return token


def _page(header: str) -> str:
    """Return the next page, of a header that is its number or its address."""
    return parse_qs(urlsplit(header).query).get("page", [header.strip()])[0]
