from __future__ import annotations

from dataclasses import replace

from aggregator.model.ids import ArticleId
from aggregator.model.intake import Arrival, Intake, Join, Merge
from aggregator.model.topic import State
from aggregator.ports import Store
from tests.makers import NOON, a_new_decision, a_text, a_verdict, an_arrival
from tests.store.acts import add_feed, add_topic, keep, publish, tell


def told_at(published: int | None, **where: int) -> Arrival:
    return an_arrival(
        guid=f"told at {published}",
        text=a_text(published_at=published),
        join_because="first" if not where else "same text",
        **where,  # type: ignore[arg-type]
    )


def test_an_arrival_opens_a_story_and_leads_it(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        (kept,) = keep(tx, an_arrival(public_id="f00d", text=a_text(published_at=NOON - 99)))
        view = tx.stories.view(kept.article_id)
        assert view is not None
        assert (view.story.public_id, view.story.lead_entry_id) == ("f00d", kept.entry_id)
        assert (view.story.first_at, view.story.last_at, view.story.size) == (
            NOON - 99,
            NOON - 99,
            1,
        )
        (source,) = view.sources
        assert (source.entry.id, source.feed, source.because) == (kept.entry_id, feed, "first")
        assert tx.stories.of_entry(kept.entry_id) == kept.article_id


def test_an_arrival_joins_with_its_because(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (first,) = keep(tx, told_at(NOON - 100))
        later, earlier = keep(
            tx,
            told_at(NOON - 50, article_id=first.article_id),
            told_at(NOON - 200, article_id=first.article_id),
        )
        assert later.article_id == earlier.article_id == first.article_id
        view = tx.stories.view(first.article_id)
        assert view is not None
        assert [each.because for each in view.sources] == ["first", "same text", "same text"]
        assert view.story.size == 3
        assert (view.story.first_at, view.story.last_at) == (NOON - 200, NOON - 50)
        assert view.story.lead_entry_id == first.entry_id
        assert tx.stories.entry_ids(first.article_id) == (
            first.entry_id,
            earlier.entry_id,
            later.entry_id,
        )


def test_a_story_is_found_by_number_or_public_id(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(public_id="f00d"))
        by_number = tx.stories.find(f"s{kept.article_id}")
        assert by_number is not None
        assert tx.stories.find("f00d") == by_number == tx.stories.view(kept.article_id)
        for handle in ("f00", "s", "s99", f"{kept.article_id}", "s²", ""):
            assert tx.stories.find(handle) is None
        assert tx.stories.view(ArticleId(99)) is None


def test_stories_come_newest_first(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        a, b, c = (tell(tx, guid, feed=feed).article_id for guid in "abc")
        for topic_id, article_id, state in (
            (topic.id, a, State.NEW),
            (topic.id, b, State.HELD),
            (other.id, a, State.NEW),
            (other.id, c, State.NEW),
        ):
            verdict = a_verdict(topic_id=topic_id, article_id=article_id, state=state, because="so")
            tx.topics.keep_verdicts([verdict])

        def in_topic(state: str | None = None) -> list[int]:
            found = tx.stories.in_topic(topic.id, state=state, limit=10)
            return [each.story.id for each in found]

        assert [each.story.id for each in tx.stories.newest(limit=10)] == [c, b, a]
        assert in_topic() == [b, a]
        assert in_topic("held") == [b]
        assert [each.story.id for each in tx.stories.newest(limit=1)] == [c]
        (view,) = tx.stories.in_topic(other.id, limit=10)[1:]
        assert view.topics == (("global-lane", "new", "so"), ("other", "new", "so"))


def test_a_merged_story_is_told_by_the_other(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (kept, moved, joined) = keep(
            tx,
            an_arrival(guid="1", public_id="aaaa", text=a_text(published_at=NOON - 10)),
            an_arrival(guid="2", public_id="bbbb", text=a_text(published_at=NOON - 90)),
            an_arrival(guid="3", public_id="cccc"),
        )
        keep(tx, an_arrival(guid="4", article_id=moved.article_id, join_because="same text"))
        merge = Merge(into=kept.article_id, merged=moved.article_id, because="both are entry 3")
        assert tx.entries.keep(Intake(merges=(merge,))) == ()
        view = tx.stories.view(kept.article_id)
        assert view is not None
        assert [(each.entry.guid, each.because) for each in view.sources] == [
            ("1", "first"),
            ("2", "both are entry 3"),
            ("4", "same text"),
        ]
        assert (view.story.size, view.story.first_at) == (3, NOON - 3600)
        assert tx.stories.view(moved.article_id) is None
        assert tx.stories.find("bbbb") == view  # its address may be known
        assert tx.stories.find(f"s{moved.article_id}") == view
        newest = [each.story.id for each in tx.stories.newest(limit=9)]
        assert newest == sorted((kept.article_id, joined.article_id), reverse=True)


def test_an_arrival_lies_where_its_story_was_merged_to(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        a, b, c = keep(tx, *(an_arrival(guid=guid) for guid in "abc"))
        merges = (
            Merge(into=b.article_id, merged=a.article_id, because="x"),
            Merge(into=c.article_id, merged=b.article_id, because="y"),
            Merge(into=a.article_id, merged=c.article_id, because="already one"),
        )
        arrival = an_arrival(guid="d", article_id=a.article_id)
        (kept,) = tx.entries.keep(Intake(arrivals=(arrival,), merges=merges))
        assert kept.article_id == c.article_id
        view = tx.stories.view(c.article_id)
        assert view is not None and view.story.size == 4
        assert tx.stories.find(f"s{a.article_id}") == view


def test_a_merge_passes_on_what_the_other_has_not(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        into, merged = (tell(tx, guid, feed=feed, topic=topic) for guid in "ab")
        item = publish(tx, topic, merged)
        merge = Merge(into=into.article_id, merged=merged.article_id, because="same")
        tx.entries.keep(Intake(merges=(merge,)))
        case = tx.topics.case(topic.id, into.article_id)
        assert case.item is not None and case.verdict is not None
        assert (case.item.id, case.item.uri) == (item.id, item.uri)
        assert (case.item.visible_until, case.verdict.state) == (None, State.PUBLISHED)
        (showing,) = tx.publications.visible(topic.id, NOON, 10)
        assert showing.lead.entry.id == merged.entry_id
        assert len(showing.sources) == 2
        assert tx.topics.topics_of([merged.article_id]) == ()


def test_a_merge_keeps_the_others_own_item(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        into, merged = (tell(tx, guid, feed=feed, topic=topic) for guid in "ab")
        own = publish(tx, topic, into)
        gone = publish(tx, topic, merged)
        tx.topics.keep_verdicts(
            [a_verdict(topic_id=topic.id, article_id=merged.article_id, note="of the merged")]
        )
        merge = Merge(into=into.article_id, merged=merged.article_id, because="same")
        tx.entries.keep(Intake(merges=(merge,)))
        (showing,) = tx.publications.visible(topic.id, NOON, 10)
        assert (showing.item, showing.verdict.note) == (own, None)
        assert tx.topics.has_uri(topic.id, gone.uri)  # and is never given to another story
        assert tx.stories.published_ids() == (into.article_id,)
        assert tx.topics.showing([merged.article_id]) == frozenset()
        assert tx.stories.in_topic(topic.id, limit=9)[0].story.id == into.article_id


def test_decisions_follow_their_entry_into_another_story(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        into, merged = (tell(tx, guid, feed=feed, topic=topic) for guid in "ab")
        decision = tx.topics.decide(a_new_decision(topic_id=topic.id, entry_id=merged.entry_id))
        merge = Merge(into=into.article_id, merged=merged.article_id, because="same")
        tx.entries.keep(Intake(merges=(merge,)))
        assert tx.topics.case(topic.id, into.article_id).decisions == (decision,)
        assert tx.topics.case(topic.id, merged.article_id).decisions == ()


def test_stories_with_an_item_are_published(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        kept = tell(tx, "a", feed=feed, topic=topic)
        tell(tx, "b", feed=feed, topic=topic)
        publish(tx, topic, kept)
        assert tx.stories.published_ids() == (kept.article_id,)


def a_report(guid: str, *, of: ArticleId | None = None) -> Arrival:
    arrival = an_arrival(guid=guid, public_id=guid)
    return arrival if of is None else replace(arrival, story_id=of, story_because="shares grain")


def test_a_report_is_told_in_the_story_it_joined(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (first,) = keep(tx, a_report("one"))
        (second,) = keep(tx, a_report("two", of=first.article_id))
        keep(tx, an_arrival(guid="copy", article_id=second.article_id, join_because="same text"))
        view = tx.stories.find("two")
        assert view is not None and view == tx.stories.view(first.article_id)
        assert (view.story.id, view.story.public_id, view.story.size) == (
            first.article_id,
            "one",
            3,
        )
        assert [(each.entry.guid, each.because) for each in view.sources] == [
            ("one", "first"),
            ("two", "shares grain"),
            ("copy", "same text"),
        ]
        assert tx.stories.article("two") == second.article_id
        assert dict(tx.stories.articles_of([second.article_id])) == {
            first.article_id: first.article_id,
            second.article_id: first.article_id,
        }
        assert [each.story.id for each in tx.stories.newest(limit=9)] == [first.article_id]


def test_two_stories_found_to_be_one_keep_their_articles(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (a,) = keep(tx, a_report("one"))
        (b,) = keep(tx, a_report("two"))
        (c,) = keep(tx, a_report("three", of=b.article_id))
        join = Join(into=a.article_id, joined=b.article_id, because="grew alike")
        tx.entries.keep(Intake(joins=(join,)))
        view = tx.stories.view(c.article_id)
        assert view is not None and view.story.public_id == "one"
        assert [each.because for each in view.sources] == ["first", "grew alike", "shares grain"]


def test_a_story_whose_first_article_was_emptied_goes_by_another(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (a,) = keep(tx, a_report("one"))
        (b,) = keep(tx, a_report("two", of=a.article_id))
        (c,) = keep(tx, a_report("three", of=a.article_id))
        merge = Merge(into=c.article_id, merged=a.article_id, because="same text")
        tx.entries.keep(Intake(merges=(merge,)))
        view = tx.stories.find("one")
        assert view is not None and view == tx.stories.view(c.article_id)
        assert (view.story.id, view.story.size) == (b.article_id, 3)
