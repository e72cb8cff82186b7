"""A newsroom that follows only attackers: what is kept is harmless, what is published is clean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aggregator.flow.poll import Orders, PollReport, chosen, poll_round
from aggregator.formats.guard import GuardedReader
from aggregator.model.entry import Entry
from aggregator.model.feed import Feed, Rights
from aggregator.model.publication import Document
from aggregator.model.topic import PublishSpec
from aggregator.store.engine import open_store
from tests.flow.newsroom import DAY, Newsroom, answer, feed, shown_in, topic, url_of
from tests.net.shared import shared_tool

pytestmark = pytest.mark.corpus

GROUPS = {"xml", "encoding", "json", "poison"}
SLOW = {"attrs_50k.xml", "items_50k.xml"}  # they burn the reader's time and show nothing more here
PATIENCE = 60.0  # seconds: on a busy machine, too, each document fares alike in both rounds
MOST = 500  # items: more than there are, so that every attack is in the documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What two rounds over the same bad documents left behind."""

    first: PollReport
    second: PollReport
    feeds: dict[str, Feed]  # by the name of the bad document
    problems: dict[str, str | None]
    entries: tuple[Entry, ...]
    again: tuple[Entry, ...]  # the entries after the second round
    documents: tuple[Document, ...]
    changed: list[str]  # documents the second round changed


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    folder = tmp_path_factory.mktemp("bad_river")
    shared_tool("make_bad_inputs").write(str(folder / "bad"), GROUPS)
    paths = sorted(path for path in (folder / "bad").rglob("*.*") if path.name not in SLOW)
    store = open_store(folder / "news.db")
    try:
        with GuardedReader(workers=2, seconds=PATIENCE) as reader:
            yield after_two_rounds(Newsroom(store), reader, paths)
    finally:
        store.close()


def after_two_rounds(newsroom: Newsroom, reader: GuardedReader, paths: list[Path]) -> Aftermath:
    names = {f"bad{number}": path for number, path in enumerate(paths)}
    newsroom.kit = replace(newsroom.kit, reader=reader)
    newsroom.follow(
        [feed(name, rights=Rights.FULL) for name in names],
        [topic("attacks", "*", publish=PublishSpec(items=MOST))],
    )
    for name, path in names.items():
        newsroom.net.answers[url_of(name)] = answer(name, body_at_home(name, path))
    first = poll_all(newsroom)
    newsroom.publish()
    with newsroom.kit.store.read() as tx:
        found = {names[each.spec.name].name: each for each in tx.feeds.all()}
        states = tx.feeds.states()
        problems = {name: states[each.id].problem for name, each in found.items()}
    entries = newsroom.entries()
    documents = tuple(newsroom.document("attacks", end) for end in ("atom", "rss", "json"))
    newsroom.now += DAY
    # The same said in other bytes, so that each is read and judged anew; a line break too many
    # spoils the few whose characters are wider than a byte, and those then say so.
    for name, path in names.items():
        body = body_at_home(name, path) + b"\n"
        newsroom.net.answers[url_of(name)] = answer(name, body)
    second = poll_all(newsroom)
    return Aftermath(
        first=first,
        second=second,
        feeds=found,
        problems=problems,
        entries=entries,
        again=newsroom.entries(),
        documents=documents,
        changed=newsroom.publish(),
    )


def poll_all(newsroom: Newsroom) -> PollReport:
    with newsroom.kit.store.read() as tx:
        everybody = chosen(tx, [])
    return poll_round(newsroom.kit, Orders(owner="test", feed_ids=everybody, patience=0.0))


def body_at_home(name: str, path: Path) -> bytes:
    """Return a bad document as if each came from a site of its own.

    All of them link to one page; were that left so, they would be one story, and the texts of all
    but its lead would never be published.
    """
    return path.read_bytes().replace(b"//e.example/", f"//{name}.example/".encode())


def test_a_feed_gives_entries_or_says_in_words_why_not(aftermath: Aftermath) -> None:
    assert len(aftermath.feeds) > 140
    assert aftermath.first.polled == aftermath.second.polled == len(aftermath.feeds)
    giving = {entry.feed_id for entry in aftermath.entries}
    silent = {name for name, each in aftermath.feeds.items() if each.id not in giving}
    assert {"deep_100k.json", "empty.xml", "challenge_page.html"} <= silent
    assert len(silent) < 20
    for name in silent:
        assert " " in (aftermath.problems[name] or ""), name
    for name, problem in aftermath.problems.items():
        assert "the reader has a fault" not in (problem or ""), name


def test_nothing_that_is_kept_is_live(aftermath: Aftermath) -> None:
    checker = shared_tool("check_feed")
    for entry in aftermath.entries:
        text, check = entry.text, checker.Check()
        for html in (text.content, text.summary):
            check.html(html, "text")
        for line in (text.title, text.author, text.licence, text.source_title, *text.categories):
            check.title(line or "-", "line")
        for url in (text.url, text.image, text.source_url, *(each.url for each in text.enclosures)):
            assert url is None or re.match("https?://", url), url
        assert check.found == [], text
        assert not re.search(r"<script|root:", repr(text), re.IGNORECASE), text


def test_every_published_document_is_clean(aftermath: Aftermath) -> None:
    checker = shared_tool("check_feed")
    assert len(aftermath.documents) == 3
    for document in aftermath.documents:
        kind = document.path.rpartition(".")[2]
        found = checker.check(document.body, kind, f"https://news.lane.test/{document.path}")
        assert found == [], document.path
    (shown,) = [each for each in aftermath.documents if each.path.endswith(".atom")]
    assert len(shown_in(shown.body)) > 100


def test_a_second_round_writes_no_entry_and_changes_no_document(aftermath: Aftermath) -> None:
    assert (aftermath.second.new, aftermath.second.revised, aftermath.second.stories) == (0, 0, 0)
    assert aftermath.again == aftermath.entries
    assert aftermath.changed == []
