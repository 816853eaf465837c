"""Secrets: told by their key, fetched from the environment or a file, never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from outage.catalogue.secret import literal_secrets, reveal
from outage.errors import ConfigError


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "bearer_token",
        "API-KEY",
        "apiKey",
        "password",
        "passwd",
        "client_secret",
        "webhook_url",
        "Authorization",
        "routing_key",
        "accessToken",
        "session_cookie",
    ],
)
def test_keys_that_look_secret(key: str) -> None:
    assert list(literal_secrets({key: "x"})) == [(key,)]
    assert not list(literal_secrets({key: {"env": "X"}}))
    assert not list(literal_secrets({key: {"file": "/run/x"}}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "https://example.org/path?x=1"),
        ("max_tokens", 5),
        ("keyword", "x"),
        ("verify_token", True),
        ("to", "ops@example.org"),
    ],
)
def test_ordinary_options_are_left_alone(key: str, value: object) -> None:
    assert not list(literal_secrets({key: value}))


@pytest.mark.parametrize(
    "value", [{"env": ""}, {"env": "A", "file": "b"}, {"env": 3}, {"name": "x"}]
)
def test_a_malformed_reference_is_no_way_around(value: dict[str, object]) -> None:
    assert list(literal_secrets({"token": value}))


def test_references_are_replaced_at_any_depth(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("from file\n")
    options = {
        "a": {"env": "A"},
        "deep": {"b": {"file": str(path)}, "plain": 3},
        "many": [{"env": "A"}, "x"],
    }
    assert reveal(options, {"A": "from env"}) == {
        "a": "from env",
        "deep": {"b": "from file", "plain": 3},
        "many": ["from env", "x"],
    }


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    for environ in ({}, {"NOPE": " "}):
        with pytest.raises(ConfigError, match=r"deep\.token: the .* variable NOPE is not set"):
            reveal({"deep": {"token": {"env": "NOPE"}}}, environ)
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ConfigError, match="cannot be read"):
            reveal({"token": {"file": str(path)}}, {})
