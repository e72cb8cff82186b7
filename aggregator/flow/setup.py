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

_FIRST_SLUG = "first slug of topic "  # in meta, before its number


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
    """Return the slug a topic's feed id was made of: a renamed topic keeps its id."""
    return tx.meta.get(f"{_FIRST_SLUG}{topic.id}") or topic.spec.slug


def keep_first_slug(tx: Tx, topic: Topic) -> None:
    """Fix the slug of the topic's feed id before it is renamed."""
    tx.meta.set_once(f"{_FIRST_SLUG}{topic.id}", topic.spec.slug)


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
