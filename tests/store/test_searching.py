"""Three readings of one query agree: in memory, as SQL over what is stored, as a standing query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.core.drafting import subject_of
from aggregator.core.query import MAX_DEPTH, Node, parse_query
from aggregator.core.rules import Subject, matches, rule
from aggregator.core.standing import RuleBook, anchor_index
from aggregator.core.tagging import tag_name
from aggregator.errors import StoreSlow
from aggregator.model.entry import Enclosure, Entry, Instalment, Tag, Text
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId, TopicId
from aggregator.model.intake import Arrival, Kept, Match
from aggregator.ports import Tx
from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.searching import SqliteSearching
from aggregator.store.tx import SqliteTx
from tests.core.queries import NOISE, POOL, nodes, told
from tests.makers import NOON, a_text, an_arrival
from tests.store.acts import add_feed, add_topic, keep, tell

FEEDS = (  # name, address, site, language
    ("wire", "https://feeds.example.org/wire", "https://www.a-b.example/", "en"),
    ("Grain Naïve", "https://bücher.example/rss", None, None),
)
SLUGS = ("grain", "lane")
WORDS = st.lists(st.sampled_from(POOL), max_size=5).map(" ".join)
SPEECH = WORDS | st.builds("{}{}{}".format, NOISE, st.sampled_from(POOL), NOISE)
NAMES = st.lists(st.sampled_from(("Grain", "World News", "東京", "x1")), max_size=2, unique=True)


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    text = Text(
        url=draw(st.sampled_from((None, "https://example.org/1", "http://sub.a-b.example:8/x"))),
        title=draw(SPEECH),
        summary=draw(SPEECH),
        content=draw(st.just("") | WORDS.map(lambda words: f"<p>{words}</p> <p>end")),
        author=draw(st.none() | SPEECH),
        lang=draw(st.sampled_from((None, "", "en-GB", "pt_BR"))),
        published_at=draw(st.none() | st.integers(NOON - 3, NOON)),
        categories=tuple(draw(NAMES)),
        enclosures=draw(st.sampled_from(((), (Enclosure(url="https://example.org/a.mp3"),)))),
    )
    return an_arrival(
        text=text,
        first_seen_at=NOON - draw(st.integers(0, 3)),
        tags=tuple(Tag(name=tag_name(name), source="feed", because="") for name in draw(NAMES)),
        series=tuple(Instalment(series=name, date=None, because="") for name in draw(NAMES)),
        withdrawn=draw(st.sampled_from((None, None, None, "a court's order"))),
    )


class Undone(Exception):
    """Ends a write that shall leave nothing."""


@pytest.fixture(scope="module")
def memory() -> Iterator[SqliteStore]:
    with_feeds = open_store(":memory:")
    yield with_feeds
    with_feeds.close()


def stocked(tx: Tx, coming: Sequence[Arrival]) -> tuple[dict[int, Feed], list[Entry]]:
    """Keep two feeds, two topics and the entries, one with a page and all here and there."""
    topics = [add_topic(tx, slug) for slug in SLUGS]
    feeds = []
    for name, url, site, lang in FEEDS:
        feed = add_feed(tx, name, url=url)
        tx.feeds.learn(feed.id, title=None, site_url=site, lang=lang, icon=None)
        feeds.append(feed.id)
    kept: list[Kept] = []
    for number, each in enumerate(coming):
        admitted = [Match(topic_id=t.id, because="") for t in topics[: number % 3]]
        each = replace(each, feed_id=feeds[number % 2], guid=f"{number}", key_hash=number)
        kept += keep(tx, replace(each, matches=tuple(admitted), public_id=f"s{number}"))
    for paged in kept[1:2]:
        tx.pages.want([paged.entry_id], NOON)
        tx.pages.done(paged.entry_id, NOON, body=f"<p>{' '.join(POOL * 3)}</p>", problem=None)
    return {id: f for id in feeds if (f := tx.feeds.get(id))}, list(tx.entries.newest(limit=99))


def subjects(tx: Tx, coming: Sequence[Arrival]) -> list[tuple[Entry, Subject]]:
    """Return what there is to find, newest published first, as the reading in memory sees it."""
    feeds, entries = stocked(tx, coming)
    views = {view.entry.id: view for view in tx.entries.views([each.id for each in entries])}
    there = sorted(entries, key=lambda each: (-each.place, -each.id))
    return [
        (
            each,
            subject_of(
                each, feeds[each.feed_id], tuple(slug for slug, _, _ in views[each.id].topics)
            ),
        )
        for each in there
        if each.withdrawn_at is None
    ]


@settings(deadline=None)
@given(node=nodes(told()), coming=st.lists(arrivals(), max_size=6))
def test_three_readings_of_a_query_agree(
    memory: SqliteStore, node: Node, coming: list[Arrival]
) -> None:
    book = RuleBook(rules=((TopicId(1), rule(node)),), index=anchor_index([node]))
    with suppress(Undone), memory.write() as tx:
        asked = subjects(tx, coming)
        in_memory = [entry.id for entry, subject in asked if matches(node, subject)]
        standing = [entry.id for entry, subject in asked if book.match(subject)]
        assert standing == in_memory
        for few in (0, 2, 1000):
            search = SqliteSearching(tx.conn, tx.words, few=few)
            assert list(search.find(node)) == in_memory
            assert list(search.find(node, limit=1)) == in_memory[:1]
        later = [entry.id for entry, _ in asked if entry.place >= NOON - 1]
        assert list(search.find(node, since=NOON - 1)) == [i for i in in_memory if i in later]
        assert search.count(since=NOON - 1) == len(later)
        raise Undone


def found(tx: SqliteTx, query: str, *, few: int = 1000, limit: int | None = None) -> list[EntryId]:
    return list(SqliteSearching(tx.conn, tx.words, few=few).find(parse_query(query), limit=limit))


def test_the_newest_published_come_first_however_late_they_came(memory: SqliteStore) -> None:
    with suppress(Undone), memory.write() as tx:
        feed = add_feed(tx)
        ids = [
            tell(
                tx, f"{number}", feed=feed, text=a_text(title="grain", published_at=NOON - at)
            ).entry_id
            for number, at in enumerate((3, 1, 2, 1))
        ]
        for few in (0, 1000):
            assert found(tx, "grain", few=few) == [ids[3], ids[1], ids[2], ids[0]]
            assert found(tx, "grain", few=few, limit=2) == [ids[3], ids[1]]
        raise Undone


def test_a_search_reaches_over_many_slices_of_time(memory: SqliteStore) -> None:
    with suppress(Undone), memory.write() as tx:
        feed = add_feed(tx)
        coming = [
            an_arrival(
                feed_id=feed.id,
                guid=f"{n}",
                title="oats" if n % 700 else "wheat",
                first_seen_at=NOON + n // 7,
                public_id=f"s{n}",
            )
            for n in range(1, 2901)
        ]
        for each in coming:
            each = replace(each, text=replace(each.text, published_at=None))
            keep(tx, each)
        for query in ("wheat", "title:wheat NOT oats", "/wheat/", "-oats"):
            titles = found(tx, query, few=0)
            assert titles == found(tx, "wheat"), query
            assert len(titles) == 4
        raise Undone


@pytest.mark.parametrize("few", [0, 1000])
def test_the_largest_queries_are_searched(memory: SqliteStore, few: int) -> None:
    deep = "x"
    for _ in range(MAX_DEPTH // 2):
        deep = f"(a OR tag:b {deep})"
    wide = " OR ".join(f"tag:{n}" for n in range(900)) + " OR x"
    words = " OR ".join(f"{n}" for n in range(990)) + " OR x"
    patterns = " ".join(f"/x{{1,{n}}}/" for n in range(1, 200))
    phrase = f'"{"a " * 400}" OR x'
    ground = "NOT " * MAX_DEPTH + "x"
    with suppress(Undone), memory.write() as tx:
        kept = tell(tx, "1", feed=add_feed(tx), text=a_text(title="x and a")).entry_id
        tell(tx, "2", feed=add_feed(tx, "post"), text=a_text(title="y"))
        for query in (deep, wide, words, phrase, ground):
            subject = Subject(title="x and a")
            expected = [kept] if matches(parse_query(query), subject) else []
            assert found(tx, query, few=few) == expected, query[:40]
        assert kept in found(tx, patterns, few=few)
        raise Undone


def test_an_age_has_to_be_turned_into_a_date_first(memory: SqliteStore) -> None:
    with memory.read() as tx, pytest.raises(ValueError, match="now"):
        tell_all = SqliteSearching(tx.conn, tx.words)
        tell_all.find(parse_query("age<3d"))


def test_a_search_is_given_up_at_its_deadline_and_the_next_one_is_not(memory: SqliteStore) -> None:
    with suppress(Undone), memory.write() as tx:
        feed = add_feed(tx)
        kept = [tell(tx, f"{n}", feed=feed).entry_id for n in range(40)]
        node = parse_query("body:/a/ OR *")
        for seconds in (-1.0, 0.0):
            with pytest.raises(StoreSlow, match=r"takes longer than .* add a rare word"):
                tx.searching.find(node, seconds=seconds)
        assert set(tx.searching.find(node)) == set(tx.searching.find(node, seconds=60)) == {*kept}
        raise Undone


@pytest.mark.parametrize(
    ("query", "narrow"),
    [
        ("body:a grain", False),  # more entries than may be read have it
        ("body:a oats", True),
        ("body:a (oats OR grain)", False),
        ("body:a after:1970-01-01", False),
        ("body:a lang:en", False),
        ("words:>1", False),
        ("body:a grain oats", True),
    ],
)
def test_a_query_is_narrow_by_how_few_entries_it_leaves(
    memory: SqliteStore, query: str, narrow: bool
) -> None:
    with suppress(Undone), memory.write() as tx:
        feed = add_feed(tx)
        for n in range(3):
            tell(tx, f"{n}", feed=feed, text=a_text(title="grain"))
        tell(tx, "4", feed=feed, text=a_text(title="oats"))
        search = SqliteSearching(tx.conn, tx.words, few=2)
        assert search.is_narrow(parse_query(query)) is narrow
        raise Undone
