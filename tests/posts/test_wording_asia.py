"""How Hindi, Indonesian and Japanese speak of trouble, and of what is none."""

from __future__ import annotations

import pytest

from outage.posts import Matcher

FAILING = [
    ("व्हाट्सऐप पर मैसेज जा ही नहीं रहे, बस घड़ी का निशान दिख रहा", "whatsapp"),
    ("इंस्टा पर रील चलती ही नहीं, बस गोला घूमता रहता है", "instagram"),
    ("जीमेल में मेल सेंड ही नहीं हो रहा सुबह से", "gmail"),
    ("नेटफ्लिक्स बीच-बीच में रुक रहा है, नेट तो बढ़िया है", "netflix"),
    ("ट्विटर की टाइमलाइन लोड नहीं हो रही किसी और को भी दिक्कत है?", "x"),
    ("गूगल मीट में आवाज़ कट रही है बार-बार", "google-meet"),
    ("चैटजीपीटी जवाब ही नहीं दे रहा आज", "chatgpt"),
    ("insta khul hi nai ra bhai kabse", "instagram"),
    ("yt pe video buffer hi ho raha hai subah se, jio wale bhi aise?", "youtube"),
    ("fb login karne pe session expired aa raha bar bar", "facebook"),
    ("snapchat pe snap send hi nahi ho rahi, sabka aisa hai kya", "snapchat"),
    ("Reddit app kholte hi crash ho ja raha", "reddit"),
    ("uber ki app me location hi nahi aa rahi, cab book kaise karu", "uber"),
    ("kya scene hai telegram ka, connecting hi dikha raha", "telegram"),
    ("Google Drive me file upload 0% pe atki hai", "google-drive"),
    ("canva khul nahi raha, kal project submit karna hai", "canva"),
    ("netflix gaya kya? black screen aa rahi hai bas", "netflix"),
    ("ig story ga ke load semua, item doang", "instagram"),
    ("gmail nolak mulu, katanya password salah padahal bener", "gmail"),
    ("server roblox ambruk, anak2 pada protes", "roblox"),
    ("Gangguan massal landa Instagram, warganet mengeluh", "instagram"),
    ("discord suara temen gue putus2 kayak robot", "discord"),
    ("canva gabisa nyimpen desain, hilang semua kerjaan gue", "canva"),
    ("gdrive upload nyangkut di 99% dari pagi", "google-drive"),
    ("paypal ga bisa login, kode otp nya ga dateng2", "paypal"),
    ("twitter tumbang kah? ko sepi bgt timeline", "x"),
    ("kenapa ya whatsapp web disuruh scan ulang terus", "whatsapp"),
    ("uber eats aplikasinya force close", "uber"),
    ("psn maintenance dadakan apa gimana, ga bisa online", "playstation-network"),
    ("インスタのストーリーがずっとぐるぐるしてる", "instagram"),
    ("X、通知欄が開けない", "x"),
    ("Zoomの音声が途切れて授業にならん", "zoom"),
    ("ネトフリ、再生ボタン押してもエラーになる", "netflix"),
    ("Gmail受信できてない人いますか", "gmail"),
    ("Switchオンライン、接続に失敗しましたばっか", "nintendo"),
    ("スポティファイ勝手に止まる、課金してるのに", "spotify"),
    ("ChatGPTくん今日機嫌悪くない？返答が途中で切れる", "chatgpt"),
    ("Slack落ちた？メッセージ送信中のまま", "slack"),
    ("Steamのストアページ開かんのだが", "steam"),
    ("フォートナイトのマッチング始まらん", "fortnite"),
    ("Twitchの配信カクカクで見れたもんじゃない", "twitch"),
    ("Notion重すぎて文字打てない", "notion"),
    ("LINE届かないからこっちで連絡する", "line"),
]

WORKING = [
    ("व्हाट्सऐप अब ठीक चल रहा है, राहत मिली", "whatsapp"),
    ("काश फेसबुक हमेशा के लिए बंद हो जाए", "facebook"),
    ("मेरा इंस्टा तो मक्खन चल रहा, तुम अपना नेट देखो", "instagram"),
    ("मेटा के शेयर गिरे, फेसबुक में छंटनी", "facebook"),
    ("ट्विटर पर देखा कि मेट्रो बंद है", "x"),
    ("इंस्टा पर उसने मुझे ब्लॉक कर दिया", "instagram"),
    ("phir se chal pada whatsapp, shukar hai", "whatsapp"),
    ("agar instagram band ho jaye to reels wale kya karenge", "instagram"),
    ("uber driver ne raaste me gaadi rok di, chai peene laga", "uber"),
    ("whatsapp pe good morning bhejna band karo yaar", "whatsapp"),
    ("youtube se khana banana seekha, cooker phat gaya", "youtube"),
    ("light nahi aa rahi kal se, mobile data pe youtube dekh raha", "youtube"),
    ("wa udah bisa kirim foto lagi guys", "whatsapp"),
    ("semoga roblox error biar adek gue belajar", "roblox"),
    ("netflix gue aman2 aja tuh, wifi lu kali", "netflix"),
    ("saham netflix anjlok 10 persen", "netflix"),
    ("paypal bakal maintenance tanggal 20 jam 2 pagi", "paypal"),
    ("dm ig gue dong kalo mau order", "instagram"),
    ("kalo twitter tutup gue pindah kemana ya", "x"),
    ("chat doi di wa ga dibales dari pagi", "whatsapp"),
    ("spotify bikin playlist galau, ga bisa move on", "spotify"),
    ("ada yg tau cara ganti nama di discord?", "discord"),
    ("facebook sekarang isinya hoax semua, males buka", "facebook"),
    ("telegram udah normal, sempat down tadi pagi", "telegram"),
    ("LINE復活した、よかった", "line"),
    ("去年の元日もX落ちてたよね", "x"),
    ("YouTube普通に見れるよ、回線の問題じゃない？", "youtube"),
    ("LINEの返事が来ない、脈なしかな", "line"),
    ("スマホ落として画面割れた、インスタ見れない", "instagram"),
    ("Steamのセールで財布が死んだ", "steam"),
    ("YouTubeの再生数が落ちてきて病む", "youtube"),
    ("アマゾンの荷物まだ届かない", "amazon"),
    ("頭が働かないからYouTube見てる", "youtube"),
    ("インスタの更新が止まってる推し、元気かな", "instagram"),
    ("メタ株下落、フェイスブックの利用者減", "facebook"),
    ("うちのTeamsは問題なく動いてる", "teams"),
]


@pytest.mark.parametrize(("text", "failing"), FAILING)
def test_trouble_as_it_is_seen_and_asked_about(matcher: Matcher, text: str, failing: str) -> None:
    assert [one.service for one in matcher.match(text) if one.error] == failing.split()


@pytest.mark.parametrize(("text", "named"), WORKING)
def test_what_only_sounds_like_trouble(matcher: Matcher, text: str, named: str) -> None:
    mentions = matcher.match(text)
    assert sorted(one.service for one in mentions) == sorted(named.split())
    assert not any(one.error for one in mentions)
