from __future__ import annotations

from aggregator.model.ids import EntryId
from aggregator.model.publication import Archive
from aggregator.ports import Store, Tx
from tests.makers import NOON
from tests.store.acts import add_feed, add_topic, publish, tell

FIRST = Archive(number=1, first=1, last=2, closed_at=NOON)


def numbers(tx: Tx, topic_id: int) -> list[int | None]:
    """Numbers of what is visible, in the order it stands in."""
    found = tx.topics.all()[topic_id - 1]
    return [each.item.number for each in tx.publications.visible(found.id, NOON + 900, 99)]


def test_items_are_numbered_when_they_are_out_and_never_otherwise(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        publish(tx, topic, tell(tx, "b", feed=feed, topic=topic), at=NOON + 1)
        publish(tx, topic, tell(tx, "a", feed=feed, topic=topic), at=NOON)
        publish(tx, topic, tell(tx, "later", feed=feed, topic=topic), at=NOON + 500)
        tx.publications.number(topic.id, NOON + 5)
        assert numbers(tx, 1) == [None, 2, 1], "what is not out yet will be the newest"
        tx.publications.number(topic.id, NOON + 500)
        tx.publications.number(topic.id, NOON + 500)
        assert numbers(tx, 1) == [3, 2, 1]
        found = tx.publications.numbered(topic.id, 2, 3, NOON + 900)
        assert [each.lead.entry.guid for each in found] == ["later", "b"]


def test_an_archive_is_closed_and_what_it_leaves_out_is_not_numbered(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        kept = [tell(tx, guid, feed=feed, topic=topic) for guid in "abc"]
        for n, each in enumerate(kept):
            publish(tx, topic, each, at=NOON + n)
        tx.publications.number(topic.id, NOON + 5)
        tx.entries.set_withdrawn([kept[0].entry_id], NOON + 6)
        assert tx.archives.open(topic.id, NOON + 9) == (2, 3)
        closed = Archive(number=1, first=2, last=2, closed_at=NOON + 9)
        tx.archives.close(topic.id, closed, {2: [kept[1].entry_id]})
        assert tx.archives.open(topic.id, NOON + 9) == (3,)
        assert tx.archives.all(topic.id) == (closed,)
        assert tx.archives.newest(topic.id) == closed

        tx.entries.set_withdrawn([kept[0].entry_id], None)
        tx.publications.number(topic.id, NOON + 10)
        assert tx.archives.open(topic.id, NOON + 10) == (3, 4), "it comes as the newest"
        assert dict(tx.archives.uris(topic.id, [2, 4])) == {
            2: f"tag:desk.example,2026:{kept[1].article_id}",
            4: f"tag:desk.example,2026:{kept[0].article_id}",
        }


def test_archived_items_are_touched_when_a_source_goes_or_may_come_back(store: Store) -> None:
    with store.write() as tx:
        feed, post, topic = add_feed(tx), add_feed(tx, "post"), add_topic(tx)
        one = tell(tx, "a", feed=feed, topic=topic)
        copy = tell(tx, "a copy", feed=post, topic=topic, article_id=one.article_id)
        two = tell(tx, "b", feed=feed, topic=topic)
        publish(tx, topic, one, at=NOON)
        publish(tx, topic, two, at=NOON + 1)
        tx.publications.number(topic.id, NOON + 5)
        told = {1: [one.entry_id, copy.entry_id], 2: [two.entry_id]}
        tx.archives.close(topic.id, FIRST, told)

        def touched() -> tuple[int, ...]:
            return tx.archives.touched(topic.id, NOON + 9)

        assert touched() == ()
        tx.entries.set_withdrawn([copy.entry_id, two.entry_id], NOON + 6)
        assert touched() == (1, 2)
        tx.archives.tell(topic.id, 1, [one.entry_id], NOON + 9)
        tx.archives.tell(topic.id, 2, (), NOON + 9)
        assert touched() == ()
        tx.entries.set_withdrawn([copy.entry_id, two.entry_id], None)
        assert touched() == (1, 2)
        tx.archives.tell(topic.id, 1, [one.entry_id, copy.entry_id], NOON + 9)
        tx.archives.tell(topic.id, 2, [two.entry_id], NOON + 9)
        assert touched() == ()


def test_a_topics_numbers_and_archives_are_its_own(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        kept = tell(tx, "a", feed=feed, topic=topic)
        publish(tx, topic, kept)
        publish(tx, other, kept)
        for each in (topic, other):
            tx.publications.number(each.id, NOON)
        tx.archives.close(topic.id, FIRST, {1: [EntryId(kept.entry_id)]})
        assert tx.archives.newest(other.id) is None
        assert tx.archives.open(other.id, NOON) == (1,)
