"""Who gets letters and what webhooks are to be told, on every backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import StoreRefused
from aggregator.model.feed import Origin
from aggregator.model.ids import TopicId
from aggregator.model.letter import LetterReader
from aggregator.model.topic import Every
from aggregator.ports import Store
from tests.makers import NOON, a_topic_spec

DAY = 86400


def a_topic_of(store: Store, slug: str = "lane") -> TopicId:
    with store.write() as tx:
        return tx.topics.add(a_topic_spec(slug=slug), origin=Origin.FILE, now=NOON).id


def a_reader(topic_id: TopicId, name: str = "ida", **said: object) -> LetterReader:
    reader = LetterReader(
        id=0,
        topic_id=topic_id,
        address=f"{name}@reader.example",
        every=Every.DAILY,
        secret=f"secret of {name} {topic_id}",
        asked_at=NOON,
    )
    return replace(reader, **said)  # type: ignore[arg-type]


def test_a_reader_comes_back_as_kept(store: Store) -> None:
    lane = a_topic_of(store)
    with store.write() as tx:
        kept = tx.letters.add(a_reader(lane, wants=Every.WEEKLY, ask_at=1.5))
        changed = replace(
            kept,
            secret="other",
            every=Every.WEEKLY,
            wants=None,
            ask_at=None,
            confirmed_at=NOON,
            sent_to=7,
            next_at=2.5,
            failures=2,
            problem="451",
        )
        assert tx.letters.get(kept.id) == kept
        tx.letters.save(changed)
    with store.read() as tx:
        assert tx.letters.all() == (changed,)
        assert tx.letters.of(lane, kept.address) == changed
        assert tx.letters.by_secret("other") == changed
        assert tx.letters.by_secret(kept.secret) is None
        assert tx.letters.counts() == ((lane, Every.WEEKLY, 1),)


def test_an_address_is_in_a_topic_once(store: Store) -> None:
    lane = a_topic_of(store)
    with pytest.raises(StoreRefused), store.write() as tx:
        tx.letters.add(a_reader(lane))
        tx.letters.add(a_reader(lane, secret="another"))


def test_what_is_due_comes_the_longest_waiting_first(store: Store) -> None:
    lane = a_topic_of(store)
    with store.write() as tx:
        for name, ask_at, next_at in (
            ("late", None, 30.0),
            ("asked", 10.0, None),
            ("ahead", None, 99.0),
            ("soon", None, 20.0),
            ("gone", None, None),
        ):
            tx.letters.add(a_reader(lane, name, ask_at=ask_at, next_at=next_at))
        names = [each.address.partition("@")[0] for each in tx.letters.due(50.0, 10)]
        assert names == ["asked", "soon", "late"]
        assert len(tx.letters.due(50.0, 2)) == 2 and tx.letters.due(5.0, 10) == ()


def test_only_those_who_get_a_topic_get_it_again(store: Store) -> None:
    lane, sea = a_topic_of(store), a_topic_of(store, "sea")
    with store.write() as tx:
        tx.letters.add(a_reader(lane, "ida", confirmed_at=NOON, next_at=9e9))
        tx.letters.add(a_reader(lane, "bo", wants=Every.DAILY))
        tx.letters.add(a_reader(lane, "una", ended_at=NOON))
        tx.letters.add(a_reader(sea, "ida", confirmed_at=NOON, next_at=9e9))
        assert tx.letters.due_again(lane, NOON) == 1
        (due,) = tx.letters.due(NOON, 10)
        assert (due.topic_id, due.address) == (lane, "ida@reader.example")
        assert tx.letters.waiting() == 1
        assert tx.letters.asked_since("ida@reader.example", NOON) == 2
        assert tx.letters.asked_since("ida@reader.example", NOON + 1) == 0


def test_who_never_answered_or_left_long_ago_is_forgotten(store: Store) -> None:
    lane, gone = a_topic_of(store), a_topic_of(store, "gone")
    with store.write() as tx:
        tx.letters.add(a_reader(lane, "gets", confirmed_at=1, asked_at=1))
        tx.letters.add(a_reader(lane, "asked", wants=Every.DAILY))
        tx.letters.add(a_reader(lane, "silent", wants=Every.DAILY, asked_at=1))
        tx.letters.add(a_reader(lane, "left", ended_at=NOON, asked_at=1))
        tx.letters.add(a_reader(lane, "long", ended_at=2, asked_at=1))
        tx.letters.add(a_reader(lane, "again", ended_at=2, wants=Every.DAILY))
        tx.letters.add(a_reader(gone, "other", confirmed_at=1, asked_at=1))
        tx.topics.remove(gone)
        assert tx.letters.forget(asked_before=NOON, ended_before=NOON - DAY) == 3
        left = {each.address.partition("@")[0] for each in tx.letters.all()}
        assert left == {"gets", "asked", "left", "again"}


def test_an_address_is_forgotten_in_every_topic(store: Store) -> None:
    lane, sea = a_topic_of(store), a_topic_of(store, "sea")
    with store.write() as tx:
        for topic_id in (lane, sea):
            tx.letters.add(a_reader(topic_id))
        tx.letters.add(a_reader(lane, "bo"))
        assert tx.letters.remove("ida@reader.example") == 2
        assert [each.address for each in tx.letters.all()] == ["bo@reader.example"]


def test_a_topic_without_items_has_no_numbers_and_nothing_to_tell(store: Store) -> None:
    lane = a_topic_of(store)
    with store.read() as tx:
        assert tx.letters.numbers(lane, NOON) == (0, 0)
        assert tx.hooks.last(lane) == (0, 0)
        assert tx.hooks.fresh(lane, 0, NOON) == tx.hooks.edited(lane, 9, NOON) == ()
        assert tx.hooks.gone(lane, 0) == () and tx.hooks.due(NOON, busy=(), limit=9) == ()
        assert tx.hooks.waiting() == 0
