"""What most store tests do first: through the ports only."""

from __future__ import annotations

from aggregator.model.entry import Text
from aggregator.model.feed import Auth, Claim, Feed, Origin
from aggregator.model.ids import FeedId
from aggregator.model.intake import Arrival, Intake, Kept, Match
from aggregator.model.topic import Item, Topic
from aggregator.ports import Tx
from tests.makers import (
    NOON,
    a_feed_spec,
    a_new_item,
    a_text,
    a_topic_spec,
    a_verdict,
    an_arrival,
)


def add_feed(
    tx: Tx, name: str = "wire", *, url: str | None = None, auth: Auth | None = None
) -> Feed:
    spec = a_feed_spec(name=name, url=url or f"https://{name}.example/feed.xml", auth=auth)
    return tx.feeds.add(spec, origin=Origin.FILE, now=NOON)


def add_topic(tx: Tx, slug: str = "global-lane") -> Topic:
    return tx.topics.add(a_topic_spec(slug=slug), origin=Origin.FILE, now=NOON)


def keep(tx: Tx, *arrivals: Arrival) -> tuple[Kept, ...]:
    return tx.entries.keep(Intake(arrivals=arrivals))


def tell(
    tx: Tx,
    guid: str,
    *,
    feed: Feed,
    topic: Topic | None = None,
    article_id: int | None = None,
    text: Text | None = None,
) -> Kept:
    """Keep one entry; with a topic, the topic's rule admits it."""
    matches = () if topic is None else (Match(topic_id=topic.id, because="the rule says so"),)
    arrival = an_arrival(
        feed_id=feed.id,
        guid=guid,
        text=text or a_text(title=guid),
        matches=matches,
        article_id=article_id,
        join_because="first" if article_id is None else "same text",
    )
    (kept,) = keep(tx, arrival)
    return kept


def publish(tx: Tx, topic: Topic, kept: Kept, *, at: int = NOON, until: int | None = None) -> Item:
    """Give a story a verdict and its place in the topic."""
    tx.topics.keep_verdicts([a_verdict(topic_id=topic.id, article_id=kept.article_id)])
    return tx.topics.add_item(
        a_new_item(
            topic_id=topic.id,
            article_id=kept.article_id,
            uri=f"tag:desk.example,2026:{kept.article_id}",
            lead_entry_id=kept.entry_id,
            first_published_at=at,
            visible_from=at,
            visible_until=until,
        )
    )


def claim(
    tx: Tx,
    now: float = NOON,
    *,
    limit: int = 10,
    lease: float = 600,
    per_host: int = 1,
    spacing: float = 1.0,
    only: tuple[FeedId, ...] | None = None,
) -> tuple[Claim, ...]:
    if only is not None:
        return tx.feeds.claim(
            only,
            now,
            limit=limit,
            lease=lease,
            owner="worker",
            per_host=per_host,
            spacing=spacing,
        )
    return tx.feeds.claim_due(
        now, limit=limit, lease=lease, owner="worker", per_host=per_host, spacing=spacing
    )


def names(claims: tuple[Claim, ...]) -> list[str]:
    return [each.feed.spec.name for each in claims]
