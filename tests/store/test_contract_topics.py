from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.errors import NotFound, StoreError, UsageError
from aggregator.model.feed import Origin, Rights
from aggregator.model.ids import DecisionId, EntryId, FeedId, TopicId
from aggregator.model.intake import Blocks, Intake
from aggregator.model.topic import (
    Case,
    Expect,
    Mode,
    PublishSpec,
    State,
    Tell,
    TopicStatus,
    Verb,
)
from aggregator.ports import Store
from tests.makers import (
    NOON,
    a_change,
    a_match,
    a_new_decision,
    a_new_item,
    a_text,
    a_topic_spec,
    a_verdict,
    an_admitted,
)
from tests.store.acts import add_feed, add_topic, publish, tell


def test_a_topic_comes_back_as_it_was_given(store: Store) -> None:
    spec = a_topic_spec(
        about="Ours",
        mode=Mode.AUTO,
        tell=Tell.STORIES,
        publish=PublishSpec(items=20, content=Rights.LINK, per_source=(5, 86400), delay=600),
        expect=Expect(inside=("https://a.example/1",), outside=("https://a.example/2",)),
        lang="en",
    )
    with store.write() as tx:
        added = tx.topics.add(spec, origin=Origin.DESK, now=NOON + 0.9)
    with store.read() as tx:
        assert tx.topics.get(added.id) == tx.topics.find("global-lane") == added
        assert tx.topics.all() == (added,)
        assert (added.spec, added.origin, added.created_at) == (spec, Origin.DESK, NOON)
        assert tx.topics.find("other") is None
        assert tx.topics.get(TopicId(9)) is None


def test_a_change_counts_the_version_up(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        spec = replace(topic.spec, match="wheat", slug="lane")
        tx.topics.change(topic.id, spec, origin=Origin.DESK)
        assert tx.topics.find("lane") == replace(topic, spec=spec, origin=Origin.DESK, version=2)
        assert tx.topics.find("global-lane") is None


def test_a_slug_is_taken_once(store: Store) -> None:
    with store.write() as tx:
        add_topic(tx)
        other = add_topic(tx, "other")
        with pytest.raises(UsageError, match="'global-lane' already"):
            add_topic(tx)
        with pytest.raises(UsageError, match="'global-lane' already"):
            tx.topics.change(other.id, a_topic_spec(), origin=Origin.FILE)


def test_a_topic_that_is_not_there_is_not_found(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(NotFound, match="no topic 9"):
            tx.topics.change(TopicId(9), a_topic_spec(), origin=Origin.FILE)
        with pytest.raises(NotFound):
            tx.topics.set_status(TopicId(9), TopicStatus.RETIRED)


def test_retired_topics_are_listed_apart(store: Store) -> None:
    with store.write() as tx:
        stays, goes = add_topic(tx), add_topic(tx, "goes")
        tx.topics.set_status(goes.id, TopicStatus.RETIRED)
        assert [each.id for each in tx.topics.all(TopicStatus.ACTIVE)] == [stays.id]
        assert [each.id for each in tx.topics.all(TopicStatus.RETIRED)] == [goes.id]
        assert len(tx.topics.all()) == 2


def test_what_entries_were_filed_by_is_remembered(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        assert tx.topics.filed_spec(topic.id) is None
        tx.topics.set_filed_spec(topic.id, "abc")
        assert tx.topics.filed_spec(topic.id) == "abc"


def test_a_case_holds_all_that_is_known(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        kept = tell(
            tx,
            "a",
            feed=feed,
            topic=topic,
            text=a_text(published_at=NOON - 60, updated_at=NOON - 30),
        )
        tell(tx, "b", feed=feed, topic=other, article_id=kept.article_id)
        decision = tx.topics.decide(a_new_decision(topic_id=topic.id, entry_id=kept.entry_id))
        tx.topics.decide(a_new_decision(topic_id=other.id, entry_id=kept.entry_id))
        item = publish(tx, topic, kept)
        found = tx.topics.case(topic.id, kept.article_id)
        assert found == Case(
            topic_id=topic.id,
            article_id=kept.article_id,
            admitted=(
                an_admitted(
                    entry_id=kept.entry_id,
                    feed_id=feed.id,
                    guid="a",
                    because="the rule says so",
                    place=NOON - 60,
                    published_at=NOON - 60,
                    updated_at=NOON - 30,
                    url=a_text().url,
                    fullness=found.admitted[0].fullness,
                ),
            ),
            decisions=(decision,),
            verdict=a_verdict(topic_id=topic.id, article_id=kept.article_id),
            item=item,
        )
        lonely = tell(tx, "c", feed=feed)
        assert tx.topics.case(topic.id, lonely.article_id) == Case(
            topic_id=topic.id, article_id=lonely.article_id
        )


def test_a_case_tells_decisions_on_any_entry_and_their_undoing(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        lead = tell(tx, "a", feed=feed, topic=topic)
        copy = tell(tx, "b", feed=feed, topic=topic, article_id=lead.article_id)
        first = tx.topics.decide(a_new_decision(topic_id=topic.id, entry_id=copy.entry_id))
        tx.topics.decide(a_new_decision(topic_id=topic.id, entry_id=None))
        undo = tx.topics.decide(
            a_new_decision(verb=Verb.UNDO, topic_id=None, entry_id=None, undo_of=first.id)
        )
        case = tx.topics.case(topic.id, lead.article_id)
        assert case.decisions == (first, undo)


def test_an_entry_admitted_by_rule_and_editor_is_admitted_once(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        kept = tell(tx, "a", feed=feed, topic=topic)
        by_me = [a_match(topic_id=topic.id, because="me")]
        tx.topics.admit(kept.entry_id, by_me, by_editor=True)
        (admitted,) = tx.topics.case(topic.id, kept.article_id).admitted
        assert (admitted.by_editor, admitted.because) == (True, "me")
        tx.topics.unadmit(kept.entry_id, topic.id)
        (admitted,) = tx.topics.case(topic.id, kept.article_id).admitted
        assert (admitted.by_editor, admitted.because) == (False, "the rule says so")


def test_a_withdrawn_entry_is_told_in_the_case(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        kept = tell(tx, "a", feed=add_feed(tx), topic=topic)
        tx.entries.set_withdrawn([kept.entry_id], NOON)
        (admitted,) = tx.topics.case(topic.id, kept.article_id).admitted
        assert admitted.withdrawn


def test_a_revision_replaces_what_the_rule_said_and_not_the_editor(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        by_rule, by_hand, anew = (add_topic(tx, slug) for slug in ("rule", "hand", "anew"))
        kept = tell(tx, "a", feed=feed, topic=by_rule)
        tx.topics.admit(kept.entry_id, [a_match(topic_id=by_hand.id)], by_editor=True)
        change = a_change(entry_id=kept.entry_id, matches=(a_match(topic_id=anew.id),))
        tx.entries.keep(Intake(changes=(change,)))
        admitted = [topic_id for topic_id, _ in tx.topics.topics_of([kept.article_id])]
        assert admitted == [by_hand.id, anew.id]


def test_readmitting_tells_whether_anything_changed(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        asked, other = add_topic(tx, "asked"), add_topic(tx, "other")
        kept = tell(tx, "a", feed=feed, topic=asked)
        tx.topics.admit(kept.entry_id, [a_match(topic_id=other.id)], by_editor=False)
        same = [a_match(topic_id=asked.id, because="the rule says so")]
        new = [a_match(topic_id=asked.id, because="otherwise")]
        assert not tx.topics.readmit(kept.entry_id, same, [asked.id])
        assert tx.topics.readmit(kept.entry_id, new, [asked.id])
        (admitted,) = tx.topics.case(asked.id, kept.article_id).admitted
        assert admitted.because == "otherwise"
        assert tx.topics.readmit(kept.entry_id, [], [asked.id])
        assert not tx.topics.readmit(kept.entry_id, [], [asked.id])
        assert tx.topics.case(asked.id, kept.article_id).admitted == ()
        assert len(tx.topics.case(other.id, kept.article_id).admitted) == 1


def test_topics_of_a_story_have_an_admission_a_verdict_or_an_item(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        a, b, c, _ = (add_topic(tx, slug) for slug in ("a", "b", "c", "d"))
        one = tell(tx, "1", feed=feed, topic=a)
        two = tell(tx, "2", feed=feed)
        tx.topics.keep_verdicts([a_verdict(topic_id=b.id, article_id=two.article_id)])
        publish(tx, c, two)
        tx.topics.drop_verdict(c.id, two.article_id)
        assert tx.topics.topics_of([two.article_id, one.article_id]) == (
            (a.id, one.article_id),
            (b.id, two.article_id),
            (c.id, two.article_id),
        )
        assert tx.topics.topics_of([]) == ()


def test_a_topic_shows_a_story_until_its_item_is_over(store: Store) -> None:
    with store.write() as tx:
        topic, feed = add_topic(tx), add_feed(tx)
        kept = tell(tx, "a", feed=feed, topic=topic)
        assert tx.topics.showing([kept.article_id]) == frozenset()
        item = publish(tx, topic, kept)
        assert tx.topics.showing([kept.article_id]) == {topic.id}
        tx.topics.change_item(replace(item, visible_until=NOON))
        assert tx.topics.showing([kept.article_id]) == frozenset()


def test_a_verdict_is_replaced_whole(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        kept = tell(tx, "a", feed=add_feed(tx), topic=topic)
        decision = tx.topics.decide(a_new_decision(topic_id=topic.id))
        first = a_verdict(
            topic_id=topic.id,
            article_id=kept.article_id,
            pinned=True,
            title="Ours",
            summary="In short",
            note="Note",
            decision_id=decision.id,
        )
        second = a_verdict(
            topic_id=topic.id, article_id=kept.article_id, state=State.REJECTED, since=NOON + 1
        )
        for verdict in (first, second):
            tx.topics.keep_verdicts([verdict])
            assert tx.topics.case(topic.id, kept.article_id).verdict == verdict
        tx.topics.drop_verdict(topic.id, kept.article_id)
        assert tx.topics.case(topic.id, kept.article_id).verdict is None


def test_an_items_id_is_its_topics_own(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        a, b = (tell(tx, guid, feed=feed, topic=topic) for guid in "ab")
        item = publish(tx, topic, a)
        taken = a_new_item(
            topic_id=topic.id, article_id=b.article_id, lead_entry_id=b.entry_id, uri=item.uri
        )
        assert tx.topics.has_uri(topic.id, item.uri)
        assert not tx.topics.has_uri(other.id, item.uri)
        with pytest.raises(UsageError, match="already has an item"):
            tx.topics.add_item(taken)
        tx.topics.add_item(replace(taken, topic_id=other.id))


def test_what_is_frozen_in_an_item_never_changes(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        lead = tell(tx, "a", feed=feed, topic=topic)
        copy = tell(tx, "b", feed=feed, topic=topic, article_id=lead.article_id)
        item = publish(tx, topic, lead)
        wanted = replace(
            item,
            lead_entry_id=copy.entry_id,
            updated_at=NOON + 60,
            text_digest=-5,
            visible_from=NOON + 1,
            visible_until=NOON + 99,
        )
        tx.topics.change_item(wanted)
        tx.topics.change_item(replace(wanted, uri="tag:other", first_published_at=5, number=7))
        assert tx.topics.case(topic.id, lead.article_id).item == wanted


def test_items_are_counted_by_their_leads_feed(store: Store) -> None:
    with store.write() as tx:
        wire, post, topic = add_feed(tx), add_feed(tx, "post"), add_topic(tx)
        for number, feed in enumerate((wire, wire, post)):
            publish(tx, topic, tell(tx, str(number), feed=feed), at=NOON + number)
        never = publish(tx, topic, tell(tx, "never", feed=wire), at=NOON + 9)
        tx.topics.change_item(replace(never, visible_until=never.visible_from))
        assert tx.topics.shown_by_source(topic.id, wire.id, NOON) == 2
        assert tx.topics.shown_by_source(topic.id, wire.id, NOON + 1) == 1
        assert tx.topics.shown_by_source(topic.id, post.id, NOON + 3) == 0


def test_summaries_count_what_waits_and_what_is_to_be_seen(store: Store) -> None:
    with store.write() as tx:
        feed, topic, empty = add_feed(tx), add_topic(tx), add_topic(tx, "empty")
        states = [State.NEW, State.NEW, State.HELD, State.REJECTED, State.PUBLISHED]
        for number, state in enumerate(states):
            kept = tell(tx, str(number), feed=feed)
            tx.topics.keep_verdicts(
                [a_verdict(topic_id=topic.id, article_id=kept.article_id, state=state)]
            )
        publish(tx, topic, kept, at=NOON + 5)
        publish(tx, topic, tell(tx, "ahead", feed=feed), at=NOON + 500)
        gone = tell(tx, "withdrawn", feed=feed)
        publish(tx, topic, gone, at=NOON + 4)
        tx.entries.set_withdrawn([gone.entry_id], NOON)
        first, second = tx.topics.summaries(NOON + 100)
        assert first.topic == topic
        assert (first.waiting, first.held, first.rejected, first.published) == (2, 1, 1, 1)
        assert first.last_item_at == NOON + 5
        assert second.topic == empty
        assert (second.waiting, second.published, second.last_item_at) == (0, 0, None)


def test_decisions_are_appended(store: Store) -> None:
    new = a_new_decision(
        verb=Verb.EDIT, payload={"title": "Ours “now”"}, why="clearer", topic_id=None
    )
    with store.write(durable=True) as tx:
        first = tx.topics.decide(new)
        second = tx.topics.decide(a_new_decision())
    with store.read() as tx:
        assert tx.topics.decision(first.id) == first
        assert (first.payload, first.why, first.topic_id) == (new.payload, "clearer", None)
        assert tx.topics.decisions(limit=10) == (second, first)
        assert tx.topics.decisions(limit=1) == (second,)
        assert tx.topics.decision(DecisionId(99)) is None


def test_an_undo_can_be_undone(store: Store) -> None:
    with store.write() as tx:
        act = tx.topics.decide(a_new_decision())
        assert not tx.topics.undone(act.id)
        undo = tx.topics.decide(a_new_decision(verb=Verb.UNDO, undo_of=act.id))
        assert tx.topics.undone(act.id)
        redo = tx.topics.decide(a_new_decision(verb=Verb.UNDO, undo_of=undo.id))
        assert not tx.topics.undone(act.id)
        assert tx.topics.undone(undo.id)
        assert not tx.topics.undone(redo.id)


def test_a_decision_cannot_undo_what_was_never_decided(store: Store) -> None:
    with pytest.raises(StoreError), store.write() as tx:
        tx.topics.decide(a_new_decision(verb=Verb.UNDO, undo_of=99))


def test_withdrawals_block_until_lifted(store: Store) -> None:
    with store.write() as tx:
        first, second = (
            tx.topics.decide(a_new_decision(verb=Verb.WITHDRAW, topic_id=None)).id for _ in "12"
        )
        named = {"entry": "8", "url": "-5", "body": "6", "feed": "7", "host": "a.example"}
        for kind, value in named.items():
            tx.withdrawals.add(kind, value, "court", NOON, first)
        tx.withdrawals.add("url", "-5", "author", NOON, second)
        assert tx.withdrawals.blocks() == Blocks(
            entries={EntryId(8): "court"},
            urls={-5: "author"},
            bodies={6: "court"},
            feeds={FeedId(7): "court"},
            hosts={"a.example": "court"},
        )
        tx.withdrawals.lift(second, NOON + 1)
        assert tx.withdrawals.blocks().urls == {-5: "court"}
        tx.withdrawals.lift(first, NOON + 2)
        assert tx.withdrawals.blocks() == Blocks()
