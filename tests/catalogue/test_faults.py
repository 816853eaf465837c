"""Every fault of a file: at its key and line, with a reason and a remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outage.catalogue import check_catalogue, load_catalogue, overlay
from outage.catalogue.faults import dotted
from outage.catalogue.load import SIZE_LIMIT
from outage.errors import ConfigError

Write = Callable[[str], Path]

SERVICE = '[services.intranet]\nname = "Intranet"\n'
OPERATOR = '[operators.at-1]\nname = "AT"\ntimezone = "Europe/Vienna"\n'
SOURCE = '[sources.files]\nplug = "folder"\n'

BROKEN = {
    "unknown top-level key": ("\nservice = {}\n", 2, "service", "did you mean services?"),
    "misspelt setting": ('baselin = "seasonal"\n', 1, "baselin", "did you mean baseline?"),
    "misspelt key in a setting": (
        "[scenario]\n\nsede = 3\n",
        3,
        "scenario.sede",
        "did you mean seed?",
    ),
    "setting out of range": ("[scenario]\ndepth = 0.0\n", 2, "scenario.depth", "greater than 0"),
    "unknown baseline": ('\nbaseline = "profet"\n', 2, "baseline", "did you mean prophet?"),
    "unknown baseline of a series": (
        '[baselines]\nposts = "x"\n',
        2,
        "baselines.posts",
        "outage.detectors",
    ),
    "not a slug": ('[services."In Tra"]\nname = "I"\n', 1, 'services."In Tra"', "a-z"),
    "missing name": (
        '[services.intranet]\nkeywords = ["a"]\n',
        1,
        "services.intranet.name",
        "add it",
    ),
    "misspelt key": (
        SERVICE + 'keyword = ["a"]\n',
        3,
        "services.intranet.keyword",
        "did you mean keywords?",
    ),
    "text for a list": (
        SERVICE + 'keywords = "a"\n',
        3,
        "services.intranet.keywords",
        "is not a list",
    ),
    "text for domains": (
        SERVICE + 'domains = "a.b"\n',
        3,
        "services.intranet.domains",
        "is not a list",
    ),
    "word for a number": (
        '[scenario]\nseed = "many"\n',
        2,
        "scenario.seed",
        "should be a valid integer",
    ),
    "number among words": (
        SERVICE + 'keywords = [\n "a",\n 7]\n',
        5,
        "services.intranet.keywords[1]",
        "quotes",
    ),
    "empty word": (
        SERVICE + 'keywords = ["a", " "]\n',
        3,
        "services.intranet.keywords[1]",
        "is empty",
    ),
    "word twice": (
        SERVICE + 'keywords = ["a",\n "A"]\n',
        4,
        "services.intranet.keywords[1]",
        "twice",
    ),
    "word too long": (
        SERVICE + f'keywords = ["{"a" * 65}"]\n',
        3,
        "services.intranet.keywords[0]",
        "64",
    ),
    "flag in quotes": (
        SERVICE + 'enabled = "no"\n',
        3,
        "services.intranet.enabled",
        "true or false",
    ),
    "ambiguous but no keyword": (
        SERVICE + 'context = ["x"]\nambiguous = ["y"]\n',
        4,
        "services.intranet.ambiguous[0]",
        "not among",
    ),
    "ambiguous without context": (
        SERVICE + 'keywords = ["y"]\nambiguous = ["y"]\n',
        4,
        "services.intranet.ambiguous",
        "context",
    ),
    "unknown zone": (
        SERVICE + 'timezone = "europe/vienna"\n',
        3,
        "services.intranet.timezone",
        "did you mean Europe/Vienna?",
    ),
    "zone that is a path": (
        SERVICE + 'timezone = "../UTC"\n',
        3,
        "services.intranet.timezone",
        "IANA",
    ),
    "pattern too wide": (
        SERVICE + 'domains = ["a.b",\n "*.com"]\n',
        4,
        "services.intranet.domains[1]",
        "too much",
    ),
    "pattern with a scheme": (
        SERVICE + 'domains = ["https://a.b"]\n',
        3,
        "services.intranet.domains[0]",
        "scheme",
    ),
    "pattern with an open set": (
        SERVICE + '[services.intranet.domains]\nweb = ["a[0.b.c"]\n',
        4,
        "services.intranet.domains.web[0]",
        "set",
    ),
    "category not a slug": (
        SERVICE + 'domains = {"Web Site" = ["a.b"]}\n',
        3,
        'services.intranet.domains."Web Site"',
        "slug",
    ),
    "pattern in two categories": (
        SERVICE + '[services.intranet.domains]\na = ["x.y"]\nb = ["x.y"]\n',
        5,
        "services.intranet.domains.b[0]",
        "services.intranet.domains.a already",
    ),
    "pattern of another service": (
        SERVICE + 'domains = ["whatsapp.com"]\n',
        3,
        "services.intranet.domains[0]",
        "services.whatsapp",
    ),
    "certificate of another service": (
        SERVICE + 'certificates = ["*.whatsapp.net"]\n',
        3,
        "services.intranet.certificates[0]",
        "services.whatsapp",
    ),
    "host bits": (
        SERVICE + 'addresses = ["192.0.2.7/24"]\n',
        3,
        "services.intranet.addresses[0]",
        "write 192.0.2.0/24",
    ),
    "not an address": (
        SERVICE + 'addresses = ["192.0.2/24"]\n',
        3,
        "services.intranet.addresses[0]",
        "192.0.2.0/24",
    ),
    "block of another service": (
        SERVICE + 'addresses = ["149.154.160.0/20"]\n',
        3,
        "services.intranet.addresses[0]",
        "services.telegram",
    ),
    "unknown platform": (
        SERVICE + 'platform = "azur"\n',
        3,
        "services.intranet.platform",
        "did you mean azure?",
    ),
    "platform in a circle": (
        SERVICE + 'platform = "intranet"\n',
        3,
        "services.intranet.platform",
        "circle",
    ),
    "unknown language": ('[error_phrases]\nxx = ["a"]\n', 2, "error_phrases.xx", "ISO 639-1"),
    "no phrases": ("[error_phrases]\nde = []\n", 2, "error_phrases.de", "is empty"),
    "language of a service": (
        SERVICE + 'error_phrases = {DE = ["a"]}\n',
        3,
        "services.intranet.error_phrases.DE",
        "two small letters",
    ),
    "nothing to remove": (
        "[services.whatsap]\nenabled = false\n",
        1,
        "services.whatsap",
        "did you mean whatsapp?",
    ),
    "services as a list": ("[[services]]\nname = 'x'\n", 1, "services", "is not a table"),
    "service as a text": ('[services]\nintranet = "x"\n', 2, "services.intranet", "is not a table"),
    "operator without zone": (
        '[operators.at-1]\nname = "AT"\n',
        1,
        "operators.at-1.timezone",
        "add it",
    ),
    "ASN as a text": (
        OPERATOR + 'asns = ["AS1"]\n',
        4,
        "operators.at-1.asns[0]",
        "is not a whole number",
    ),
    "ASN zero": (OPERATOR + "asns = [0]\n", 4, "operators.at-1.asns[0]", "greater than"),
    "country by name": (OPERATOR + 'country = "Austria"\n', 4, "operators.at-1.country", "AT"),
    "operator and service": (
        '[operators.slack]\nname = "S"\ntimezone = "UTC"\n',
        1,
        "operators.slack",
        "rename one",
    ),
    "unknown collector": (
        '[sources.x]\nplug = "foldr"\n',
        2,
        "sources.x.plug",
        "did you mean folder?",
    ),
    "interval too short": (SOURCE + "interval = 1\n", 3, "sources.files.interval", "10"),
    "lag in quotes": (
        SOURCE + 'lag_seconds = "60"\n',
        3,
        "sources.files.lag_seconds",
        "is not a whole number",
    ),
    "secret of a source": (
        SOURCE + 'options = {bearer_token = "s3cr3t"}\n',
        3,
        "sources.files.options.bearer_token",
        "{env =",
    ),
    "unknown channel": ('[channels.me]\nplug = "smoke"\n', 2, "channels.me.plug", "smoke"),
    "broken TOML": ('[services\nname = "x"\n', 1, "", "is not TOML"),
    "unfinished TOML": ('\n\nname = "x', 3, "", "is not TOML"),
    "key twice": ('baseline = "seasonal"\nbaseline = "prophet"\n', 2, "", "is not TOML"),
    "endless number": (f"[scenario]\nseed = {'9' * 5000}\n", None, "", "is not TOML"),
    "nested too deeply": (f"x = {'[' * 5000}", None, "", "nested too deeply"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_fault_with_its_key_and_line(name: str, written: Write) -> None:
    text, line, key, said = BROKEN[name]
    path = written(text)
    catalogue, faults = check_catalogue(path)
    assert catalogue is None
    assert [(fault.line, fault.key) for fault in faults] == [(line, key)], faults
    message = str(faults[0])
    assert said in message
    assert message.startswith(f"{path}:{line}:" if line else f"{path}:")
    assert faults[0].reason
    assert faults[0].remedy
    assert "\n" not in message
    with pytest.raises(ConfigError) as raised:
        load_catalogue(path)
    assert str(raised.value) == message


def test_a_syntax_error_tells_the_column(written: Write) -> None:
    _, faults = check_catalogue(written('baseline = "seasonal"\n[services.x]\nname = = 1\n'))
    assert "outage.toml:3:8: is not TOML: Invalid value" in str(faults[0])


def test_all_faults_at_once_in_the_order_of_the_file(written: Write) -> None:
    path = written(
        '[operators.x]\nname = 3\ntimezone = "X/Y"\n'
        '[services.b]\nname = "B"\ndomains = ["*.com"]\nkeyword = 1\n'
        '[services.a]\nname = "A"\nplatform = "nobody"\n'
    )
    _, faults = check_catalogue(path)
    assert [(fault.line, fault.key) for fault in faults] == [
        (2, "operators.x.name"),
        (3, "operators.x.timezone"),
        (6, "services.b.domains[0]"),
        (7, "services.b.keyword"),
        (10, "services.a.platform"),
    ]
    with pytest.raises(ConfigError, match="4 more: outage config check"):
        load_catalogue(path)


def test_a_secret_is_refused_and_never_shown(written: Write, pigeon: str) -> None:
    text = f"""[channels.loft]
plug = "{pigeon}"
[channels.loft.options]
api_key = "hush-1"
url = "https://user:hush-2@example.org/x"
accounts = [{{password = "hush-3"}}]
password = 31415
"""
    _, faults = check_catalogue(written(text))
    assert [(fault.line, fault.key.removeprefix("channels.loft.options.")) for fault in faults] == [
        (4, "api_key"),
        (5, "url"),
        (6, "accounts[0].password"),
        (7, "password"),
    ]
    said = " ".join(map(str, faults))
    assert "hush" not in said
    assert "31415" not in said


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_catalogue(path)


def test_a_file_over_the_limit_is_not_read_on(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)
    with pytest.raises(ConfigError, match="over 1 MiB"):
        load_catalogue(path)


def test_a_file_that_is_not_text_tells_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "a"\nb = "Störung"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.toml:2: is not UTF-8"):
        load_catalogue(path)


def test_an_overlay_is_checked_too() -> None:
    with pytest.raises(ConfigError, match=r"scenario: operators\.x\.timezone"):
        overlay({"operators": {"x": {"name": "X", "timezone": "Mars/Base"}}}, "scenario")


def test_keys_are_written_as_toml_would() -> None:
    path = ("services", "a b", "domains", "", 0, 'q"')
    assert dotted(path) == 'services."a b".domains.""[0]."q\\""'
