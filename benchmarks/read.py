"""How fast documents are read, beside feedparser and lxml, and where we read otherwise.

    python -m benchmarks.read DIR… [--limit N] [--seed S]

Every feed file under the folders, or a sample of N, is read by each reader in turn, in this
process, by processor time; `guard_ms` is what the child process adds to a document.
`ratio_to_feedparser` says how many times as fast as feedparser's default we are; `ratio_to_lxml`
how many times as long as lxml we take, which only builds a tree. Disagreements count entries whose
field differs from feedparser's with sanitising and resolving off; texts are compared as a person
reads them. There is no fast reader yet: all documents go to the tolerant
one, and `fast_share` is 0. JSON feeds, which feedparser cannot read, are only counted.
"""

from __future__ import annotations

import argparse
import calendar
import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urljoin

import feedparser
from lxml import etree

from aggregator.core.sanitize import plain_text
from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.reading import read_document
from aggregator.model.entry import ParsedEntry, ParsedFeed
from benchmarks.show import figure, finish, table

URL = "https://bench.example/feed"
SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json"}
LONGEST = 1_000_000  # characters of a text that are compared
GUARDED = 100  # documents that are also read in the child
FAST_SHARE = 0.0  # there is no fast reader yet

Fields = dict[str, object]


def documents(folders: Sequence[Path], limit: int | None, seed: int) -> list[bytes]:
    """Return the feed files, or a sample of them."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    paths = [path for path in paths if path.suffix in SUFFIXES]
    if limit is not None and limit < len(paths):
        paths = sorted(random.Random(seed).sample(paths, limit))
    return [path.read_bytes() for path in paths]


def ours(body: bytes) -> ParsedFeed | None:
    try:
        return read_document(body, URL, None)
    except ReadFailed:
        return None


def plainly(body: bytes) -> Any:
    headers = {"content-type": "application/xml"}
    return feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def tree(body: bytes) -> None:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    etree.fromstring(body, parser)


def seconds(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> float:
    """Return the processor time of the work: other programs of the machine do not count."""
    start = process_time()
    for body in bodies:
        work(body)
    return process_time() - start


def guard_ms(bodies: Sequence[bytes]) -> float:
    """Return what the child process adds to one document, its start-up not counted.

    The median over documents that are read in both ways one after the other, by the wall clock.
    """
    extra = []
    with GuardedReader(workers=1, seconds=60) as reader:
        reader.read(b"<rss version='2.0'/>", url=URL, content_type=None)
        for body in bodies:
            start = perf_counter()
            ours(body)
            between = perf_counter()
            with suppress(ReadFailed):
                reader.read(body, url=URL, content_type=None)
            extra.append((perf_counter() - between) - (between - start))
    return 1000 * median(extra)


def our_fields(entry: ParsedEntry) -> Fields:
    return {
        "guid": entry.guid,
        "url": entry.url,
        "title": plain_text(entry.title, LONGEST),
        "summary": plain_text(entry.summary, LONGEST),
        "content": plain_text(entry.content, LONGEST),
        "author": entry.author,
        "published": entry.published,
        "updated": entry.updated,
        "categories": entry.categories,
        "enclosures": len(entry.enclosures),
    }


def their_fields(entry: Any) -> Fields:
    contents = [one["value"] for one in dict.get(entry, "content") or ()]
    tags = [tag.get("label") or tag.get("term") for tag in dict.get(entry, "tags") or ()]
    links = dict.get(entry, "links") or ()
    link = dict.get(entry, "link")
    detail = dict.get(entry, "author_detail") or {}
    return {
        "guid": dict.get(entry, "id") or None,
        "url": urljoin(URL, link) if link else None,
        "title": plain_text(dict.get(entry, "title") or "", LONGEST),
        "summary": plain_text(dict.get(entry, "summary") or "", LONGEST),
        "content": plain_text(max(contents, key=len, default=""), LONGEST),
        "author": detail.get("name") or dict.get(entry, "author") or None,
        "published": when(dict.get(entry, "published_parsed")),
        "updated": when(dict.get(entry, "updated_parsed")),
        "categories": tuple(dict.fromkeys(tag for tag in tags if tag)),
        "enclosures": sum(link.get("rel") == "enclosure" for link in links),
    }


def when(parsed: Any) -> int | None:
    try:
        return calendar.timegm(parsed) if parsed else None
    except (ValueError, OverflowError):
        return None


def disagreements(bodies: Sequence[bytes]) -> Counter[str]:
    """Return, by field, how many entries we read otherwise than feedparser."""
    counts: Counter[str] = Counter()
    for body in bodies:
        mine = ours(body)
        entries = mine.entries if mine else ()
        theirs = plainly(body)["entries"]
        if len(entries) != len(theirs):
            counts["entries"] += abs(len(entries) - len(theirs))
            continue
        for entry, other in zip(entries, theirs, strict=True):
            there = their_fields(other)
            counts.update(name for name, value in our_fields(entry).items() if value != there[name])
    return counts


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.read")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--limit", type=int, metavar="N", help="read a sample of N files")
    parser.add_argument("--seed", type=int, help="of the sample; printed when not given")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    every = documents(asked.folders, asked.limit, seed)
    bodies = [body for body in every if body.lstrip()[:1] != b"{"]
    size = sum(map(len, bodies)) / 1e6
    if not size:
        parser.error("no feed files there")
    print(f"{len(every)} documents, {len(every) - len(bodies)} of them JSON, seed {seed}")

    times = {
        "lxml, the bare tree": seconds(tree, bodies),
        "ours": seconds(ours, bodies),
        "feedparser, plain": seconds(plainly, bodies),
        "feedparser, default": seconds(lambda body: feedparser.parse(io.BytesIO(body)), bodies),
    }
    bare, mine = times["lxml, the bare tree"], times["ours"]
    per_document = 1000 / len(bodies)
    rows = [
        (name, figure(size / took), figure(took * per_document), figure(took / bare))
        for name, took in times.items()
    ]
    print(table(("reader", "MB/s", "ms/document", "to lxml"), rows))
    differing = disagreements(bodies)
    print(table(("field", "entries read otherwise"), sorted(differing.items())))
    finish(
        {
            "docs": len(every),
            "entries": sum(len(feed.entries) for feed in map(ours, every) if feed),
            "fast_share": FAST_SHARE,
            "mb_s": figure(size / mine),
            "ratio_to_feedparser": figure(times["feedparser, default"] / mine),
            "ratio_to_lxml": figure(mine / bare),
            "guard_ms": figure(guard_ms(bodies[:GUARDED])),
            "disagreements": dict(sorted(differing.items())),
            "seed": seed,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
