from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import UsageError
from aggregator.model.ids import DecisionId
from aggregator.model.topic import State
from aggregator.ports import Store
from aggregator.store.engine import SqliteStore
from tests.makers import NOON, a_match, a_new_decision, a_verdict
from tests.store.acts import add_feed, add_topic, publish, tell
from tests.store.snapshot import rows_of


def decide(store: Store) -> DecisionId:
    with store.write() as tx:
        return tx.topics.decide(a_new_decision()).id


def act(store: Store, decision_id: DecisionId) -> None:
    """Change rows of every kind: put one in, change one, take one out."""
    with store.write() as tx, tx.journal.recording(decision_id):
        topic = tx.topics.find("global-lane")
        assert topic is not None
        (shown,) = tx.publications.visible(topic.id, NOON + 10, 9)
        spec = replace(topic.spec, match="wheat")
        tx.topics.change(topic.id, spec, origin=topic.origin)
        entry = shown.lead.entry
        tx.topics.keep_verdicts(
            [a_verdict(topic_id=topic.id, article_id=entry.article_id, state=State.HELD)]
        )
        tx.topics.change_item(replace(shown.item, visible_until=NOON + 5))
        tx.topics.readmit(entry.id, (), [topic.id])
        other = tx.entries.newest(limit=1)[0]
        tx.topics.admit(other.id, (a_match(topic_id=topic.id),), by_editor=False)
        tx.publications.mark_dirty(topic.id, NOON + 1 / 3)


@pytest.fixture
def decided(file_store: SqliteStore) -> DecisionId:
    with file_store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        publish(tx, topic, tell(tx, "1", feed=feed, topic=topic))
        tell(tx, "2", feed=feed)
        tx.publications.mark_dirty(topic.id, NOON + 0.1)
    return decide(file_store)


def test_an_act_is_reversed_row_by_row(
    file_store: SqliteStore, decided: DecisionId, file: Path
) -> None:
    before = rows_of(file)
    act(file_store, decided)
    assert rows_of(file) != before
    with file_store.write() as tx:
        touched = tx.journal.reverse(decided)
    assert rows_of(file) == before
    assert (touched.rows, len(touched.topics), len(touched.articles)) == (6, 1, 1)
    assert len(touched.entries) == 2


def test_an_undo_is_itself_undone_exactly(
    file_store: SqliteStore, decided: DecisionId, file: Path
) -> None:
    act(file_store, decided)
    after, undoing = rows_of(file), decide(file_store)
    with file_store.write() as tx, tx.journal.recording(undoing):
        tx.journal.reverse(decided)
    with file_store.write() as tx:
        tx.journal.reverse(undoing)
    assert rows_of(file) == after


def test_what_others_changed_since_stays(
    file_store: SqliteStore, decided: DecisionId, file: Path
) -> None:
    with file_store.read() as tx:
        topic = tx.topics.find("global-lane")
        assert topic is not None
        (shown,) = tx.publications.visible(topic.id, NOON + 10, 9)
    act(file_store, decided)
    with file_store.write() as tx:
        tx.topics.change_item(replace(shown.item, visible_until=NOON + 5, updated_at=NOON + 99))
        tx.journal.reverse(decided)
    with file_store.read() as tx:
        (now,) = tx.publications.visible(topic.id, NOON + 100, 9)
    assert (now.item.updated_at, now.item.visible_until) == (NOON + 99, None)


def test_nothing_is_noted_outside_of_an_act(
    file_store: SqliteStore, decided: DecisionId, file: Path
) -> None:
    act(file_store, decided)
    noted = rows_of(file, without=())["journal"]
    with file_store.write() as tx:
        add_topic(tx, "other")
    assert rows_of(file, without=())["journal"] == noted


def test_an_act_that_fails_leaves_no_note_and_no_trigger(
    file_store: SqliteStore, decided: DecisionId, file: Path
) -> None:
    before = rows_of(file, without=())
    with (
        pytest.raises(UsageError),
        file_store.write() as tx,
        tx.journal.recording(decided),
    ):
        add_topic(tx, "other")
        add_topic(tx, "other")
    assert rows_of(file, without=()) == before
    with file_store.write() as tx, tx.journal.recording(decided):
        add_topic(tx, "third")
    with file_store.read() as tx:
        assert tx.journal.touched(decided).rows == 1
