"""What readers last had, how it was corrected, what was withdrawn."""

from __future__ import annotations

from dataclasses import replace

from aggregator.model.correction import Corrections, Diff, Had, Kind, NewCorrection
from aggregator.model.ids import EntryId, ItemId
from aggregator.model.topic import Item, Topic
from aggregator.ports import Store, Tx
from tests.makers import NOON
from tests.store.acts import add_feed, add_topic, publish, tell

DIFF = Diff(title=(("=", "Grain "), ("-", "nine")), text=(("+", "ten “x”"),))


def an_item(tx: Tx, guid: str = "a", *, out: bool = True) -> tuple[Topic, Item]:
    topic = tx.topics.find("global-lane") or add_topic(tx)
    feed = tx.feeds.find("wire") or add_feed(tx)
    item = publish(tx, topic, tell(tx, guid, feed=feed, topic=topic))
    if out:
        tx.topics.change_item(replace(item, text_digest=1))
    return topic, item


def had(item: Item, *, text: str = "Nine ships.", rev: int = 1) -> Had:
    return Had(
        item_id=item.id, entry_id=item.lead_entry_id, rev=rev, ours=-5, title="Grain", text=text
    )


def a_correction(
    item: Item,
    *,
    kind: Kind = Kind.EDITED,
    policy: Corrections = Corrections.BUMP,
    diff: Diff | None = DIFF,
    entry_id: EntryId | None = None,
) -> NewCorrection:
    return NewCorrection(
        topic_id=item.topic_id,
        item_id=item.id,
        entry_id=entry_id or item.lead_entry_id,
        at=NOON,
        kind=kind,
        policy=policy,
        title="Grain",
        why="because",
        diff=diff,
    )


def add(tx: Tx, *corrections: NewCorrection) -> None:
    tx.corrections.add(corrections, keep=3)


def test_what_readers_had_is_kept_in_place_of_what_they_had_before(store: Store) -> None:
    with store.write() as tx:
        _, one = an_item(tx)
        _, other = an_item(tx, "b")
        both = [one.id, other.id]
        assert tx.corrections.came(both) == {}
        tx.corrections.keep_had([had(one), had(other, text="")])
        tx.corrections.keep_had([had(one, text="Ten ships.", rev=2)])
        assert tx.corrections.had(both) == {
            one.id: had(one, text="Ten ships.", rev=2),
            other.id: had(other, text=""),
        }
        assert tx.corrections.came([*both, ItemId(99)]) == {
            one.id: (one.lead_entry_id, 2, -5),
            other.id: (other.lead_entry_id, 1, -5),
        }


def test_items_that_were_revised_since_are_found_by_number(store: Store) -> None:
    with store.write() as tx:
        items = []
        for guid in "abc":
            topic, item = an_item(tx, guid)
            items.append(item)
        tx.publications.number(topic.id, NOON)
        one, two, three = items

        def revised(newest: int = 9, limit: int = 9, now: int = NOON) -> tuple[int, ...]:
            return tx.corrections.revised(topic.id, now, newest=newest, limit=limit)

        assert revised() == (), "nobody knows what readers had"
        tx.corrections.keep_had([had(one, rev=0), had(two, rev=0), had(three)])
        assert revised() == (2, 1)
        assert revised(limit=1) == (2,)
        assert revised(newest=2) == (2,)
        assert revised(now=NOON - 1) == ()
        tx.entries.set_withdrawn([two.lead_entry_id], NOON)
        assert revised() == (1,)


def test_a_correction_comes_back_as_it_was_told(store: Store) -> None:
    with store.write() as tx:
        topic, item = an_item(tx)
        add(tx, replace(a_correction(item), diff=replace(DIFF, title=(("-", "“nine”"),))))
        add(tx, a_correction(item, diff=None))
        newest, oldest = tx.corrections.shown(topic.id, NOON, 9)
        assert newest.diff is None
        assert oldest.diff == replace(DIFF, title=(("-", "“nine”"),))
        assert (oldest.why, oldest.title, oldest.at) == ("because", "Grain", NOON)
        assert tx.corrections.of_topic(topic.id, 9) == (newest, oldest)
        assert tx.corrections.of_topic(topic.id, 1) == (newest,)


def test_of_an_item_only_the_last_edits_are_kept(store: Store) -> None:
    with store.write() as tx:
        topic, item = an_item(tx)
        _, other = an_item(tx, "b")
        add(tx, a_correction(other), a_correction(item, kind=Kind.WITHDRAWN))
        for _ in range(5):
            add(tx, a_correction(item))
        kept = [(each.item_id, each.kind) for each in tx.corrections.of_topic(topic.id, 99)]
        assert kept == [
            *[(item.id, Kind.EDITED)] * 3,
            (item.id, Kind.WITHDRAWN),
            (other.id, Kind.EDITED),
        ]


def test_only_edits_by_the_lead_of_what_is_to_be_seen_are_shown(store: Store) -> None:
    with store.write() as tx:
        topic, item = an_item(tx)
        add(tx, a_correction(item))
        assert len(tx.corrections.shown(topic.id, NOON, 9)) == 1
        assert tx.corrections.shown(topic.id, NOON - 1, 9) == (), "it is not out yet"

        tx.topics.change_item(replace(item, visible_until=NOON + 5))
        assert len(tx.corrections.shown(topic.id, NOON + 4, 9)) == 1
        assert tx.corrections.shown(topic.id, NOON + 5, 9) == ()

        tx.topics.change_item(item)
        tx.entries.set_withdrawn([item.lead_entry_id], NOON)
        assert tx.corrections.shown(topic.id, NOON, 9) == ()
        (hidden,) = tx.corrections.of_topic(topic.id, 9)
        assert (hidden.title, hidden.why, hidden.diff) == ("", "", None)

        tx.entries.set_withdrawn([item.lead_entry_id], None)
        add(tx, a_correction(item, policy=Corrections.SILENT))
        add(tx, a_correction(item, entry_id=EntryId(77)))
        assert len(tx.corrections.shown(topic.id, NOON, 9)) == 1
        assert len(tx.corrections.of_topic(topic.id, 9)) == 3


def test_the_last_edit_that_is_to_be_marked_is_the_mark(store: Store) -> None:
    with store.write() as tx:
        _, item = an_item(tx)
        add(tx, a_correction(item))
        assert tx.corrections.marks([item.id]) == {}
        add(tx, replace(a_correction(item, policy=Corrections.MARK), why="first"))
        add(tx, replace(a_correction(item, policy=Corrections.MARK), why="last"))
        add(tx, a_correction(item, policy=Corrections.MARK, entry_id=EntryId(77)))
        assert tx.corrections.marks([item.id])[item.id].why == "last"


def test_a_withdrawal_is_known_once_and_over_when_its_entry_is_back(store: Store) -> None:
    with store.write() as tx:
        topic, item = an_item(tx)
        _, never_out = an_item(tx, "b", out=False)
        assert tx.corrections.taken_out(topic.id, NOON) == ()
        tx.entries.take_back([item.lead_entry_id, never_out.lead_entry_id], NOON, "took it back")
        (out,) = tx.corrections.taken_out(topic.id, NOON)
        assert (out.item_id, out.entry_id) == (item.id, item.lead_entry_id)
        assert (out.at, out.why) == (NOON, "took it back")
        assert tx.corrections.taken_out(topic.id, NOON + 1) == ()

        add(tx, a_correction(item, kind=Kind.WITHDRAWN))
        assert tx.corrections.taken_out(topic.id, NOON) == ()
        assert tx.corrections.returned(topic.id) == ()
        (stone,) = tx.corrections.tombstones(topic.id, 9)
        assert (stone.uri, stone.at, stone.why) == (item.uri, NOON, "because")

        tx.entries.set_withdrawn([item.lead_entry_id], None)
        (back,) = tx.corrections.returned(topic.id)
        assert back.item_id == item.id
        add(tx, a_correction(item, kind=Kind.RETURNED))
        assert tx.corrections.returned(topic.id) == ()
        assert tx.corrections.tombstones(topic.id, 9) == ()

        tx.entries.set_withdrawn([item.lead_entry_id], NOON + 9)
        (again,) = tx.corrections.taken_out(topic.id, NOON)
        assert (again.at, again.why) == (NOON + 9, None)


def test_tombstones_come_last_first_and_silent_ones_not(store: Store) -> None:
    with store.write() as tx:
        items = []
        for guid in "abcd":
            topic, item = an_item(tx, guid)
            tx.entries.set_withdrawn([item.lead_entry_id], NOON)
            items.append(item)
        for item in items:
            add(tx, a_correction(item, kind=Kind.WITHDRAWN))
        add(tx, a_correction(items[3], kind=Kind.RETURNED))
        silent = a_correction(items[3], kind=Kind.WITHDRAWN, policy=Corrections.SILENT)
        add(tx, silent)
        found = tx.corrections.tombstones(topic.id, 2)
        assert [each.uri for each in found] == [items[2].uri, items[1].uri]
