"""Stored entries are known by the keys of now, whatever their addresses were read as before."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.core.identity import assign, guid_hash, identify, lookup_hashes
from aggregator.core.text import hash_text, signed64
from aggregator.core.urls import url_hash
from aggregator.flow import rekey as rekeying
from aggregator.flow.curate import withdraw
from aggregator.flow.poll import PollReport
from aggregator.flow.rekey import UNDER_WAY, URL_KEYS, rekey
from aggregator.model.entry import ParsedEntry
from aggregator.model.ids import EntryId
from aggregator.model.settings import Settings
from aggregator.store.engine import SqliteStore, open_store
from aggregator.system import open_kit
from tests.flow.newsroom import Newsroom, Told, topic
from tests.makers import NOON

FEEDS, TOPICS = ("wire", "post"), (topic(match="*"),)
Rows = list[tuple[object, ...]]


def keyless(number: int, query: str, **said: object) -> Told:
    """An item that its feed gives no id: its address is its key."""
    url = f"https://wire.example/a{number}?{query}"
    return Told(guid="", title=f"Grain {number}", url=url, **said)  # type: ignore[arg-type]


def said_again(newsroom: Newsroom, name: str, *told: Told) -> PollReport:
    """Let an outlet say this in a document of other bytes, which is read and kept; publish."""
    newsroom.serves(name, *told, ttl=1 + len(newsroom.net.asked))
    report = newsroom.poll(name)
    newsroom.publish()
    assert (report.polled, report.failed) == (1, 0)
    return report


def keys_of(store: SqliteStore) -> tuple[Rows, Rows]:
    """What entries are known by. Digests go by the raw document and are left out."""
    with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as conn:
        entries = conn.execute("SELECT title, guid, key_hash, url_hash FROM entries ORDER BY title")
        seen = conn.execute(
            "SELECT e.title, s.key_hash, s.url_hash FROM seen s JOIN entries e ON e.id = s.entry_id"
            " ORDER BY e.title, s.key_hash"
        )
        return entries.fetchall(), seen.fetchall()


def test_a_parameter_that_tracks_from_now_on_publishes_nothing_twice(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", *(keyless(n, f"id={n}&zz=rss") for n in range(4)))
    before = [each.uri for each in newsroom.shown()]
    newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    assert said_again(newsroom, "wire", *(keyless(n, f"id={n}&zz=mail") for n in range(4))).new == 0
    assert [each.uri for each in newsroom.shown()] == before
    copied = Told(guid="p1", title="Copied", url="https://wire.example/a2?zz=post&id=2")
    newsroom.hears("post", copied)
    assert newsroom.entry("Copied").article_id == newsroom.entry("Grain 2").article_id


def test_a_parameter_that_tracks_no_more_publishes_nothing_twice(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    newsroom.hears("wire", *(keyless(n, f"id={n}&zz=rss") for n in range(4)))
    before = newsroom.shown()
    newsroom.follow(FEEDS, TOPICS, tracking=())
    newsroom.now += 7200
    again = said_again(newsroom, "wire", *(keyless(n, f"id={n}&zz=rss") for n in range(4)))
    assert (again.new, again.revised) == (0, 4)
    assert newsroom.shown() == before, "no id, no date and no text has changed"


def test_a_store_has_the_keys_it_would_have_had_from_the_start(
    newsroom: Newsroom, store: SqliteStore, tmp_path: Path
) -> None:
    told = (
        keyless(1, "zz=rss&b=2"),
        keyless(2, "zz=rss"),
        Told(guid="own", title="Own id", url="https://wire.example/b?zz=rss"),
        Told(guid="shared", title="Shared 1", url="https://wire.example/c?zz=rss"),
        Told(guid="shared", title="Shared 2", url="https://wire.example/d?zz=rss"),
        Told(guid="shared", title="Shared 3", url="https://wire.example/d?zz=rss"),
        Told(guid="a|b", title="Odd id 1", url="https://wire.example/e?zz=rss"),
        Told(guid="a|b", title="Odd id 2", url="https://wire.example/f?zz=rss"),
        Told(guid="g" * 700, title="Long id", url="https://wire.example/g?zz=rss"),
    )
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", *told)
    newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    from_start = open_store(tmp_path / "other.db")
    try:
        other = Newsroom(from_start)
        other.follow(FEEDS, TOPICS, tracking=("zz",))
        other.hears("wire", *told)
        theirs = keys_of(from_start)
    finally:
        from_start.close()
    assert keys_of(store) == theirs
    assert said_again(newsroom, "wire", *told).new == 0


def test_two_that_come_to_one_address_stay_two_and_known(newsroom: Newsroom) -> None:
    told = [keyless(0, f"issue={n}", at=NOON - n) for n in range(3)]
    told = [replace(each, title=f"Issue {n}") for n, each in enumerate(told)]
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", *told)
    for tracking in (("issue",), ()):
        newsroom.follow(FEEDS, TOPICS, tracking=tracking)
        newsroom.now += 7200
        assert said_again(newsroom, "wire", *told).new == 0
        assert len(newsroom.shown()) == 3


def test_a_withdrawn_address_stays_out(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", Told(guid="1", title="Out", url="https://wire.example/x?zz=rss"))
    withdraw(newsroom.kit, str(newsroom.entry("Out").id), reason="asked to", actor="ida")
    newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    newsroom.hears("post", Told(guid="2", title="Again", url="https://wire.example/x?zz=post"))
    assert newsroom.entry("Again").withdrawn_at is not None


def test_interrupted_it_begins_again(
    newsroom: Newsroom, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "PAGE", 2)
    told = [keyless(n, f"id={n}&zz=rss") for n in range(7)]
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", *told)
    other = replace(newsroom.kit, settings=replace(newsroom.kit.settings, tracking=("zz",)))
    left = [3]

    def killed() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    store.before_commit = killed
    with pytest.raises(KeyboardInterrupt):
        rekey(other)
    store.before_commit = None
    with store.read() as tx:
        assert tx.meta.get(URL_KEYS) == UNDER_WAY
    assert rekey(other) == 5, "two were done already"
    assert rekey(other) == 0
    newsroom.kit = other
    assert said_again(newsroom, "wire", *told).new == 0


def test_who_still_has_other_settings_keeps_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", keyless(1, "zz=rss"))
    stale = newsroom.kit
    newsroom.now += 86400
    newsroom.serves("wire", keyless(1, "zz=rss"), keyless(2, "zz=rss"))
    newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    fresh, newsroom.kit = newsroom.kit, stale
    assert newsroom.poll("wire").new == 0
    assert newsroom.poll().polled == 0
    assert len(newsroom.entries()) == 1
    newsroom.kit, newsroom.now = fresh, newsroom.now + 3600
    assert newsroom.poll().new == 1


def test_it_tells_how_far_it_is(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rekeying, "PAGE", 2)
    monkeypatch.setattr(rekeying, "TOLD_EVERY", 1)
    newsroom.follow(FEEDS, TOPICS)
    newsroom.hears("wire", *(keyless(n, "zz=rss") for n in range(5)))
    with caplog.at_level(logging.INFO, logger=rekeying.__name__):
        newsroom.follow(FEEDS, TOPICS, tracking=("zz",))
    told = [record.__dict__ for record in caplog.records]
    assert [each["done"] for each in told if "done" in each] == [2, 4]
    assert (told[-1]["of"], told[-1]["changed"]) == (5, 5)


WRAPPED = "https://www.google.com/url?q=https%3A%2F%2Fwire.example%2Fgrain&sa=t"
OLD_KEY = "https://google.com/url?q=https%3A//wire.example/grain&sa=t"  # as 0.2.0 read it


def test_a_store_of_0_2_0_is_rekeyed_once(tmp_path: Path) -> None:
    file = tmp_path / "news.db"
    shutil.copy(Path(__file__).parent.parent / "fixtures" / "store-0.2.0.db", file)
    with closing(sqlite3.connect(file)) as conn:  # an entry that only 0.3.0 sees through
        conn.execute(
            "UPDATE entries SET url = ?, guid = ?, key_hash = ?, url_hash = ? WHERE id = 12",
            (WRAPPED, OLD_KEY, hash_text("url", OLD_KEY), signed64(OLD_KEY.encode())),
        )
        conn.execute(
            "UPDATE seen SET key_hash = ?, url_hash = ? WHERE entry_id = 12",
            (hash_text("url", OLD_KEY), signed64(OLD_KEY.encode())),
        )
        conn.commit()
    with open_kit(Settings(store=str(file))) as kit:
        assert rekey(kit) == 1
        assert rekey(kit) == 0
        with kit.store.read() as tx:
            pages = tx.keys.page(EntryId(0), limit=100)
            assert len(pages) == tx.keys.count() == 31
            for stored in pages:
                assert stored.url_hash == url_hash(stored.url)
                by_id = stored.key_hash == guid_hash(stored.key)
                again = identify([ParsedEntry(guid=stored.key if by_id else None, url=stored.url)])
                known = tx.entries.known(stored.feed_id, lookup_hashes(again))
                assert assign(again, known)[0].key_hash == stored.key_hash
                assert known[stored.key_hash].entry_id == stored.entry_id
            assert tx.entries.by_url(url_hash("https://wire.example/grain") or 0) == (12,)
