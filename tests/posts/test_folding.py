from __future__ import annotations

from outage.posts.folding import VARYING, capitals, fold, glance, shorten, without_addresses


def test_spellings_of_one_word_are_one() -> None:
    assert fold("ÇALIŞMIYOR") == fold("çalışmıyor") == fold("calismiyor")
    assert fold("won’t") == fold("WON'T") == "wont"
    assert fold("ｗｈａｔｓ\u200bａｐｐ") == "whatsapp"
    assert fold("أمازون") == fold("امازون")
    assert fold("مُعَطَّل") == "معطل"
    assert fold("padł") == "padl"


def test_japanese_voicing_and_korean_syllables_survive() -> None:
    assert fold("ﾀﾞｳﾝ") == "ダウン"
    assert fold("먹통") == "먹통"


def test_a_glance_differs_from_folding_only_where_it_says_so() -> None:
    for text in ("Wi-Fi dırdır", "Ёж", "l’app", "ĺ\u0301", "زۀ"):
        folded = fold(text)
        assert glance(text) == folded or any(sign in glance(text) for sign in VARYING)


def test_capitals_mark_where_words_begin_and_move_nothing() -> None:
    assert capitals("isn't #down2day, wa") == "Isn'T #Down2Day, Wa"
    assert capitals("não абв ダウン الapp") == "Não Абв ダウン الApp"
    for letter in map(chr, range(0x80, 0x20000)):
        folded = fold(f"{letter} a{letter}")
        assert len(capitals(folded)) == len(folded), letter


def test_links_and_mail_addresses_name_nothing() -> None:
    said = without_addresses("see https://www.instagram.com/p/1 or me@gmail.com about discord")
    assert "instagram" not in said
    assert "gmail" not in said
    assert "discord" in said


def test_drawn_out_letters_are_shortened_to_known_words() -> None:
    known = {"whatsapp", "down", "zoom"}
    assert shorten("whatsappppp dowwwnnn zoooom", known) == "whatsapp down zoom"
    assert shorten("www is no word", known) == "w is no word"
    assert shorten("down", known) == "down"
