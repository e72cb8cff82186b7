"""Rows to words: the records that several rooms read, loaded many at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from aggregator.model.entry import Entry, Instalment, Tag, Text
from aggregator.model.feed import Feed, FeedStatus, Origin
from aggregator.model.ids import (
    ArticleId,
    DecisionId,
    EntryId,
    FeedId,
    ItemId,
    ListId,
    TopicId,
)
from aggregator.model.story import Source
from aggregator.model.topic import (
    Decision,
    Item,
    State,
    Topic,
    TopicStatus,
    Verb,
    Verdict,
)
from aggregator.store.packing import load_extra, load_feed_spec, load_topic_spec, unpack
from aggregator.store.sqlite import Connection, Row, many

PLACE = "min(coalesce(e.published_at, e.first_seen_at), e.first_seen_at)"
"""An entry's time in any window, as `Entry.place`."""


class Told(NamedTuple):
    """An entry with why it is told in its story."""

    entry: Entry
    because: str


def a_feed(row: Row) -> Feed:
    """Return the feed of a row of `feeds`."""
    return Feed(
        id=FeedId(row["id"]),
        spec=load_feed_spec(row["spec"]),
        origin=Origin(row["origin"]),
        status=FeedStatus(row["status"]),
        title=row["title"],
        site_url=row["site_url"],
        lang=row["lang"],
        icon=row["icon"],
        added_at=row["added_at"],
        moved_from=row["moved_from"],
        list_id=None if row["list_id"] is None else ListId(row["list_id"]),
    )


def feeds_by_id(conn: Connection, feed_ids: Iterable[int]) -> dict[FeedId, Feed]:
    """Return the feeds of these numbers that there are."""
    rows = conn.execute(
        "SELECT * FROM feeds WHERE id IN (SELECT value FROM json_each(?))",
        (many(set(feed_ids)),),
    )
    return {FeedId(row["id"]): a_feed(row) for row in rows}


def told_by_id(conn: Connection, entry_ids: Iterable[int]) -> dict[EntryId, Told]:
    """Return the entries of these numbers that there are, in order of id: three queries."""
    wanted = (many(set(entry_ids)),)
    tags: defaultdict[int, list[Tag]] = defaultdict(list)
    for row in conn.execute(
        "SELECT entry_id, name, source, because FROM entry_tags"
        " WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY entry_id, ord",
        wanted,
    ):
        tags[row[0]].append(Tag(name=row[1], source=row[2], because=row[3]))
    series: defaultdict[int, list[Instalment]] = defaultdict(list)
    for row in conn.execute(
        "SELECT * FROM entry_series"
        " WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY entry_id, ord",
        wanted,
    ):
        series[row["entry_id"]].append(an_instalment(row))
    rows = conn.execute(
        "SELECT e.*, b.body, p.body AS page FROM entries e"
        " LEFT JOIN entry_bodies b ON b.entry_id = e.id"
        " LEFT JOIN pages p ON p.entry_id = e.id"
        " WHERE e.id IN (SELECT value FROM json_each(?)) ORDER BY e.id",
        wanted,
    )
    return {
        EntryId(row["id"]): Told(
            _an_entry(row, tuple(tags.get(row["id"], ())), tuple(series.get(row["id"], ()))),
            row["article_because"],
        )
        for row in rows
    }


def an_instalment(row: Row) -> Instalment:
    """Return the instalment of a row of `entry_series`."""
    return Instalment(
        series=row["series"],
        date=row["date"],
        because=row["because"],
        number=row["number"],
        told=bool(row["told"]),
    )


def sources_by_id(conn: Connection, entry_ids: Iterable[int]) -> dict[EntryId, Source]:
    """Return these entries with their feeds, in order of id: four queries."""
    told = told_by_id(conn, entry_ids)
    feeds = feeds_by_id(conn, (each.entry.feed_id for each in told.values()))
    return {
        entry_id: Source(entry=each.entry, feed=feeds[each.entry.feed_id], because=each.because)
        for entry_id, each in told.items()
    }


def _an_entry(row: Row, tags: tuple[Tag, ...], series: tuple[Instalment, ...]) -> Entry:
    text = Text(
        url=row["url"],
        title=row["title"],
        summary=row["summary"],
        content=unpack(row["body"]),
        author=row["author"],
        lang=row["lang"],
        published_at=row["published_at"],
        updated_at=row["updated_at"],
        **load_extra(row["extra"]),
    )
    return Entry(
        id=EntryId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        article_id=ArticleId(row["article_id"]),
        guid=row["guid"],
        text=text,
        first_seen_at=row["first_seen_at"],
        rev=row["rev"],
        withdrawn_at=row["withdrawn_at"],
        tags=tags,
        series=series,
        page=unpack(row["page"]),
    )


def a_topic(row: Row) -> Topic:
    """Return the topic of a row of `topics`."""
    return Topic(
        id=TopicId(row["id"]),
        spec=load_topic_spec(row["spec"]),
        origin=Origin(row["origin"]),
        status=TopicStatus(row["status"]),
        version=row["version"],
        created_at=row["created_at"],
    )


def a_verdict(row: Row) -> Verdict:
    """Return the verdict of a row of `verdicts`."""
    return Verdict(
        topic_id=TopicId(row["topic_id"]),
        article_id=ArticleId(row["article_id"]),
        state=State(row["state"]),
        because=row["because"],
        pinned=bool(row["pinned"]),
        title=row["title"],
        summary=row["summary"],
        note=row["note"],
        decision_id=_maybe(DecisionId, row["decision_id"]),
        since=row["since"],
    )


def an_item(row: Row) -> Item:
    """Return the item of a row of `items`."""
    return Item(
        id=ItemId(row["id"]),
        topic_id=TopicId(row["topic_id"]),
        article_id=ArticleId(row["article_id"]),
        uri=row["uri"],
        lead_entry_id=EntryId(row["lead_entry_id"]),
        first_published_at=row["first_published_at"],
        updated_at=row["updated_at"],
        text_digest=row["text_digest"],
        visible_from=row["visible_from"],
        visible_until=row["visible_until"],
        number=row["number"],
    )


def a_decision(row: Row) -> Decision:
    """Return the decision of a row of `decisions`."""
    return Decision(
        id=DecisionId(row["id"]),
        at=row["at"],
        actor=row["actor"],
        verb=Verb(row["verb"]),
        topic_id=_maybe(TopicId, row["topic_id"]),
        entry_id=_maybe(EntryId, row["entry_id"]),
        payload=json.loads(row["payload"]),
        why=row["why"],
        undo_of=_maybe(DecisionId, row["undo_of"]),
    )


def _maybe(kind: Any, value: int | None) -> Any:
    return None if value is None else kind(value)


def instalments_by_id(
    conn: Connection, entry_ids: Iterable[int]
) -> dict[EntryId, tuple[Instalment, ...]]:
    """Return the columns' days that these entries are, of those that are."""
    found: defaultdict[EntryId, list[Instalment]] = defaultdict(list)
    for row in conn.execute(
        "SELECT * FROM entry_series WHERE entry_id IN (SELECT value FROM json_each(?))"
        " ORDER BY entry_id, ord",
        (many(entry_ids),),
    ):
        found[EntryId(row["entry_id"])].append(an_instalment(row))
    return {entry_id: tuple(each) for entry_id, each in found.items()}
