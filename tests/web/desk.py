"""A desk to look at from outside: a real store with feeds, topics and published stories."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from aggregator.flow.filing import desk, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.publish import publish
from aggregator.flow.setup import identity
from aggregator.model.entry import Text
from aggregator.model.exchange import Failed, Fault, Outcome, Post, Request
from aggregator.model.feed import Auth, Feed, FeedSpec, Origin
from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.intake import Intake
from aggregator.model.settings import Settings, Site
from aggregator.model.topic import NewDecision, Topic, TopicSpec, Verb
from aggregator.store.engine import open_store
from tests.makers import NOON, a_feed_spec, a_match, a_text, an_arrival
from tests.readers import Refusing

SITE = Site(title="Lane Desk", url="https://news.lane.org", contact="desk@lane.org")


class NoNet:
    """A fetcher for tests in which nothing is fetched."""

    def fetch(self, request: Request) -> Outcome:
        return Failed(fault=Fault.NETWORK, problem="there is no net here")

    def post(self, post: Post) -> Outcome:
        return Failed(fault=Fault.NETWORK, problem="there is no net here")

    def close(self) -> None:
        pass


@dataclass
class Desk:
    """The kit, and short words for what happens to it. `now` is its clock."""

    kit: Kit
    now: float = NOON
    seen: int = field(default=0)

    def feed(self, spec: FeedSpec | None = None, *, title: str = "The Wire") -> Feed:
        with self.kit.store.write() as tx:
            feed = tx.feeds.add(spec or a_feed_spec(), origin=Origin.FILE, now=self.now)
            site = feed.spec.url.rsplit("/", 1)[0] + "/"
            tx.feeds.learn(feed.id, title=title, site_url=site, lang="en", icon=None)
            found = tx.feeds.get(feed.id)
        assert found is not None
        return found

    def topic(self, spec: TopicSpec) -> Topic:
        with self.kit.store.write() as tx:
            return tx.topics.add(spec, origin=Origin.FILE, now=self.now)

    def tell(
        self,
        feed: Feed,
        *topics: Topic,
        text: Text | None = None,
        into: ArticleId | None = None,
        url: str | None = None,
        title: str | None = None,
    ) -> tuple[EntryId, ArticleId]:
        """An entry arrives, is admitted to these topics and published where they say so."""
        self.seen += 1
        url = url or f"https://{feed.spec.name}.example/{self.seen}"
        said = text or replace(a_text(), title=title or f"Report {self.seen}")
        arrival = an_arrival(
            feed_id=feed.id,
            guid=url,
            text=replace(said, url=url),
            first_seen_at=int(self.now),
            matches=tuple(a_match(topic_id=topic.id) for topic in topics),
            article_id=into,
            public_id=f"story{self.seen:011}",
        )
        with self.kit.store.write() as tx:
            (kept,) = tx.entries.keep(Intake(arrivals=(arrival,)))
            who = desk(tx, identity(tx, self.kit.settings.site, self.now))
            refresh_articles(tx, who, [kept.article_id], int(self.now))
        return kept.entry_id, kept.article_id

    def act(self, verb: Verb, topic: Topic, entry: EntryId, **payload: str) -> None:
        with self.kit.store.write(durable=True) as tx:
            tx.topics.decide(
                NewDecision(
                    at=int(self.now),
                    actor="ida",
                    verb=verb,
                    topic_id=topic.id,
                    entry_id=entry,
                    payload=payload,
                )
            )
            self._refresh(entry)

    def withdraw(self, entry: EntryId) -> None:
        with self.kit.store.write(durable=True) as tx:
            tx.entries.set_withdrawn([entry], int(self.now))
            self._refresh(entry)

    def _refresh(self, entry: EntryId) -> None:
        with self.kit.store.write(durable=True) as tx:
            story = tx.stories.of_entry(entry)
            assert story is not None
            who = desk(tx, identity(tx, self.kit.settings.site, self.now))
            refresh_articles(tx, who, [story], int(self.now))

    def publish(self, *slugs: str) -> None:
        publish(self.kit, slugs)

    def public_id(self, story: ArticleId) -> str:
        with self.kit.store.read() as tx:
            view = tx.stories.view(story)
        assert view is not None
        return view.story.public_id


@contextmanager
def a_desk(store: str | Path = ":memory:", *, site: Site = SITE) -> Iterator[Desk]:
    opened = open_store(store)
    here: list[Desk] = []
    kit = Kit(
        settings=Settings(site=site),
        store=opened,
        fetcher=NoNet(),
        strangers=NoNet(),
        reader=Refusing(AssertionError("nothing is read here")),
        clock=lambda: here[0].now,
        jitter=lambda: 0.5,
        authorize=lambda auth: "",
        base=site.url or "http://127.0.0.1:8000",
    )
    here.append(Desk(kit))
    try:
        yield here[0]
    finally:
        opened.close()


def private_spec(name: str = "agency") -> FeedSpec:
    return a_feed_spec(
        url="https://agency.example/secret.xml", name=name, auth=Auth(basic="env:AGENCY")
    )


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Served:
    """An application behind a real socket."""

    port: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send the path as it stands; header names are written with underscores."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, got, body)
        finally:
            connection.close()


@contextmanager
def served(app: ASGIApp) -> Iterator[Served]:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Served(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
