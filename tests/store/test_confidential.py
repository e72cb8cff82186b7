"""What feeds with a login told: kept from searches for the public, read for holders of tokens."""

from __future__ import annotations

import pytest

from aggregator.core.query import parse_query
from aggregator.model.feed import Auth
from aggregator.model.ids import EntryId
from aggregator.model.topic import State
from aggregator.ports import Store
from aggregator.store.confidential import TOLD_IN
from aggregator.store.engine import open_store
from aggregator.store.searching import SqliteSearching
from tests.makers import NOON, a_verdict
from tests.store.acts import add_feed, add_topic, publish, tell

LOGIN = Auth(basic="env:LOGIN")


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("query", ["title:grain", "/gr.in/", "grain", "*", "feed:agency OR grain"])
def test_a_search_for_the_public_finds_nothing_of_a_feed_with_a_login(query: str, few: int) -> None:
    store = open_store(":memory:")
    with store.write() as tx:
        agency, wire = add_feed(tx, "agency", auth=LOGIN), add_feed(tx)
        for number in range(4):
            tell(tx, f"Grain a{number}", feed=agency)
        public = {tell(tx, f"Grain w{number}", feed=wire).entry_id for number in range(3)}
        search = SqliteSearching(tx.conn, tx.words, few=few)
        node = parse_query(query)
        assert len(search.find(node)) == 7
        assert set(search.find(node, public=True)) == public
        assert len(search.find(node, public=True, limit=2)) == 2  # private ones take no place
    store.close()


def test_what_private_feeds_told_in_a_topic_is_what_is_published_there(store: Store) -> None:
    with store.write() as tx:
        agency, wire = add_feed(tx, "agency", auth=LOGIN), add_feed(tx)
        lane, other = add_topic(tx), add_topic(tx, "other")
        told = [tell(tx, f"a{number}", feed=agency, topic=lane) for number in range(5)]
        public = tell(tx, "w", feed=wire, topic=lane)
        publish(tx, lane, public)
        joined = tell(tx, "again", feed=agency, topic=lane, article_id=public.article_id)
        elsewhere = tell(tx, "b", feed=agency, topic=other)
        said = (
            (told[0], State.PUBLISHED, NOON),
            (told[1], State.PUBLISHED, NOON + 60),
            (told[2], State.REJECTED, NOON),
            (told[3], State.PUBLISHED, NOON),  # withdrawn; the last one waits for an editor
            (elsewhere, State.PUBLISHED, NOON),
        )
        tx.topics.keep_verdicts(
            a_verdict(topic_id=lane.id, article_id=kept.article_id, state=state, since=since)
            for kept, state, since in said
        )
        tx.entries.set_withdrawn([told[3].entry_id], NOON)
    with store.read() as tx:
        found = tx.confidential.told_in(lane.id, limit=9)
        assert found == (told[1].article_id, public.article_id, told[0].article_id)
        assert tx.confidential.told_in(lane.id, limit=1) == found[:1]
        tellings = tx.confidential.tellings([public.article_id, told[3].article_id])
        assert {key: [each.entry.id for each in value] for key, value in tellings.items()} == {
            public.article_id: [public.entry_id, joined.entry_id]
        }
        keys = tx.confidential.key_hashes([public.entry_id, EntryId(999)])
        assert list(keys) == [public.entry_id]


def test_of_public_feeds_no_entry_is_looked_at() -> None:
    store = open_store(":memory:")
    with store.write() as tx:
        lane = add_topic(tx)
        plan = [
            row["detail"]
            for row in tx.conn.execute(
                f"EXPLAIN QUERY PLAN {TOLD_IN}", {"topic_id": lane.id, "whole": 0, "limit": 9}
            )
        ]
    store.close()
    assert plan[0] == "SCAN f USING INDEX feeds_private", plan
    reads = [step for step in plan[1:] if "TEMP B-TREE" not in step]
    assert len(reads) == 5 and all(step.startswith("SEARCH") for step in reads), plan
    assert not [step for step in reads if "AUTOMATIC" in step]
