"""What came by a feed with a login is in no byte that the public can have.

The feed and all it ever says are marked with a word that is nowhere else; then every document,
page, list, file, figure and letter there is gets searched for it.
"""

from __future__ import annotations

import email
import gzip
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pytest
import zstandard

from aggregator.flow.hub import deliver
from aggregator.flow.letters import ask, confirm
from aggregator.flow.mailing import send_now
from aggregator.flow.private import Asked, query_feed, topic_feed
from aggregator.flow.retelling import merge
from aggregator.flow.tokens import create
from aggregator.flow.webhooks import call
from aggregator.model.exchange import Failed, Fault, Outcome, Post
from aggregator.model.hub import Delivery, Lane, Subscription
from aggregator.model.letter import Unsent
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every, HookSpec, Mode, PublishSpec, Tell, TopicSpec, Verb
from aggregator.ports import Store
from aggregator.store.engine import open_store
from aggregator.web.app import make_app
from aggregator.web.static_site import write_site
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, answer, feed, topic, url_of
from tests.web.desk import Served, served


class Watched(Newsroom):
    """A newsroom that remembers every document it ever published, brings each to a hub's
    subscriber, and tells webhooks and readers of letters of each item."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.kept: dict[tuple[str, str], bytes] = {}
        self.read: tuple[str, ...] = ()  # by e-mail
        self.net.post = self.post  # type: ignore[method-assign]
        self.kit = replace(self.kit, postman=self, secret=lambda place: "smtp://localhost")

    def publish(self) -> list[str]:
        changed = super().publish()
        for path in changed:
            with self.kit.store.read() as tx:
                document = tx.publications.document(path)
            assert document is not None
            self.kept[path, document.etag] = document.body
            deliver(self.kit, a_delivery(path, self.now), Lane.FAST)
        with self.kit.store.read() as tx:
            calls = tx.hooks.due(self.now, busy=(), limit=100)
        for each in calls:
            call(self.kit, each)
        for slug in self.read:
            send_now(self.kit, slug)
        return changed

    def reads(self) -> None:
        """Have somebody get every topic by e-mail."""
        for each in TOPICS:
            ask(self.kit, each.slug, "ida@reader.example", Every.DAILY)
        with self.kit.store.read() as tx:
            readers = tx.letters.all()
        for reader in readers:
            assert confirm(self.kit, reader.secret) is not None
        self.read = tuple(each.slug for each in TOPICS)

    def send(self, server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        """Take a letter, as a mail server would."""
        mail = email.message_from_bytes(letter, policy=default)
        said = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
        self.kept["a letter", f"{len(self.kept)}"] = letter + "".join(said).encode()
        return None

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass

    def post(self, post: Post) -> Outcome:
        brought = f"{post.url} {post.form} {post.headers}".encode() + (post.body or b"")
        self.kept["brought by the hub", f"{len(self.kept)}"] = brought
        return Failed(fault=Fault.NETWORK, problem="nobody listens")


def a_delivery(path: str, now: float) -> Delivery:
    subscription = Subscription(
        path=path,
        callback="https://reader.example/",
        host="reader.example",
        secret="secret",
        lease_until=now + HOUR,
        since=now,
    )
    return Delivery(id=1, subscription=subscription, made_at=now, due_at=now, attempts=0, version=1)


MARK = re.compile(rb"zyx", re.IGNORECASE)
ROUTES = Path(__file__).parents[2] / "docs" / "routes.md"
SMALL = PublishSpec(items=2)
LETTERS = LetterBox(smtp="env:SMTP_URL", sender="Desk <desk@lane.test>")
HOOK = HookSpec(url="https://hook.example/", secret="env:HOOK")
TOPICS = tuple(
    replace(each, letters=(Every.DAILY,), webhooks=(HOOK,))
    for each in (
        topic("grain", "grain", publish=SMALL),
        topic("review", "grain", publish=SMALL, mode=Mode.REVIEW),
        topic("whole", "grain", publish=SMALL, tell=Tell.STORIES),
    )
)


def secret_rss(*items: tuple[str, str, str]) -> bytes:
    """Return the feed of the agency: everything it can say has the mark in it."""
    told = "".join(
        f'<item><guid isPermaLink="false">zyx-{guid}</guid><title>Zyx {title}</title>'
        f"<link>https://zyx.example/{guid}</link><description>Zyx. {text}</description>"
        f"<author>zyx@zyx.example (Zyx)</author><category>Zyxcategory</category>"
        f'<source url="https://zyxsource.example/">Zyxsource</source>'
        f'<enclosure url="https://zyx.example/{guid}.mp3" type="audio/mpeg" length="9"/>'
        f"<pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate></item>"
        for guid, title, text in items
    )
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Zyx agency</title>'
        f"<link>https://zyx.example/</link><description>Zyx</description>{told}</channel></rss>"
    ).encode()


def hears(newsroom: Watched, *items: tuple[str, str, str]) -> None:
    newsroom.net.answers[url_of("zyx")] = answer("zyx", secret_rss(*items))
    newsroom.poll("zyx")
    newsroom.publish()
    newsroom.now += HOUR


def history(newsroom: Watched, *, auth: bool, topics: tuple[TopicSpec, ...] = TOPICS) -> None:
    """Let an agency and a wire tell of everything that can happen to a story."""
    newsroom.follow([feed("zyx", auth=auth, trust=1.0), "wire"], topics, letters=LETTERS)
    newsroom.publish()
    newsroom.reads()
    alone, first, edited = (
        ("1", "grain alone", "Oats."),
        ("2", "grain", LONG),
        ("3", "grain", "Rye."),
    )
    hears(newsroom, alone, first, edited)
    for number in range(6):
        told = Told(guid=f"w{number}", title=f"Wire grain {number}", text=f"Word{number} of it.")
        same = Told(guid="same", title="Wire grain again", text=LONG)
        newsroom.hears("wire", told, same)
        newsroom.now += HOUR
    hears(newsroom, alone, first, ("3", "grain, mended", "Rye and more."), ("4", "grain", "Gone."))
    hears(newsroom, alone, first)
    for title in ("Zyx grain alone", "Wire grain 1", "Wire grain again"):
        newsroom.act(Verb.APPROVE, title, "review")
    newsroom.act(Verb.NOTE, "Zyx grain alone", "review", note="Zyx says so.")
    newsroom.act(Verb.EDIT, "Zyx grain alone", "review", title="Zyx, as we put it")
    newsroom.act(Verb.PIN, "Zyx grain alone", "review")
    stories = [newsroom.entry(each).article_id for each in ("Zyx grain alone", "Wire grain 2")]
    merge(newsroom.kit, [f"s{each}" for each in stories], actor="ida", why="")
    newsroom.publish()


def addresses(newsroom: Watched) -> Iterator[str]:
    """Yield every address that docs/routes.md knows, for everything there is."""
    with newsroom.kit.store.read() as tx:
        slugs = [each.spec.slug for each in tx.topics.all()]
        views = [tx.stories.view(each.article_id) for each in newsroom.entries()]
    named = {
        "slug": slugs,
        "topic": slugs,
        "id": [each.story.public_id for each in views if each is not None],
        "n": [str(number) for number in range(1, 6)],
        "token": ["x" * 43],
        "name": ["site.css"],
    }
    for route in re.findall(r"^\| `(/[^`?]*)", ROUTES.read_text(), re.M):
        names = re.findall(r"\{(\w+)\}", route)
        for values in itertools.product(*(named[name] for name in names)):
            yield re.sub(r"\{\w+\}", "{}", route).format(*values)


def everything(newsroom: Watched, web: Served, out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield whatever the public can have, or could have had, each with its name."""
    for (path, etag), body in newsroom.kept.items():
        yield f"{path} {etag}", body
    with newsroom.kit.store.read() as tx:
        for path in tx.publications.paths():
            document = tx.publications.document(path)
            assert document is not None
            yield path, document.body
            yield f"{path} gzipped", gzip.decompress(document.gzip)
            yield f"{path} by zstd", unzstd(document.zstd) if document.zstd else b""
    seen: set[str] = set()
    waiting = [*addresses(newsroom)]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        got = web.ask(path)
        yield path, repr(got.headers).encode() + got.body
        if got.headers.get("content-type", "").startswith("text/html"):
            links = re.findall(r'(?:href|src)="(/[^"#]*)"', got.text)
            waiting += [link for link in links if "&" not in link]
    write_site(newsroom.kit, out, on_file=lambda name: None)
    for file in sorted(each for each in out.rglob("*") if each.is_file()):
        body = file.read_bytes()
        unpack = {".gz": gzip.decompress, ".zst": unzstd}.get(file.suffix, bytes)
        yield str(file), unpack(body)


def unzstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def leaks(found: Iterator[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """Return how much was searched, and where the mark was found."""
    count, marked = 0, []
    for name, body in found:
        count += 1
        if MARK.search(name.encode() + body):
            marked.append(name)
    return count, marked


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Watched]:
    store = open_store(tmp_path / "news.db")
    yield Watched(store)
    store.close()


@pytest.fixture
def web(newsroom: Watched) -> Iterator[Served]:
    with served(make_app(lambda: newsroom.kit)) as here:
        yield here


def test_what_came_by_a_login_is_in_no_public_byte(
    newsroom: Watched, web: Served, tmp_path: Path
) -> None:
    history(newsroom, auth=True)
    count, marked = leaks(everything(newsroom, web, tmp_path / "out"))
    assert marked == []
    assert count > 100
    names = " ".join(name for name, _ in newsroom.kept)
    kinds = ("grain.atom", "archive/1.rss", "corrections.atom", "by the hub", "a letter")
    for kind in kinds:
        assert kind in names
    unknown = web.ask("/bot?host=never.example").text
    assert web.ask("/bot?host=zyx.example").text.replace("zyx.", "never.") == unknown


def test_a_token_without_the_right_sees_none_of_it_and_one_with_it_does(
    newsroom: Watched,
) -> None:
    history(newsroom, auth=True)
    for private in (False, True):
        issued = create(newsroom.kit, "Ida", query=True, private=private)
        for ending in ("atom", "rss", "json"):
            asked = Asked(token=issued.token, secret=issued.secret, ending=ending)
            bodies = [
                *(topic_feed(newsroom.kit, asked, each.slug) for each in TOPICS),
                *(query_feed(newsroom.kit, asked, each) for each in ("grain", "*")),
            ]
            told = [body is not None and MARK.search(body) is not None for body in bodies]
            assert told == [private] * 5


def test_the_same_words_of_a_feed_without_a_login_are_found(
    newsroom: Watched, web: Served, tmp_path: Path
) -> None:
    """The search finds what there is to find: else the test above would prove nothing."""
    history(newsroom, auth=False)
    count, marked = leaks(everything(newsroom, web, tmp_path / "out"))
    assert len(marked) > count / 3
    for name in ("topics/grain.atom", "/topics/grain", "topics/grain/archive/1.atom"):
        assert name in marked


def test_what_was_public_before_its_feed_got_a_login_leaves_every_byte(
    newsroom: Watched, web: Served, tmp_path: Path
) -> None:
    history(newsroom, auth=False)
    write_site(newsroom.kit, tmp_path / "out", on_file=lambda name: None)
    newsroom.follow([feed("zyx", auth=True, trust=1.0), "wire"], TOPICS)
    newsroom.publish()
    newsroom.kept.clear()
    assert leaks(everything(newsroom, web, tmp_path / "out"))[1] == []
