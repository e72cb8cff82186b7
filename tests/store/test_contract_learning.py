"""What suggestions stand on: decisions in a topic, texts, and how common words are."""

from __future__ import annotations

from dataclasses import replace

from aggregator.model.feed import Origin
from aggregator.model.ids import DecisionId, EntryId, TopicId
from aggregator.model.learn import LEARNT, Frequencies
from aggregator.model.topic import Decision, LearnSpec, State, TopicStatus, Verb
from aggregator.ports import Store, Tx
from tests.makers import NOON, a_new_decision, a_text, a_topic_spec, a_verdict
from tests.store.acts import add_feed, add_topic, tell


def decide(
    tx: Tx,
    topic_id: TopicId | None,
    entry_id: EntryId | None,
    verb: Verb = Verb.APPROVE,
    actor: str = "ida",
) -> Decision:
    asked = a_new_decision(topic_id=topic_id, entry_id=entry_id, verb=verb, actor=actor)
    return tx.topics.decide(asked)


def test_decisions_are_those_on_entries_in_this_topic(store: Store) -> None:
    with store.write() as tx:
        topic, other = add_topic(tx), add_topic(tx, "other")
        first = decide(tx, topic.id, EntryId(1))
        decide(tx, other.id, EntryId(1))
        decide(tx, topic.id, None)
        undoing = decide(tx, topic.id, EntryId(1), Verb.UNDO)
        assert tx.learning.decided(topic.id) == (first, undoing)


def test_the_last_decision_is_that_of_an_editor(store: Store) -> None:
    with store.write() as tx:
        topic, other = add_topic(tx), add_topic(tx, "other")
        assert tx.learning.decided_last(topic.id, DecisionId(0)) == 0
        first = decide(tx, topic.id, EntryId(1))
        decide(tx, topic.id, EntryId(2), actor=LEARNT)
        decide(tx, other.id, EntryId(2))
        assert tx.learning.decided_last(topic.id, DecisionId(0)) == first.id
        assert tx.learning.decided_last(topic.id, first.id) == first.id
        assert tx.learning.decided_last(topic.id, DecisionId(first.id + 5)) == first.id + 5


def test_samples_come_in_the_order_asked_without_the_withdrawn(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        a, b, gone = (tell(tx, name, feed=feed) for name in ("a", "b", "gone"))
        tx.entries.set_withdrawn([gone.entry_id], NOON)
        asked = [b.entry_id, gone.entry_id, EntryId(999), a.entry_id]
        found = tx.learning.samples(asked)
        assert [(each.entry_id, each.title) for each in found] == [
            (b.entry_id, "b"),
            (a.entry_id, "a"),
        ]
        assert found[0].article_id == b.article_id
        assert found[0].story_id == b.article_id
        assert found[0].feed_id == feed.id


def test_waiting_is_new_and_held_newest_first_each_by_an_admitted_entry(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        told = {}
        for state in State:
            told[state] = tell(tx, state, feed=feed, topic=topic)
        copy = tell(tx, "copy", feed=feed, article_id=told[State.NEW].article_id)
        tx.topics.keep_verdicts(
            a_verdict(topic_id=topic.id, article_id=kept.article_id, state=state)
            for state, kept in told.items()
        )
        new, held = told[State.NEW], told[State.HELD]
        assert copy.entry_id > new.entry_id, "a copy the rule does not admit is not shown"
        assert tx.learning.waiting(topic.id, limit=9) == (
            (held.article_id, "held", held.entry_id),
            (new.article_id, "new", new.entry_id),
        )
        assert len(tx.learning.waiting(topic.id, limit=1)) == 1
        tx.entries.set_withdrawn([held.entry_id], NOON)
        assert tx.learning.waiting(topic.id, limit=9) == ((new.article_id, "new", new.entry_id),)


def test_outside_is_what_a_topic_knows_nothing_of(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        free, admitted, judged, gone = (
            tell(tx, "free", feed=feed, topic=other),
            tell(tx, "admitted", feed=feed, topic=topic),
            tell(tx, "judged", feed=feed),
            tell(tx, "gone", feed=feed),
        )
        copy = tell(tx, "copy", feed=feed, article_id=admitted.article_id)
        old = tell(tx, "old", feed=feed, text=a_text(title="old", published_at=NOON - 90_000))
        tx.topics.keep_verdicts([a_verdict(topic_id=topic.id, article_id=judged.article_id)])
        tx.entries.set_withdrawn([gone.entry_id], NOON)
        ids = [each.entry_id for each in (old, copy, gone, judged, admitted, free)]
        place = tx.learning.samples([free.entry_id])[0].place
        assert tx.learning.outside(topic.id, ids, place) == (free.entry_id,)
        assert tx.learning.outside(topic.id, ids, 0) == (old.entry_id, free.entry_id)


def test_words_are_counted_by_texts_not_by_how_often_they_stand(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        for title, summary in (
            ("Grain, grain", "grain"),
            ("Ships", "The 東京 grain"),
            ("Café", "ships"),
        ):
            kept = tell(tx, title, feed=feed, text=a_text(title=title, summary=summary))
        words = ("grain", "ships", "cafe", "東京", "none", "and", "grain")
        expected = {"grain": 2, "ships": 2, "cafe": 1, "東京": 1, "none": 0, "and": 0}
        found = tx.learning.frequencies(words)
        assert found == Frequencies(texts=kept.entry_id, having=expected)
        assert tx.learning.frequencies(()).having == {}
    with store.read() as tx:
        assert tx.learning.frequencies(words) == found
    with store.write() as tx:
        tx.entries.set_withdrawn([kept.entry_id], NOON)
        assert tx.learning.frequencies(["cafe"]).having == {"cafe": 0}


def test_an_empty_store_has_no_words(store: Store) -> None:
    with store.read() as tx:
        assert tx.learning.frequencies(["grain"]) == Frequencies(texts=0, having={"grain": 0})


def test_topics_that_may_publish_are_the_active_ones_that_say_so(store: Store) -> None:
    with store.write() as tx:
        add_topic(tx)
        spec = replace(a_topic_spec(slug="own"), learn=LearnSpec(publish_above=0.95))
        own = tx.topics.add(spec, origin=Origin.FILE, now=NOON)
        assert own.spec.learn.publish_above == 0.95
        assert tx.topics.find("own") == own, "the spec is kept whole"
        assert tx.learning.publishing() == (own.id,)
        tx.topics.set_status(own.id, TopicStatus.RETIRED)
        assert tx.learning.publishing() == ()
