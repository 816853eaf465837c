"""What travels with the package: complete, clean, and true to the paper."""

from __future__ import annotations

import re

import pytest

from outage.catalogue import Catalogue, Part, load_catalogue
from outage.catalogue.load import builtin_table
from outage.words import SubjectKind

LISTED = re.findall(
    r"\S+",
    """
    whatsapp facebook instagram messenger threads netflix spotify discord slack zoom teams
    telegram signal line kakaotalk wechat viber github gitlab gmail google-drive youtube
    google-search google-meet paypal tiktok snapchat x bluesky reddit twitch pinterest linkedin aws
    azure google-cloud cloudflare outlook office-365 icloud imessage app-store playstation-network
    xbox-live steam roblox fortnite dropbox adobe shopify amazon ebay disney-plus hbo-max
    prime-video apple-music chatgpt claude
    """,
)
LANGUAGES = re.findall("..", "endeesptitfrnltridhijaarruplkosv")
AMBIGUOUS = ("line", "signal", "zoom", "teams", "x", "threads", "steam", "slack")


@pytest.fixture(scope="module")
def builtin() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("slug", LISTED)
def test_every_listed_service_has_keywords_and_domains(builtin: Catalogue, slug: str) -> None:
    service = builtin.services[slug]
    assert len(service.keywords) >= 2
    assert any(service.domains.values())
    assert service.certificates


def test_all_built_in_entries_are_on_and_keywords_belong_to_one_service(builtin: Catalogue) -> None:
    assert builtin.services.keys() == builtin_table()["services"].keys()
    holders: dict[str, str] = {}
    for slug, service in builtin.services.items():
        for word in service.keywords:
            assert holders.setdefault(word.casefold(), slug) == slug, word


@pytest.mark.parametrize("slug", AMBIGUOUS)
def test_everyday_words_need_context(builtin: Catalogue, slug: str) -> None:
    service = builtin.services[slug]
    assert slug in service.needs_context
    assert len(service.context) >= 5
    assert len(service.needs_context) < len(service.keywords)


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_language_has_a_dozen_phrases(builtin: Catalogue, code: str) -> None:
    assert len(builtin.error_phrases[code]) >= 12


def test_phrases_are_in_their_alphabet(builtin: Catalogue) -> None:
    scripts = {
        "ru": "[а-яё]",
        "ar": "[ء-ي]",
        "ja": "[ぁ-んァ-ン一-龥]",
        "ko": "[가-힣]",
        "th": "[ก-๛]",
    }
    for code, letters in scripts.items():
        assert all(re.search(letters, phrase) for phrase in builtin.error_phrases[code]), code


def test_no_phrase_is_just_a_service_s_name(builtin: Catalogue) -> None:
    names = {word.casefold() for one in builtin.services.values() for word in one.keywords}
    phrases = {p.casefold() for words in builtin.error_phrases.values() for p in words}
    assert not names & phrases


def test_phrases_of_a_service_are_added_to_the_common_ones(builtin: Catalogue) -> None:
    whatsapp, other = builtin.phrases("whatsapp"), builtin.phrases("unheard-of")
    assert other == dict(sorted(builtin.error_phrases.items()))
    assert whatsapp["en"][: len(other["en"])] == other["en"]
    assert "only one tick" in whatsapp["en"]
    assert "only one tick" not in other["en"]


@pytest.mark.parametrize(
    ("host", "category"),
    [
        ("c1.whatsapp.net", "chat"),
        ("d12.whatsapp.net", "chat"),
        ("e7.whatsapp.net", "chat"),
        ("g.whatsapp.net", "chat"),
        ("mmi123.whatsapp.net", "mmi"),
        ("mms801.whatsapp.net", "mms"),
        ("mmv605.whatsapp.net", "mmv"),
        ("mmg.whatsapp.net", "mm_other"),
        ("mmx-ds.cdn.whatsapp.net", "mm_other"),
        ("media-vie1-1.cdn.whatsapp.net", "mm_other"),
        ("media.fvie1-1.fna.whatsapp.net", "mm_other"),
        ("www.whatsapp.com", ""),
        ("crashlogs.whatsapp.net", ""),
        ("dit.whatsapp.net", ""),
    ],
)
def test_whatsapp_s_categories_are_those_of_table_1(
    builtin: Catalogue, host: str, category: str
) -> None:
    assert builtin.services["whatsapp"].category_of(host) == category
    assert builtin.classify(host) == Part("whatsapp", category)


def test_whatsapp_has_no_other_categories(builtin: Catalogue) -> None:
    whatsapp = builtin.services["whatsapp"]
    assert set(whatsapp.domains) == {"", "chat", "mmi", "mms", "mmv", "mm_other"}
    assert whatsapp.category_of("www.facebook.com") is None


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("scontent.xx.fbcdn.net", "facebook"),
        ("edge-chat.facebook.com", "messenger"),
        ("scontent.cdninstagram.com", "instagram"),
        ("rr3---sn-abc.googlevideo.com", "youtube"),
        ("youtubei.googleapis.com", "youtube"),
        ("fonts.googleapis.com", "google"),
        ("mail.google.com", "gmail"),
        ("drive.google.com", "google-drive"),
        ("www.google.com", "google-search"),
        ("s3.eu-west-1.amazonaws.com", "aws"),
        ("www.amazon.com", "amazon"),
        ("aws.amazon.com", "aws"),
        ("teams.microsoft.com", "teams"),
        ("login.microsoftonline.com", "azure"),
        ("p01-buy.itunes.apple.com", "app-store"),
        ("music.apple.com", "apple-music"),
        ("ipv4-c001-vie001-ix.1.oca.nflxvideo.net", "netflix"),
    ],
)
def test_shared_houses_are_told_apart(builtin: Catalogue, host: str, slug: str) -> None:
    assert builtin.classify(host) == Part(slug, "")


def test_certificates_as_listed_then_as_host_names(builtin: Catalogue) -> None:
    assert builtin.classify_certificate("*.WhatsApp.net") == Part("whatsapp", "")
    assert builtin.classify_certificate("*.unlisted.fbcdn.net") == Part("facebook", "")
    assert builtin.classify_certificate("*.example.org") is None


def test_addresses_by_the_narrowest_block(builtin: Catalogue) -> None:
    assert builtin.classify_address("149.154.167.51") == Part("telegram", "")
    assert builtin.classify_address("2606:4700::6810:1") == Part("cloudflare", "")
    for address in ("192.0.2.1", "2001:db8::1", "not an address", ""):
        assert builtin.classify_address(address) is None


def test_platforms_have_their_services(builtin: Catalogue) -> None:
    assert builtin.siblings("meta") == (
        "facebook",
        "instagram",
        "messenger",
        "threads",
        "whatsapp",
    )
    assert {"netflix", "slack", "twitch"} <= set(builtin.siblings("aws"))
    assert builtin.siblings("unheard-of") == ()


def test_kinds(builtin: Catalogue) -> None:
    assert builtin.kind("whatsapp") is SubjectKind.SERVICE
    assert builtin.kind("unheard-of") is SubjectKind.SERVICE
