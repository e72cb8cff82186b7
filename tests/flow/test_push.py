"""Agreements with hubs over weeks: asked, confirmed, renewed, refused, distrusted, given up."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from aggregator.core.websub import HOUR, MINUTE, VERIFIED_WITHIN, signed
from aggregator.errors import StoreBusy
from aggregator.flow import turn
from aggregator.flow.kit import Kit
from aggregator.flow.push import confirm, push_due, push_state
from aggregator.flow.pushed import Brought, Delivery, Door, Inbox, door, receive
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Hop, Outcome, Post
from aggregator.model.feed import Auth, FeedStatus, PollState
from aggregator.model.ids import FeedId
from aggregator.model.push import Push, PushState, Signed
from aggregator.model.settings import Site
from tests.flow.newsroom import (
    DAY,
    FakeFetcher,
    Newsroom,
    Told,
    answer,
    failing_once,
    feed,
    rss,
    topic,
    url_of,
)
from tests.readers import HereReader

SITE = "https://desk.lane.org"
HUB, OTHER = "https://hub.example/", "https://other.example/hub"
WIRE = url_of("wire")

Verify = Callable[[str, dict[str, str]], None]


class Net(FakeFetcher):
    """The fake net with hubs in it: what they answer, and whether they come back to verify."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.hubs: dict[str, Outcome] = {}  # those that do not simply take what they are asked
        self.verify: Verify | None = None  # called while a hub is still being asked

    def post(self, post: Post) -> Outcome:
        form = dict(post.form)
        self.forms.append((post.url, form))
        refused = self.hubs.get(post.url)
        if refused is not None:
            return refused
        if self.verify is not None:
            self.verify(post.url, form)
        return taken(post.url)


class Desk:
    """A newsroom with a site of its own, one feed, and the hubs it names."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom, self.net, self.inbox = newsroom, Net(), Inbox()
        self.net.answers = newsroom.net.answers
        newsroom.net = self.net
        settings = replace(newsroom.kit.settings, site=Site(title="Desk", url=SITE))
        newsroom.kit = replace(newsroom.kit, settings=settings, fetcher=self.net, base=SITE)
        self.net.verify = self.confirm
        self.granted = str(10 * DAY)
        self.guid = 0

    def follow(self, *hubs: str, own: str = WIRE) -> None:
        """Follow the feed, poll it once, and see to its hubs."""
        self.newsroom.follow(["wire"], [topic()])
        self.names(*hubs, own=own)
        self.newsroom.poll("wire")
        self.see_to_hubs()

    def names(self, *hubs: str, own: str = WIRE, at: float | None = None) -> None:
        """Let the feed name these hubs from now on, beside a new entry."""
        self.guid += 1
        told = Told(guid=str(self.guid), title=f"Grain {self.guid}", at=int(at or self.now))
        served = answer("wire", rss("wire", [told]))
        self.net.answers[WIRE] = replace(served, hubs=hubs, self_url=own)

    def confirm(self, hub: str, form: dict[str, str]) -> None:
        """Verify as a hub does; what it is told must be the challenge."""
        token = form["hub.callback"].removeprefix(f"{SITE}/push/")
        said = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"]}
        said |= {"hub.challenge": "c", "hub.lease_seconds": self.granted}
        assert confirm(self.newsroom.kit, token, said) == "c"

    def see_to_hubs(self, **said: object) -> int:
        return push_due(self.newsroom.kit, **said)  # type: ignore[arg-type]

    def later(self, seconds: float) -> None:
        """Let time pass, and see to hubs once an hour while it does."""
        end = self.now + seconds
        while self.now < end:
            self.newsroom.now = min(self.now + HOUR, end)
            self.see_to_hubs()

    def bring(self, *titles: str, form: dict[str, str] | None = None) -> Door:
        """Bring a feed with these entries as the hub that was last asked does; work it off."""
        form = form or self.net.forms[-1][1]
        token = form["hub.callback"].removeprefix(f"{SITE}/push/")
        told = [Told(guid=each, title=each, at=int(self.now)) for each in titles]
        body = rss("wire", told) if titles else b""
        found = door(self.newsroom.kit, self.inbox, token)
        if found is Door.OPEN:
            brought = Brought(body=body, signature=sign(form["hub.secret"], body))
            found = receive(self.newsroom.kit, self.inbox, token, brought)
        self.inbox.work(self.newsroom.kit)
        return found

    @property
    def now(self) -> float:
        return self.newsroom.now

    @property
    def asked(self) -> list[str]:
        return [hub for hub, _ in self.net.forms]

    @property
    def pushes(self) -> tuple[Push, ...]:
        with self.newsroom.kit.store.read() as tx:
            return tx.pushes.of_feed(self.feed_id)

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(each.hub, str(each.state)) for each in self.pushes]

    @property
    def state(self) -> PollState:
        with self.newsroom.kit.store.read() as tx:
            return tx.feeds.state(self.feed_id)

    @property
    def words(self) -> str:
        with self.newsroom.kit.store.read() as tx:
            return push_state(tx, self.feed_id) or ""

    @property
    def feed_id(self) -> FeedId:
        with self.newsroom.kit.store.read() as tx:
            found = tx.feeds.find("wire")
        assert found is not None
        return found.id

    def set_status(self, status: FeedStatus) -> None:
        with self.newsroom.kit.store.write() as tx:
            tx.feeds.set_status(self.feed_id, status, now=self.now)


def taken(url: str) -> Fetched:
    return Fetched(
        url=url,
        status=202,
        body=b"",
        content_type=None,
        etag=None,
        last_modified=None,
        caching=Caching(),
    )


def refusing(status: int = 502, *, wait: float | None = None, to: str | None = None) -> Failed:
    return Failed(
        fault=Fault.STATUS,
        problem=f"answered {status}",
        status=status,
        retry_after=wait,
        location=to,
    )


def sign(secret: str, body: bytes) -> str:
    signature = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert signed(secret, body, signature) is Signed.WELL
    return signature


@pytest.fixture
def desk(newsroom: Newsroom) -> Iterator[Desk]:
    yield Desk(newsroom)


def test_no_hub_is_asked_before_our_site_is_set_up(desk: Desk) -> None:
    kit = desk.newsroom.kit
    for url in (None, "https://news.example", "http://desk.lane.org"):
        settings = replace(kit.settings, site=Site(url=url))
        desk.newsroom.kit = replace(kit, settings=settings, base=url or "http://127.0.0.1:8000")
        desk.follow(HUB)
    assert desk.asked == []
    desk.newsroom.kit = kit
    desk.see_to_hubs()
    assert desk.asked == [HUB], "what was found meanwhile is not forgotten"


def test_a_hub_that_verifies_before_it_answers_is_understood(desk: Desk) -> None:
    desk.follow(HUB)
    assert desk.states == [(HUB, "live")]
    desk.later(DAY)
    assert desk.asked == [HUB]


def test_a_hub_that_verifies_later_is_understood(desk: Desk) -> None:
    desk.net.verify = None
    desk.follow(HUB)
    assert desk.states == [(HUB, "asked")]
    desk.newsroom.now += VERIFIED_WITHIN - 1
    desk.see_to_hubs()
    desk.confirm(*desk.net.forms[0])
    assert desk.states == [(HUB, "live")]


def test_a_verified_hub_that_answers_badly_is_live_all_the_same(desk: Desk) -> None:
    def verify(hub: str, form: dict[str, str]) -> None:
        desk.confirm(hub, form)
        desk.net.hubs[hub] = refusing()

    desk.net.verify = verify
    original = desk.net.post
    desk.net.post = lambda post: (original(post), refusing())[1]  # type: ignore[method-assign]
    desk.follow(HUB)
    assert desk.states == [(HUB, "live")]


def test_a_hub_that_never_verifies_is_asked_again_later_with_another_token(desk: Desk) -> None:
    desk.net.verify = None
    desk.follow(HUB)
    desk.newsroom.now += VERIFIED_WITHIN
    desk.see_to_hubs()
    assert "never came to confirm" in desk.words
    desk.later(2 * HOUR)
    callbacks = [form["hub.callback"] for _, form in desk.net.forms]
    secrets = [form["hub.secret"] for _, form in desk.net.forms]
    assert len(callbacks) == len(set(callbacks)) == len(set(secrets)) == 2


def test_a_hub_that_fails_is_asked_less_and_less(desk: Desk) -> None:
    desk.net.hubs[HUB] = refusing()
    desk.follow(HUB)
    desk.later(14 * DAY)
    assert 6 <= len(desk.asked) <= 10
    assert "answered 502" in desk.words
    del desk.net.hubs[HUB]
    desk.later(7 * DAY)
    assert desk.states == [(HUB, "live")]


def test_the_first_hub_that_works_is_taken_and_the_others_left_alone(desk: Desk) -> None:
    desk.net.hubs[HUB] = refusing()
    desk.follow(HUB, OTHER)
    desk.see_to_hubs()
    assert desk.asked == [HUB, OTHER]
    assert desk.states == [(HUB, "found"), (OTHER, "live")]
    desk.later(3 * DAY)
    assert desk.asked == [HUB, OTHER]


def test_a_hubs_patience_is_kept_by_all_its_feeds(desk: Desk) -> None:
    desk.newsroom.follow(["wire", "post"], [topic()])
    desk.names(HUB)
    post = answer("post", rss("post", [Told(guid="p")]))
    desk.net.answers[url_of("post")] = replace(post, hubs=(HUB,), self_url=url_of("post"))
    desk.net.hubs[HUB] = Failed(
        fault=Fault.STATUS, problem="429", status=429, retry_after=DAY, host="hub.example"
    )
    desk.newsroom.poll("wire", "post")
    desk.see_to_hubs()
    assert len(desk.asked) == 1, "the other feed waits as well"
    desk.newsroom.now += DAY - 60
    desk.see_to_hubs()
    assert len(desk.asked) == 1
    desk.newsroom.now += 120
    desk.net.hubs.clear()
    desk.see_to_hubs()
    assert len(desk.asked) == 3


def test_a_lease_is_renewed_before_it_ends_under_a_new_callback(desk: Desk) -> None:
    desk.follow(HUB)
    first = desk.net.forms[0][1]
    desk.bring("Grain one")
    desk.later(8 * DAY)
    assert len(desk.asked) == 2
    second = desk.net.forms[1][1]
    assert first["hub.callback"] != second["hub.callback"]
    assert first["hub.secret"] != second["hub.secret"]
    assert (desk.state.pushed_until or 0) > desk.now + 8 * DAY, "trust goes over to it"


def test_both_callbacks_are_served_while_one_follows_the_other(desk: Desk) -> None:
    desk.follow(HUB)
    first = desk.net.forms[0][1]
    while len(desk.asked) < 2:
        desk.later(HOUR)
    assert desk.bring("Grain one", form=first) is Door.OPEN
    assert desk.bring("Grain two") is Door.OPEN
    desk.net.verify = desk.confirm
    desk.newsroom.now += 2 * HOUR
    assert desk.bring("Grain three", form=first) is Door.GONE
    assert {"Grain one", "Grain two"} <= {each.text.title for each in desk.newsroom.entries()}


def test_a_renewal_in_vain_leaves_the_lease_as_it_is(desk: Desk) -> None:
    desk.follow(HUB)
    desk.bring("Grain one")
    first = desk.net.forms[0][1]
    desk.net.hubs[HUB] = refusing()
    desk.later(9 * DAY)
    assert len(desk.asked) > 1
    assert desk.bring("Grain two", form=first) is Door.OPEN
    desk.later(2 * DAY)
    assert desk.bring("Grain three", form=first) is Door.GONE
    assert desk.state.pushed_until is None, "polled as usual again"


def test_the_store_does_not_fill_with_agreements(desk: Desk) -> None:
    desk.follow(HUB)
    desk.later(100 * DAY)
    assert 12 <= len(desk.asked) <= 16
    assert len(desk.pushes) <= 6


def test_a_short_lease_does_not_have_the_hub_asked_all_the_time(desk: Desk) -> None:
    desk.granted = "5"
    desk.follow(HUB)
    for _ in range(6 * 60):
        desk.newsroom.now += MINUTE
        desk.see_to_hubs()
    assert 5 <= len(desk.asked) <= 10


def test_a_hub_that_refuses_is_left_alone_and_the_next_one_asked(desk: Desk) -> None:
    desk.follow(HUB, OTHER)
    desk.bring("Grain one")
    token = desk.net.forms[0][1]["hub.callback"].rpartition("/")[2]
    said = {"hub.mode": "denied", "hub.topic": WIRE, "hub.reason": "too many of you"}
    assert confirm(desk.newsroom.kit, token, said) == ""
    assert desk.state.pushed_until is None
    assert "the hub refused: too many of you" in desk.words
    desk.see_to_hubs()
    assert desk.states == [(HUB, "found"), (OTHER, "live")]


def test_polls_are_rare_from_the_first_push_on(desk: Desk) -> None:
    desk.follow(HUB)
    desk.newsroom.now += HOUR
    desk.bring("Grain one")
    assert desk.state.pushed_until == desk.pushes[0].expires_at
    desk.newsroom.now += 4 * HOUR
    desk.newsroom.poll("wire")
    assert (desk.state.next_poll_at or 0) >= desk.now + DAY


def trusted(desk: Desk) -> None:
    """Have the hub at work, trusted, and polled rarely."""
    desk.follow(HUB)
    desk.newsroom.now += HOUR
    desk.bring("Grain one")
    desk.newsroom.now += 4 * HOUR
    desk.newsroom.poll("wire")
    assert desk.state.pushed_until is not None


def test_a_hub_that_missed_something_is_not_trusted_until_it_brings_something(desk: Desk) -> None:
    trusted(desk)
    desk.names(HUB)
    desk.newsroom.now += DAY
    desk.newsroom.poll("wire")
    missed = desk.state
    assert missed.pushed_until is None
    assert (missed.next_poll_at or 0) <= desk.now + 6 * HOUR
    assert "what the hub had not brought: polled as usual" in desk.words
    desk.bring("Grain two")
    assert desk.state.pushed_until is not None
    assert "had not brought" not in desk.words


def test_a_hub_whose_pings_bring_polls_has_missed_nothing(desk: Desk) -> None:
    trusted(desk)
    desk.newsroom.now += HOUR
    desk.names(HUB, at=desk.now - 20 * MINUTE)
    desk.bring()
    assert desk.state.next_poll_at == desk.now
    desk.newsroom.now += 2
    desk.newsroom.poll()
    assert desk.state.pushed_until is not None


def test_pings_by_the_hundred_bring_one_poll_a_minute(desk: Desk) -> None:
    desk.follow(HUB)
    desk.net.asked.clear()
    for _ in range(100):
        desk.newsroom.now += 3
        desk.bring()
        desk.newsroom.poll()
    assert len(desk.net.asked) <= 6


def test_a_paused_feed_is_subscribed_again_when_it_is_polled_again(desk: Desk) -> None:
    desk.follow(HUB)
    desk.set_status(FeedStatus.PAUSED)
    assert desk.bring("Grain one") is Door.GONE
    assert desk.net.forms[-1][1]["hub.mode"] == "unsubscribe"
    desk.later(20 * DAY)
    assert len(desk.asked) == 2, "nothing is asked for a feed that is not polled"
    desk.set_status(FeedStatus.ACTIVE)
    desk.later(DAY)
    assert desk.states[-1] == (HUB, "live")


def test_a_hub_that_keeps_coming_is_asked_but_once_to_leave_us_out(desk: Desk) -> None:
    desk.follow(HUB)
    desk.net.verify = None
    form = desk.net.forms[0][1]
    desk.set_status(FeedStatus.PAUSED)
    for _ in range(5):
        assert desk.bring("Grain one", form=form) is Door.GONE
    assert [each["hub.mode"] for _, each in desk.net.forms] == ["subscribe", "unsubscribe"]


def test_no_confirmation_is_given_for_a_feed_that_was_paused_meanwhile(desk: Desk) -> None:
    desk.net.verify = None
    desk.follow(HUB)
    desk.set_status(FeedStatus.PAUSED)
    with pytest.raises(AssertionError):
        desk.confirm(*desk.net.forms[0])
    assert desk.states == [(HUB, "asked")]


def test_a_feed_that_calls_itself_by_anothers_address_is_only_polled(desk: Desk) -> None:
    desk.follow(HUB, own="https://bank.example/feed")
    assert (desk.asked, desk.pushes) == ([], ())


def test_a_feed_that_calls_itself_by_that_of_another_feed_of_ours_is_only_polled(
    desk: Desk,
) -> None:
    main = replace(feed("main"), url="https://wire.example/all.xml")
    desk.newsroom.follow([feed("wire"), main], [topic()])
    desk.names(HUB, own="https://wire.example/all.xml")
    desk.newsroom.poll("wire")
    desk.see_to_hubs()
    assert (desk.asked, desk.pushes) == ([], ())


def test_a_feed_that_gets_a_login_is_pushed_no_more(desk: Desk) -> None:
    desk.follow(HUB)
    wire = replace(feed("wire"), auth=Auth(basic="env:LOGIN"))
    desk.newsroom.follow([wire], desk.newsroom.kit.settings.topics)
    desk.names(HUB)
    desk.newsroom.poll("wire")
    assert desk.states == [(HUB, "over")]


def test_an_unchanged_offer_asks_for_nothing_anew(desk: Desk) -> None:
    desk.follow(HUB)
    for _ in range(5):
        desk.newsroom.now += HOUR
        desk.names(HUB)
        desk.newsroom.poll("wire")
        desk.see_to_hubs()
    assert desk.asked == [HUB]


def test_a_new_address_of_ours_is_told_to_every_hub(desk: Desk) -> None:
    desk.follow(HUB)
    kit = desk.newsroom.kit
    settings = replace(kit.settings, site=Site(url="https://new.lane.org"))
    desk.net.verify = None
    desk.newsroom.kit = replace(kit, settings=settings, base="https://new.lane.org")
    desk.see_to_hubs()
    assert len(desk.asked) == 2
    assert desk.net.forms[1][1]["hub.callback"].startswith("https://new.lane.org/push/")
    desk.see_to_hubs()
    assert len(desk.asked) == 2


def test_a_clock_that_goes_back_does_not_end_a_subscription(desk: Desk) -> None:
    desk.newsroom.now += 365 * DAY
    desk.follow(HUB)
    desk.newsroom.now -= 365 * DAY
    desk.newsroom.restart()
    desk.see_to_hubs()
    assert len(desk.asked) == 2
    newest = desk.pushes[-1]
    assert (newest.state, newest.asked_at) == (PushState.LIVE, desk.now)


def test_a_request_that_we_cut_off_ourselves_is_no_fault_of_the_hubs(desk: Desk) -> None:
    stop = Event()

    def cut_off(post: Post) -> Outcome:
        stop.set()
        return Failed(fault=Fault.NETWORK, problem="we are closing")

    original = desk.net.post
    desk.newsroom.follow(["wire"], [topic()])
    desk.names(HUB)
    desk.newsroom.poll("wire")
    desk.net.post = cut_off  # type: ignore[method-assign]
    desk.see_to_hubs(stop=stop)
    assert [push.failures for push in desk.pushes] == [0]
    desk.net.post = original  # type: ignore[method-assign]
    desk.see_to_hubs()
    assert desk.states == [(HUB, "live")]


@pytest.mark.parametrize("to", ["http://hub.example/plain", HUB])
def test_a_redirect_that_leads_nowhere_safe_is_not_followed(to: str, desk: Desk) -> None:
    desk.net.hubs[HUB] = refusing(307, to=to)
    desk.follow(HUB)
    assert set(desk.asked) == {HUB}
    assert len(desk.asked) <= 4
    assert "redirects" in desk.words


def test_more_than_fits_is_taken_as_a_ping(desk: Desk) -> None:
    desk.inbox = Inbox(room=10)
    desk.follow(HUB)
    desk.newsroom.now += HOUR / 2
    assert desk.bring("Grain one") is Door.OPEN
    assert desk.state.next_poll_at == desk.now


def test_a_push_that_cannot_be_kept_is_polled_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.follow(HUB)
    desk.newsroom.now += HOUR / 2
    fail = failing_once(StoreBusy("somebody else holds it"))
    monkeypatch.setattr(turn, "enter", lambda *_: fail())
    assert desk.bring("Grain one") is Door.OPEN
    assert (desk.state.failures, desk.state.next_poll_at) == (0, desk.now)


def test_small_pushes_without_number_do_not_fill_the_memory(desk: Desk) -> None:
    desk.inbox = Inbox(room=100_000)
    desk.follow(HUB)
    form = desk.net.forms[0][1]
    token = form["hub.callback"].rpartition("/")[2]
    for body in (b"x", b""):
        brought = Brought(body=body, signature=sign(form["hub.secret"], body))
        for _ in range(100):
            assert receive(desk.newsroom.kit, desk.inbox, token, brought) is Door.OPEN
    assert len(desk.inbox._waiting) < 30


def test_a_push_that_was_lost_with_us_is_polled_for(desk: Desk) -> None:
    desk.follow(HUB)
    desk.newsroom.now += 60
    form = desk.net.forms[0][1]
    token, body = form["hub.callback"].rpartition("/")[2], rss("wire", [Told(guid="lost")])
    brought = Brought(body=body, signature=sign(form["hub.secret"], body))
    assert receive(desk.newsroom.kit, Inbox(), token, brought) is Door.OPEN
    desk.net.asked.clear()
    desk.newsroom.now += 301
    desk.newsroom.poll()
    assert len(desk.net.asked) == 1


def test_a_store_that_cannot_be_read_for_once_does_not_end_the_work(desk: Desk) -> None:
    desk.follow(HUB)
    form, stop, calls = desk.net.forms[0][1], Event(), [0]

    def kit() -> Kit:
        calls[0] += 1
        if calls[0] == 1:
            raise StoreBusy("somebody else holds it")
        return desk.newsroom.kit

    def bring(title: str) -> None:
        token, body = form["hub.callback"].rpartition("/")[2], rss("wire", [Told(guid=title)])
        brought = Brought(body=body, signature=sign(form["hub.secret"], body))
        assert receive(desk.newsroom.kit, desk.inbox, token, brought) is Door.OPEN

    worker = Thread(target=desk.inbox.run, args=(kit, stop))
    worker.start()
    try:
        for title in ("lost", "kept"):
            before = calls[0]
            bring(title)
            until = time.monotonic() + 20
            while calls[0] == before and time.monotonic() < until:
                time.sleep(0.01)
            assert calls[0] > before, "nobody works it off"
        while "kept" not in guids(desk) and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        stop.set()
        worker.join(20)
    assert "kept" in guids(desk)


def guids(desk: Desk) -> set[str | None]:
    return {each.guid for each in desk.newsroom.entries()}


def revised(title: str) -> bytes:
    return rss("wire", [Told(guid="one", title=title)])


def test_of_one_feed_the_earlier_push_is_kept_before_the_later(desk: Desk) -> None:
    desk.follow(HUB)
    form, kit = desk.net.forms[0][1], desk.newsroom.kit
    token = form["hub.callback"].rpartition("/")[2]
    with kit.store.write() as tx:
        poll = tx.pushes.take(desk.feed_id, desk.now, 60)  # as a poll under way holds it
    assert poll is not None
    for title in ("Grain at first", "Grain at last"):
        body = revised(title)
        brought = Brought(body=body, signature=sign(form["hub.secret"], body))
        receive(kit, desk.inbox, token, brought)
        assert desk.inbox.work(kit) is (title == "Grain at first")
        with kit.store.write() as tx:
            tx.feeds.settle(poll, poll.state)
    (entry,) = (each for each in desk.newsroom.entries() if each.guid == "one")
    assert (entry.text.title, entry.rev) == ("Grain at last", 2)


def test_a_push_does_not_wait_for_the_lease_of_one_behind_it(desk: Desk) -> None:
    desk.follow(HUB)
    kit = desk.newsroom.kit
    with kit.store.write() as tx:
        claim = tx.pushes.take(desk.feed_id, desk.now, 60)
    for title, holds in (("Grain one", None), ("Grain two", claim)):
        desk.inbox.put(
            Delivery(
                feed_id=desk.feed_id,
                topic=WIRE,
                body=rss("wire", [Told(guid=title, title=title)]),
                content_type=None,
                claim=holds,
                until=time.monotonic() + 60,
            )
        )
    assert not desk.inbox.work(kit)
    assert {"Grain one", "Grain two"} <= {each.text.title for each in desk.newsroom.entries()}


class Choking(HereReader):
    """Reads well enough, but for what a hub brings: there it has a bug."""

    def read(self, body: bytes, **said: Any) -> ParsedFeed:
        if b"poison" in body:
            raise RuntimeError("a bug")
        return super().read(body, **said)


def test_a_push_that_meets_a_bug_stops_no_other(desk: Desk) -> None:
    desk.follow(HUB)
    desk.newsroom.kit = replace(desk.newsroom.kit, reader=Choking())
    desk.newsroom.now += HOUR
    desk.bring("poison")
    assert desk.state.next_poll_at == desk.now, "a poll may fare better"
    desk.bring("Grain two")
    assert "Grain two" in [each.text.title for each in desk.newsroom.entries()]


def test_every_request_to_a_hub_stands_in_the_ledger(desk: Desk) -> None:
    hop = Hop(host="hub.example", status=502, bytes=5)
    desk.net.hubs[HUB] = replace(refusing(), hops=(hop,))
    desk.follow(HUB)
    with desk.newsroom.kit.store.read() as tx:
        (tally,) = (each for each in tx.ledger.hosts(0) if each.host == "hub.example")
    assert (tally.tally.requests, tally.tally.failed, tally.tally.bytes) == (1, 1, 5)


def test_the_hub_of_a_feed_that_became_private_is_not_named_to_the_public(desk: Desk) -> None:
    desk.follow(HUB)
    form = desk.net.forms[0][1]
    wire = replace(feed("wire"), auth=Auth(basic="env:LOGIN"))
    desk.newsroom.follow([wire], desk.newsroom.kit.settings.topics)
    desk.names(HUB)
    desk.newsroom.poll("wire")
    hop = Hop(host="hub.example", status=502, bytes=5)
    desk.net.hubs[HUB] = replace(refusing(), hops=(hop,))
    assert desk.bring("Grain one", form=form) is Door.GONE
    with desk.newsroom.kit.store.read() as tx:
        assert [each.host for each in tx.ledger.hosts(0)] == ["hub.example"]
        assert tx.ledger.hosts(0, public=True) == ()


def test_a_hub_that_hangs_delays_no_other(desk: Desk) -> None:
    both_asked, original = Event(), desk.net.post

    def post(post: Post) -> Outcome:
        if post.url == HUB:
            assert both_asked.wait(20), "the other hub waits behind the one that hangs"
            return refusing()
        both_asked.set()
        return original(post)

    desk.newsroom.follow(["wire", "post"], [topic()])
    desk.names(HUB)
    served = answer("post", rss("post", [Told(guid="p")]))
    desk.net.answers[url_of("post")] = replace(served, hubs=(OTHER,), self_url=url_of("post"))
    desk.newsroom.poll("wire", "post")
    desk.net.post = post  # type: ignore[method-assign]
    assert desk.see_to_hubs() == 2


def test_many_requests_to_one_hub_do_not_keep_another_from_its_round(desk: Desk) -> None:
    names = [f"wire-{number}" for number in range(5)]
    desk.newsroom.follow([*names, "post"], [topic()])
    for name, hub in [*((each, HUB) for each in names), ("post", OTHER)]:
        served = answer(name, rss(name, [Told(guid=name)]))
        desk.net.answers[url_of(name)] = replace(served, hubs=(hub,), self_url=url_of(name))
        desk.newsroom.poll(name)
        desk.newsroom.now += 1
    desk.see_to_hubs(limit=2)
    assert sorted(desk.asked) == [HUB, OTHER]


def test_a_hub_that_is_left_and_hangs_keeps_no_push_waiting(desk: Desk) -> None:
    desk.newsroom.follow(["wire", "post"], [topic()])
    desk.names(HUB)
    served = answer("post", rss("post", [Told(guid="p")]))
    desk.net.answers[url_of("post")] = replace(served, hubs=(OTHER,), self_url=url_of("post"))
    desk.newsroom.poll("wire", "post")
    desk.see_to_hubs()
    forms = dict(desk.net.forms)
    with desk.newsroom.kit.store.write() as tx:
        other = tx.feeds.find("post")
        assert other is not None
        tx.feeds.set_status(other.id, FeedStatus.PAUSED, now=desk.now)
    kit, go_on, stop = desk.newsroom.kit, Event(), Event()

    def post(post: Post) -> Outcome:
        assert dict(post.form)["hub.mode"] == "unsubscribe"
        go_on.wait(20)
        return refusing()

    desk.net.post = post  # type: ignore[method-assign]
    leaving, token = (forms[hub]["hub.callback"].rpartition("/")[2] for hub in (OTHER, HUB))
    worker = Thread(target=desk.inbox.run, args=(lambda: kit, stop))
    worker.start()
    try:
        for _ in range(3):
            assert door(kit, desk.inbox, leaving) is Door.GONE
        body = rss("wire", [Told(guid="kept")])
        brought = Brought(body=body, signature=sign(forms[HUB]["hub.secret"], body))
        assert receive(kit, desk.inbox, token, brought) is Door.OPEN
        until = time.monotonic() + 20
        while "kept" not in guids(desk) and time.monotonic() < until:
            time.sleep(0.01)
        assert "kept" in guids(desk)
    finally:
        go_on.set()
        stop.set()
        worker.join(20)


@pytest.mark.parametrize("count", [1, 3])
def test_a_push_that_waited_too_long_behind_a_poll_has_the_feed_polled_after_it(
    desk: Desk, count: int
) -> None:
    desk.follow(HUB)
    kit = desk.newsroom.kit
    with kit.store.write() as tx:
        poll = tx.pushes.take(desk.feed_id, desk.now, 600)  # as a slow poll holds it
    assert poll is not None
    for number in range(count):
        desk.inbox.put(
            Delivery(
                feed_id=desk.feed_id,
                topic=WIRE,
                body=rss("wire", [Told(guid=f"late {number}")]),
                content_type=None,
                claim=None,
                until=time.monotonic() - 1,
            )
        )
    assert desk.inbox.work(kit), "what is to be polled for is not forgotten"
    assert len(desk.inbox._waiting) == 1, "nor kept more than once"
    with kit.store.write() as tx:
        tx.feeds.settle(
            poll, replace(poll.state, last_poll_at=desk.now, next_poll_at=desk.now + DAY)
        )
    assert not desk.inbox.work(kit)
    assert (desk.state.next_poll_at or 0) <= desk.now + MINUTE


def test_a_ping_behind_a_poll_that_never_ends_is_forgotten_at_last(desk: Desk) -> None:
    desk.follow(HUB)
    kit = desk.newsroom.kit
    with kit.store.write() as tx:
        tx.pushes.take(desk.feed_id, desk.now, 600)
    ping = Delivery(
        feed_id=desk.feed_id,
        topic=WIRE,
        body=b"",
        content_type=None,
        claim=None,
        until=time.monotonic() - 1,
    )
    desk.inbox.put(ping)
    assert not desk.inbox.work(kit)
