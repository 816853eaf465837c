"""German, Dutch, Polish, Russian and Arabic as people speak them: what fails, and what does not."""

from __future__ import annotations

import pytest

from outage.posts import Matcher
from tests.posts.rules import said_to_fail


@pytest.mark.parametrize(
    ("text", "service"),
    [
        # tried in vain, seen on the screen, thrown out, asked around, in the news; and dialects
        ("Spotify App neu installiert, Handy neu gestartet, bringt alles nix", "spotify"),
        ("Bei Pinterest dreht sich nur noch das Rädchen", "pinterest"),
        ("Discord schmeißt mich alle zwei Minuten aus dem Call raus", "discord"),
        ("kommt bei euch noch wer ins Gmail Postfach rein?", "gmail"),
        ("Disney+ Fehler 83, die Kinder toben", "disney-plus"),
        ("Zahlung mit PayPal schon wieder fehlgeschlagen", "paypal"),
        ("zefix, whatsapp geht scho wieda ned", "whatsapp"),
        ("Mis Insta laadt hüt eifach nöd", "instagram"),
        ("Reddit hängt seit heute früh im Ladebildschirm", "reddit"),
        ("Tausende Nutzer melden Ausfälle bei GitHub", "github"),
        ("Netflix heeft weer kuren, alleen een draaiend rondje", "netflix"),
        ("word elke vijf minuten uit Fortnite gegooid", "fortnite"),
        ("Pinterest al drie keer opnieuw opgestart, nog steeds niks", "pinterest"),
        ("Raakt er nog iemand op Discord?", "discord"),
        ("onze Dropbox geeft al heel de voormiddag 'er is iets misgegaan'", "dropbox"),
        ("LinkedIn op z'n gat zeker?", "linkedin"),
        ("Betaling met PayPal mislukt telkens", "paypal"),
        ("github is de geest gegeven net voor de release", "github"),
        ("telegram blijft maar op verbinden hangen", "telegram"),
        ("Duizenden klanten klagen over problemen bij Spotify", "spotify"),
        ("Spotify co chwilę się zacina i gubi połączenie", "spotify"),
        ("reset routera nic nie dał, Netflix dalej czarny ekran", "netflix"),
        ("komuś jeszcze Discord nie łączy z głosowym?", "discord"),
        ("whatsapp stoi na jednym haczyku od rana", "whatsapp"),
        ("roblox wywala mnie z gry, błąd 279", "roblox"),
        ("Reddit zdechł czy tylko u mnie?", "reddit"),
        ("nie idzie się zalogować do linkedina", "linkedin"),
        ("na fejsie kręci i kręci, relacje w ogóle nie wchodzą", "facebook"),
        ("Użytkownicy zgłaszają problemy z Dropboxem", "dropbox"),
        ("ютуб грузит по часу, одно колесико", "youtube"),
        ("что опять с дискордом, выкидывает из войса", "discord"),
        ("у кого-нибудь нетфликс открывается вообще?", "netflix"),
        ("перезагрузила телефон, удалила кэш, ватсап всё равно молчит, не отправляет", "whatsapp"),
        ("реддит выдаёт 503 с самого утра", "reddit"),
        ("вконтакте прилёг, лента пустая", "vk"),
        ("спотифай сдох или это только у меня", "spotify"),
        ("Массовые жалобы: сбой в работе Telegram", "telegram"),
        ("в инсте сторис крутятся и не открываются", "instagram"),
        ("الديسكورد يفصل كل دقيقة وش السالفة", "discord"),
        ("تويتر عندكم يحمل الصور ولا بس عندي معلق؟", "x"),
        ("مبيفتحش معايا الواتس خالص من الصبح", "whatsapp"),
        ("شو صاير مع التلغرام ما عم تنبعت الرسايل", "telegram"),
        ("سبوتيفاي يطلع لي حدث خطأ كل شوي", "spotify"),
        ("حذفت اليوتيوب ونزلته ونفس المشكلة", "youtube"),
        ("التيك توك ماخدامش، غير الدائرة كتدور", "tiktok"),
        ("انقطاع مفاجئ يضرب خدمات فيسبوك حول العالم", "facebook"),
    ],
)
def test_trouble_is_heard_as_it_is_spoken(matcher: Matcher, text: str, service: str) -> None:
    assert said_to_fail(matcher, text) == {service}


@pytest.mark.parametrize(
    "text",
    [
        # recovery, memory, wish, denial, maintenance, shares, prices, cancelled events, own things
        "Spotify spielt wieder, puh",
        "Weißt du noch, der Sommer 2019, als WhatsApp stundenlang weg war?",
        "Wenn Instagram nur mal eine Woche ausfallen würde",
        "Bei mir läuft Netflix tadellos, keine Aussetzer",
        "Geplante Wartung: PSN ist am Dienstag von 3 bis 5 Uhr nicht erreichbar",
        "Die Netflix Aktie stürzt heute ab",
        "Die neue Preiserhöhung von Spotify, das geht gar nicht",
        "Training fällt heute aus, steht auch in der WhatsApp Gruppe",
        "Hab auf YouTube gelernt, wie man eine kaputte Waschmaschine repariert",
        "Suche auf eBay Kleinanzeigen ein Fahrrad, gern auch defekt",
        "Bei Facebook geht es nicht um Freunde, sondern um Werbung",
        "Schaue mit meiner Schwester Netflix und wir lachen uns kaputt",
        "Spotify doet het eindelijk weer",
        "Weet je nog, vorig jaar, toen Facebook de hele avond plat lag?",
        "Ik hoop dat TikTok een keer crasht",
        "Bij mij werkt Netflix gewoon prima, geen problemen",
        "Gepland onderhoud: PSN is dinsdag niet bereikbaar",
        "Aandeel Netflix keldert, beurs in mineur",
        "De trein valt uit, dan maar Netflix op mijn telefoon",
        "Mijn wasmachine is stuk, op YouTube geleerd hoe ik hem maak",
        "Ik kan niet stoppen met TikTok kijken",
        "Mijn fiets via Facebook verkocht, band was lek en de lamp stuk",
        "Spotify już śmiga, dzięki",
        "Pamiętacie, jak w 2021 Facebook leżał pół dnia?",
        "Oby TikTok padł na zawsze",
        "U mnie Discord hula bez zarzutu",
        "Planowana przerwa techniczna: we wtorek PSN będzie niedostępne",
        "Akcje Netflixa lecą w dół",
        "Pralka nie działa, szukam poradnika na YouTube",
        "Nie mogę przestać oglądać filmików na TikToku",
        "Sprzedam na eBay uszkodzony laptop",
        "Spotify поднялся, живём",
        "Помню, как в 2021 Facebook лежал полдня",
        "Хоть бы тикток сломался навсегда",
        "У меня дискорд летает, никаких сбоев",
        "Плановые работы: во вторник PSN будет недоступен",
        "Акции Netflix рухнули после отчёта",
        "Стиралка не работает, смотрю ролики на ютубе, как починить",
        "Не могу перестать смотреть тикток",
        "رجع الواتساب يشتغل الحمدلله",
        "تذكرون يوم تعطل الفيسبوك ست ساعات؟",
        "ياليت التيك توك يتعطل أسبوع",
        "الديسكورد عندي شغال تمام بدون مشاكل",
        "صيانة مجدولة: بلايستيشن متوقف يوم الثلاثاء",
        "سهم نتفلكس طاح اليوم",
        "غسالتنا خربانة وأدور في اليوتيوب طريقة التصليح",
        "ما اقدر اوقف تيك توك والله",
        "Nikt mi nie odpisuje na messengerze",
        "Kurier Amazona znowu nie przyszedł",
        "Удалил инстаграм, не жалею",
        "Vandaag niks nieuws op Netflix",
        "WLAN spinnt, kann kein Netflix schauen",
    ],
)
def test_what_only_sounds_like_trouble_is_none(matcher: Matcher, text: str) -> None:
    assert said_to_fail(matcher, text) == set()


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
    assert said_to_fail(matcher, text) == set()


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("wrzuciłam na fejsa", "facebook"),
        ("обсуждали в телеге", "telegram"),
        ("شفته على التيكتوك", "tiktok"),
        ("нашёл на гитхабе", "github"),
        ("سألت شات جي بي تي", "chatgpt"),
        ("czat gpt mi to napisał", "chatgpt"),
    ],
)
def test_nicknames_and_case_forms_name_a_service(matcher: Matcher, text: str, service: str) -> None:
    assert {one.service for one in matcher.match(text)} == {service}
