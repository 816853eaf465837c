from __future__ import annotations

import stat
from pathlib import Path

import pytest

from outage.errors import UsageError
from outage.flows.hiding import ClientKey, client_key

SECRET = "0123456789abcdef-secret"


def test_a_hash_depends_on_the_client_and_the_key_and_on_nothing_else() -> None:
    hide, again = ClientKey(SECRET.encode()).hider(), ClientKey(SECRET.encode()).hider()
    other = ClientKey(b"another secret of some length").hider()

    hashes = {hide("10.0.0.5"), hide("10.0.0.6"), other("10.0.0.5")}

    assert len(hashes) == 3
    assert hide("10.0.0.5") == again("10.0.0.5") == hide("10.0.0.5")
    assert all(len(one) == 16 and set(one) <= set("0123456789abcdef") for one in hashes)


def test_many_clients_have_hashes_of_their_own() -> None:
    hide = ClientKey(SECRET.encode()).hider()

    assert len({hide(str(number)) for number in range(200_000)}) == 200_000


def test_the_file_named_comes_before_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")

    assert client_key("given " * 5, path, tmp_path) == ClientKey(SECRET.encode())
    assert client_key(f" {SECRET}\n", None, tmp_path) == ClientKey(SECRET.encode())


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = client_key(None, None, tmp_path / "new")
    found = client_key(None, None, tmp_path / "new")

    assert made.made == tmp_path / "new" / "client.key"
    assert stat.S_IMODE(made.made.stat().st_mode) == 0o600
    assert (found.secret, found.made) == (made.secret, None)
    assert client_key(None, None, tmp_path / "other").secret != made.secret


@pytest.mark.parametrize("given", ["", "short"])
def test_a_short_key_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match="OUTAGE_CLIENT_KEY: the key has"):
        client_key(given, None, tmp_path)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.key cannot be read"):
        client_key(None, tmp_path / "none.key", tmp_path)
