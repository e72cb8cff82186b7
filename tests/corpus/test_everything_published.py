"""Whatever is in the corpus, our documents of it are clean, valid and read back as they were meant.

As feeds with a hub, as archives with a tombstone, and as corrections: each text of a document an
edit of the one before. A sample of the documents, chosen by AGGREGATOR_SEED; all of them with
AGGREGATOR_FULL=1. All poison either way.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.core.corrected import corrections_edition
from aggregator.core.corrections import difference, in_words
from aggregator.core.drafting import clean_text_of
from aggregator.core.edition import source_text
from aggregator.core.homes import bare_host
from aggregator.core.ids import choose_uri
from aggregator.core.sanitize import plain_text
from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.reading import read_document
from aggregator.formats.rendering import EXTENSIONS, render
from aggregator.model.correction import Correction, Corrections, Had, Kind
from aggregator.model.entry import Entry, EntryView, ParsedEntry
from aggregator.model.feed import Feed, Rights
from aggregator.model.ids import ArticleId, EntryId, ItemId, TopicId
from aggregator.model.publication import Edition, PublishedItem, Tombstone
from aggregator.model.topic import PublishSpec
from tests.corpus.river import full, index, seed, shared
from tests.corpus.test_published_documents import Check, load_checker
from tests.formats.editions import AUTHORITY, YEAR, composed
from tests.formats.test_validity import excused
from tests.formats.test_writing_heads import an_archive, living
from tests.formats.validity import faults
from tests.makers import (
    NOON,
    a_feed,
    a_feed_spec,
    a_showing,
    a_source,
    a_topic,
    a_topic_spec,
    an_entry,
    an_item,
)
from tests.net.shared import shared_tool

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(1_800)]  # all of it, if asked for

SAMPLE = 60  # documents of each kind
MOST = 8  # entries of one
TOPIC = a_topic(spec=a_topic_spec(publish=PublishSpec(content=Rights.FULL)))
GONE = Tombstone(uri="tag:wire.example,2026:gone", at=NOON, why="Its publisher asked.")


@dataclass(frozen=True, slots=True)
class Told:
    """A document of the corpus, as we took it in."""

    name: str
    feed: Feed
    entries: tuple[Entry, ...]
    uris: tuple[str, ...]


@pytest.fixture(scope="module")
def check() -> Check:
    found: Check = load_checker().check
    return found


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    with GuardedReader(workers=1, seconds=10.0) as made:
        yield made


def real() -> list[Path]:
    return [shared() / "corpus" / "feeds" / name for name in sorted(index())]


def cases() -> list[Path]:
    folder = shared() / "corpus" / "cases"
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        kinds = {"atom", "rss2", "rss0.9x", "rss1", "jsonfeed"}
        return [folder / row["file"] for row in csv.DictReader(file) if row["kind"] in kinds]


def sampled(paths: Sequence[Path]) -> list[Path]:
    if full():
        return list(paths)
    return random.Random(seed()).sample(list(paths), min(SAMPLE, len(paths)))


def taken_in(path: Path, reader: GuardedReader) -> Told | None:
    """Return what a document gives, read and cleaned as a poll does; None: nothing."""
    url = "https://wire.example/feed.xml"
    try:
        read = reader.read(path.read_bytes(), url=url, content_type=None)
    except ReadFailed:
        return None
    feed = a_feed(
        spec=a_feed_spec(url=url, rights=Rights.FULL), title=read.title or "", lang=read.lang
    )
    feed = replace(feed, site_url=read.site_url)
    parsed = dict.fromkeys(read.entries[:MOST])  # some documents say one thing twice
    entries = tuple(
        an_entry(id=number, text=clean_text_of(each, feed, first_seen=NOON))
        for number, each in enumerate(parsed, start=1)
    )
    uris = tuple(uri_of(each, feed, key) for key, each in enumerate(parsed))
    return Told(path.name, feed, entries, uris) if entries else None


def uri_of(parsed: ParsedEntry, feed: Feed, key: int) -> str:
    """Return under which id an entry goes out, were its publisher to speak for every host."""
    guid = parsed.guid or ""
    tagged = guid.removeprefix("tag:").partition(",")[0].rpartition("@")[2]
    homes = frozenset({bare_host(guid) if guid.startswith("http") else tagged, tagged})
    return choose_uri(guid, feed, homes=homes, key=key, authority=AUTHORITY, year=YEAR)


def edition_of(told: Told) -> Edition:
    by_uri = dict(zip(told.uris, told.entries, strict=True))  # the store keeps ids apart
    return composed(
        *(
            a_showing(
                item=an_item(id=entry.id, article_id=entry.id, uri=uri),
                sources=(a_source(entry=entry, feed=told.feed),),
            )
            for uri, entry in by_uri.items()
        ),
        topic=TOPIC,
    )


def corrections_of(told: Told, edition: Edition) -> Edition:
    """Return the corrections of a topic whose every text was said to be the next one."""
    had = [
        Had(
            item_id=ItemId(1),
            entry_id=EntryId(1),
            rev=1,
            ours=0,
            title=item.title,
            text=source_text(item),
        )
        for item in edition.items
    ]
    found = [difference(one, other) for one, other in pairwise(had)]
    kept = [each for each in found if each is not None]
    corrections = [
        Correction(
            id=number,
            topic_id=TopicId(1),
            item_id=ItemId(number),
            entry_id=EntryId(number),
            at=NOON,
            kind=Kind.EDITED,
            policy=Corrections.MARK,
            title=item.title,
            why=in_words(diff),
            diff=diff,
        )
        for number, (diff, item) in enumerate(zip(kept, edition.items, strict=False), start=1)
    ]
    views = {
        entry.id: EntryView(
            entry=entry,
            feed=told.feed,
            story_id=ArticleId(1),
            story_public_id=f"{entry.id:016x}",
        )
        for entry in told.entries
    }
    return corrections_edition(edition, TOPIC, corrections, views, (GONE,))


def editions_of(told: Told) -> Iterator[tuple[str, Edition]]:
    edition = edition_of(told)
    yield "feed", living(edition)
    yield "archive", replace(an_archive(edition), tombstones=(GONE,))
    yield "corrections", corrections_of(told, edition)


def wrong(check: Check, name: str, edition: Edition) -> Iterator[str]:
    """Yield what is wrong with an edition's documents, in anybody's opinion."""
    yield from (f"{name}: left out: {each}" for each in edition.left_out)
    for ending in EXTENSIONS:
        body, left_out = render(edition, ending)
        yield from (f"{name}.{ending}: left out: {each}" for each in left_out)
        found = check(body, ending, f"{edition.base_url}.{ending}")
        yield from (f"{name}.{ending}: {each}" for each in found)
        if ending != "json":
            ours = (each for each in faults(body) if not excused(each))
            yield from (f"{name}.{ending}: {each}" for each in ours)
        yield from (f"{name}.{ending}: {each}" for each in read_otherwise(edition, ending, body))


def read_otherwise(edition: Edition, ending: str, body: bytes) -> Iterator[str]:
    """Yield which reader reads other items than were meant: ours, feedparser, or JSON's."""
    address = f"{edition.base_url}.{ending}"
    ours = read_document(body, address, EXTENSIONS[ending].content_type)
    meaning = in_rss if ending == "rss" else said
    readings = {"we": ([as_read(each) for each in ours.entries], meaning)}
    if ending == "json":
        readings["json"] = ([as_json(each) for each in json.loads(body)["items"]], said)
    else:  # it mends what it takes for mistakes in texts: "Â¡" comes back as "¡"
        entries = feedparser.parse(io.BytesIO(body), resolve_relative_uris=False).entries
        readings["feedparser"] = ([(each.id, each.link) for each in entries], name_and_place)
    for who, (read, meaning) in readings.items():
        meant = [meaning(each) for each in edition.items]
        if read != meant:
            pairs = [pair for pair in zip(meant, read, strict=False) if pair[0] != pair[1]]
            yield f"{who} read {len(read)} of {len(meant)} items; other: {pairs[:1]}"


Said = tuple[Any, ...]


def name_and_place(item: PublishedItem) -> Said:
    return (item.uri, item.url)


def said(item: PublishedItem) -> Said:
    files = {each.url for each in item.enclosures}
    return (item.uri, item.url, item.title, item.html, item.updated, item.tags, files)


def in_rss(item: PublishedItem) -> Said:
    """Return the same with the first file: RSS holds one, further ones we read as pictures only."""
    return said(replace(item, enclosures=item.enclosures[:1]))


def as_read(entry: ParsedEntry) -> Said:
    files = {each.url for each in entry.enclosures}
    html, title = entry.content or entry.summary, plain_text(entry.title, 1_000)
    return (entry.guid, entry.url, title, html, entry.updated, entry.categories, files)


def as_json(item: Any) -> Said:
    files = {each["url"] for each in item.get("attachments", ())}
    tags, updated = tuple(item.get("tags", ())), datetime.fromisoformat(item["date_modified"])
    words = (item["title"], item["content_html"])
    return (item["id"], item["url"], *words, int(updated.timestamp()), tags, files)


def test_documents_of_real_feeds(check: Check, reader: GuardedReader) -> None:
    assert_faultless(sampled(real()), check, reader, least=0.9)


def test_documents_of_the_cases_of_other_projects(check: Check, reader: GuardedReader) -> None:
    assert_faultless(sampled(cases()), check, reader, least=0.5)


def test_documents_of_poison(check: Check, reader: GuardedReader, tmp_path: Path) -> None:
    shared_tool("make_bad_inputs").write(str(tmp_path), {"xml", "encoding", "json", "poison"})
    paths = sorted(each for each in tmp_path.rglob("*") if each.is_file())
    assert_faultless(paths, check, reader, least=0.5)


def assert_faultless(
    paths: Sequence[Path], check: Check, reader: GuardedReader, *, least: float
) -> None:
    """Fail with all that is wrong; and when too few documents gave anything to publish."""
    told = [found for path in paths if (found := taken_in(path, reader)) is not None]
    assert len(told) >= least * len(paths)
    problems = [
        problem
        for each in told
        for kind, edition in editions_of(each)
        for problem in wrong(check, f"{each.name} as {kind}", edition)
    ]
    assert not problems, "\n".join(problems[:20])
