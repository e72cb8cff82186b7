"""Feeds are found on every kind of site page, with as few requests as it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from aggregator.errors import UsageError
from aggregator.flow.discover import MOST_ASKED, Discovery, discover
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Hop
from aggregator.model.feed import FeedSpec, Origin
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from tests.flow.newsroom import DAY, Newsroom, Told, rss
from tests.makers import NOON

SITE = "https://site.example"


def a_page(head: str = "", body: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>Site</title>{head}</head><body>{body}</body></html>"


def a_link(href: str, kind: str = "rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="application/{kind}" title="{title}" href="{href}">'


ITEMS = tuple(Told(guid=str(n), title=f"Grain {n}", at=NOON - n * DAY) for n in range(14))
FEED = rss("site", ITEMS).decode()
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title><id>x</id>'
    "<updated>2026-11-21T00:00:00Z</updated><entry><id>1</id><title>Grain</title>"
    "<updated>2026-11-21T00:00:00Z</updated></entry></feed>"
)
JSON = (
    '{"version":"https://jsonfeed.org/version/1.1","title":"Site","items":[{"id":"1",'
    '"content_text":"Grain","date_published":"2026-11-21T00:00:00Z"}]}'
)

# Kind of site: (its pages by path, what is found in order, what is asked in order).
SITES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "WordPress": (
        {
            "/": a_page(
                a_link("/comments/feed/", title="Site &raquo; Comments Feed")
                + a_link("/feed/", title="Site &raquo; Feed")
                + '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">'
                + '<link rel="alternate" type="application/json+oembed" href="/wp-json/oembed/1">'
            ),
            "/feed/": FEED,
            "/comments/feed/": FEED,
        },
        ["/feed/", "/comments/feed/"],
        ["/", "/feed/", "/comments/feed/"],
    ),
    "Blogger": (
        {
            "/": a_page(
                "<link rel='alternate' type='application/atom+xml' title='Site - Atom'"
                " href='/feeds/posts/default' />"
                "<link rel='alternate' type='application/rss+xml' title='Site - RSS'"
                " href='/feeds/posts/default?alt=rss' />"
                "<link rel='service.post' type='application/atom+xml' href='/feeds/1/posts' />"
            ),
            "/feeds/posts/default": ATOM,
            "/feeds/posts/default?alt=rss": FEED,
        },
        ["/feeds/posts/default", "/feeds/posts/default?alt=rss"],
        ["/", "/feeds/posts/default", "/feeds/posts/default?alt=rss"],
    ),
    "Ghost": (
        {"/": a_page(a_link(f"{SITE}/rss/", title="Site")), "/rss/": FEED},
        ["/rss/"],
        ["/", "/rss/"],
    ),
    "Hugo": (
        {
            "/": a_page("<link rel=alternate type=application/rss+xml href=/index.xml title=Site>"),
            "/index.xml": FEED,
        },
        ["/index.xml"],
        ["/", "/index.xml"],
    ),
    "Jekyll": (
        {"/": a_page(a_link(f"{SITE}/feed.xml", "atom+xml")), "/feed.xml": ATOM},
        ["/feed.xml"],
        ["/", "/feed.xml"],
    ),
    "Substack": (
        {"/": a_page('<link rel="alternate" type="application/rss+xml" href="/feed" title="S"/>'),
         "/feed": FEED},
        ["/feed"],
        ["/", "/feed"],
    ),
    "Medium at a domain of its own": (
        {
            "/": a_page(
                '<link data-rh="true" rel="alternate" hreflang="x-default" href="/"/>'
                '<link id="feedLink" rel="alternate" type="application/rss+xml" title="RSS"'
                ' href="/feed"/><link rel="alternate" href="android-app://com.medium.reader/x"/>'
            ),
            "/feed": FEED,
        },
        ["/feed"],
        ["/", "/feed"],
    ),
    "Drupal": (
        {
            "/": a_page(body=a_link("/rss.xml", title="Site RSS") + "<p>News</p>"),
            "/rss.xml": FEED,
        },
        ["/rss.xml"],
        ["/", "/rss.xml"],
    ),
    "a static page with only a link": (
        {
            "/": a_page(body='<a href="/about">About</a> <a href="posts.php?as=1">RSS</a>'),
            "/posts.php?as=1": FEED,
        },
        ["/posts.php?as=1"],
        ["/", "/posts.php?as=1"],
    ),
    "a page that names none": (
        {"/": a_page(body="<p>News"), "/atom.xml": ATOM, "/feed.xml": FEED},
        ["/atom.xml"],
        ["/", "/robots.txt", "/feed", "/rss", "/atom.xml"],
    ),
    "JSON Feed": (
        {"/": a_page(a_link("/feed.json", "feed+json")), "/feed.json": JSON},
        ["/feed.json"],
        ["/", "/feed.json"],
    ),
    "links relative to a base": (
        {
            "/": a_page('<base href="https://site.example/blog/">' + a_link("../all.rss")),
            "/all.rss": FEED,
        },
        ["/all.rss"],
        ["/", "/all.rss"],
    ),
    "a feed that is no more where the page says": (
        {"/": a_page(a_link("/old.rss")), "/feed": FEED},
        ["/feed", "/old.rss"],
        ["/", "/old.rss", "/robots.txt", "/feed"],
    ),
    "a feed sent as HTML": (
        {"/": a_page(a_link("/f.php")), "/f.php": "\n" + FEED},
        ["/f.php"],
        ["/", "/f.php"],
    ),
    "the feed itself": ({"/": FEED}, ["/"], ["/"]),
}  # fmt: skip


def serve(newsroom: Newsroom, pages: dict[str, str], site: str = SITE) -> None:
    for path, body in pages.items():
        newsroom.net.answers[site + path] = Fetched(
            url=site + path,
            status=200,
            body=body.encode(),
            content_type="text/html",
            etag=None,
            last_modified=None,
            caching=Caching(),
            hops=(Hop(host="site.example", status=200, bytes=len(body)),),
        )


def asked(newsroom: Newsroom) -> list[str]:
    return [request.url.removeprefix(SITE) for request in newsroom.net.asked]


def paths(found: Discovery) -> list[str]:
    return [each.url.removeprefix(SITE) for each in found.candidates]


@pytest.mark.parametrize("kind", SITES)
def test_the_feeds_of_a_site_are_found(newsroom: Newsroom, kind: str) -> None:
    pages, feeds, requests = SITES[kind]
    serve(newsroom, pages)
    found = discover(newsroom.kit, f"{SITE}/")
    assert paths(found) == feeds
    assert found.usable
    assert found.problem is None
    assert asked(newsroom) == requests
    assert list(found.asked) == [SITE + path for path in requests if path != "/robots.txt"]
    assert found.direct is (kind == "the feed itself")


def test_a_candidate_tells_what_it_brings(newsroom: Newsroom) -> None:
    serve(newsroom, {"/": a_page(a_link("/feed", title="Ours")), "/feed": FEED})
    (found,) = discover(newsroom.kit, "site.example/").candidates
    assert (found.title, found.format, found.entries) == ("Site", "rss20", 14)
    assert found.per_week == pytest.approx(7.5, abs=0.1)
    assert found.newest == NOON
    assert found.known_as is None


def test_nothing_of_a_search_is_stored(newsroom: Newsroom) -> None:
    serve(newsroom, {"/": a_page(a_link("/feed")), "/feed": FEED})
    discover(newsroom.kit, SITE)
    with newsroom.kit.store.read() as tx:
        assert tx.feeds.all() == ()
        assert tx.entries.count() == 0


@pytest.mark.parametrize(
    "ours",
    ["https://site.example/feed/", "http://www.site.example/feed/", "https://site.example/feed"],
)
def test_a_feed_of_ours_is_said_to_be_one(newsroom: Newsroom, ours: str) -> None:
    newsroom.follow()
    with newsroom.kit.store.write() as tx:
        tx.feeds.add(FeedSpec(url=ours, name="wire"), origin=Origin.DESK, now=NOON)
    serve(newsroom, {"/": a_page(a_link("/feed/")), "/feed/": FEED})
    assert [each.known_as for each in discover(newsroom.kit, f"{SITE}/").usable] == ["wire"]


def test_a_redirect_into_a_feed_of_ours_is_said_to_be_one(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    serve(newsroom, {"/rss": FEED})
    answer = newsroom.net.answers[f"{SITE}/rss"]
    assert isinstance(answer, Fetched)
    newsroom.net.answers[f"{SITE}/rss"] = replace(answer, url="https://wire.example/feed.xml")
    found = discover(newsroom.kit, f"{SITE}/rss")
    assert found.direct
    assert found.candidates[0].known_as == "wire"


def test_a_search_takes_twelve_requests_at_the_most_and_none_twice(newsroom: Newsroom) -> None:
    many = "".join(a_link(f"/{n}.rss") for n in range(30))
    serve(newsroom, {"/": a_page(many + many), **{f"/{n}.rss": FEED for n in range(30)}})
    found = discover(newsroom.kit, f"{SITE}/")
    assert len(asked(newsroom)) == len(set(asked(newsroom))) == MOST_ASKED
    assert len(found.usable) == MOST_ASKED - 1
    assert all("not looked at" in (each.problem or "") for each in found.candidates[MOST_ASKED:])


def test_a_site_without_a_feed_costs_twelve_requests_at_the_most(newsroom: Newsroom) -> None:
    serve(newsroom, {"/blog": a_page()})
    found = discover(newsroom.kit, f"{SITE}/blog")
    assert not found.candidates
    assert found.problem == (
        "this is an HTML page, not a feed; no feed was found in the usual places"
    )
    assert len(asked(newsroom)) == len(set(asked(newsroom))) <= 12


def test_robots_txt_forbids_guesses_and_not_what_a_page_names(newsroom: Newsroom) -> None:
    robots = {"/robots.txt": "User-agent: *\nDisallow: /\n"}
    serve(newsroom, {"/": a_page(), "/feed": FEED, **robots})
    found = discover(newsroom.kit, f"{SITE}/")
    assert asked(newsroom) == ["/", "/robots.txt"]
    assert "robots.txt forbids it" in (found.problem or "")

    serve(newsroom, {"/": a_page(a_link("/feed")), **robots})
    assert discover(newsroom.kit, f"{SITE}/").usable


@pytest.mark.parametrize("status", [401, 403, 429, 503, None])
def test_a_server_that_refuses_is_not_asked_on(newsroom: Newsroom, status: int | None) -> None:
    serve(newsroom, {"/": a_page(), "/feed.xml": FEED})
    kind = Fault.STATUS if status else Fault.NETWORK
    newsroom.net.answers[f"{SITE}/feed"] = Failed(fault=kind, problem="no", status=status)
    found = discover(newsroom.kit, f"{SITE}/")
    assert asked(newsroom) == ["/", "/robots.txt", "/feed"]
    assert not found.usable


@pytest.mark.parametrize("status", [429, 503, None])
def test_a_host_in_trouble_is_asked_nothing_more(newsroom: Newsroom, status: int | None) -> None:
    serve(newsroom, {"/": a_page(a_link("/1.rss") + a_link("/2.rss")), "/2.rss": FEED})
    kind = Fault.STATUS if status else Fault.NETWORK
    newsroom.net.answers[f"{SITE}/1.rss"] = Failed(fault=kind, problem="no", status=status)
    found = discover(newsroom.kit, f"{SITE}/")
    assert asked(newsroom) == ["/", "/1.rss"]
    assert not found.usable


def test_one_forbidden_feed_does_not_hide_the_others(newsroom: Newsroom) -> None:
    serve(newsroom, {"/": a_page(a_link("/1.rss") + a_link("/2.rss")), "/2.rss": FEED})
    refusal = Failed(fault=Fault.STATUS, problem="403 Forbidden", status=403)
    newsroom.net.answers[f"{SITE}/1.rss"] = refusal
    found = discover(newsroom.kit, f"{SITE}/")
    assert paths(found) == ["/2.rss", "/1.rss"]
    assert found.candidates[1].problem == "403 Forbidden"


def test_a_service_that_refuses_is_not_asked_for_its_page(newsroom: Newsroom) -> None:
    page = "https://www.reddit.com/r/news/"
    refusal = Failed(fault=Fault.STATUS, problem="429 Too Many Requests", status=429)
    newsroom.net.answers[f"{page}.rss"] = refusal
    assert discover(newsroom.kit, page).problem == "429 Too Many Requests"
    assert [each.url for each in newsroom.net.asked] == [f"{page}.rss"]


def test_a_page_that_cannot_be_had_ends_the_search(newsroom: Newsroom) -> None:
    found = discover(newsroom.kit, f"{SITE}/")
    assert asked(newsroom) == ["/"]
    assert found.problem == "404 Not Found"
    assert not found.usable


def test_a_host_that_wants_a_pause_is_not_asked(newsroom: Newsroom) -> None:
    serve(newsroom, {"/": a_page(a_link("/feed")), "/feed": FEED})
    with newsroom.kit.store.write() as tx:
        tx.feeds.pause_host("site.example", newsroom.now + 7 * DAY)
    found = discover(newsroom.kit, f"{SITE}/")
    assert asked(newsroom) == []
    assert found.problem == "not asked: site.example is to be left alone for 10080 min"


def test_a_retry_after_in_a_search_pauses_the_host_for_polls_too(newsroom: Newsroom) -> None:
    newsroom.net.answers[f"{SITE}/"] = Failed(
        fault=Fault.STATUS, problem="429", status=429, retry_after=3600.0, host="site.example"
    )
    discover(newsroom.kit, f"{SITE}/")
    discover(newsroom.kit, f"{SITE}/other")
    assert asked(newsroom) == ["/"]


def test_every_request_of_a_search_stands_in_the_ledger(newsroom: Newsroom) -> None:
    serve(newsroom, {"/": a_page(a_link("/feed")), "/feed": FEED})
    discover(newsroom.kit, f"{SITE}/")
    with newsroom.kit.store.read() as tx:
        assert tx.ledger.total(0).requests == 2


SHORTCUTS = {
    "github:python/cpython": ("https://github.com", "/python/cpython/releases.atom"),
    "https://www.reddit.com/r/news/": ("https://www.reddit.com", "/r/news/.rss"),
    "@ida@social.example": ("https://social.example", "/@ida.rss"),
    "https://social.example/@ida": ("https://social.example", "/@ida.rss"),
    "https://medium.com/@ida/grain-1a2b": ("https://medium.com", "/feed/@ida"),
}


@pytest.mark.parametrize("text", SHORTCUTS)
def test_what_is_known_of_a_service_costs_one_request(newsroom: Newsroom, text: str) -> None:
    site, path = SHORTCUTS[text]
    serve(newsroom, {path: FEED}, site)
    found = discover(newsroom.kit, text)
    assert [each.url for each in found.usable] == [site + path]
    assert [each.url for each in newsroom.net.asked] == [site + path]


def test_a_repositorys_feeds_are_all_found(newsroom: Newsroom) -> None:
    hub = "https://github.com/python/cpython"
    serve(newsroom, {"/releases.atom": ATOM, "/commits.atom": ATOM}, hub)
    found = discover(newsroom.kit, hub)
    assert [each.url.removeprefix(hub) for each in found.usable] == [
        "/releases.atom",
        "/commits.atom",
    ]


def test_a_youtube_handle_is_looked_up_on_its_page(newsroom: Newsroom) -> None:
    channel = "UC" + "x" * 22
    videos = f"/feeds/videos.xml?channel_id={channel}"
    page = a_page(f'<link rel="canonical" href="https://www.youtube.com/channel/{channel}">')
    serve(newsroom, {"/@lane": page, videos: ATOM}, "https://www.youtube.com")
    found = discover(newsroom.kit, "youtube:@lane")
    assert [each.url for each in found.usable] == [f"https://www.youtube.com{videos}"]
    assert len(newsroom.net.asked) == 2


def test_what_a_service_has_not_is_looked_for_on_its_page(newsroom: Newsroom) -> None:
    serve(newsroom, {"/@ida": a_page(a_link("/people/7.atom", "atom+xml")), "/people/7.atom": ATOM})
    assert paths(discover(newsroom.kit, f"{SITE}/@ida")) == ["/people/7.atom"]
    assert asked(newsroom) == ["/@ida.rss", "/@ida", "/people/7.atom"]


def test_a_page_behind_a_shortcut_ends_the_search(newsroom: Newsroom) -> None:
    serve(newsroom, {"/python/none/releases.atom": a_page()}, "https://github.com")
    found = discover(newsroom.kit, "github:python/none")
    assert found.problem == "this is an HTML page, not a feed"
    assert len(newsroom.net.asked) == 1, "nobody guesses on a service's server"


def test_what_a_service_answers_instead_is_not_taken_for_the_page(newsroom: Newsroom) -> None:
    lost = a_page(a_link("/all.rss"))
    mine = a_page(a_link("/7.rss"))
    serve(newsroom, {"/@ida.rss": lost, "/@ida": mine, "/7.rss": FEED, "/all.rss": FEED})
    assert paths(discover(newsroom.kit, f"{SITE}/@ida")) == ["/7.rss"]


def test_a_shortcut_that_leads_nowhere_says_so(newsroom: Newsroom) -> None:
    found = discover(newsroom.kit, "github:python/nothing")
    assert found.problem == "404 Not Found"
    assert len(newsroom.net.asked) == 1


@pytest.mark.parametrize(
    "text", ["ftp://e.example/", "gitlab:a/b", "https://a:b@e.example/", "a b"]
)
def test_what_is_no_address_is_refused(newsroom: Newsroom, text: str) -> None:
    with pytest.raises(UsageError):
        discover(newsroom.kit, text)
    assert newsroom.net.asked == []


@pytest.fixture
def wired(newsroom: Newsroom) -> Iterator[Newsroom]:
    """The newsroom with a real fetcher, for a real server on loopback."""
    net = Net(spacing=0.05, timeout=5.0, allow=("127.0.0.0/8", "::1/128", "localhost"))
    fetcher = HttpFetcher(net, "aggregator/test")
    settings = replace(newsroom.kit.settings, net=net)
    newsroom.kit = replace(newsroom.kit, fetcher=fetcher, settings=settings)
    yield newsroom
    fetcher.close()


def test_a_search_over_the_wire_is_one_request_at_a_time(
    wired: Newsroom, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wired.kit = replace(wired.kit, clock=time.time)
    seen: list[tuple[str, float]] = []

    def answer(request: Asked) -> Response:
        seen.append((request.path, time.monotonic()))
        pages = {"/": a_page(a_link("/feed") + a_link("/moved")), "/feed": FEED}
        if request.path == "/moved":
            return Response(status=301, headers={"Location": "/feed"})
        body = pages.get(request.path)
        return Response(body or "", status=200 if body else 404)

    httpserver.expect_request("/", method="GET").respond_with_handler(answer)
    for path in ("/feed", "/moved"):
        httpserver.expect_request(path).respond_with_handler(answer)
    found = discover(wired.kit, httpserver.url_for("/"))
    assert [path for path, _ in seen][:3] == ["/", "/feed", "/moved"]
    assert len(found.usable) == 2
    gaps = [later - before for (_, before), (_, later) in pairwise(seen)]
    assert min(gaps) >= 0.04, "the host's spacing lies between two requests"


def test_a_poll_asks_for_the_feed_alone_no_page_no_icon_no_robots_txt(newsroom: Newsroom) -> None:
    """Checklist 40 and 44: what a search once looked at is not looked at with every poll."""
    serve(newsroom, {"/": a_page(a_link("/feed.xml")), "/feed.xml": FEED}, "https://wire.example")
    assert discover(newsroom.kit, "https://wire.example/").usable
    newsroom.follow(["wire"])
    newsroom.net.asked.clear()
    for _ in range(3):
        newsroom.now += DAY
        newsroom.poll()
    assert [request.url for request in newsroom.net.asked] == ["https://wire.example/feed.xml"] * 3
