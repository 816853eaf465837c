from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from outage.catalogue import overlay
from outage.interfaces import PostMatcher
from outage.posts import Matcher, Mention
from outage.posts.edges import before
from outage.posts.reading import Reading
from tests.posts.rules import said_to_fail


def errors(matcher: Matcher, text: str) -> set[str]:
    return {one.service for one in matcher.match(text) if one.error}


def names(matcher: Matcher, text: str) -> set[str]:
    return {one.service for one in matcher.match(text)}


@pytest.mark.parametrize(
    "text",
    [
        "is whatsapp down?",
        "WhatsApp geht bei mir nicht",
        "no funciona whatsapp",
        "o whatsapp caiu",
        "non va whatsapp",
        "whatsapp est en panne",
        "whatsapp ligt eruit",
        "WhatsApp'a giremiyorum, çalışmıyor",
        "whatsapp lagi error",
        "व्हाट्सएप बंद है",
        "WhatsApp落ちてる？",
        "الواتساب معطل",
        "ватсап не грузит",
        "whatsapp padł",
        "#whatsappdown",
        "ＷｈａｔｓＡｐｐ isn’t working",
        "whats\u200bapp is dowwwwn",
        "whatsapppp isn't loading",
        "isn't whatsapp down?",
        "whatsapp is back down",
    ],
)
def test_trouble_is_heard_in_many_languages_and_spellings(matcher: Matcher, text: str) -> None:
    assert errors(matcher, text) == {"whatsapp"}


@pytest.mark.parametrize(
    "text",
    [
        "whatsapp is not down",
        "whatsapp was down yesterday",
        "whatsapp was down but it's back",
        "remember when whatsapp was down",
        "imagine if whatsapp went down",
        "hope whatsapp crashes",
        "calm down, it's only whatsapp",
        "who's down for a movie? whatsapp me",
        "download it from whatsapp",
        "WhatsApp ist wieder da, war kurz down",
        "ya volvió whatsapp, estaba caído",
        "my car is broken. see you on whatsapp",
        "laptop is broken so I read this on whatsapp",
    ],
)
def test_what_is_no_trouble_now(matcher: Matcher, text: str) -> None:
    assert names(matcher, text) == {"whatsapp"}
    assert errors(matcher, text) == set()


def test_trouble_that_lasts_since_yesterday_is_no_memory(matcher: Matcher) -> None:
    assert errors(matcher, "whatsapp not working since yesterday") == {"whatsapp"}


def test_the_words_of_one_language_do_not_turn_another_round(matcher: Matcher) -> None:
    assert errors(matcher, "instagram lädt hier nicht") == {"instagram"}  # French hier: yesterday


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("whatsapp is down, using telegram", {"whatsapp"}),
        ("telegram works, whatsapp won't connect", {"whatsapp"}),
        ("came to twitter to see if instagram is down", {"instagram"}),
        ("WhatsApp, Instagram and Facebook are all down", {"whatsapp", "instagram", "facebook"}),
        ("no funciona whatsapp, escríbanme por telegram", {"whatsapp"}),
    ],
)
def test_trouble_is_of_the_service_it_is_said_of(
    matcher: Matcher, text: str, failing: set[str]
) -> None:
    assert errors(matcher, text) == failing
    assert names(matcher, text) > failing or len(failing) == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("waiting in line, the till is broken", set()),
        ("LINE app won't open", {"line"}),
        ("zoom is down", {"zoom"}),
        ("the zoom of my camera is broken", set()),
        ("both teams are down two goals", set()),
        ("Teams geht nicht", {"teams"}),
        ("インスタントラーメンが重い", set()),
        ("write to me@gmail.com", set()),
        ("https://instagram.com/p/1 is broken", set()),
        ("my netflixnya error", {"netflix"}),
        ("the youtuber is great", set()),
        ("I am online", set()),
    ],
)
def test_everyday_words_and_pieces_of_words_name_nothing(
    matcher: Matcher, text: str, named: set[str]
) -> None:
    assert names(matcher, text) == named


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("السناب ومسنجر", "messenger"),
        ("нинтендо ешоп ошибка", "nintendo"),
        ("任天堂のオンライン", "nintendo"),
        ("पीएसएन ठीक हो गया", "playstation-network"),
        ("いんすた開けん", "instagram"),
        ("instadaki videolar", "instagram"),
        ("na fejsbukowej grupie", "facebook"),
        ("#dazndown", "dazn"),
        ("#عطل_انستقرام", "instagram"),
    ],
)
def test_names_are_known_as_people_write_them(matcher: Matcher, text: str, service: str) -> None:
    assert service in names(matcher, text)


def test_the_german_word_is_no_name(matcher: Matcher) -> None:
    assert names(matcher, "Elternabend über Google Meet, übers WLAN") == {"google-meet"}


@pytest.mark.parametrize(
    "text",
    [
        "weder telegram noch whatsapp geht",
        "ani telegram, ani whatsapp nie działa",
        "ни телеграм, ни ватсап не работают",
        "non funzionano né telegram né whatsapp",
    ],
)
def test_names_joined_by_neither_and_nor_are_listed_together(matcher: Matcher, text: str) -> None:
    assert errors(matcher, text) == {"telegram", "whatsapp"}


def test_an_everyday_name_does_not_make_itself_clear() -> None:
    made = {"name": "Snap", "keywords": ["snap"], "ambiguous": ["snap"], "context": ["snap", "app"]}
    matcher = Matcher.of(overlay({"services": {"made": made, "snapchat": {"enabled": False}}}, "t"))
    assert names(matcher, "oh, a snap of the dog") == set()
    assert names(matcher, "the snap app") == {"made"}


def test_a_name_is_clear_in_languages_that_do_not_know_the_word() -> None:
    made = {
        "name": "Hopla", "keywords": ["hopla"], "ambiguous": ["hopla"], "context": ["app"],
        "everyday": ["en"], "unless": ["trein"],
    }  # fmt: skip
    matcher = Matcher.of(overlay({"services": {"made": made}}, "t"))
    assert names(matcher, "dat staat sinds gisteren op hopla, denk ik") == {"made"}
    assert names(matcher, "dat staat sinds gisteren op hopla, zegt de trein") == set()
    assert names(matcher, "she said hopla and fell over the chair") == set()
    assert names(matcher, "op hopla") == set()


def test_operators_are_named_too(matcher: Matcher) -> None:
    assert matcher.match("min biznet gangguan lagi nih", ["id"]) == (Mention("biznet", True, "id"),)


def test_the_post_s_own_language_goes_first(matcher: Matcher) -> None:
    assert [one.language for one in matcher.match("whatsapp down", ["pt-BR", "en"])] == ["pt"]
    assert matcher.match("WhatsApp funktioniert bei mir seit gestern nicht")[0].language == "de"
    assert matcher.match("whatsapp падал? упал")[0].language == "ru"


def test_phrases_of_one_service_mean_trouble_for_it_alone(matcher: Matcher) -> None:
    assert said_to_fail(matcher, "whatsapp: only one grey tick") == {"whatsapp"}
    assert said_to_fail(matcher, "telegram: only one grey tick") == set()


def test_it_pickles_and_works_in_another_process(matcher: Matcher) -> None:
    copy = pickle.loads(pickle.dumps(matcher))
    assert copy.match("slack is down") == matcher.match("slack is down")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(matcher.match, "slack is down").result()[0].error


def test_it_is_what_collectors_are_promised(matcher: Matcher) -> None:
    promised: PostMatcher = matcher
    assert promised.match("") == ()


def test_a_keyword_in_any_script_is_found_without_folding_every_post() -> None:
    table = {"services": {"a": {"name": "A", "keywords": ["Störtebeker", "фейсик"]}}}
    matcher = Matcher.of(overlay(table))
    for text in ("STÖRTEBEKER ist down", "stortebeker is down", "Фейсик не работает"):
        assert errors(matcher, text) == {"a"}, text


@pytest.mark.parametrize("filling", ["ha ", "not now. ", "it rained here. ", "x " * 10])
def test_endless_texts_are_read_in_part(matcher: Matcher, filling: str) -> None:
    assert "whatsapp" in errors(matcher, "whatsapp is down. " + filling * 100_000)
    assert errors(matcher, "see you on whatsapp. " + filling * 100_000) == set()


def test_no_built_in_name_needs_context_that_is_no_everyday_word() -> None:
    for slug, one in overlay({}).services.items():
        assert not one.context or one.ambiguous, slug


def test_half_a_pair_of_surrogates_is_no_letter(matcher: Matcher) -> None:
    assert matcher.match("whatsapp is down \ud83d") == matcher.match("whatsapp is down ?")


def test_trouble_far_behind_the_last_word_is_not_the_name_s() -> None:
    near, far = "ライン" + "。" * 5 + "落ちた", "ライン" + "-" * 600 + "落ちた"
    made = {"name": "A", "keywords": ["ライン"]}
    matcher = Matcher.of(overlay({"services": {"line": {"enabled": False}, "a": made}}, "t"))
    assert said_to_fail(matcher, near) == {"a"}
    assert said_to_fail(matcher, far) == set()


def test_a_keyword_that_nobody_can_see_is_no_name() -> None:
    table = {"services": {"a": {"name": "A", "keywords": ["\u200b", "aardvarks"]}}}
    assert names(Matcher.of(overlay(table)), "aardvarks\u200b here") == {"a"}


def test_what_is_too_far_away_is_not_counted() -> None:
    reading = Reading("one two three")
    assert reading.beyond(0, len(reading.text), 2)
    assert not reading.beyond(0, len(reading.text), 3)


def test_a_long_word_is_not_read_back_from_each_of_its_letters() -> None:
    assert len(before("ラ" * 10_000, 9_000)) < 10
