"""Articles that editors tell together or apart, and what decides which text is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.model.ids import ArticleId, DecisionId, EntryId
from aggregator.model.intake import Intake, Kept
from aggregator.model.story import Bond, Mark
from aggregator.ports import Store, Tx
from aggregator.store import retelling
from tests.makers import NOON, a_new_decision, a_text, an_arrival
from tests.store.acts import add_feed, add_topic, tell


def decide(tx: Tx) -> DecisionId:
    return tx.topics.decide(a_new_decision(topic_id=None, entry_id=None)).id


def reports(tx: Tx, count: int) -> list[ArticleId]:
    """Keep so many articles, all of one cluster and story."""
    feed = add_feed(tx)
    kept: list[Kept] = []
    for number in range(1, count + 1):
        arrival = an_arrival(
            feed_id=feed.id,
            guid=str(number),
            text=a_text(title=str(number)),
            article_id=number,
        )
        first = ArticleId(1)
        arrival = replace(arrival, opens=True, cluster_id=first, story_id=first)
        kept += tx.entries.keep(Intake(arrivals=(arrival,)))
    return [each.article_id for each in kept]


def split(tx: Tx, *entries: int) -> DecisionId:
    decision = decide(tx)
    named = [EntryId(each) for each in entries]
    public_ids = {each: f"split{each}" for each in named}
    with tx.journal.recording(decision):
        tx.retelling.split(ArticleId(1), named, public_ids, "split off", decision)
    return decision


def test_what_is_split_off_has_a_story_and_a_cluster_of_its_own(store: Store) -> None:
    with store.write() as tx:
        reports(tx, 4)
        split(tx, 2, 4)
        assert [(each.cluster_id, each.story_id) for each in tx.reports.since(0)] == [
            (1, 1),
            (2, 2),
            (1, 1),
            (2, 2),
        ]
        apart = {(each.one, each.other) for each in tx.reports.bonds() if not each.together}
    assert apart == {(1, 2), (1, 4), (2, 3), (3, 4)}


def test_the_rest_gets_another_head_when_the_head_leaves(store: Store) -> None:
    with store.write() as tx:
        reports(tx, 3)
        split(tx, 1)
        assert [(each.cluster_id, each.story_id) for each in tx.reports.since(0)] == [
            (1, 1),
            (2, 2),
            (2, 2),
        ]


def test_a_large_split_is_held_by_the_newest_of_both_sides(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "MOST_PAIRS", 3)
    with store.write() as tx:
        reports(tx, 5)
        split(tx, 1, 2)
        apart = {(each.one, each.other) for each in tx.reports.bonds()}
    assert apart == {(2, 3), (2, 4), (2, 5), (1, 5)}


def test_the_newest_of_two_stories_stand_in_for_those_that_were_cut(store: Store) -> None:
    with store.write() as tx:
        reports(tx, 2)
        split(tx, 2)
        for number, story in ((3, 1), (4, 2)):
            arrival = an_arrival(
                guid=str(number),
                text=a_text(title=str(number), published_at=NOON - 1),
                article_id=number,
            )
            head = ArticleId(story)
            arrival = replace(arrival, opens=True, cluster_id=head, story_id=head)
            tx.entries.keep(Intake(arrivals=(arrival,)))
        apart = {(each.one, each.other) for each in tx.reports.bonds() if not each.together}
        assert apart == {(1, 2), (3, 4)}
        decision = decide(tx)
        with tx.journal.recording(decision):
            tx.retelling.merge([ArticleId(1), ArticleId(2)], "merged", decision)
        assert all(each.together for each in tx.reports.bonds())


def test_a_merge_after_a_split_is_the_last_word(store: Store) -> None:
    with store.write() as tx:
        reports(tx, 2)
        split(tx, 2)
        decision = decide(tx)
        with tx.journal.recording(decision):
            told = tx.retelling.merge([ArticleId(2), ArticleId(1)], "merged", decision)
        assert told == (1, 2)
        assert tx.reports.bonds() == (Bond(one=ArticleId(1), other=ArticleId(2), together=True),)
        assert set(tx.stories.articles_of([ArticleId(2)]).values()) == {1}
        (pair,) = tx.retelling.labelled()
    assert (pair[0].text.title, pair[1].text.title, pair[2]) == ("1", "2", True)


def test_other_processes_learn_what_an_act_and_its_undo_moved(store: Store) -> None:
    with store.write() as tx:
        reports(tx, 3)
        before = tx.reports.mark()
        done = split(tx, 3)
        middle = tx.reports.mark()
        assert (3, 3, 3) in (tx.reports.moved(before) or ())
        undoing = decide(tx)
        with tx.journal.recording(undoing):
            tx.journal.reverse(done)
        assert list(tx.reports.moved(middle) or ()) == [(3, 1, 1)]
        assert tx.reports.moved(tx.reports.mark()) == []


def test_an_article_that_is_gone_and_there_again_is_told(store: Store) -> None:
    with store.write() as tx:
        feed, other = add_feed(tx), add_feed(tx, "post")
        first = tell(tx, "1", feed=feed)
        tell(tx, "2", feed=other, article_id=first.article_id)
        done = split(tx, 2)
        opened = tx.reports.mark()
        undoing, again = decide(tx), decide(tx)
        with tx.journal.recording(undoing):
            tx.retelling.vacate(done)
            tx.journal.reverse(done)
            tx.retelling.settle(done)
        assert (2, None, 2) in (tx.reports.moved(opened) or ())
        gone = tx.reports.mark()
        with tx.journal.recording(again):
            tx.retelling.vacate(undoing)
            tx.journal.reverse(undoing)
        assert tx.reports.moved(gone) is None
        assert tx.stories.of_entry(EntryId(2)) == 2
        assert tx.reports.moved(Mark(article=1, move=gone.move, act=gone.act)) is not None


def test_one_entry_leads_a_story(store: Store) -> None:
    with store.write() as tx:
        one, other, _ = reports(tx, 3)
        assert tx.retelling.lead(EntryId(2)) == (1, 2, 3)
        assert [tx.stories.lead(each) for each in (one, other)] == [1, 2]
        tx.retelling.lead(EntryId(3))
        view = tx.stories.find("s1")
    assert view is not None
    assert [source.entry.id for source in view.sources] == [3, 1, 2]


def test_a_case_tells_who_was_chosen_and_whose_text_is_fuller(store: Store) -> None:
    with store.write() as tx:
        feed, other, topic = add_feed(tx), add_feed(tx, "post"), add_topic(tx)
        first = tell(tx, "1", feed=feed, topic=topic, text=a_text(summary="Ships."))
        long = a_text(summary="Ships leave the port again, nine of them.")
        tell(tx, "2", feed=other, topic=topic, article_id=first.article_id, text=long)
        tx.retelling.lead(EntryId(2))
        one, two = tx.topics.case(topic.id, first.article_id).admitted
    assert (one.chosen, two.chosen) == (False, True)
    assert one.fullness < two.fullness
    assert one.place <= NOON
