"""The subscriber's cases of websub.rocks, and what else hubs may do at our door.

Publisher, hub and our own site are real servers on loopback.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Message, Receive

from aggregator.core.websub import hash_token
from aggregator.errors import StoreFull
from aggregator.flow.push import push_due, push_state
from aggregator.flow.pushed import Door, Inbox
from aggregator.model.exchange import Request
from aggregator.model.feed import PollState
from aggregator.model.ids import FeedId
from aggregator.model.push import Push, PushState
from aggregator.model.settings import Net, Site
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from aggregator.web import push
from aggregator.web.app import make_app
from tests.flow.newsroom import Newsroom, failing_once, topic
from tests.makers import a_feed_spec
from tests.web.desk import Answer, Served, served
from tests.web.hub import CHALLENGE, SITE, Document, Hub, a_hub, atom, link, page, rss

FEED, HUB = "/blog/feed", "/hub"
PATIENCE = 20.0


class Subscriber:
    """Our side: a newsroom that asks over real sockets, its site, and its inbox at work."""

    def __init__(self, newsroom: Newsroom, hub: Hub, web: Served, inbox: Inbox) -> None:
        self.newsroom, self.hub, self.web, self.inbox = newsroom, hub, web, inbox

    def subscribe(self, path: str = FEED, **said: object) -> None:
        """Follow a feed, poll it once, and see to its hubs."""
        spec = a_feed_spec(name="wire", url=self.hub.url(path), **said)  # type: ignore[arg-type]
        self.newsroom.follow([spec], [topic("all", match="wire OR grain OR ship")])
        self.newsroom.poll("wire")
        self.see_to_hubs()

    def see_to_hubs(self) -> int:
        return push_due(self.newsroom.kit)

    @property
    def pushes(self) -> tuple[Push, ...]:
        with self.newsroom.kit.store.read() as tx:
            return tx.pushes.of_feed(self._feed_id)

    @property
    def live(self) -> Push:
        (push,) = (each for each in self.pushes if each.state is PushState.LIVE)
        return push

    @property
    def state(self) -> PollState:
        with self.newsroom.kit.store.read() as tx:
            return tx.feeds.state(self._feed_id)

    @property
    def words(self) -> str | None:
        with self.newsroom.kit.store.read() as tx:
            return push_state(tx, self._feed_id)

    @property
    def titles(self) -> list[str]:
        return [entry.text.title for entry in self.newsroom.entries()]

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"never: {what}"
            time.sleep(0.01)

    def worked_off(self) -> None:
        """Wait until what a hub brought holds its feed no more."""
        leased = "SELECT count(*) FROM feed_state WHERE lease_owner IS NOT NULL"

        def is_free() -> bool:
            with self.newsroom.kit.store.read() as tx:
                count = tx.conn.execute(leased).fetchone()[0]  # type: ignore[attr-defined]
            return bool(count == 0)

        self.until("the feed is free", is_free)

    @property
    def _feed_id(self) -> FeedId:
        with self.newsroom.kit.store.read() as tx:
            found = tx.feeds.find("wire")
        assert found is not None
        return found.id


@contextmanager
def a_subscriber(folder: Path, hub: Hub, *, max_body: int = 100_000) -> Iterator[Subscriber]:
    store = open_store(folder / "news.db")
    newsroom, inbox, stop = Newsroom(store), Inbox(), Event()
    net = Net(workers=2, spacing=0.0, max_body=max_body, allow=(f"127.0.0.1:{hub.port}",))
    fetcher = HttpFetcher(net, "aggregator-tests")
    settings = replace(newsroom.kit.settings, site=Site(title="Desk", url=SITE), net=net)
    newsroom.kit = replace(newsroom.kit, settings=settings, fetcher=fetcher, base=SITE)
    worker = Thread(target=inbox.run, args=(lambda: newsroom.kit, stop))
    try:
        with served(make_app(lambda: newsroom.kit, inbox)) as web:
            hub.ours = web.port
            worker.start()
            yield Subscriber(newsroom, hub, web, inbox)
    finally:
        stop.set()
        worker.join()
        fetcher.close()
        store.close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with a_hub() as made:
        yield made


@pytest.fixture
def us(tmp_path: Path, hub: Hub) -> Iterator[Subscriber]:
    with a_subscriber(tmp_path, hub) as made:
        yield made


def serve(hub: Hub, path: str = FEED, *, self_path: str | None = None, by: str = HUB) -> str:
    """Serve a feed that names its hub and itself in a header; return its topic."""
    own = hub.url(self_path or path)
    headers = (link(hub=hub.url(by), self=own), ("Content-Type", "application/atom+xml"))
    hub.documents[path] = Document(body=atom("First wire"), headers=headers)
    return own


def asked(hub: Hub) -> list[tuple[str, str, str]]:
    """What the hub was asked: path, mode and topic."""
    return [(path, form["hub.mode"], form["hub.topic"]) for path, form in hub.forms]


# Discovery


def test_case_100_hub_and_self_are_found_in_the_headers(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 100: HTTP header discovery."""
    own = serve(hub)
    us.subscribe()
    assert asked(hub) == [(HUB, "subscribe", own)]
    assert hub.topics == [own]


def test_case_101_hub_and_self_are_found_in_a_pages_head(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 101: HTML tag discovery. A page is a feed to us by `scrape:`."""
    own = hub.url(FEED)
    body = page("wire-1", hub=hub.url(HUB), self_url=own)
    hub.documents[FEED] = Document(body=body, headers=(("Content-Type", "text/html"),))
    us.subscribe(scrape={"items": "li.post"})
    assert asked(hub) == [(HUB, "subscribe", own)]
    pushed = page("wire-2", "wire-1", hub=hub.url(HUB), self_url=own)
    assert [each.status for each in hub.distribute(own, pushed, Content_Type="text/html")] == [202]
    us.until("the post is there", lambda: us.titles == ["wire-1", "wire-2"])


def test_case_102_hub_and_self_are_found_in_an_atom_feed(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 102: Atom feed discovery."""
    own = hub.url(FEED)
    hub.documents[FEED] = Document(body=atom("First wire", hub=hub.url(HUB), self_url=own))
    us.subscribe()
    assert (asked(hub), hub.topics) == ([(HUB, "subscribe", own)], [own])


def test_case_103_hub_and_self_are_found_in_an_rss_feed(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 103: RSS feed discovery."""
    own = hub.url(FEED)
    hub.documents[FEED] = Document(body=rss("First wire", hub=hub.url(HUB), self_url=own))
    us.subscribe()
    assert (asked(hub), hub.topics) == ([(HUB, "subscribe", own)], [own])


def test_case_104_headers_go_before_the_body(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 104: discovery priority."""
    own = hub.url(FEED)
    wrong = atom("First wire", hub=hub.url("/hub?error=wrongtag"), self_url=hub.url("/other"))
    headers = (link(self=own), link(hub=hub.url(HUB)))
    hub.documents[FEED] = Document(body=wrong, headers=headers)
    us.subscribe()
    assert (asked(hub), hub.topics) == ([(HUB, "subscribe", own)], [own])


# Subscribing


def test_case_200_the_topic_is_what_the_feed_calls_itself(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 200: subscribing to a URL that reports a different rel=self."""
    own = serve(hub, self_path=f"{FEED}?self=other")
    us.subscribe()
    assert (asked(hub), hub.topics) == ([(HUB, "subscribe", own)], [own])


@pytest.mark.parametrize(
    ("case", "status"), [("201", 302), ("202", 301)], ids=["case 201", "case 202"]
)
def test_cases_201_and_202_a_redirected_feed_is_subscribed_where_it_lies(
    case: str, status: int, us: Subscriber, hub: Hub
) -> None:
    """websub.rocks 201 and 202: a topic that redirects, temporarily and for good."""
    own = serve(hub, "/blog/moved?redirect=complete")
    hub.documents[FEED] = Document(status=status, headers=(("Location", own),))
    us.subscribe()
    assert (asked(hub), hub.topics) == ([(HUB, "subscribe", own)], [own]), case


@pytest.mark.parametrize(
    ("case", "status"), [("203", 307), ("204", 308)], ids=["case 203", "case 204"]
)
def test_cases_203_and_204_a_redirected_hub_is_asked_where_it_lies(
    case: str, status: int, us: Subscriber, hub: Hub
) -> None:
    """websub.rocks 203 and 204: a hub that redirects, temporarily and for good."""
    own = serve(hub, by="/old-hub")
    hub.answers["/old-hub"] = Document(status=status, headers=(("Location", HUB),))
    us.subscribe()
    assert asked(hub) == [("/old-hub", "subscribe", own), (HUB, "subscribe", own)], case
    assert hub.forms[0][1] == hub.forms[1][1]
    assert hub.topics == [own]


def test_case_205_a_verification_of_another_topic_is_refused(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 205: rejects a verification request for an invalid topic."""
    serve(hub)
    hub.topic_said = hub.url("/somebody-elses")
    us.subscribe()
    assert [each.status for each in hub.verified] == [404]
    assert CHALLENGE.encode() not in hub.verified[0].body
    assert [push.state for push in us.pushes] == [PushState.ASKED]


# Distribution


def test_case_300_what_is_brought_is_taken_and_published(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 300: returns HTTP 2xx when the notification payload is delivered."""
    own = serve(hub)
    us.subscribe()
    polls = len(hub.fetched)
    (answer,) = hub.distribute(own, atom("Second wire", "First wire"))
    assert answer.status == 202
    us.until("the entry is there", lambda: us.titles == ["First wire", "Second wire"])
    us.newsroom.publish()
    assert us.newsroom.titles("all") == ["Second wire", "First wire"]
    assert len(hub.fetched) == polls, "nothing was asked for"


def test_case_301_an_invalid_signature_is_answered_and_left_out(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 301: rejects a distribution request with an invalid signature.

    The Recommendation (section 7.1) has the subscriber leave it out, and lets it answer 2xx.
    """
    own = serve(hub)
    us.subscribe()
    for signature in ("sha256=" + "0" * 64, "sha1=", "=", "md5=00", "sha256", "\xe9=\xe9"):
        (answer,) = hub.distribute(own, atom("Forged wire"), signature=signature)
        assert answer.status == 202
    hub.distribute(own, atom("Second wire"))
    us.until("the good one is there", lambda: "Second wire" in us.titles)
    assert us.titles == ["First wire", "Second wire"]


def test_case_302_a_missing_signature_is_answered_and_left_out(us: Subscriber, hub: Hub) -> None:
    """websub.rocks 302: rejects a distribution request with no signature.

    As with 301, it is left out, and a hub learns nothing of it from our answer.
    """
    own = serve(hub)
    us.subscribe()
    (answer,) = hub.distribute(own, atom("Forged wire"), signature=None)
    assert answer.status == 202
    assert "signed not at all: left out" in (us.words or "")
    hub.distribute(own, atom("Second wire"))
    us.until("the good one is there", lambda: "Second wire" in us.titles)
    assert us.titles == ["First wire", "Second wire"]
    assert "left out" not in (us.words or "")


# What else the Recommendation asks, and what else may come


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_every_recognized_signature_is_checked(method: str, us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    hub.distribute(own, atom("Forged wire"), signature=f"{method}=00")
    hub.distribute(own, atom("Second wire"), method=method)
    us.until("the entry is there", lambda: "Second wire" in us.titles)
    assert "Forged wire" not in us.titles


def test_a_hub_is_told_a_callback_nobody_can_guess_and_a_short_secret(
    us: Subscriber, hub: Hub, tmp_path: Path
) -> None:
    serve(hub)
    us.subscribe()
    ((_, form),) = hub.forms
    start, _, token = form["hub.callback"].rpartition("/")
    assert start == f"{SITE}/push"
    assert len(token) >= 43, "256 bits"
    assert 32 <= len(form["hub.secret"]) < 200
    assert form["hub.secret"] != token
    assert int(form["hub.lease_seconds"]) == 864000
    assert us.live.token_hash == hash_token(token)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("news.db*"))
    assert form["hub.secret"].encode() in kept
    assert token.encode() not in kept


def test_a_confirmed_lease_is_that_of_the_hub(us: Subscriber, hub: Hub) -> None:
    serve(hub)
    hub.granted = 7200
    us.subscribe()
    assert us.live.expires_at == us.newsroom.now + 7200
    assert us.state.pushed_until is None, "polls go on as usual until the hub has shown it works"


def ask(us: Subscriber, callback: str, method: str = "GET", **said: str) -> Answer:
    query = "&".join(f"{name.replace('_', '.', 1)}={value}" for name, value in said.items())
    return us.web.ask(f"{callback.removeprefix(SITE)}?{query}", method)


def test_what_was_not_asked_for_is_not_confirmed(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    us.newsroom.now += 3600
    fine = {"hub_mode": "subscribe", "hub_topic": own, "hub_challenge": "c"}
    for changed in (
        {},  # it is live already
        {"hub_mode": "unsubscribe"},
        {"hub_mode": "publish"},
        {"hub_topic": hub.url("/other")},
        {"hub_challenge": ""},
    ):
        assert ask(us, hub.callback, **{**fine, **changed}).status == 404
    assert ask(us, f"{SITE}/push/{'x' * 43}", **fine).status == 404
    assert ask(us, f"{SITE}/push/{'x' * 43}", "POST").status == 410
    assert us.live.verified_at == us.newsroom.now - 3600


def test_a_hub_that_did_not_hear_us_may_ask_again_at_once(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    before = us.live
    again = ask(us, hub.callback, hub_mode="subscribe", hub_topic=own, hub_challenge="c")
    assert (again.status, again.body) == (200, b"c")
    assert us.live == before


def test_a_challenge_comes_back_as_plain_text_that_nobody_runs(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    script = "%3Cscript%3Ealert(1)%3C/script%3E"
    said = ask(us, hub.callback, hub_mode="subscribe", hub_topic=own, hub_challenge=script)
    assert said.text == "<script>alert(1)</script>"
    assert said.headers["content-type"] == "text/plain; charset=utf-8"
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.headers["cache-control"] == "no-store"


def test_nothing_but_get_and_post_means_anything_at_a_callback(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    hub.answers[HUB] = Document(status=202)
    us.subscribe()
    callback = hub.forms[0][1]["hub.callback"]
    said = {"hub_mode": "subscribe", "hub_topic": own, "hub_challenge": "c"}
    assert ask(us, callback, "HEAD", **said).status == 404
    assert ask(us, callback, "PUT", **said).status == 405
    assert [push.state for push in us.pushes] == [PushState.ASKED]
    assert ask(us, callback, "POST").status == 404, "nothing is confirmed yet"
    assert ask(us, callback, **said).status == 200


def test_a_body_larger_than_we_take_is_refused(tmp_path: Path, hub: Hub) -> None:
    with a_subscriber(tmp_path, hub, max_body=5_000) as us:
        own = serve(hub)
        us.subscribe()
        (large,) = hub.distribute(own, atom(*(f"wire {n}" for n in range(100))))
        (fine,) = hub.distribute(own, atom("Second wire"))
        us.until("the small one is there", lambda: "Second wire" in us.titles)
    assert (large.status, fine.status) == (413, 202)


def test_a_slow_hub_does_not_keep_others_from_bringing_theirs(
    us: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "door", lambda *_: Door.OPEN)
    monkeypatch.setattr(push, "receive", lambda *_: Door.OPEN)
    kit = us.newsroom.kit
    kit = replace(kit, settings=replace(kit.settings, net=Net(timeout=2.0)))
    at_the_door = push.PushDoor(lambda: kit, Inbox())

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    async def at_once() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    def brought(token: str, receive: Receive) -> Coroutine[None, None, Response]:
        scope = {"type": "http", "method": "POST", "headers": [], "path_params": {"token": token}}
        return at_the_door.answer(HttpRequest(scope, receive))

    async def all_of_them() -> list[int]:
        slow = [asyncio.create_task(brought("slow", never)) for _ in range(2 * push.AT_ONCE)]
        await asyncio.sleep(0.2)
        quick = await brought("quick", at_once)
        assert not any(each.done() for each in slow), "it waited for none of them"
        return [quick.status_code, *(each.status_code for each in await asyncio.gather(*slow))]

    assert asyncio.run(all_of_them()) == [202, *[408] * 2 * push.AT_ONCE]


def test_a_ping_has_the_feed_polled_now(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    us.newsroom.now += 600
    assert us.state.next_poll_at is not None
    assert us.state.next_poll_at > us.newsroom.now
    hub.distribute(own, b"")
    us.until("it is due", lambda: (us.state.next_poll_at or 0) <= us.newsroom.now)
    hub.documents[FEED] = replace(hub.documents[FEED], body=atom("Second wire"))
    us.newsroom.poll()
    assert "Second wire" in us.titles


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"this is no feed", {}),
        (atom("Squeezed wire"), {"Content_Encoding": "gzip"}),
    ],
)
def test_what_cannot_be_read_is_as_good_as_a_ping(
    body: bytes, headers: dict[str, str], us: Subscriber, hub: Hub
) -> None:
    own = serve(hub)
    us.subscribe()
    us.newsroom.now += 600
    before = us.state
    (answer,) = hub.distribute(own, body, **headers)
    assert answer.status == 202
    us.until("it is due", lambda: (us.state.next_poll_at or 0) <= us.newsroom.now)
    assert us.titles == ["First wire"]
    assert (us.state.failures, us.state.problem) == (before.failures, before.problem)


def test_a_push_touches_nothing_that_is_the_polls_own(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    headers = (*hub.documents[FEED].headers, ("ETag", '"one"'))
    hub.documents[FEED] = replace(hub.documents[FEED], headers=headers)
    us.subscribe()
    us.newsroom.now += 600
    before = us.state
    hub.distribute(own, atom("Second wire"))
    us.until("the entry is there", lambda: "Second wire" in us.titles)
    us.worked_off()
    after = us.state
    assert after.etag == '"one"'
    assert after.last_new_at == us.newsroom.now
    kept = {"generation": 0, "last_new_at": None, "gap": None, "pushed_until": None}
    assert replace(after, **kept) == replace(before, **kept)  # type: ignore[arg-type]
    assert after.pushed_until == us.live.expires_at


def test_what_a_push_leaves_out_is_not_missing(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    us.newsroom.publish()
    whole = atom("Second wire").replace(
        b"<title>The Wire</title>",
        b"<title>The Wire</title><fh:complete xmlns:fh='http://purl.org/syndication/history/1.0'/>",
    )
    hub.distribute(own, whole)
    us.until("the entry is there", lambda: "Second wire" in us.titles)
    us.worked_off()
    us.newsroom.publish()
    assert us.newsroom.titles("all") == ["Second wire", "First wire"]


def test_the_same_push_twice_tells_it_once(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    for _ in range(3):
        hub.distribute(own, atom("Second wire"))
    hub.distribute(own, atom("Third wire"))
    us.until("the last is there", lambda: "Third wire" in us.titles)
    assert us.titles == ["First wire", "Second wire", "Third wire"]


def test_a_push_waits_for_a_poll_that_is_under_way(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    kit = us.newsroom.kit
    polled, go_on = Event(), Event()

    class Slow:
        def __init__(self, net: HttpFetcher) -> None:
            self._net = net

        def fetch(self, request: Request) -> object:
            outcome = self._net.fetch(request)
            polled.set()
            go_on.wait(PATIENCE)
            return outcome

        def close(self) -> None:
            pass

    hub.documents[FEED] = replace(hub.documents[FEED], body=atom("Second wire", "First wire"))
    us.newsroom.kit = replace(kit, fetcher=Slow(kit.fetcher))  # type: ignore[arg-type]
    poll = Thread(target=us.newsroom.poll, args=("wire",))
    poll.start()
    try:
        assert polled.wait(PATIENCE)
        (answer,) = hub.distribute(own, atom("Third wire", "Second wire"))
        assert answer.status == 202
        time.sleep(0.3)
        assert us.titles == ["First wire"]
    finally:
        go_on.set()
        poll.join()
    us.until("both are there", lambda: len(us.titles) == 3)
    assert us.titles == ["First wire", "Second wire", "Third wire"]


def test_a_paused_feeds_hub_is_sent_away_and_asked_to_leave_us_out(
    us: Subscriber, hub: Hub
) -> None:
    own = serve(hub)
    us.subscribe()
    callback = hub.callback
    us.newsroom.follow([], us.newsroom.kit.settings.topics)
    (answer,) = hub.distribute(own, atom("Second wire"))
    assert answer.status == 410
    us.until("the hub has let us go", lambda: not hub.readers)
    assert asked(hub)[1:] == [(HUB, "unsubscribe", own)]
    assert hub.forms[1][1]["hub.callback"] == callback
    assert "hub.secret" not in hub.forms[1][1]
    assert hub.verified[-1].status == 200
    assert us.titles == ["First wire"]


def test_a_feed_that_loses_its_hub_is_polled_as_usual(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    hub.distribute(own, atom("Second wire"))
    us.until("the entry is there", lambda: "Second wire" in us.titles)
    us.worked_off()
    before = us.state
    hub.documents[FEED] = Document(body=atom("Third wire"))
    us.newsroom.poll("wire")
    after = us.state
    assert (before.pushed_until is None, after.pushed_until is None) == (False, True)
    (answer,) = hub.distribute(own, atom("Fourth wire"))
    assert answer.status == 410
    us.until("the hub has let us go", lambda: not hub.readers)


def test_the_hub_a_feed_names_now_is_the_one_that_is_asked(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()
    serve(hub, by="/new-hub")
    hub.documents[FEED] = replace(hub.documents[FEED], body=atom("Second wire"))
    us.newsroom.poll("wire")
    us.see_to_hubs()
    assert asked(hub) == [(HUB, "subscribe", own), ("/new-hub", "subscribe", own)]


def test_a_store_that_cannot_be_written_has_the_hub_come_again(us: Subscriber, hub: Hub) -> None:
    own = serve(hub)
    us.subscribe()

    fail = failing_once(StoreFull("no space is left"))
    us.newsroom.kit.store.before_commit = fail  # type: ignore[attr-defined]
    (answer,) = hub.distribute(own, atom("Second wire"))
    assert answer.status == 503
    (answer,) = hub.distribute(own, atom("Second wire"))
    us.until("the entry is there", lambda: "Second wire" in us.titles)
