"""How English, in its varieties, speaks of trouble and of what only sounds like it."""

from __future__ import annotations

import pytest

from outage.posts import Matcher
from tests.posts.rules import said_to_fail
from tests.posts.test_matcher import names


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("netflix is proper banjaxed this evening so it is", "netflix"),
        ("dis whatsapp sef, e no dey load status", "whatsapp"),
        ("Gmail down ah? Cannot log in leh", "gmail"),
        ("reddit won't let me upvote anything", "reddit"),
        ("uber app just spins, full bars, standing in the rain", "uber"),
        ("paypal charged us twice and shows no receipt, anyone else?", "paypal"),
        ("Azure portal just loops on sign in", "azure"),
        ("GitHub webhooks delayed by an hour; deploys blocked", "github"),
        ("AWS: increased error rates in us-east-1", "aws"),
        ("cod servers are dogwater tonight", "call-of-duty"),
        ("linkedin crashed when I hit send", "linkedin"),
        ("hulu is one big slideshow, cannot follow a thing", "hulu"),
        ("dropbox hasn't synced a single file today", "dropbox"),
        ("Stripe says it is working to fix an issue with payouts", "stripe"),
        ("discord sounds like a robot underwater", "discord"),
        ("pinterest showing me nothing but white tiles", "pinterest"),
    ],
)
def test_complaints_in_the_words_of_many_places(matcher: Matcher, text: str, failing: str) -> None:
    assert failing in said_to_fail(matcher, text)


@pytest.mark.parametrize(
    "text",
    [
        "Discord: planned maintenance on Thursday, voice may drop for an hour",
        "Robinhood app shares drop 9 % on the earnings call",
        "Meta lays off another 600, servers and all",
        "dropped my phone in the lake so i can't reply on whatsapp till friday",
        "load shedding again, can't open netflix, can't boil water",
        "never forget when aws took out half the internet",
        "that Fastly outage a few summers back is a good case study",
        "if instagram crashed for a week i'd finish my thesis",
        "mine is working fine, whatsapp isn't down",
        "took them five hours but reddit finally let me in",
        "Resolved: GitHub Actions jobs failing to start",
        "spotify keeps raising the price, my wallet is broken",
        "saw a video on reddit about crashed airliners",
        "amazon left my parcel at the depot, stuck in transit",
        "stuck in silver for weeks, streaming the climb on twitch",
        "PayPal froze my account over a typo",
        "facebook is dead, only boomers left there",
        "no alarms at all, AWS looks healthy from here",
    ],
)
def test_what_only_sounds_like_trouble(matcher: Matcher, text: str) -> None:
    assert names(matcher, text)
    assert said_to_fail(matcher, text) == set()


def test_a_capital_amid_small_letters_is_a_name(matcher: Matcher) -> None:
    assert names(matcher, "so we moved everything to Notion") == {"notion"}
    assert names(matcher, "so we moved to another notion of time") == set()
    assert names(matcher, "Slack water at six") == set()


def test_what_is_said_in_passing_is_no_name(matcher: Matcher) -> None:
    assert names(matcher, "whats up with this video on twitch") == {"twitch"}
    assert names(matcher, "Hulu hikes the Premium price") == {"hulu"}
