"""What it takes to write a topic's feeds, beside feedgen alone: all of it, and one new item.

    python -m benchmarks.publish [--items 50] [--rounds 30] [--seed 7]

A topic holds so many items of made news, two outlets each, with a picture, a file and tags. Each
row is the processor time of its Atom and its RSS, before compression, the best of several rounds,
all ways in turn:

feedgen    what feedgen itself makes of them, through its own words, as its documentation shows
full       ours, nothing remembered: feedgen too, with what it lacks, and our heads
one new    ours, with one item that was not there and 49 that were: what a publication costs
unchanged  ours, with no item new: to find that nothing has changed
json       ours, the JSON Feed of one new item
compose    from the store's rows to the items: what rights leave of the texts, clean again
gzip, zstd, br   to pack both documents, each coding

`ratio` is one new against feedgen, `full_ratio` full against it.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from time import process_time

from feedgen.feed import FeedGenerator

from aggregator.core.drafting import clean_text_of
from aggregator.core.edition import compose
from aggregator.formats.rendering import EXTENSIONS, pack, pack_br, pack_zstd, render
from aggregator.formats.writing import moment
from aggregator.model.entry import Enclosure, Entry, Tag
from aggregator.model.feed import Feed, FeedSpec, Origin, Rights
from aggregator.model.ids import ArticleId, EntryId, FeedId, ItemId, TopicId
from aggregator.model.publication import Edition, PublishedItem, Showing
from aggregator.model.settings import Site
from aggregator.model.story import Source
from aggregator.model.topic import Item, PublishSpec, State, Topic, TopicSpec, Verdict
from benchmarks.decide_news import News
from benchmarks.show import figure, finish, table

START = 1_790_000_000
ASKED = 0.15  # of feedgen's time, for one new item
XML = ("atom", "rss")
BASE = "https://news.example.org"
SITE = Site(title="Benchmark", url=BASE, contact="desk@example.org")


def a_topic(items: int) -> Topic:
    publish = PublishSpec(items=items, content=Rights.FULL)
    spec = TopicSpec(slug="made", title="Made news", match="*", about="All of it.", publish=publish)
    return Topic(id=TopicId(1), spec=spec, origin=Origin.FILE)


def showings(items: int, seed: int) -> list[Showing]:
    """Return so many items as the store gives them."""
    news = News(seed)
    feeds = [
        Feed(
            id=FeedId(number),
            spec=FeedSpec(url=f"https://f{number}.example/rss", name=name, rights=Rights.FULL),
            origin=Origin.FILE,
            title=f"The {name.title()} & Sons",
            site_url=f"https://f{number}.example/",
            lang="en",
        )
        for number, name in enumerate(("wire", "daily"))
    ]
    return [_showing(number, news, feeds) for number in range(1, items + 1)]


def _showing(number: int, news: News, feeds: Sequence[Feed]) -> Showing:
    at = START + 60 * number
    sources = []
    for place, feed in enumerate(feeds):
        parsed = news.entry(at)
        text = replace(
            clean_text_of(parsed, feed, first_seen=at + 600),
            author="Ann Öst",
            image=f"https://f{place}.example/{number}.jpg",
            enclosures=(Enclosure(url=f"https://f{place}.example/{number}.mp3", length=number),),
        )
        entry = Entry(
            id=EntryId(2 * number + place),
            feed_id=feed.id,
            article_id=ArticleId(number),
            guid=parsed.guid or "",
            text=text,
            first_seen_at=at + 600,
            tags=tuple(Tag(name=name, source="made", because="") for name in parsed.categories),
        )
        sources.append(Source(entry=entry, feed=feed, because="made"))
    item = Item(
        id=ItemId(number),
        topic_id=TopicId(1),
        article_id=ArticleId(number),
        uri=f"tag:news.example.org,2026:{number}",
        lead_entry_id=sources[0].entry.id,
        first_published_at=at + 900,
        updated_at=at + 900,
        text_digest=None,
        visible_from=at + 900,
        number=number,
    )
    verdict = Verdict(
        topic_id=TopicId(1), article_id=ArticleId(number), state=State.PUBLISHED, because="made"
    )
    return Showing(
        item=item,
        verdict=verdict,
        lead=sources[0],
        sources=tuple(sources),
        story_public_id=f"{number:016x}",
    )


def composed(topic: Topic, shown: Sequence[Showing]) -> Edition:
    return compose(topic, shown, SITE, authority="news.example.org", year=2026, base=BASE)


def by_feedgen(edition: Edition) -> tuple[bytes, bytes]:
    """Return Atom and RSS as feedgen alone makes them of the same items."""
    feed = FeedGenerator()
    feed.id(edition.uri)
    feed.title(edition.title)
    feed.description(edition.about)
    feed.updated(moment(edition.updated))
    feed.author({"name": edition.site_title, "email": str(edition.contact)})
    feed.link(href=edition.page_url, rel="alternate")
    feed.link(href=f"{edition.base_url}.atom", rel="self")
    for item in edition.items:
        _add(feed, item)
    return feed.atom_str(), feed.rss_str()


def _add(feed: FeedGenerator, item: PublishedItem) -> None:
    entry = feed.add_entry(order="append")
    entry.id(item.uri)
    entry.title(item.title)
    entry.link(href=item.url, rel="alternate")
    entry.content(item.html, type="html")
    entry.summary(item.summary)
    entry.author({"name": item.author or "", "email": "desk@example.org"})
    entry.category([{"term": tag} for tag in item.tags])
    entry.updated(moment(item.updated))
    entry.published(moment(item.published))
    for file in item.enclosures:
        entry.enclosure(file.url, str(file.length or 0), file.type or "")
    entry.source(item.credits[0].feed_url, item.credits[0].title)


def by_us(edition: Edition) -> tuple[bytes, bytes]:
    """Return Atom and RSS as we publish them."""
    found = []
    for ending in XML:
        body, left_out = render(edition, ending)
        if left_out:
            sys.exit(f"left out of {ending}: {left_out[0]}")
        found.append(body)
    return found[0], found[1]


def forget() -> None:
    """Forget every item that was ever written as Atom or RSS."""
    for ending in XML:
        EXTENSIONS[ending].fragment.cache_clear()  # type: ignore[attr-defined]


def ways(topic: Topic, shown: Sequence[Showing]) -> dict[str, Callable[[], object]]:
    """Return what is clocked, by its name in the table."""
    edition = composed(topic, shown)
    bodies = by_us(edition)
    new = count()

    def one_more() -> Edition:
        """Return the edition with a newest item that nobody has seen."""
        first, *others = edition.items
        fresh = replace(first, uri=f"{first.uri}/{next(new)}", title=f"{first.title} once more")
        return replace(edition, items=(fresh, *others))

    def full() -> None:
        forget()
        by_us(edition)

    return {
        "feedgen": lambda: by_feedgen(edition),
        "full": full,  # and all is remembered for those after it
        "one new": lambda: by_us(one_more()),
        "unchanged": lambda: by_us(edition),
        "json": lambda: render(one_more(), "json"),
        "compose": lambda: composed(topic, shown),
        "gzip": lambda: [pack(body) for body in bodies],
        "zstd": lambda: [pack_zstd(body) for body in bodies],
        "br": lambda: [pack_br(body) for body in bodies],
    }


def clocked(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the best processor time of each way, in ms; they take turns."""
    best = dict.fromkeys(ways, math.inf)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, way in ways.items():
                start = process_time()
                way()
                best[name] = min(best[name], (process_time() - start) * 1e3)
    finally:
        gc.enable()
    return best


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish")
    parser.add_argument("--items", type=int, default=50, help="of the topic")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7, help="of the made news")
    asked = parser.parse_args(arguments)
    if asked.items < 1 or asked.rounds < 1:
        parser.error("there is nothing to write")
    topic, shown = a_topic(asked.items), showings(asked.items, asked.seed)
    best = clocked(ways(topic, shown), asked.rounds)
    peer = best["feedgen"]
    rows = [[name, figure(took), figure(took / peer)] for name, took in best.items()]
    print(table(["way", "ms", "of feedgen"], rows))
    finish(
        {
            "items": asked.items,
            "seed": asked.seed,
            "ms": {name: figure(took) for name, took in best.items()},
            "ratio": figure(best["one new"] / peer),
            "full_ratio": figure(best["full"] / peer),
            "asked": ASKED,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
