"""How French, Italian and Turkish speak of trouble, and of what is none."""

from __future__ import annotations

import pytest

from outage.posts import Matcher
from tests.posts.rules import said_to_fail

FAILING = [
    ("spotify", "spotify saute d'un morceau à l'autre tout seul depuis ce matin"),
    ("netflix", "y a que chez moi que Netflix met un écran noir avec juste le son ?"),
    ("instagram", "insta veut plus actualiser le fil, je vois les photos d'hier midi"),
    ("tiktok", "tiktok mouline dans le vide alors que ma fibre marche nickel"),
    ("teams", "c'tu juste moi ou teams gèle à chaque réunion à matin?"),
    ("facebook", "facebook marche pu pantoute, ça charge pis ça charge"),
    ("paypal", "Paypal me refuse toutes mes cartes et le support ne répond plus"),
    ("cloudflare", "Cloudflare victime d'une panne : des sites renvoient une erreur 500"),
    ("whatsapp", "whatsapp non mi manda le foto, resta la rotellina da mezz'ora"),
    ("netflix", "ma solo a me Netflix dice che c'è un errore e di riprovare più tardi?"),
    ("instagram", "instagram si è impallato di brutto, non carica manco le storie"),
    ("facebook", "nun va facebook stasera, se blocca tutto"),
    ("youtube", "youtube schermo nero ma l'audio si sente, anche a voi?"),
    ("amazon", "amazon non mi fa completare l'ordine, il carrello si svuota da solo"),
    ("teams", "Teams mi butta fuori dalla riunione ogni cinque minuti"),
    ("whatsapp", "whatsapp mesajlarım iletilmiyor sabahtan beri, hep saat işareti"),
    ("discord", "discord beni ikide bir sesten atıyor, arkadaşlar duymuyor"),
    ("netflix", "Netflix %25'te takılıp kalıyor, dizinin en güzel yeri"),
    ("gmail", "gmail giriş yapamıyorum doğrulama kodu gelmiyor, yardım edin"),
    ("paypal", "paypal ödeme yaptırmıyor bir saattir hata veriyor"),
    ("cloudflare", "Cloudflare kaynaklı küresel kesinti: sitelere erişim sağlanamıyor"),
    ("roblox", "mon fils hurle parce que roblox le laisse plus rentrer, erreur 277"),
    ("github", "github'a push atamıyorum, 500 dönüyor sürekli"),
    ("canva", "Canva a perdu toutes mes modifs et affiche une page blanche"),
    ("netflix", "netflix : 'Titre non disponible'. sur TOUS les titres. ok"),
    ("slack", "le datacenter est tombé et entraîne Slack avec lui"),
    ("x", "j'ai beau rafraîchir, twitter m'affiche toujours les tweets de midi"),
    ("outlook", "outlook continua a chiedermi la password e poi mi ributta fuori"),
    ("spotify", "Spotify salta ogni due canzoni, a voi pure?"),
    ("prime-video", "prime video si ferma al minuto dodici di ogni puntata"),
    ("netflix", "Netflix sürekli tampon yapıyor, internetim 100 mbit"),
    ("gmail", "Gmail'de dünya genelinde erişim sıkıntısı yaşanıyor"),
    ("chatgpt", "chatgpt cevabın yarısında duruyor sonra ses seda yok"),
]

NOT_FAILING = [
    "Mon colis amazon est bloqué à Lyon depuis trois jours, super",
    "TikTok bloqué aux États-Unis ? la Cour suprême tranche ce soir",
    "tiktok bloccato negli Stati Uniti? la corte decide oggi",
    "Le wifi de ma belle-mère rame, impossible de lancer netflix ici",
    "si whatsapp tombe un jour, mes parents sont injoignables",
    "ma quale instagram giù, io sto guardando le storie",
    "ho passato la notte su netflix e ora sono fuso",
    "bende whatsapp gayet güzel çalışıyor, sizin internette sıkıntı var",
    "whatsapp'ta görüldü atıp cevap vermiyor, neden böyle yapıyor bu çocuk",
    "Youtube premium aldım, reklam yok, hayat güzel",
    "Vous vous souvenez quand insta avait planté tout un lundi ? quelle paix",
    "si gmail tombe un jour en panne je perds toute ma vie",
    "Netflix augmente encore le prix de l'abonnement, je résilie",
    "L'action Netflix plonge de 9 % à Wall Street après des résultats décevants",
    "mon téléphone est tombé dans la piscine, plus de whatsapp jusqu'à lundi",
    "ça y est, discord remarche, merci les gars",
    "spotify nickel chez moi, zéro souci",
    "pas de wifi à l'hôtel du coup pas de netflix ce soir",
    "vi ricordate quando whatsapp rimase giù un giorno intero? silenzio meraviglioso",
    "speriamo che Teams crolli prima delle nove",
    "mi è caduto il telefono nel water, niente instagram per un po'",
    "discord è tornato, si gioca",
    "morta dal ridere con i video di tiktok stasera",
    "il wifi dell'hotel non va, addio Netflix",
    "non riesco a smettere di guardare tiktok, aiuto",
    "whatsapp'ın çöktüğü gün ailecek kahvaltı yapmıştık, ne güzeldi",
    "keşke instagram bir hafta kapansa da kafamızı dinlesek",
    "Netflix'e yine zam geldi, üyeliği iptal ettim",
    "discord düzeldi beyler gelin",
    "PSN yarın 06:00-08:00 arası planlı bakımda olacak",
    "spotify'da bu şarkıyı dinlerken moralim çöktü",
]


@pytest.mark.parametrize(("service", "text"), FAILING)
def test_what_people_see_and_try_counts(matcher: Matcher, service: str, text: str) -> None:
    assert said_to_fail(matcher, text) == {service}


@pytest.mark.parametrize("text", NOT_FAILING)
def test_what_is_over_wished_or_elsewhere_does_not(matcher: Matcher, text: str) -> None:
    assert matcher.match(text)
    assert said_to_fail(matcher, text) == set()


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("whatsapp", "wp mesajlarım tek tikte"),
        ("x", "X'e giremiyorum"),
        ("youtube", "yutup açılmıyor"),
        ("snapchat", "snap, mes flammes !"),
        ("chatgpt", "chatgbt risponde a caso"),
        ("steam", "i saldi di steam"),
    ],
)
def test_names_are_known_as_people_write_them(matcher: Matcher, service: str, text: str) -> None:
    assert [one.service for one in matcher.match(text)] == [service]
