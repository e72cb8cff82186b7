from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.entry import Enclosure, Instalment, Known, Tag, Text
from aggregator.model.ids import EntryId, FeedId
from aggregator.model.intake import Intake, Match
from aggregator.ports import Store
from aggregator.store.engine import open_store
from tests.makers import (
    NOON,
    a_change,
    a_hash,
    a_match,
    a_text,
    a_verdict,
    an_arrival,
    an_entry,
)
from tests.store.acts import add_feed, add_topic, keep, tell

WHOLE = Text(
    url="https://wire.example/grain",
    title="Grain & bread",
    summary="Ships left.",
    content="<p>Ships left “today” – 東京.</p>",
    author="Ida Berg",
    lang="en-GB",
    published_at=NOON - 7200,
    updated_at=NOON - 60,
    categories=("World", "Food"),
    enclosures=(Enclosure(url="https://wire.example/a.mp3", type="audio/mpeg", length=12345),),
    image="https://wire.example/a.jpg",
    source_title="The Post",
    source_url="https://post.example/",
    licence="CC BY 4.0",
)

TWO_TAGS = (
    Tag(name="zebra", source="vocabulary", because="b"),
    Tag(name="ant", source="feed", because="a"),
)


def test_an_entry_comes_back_as_it_was_kept(store: Store) -> None:
    arrival = an_arrival(
        text=WHOLE,
        tags=(
            Tag(name="zebra", source="feed", because="b"),
            Tag(name="ant", source="feed", because="a"),
        ),
        series=(Instalment(series="Global Lane", date="2026-11-22", because="title"),),
    )
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, arrival)
    with store.read() as tx:
        entry = tx.entries.get(kept.entry_id)
    assert entry == an_entry(
        id=kept.entry_id,
        article_id=kept.article_id,
        text=WHOLE,
        tags=arrival.tags,
        series=arrival.series,
    )
    assert kept.new


@given(
    st.builds(
        Text,
        url=st.none() | st.text(),
        title=st.text(),
        summary=st.text(),
        content=st.text(max_size=2000),
        author=st.none() | st.text(),
        published_at=st.none() | st.integers(-(10**10), 10**10),
        categories=st.lists(st.text(min_size=1)).map(tuple),
        licence=st.none() | st.text(min_size=1),
    )
)
def test_any_text_comes_back_as_it_was_kept(text: Text) -> None:
    store = open_store(":memory:")
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(text=text))
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None and entry.text == text
        tx.entries.set_withdrawn([kept.entry_id], NOON)
    assert all(fine for check, fine, _ in store.doctor() if check == "search index")
    store.close()


def test_a_guid_that_is_no_unicode_spoils_nothing(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(guid="odd \ud800 guid", key_hash=5, public_id="1"))
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None and entry.guid == "odd ? guid"


def test_a_poll_of_many_is_kept_with_what_was_published_last_on_top(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        # As most documents have it: the newest first, and of what lacks a date nobody knows better.
        texts = [a_text(published_at=NOON - 10 * n if n < 25 else None) for n in range(50)]
        arrivals = [
            an_arrival(feed_id=feed.id, guid=f"g{number}", text=text)
            for number, text in enumerate(texts)
        ]
        kept = keep(tx, *arrivals)
        newest = [each.guid for each in tx.entries.newest(limit=50)]
        assert newest == [f"g{n}" for n in (0, *range(25, 50), *range(1, 25))]
        assert len({each.article_id for each in kept}) == 50
        assert [each.entry.guid for each in tx.entries.views([k.entry_id for k in kept])] == [
            each.guid for each in arrivals
        ]
        assert tx.entries.count() == 50
        assert tx.entries.of_feed(feed.id) == tuple(sorted(each.entry_id for each in kept))


def test_what_was_seen_is_known_in_its_feed_alone(store: Store) -> None:
    with store.write() as tx:
        wire, post = add_feed(tx), add_feed(tx, "post")
        arrival = an_arrival(feed_id=wire.id, digest=-7, url_hash=-(1 << 63))
        (kept,) = keep(tx, arrival)
    with store.read() as tx:
        known = tx.entries.known(wire.id, [arrival.key_hash, 5])
        assert known == {
            arrival.key_hash: Known(entry_id=kept.entry_id, digest=-7, url_hash=-(1 << 63))
        }
        assert tx.entries.known(post.id, [arrival.key_hash]) == {}
        assert tx.entries.known(wire.id, []) == {}


def test_the_same_key_may_come_from_two_feeds(store: Store) -> None:
    with store.write() as tx:
        first = tell(tx, "same", feed=add_feed(tx))
        second = tell(tx, "same", feed=add_feed(tx, "post"))
    assert first.entry_id != second.entry_id


def test_candidates_share_an_address_or_a_body(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        by_url, by_body, both, _ = keep(
            tx,
            an_arrival(guid="1", url_hash=-10, body_hash=1, text=a_text(published_at=NOON - 30)),
            an_arrival(guid="2", url_hash=11, body_hash=-20, text=a_text(published_at=NOON - 20)),
            an_arrival(guid="3", url_hash=-10, body_hash=-20, text=a_text(published_at=NOON - 10)),
            an_arrival(guid="4"),
        )
        shared = tx.entries.candidates([-10], [-20])
        assert [each.entry_id for each in shared] == [
            by_url.entry_id,
            by_body.entry_id,
            both.entry_id,
        ]
        assert (shared[0].url_hash, shared[0].body_hash) == (-10, 1)
        assert shared[0].article_id == by_url.article_id
        assert shared[0].first_seen_at == NOON
        assert tx.entries.candidates([], []) == ()
        assert tx.entries.by_url(-10) == (by_url.entry_id, both.entry_id)
        assert tx.entries.hashes(both.entry_id) == (-10, -20)
        assert tx.entries.hashes(EntryId(99)) == (None, None)


def test_a_revision_keeps_the_old_text(store: Store) -> None:
    old = a_text(title="Old title", content="<p>Old body</p>")
    new = a_text(title="New title", content="<p>New body</p>", categories=("World",))
    with store.write() as tx:
        feed = add_feed(tx)
        (kept,) = keep(tx, an_arrival(text=old))
        change = a_change(
            entry_id=kept.entry_id, text=new, digest=99, url_hash=5, body_hash=6, at=NOON + 60
        )
        assert tx.entries.keep(Intake(changes=(change,))) == (replace(kept, new=False),)
    with store.read() as tx:
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None
        assert (entry.text, entry.rev, entry.first_seen_at) == (new, 2, NOON)
        (revision,) = tx.entries.revisions(kept.entry_id)
        assert (revision.rev, revision.at) == (1, NOON + 60)
        assert (revision.title, revision.body) == ("Old title", "<p>Old body</p>")
        known = tx.entries.known(feed.id, [change.key_hash])[change.key_hash]
        assert (known.digest, known.url_hash) == (99, 5)
        assert tx.entries.hashes(kept.entry_id) == (5, 6)


def test_revisions_add_up(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(text=a_text(title="t1", content="")))
        for number in (2, 3):
            text = a_text(title=f"t{number}", summary=f"s{number}", content="")
            tx.entries.keep(Intake(changes=(a_change(entry_id=kept.entry_id, text=text),)))
        revisions = tx.entries.revisions(kept.entry_id)
        assert [(each.rev, each.title) for each in revisions] == [(1, "t1"), (2, "t2")]
        assert revisions[1].body == "s2"  # no content: the summary was what it said


def test_a_revision_replaces_tags_and_series(store: Store) -> None:
    tags = (Tag(name="old", source="feed", because="x"),)
    series = (Instalment(series="Lane", date=None, because="x"),)
    newer = (Tag(name="new", source="category", because="y"),)
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(tags=tags, series=series))
        tx.entries.keep(Intake(changes=(a_change(entry_id=kept.entry_id, tags=newer),)))
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None
        assert (entry.tags, entry.series) == (newer, ())


def test_the_newest_come_in_pages(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        ids = [tell(tx, str(n), feed=feed).entry_id for n in range(5)]
        first = tx.entries.newest(limit=2)
        assert [each.id for each in first] == [ids[4], ids[3]]
        second = tx.entries.newest(before_id=first[-1].id, limit=9)
        assert [each.id for each in second] == [ids[2], ids[1], ids[0]]
        assert tx.entries.newest(before_id=ids[0], limit=9) == ()


def test_the_newest_are_told_by_their_place_in_time(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        old, new, undated = (
            an_arrival(guid="old", text=a_text(published_at=NOON - 5000)),
            an_arrival(guid="new", text=a_text(published_at=NOON - 50)),
            an_arrival(guid="undated", text=a_text(published_at=None)),
        )
        keep(tx, old, new, undated)
        guids = [each.guid for each in tx.entries.newest(since=NOON - 100, limit=9)]
        assert guids == ["undated", "new"]


def test_entries_of_a_host_are_its_articles_and_its_feeds(store: Store) -> None:
    with store.write() as tx:
        wire, post = add_feed(tx), add_feed(tx, "post")
        here = tell(tx, "1", feed=wire, text=a_text(url="https://elsewhere.example/1"))
        there = tell(tx, "2", feed=post, text=a_text(url="https://WIRE.example:8443/2"))
        tell(tx, "3", feed=post, text=a_text(url="https://x.example/?u=wire.example"))
        tell(tx, "4", feed=post, text=a_text(url=None))
        below = tell(tx, "5", feed=post, text=a_text(url="https://www.wire.example/5"))
        tell(tx, "6", feed=post, text=a_text(url="https://notwire.example/6"))
        found = (here.entry_id, there.entry_id, below.entry_id)
        assert tx.entries.of_host("Wire.Example") == found
        assert tx.entries.of_host("nowhere.example") == ()


def test_a_view_tells_feed_story_and_topics(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        topic, other = add_topic(tx), add_topic(tx, "alone")
        kept = tell(tx, "1", feed=feed, topic=topic)
        tx.topics.admit(
            kept.entry_id, [a_match(topic_id=other.id, because="rule")], by_editor=False
        )
        tx.topics.admit(kept.entry_id, [a_match(topic_id=other.id, because="me")], by_editor=True)
        tx.topics.keep_verdicts([a_verdict(topic_id=topic.id, article_id=kept.article_id)])
    with store.read() as tx:
        view = tx.entries.view(kept.entry_id)
        assert view is not None
        assert view.feed == feed
        assert view.entry == tx.entries.get(kept.entry_id)
        story = tx.stories.view(kept.article_id)
        assert story is not None and view.story_public_id == story.story.public_id
        assert view.topics == (
            ("alone", "new", "me"),
            ("global-lane", "published", "the rule says so"),
        )
        assert tx.entries.view(EntryId(99)) is None


def test_views_come_in_the_order_asked_for(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        a, b, c = (tell(tx, guid, feed=feed).entry_id for guid in "abc")
        asked = [c, EntryId(99), a, b]
        assert [view.entry.id for view in tx.entries.views(asked)] == [c, a, b]
        assert tx.entries.views([]) == ()


def test_an_empty_intake_keeps_nothing(store: Store) -> None:
    with store.write() as tx:
        assert tx.entries.keep(Intake()) == ()
        assert tx.entries.get(EntryId(1)) is None
        assert tx.entries.of_feed(FeedId(1)) == ()


def test_a_rule_that_names_a_topic_twice_admits_once(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        topic = add_topic(tx)
        matches = tuple(Match(topic_id=topic.id, because=word) for word in ("one", "two"))
        (kept,) = keep(tx, an_arrival(matches=matches))
        (admitted,) = tx.topics.case(topic.id, kept.article_id).admitted
        assert admitted.because == "two"
        assert admitted.key_hash == a_hash("https://wire.example/grain")
