"""German, Dutch, Polish, Russian and Arabic: what is said around trouble, and trouble elsewhere."""

from __future__ import annotations

import pytest

from outage.posts import Matcher


def failing(matcher: Matcher, text: str) -> set[str]:
    return {one.service for one in matcher.match(text) if one.error}


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("Netflix zeigt mir nur noch einen roten Balken, Router neu gestartet", "netflix"),
        ("Deezer: alle Playlists weg, einfach leer. Bei meiner Schwester dasselbe", "deezer"),
        ("Deezer: al mijn afspeellijsten foetsie, iemand anders?", "deezer"),
        ("Krijg bij Discord steeds een grijs scherm, wifi is prima, laptop herstart", "discord"),
        ("Deezer wyczyścił mi wszystkie playlisty, pusto, u siostry tak samo", "deezer"),
        ("Netflix gra w 144p, a internet mam dobry, 600 mega", "netflix"),
        ("Дискорд: звука нет, только бульканье, у жены так же", "discord"),
        ("Гитхаб третий раз подряд теряет мой пуш, интернет норм", "github"),
        ("نتفلكس شاشة سودا من الصبح والنت عندي ممتاز", "netflix"),
        ("كل مرة سبوتيفاي يرفض البطاقة وش السالفة", "spotify"),
    ],
)
def test_hears_what_is_seen_beside_what_is_said_around_it(
    matcher: Matcher, text: str, service: str
) -> None:
    assert failing(matcher, text) == {service}


@pytest.mark.parametrize(
    "text",
    [
        "Mein Laptop ist hinüber, kein Discord heute Abend, sorry Leute",
        "Alle heulen, dass Snapchat nicht geht, ich schick hier fröhlich Flammen",
        "Mijn laptop is overleden, dus geen Discord vanavond",
        "Netflix schrapt banen in Amsterdam, 150 mensen weg",
        "Nie ma prądu na całej ulicy, Netflix nie działa, siedzimy przy świeczkach",
        "Ludzie piszą że Spotify padł a u mnie leci trzeci album",
        "Свет отключили, интернета нет, ютуб не посмотреть, играем в дурака",
        "Все ноют что спотифай упал, а у меня играет третий час",
        "الكهرباء مقطوعة عندنا ونتفلكس ما يشتغل طبعا",
        "De nieuwe serie op Netflix is zo traag dat ik in slaap viel",
        "Nowy film na Netfliksie taki wolny, że zasnąłem",
        "LinkedIn verwijderd, geen meldingen meer, heerlijk rustig",
        "Удалила линкедин, тишина, никаких уведомлений, красота",
        "جوالي طاح في المسبح، لا ترسلون واتساب",
    ],
)
def test_leaves_trouble_that_is_elsewhere(matcher: Matcher, text: str) -> None:
    assert not failing(matcher, text)
