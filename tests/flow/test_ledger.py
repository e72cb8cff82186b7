"""The ledger against the log of a real origin: every request that was sent, and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from aggregator.flow.health import health_of
from aggregator.flow.pages import fetch_pages_due
from aggregator.model.feed import Auth
from aggregator.model.ledger import DAY, Tally, day_of
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import Newsroom
from tests.makers import NOON, a_feed_spec
from tests.net.origin import HangUp, Origin, Talk, an_origin, answer

TODAY = day_of(NOON)
ARTICLE = b"<html><body><article>" + b"<p>Ships left the port this morning. </p>" * 40
ARTICLE += b"</article></body></html>"


@dataclass
class Log:
    """What an origin answered, to whom it was asked for."""

    lines: list[tuple[str, int | None, int]] = field(default_factory=list)

    def tallies(self) -> dict[str, Tally]:
        return {
            host: Tally(
                requests=len(its),
                not_modified=sum(status == 304 for _, status, _ in its),
                failed=sum(status is None or status >= 400 for _, status, _ in its),
                bytes=sum(size for _, _, size in its),
            )
            for host in {line[0] for line in self.lines}
            for its in [[line for line in self.lines if line[0] == host]]
        }


def document(port: int, *entries: str) -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>{name}</title>"
        f"<link>http://127.0.0.1:{port}/page/{name}</link></item>"
        for name in entries
    )
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


@contextmanager
def logging_origin(log: Log) -> Iterator[Origin]:
    """An origin with a feed, redirects, errors, pages and a robots.txt."""

    def say(talk: Talk, status: str, body: bytes = b"", **headers: str) -> None:
        host = talk.headers["host"].rsplit(":", 1)[0]
        log.lines.append((host, int(status.split()[0]), len(body)))
        talk.say(answer(body, status, **headers))

    def handler(talk: Talk) -> None:
        path = talk.path
        if path.startswith("/feed"):
            if talk.headers.get("if-none-match") == '"1"':
                say(talk, "304 Not Modified", ETag='"1"')
            else:
                say(talk, "200 OK", document(origin.port, "a", "b"), ETag='"1"')
        elif path.startswith("/moved"):
            there = f"http://localhost:{origin.port}/feed/there"
            say(talk, "301 Moved Permanently", b"over there", Location=there)
        elif path == "/robots.txt":
            say(talk, "200 OK", b"User-agent: *\nDisallow: /page/b\n", Content_Type="text/plain")
        elif path.startswith("/page"):
            say(talk, "200 OK", ARTICLE, Content_Type="text/html")
        elif path == "/hang":
            log.lines.append((talk.headers["host"].rsplit(":", 1)[0], None, 0))
            raise HangUp
        else:
            say(talk, "503 Service Unavailable", b"busy")

    with an_origin(handler) as origin:
        yield origin


def netted(newsroom: Newsroom, *origins: Origin) -> HttpFetcher:
    """Give the newsroom a real net, which may reach these origins by two names."""
    places = (f"{host}:{each.port}" for each in origins for host in ("127.0.0.1", "localhost"))
    net = Net(workers=4, spacing=0.0, timeout=5.0, allow=tuple(places))
    agent = "aggregator/test (+https://news.lane.test/bot)"
    fetcher = HttpFetcher(net, agent, wall=lambda: newsroom.now)
    settings = replace(newsroom.kit.settings, net=net)
    newsroom.kit = replace(newsroom.kit, settings=settings, fetcher=fetcher)
    return fetcher


def tallies(store: SqliteStore, since: int = TODAY) -> dict[str, Tally]:
    with store.read() as tx:
        return {found.host: found.tally for found in tx.ledger.hosts(since)}


def test_the_ledgers_sums_are_those_of_the_origins_log(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    log = Log()
    with logging_origin(Log()) as closed:
        pass
    with logging_origin(log) as origin:
        fetcher = netted(newsroom, origin, closed)
        paths = ["/feed/1", "/feed/2", "/moved/1", "/busy", "/hang"]
        specs = [
            *(a_feed_spec(url=origin.url(path), name=path.strip("/")) for path in paths),
            a_feed_spec(url=closed.url("/feed"), name="refused"),
            a_feed_spec(url=origin.url("/feed/full"), name="full", fulltext=True),
        ]
        newsroom.follow(specs)
        names = [spec.name for spec in specs]
        for _ in range(3):
            newsroom.poll(*names)
            newsroom.now += 3600
        for _ in range(4):
            fetch_pages_due(newsroom.kit)
            newsroom.now += 60
        fetcher.close()
    asked = Counter(talk.path for talk in origin.requests)
    assert asked["/robots.txt"] == asked["/page/a"] == 1
    assert asked["/page/b"] == 0
    assert log.tallies().keys() == {"127.0.0.1", "localhost"}
    assert sum(tally.requests for tally in log.tallies().values()) == len(origin.requests)
    assert tallies(store) == log.tallies()
    with store.read() as tx:
        assert tx.ledger.total(TODAY).requests == len(origin.requests)
        assert tx.ledger.total(TODAY).not_modified == 2 * 4  # of four feeds, the first time not


def test_each_day_has_its_own_sums(newsroom: Newsroom, store: SqliteStore) -> None:
    log = Log()
    with logging_origin(log) as origin:
        fetcher = netted(newsroom, origin)
        newsroom.follow([a_feed_spec(url=origin.url("/feed/1"), name="one")])
        for _ in range(3):
            newsroom.poll("one")
            newsroom.now += DAY
        fetcher.close()
    with store.read() as tx:
        days = tx.ledger.days(TODAY)
        feed = tx.feeds.find("one")
        assert feed is not None
        brought = tx.ledger.feed_days(TODAY)[feed.id]
        fares = health_of(tx, feed, newsroom.now)
    assert [(day, tally.requests, tally.not_modified) for day, tally in days.items()] == [
        (TODAY, 1, 0),
        (TODAY + 1, 1, 1),
        (TODAY + 2, 1, 1),
    ]
    assert brought == {TODAY: (2, 0)}
    assert fares.days[-3:] == (0, 0, 0)  # what was there at the first poll is no day's news
    assert fares.a_day == 0
    assert fares.unchanged == 2 / 3


def test_what_is_asked_for_a_private_feed_is_entered_and_never_public(
    newsroom: Newsroom, store: SqliteStore
) -> None:
    log = Log()
    with logging_origin(log) as origin:
        fetcher = netted(newsroom, origin)
        secret = a_feed_spec(url=origin.url("/moved/1"), name="s", auth=Auth(basic="env:LOGIN"))
        newsroom.follow([secret])
        newsroom.poll("s")
        fetcher.close()
    assert tallies(store) == log.tallies()
    with store.read() as tx:
        assert tx.ledger.hosts(TODAY, public=True) == ()
        assert tx.ledger.total(TODAY, public=True) == Tally()
