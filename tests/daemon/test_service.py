"""The daemon polls, publishes, serves, follows its file, and ends when told to."""

from __future__ import annotations

import datetime
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Event, Thread

import apscheduler.schedulers.base
import pytest

from aggregator.config import load_settings
from aggregator.daemon import service
from aggregator.daemon.service import Service
from aggregator.errors import StoreFull, UsageError
from aggregator.flow.audience import audience
from aggregator.formats.opml import write_opml
from aggregator.model.exchange import Failed, Fault, Hop, Outcome, Post, Request
from aggregator.model.feed import FeedStatus, Outline, OutlineList
from aggregator.model.learn import LEARNT
from aggregator.model.lists import ListSpec
from aggregator.store.engine import SqliteStore, open_store
from aggregator.system import bring_into_line
from aggregator.web import shelf
from tests.flow.newsroom import DAY, Newsroom, Told, answer, topic, url_of
from tests.flow.test_suggest import GRAIN, PAST_LEAST, Wire, decided, topic_of_both

PROMISED = 5.0  # seconds from a stop to the end
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the same jobs look more often, so that nobody waits for these tests."""
    for name in ("POLL_EVERY", "PUBLISH_EVERY", "WATCH_EVERY", "FOLLOW_EVERY", "CLOCK_EVERY"):
        monkeypatch.setattr(service, name, 0.1)
    monkeypatch.setattr(service, "LEARN_EVERY", 0.1)
    monkeypatch.setattr(shelf, "LOOK_EVERY", 0.05)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "news.db")
    yield opened
    opened.close()


@pytest.fixture
def newsroom(store: SqliteStore) -> Newsroom:
    made = Newsroom(store)
    made.now = time.time()  # the scheduler goes by the clock on the wall
    return made


@contextmanager
def running(newsroom: Newsroom, *, poll: bool = True) -> Iterator[tuple[Service, int]]:
    """Run a service in a thread; gives it and its port, and ends it within what is promised."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made, ready = Service(newsroom.kit), Event()
    thread = Thread(
        target=made.run, args=("127.0.0.1", port), kwargs={"poll": poll, "ready": ready.set}
    )
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield made, port
    finally:
        made.stop()
        thread.join(PROMISED)
        late = thread.is_alive()
        thread.join(PATIENCE)
    assert not late, "it took longer to end than is promised"


def get(port: int, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def shows(port: int, words: bytes, slug: str = "grain") -> Callable[[], bool]:
    return lambda: words in get(port, f"/topics/{slug}.atom")[1]


def test_it_polls_publishes_serves_and_ends(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    with running(newsroom) as (_, port):
        until("the item is served", shows(port, b"Grain corridor reopens"))
        whole, body = get(port, "/topics/grain.atom")
        again, nothing = get(port, "/topics/grain.atom", **{"If-None-Match": whole.headers["ETag"]})
        page, _ = get(port, "/topics/grain")
    assert (whole.status, again.status, nothing, page.status) == (200, 304, b"", 200)
    assert body == newsroom.document("grain").body
    assert len(newsroom.net.asked) == 1


def test_what_comes_due_later_is_polled_then(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    with running(newsroom) as (_, port):
        until("the first item", shows(port, b"Grain corridor reopens"))
        newsroom.serves("wire", Told(guid="2", title="More grain"))
        newsroom.now += DAY
        until("the second item", shows(port, b"More grain"))
    assert len(newsroom.net.asked) == 2, "each once: when it was due"


def test_what_was_learnt_publishes_by_itself_where_it_may(newsroom: Newsroom) -> None:
    wire = Wire()
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    grain = wire.told(GRAIN)
    newsroom.serves("wire", grain)
    with running(newsroom) as (_, port):
        newsroom.now += DAY
        until("it is published", shows(port, grain.title.encode()))
    assert newsroom.decisions()[-1].actor == LEARNT


def test_a_live_list_adds_and_retires(newsroom: Newsroom) -> None:
    roll = "https://roll.example/blogs.opml"
    newsroom.follow((), [topic()], lists=(ListSpec(url=roll, name="roll"),))
    newsroom.serves("wire", Told(guid="1"))
    newsroom.serves("post", Told(guid="2", title="More grain", text="Other ships left too."))

    def lists(*names: str) -> None:
        outlines = tuple(Outline(url=url_of(name), title=name) for name in names)
        body = write_opml(OutlineList(title="Roll", outlines=outlines))
        newsroom.net.answers[roll] = replace(answer("roll", body), url=roll)

    def retired() -> list[str]:
        with newsroom.kit.store.read() as tx:
            return [feed.spec.url for feed in tx.feeds.all(FeedStatus.RETIRED)]

    lists("wire")
    with running(newsroom) as (_, port):
        until("what the list named", shows(port, b"Grain corridor reopens"))
        lists("post")
        newsroom.now += DAY
        until("what the list names now", shows(port, b"More grain"))
        until("what left it is retired", lambda: retired() == [url_of("wire")])


def test_serving_alone_polls_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    newsroom.net.asked.clear()
    newsroom.now += DAY
    with running(newsroom, poll=False) as (_, port):
        assert get(port, "/topics/grain.atom")[0].status == 200
        newsroom.hears("wire", Told(guid="2", title="More grain"))
        until("what another process published", shows(port, b"More grain"))
    assert len(newsroom.net.asked) == 1


@pytest.mark.parametrize("poll", [True, False])
def test_who_reads_is_counted(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, poll: bool
) -> None:
    monkeypatch.setattr(service, "TOLD_EVERY", 0.1)
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    with running(newsroom, poll=poll) as (_, port):
        reader = {"User-Agent": "Feedly/1.0 (312 subscribers)"}
        for _ in range(3):
            assert get(port, "/topics/grain.atom", **reader)[0].status == 200
        until("it is told", lambda: readers(newsroom)[0] == 3)
        get(port, "/topics/grain.atom", **reader)
    assert readers(newsroom) == (4, 312), "the last minute too"


def readers(newsroom: Newsroom) -> tuple[int, int]:
    told = audience(newsroom.kit, "grain", days=2).readership
    return told.requests, told.subscribers


class SlowFetcher:
    """Answers nothing until it is closed."""

    def __init__(self) -> None:
        self.asked, self._closed = Event(), Event()

    def fetch(self, request: Request) -> Outcome:
        self.asked.set()
        self._closed.wait()
        return Failed(fault=Fault.NETWORK, problem="we ended it")

    def post(self, post: Post) -> Outcome:
        raise AssertionError(f"nothing is sent here, and not to {post.url}")

    def close(self) -> None:
        self._closed.set()


def test_it_ends_in_time_while_an_origin_is_slow(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    slow = SlowFetcher()
    newsroom.kit = replace(newsroom.kit, fetcher=slow)
    with running(newsroom):
        assert slow.asked.wait(PATIENCE)
    with newsroom.kit.store.read() as tx:
        states = tx.feeds.states().values()
    assert [each.failures for each in states] == [0, 0], "that was no fault of theirs"


def test_a_port_that_is_taken_is_told(newsroom: Newsroom) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}.*--port"):
            Service(newsroom.kit).run("127.0.0.1", port, ready=lambda: None)


FILE = """\
version: 1
store: news.db
feeds:
  - {{url: {wire}, name: wire}}
{more}topics:
  - {{slug: grain, title: Harvest, mode: auto, match: '{match}'}}
"""


@pytest.fixture
def file(newsroom: Newsroom, tmp_path: Path) -> Path:
    """Give the feeds.yaml that the newsroom follows."""
    path = tmp_path / "feeds.yaml"
    path.write_text(FILE.format(wire=url_of("wire"), more="", match="grain"))
    newsroom.kit = replace(newsroom.kit, settings=load_settings(path))
    bring_into_line(newsroom.kit)
    newsroom.serves("wire", Told(guid="1", title="Grain"), Told(guid="2", title="Wheat", text="."))
    newsroom.serves("post", Told(guid="3", title="Wheat at the Post"))
    return path


def test_a_changed_file_is_taken_in(newsroom: Newsroom, file: Path) -> None:
    with running(newsroom) as (daemon, port):
        until("the first rule's item", shows(port, b"Grain"))
        more = f"  - {{url: {url_of('post')}, name: post}}\n"
        file.write_text(FILE.format(wire=url_of("wire"), more=more, match="wheat"))
        until("the new feed's item", shows(port, b"Wheat at the Post"))
        until("history by the new rule", shows(port, b"<title>Wheat</title>"))
        assert not shows(port, b"<title>Grain</title>")()
        assert [spec.name for spec in daemon.kit.settings.feeds] == ["wire", "post"]


def test_a_changed_gazetteer_is_taken_in(newsroom: Newsroom, file: Path) -> None:
    names = file.with_name("names.tsv")
    names.write_text("Mosul\n")
    more = "gazetteers: [{file: names.tsv, kind: place}]\n"
    file.write_text(FILE.format(wire=url_of("wire"), more=more, match="grain"))
    newsroom.kit = replace(newsroom.kit, settings=load_settings(file))
    with running(newsroom) as (daemon, _):
        names.write_text("Mosul\nErbil\n")
        phrases = (("mosul", "Mosul"), ("erbil", "Erbil"))
        until("both names", lambda: daemon.kit.settings.gazetteers[0].names == phrases)


def test_changed_net_settings_are_taken_in_without_a_restart(
    newsroom: Newsroom, file: Path
) -> None:
    with running(newsroom) as (daemon, port):
        until("the first item", shows(port, b"Grain"))
        before = daemon.kit.fetcher
        file.write_text(file.read_text() + "net: {allow: ['127.0.0.0/8']}\n")
        until("the new fetcher", lambda: daemon.kit.fetcher is not before)
        assert daemon.kit.settings.net.allow == ("127.0.0.0/8",)


@pytest.mark.parametrize("broken", ["version: 1\nfeedz: []\n", "version: 1\nfeeds: [", ""])
def test_a_broken_file_leaves_the_last_good_in_force(
    newsroom: Newsroom, file: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aggregator.daemon.service.file")
    with running(newsroom) as (daemon, port):
        until("the first item", shows(port, b"Grain"))
        good = daemon.kit.settings
        file.write_text(broken)
        until("it is told", lambda: "feeds.yaml not taken in" in caplog.text)
        assert daemon.kit.settings == good
        newsroom.now += DAY
        newsroom.serves("wire", Told(guid="9", title="Later grain"))
        until("it goes on polling", shows(port, b"Later grain"))

        file.write_text(FILE.format(wire=url_of("wire"), more="", match="wheat"))
        until("the mended file", shows(port, b"<title>Wheat</title>"))
        said = "feeds.yaml mended and taken in: feeds +0 −0, topics +0 −0"
        until("that is told, too", lambda: said in caplog.text)
    with newsroom.kit.store.read() as tx:
        assert [str(feed.status) for feed in tx.feeds.all()] == ["active"]


def test_a_file_that_vanished_leaves_the_last_good_in_force(
    newsroom: Newsroom, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(newsroom) as (daemon, port):
        until("the first item", shows(port, b"Grain"))
        file.unlink()
        until("it is told", lambda: "feeds.yaml not taken in" in caplog.text)
        assert [spec.name for spec in daemon.kit.settings.feeds] == ["wire"]


def test_a_full_store_is_told_once_and_all_goes_on_when_there_is_room(
    newsroom: Newsroom, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    tries: list[int] = []

    def no_room() -> None:
        tries.append(1)
        raise StoreFull("no space is left")

    with running(newsroom) as (_, port):
        until("the first item", shows(port, b"Grain corridor reopens"))
        store.before_commit = no_room
        newsroom.serves("wire", Told(guid="2", title="More grain"))
        newsroom.now += DAY
        until("it tries again and again", lambda: len(tries) > 3)
        assert shows(port, b"Grain corridor reopens")()
        told = [each for each in caplog.records if "cannot poll" in each.getMessage()]
        assert len(told) == 1
        assert told[0].levelno == logging.ERROR
        store.before_commit = None
        until("the second item", shows(port, b"More grain"))
    assert "can poll again" in caplog.text


def test_what_is_too_old_is_forgotten_while_it_runs(newsroom: Newsroom) -> None:
    with newsroom.kit.store.write() as tx:
        tx.ledger.count([Hop(host="old.example", status=200, bytes=1)], newsroom.now - 500 * DAY)

    def days() -> int:
        with newsroom.kit.store.read() as tx:
            return len(tx.ledger.days(0))

    assert days() == 1
    with running(newsroom):
        until("it is forgotten", lambda: days() == 0)


@pytest.mark.parametrize("job", ["follow_due", "fetch_pages_due", "push_due", "publish_due"])
def test_a_job_that_meets_a_bug_is_told_once_and_stops_no_other(
    newsroom: Newsroom, job: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("PAGES_EVERY", "PUSH_EVERY"):
        monkeypatch.setattr(service, name, 0.1)
    tries: list[int] = []

    def broken(*_: object, **__: object) -> None:
        tries.append(1)
        raise ZeroDivisionError("a bug of ours")

    well = getattr(service, job)
    monkeypatch.setattr(service, job, broken)
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    with running(newsroom) as (_, port):
        until("it tries again and again", lambda: len(tries) > 3)
        until("polling goes on", lambda: len(newsroom.net.asked) == 1)
        told = [each for each in caplog.records if each.getMessage().startswith("cannot ")]
        assert len(told) == 1
        assert told[0].exc_info is not None, "with the place of the bug"
        monkeypatch.setattr(service, job, well)
        until("all is well", lambda: "again" in caplog.text)
        until("the item is served", shows(port, b"Grain corridor reopens"))


def test_it_does_not_wait_for_a_clock_that_went_back(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    leap = datetime.timedelta()

    class Wall(datetime.datetime):
        """The clock on the wall, as the scheduler sees it."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Wall:
            return super().now(tz) + leap

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Wall)
    newsroom.follow(["wire"], [topic()])
    newsroom.serves("wire", Told(guid="1"))
    with running(newsroom) as (_, port):
        until("the first item", shows(port, b"Grain corridor reopens"))
        newsroom.serves("wire", Told(guid="2", title="More grain"))
        leap = -datetime.timedelta(days=365)
        newsroom.now -= 365 * DAY
        until("the second item", shows(port, b"More grain"))
    assert len(newsroom.net.asked) == 2, "no storm either"
