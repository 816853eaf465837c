"""Secrets that were read are hidden, however they are spelt and whoever logs them."""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from outage.redacting import forgetting, hide, keep_secret

SECRET = 'p4ss "wörd"/+='
keep_secret(SECRET)
keep_secret("p4ss")  # the longer one is hidden whole all the same
keep_secret("a")
keep_secret("")


@pytest.mark.parametrize(
    "spelt",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        b64encode(SECRET.encode()).decode(),
        urlsafe_b64encode(SECRET.encode()).decode(),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        escape(SECRET),
        SECRET.replace("/", "\\/"),
    ],
)
def test_every_spelling_is_hidden(spelt: str) -> None:
    assert hide(f"a={spelt}&b") == "a=***&b"


def test_the_password_within_an_address_is_hidden_by_itself() -> None:
    with forgetting():
        keep_secret("wss://me:sesame%21@host.example/x/")
        assert hide("wss://me:sesame%21@host.example/x") == "***"
        assert hide("no login of me with sesame! at wss://me:sesame%21@host.example") == (
            "no login of me with *** at wss://me:***@host.example"
        )


def test_what_is_too_short_to_be_a_secret_is_left() -> None:
    assert hide("a banana") == "a banana"


def test_what_is_learnt_within_is_forgotten_afterwards() -> None:
    with forgetting():
        keep_secret("open sesame")
        assert hide(f"open sesame {SECRET}") == "*** ***"
    assert hide(f"open sesame {SECRET}") == "open sesame ***"


def test_log_records_and_tracebacks_are_hidden(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("somebody.else")
    with caplog.at_level(logging.DEBUG):
        log.warning("with %s and %d", SECRET, 7)
        log.debug("plain %s", "text")
        try:
            raise ValueError(SECRET)
        except ValueError:
            log.exception("failed")
    said = [logging.Formatter().format(record) for record in caplog.records]
    assert said[0] == "with *** and 7"
    assert said[1] == "plain text"
    assert "ValueError: ***" in said[2]
    assert caplog.records[1].args == ("text",)


def test_a_faulty_log_call_is_still_reported(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.getLogRecordFactory()("x", 30, "f", 1, f"%d {SECRET}", ("no number",), None)
    assert SECRET not in str(record.msg)
