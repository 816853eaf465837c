"""Spanish and Portuguese: how people there speak of trouble, of none, and name services."""

from __future__ import annotations

import pytest

from outage.posts import Matcher


def errors(matcher: Matcher, text: str) -> list[str]:
    return [one.service for one in matcher.match(text) if one.error]


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("Se me colgó el wasap en plena videollamada y ahora ni abre", "whatsapp"),
        ("al guasap le sale el relojito en todos los mensajes desde el mediodía", "whatsapp"),
        ("Mi insta lleva toda la tarde con la ruedita y no refresca", "instagram"),
        ("¿les carga el feis? a mí me sale todo en blanco", "facebook"),
        ("pues nada, netflis otra vez con el error NSES-500, qué novedad", "netflix"),
        ("Gente, a Discord le dio por desconectarme de la llamada cada dos minutos", "discord"),
        ("mano el fornai me saca de la partida a cada rato, arreglen sus servers", "fortnite"),
        ('Tuiter no me deja publicar, "algo salió mal, inténtalo de nuevo"', "x"),
        ("quiero pagar con paipal y rechaza la tarjeta tres veces seguidas", "paypal"),
        ("chatgpt pensando y pensando y no contesta nada hoy", "chatgpt"),
        ("Zoom nos expulsó a todos de la clase, ni el profe puede entrar", "zoom"),
        ("valió madre el Spoti, se pausa solo a los diez segundos", "spotify"),
        ("Miles de usuarios reportan fallas en WhatsApp en México y Argentina", "whatsapp"),
        ("La caída de Cloudflare deja inaccesibles varios medios en Chile", "cloudflare"),
        ("github me tira 500 cada vez que hago push, hoy no se trabaja", "github"),
        ("la psn otra vez muerta un sábado, qué raro", "playstation-network"),
        ("tiktok no me sube los videos, se queda en 99%", "tiktok"),
        ("Amazon no procesa el pago, reinicié el cel y nada", "amazon"),
        ("El correo de Outlook sigue sin llegar, ni con datos ni con wifi", "outlook"),
        ("vcs tão conseguindo mandar áudio no zap? aqui fica carregando", "whatsapp"),
        ("o insta me deslogou do nada e não aceita minha senha", "instagram"),
        ("meu discord tá com a voz de robô desde ontem, já reiniciei tudo", "discord"),
        ("Netflix travou no 25% bem na final da série, aff", "netflix"),
        ("tô tentando entrar no roblox faz uma hora e só dá erro 529", "roblox"),
        ("Spotify parando sozinho a cada música, já desinstalei e instalei de novo", "spotify"),
        ("alguém sabe o que houve com o twitter? não carrega nenhum tuíte", "x"),
        ("o pix pelo paypal não passa, cliente esperando aqui na loja", "paypal"),
        ("O Outlook está em baixo desde as nove, e o suporte não atende", "outlook"),
        ("chatgpt capotou de novo, bem na semana do tcc", "chatgpt"),
        ("steam não abre nem com reza brava", "steam"),
        ("Instabilidade no WhatsApp atinge usuários de todo o Brasil nesta quarta", "whatsapp"),
        ("Queda global da AWS tira do ar bancos e aplicativos", "aws"),
        ("gmail não envia anexo, fica parado em 0%", "gmail"),
        ("o fortnite me joga pra fora toda vez que acho partida", "fortnite"),
        ("Google Meet com áudio picotando pra turma toda, internet aqui tá ótima", "google-meet"),
        ("tela preta no youtube da tv, só o som funciona. mais alguém?", "youtube"),
        ("A Steam foi de arrasta pra cima em plena promoção", "steam"),
        ("Twitch com delay de 2 min e o chat não atualiza", "twitch"),
        ("no tiktok as visualizações estão paradas em 0 desde cedo", "tiktok"),
        ("iFood ok, mas o Uber não acha motorista nenhum e dá erro de conexão", "uber"),
        ('LinkedIn: "ops, algo deu errado". Há três horas.', "linkedin"),
        ("Canva não salva nada, perdi o trabalho todo, alguém mais?", "canva"),
        ("se cayó el wasap", "whatsapp"),
        ("o zap caiu gente", "whatsapp"),
        ("meu whats não abre", "whatsapp"),
        ("espotifai no carga", "spotify"),
        ("tuiter no funciona", "x"),
        ("fornai no abre", "fortnite"),
        ("netflis no carga", "netflix"),
        ("el drive no abre", "google-drive"),
        ("o yt não carrega", "youtube"),
        ("el feis no abre", "facebook"),
    ],
)
def test_trouble_is_heard_in_spanish_and_portuguese(
    matcher: Matcher, text: str, service: str
) -> None:
    assert errors(matcher, text) == [service]


@pytest.mark.parametrize(
    "text",
    [
        "Mi abuela se cayó mirando un tiktok, está bien gracias a dios",
        "Se cayó el precio de Netflix en Argentina, ahora sale la mitad",
        "¿Se acuerdan cuando se cayó Facebook un día entero y todos fuimos a Twitter?",
        "ojalá se caiga instagram así mi novio me mira a mí",
        "Instagram ya volvió, pueden salir de Twitter",
        "a mí WhatsApp me funciona perfecto, será tu internet",
        "El celular se me murió y no pude avisarle por whatsapp",
        "Acciones de Meta caen un 12% en bolsa tras los resultados",
        "Netflix sube el precio otra vez, me borro",
        "Me banearon la cuenta de TikTok sin motivo",
        "Se fue la luz en toda la colonia, ni Netflix puedo ver",
        "si se cae Discord un día mi hijo se muere",
        "GitHub anuncia mantenimiento programado para el domingo, habrá interrupciones",
        "Spotify despide a 1500 empleados por la caída de ingresos",
        "no me contesta en whatsapp desde ayer, creo que me odia",
        "El final de la serie de Netflix me rompió, no puedo parar de llorar",
        "la que no carga soy yo un lunes, Teams va bien",
        "Me caí de la bici por mirar el Google Maps",
        "Vi en YouTube cómo arreglar la lavadora que no funciona",
        "qué buena la nueva función de Telegram",
        "Mi ex me bloqueó en Instagram y en Spotify, récord",
        "Anoche estuvo caído Steam como dos horas, pero ya jala",
        "minha tia caiu no golpe do whatsapp clonado",
        "o elevador do prédio parou e fiquei vendo tiktok",
        "tomara que o teams caia antes da reunião",
        "lembra quando o orkut morreu e todo mundo veio pro facebook",
        "meu notebook morreu e perdi a aula no zoom",
        "Netflix aumentou o preço de novo, cancelei",
        "voltou o instagram, graças a deus",
        "Aqui o zap tá normal, deve ser a internet de vocês",
        "ações da Amazon caem 5% na bolsa",
        "acabou a luz bem na hora do jogo no twitch",
        "fui banido do discord sem explicação",
        "quem travou fui eu quando ela me chamou no insta",
        "a prof caiu da cadeira na aula do zoom e ninguém riu",
        "se o youtube cair eu não sei o que faço da vida",
        "manutenção programada na PSN amanhã das 2h às 6h",
        "não aguento mais propaganda no spotify",
        "Imagina se o chatgpt para de funcionar na semana de provas",
        "comprei na amazon e veio quebrado",
        "Meu gato derrubou o roteador e a call do teams foi junto kkk",
    ],
)
def test_what_is_no_trouble_in_spanish_and_portuguese(matcher: Matcher, text: str) -> None:
    assert errors(matcher, text) == []
