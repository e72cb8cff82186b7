"""What a subscriber makes of publishers' and hubs' words."""

from __future__ import annotations

import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core import websub
from aggregator.core.websub import DAY, HOUR, MINUTE, judge, lease, offer_of, offers_callback
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Caching, Fetched
from aggregator.model.feed import Auth
from aggregator.model.ids import FeedId
from aggregator.model.push import Offer, Push, PushId, PushState, Signed
from aggregator.model.settings import Site
from tests.makers import NOON, a_feed, a_feed_spec, a_poll_state

FEED = "https://wire.example/feed.xml"
HUB = "https://hub.example/"


def a_push(
    state: PushState = PushState.ASKED,
    *,
    id: int = 1,
    hub: str = HUB,
    expires_at: float | None = None,
    failures: int = 0,
    problem: str | None = None,
    last_at: float | None = None,
    verified_at: float | None = None,
) -> Push:
    return Push(
        id=PushId(id),
        feed_id=FeedId(1),
        hub=hub,
        topic=FEED,
        token_hash="hash",
        secret="secret",
        state=state,
        asked_at=NOON,
        expires_at=expires_at,
        verified_at=verified_at,
        failures=failures,
        problem=problem,
        last_at=last_at,
    )


def live(**said: object) -> Push:
    given = {"expires_at": NOON + 10 * DAY, "verified_at": float(NOON), **said}
    return a_push(PushState.LIVE, **given)  # type: ignore[arg-type]


def an_answer(
    *, url: str = FEED, hubs: tuple[str, ...] = (), own: str | None = None, to: str | None = None
) -> Fetched:
    return Fetched(
        url=url,
        status=200,
        body=b"",
        content_type=None,
        etag=None,
        last_modified=None,
        caching=Caching(),
        moved_to=to,
        hubs=hubs,
        self_url=own,
    )


def offered(
    answer: Fetched, *, hubs: tuple[str, ...] = (), own: str | None = None, at: str = FEED
) -> Offer:
    feed = a_feed(spec=a_feed_spec(url=at))
    parsed = ParsedFeed(format="atom10", hub_urls=hubs, self_url=own)
    return offer_of(feed, answer, parsed, frozenset({"wire.example", "wire-paper.example"}))


def test_headers_go_before_the_body_each_for_itself() -> None:
    answer = an_answer(hubs=(HUB,), own=f"{FEED}?header")
    both = offered(answer, hubs=("https://body.example/",), own=f"{FEED}?body")
    assert both == Offer(topic=f"{FEED}?header", hubs=(HUB,))
    mixed = offered(an_answer(own=f"{FEED}?header"), hubs=(HUB,), own=f"{FEED}?body")
    assert mixed == Offer(topic=f"{FEED}?header", hubs=(HUB,))
    assert offered(an_answer(), hubs=(HUB,)) == Offer(topic=FEED, hubs=(HUB,))


def test_a_feed_that_does_not_name_itself_is_known_by_where_it_is_asked_for_good() -> None:
    temporarily = an_answer(url="https://cdn.example/x?signed", hubs=(HUB,))
    moved = an_answer(url="https://wire.example/b", to="https://wire.example/b", hubs=(HUB,))
    assert offered(temporarily).topic == FEED
    assert offered(moved).topic == "https://wire.example/b"


@pytest.mark.parametrize(
    "own",
    [
        "https://bank.example/feed",
        "http://127.0.0.1/feed",
        "ftp://wire.example/feed",
        "https://user:pw@wire.example/feed",
        "https://wire.example/" + "x" * 3000,
        "javascript:alert(1)",
    ],
)
def test_a_feed_cannot_have_anothers_words_pushed_under_its_name(own: str) -> None:
    assert offered(an_answer(hubs=(HUB,), own=own)) == Offer()


@pytest.mark.parametrize(
    "own", ["https://www.wire.example/feed", "https://wire-paper.example/f", "http://wire.example/"]
)
def test_a_feed_may_call_itself_by_any_host_it_speaks_for(own: str) -> None:
    assert offered(an_answer(hubs=(HUB,), own=own)).topic == own


def test_the_host_that_answered_may_name_itself() -> None:
    answer = an_answer(url="https://new.example/f", own="https://new.example/f?self", hubs=(HUB,))
    assert offered(answer).topic == "https://new.example/f?self"


def test_a_feed_with_a_login_is_nobodys_to_push() -> None:
    feed = a_feed(spec=a_feed_spec(url=FEED, auth=Auth(basic="env:LOGIN")))
    answer = an_answer(hubs=(HUB,))
    assert offer_of(feed, answer, ParsedFeed(format="atom10"), frozenset()) == Offer()


def test_a_hub_is_asked_by_tls_even_where_it_is_named_without() -> None:
    plain = "http://hub.example/x"
    assert offered(an_answer(hubs=(plain,))).hubs == ("https://hub.example/x",)
    at = "http://wire.example/feed"
    either = offered(an_answer(url=at, hubs=(plain,)), at=at).hubs
    assert either == ("https://hub.example/x", plain)


def test_a_feed_that_comes_by_tls_is_never_told_of_by_a_plain_hub() -> None:
    assert offered(an_answer(hubs=("http://hub.example:8080/",))) == Offer()


def test_only_so_many_hubs_are_taken_and_each_once() -> None:
    many = tuple(f"https://hub{n // 2}.example/" for n in range(20))
    assert offered(an_answer(hubs=many)).hubs == tuple(dict.fromkeys(many))[: websub.MOST_HUBS]


@pytest.mark.parametrize(
    ("url", "offers"),
    [
        ("https://desk.lane.org", True),
        ("HTTPS://desk.lane.org/news", True),
        ("http://desk.lane.org", False),
        ("https://desk.example", False),
        ("http://127.0.0.1:8000", False),
        (None, False),
    ],
)
def test_callbacks_are_offered_at_real_addresses_over_tls(url: str | None, offers: bool) -> None:
    assert offers_callback(Site(url=url)) is offers


@given(st.text())
def test_a_lease_is_bounded_whatever_the_hub_says(text: str) -> None:
    assert 1 <= lease(text) <= websub.LONGEST_LEASE


@given(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.binary(),
    st.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
)
def test_a_signature_holds_for_its_secret_and_body_alone(
    secret: str, body: bytes, method: str
) -> None:
    made = hmac.new(secret.encode(), body, method).hexdigest()
    assert websub.signed(secret, body, f"{method}={made}") is Signed.WELL
    assert websub.signed(secret, body, f" {method.upper()}={made.upper()} ") is Signed.WELL
    assert websub.signed(secret, body + b"x", f"{method}={made}") is Signed.BADLY
    assert websub.signed(secret + "x", body, f"{method}={made}") is Signed.BADLY


@given(st.text())
def test_no_header_is_taken_for_a_signature_by_accident(header: str) -> None:
    assert websub.signed("secret", b"body", header) is not Signed.WELL


SAID = {"hub.topic": FEED, "hub.mode": "subscribe", "hub.challenge": "c"}


@pytest.mark.parametrize("state", list(PushState))
@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_only_what_is_pending_is_confirmed(state: PushState, mode: str) -> None:
    late = NOON + websub.VERIFIED_WITHIN
    word = judge(a_push(state), {**SAID, "hub.mode": mode}, late)
    pending = (PushState.ASKED, "subscribe"), (PushState.LEAVING, "unsubscribe")
    assert (word is not None) == ((state, mode) in pending)


def test_a_lease_is_renewed_before_it_ends_and_never_in_a_storm() -> None:
    def confirmed(seconds: str, jitter: float) -> Push:
        word = judge(a_push(), {**SAID, "hub.lease_seconds": seconds}, NOON, jitter=jitter)
        assert word is not None
        return word.push

    for jitter in (0.0, 1.0):
        fine = confirmed("864000", jitter)
        assert fine.expires_at == NOON + 864000
        assert NOON + 5 * DAY < (fine.next_at or 0) < fine.expires_at - DAY
        short = confirmed("10", jitter)
        assert short.expires_at == NOON + 10
        assert (short.next_at or 0) >= NOON + HOUR / 2
    assert confirmed("999999999999", 0.0).expires_at == NOON + websub.LONGEST_LEASE


@pytest.mark.parametrize("state", [PushState.ASKED, PushState.LIVE])
def test_a_hub_may_refuse_at_any_time_and_is_left_alone_then(state: PushState) -> None:
    said = {"hub.mode": "denied", "hub.topic": FEED, "hub.reason": "no\nroom"}
    word = judge(a_push(state), said, NOON)
    assert word is not None
    assert (word.challenge, word.push.state) == ("", PushState.FOUND)
    assert word.push.problem == "the hub refused: no room"
    assert word.push.next_at == NOON + websub.DENIED_WAIT
    assert judge(a_push(state), {**said, "hub.topic": "other"}, NOON) is None


def test_what_was_in_vain_is_tried_again_later_and_later() -> None:
    push, waits = a_push(PushState.FOUND), []
    for _ in range(12):
        push = websub.in_vain(push, "no", NOON)
        waits.append((push.next_at or 0) - NOON)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (HOUR, 7 * DAY)
    asked = websub.in_vain(a_push(), "429", NOON, wait=9 * DAY)
    assert asked.next_at == NOON + 9 * DAY


OLD = NOON - DAY  # a publisher's date, and a poll's


@pytest.mark.parametrize(
    ("push", "found", "last_poll", "is_missed"),
    [
        (live(), [NOON + HOUR], NOON + 5, True),
        (live(), [None], NOON + 5, True),
        (live(), [], NOON + 5, False),
        (live(), [NOON + DAY - MINUTE], NOON + 5, False),  # still on its way
        (live(), [NOON + DAY - MINUTE, NOON + HOUR], NOON + 5, True),
        (live(), [NOON + HOUR], NOON - 5, False),  # may have come before the hub did
        (live(last_at=NOON + DAY - MINUTE), [NOON + HOUR], NOON + 5, False),  # it just called
        (live(last_at=NOON + HOUR), [NOON + 2 * HOUR], NOON + 5, True),
        (a_push(PushState.FOUND), [NOON + HOUR], NOON + 5, False),
    ],
)
def test_a_hub_has_missed_what_it_had_time_to_bring(
    push: Push, found: list[int | None], last_poll: float, is_missed: bool
) -> None:
    assert websub.missed(push, found, last_poll, NOON + DAY) is is_missed


def test_trust_comes_back_with_news_but_not_for_ever() -> None:
    push = live()
    for misses in range(1, websub.MOST_MISSES + 1):
        push = websub.after_miss(push, NOON)
        push = websub.brought(push, NOON + 1)
        assert websub.is_trusted(push) is (misses < websub.MOST_MISSES)
    assert push.problem is not None


def test_a_ping_brings_a_poll_forward_but_not_more_than_one_a_minute() -> None:
    state = a_poll_state(next_poll_at=NOON + DAY)
    due = [
        websub.after_ping(replace(state, last_poll_at=last), NOON).next_poll_at
        for last in (None, NOON - HOUR, NOON - 10.0)
    ]
    assert due == [NOON, NOON, NOON + 50]
    failing, soon = replace(state, failures=1), replace(state, next_poll_at=NOON - 5.0)
    assert websub.after_ping(failing, NOON) == failing
    assert websub.after_ping(soon, NOON) == soon
    paused = replace(state, next_poll_at=None)
    assert websub.after_ping(paused, NOON) == paused


def test_the_words_say_what_the_hub_does_for_us() -> None:
    said = [
        websub.words(pushes, until)
        for pushes, until in (
            ((), None),
            ((a_push(PushState.OVER),), None),
            ((a_push(PushState.FOUND),), None),
            ((a_push(PushState.FOUND, problem="502"),), None),
            ((a_push(PushState.FOUND, problem="502"), a_push(id=2)), None),
            ((live(),), None),
            ((live(last_at=NOON), a_push(PushState.FOUND, id=2)), NOON + DAY),
            ((live(last_at=NOON, problem="left out"),), NOON + DAY),
        )
    ]
    until = "hub.example tells us what is new until 2026-12-02 12:00 UTC"
    assert said == [
        None,
        None,
        "hub.example could tell us what is new",
        "hub.example could tell us what is new: 502",
        "hub.example is asked to tell us what is new, and has not confirmed it yet",
        f"{until}, nothing so far; polled as usual meanwhile",
        f"{until}, last on 2026-11-22 12:00 UTC",
        f"{until}, last on 2026-11-22 12:00 UTC; left out",
    ]
