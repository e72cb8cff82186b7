"""A whole desk in one process: real store, reader and flow; only the network and the clock are not.

Feeds are `NAME.example/feed.xml`; what each of them says is set with `serves`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from html import escape, unescape
from threading import Event

from lxml import etree

from aggregator.flow.curate import Act, act
from aggregator.flow.kit import Kit
from aggregator.flow.poll import Orders, PollReport, chosen, keep_up_with_clock, poll_round
from aggregator.flow.publish import publish_due
from aggregator.model.entry import Entry
from aggregator.model.exchange import (
    Caching,
    Failed,
    Fault,
    Fetched,
    NotModified,
    Outcome,
    Post,
    Request,
)
from aggregator.model.feed import Auth, FeedSpec
from aggregator.model.publication import Document
from aggregator.model.settings import Net, Settings, Site
from aggregator.model.topic import Decision, Mode, TopicSpec, Verb
from aggregator.ports import Store
from aggregator.system import bring_into_line
from tests.makers import NOON, a_feed_spec, a_topic_spec
from tests.readers import HereReader

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HOUR, DAY = 3600, 86400

LONG = (
    "The corridor through which grain leaves the port has been open again since early this "
    "morning, and the first nine ships of the season passed the breakwater before noon while "
    "the harbour pilots, who had waited for weeks, counted them one by one."
)
"""Enough words that the same text is taken for the same article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One item as an outlet's document gives it."""

    guid: str
    title: str = "Grain corridor reopens"
    url: str | None = None  # made from the guid
    text: str = "Ships left the port this morning."
    at: int = NOON - HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One item as our Atom document gives it."""

    uri: str
    title: str
    url: str
    published: str
    updated: str
    html: str
    source: str  # title of its atom:source

    def credits(self, *outlets: str) -> bool:
        """Whether the visible line names exactly these, the lead first."""
        line = self.html.rsplit("<p>", 1)[-1]
        names = [each.split("</a>")[0].rsplit(">", 1)[-1] for each in line.split("<a ")[1:]]
        return names == list(outlets)


class FakeFetcher:
    """Answers from a table; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome] = {}
        self.asked: list[Request] = []

    def fetch(self, request: Request) -> Outcome:
        self.asked.append(request)
        answer = self.answers.get(request.url)
        if answer is None:
            return Failed(fault=Fault.STATUS, problem="404 Not Found", status=404)
        if isinstance(answer, Fetched) and answer.etag and request.etag == answer.etag:
            return NotModified(etag=answer.etag, last_modified=None, caching=answer.caching)
        return answer

    def post(self, post: Post) -> Outcome:
        raise AssertionError(f"nothing is sent here, and not to {post.url}")

    def close(self) -> None:
        pass


class Newsroom:
    """The kit, and the acts most tests begin with."""

    def __init__(self, store: Store) -> None:
        self.now: float = NOON
        self.net = FakeFetcher()
        self.reader = HereReader()
        self.kit = Kit(
            settings=Settings(
                site=Site(title="Desk", url="https://news.lane.test"),
                net=Net(workers=4, spacing=0.0),
            ),
            store=store,
            fetcher=self.net,
            strangers=self.net,
            reader=self.reader,
            clock=lambda: self.now,
            jitter=lambda: 0.0,
            authorize=lambda auth: "Basic secret",
            base="https://news.lane.test",
        )

    def follow(
        self,
        feeds: Iterable[FeedSpec | str] = (),
        topics: Iterable[TopicSpec] = (),
        **settings: object,
    ) -> None:
        """Bring the store into line with these feeds and topics, as a new feeds.yaml would."""
        specs = tuple(feed(each) if isinstance(each, str) else each for each in feeds)
        changed: dict[str, object] = {"feeds": specs, "topics": tuple(topics), **settings}
        self.kit = replace(self.kit, settings=replace(self.kit.settings, **changed))  # type: ignore[arg-type]
        bring_into_line(self.kit)

    def serves(self, name: str, *items: Told, etag: str | None = None, ttl: int = 0) -> None:
        """Let this outlet serve a document with these items."""
        self.net.answers[url_of(name)] = fetched(name, *items, etag=etag, ttl=ttl)

    def fails(
        self,
        name: str,
        status: int = 503,
        retry_after: float | None = None,
        host: str | None = None,
    ) -> None:
        """Let this outlet refuse, or the host it sends us on to."""
        self.net.answers[url_of(name)] = Failed(
            fault=Fault.GONE if status == 410 else Fault.STATUS,
            problem=f"answered {status}",
            status=status,
            retry_after=retry_after,
            host=host,
        )

    def poll(self, *names: str, stop: Event | None = None) -> PollReport:
        """Poll these feeds one after the other; without a name, whatever is due, once."""
        if not names:
            return poll_round(self.kit, Orders(owner="test", patience=0.0), stop=stop)
        reports = []
        for name in names:
            with self.kit.store.read() as tx:
                ids = chosen(tx, [name])
            orders = Orders(owner="test", feed_ids=ids, patience=0.0)
            reports.append(poll_round(self.kit, orders, stop=stop))
        return reports[-1]

    def restart(self) -> None:
        """Do what a daemon does first."""
        with self.kit.store.write() as tx:
            tx.feeds.release_leases()
            keep_up_with_clock(tx, self.now)

    def publish(self) -> list[str]:
        """Compose what is dirty; return the paths of documents whose bytes changed."""
        return [path for done in publish_due(self.kit) for path in done.changed]

    def hears(self, name: str, *items: Told) -> PollReport:
        """Serve, poll and publish."""
        self.serves(name, *items)
        report = self.poll(name)
        self.publish()
        return report

    def document(self, slug: str, ending: str = "atom") -> Document:
        """Return a topic's finished document."""
        with self.kit.store.read() as tx:
            found = tx.publications.document(f"topics/{slug}.{ending}")
        assert found is not None, f"topic {slug} was never published as {ending}"
        return found

    def documents(self, slug: str) -> tuple[bytes, ...]:
        """Return a topic's bytes in all formats."""
        return tuple(self.document(slug, ending).body for ending in ("atom", "rss", "json"))

    def shown(self, slug: str = "grain") -> list[Shown]:
        """Return the items of a topic's Atom document."""
        return shown_in(self.document(slug).body)

    def titles(self, slug: str = "grain") -> list[str]:
        """Return the titles of a topic's items."""
        return [each.title for each in self.shown(slug)]

    def entry(self, title: str, *, feed_name: str | None = None) -> Entry:
        """Return the one stored entry of this title."""
        found = [
            each
            for each in self.entries()
            if each.text.title == title and (feed_name is None or self.feed_name(each) == feed_name)
        ]
        assert len(found) == 1, f"{len(found)} entries are called {title!r}"
        return found[0]

    def entries(self) -> tuple[Entry, ...]:
        """Return all stored entries, oldest first."""
        with self.kit.store.read() as tx:
            return tuple(reversed(tx.entries.newest(limit=1000)))

    def feed_name(self, entry: Entry) -> str:
        """Return what its feed is called."""
        with self.kit.store.read() as tx:
            found = tx.feeds.get(entry.feed_id)
        assert found is not None
        return found.spec.name

    def act(self, verb: Verb, of: str, slug: str = "grain", **payload: str) -> Decision:
        """Do one editor's act through the entry of this title, and publish."""
        what = Act(
            verb=verb, entry=str(self.entry(of).id), topic=slug, actor="ida", payload=payload
        )
        decision = act(self.kit, what)
        self.publish()
        return decision

    def decisions(self) -> list[Decision]:
        """Return every decision, oldest first."""
        with self.kit.store.read() as tx:
            return list(reversed(tx.topics.decisions(limit=1000)))

    def verdict(self, title: str, slug: str = "grain") -> tuple[str, str] | None:
        """Return (state, because) of the story of the entry of this title."""
        entry = self.entry(title)
        with self.kit.store.read() as tx:
            topic = tx.topics.find(slug)
            assert topic is not None
            verdict = tx.topics.case(topic.id, entry.article_id).verdict
        return None if verdict is None else (str(verdict.state), verdict.because)


def feed(name: str, *, auth: bool = False, **said: object) -> FeedSpec:
    """Return the spec of the outlet of this name."""
    secret = Auth(basic="env:LOGIN") if auth else None
    return a_feed_spec(name=name, url=url_of(name), auth=secret, **said)  # type: ignore[arg-type]


def topic(slug: str = "grain", match: str = "grain", **said: object) -> TopicSpec:
    """Return the spec of a topic that publishes at once unless told otherwise."""
    said = {"mode": Mode.AUTO, "title": slug.title(), **said}
    return a_topic_spec(slug=slug, match=match, **said)  # type: ignore[arg-type]


def url_of(name: str) -> str:
    return f"https://{name}.example/feed.xml"


def fetched(name: str, *items: Told, etag: str | None = None, ttl: int = 0) -> Fetched:
    return answer(name, rss(name, items, ttl=ttl), etag=etag)


def answer(name: str, body: bytes, *, etag: str | None = None) -> Fetched:
    return Fetched(
        url=url_of(name),
        status=200,
        body=body,
        content_type="application/rss+xml",
        etag=etag,
        last_modified=None,
        caching=Caching(),
        wire_bytes=len(body),
    )


def rss(name: str, items: Sequence[Told], *, ttl: int = 0) -> bytes:
    """Return an RSS document; `ttl` in minutes."""
    told = "".join(
        f'<item><guid isPermaLink="false">{escape(each.guid)}</guid>'
        f"<title>{escape(each.title)}</title>"
        f"<link>{escape(each.url or f'https://{name}.example/{each.guid}')}</link>"
        f"<description>{escape(each.text)}</description>"
        f"<pubDate>{formatdate(each.at, usegmt=True)}</pubDate></item>"
        for each in items
    )
    wait = f"<ttl>{ttl}</ttl>" if ttl else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{name.title()}</title><link>https://{name}.example/</link>"
        f"<description>{name}</description><language>en</language>{wait}{told}</channel></rss>"
    ).encode()


def shown_in(body: bytes) -> list[Shown]:
    def text(entry: etree._Element, path: str) -> str:
        return str(entry.xpath(f"string({path})", namespaces=ATOM))

    return [
        Shown(
            uri=text(entry, "a:id"),
            title=text(entry, "a:title"),
            url=text(entry, "a:link[@rel='alternate']/@href"),
            published=text(entry, "a:published"),
            updated=text(entry, "a:updated"),
            html=unescape(text(entry, "a:content")),
            source=text(entry, "a:source/a:title"),
        )
        for entry in etree.fromstring(body).findall("a:entry", ATOM)
    ]


def failing_once(error: Exception) -> Callable[[], None]:
    """Return something that raises this the first time it is called."""
    left = [error]

    def fail() -> None:
        if left:
            raise left.pop()

    return fail
