"""What holds of the engine on SQLite itself: views, locks, faults, plans."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.errors import StoreBusy, StoreError, StoreFull
from aggregator.model.ids import FeedId
from aggregator.model.intake import Intake
from aggregator.store import checks, sqlite
from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.leases import ASKED, DUE
from aggregator.store.publications import IN_ORDER
from aggregator.store.sqlite import Connection, connect
from tests.makers import a_change, a_new_decision, an_arrival
from tests.store.acts import add_feed, keep


@contextmanager
def raw(file: Path) -> Iterator[Connection]:
    conn = connect(file)
    try:
        yield conn
    finally:
        conn.close()


def in_a_thread(act: object) -> None:
    assert callable(act)
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def test_a_read_keeps_its_view_while_others_write(file_store: SqliteStore) -> None:
    def write() -> None:
        with file_store.write() as tx:
            tx.meta.set("name", "new")

    with file_store.read() as view:
        assert view.meta.get("name") is None
        in_a_thread(write)
        assert view.meta.get("name") is None
    with file_store.read() as view:
        assert view.meta.get("name") == "new"


def test_a_read_does_not_wait_for_the_writer(file_store: SqliteStore) -> None:
    seen: list[str | None] = []

    def read() -> None:
        with file_store.read() as tx:
            seen.append(tx.meta.get("name"))

    with file_store.write() as tx:
        tx.meta.set("name", "unfinished")
        in_a_thread(read)
    in_a_thread(read)
    assert seen == [None, "unfinished"]


def test_closing_leaves_no_connection_open(file: Path) -> None:
    store = open_store(file)
    with store.write() as tx:
        tx.meta.set("name", "value")
    together = threading.Barrier(3)

    def read() -> None:
        with store.read() as tx:
            together.wait(30)
            tx.meta.get("name")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert store.version()
    store.close()
    # The last connection to go takes the log and its index with it.
    assert not list(file.parent.glob("news.db-*"))


def test_a_read_under_way_ends_after_the_store_was_closed(file: Path) -> None:
    store = open_store(file)
    with store.read() as tx:
        tx.meta.get("name")
        in_a_thread(store.close)
        assert tx.meta.get("name") is None
    assert not list(file.parent.glob("news.db-*"))


def test_a_write_by_another_process_changes_the_version(
    file_store: SqliteStore, file: Path
) -> None:
    before = file_store.version()
    script = (
        "import sys; from aggregator.store.engine import open_store\n"
        "store = open_store(sys.argv[1], create=False)\n"
        "with store.write() as tx: tx.meta.set('name', 'theirs')\n"
        "store.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(file)], check=True, timeout=60)
    assert file_store.version() != before
    with file_store.read() as tx:
        assert tx.meta.get("name") == "theirs"


def test_a_store_held_too_long_is_busy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    store = open_store(file)
    with raw(file) as other:
        other.execute("BEGIN IMMEDIATE")
        said = r"news\.db.*another process.*try again"
        with pytest.raises(StoreBusy, match=said), store.write():
            pytest.fail("it cannot begin")
        with store.read() as tx:
            assert tx.feeds.all() == ()
        busy = {check: words for check, fine, words in store.doctor() if not fine}
        assert "another process" in busy["search index"]
        other.execute("ROLLBACK")
    with store.write() as tx:
        tx.meta.set("name", "value")
    store.close()


def test_a_full_disk_is_told_and_survived(file_store: SqliteStore) -> None:
    with file_store.write() as tx:
        feed = add_feed(tx)
        (pages,) = tx.conn.execute("PRAGMA page_count").fetchone()
        tx.conn.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreFull, match="no space is left"), file_store.write() as tx:
        for number in range(500):
            keep(tx, an_arrival(feed_id=feed.id, guid=str(number)))
    with file_store.write() as tx:
        assert tx.entries.count() == 0
        tx.conn.execute("PRAGMA max_page_count = 1000000")
        keep(tx, an_arrival(feed_id=feed.id))


def test_a_full_disk_inside_a_part_is_told(file_store: SqliteStore) -> None:
    with file_store.write() as tx:
        feed = add_feed(tx)
        (pages,) = tx.conn.execute("PRAGMA page_count").fetchone()
        tx.conn.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreFull), file_store.write() as tx, tx.savepoint():
        for number in range(500):
            keep(tx, an_arrival(feed_id=feed.id, guid=str(number)))
    with file_store.read() as tx:
        assert tx.entries.count() == 0


def test_a_write_can_be_made_to_fail_once(file: Path) -> None:
    left = [1]

    def fail_once() -> None:
        if left:
            left.pop()
            raise StoreFull("injected")

    store = open_store(file, before_commit=fail_once)
    with pytest.raises(StoreFull, match="injected"), store.write() as tx:
        tx.meta.set("name", "lost")
    with store.write() as tx:
        assert tx.meta.get("name") is None
        tx.meta.set("name", "kept")
    with store.read() as tx:
        assert tx.meta.get("name") == "kept"
    store.close()


@pytest.mark.parametrize("act", ["UPDATE decisions SET why = 'other'", "DELETE FROM decisions"])
def test_decisions_are_never_changed_nor_deleted(file_store: SqliteStore, act: str) -> None:
    with file_store.write(durable=True) as tx:
        decision = tx.topics.decide(a_new_decision(why="mine"))
    with pytest.raises(StoreError, match="a decision is never"), file_store.write() as tx:
        tx.conn.execute(act)
    with file_store.read() as tx:
        assert tx.topics.decisions(limit=9) == (decision,)


def test_only_a_durable_write_waits_for_the_disk(file_store: SqliteStore) -> None:
    for durable, level in ((False, 1), (True, 2), (False, 1)):
        with file_store.write(durable=durable) as tx:
            assert tx.conn.execute("PRAGMA synchronous").fetchone()[0] == level


def test_references_are_enforced(file_store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"), file_store.write() as tx:
        keep(tx, an_arrival(feed_id=FeedId(99)))


def test_what_was_seen_outlives_its_entry(file_store: SqliteStore) -> None:
    """Nothing tidies yet, so the test does: a revision of what is gone brings nothing back."""
    arrival = an_arrival()
    with file_store.write() as tx:
        feed = add_feed(tx)
        (gone,) = keep(tx, arrival)
        tx.entries.set_withdrawn([gone.entry_id], 1)
        tx.conn.execute("PRAGMA defer_foreign_keys = ON")
        tx.conn.execute("DELETE FROM entries")
        tx.conn.execute("DELETE FROM articles")
    with file_store.write() as tx:
        change = a_change(entry_id=gone.entry_id, digest=77)
        assert tx.entries.keep(Intake(changes=(change,))) == ()
        known = tx.entries.known(feed.id, [arrival.key_hash])
        assert known[arrival.key_hash].digest == 77
        (new,) = keep(tx, an_arrival(guid="new"))
        assert new.entry_id > gone.entry_id  # a number is never given twice
        assert new.article_id > gone.article_id


def test_the_doctor_finds_an_index_that_has_lost_an_entry(file_store: SqliteStore) -> None:
    with file_store.write() as tx:
        add_feed(tx)
        keep(tx, an_arrival())
        tx.conn.execute("UPDATE entries SET withdrawn_at = 1")  # past the port: still indexed
    found = {check: (fine, words) for check, fine, words in file_store.doctor()}
    assert found["search index"] == (False, "holds 1 of 0 entries")


def test_the_doctor_finds_broken_references(file_store: SqliteStore, file: Path) -> None:
    with raw(file) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("INSERT INTO topic_dirty VALUES (99, 0)")
    found = {check: (fine, words) for check, fine, words in file_store.doctor()}
    assert found["references"] == (
        False,
        "1 rows refer to rows that are not there, in topic_dirty",
    )


def test_the_doctor_warns_of_an_old_sqlite() -> None:
    name, fine, words = checks.sqlite_version((3, 40, 1))
    assert (name, fine) == ("sqlite", False)
    assert "3.40.1 can corrupt a WAL database under concurrent checkpoints" in words
    assert checks.sqlite_version((3, 51, 3)) == ("sqlite", True, "3.51.3")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            DUE.replace(":now", "1").replace(":hour", "1").replace(":weekday", "1"),
            "feed_state_due",
        ),
        (ASKED.replace(":now", "1").replace(":ids", "'[1]'"), "INTEGER PRIMARY KEY"),
        (
            "SELECT * FROM seen WHERE feed_id = 1"
            " AND key_hash IN (SELECT value FROM json_each('[1]'))",
            "USING PRIMARY KEY (feed_id=? AND key_hash=?)",
        ),
        (
            "SELECT id FROM entries WHERE url_hash IN (SELECT value FROM json_each('[1]'))",
            "entries_by_url",
        ),
        (
            "SELECT id FROM entries WHERE body_hash IN (SELECT value FROM json_each('[1]'))",
            "entries_by_body",
        ),
        (
            IN_ORDER.format(only="")
            .replace(":topic_id", "1")
            .replace(":now", "1")
            .replace(":limit", "9"),
            "items_by_number",
        ),
    ],
)
def test_hot_questions_are_answered_by_an_index(
    file_store: SqliteStore, query: str, index: str
) -> None:
    with file_store.read() as tx:
        plan = [row["detail"] for row in tx.conn.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any(index in step for step in plan), plan
    # What is read from end to end is read in order of that index, or was asked for.
    read_whole = [step for step in plan if step.startswith("SCAN")]
    assert all(index in step or "VIRTUAL TABLE" in step for step in read_whole), plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan or "json_each" in query
