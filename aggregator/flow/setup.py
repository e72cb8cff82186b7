"""What a store fixes at its first start, for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.core.naming import DESK_FEED
from aggregator.core.urls import host_of
from aggregator.model.feed import Feed, FeedSpec, FeedStatus, Origin, Rights
from aggregator.model.settings import Site
from aggregator.model.topic import Topic
from aggregator.ports import Tx

# In meta: what a topic's feed id is made of, by the topic's number, and whose a slug is for good.
_FIRST_SLUG = "first slug of topic "
_OWNER = "topic of first slug "


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Authority and year of the ids we make: a changed `site.url` changes no id (DESIGN §7)."""

    authority: str
    year: int


def identity(tx: Tx, site: Site, now: float) -> Identity:
    """Return who we are in ids, deciding it when the store first starts."""
    authority = host_of(site.url or "") or "localhost"
    year = str(datetime.fromtimestamp(now, UTC).year)
    return Identity(
        authority=tx.meta.set_once("authority", authority),
        year=int(tx.meta.set_once("year", year)),
    )


def identity_of(tx: Tx) -> Identity:
    """Return who we are in ids, without deciding it: before the first poll nothing is published."""
    return Identity(
        authority=tx.meta.get("authority") or "localhost", year=int(tx.meta.get("year") or 1970)
    )


def first_slug(tx: Tx, topic: Topic) -> str:
    """Return what a topic's feed id is made of: the slug it had first, `slug~number` where
    another topic's id was made of that slug before."""
    return tx.meta.get(f"{_FIRST_SLUG}{topic.id}") or topic.spec.slug


def keep_first_slug(tx: Tx, topic: Topic) -> None:
    """Fix what the topic's feed id is made of before it is renamed or removed: a renamed topic
    keeps its id, and whoever gets its slug later has another."""
    slug = tx.meta.set_once(f"{_FIRST_SLUG}{topic.id}", topic.spec.slug)
    tx.meta.set_once(f"{_OWNER}{slug}", str(topic.id))


def set_apart(tx: Tx, topic: Topic) -> None:
    """Give a new topic a feed id of its own where its slug is that of another's id."""
    if tx.meta.get(f"{_OWNER}{topic.spec.slug}") is not None:
        tx.meta.set_once(f"{_FIRST_SLUG}{topic.id}", f"{topic.spec.slug}~{topic.id}")


def desk_feed(tx: Tx, site: Site, base: str, now: float) -> Feed:
    """Return the feed that editors' own columns belong to, made when first needed; never polled."""
    found = tx.feeds.find(DESK_FEED)
    if found is not None:
        return found
    spec = FeedSpec(
        url=f"{base}/", name=DESK_FEED, trust=1.0, rights=Rights.FULL, rights_written=True
    )
    feed = tx.feeds.add(spec, origin=Origin.DESK, now=now)
    tx.feeds.set_status(feed.id, FeedStatus.PAUSED, now=now)
    tx.feeds.learn(feed.id, title=site.title, site_url=f"{base}/", lang=None, icon=None)
    return tx.feeds.get(feed.id) or feed
