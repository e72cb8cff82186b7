"""Who gets letters and what webhooks are to be told, on every backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.webhooks import call_id
from aggregator.errors import StoreRefused
from aggregator.model.feed import Origin
from aggregator.model.ids import ItemId, TopicId
from aggregator.model.letter import LetterFigures, LetterReader
from aggregator.model.topic import Every
from aggregator.model.webhook import HookEvent, HookFigures, HookItem, HookState, ItemState
from aggregator.ports import Store
from tests.makers import NOON, a_topic_spec

DAY = 86400
URL = "https://hook.example/in"


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
            skipped=(3, 5),
            next_at=2.5,
            taken_until=3.5,
            taken_to=9,
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
        names = [each.address.partition("@")[0] for each in tx.letters.due(50.0, 10, hold=900.0)]
        assert names == ["asked", "soon", "late"]
        assert len(tx.letters.due(50.0, 2, hold=900.0)) == 2
        assert tx.letters.due(5.0, 10, hold=900.0) == ()


def test_only_those_who_get_a_topic_get_it_again(store: Store) -> None:
    lane, sea = a_topic_of(store), a_topic_of(store, "sea")
    with store.write() as tx:
        tx.letters.add(a_reader(lane, "ida", confirmed_at=NOON, next_at=9e9))
        tx.letters.add(a_reader(lane, "bo", wants=Every.DAILY))
        tx.letters.add(a_reader(lane, "una", ended_at=NOON))
        tx.letters.add(a_reader(sea, "ida", confirmed_at=NOON, next_at=9e9))
        assert tx.letters.due_again(lane, NOON) == 1
        (due,) = tx.letters.due(NOON, 10, hold=900.0)
        assert (due.topic_id, due.address) == (lane, "ida@reader.example")
        assert tx.letters.waiting() == 1


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
        assert (
            tx.letters.forget(asked_before=NOON, ended_before=NOON - DAY, wished_before=NOON) == 3
        )
        left = {each.address.partition("@")[0] for each in tx.letters.all()}
        assert left == {"gets", "asked", "left", "again"}


def test_an_address_is_forgotten_in_every_topic(store: Store) -> None:
    lane, sea = a_topic_of(store), a_topic_of(store, "sea")
    with store.write() as tx:
        for topic_id in (lane, sea):
            tx.letters.add(a_reader(topic_id))
        tx.letters.add(a_reader(lane, "bo"))
        assert tx.letters.remove("ida@reader.example", "ida@reader.example") == 2
        assert [each.address for each in tx.letters.all()] == ["bo@reader.example"]


def test_what_somebody_has_taken_is_due_for_nobody_else_until_it_is_over(store: Store) -> None:
    lane = a_topic_of(store)
    with store.write() as tx:
        for name, until in (("held", 60.0), ("over", 50.0), ("ahead", 9e9), ("free", None)):
            tx.letters.add(a_reader(lane, name, next_at=1.0, taken_until=until))
        names = {each.address.partition("@")[0] for each in tx.letters.due(50.0, 9, hold=900.0)}
        assert names == {"over", "ahead", "free"}  # no clock that was right holds for so long


def test_wishes_are_counted_by_box_topic_and_time_and_forgotten(store: Store) -> None:
    lane, sea = a_topic_of(store), a_topic_of(store, "sea")
    box = "ida@reader.example"
    with store.write() as tx:
        tx.letters.wish(box, lane, NOON - DAY, asks=True)
        tx.letters.wish(box, sea, NOON, asks=True)
        tx.letters.wish(box, sea, NOON, asks=False)
        tx.letters.wish("bo@reader.example", sea, NOON, asks=True)
        assert tx.letters.questions(box, NOON - DAY) == ((sea, NOON),)
        assert tx.letters.questions(box, NOON - 2 * DAY) == ((lane, NOON - DAY), (sea, NOON))
        assert tx.letters.wishes_since(NOON - DAY) == 3
        tx.letters.forget(asked_before=0, ended_before=0, wished_before=NOON)
        assert tx.letters.wishes_since(0) == 3
        tx.letters.remove(box, box)
        assert tx.letters.wishes_since(0) == 1


def test_the_figures_tell_who_reads_who_was_asked_and_what_fails(store: Store) -> None:
    lane = a_topic_of(store)
    with store.write() as tx:
        assert tx.letters.figures(NOON) == LetterFigures()
        tx.letters.add(a_reader(lane, "ida", confirmed_at=NOON, next_at=NOON + 9.0))
        tx.letters.add(a_reader(lane, "bo", confirmed_at=NOON, next_at=float(NOON), failures=2))
        tx.letters.add(a_reader(lane, "una", wants=Every.DAILY, ask_at=float(NOON)))
        tx.letters.add(a_reader(lane, "gone", ended_at=NOON, failures=5))
        told = LetterFigures(readers=2, asked=1, due=2, failing=1)
        assert tx.letters.figures(NOON) == told


def test_a_topic_without_items_has_no_numbers_and_nothing_to_tell(store: Store) -> None:
    lane = a_topic_of(store)
    with store.read() as tx:
        assert tx.letters.numbers(lane, NOON) == (0, 0)
        assert tx.hooks.last(lane) == (0, 0)
        assert tx.hooks.watched(lane, NOON) == () and tx.hooks.gone(lane, 0) == ()
        assert tx.hooks.due(NOON, busy=(), limit=9) == () and tx.hooks.states(lane) == {}
        assert tx.hooks.figures() == HookFigures()


def test_what_is_told_anew_while_its_call_is_under_way_is_told_once_more(store: Store) -> None:
    lane = a_topic_of(store)
    item = HookItem(item_id=ItemId(7), number=1, uri="tag:7", state=ItemState.OUT, updated_at=NOON)
    with store.write() as tx:
        tx.hooks.tell(lane, URL, HookEvent.UPDATED, item, NOON)
        (first,) = tx.hooks.due(NOON, busy=(), limit=9)
        tx.hooks.tell(lane, URL, HookEvent.UPDATED, item, NOON + 0.5)
        tx.hooks.done(first)
        (again,) = tx.hooks.due(NOON + 1, busy=(), limit=9)
        assert call_id(again) != call_id(first)
        tx.hooks.done(again)
        assert tx.hooks.due(NOON + 1, busy=(), limit=9) == ()


def test_a_webhook_is_told_of_with_what_it_took_and_what_it_did_not(store: Store) -> None:
    lane = a_topic_of(store)
    item = HookItem(item_id=ItemId(7), number=1, uri="tag:7", state=ItemState.OUT, updated_at=NOON)
    with store.write() as tx:
        tx.hooks.tell(lane, URL, HookEvent.PUBLISHED, item, NOON)
        tx.hooks.refused(lane, URL, NOON + 1, "answered 500", lost=0, ends=False)
        tx.hooks.refused(lane, URL, NOON + 2, "answered 410", lost=3, ends=True)
        assert tx.hooks.states(lane)[URL] == HookState(
            url=URL,
            failed_at=NOON + 2,
            failures=2,
            lost=3,
            ended_at=NOON + 2,
            problem="answered 410",
            waiting=1,
        )
        told = HookFigures(failing=1, ended=1, lost=3, waiting=1, oldest=NOON)
        assert tx.hooks.figures() == told
        tx.hooks.took(lane, URL, NOON + 3)
        state = tx.hooks.states(lane)[URL]
        assert (state.told_at, state.failures, state.ended_at) == (NOON + 3, 0, None)
        tx.hooks.leave_out(lane, ["https://other.example/"])
        assert tx.hooks.states(lane) == {} and tx.hooks.waiting() == 0
