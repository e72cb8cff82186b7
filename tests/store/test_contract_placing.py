"""By which keys entries are known, and how they came to stand where they stand."""

from __future__ import annotations

from dataclasses import replace

from aggregator.model.entry import Known
from aggregator.model.ids import EntryId
from aggregator.model.intake import Alias, Intake, Join, Related
from aggregator.model.prints import Print
from aggregator.model.topic import Decision, Verb
from aggregator.ports import Store
from tests.makers import NOON, a_new_decision, a_text, an_arrival
from tests.store.acts import add_feed, keep, tell


def test_keys_come_by_pages_of_entries_that_have_an_address(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        for guid in "abc":
            tell(tx, guid, feed=feed, text=a_text(url=f"https://wire.example/{guid}"))
        tell(tx, "d", feed=feed, text=a_text(url=None))
        first = tx.keys.page(EntryId(0), limit=2)
        assert [each.key for each in first] == ["a", "b"]
        assert [each.key for each in tx.keys.page(first[-1].entry_id, limit=2)] == ["c"]
        assert tx.keys.count() == 3
        assert (first[0].url, first[0].published_at) == ("https://wire.example/a", NOON - 3600)


def test_a_changed_key_is_known_and_the_old_one_is_not(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        kept = tell(tx, "a", feed=feed)
        (before,) = tx.keys.page(EntryId(0), limit=9)
        digest = tx.entries.known(feed.id, [before.key_hash])[before.key_hash].digest
        after = replace(before, key="new", key_hash=77, url_hash=78)
        tx.keys.change(before, after)
        assert tx.entries.known(feed.id, [before.key_hash, 77]) == {
            77: Known(entry_id=kept.entry_id, digest=digest, url_hash=78)
        }
        assert tx.keys.page(EntryId(0), limit=9) == (after,)
        assert tx.entries.by_url(78) == (kept.entry_id,)
        assert tx.keys.holder(feed.id, 77) == kept.entry_id
        assert tx.keys.holder(feed.id, before.key_hash) is None


def test_a_withdrawal_follows_the_address_of_its_own_entry_only(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (mine,) = keep(tx, an_arrival(guid="a", url_hash=4))
        (other,) = keep(tx, an_arrival(guid="b", url_hash=4))
        keys = tx.keys.page(EntryId(0), limit=9)
        decision = tx.topics.decide(a_new_decision(verb=Verb.WITHDRAW))
        for kind, value in (("entry", str(mine.entry_id)), ("url", str(keys[0].url_hash))):
            tx.withdrawals.add(kind, value, "asked to", NOON, decision.id)
        assert keys[1].entry_id == other.entry_id
        tx.keys.change(keys[1], replace(keys[1], url_hash=5))
        assert set(tx.withdrawals.blocks().urls) == {keys[0].url_hash}
        tx.keys.change(keys[0], replace(keys[0], url_hash=6))
        assert set(tx.withdrawals.blocks().urls) == {6}


def test_keys_that_an_entry_came_back_under_are_counted(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        kept = tell(tx, "a", feed=feed)
        assert tx.keys.others(feed.id, kept.entry_id) == 0
        alias = Alias(feed_id=feed.id, key_hash=9, entry_id=kept.entry_id, digest=1, url_hash=None)
        tx.entries.keep(Intake(aliases=(alias,)))
        assert tx.keys.others(feed.id, kept.entry_id) == 1


def test_what_is_related_is_told_from_both_sides(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        one = tell(tx, "a", feed=feed)
        near, nearer = (
            Related(entry_id=one.entry_id, likeness=likeness, because=f"{likeness:.0%}")
            for likeness in (0.5, 0.75)
        )
        (two,) = keep(tx, replace(an_arrival(guid="b"), related=(near,)))
        (three,) = keep(tx, replace(an_arrival(guid="c"), related=(nearer,)))
        found = tx.stories.related([one.entry_id])
        assert [(each.entry_id, each.other.entry.id) for each in found] == [
            (one.entry_id, three.entry_id),
            (one.entry_id, two.entry_id),
        ]
        (back,) = tx.stories.related([two.entry_id])
        assert (back.other.entry.id, back.likeness, back.because) == (one.entry_id, 0.5, "50%")
        assert back.other.feed == feed
        (outside,) = tx.stories.related([one.entry_id, two.entry_id])
        assert outside.other.entry.id == three.entry_id


def test_the_articles_of_a_story_are_told_with_their_reasons(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        one, two = (tell(tx, guid, feed=feed) for guid in "ab")
        tx.entries.keep(
            Intake(joins=(Join(into=one.article_id, joined=two.article_id, because="alike"),))
        )
        told = tx.placing.story(two.article_id)
        assert told == tx.placing.story(one.article_id)
        assert [(each.article_id, each.because) for each in told] == [
            (one.article_id, "first"),
            (two.article_id, "alike"),
        ]
        assert {each.story_id for each in told} == {one.article_id}
        view = tx.entries.view(two.entry_id)
        assert view is not None and view.story_id == one.article_id
        assert tx.placing.joined(two.entry_id) == "first"
        assert tx.placing.joined(EntryId(99)) == ""


def test_acts_beyond_topics_are_told_of_the_entries_they_name(store: Store) -> None:
    def act(verb: Verb, entry_id: int | None, undo_of: int | None = None) -> Decision:
        return tx.topics.decide(
            a_new_decision(verb=verb, topic_id=None, entry_id=entry_id, undo_of=undo_of)
        )

    with store.write() as tx:
        feed = add_feed(tx)
        one, two = (tell(tx, guid, feed=feed).entry_id for guid in "ab")
        lead = act(Verb.LEAD, one)
        act(Verb.UNDO, one, undo_of=lead.id)
        act(Verb.WITHDRAW, two)
        assert tx.placing.decisions([one]) == (lead,)
        assert tx.placing.withdrawn_why(one) is None
        tx.entries.take_back([one], NOON, "its publisher took it back")
        assert tx.placing.withdrawn_why(one) == "its publisher took it back"


def test_prints_are_had_by_their_entries(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        one, two = (tell(tx, guid, feed=feed).entry_id for guid in "ab")
        print_ = Print(shingles=b"12345678", head="It began", title="a", keys=(1, 2))
        tx.prints.keep([(one, NOON, print_)])
        (near,) = tx.prints.get([one, two]).values()
        assert (near.entry_id, near.at, near.print) == (one, NOON, replace(print_, keys=()))
