from __future__ import annotations

import json

import pytest
from lxml import html

from aggregator import __version__
from aggregator.flow.health import SUBSCRIBERS
from aggregator.model.exchange import Hop
from aggregator.model.feed import Feed
from aggregator.model.ledger import DAY
from aggregator.web.app import make_app
from aggregator.web.public import load_page
from aggregator.web.publishers import MANY_FEEDS, MOST_HOSTS
from aggregator.web.site import search_path, status_json
from tests.makers import NOON, a_feed_spec, a_poll_state
from tests.web.desk import Desk, a_desk, private_spec, served


def page(desk: Desk, path: str = "/bot") -> str:
    ready = load_page(desk.kit, path)
    assert ready is not None and ready.status == 200
    return ready.plain.body.decode()


def tree(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def hosts(text: str) -> list[str]:
    """The hosts that a page names, in its order."""
    rows = tree(text).xpath("//table[@class='figures']/tbody/tr/th")
    return [(each.text or "").strip() or each.xpath("string(a)") for each in rows]


def cells(text: str, host: str) -> list[str]:
    for row in tree(text).xpath("//table[@class='figures']/tbody/tr"):
        if host in row.xpath("string(th)"):
            return [str(cell.text_content()).strip() for cell in row.xpath("td")]
    raise AssertionError(host)


def polled(desk: Desk, feed: Feed, *hops: Hop, ago: int = 0) -> None:
    """A poll so many days ago, with these requests."""
    at = desk.now - ago * DAY
    with desk.kit.store.write() as tx:
        tx.ledger.count(hops, at, private=feed.spec.private)
        for claim in tx.feeds.claim(
            [feed.id], at, limit=1, lease=60, owner="test", per_host=1, spacing=0
        ):
            state = a_poll_state(generation=claim.state.generation, last_poll_at=at)
            assert tx.feeds.settle(claim, state)


def hop(host: str = "wire.example", status: int | None = 200, size: int = 1000) -> Hop:
    return Hop(host=host, status=status, bytes=size)


def test_bot_tells_what_was_taken_from_each_host() -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop(), hop(status=304, size=0), hop(status=304, size=0))
        other = desk.feed(a_feed_spec(url="https://b.example/f.xml", name="b"), title="Bee")
        polled(desk, other, hop("b.example", 503, 500), ago=2)
        told = page(desk)
        assert hosts(told) == ["wire.example", "b.example"]
        assert cells(told, "wire.example") == ["3", "67 %", "0", "1 kB"]
        assert cells(told, "b.example") == ["1", "0 %", "1", "500 B"]
        last = [str(each.text_content()) for each in tree(told).xpath("//th/p")]
        assert last[0] == "Last poll: 22 November 2026, 12:00 UTC"
        assert last[1] == "Last poll: 20 November 2026, 12:00 UTC"
        assert "4 requests in all, of which 50 %" in told
        assert "1.5 kB received" in told
        assert ">Bee</a>" in told


def test_what_was_taken_longer_ago_is_not_told() -> None:
    with a_desk() as desk:
        wire = desk.feed()
        polled(desk, wire, hop("old.example"), ago=30)
        polled(desk, wire, hop("late.example"), ago=29)
        polled(desk, wire, hop())
        assert hosts(page(desk)) == ["late.example", "wire.example"]


def test_a_host_yet_to_be_asked_is_named() -> None:
    with a_desk() as desk:
        desk.feed()
        assert cells(page(desk), "wire.example") == ["0", "–", "0", "0 B"]


def test_without_a_feed_the_page_says_so() -> None:
    with a_desk() as desk:
        assert "No public feed is polled at present." in page(desk)


def test_private_feeds_and_their_hosts_are_never_told_or_found() -> None:
    with a_desk() as desk:
        agency = desk.feed(private_spec(), title="Secret Agency")
        polled(desk, agency, hop("agency.example"), hop("login.example"))
        polled(desk, desk.feed(), hop(), hop("cdn.example"))
        for path in ("/bot", *map(search_path, ("agency", "login.example", "e"))):
            told = page(desk, path)
            assert "Secret" not in told and "secret.xml" not in told
            assert not {"agency.example", "login.example"} & set(hosts(told))
        assert hosts(page(desk)) == ["cdn.example", "wire.example"]
        assert "2 requests in all" in page(desk)
        with desk.kit.store.read() as tx:
            told_status = json.loads(status_json(tx, desk.kit))
        assert told_status["asked"]["requests"] == 2


def test_a_host_shared_with_a_private_feed_is_not_told() -> None:
    with a_desk() as desk:
        desk.feed(private_spec())
        open_one = desk.feed(a_feed_spec(url="https://agency.example/open.xml", name="open"))
        polled(desk, open_one, hop("agency.example"))
        assert hosts(page(desk)) == []


@pytest.mark.parametrize("said", ["wire", "WIRE.example", "https://wire.example/feed.xml", "e.ex"])
def test_a_host_is_found_by_its_name_or_an_address(said: str) -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop())
        polled(desk, desk.feed(a_feed_spec(url="https://other.test/", name="b")), hop("other.test"))
        with served(make_app(lambda: desk.kit)) as web:
            answer = web.ask(f"/bot?host={said}")
        assert answer.status == 200
        assert hosts(answer.text) == ["wire.example"]
        assert '<meta name="robots" content="noindex">' in answer.text


@pytest.mark.parametrize("said", ["nobody.example", "%3Cscript%3E", "%25", "a" * 5000, "%C3%BC.de"])
def test_whatever_else_is_looked_for_finds_nothing_and_shows_nothing_of_it(said: str) -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop())
        with served(make_app(lambda: desk.kit)) as web:
            answer = web.ask(f"/bot?host={said}")
        assert answer.status == 200
        assert hosts(answer.text) == []
        assert "<script>" not in answer.text
        assert len(answer.body) < 20_000


def test_looking_for_nothing_shows_the_whole_page() -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop())
        with served(make_app(lambda: desk.kit)) as web:
            whole = web.ask("/bot").body
            assert web.ask("/bot?host=").body == web.ask("/bot?x=1").body == whole


def test_a_search_leaves_what_is_kept_of_pages_alone() -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop())
        with served(make_app(lambda: desk.kit)) as web:
            before = web.ask("/bot").headers["etag"]
            for number in range(30):
                web.ask(f"/bot?host=h{number}")
            assert web.ask("/bot", If_None_Match=before).status == 304


def test_only_the_page_with_the_search_may_send_a_form_and_only_to_us() -> None:
    with a_desk() as desk, served(make_app(lambda: desk.kit)) as web:
        assert "form-action 'self'" in web.ask("/bot").headers["content-security-policy"]
        assert "form-action 'none'" in web.ask("/").headers["content-security-policy"]


def test_the_page_is_bounded_and_says_so() -> None:
    with a_desk() as desk:
        wire = desk.feed()
        polled(desk, wire, *(hop(f"h{number:03}.example") for number in range(MOST_HOSTS + 5)))
        told = page(desk)
        assert len(hosts(told)) == MOST_HOSTS
        assert f"Only the {MOST_HOSTS} hosts that we asked most are shown" in told
        assert hosts(page(desk, search_path("h204"))) == ["h204.example"]


def test_a_host_with_many_feeds_names_a_few_and_more_of_them_alone() -> None:
    with a_desk() as desk:
        for number in range(MANY_FEEDS + 7):
            url = f"https://tube.example/{number}.xml"
            desk.feed(a_feed_spec(url=url, name=f"t{number}"), title=f"Channel {number}")
        desk.feed()
        whole, alone = page(desk), page(desk, search_path("tube"))
        assert whole.count(">Channel ") == 3
        assert f"and {MANY_FEEDS + 4} more" in whole
        assert alone.count(">Channel ") == MANY_FEEDS
        assert "and 7 more" in alone


def test_our_user_agent_stands_there_letter_for_letter() -> None:
    with a_desk() as desk:
        with desk.kit.store.write() as tx:
            tx.meta.set(SUBSCRIBERS, "12")
        agent = f"aggregator/{__version__} (+https://news.lane.org/bot; 12 subscribers)"
        assert tree(page(desk)).xpath("string(//dd/code)") == agent


def test_every_way_to_slow_us_down_is_named() -> None:
    with a_desk() as desk:
        told = str(tree(page(desk)).text_content())
        words = "Cache-Control Expires <ttl> <skipHours> <skipDays> Retry-After 429 503 301 308"
        for word in (*words.split(), "410 Gone", "robots.txt", "sy:updatePeriod", "ETag"):
            assert word in told, word
        assert "desk@lane.org" in told


def test_what_the_page_says_depends_on_the_store_and_not_on_the_hour() -> None:
    with a_desk() as desk:
        polled(desk, desk.feed(), hop())
        before = page(desk)
        desk.now = NOON + 90 * DAY
        assert page(desk) == before
