"""A user's file over the built-in catalogue: what joins, what replaces, what removes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outage.catalogue import Part, check_catalogue, load_catalogue
from outage.words import SubjectKind

Write = Callable[[str], Path]

FULL = """baseline = "prophet"
baselines = { posts = "trailing" }

[scenario]
seed = 7

[services.whatsapp]
timezone = "Europe/Vienna"
domains = ["chat.example.org"]

[services.intranet]
name = "  Intra   net "
keywords = ["intranet"]
context = ["login"]
domains = { "" = ["Intra.Example.ORG"], web = ["www.intra.example.org"] }
addresses = ["192.0.2.0/24", "192.0.2.128/25"]

[services.facebook]
enabled = false

[services.meta]
enabled = false

[operators.at-1]
name = "Operator One"
timezone = "Europe/Vienna"
asns = [64500]
country = "AT"

[sources.reports]
plug = "folder"
options = { path = "in", token = { env = "TOKEN" } }
lag_seconds = 120

[sources.old]
plug = "folder"
enabled = false

[error_phrases]
de = ["ist hin"]
"""


def test_nothing_given_is_the_built_in_catalogue(written: Write) -> None:
    assert load_catalogue(None).services == load_catalogue(written("")).services


def test_a_key_given_replaces_and_the_others_stay(written: Write) -> None:
    builtin, mine = load_catalogue(), load_catalogue(written(FULL))
    whatsapp = mine.services["whatsapp"]
    assert whatsapp.timezone == "Europe/Vienna"
    assert whatsapp.keywords == builtin.services["whatsapp"].keywords
    assert whatsapp.domains == {"": ("chat.example.org",)}
    assert mine.classify("c1.whatsapp.net") is None
    assert mine.classify("a.chat.example.org") == Part("whatsapp", "")


def test_a_new_service_is_added_and_normalised(written: Write) -> None:
    mine = load_catalogue(written(FULL))
    intranet = mine.services["intranet"]
    assert intranet.name == "Intra net"
    assert intranet.needs_context == ("intranet",)
    assert intranet.category_of("www.intra.example.org") == "web"
    assert intranet.category_of("x.intra.example.org") == ""
    assert mine.classify_address("192.0.2.200") == Part("intranet", "")


def test_a_service_is_removed_though_others_stand_on_it(written: Write) -> None:
    mine = load_catalogue(written(FULL))
    assert not {"facebook", "meta"} & mine.services.keys()
    assert mine.classify("www.facebook.com") is None
    assert "instagram" in mine.siblings("meta")


def test_a_removed_service_leaves_its_domains_to_others(written: Write) -> None:
    text = (
        '[services.slack]\nenabled = false\n[services.work]\nname = "W"\ndomains = ["slack.com"]\n'
    )
    assert load_catalogue(written(text)).classify("a.slack.com") == Part("work", "")


def test_operators_sources_phrases_and_settings(written: Write) -> None:
    mine = load_catalogue(written(FULL))
    assert mine.kind("at-1") is SubjectKind.OPERATOR
    assert mine.operators["at-1"].asns == (64500,)
    assert set(mine.sources) == {"reports"}
    assert (mine.sources["reports"].interval, mine.sources["reports"].lag_seconds) == (600, 120)
    assert mine.error_phrases["de"] == ("ist hin",)
    assert "no funciona" in mine.error_phrases["es"]
    assert mine.settings.baseline == "prophet"
    assert mine.settings.baselines == {"posts": "trailing"}
    assert mine.settings.scenario.seed == 7


def test_an_installed_channel_with_its_secret_elsewhere_is_fine(
    written: Write, pigeon: str
) -> None:
    text = f'[channels.loft]\nplug = "{pigeon}"\noptions = {{token = {{file = "t.txt"}}}}\n'
    catalogue, faults = check_catalogue(written(text))
    assert not faults
    assert catalogue is not None
    assert catalogue.channels["loft"].plug == pigeon


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "outage.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert load_catalogue(path).operators["at-1"].country == "AT"


def test_one_reading_does_not_colour_the_next(written: Write) -> None:
    load_catalogue(written(FULL))
    fresh = load_catalogue()
    assert "facebook" in fresh.services
    assert len(fresh.error_phrases["de"]) > 1
