"""The floor of a poll in Python: fetch, parse and store, and nothing else.

urllib3 in threads, lxml and SQLite; conditional requests, RSS 2.0 and Atom. It neither sanitises
nor tags nor tells stories, has no manners, no limits and no search: it is no product, but what the
wire, the XML and the database cost at the least.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import urllib3
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
KEPT_TOGETHER = 200  # feeds a transaction
SCHEMA = """
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
CREATE TABLE IF NOT EXISTS feeds (
    id INTEGER PRIMARY KEY, url TEXT UNIQUE, etag TEXT, modified TEXT, title TEXT
);
CREATE TABLE IF NOT EXISTS entries (
    feed INTEGER, guid TEXT, link TEXT, title TEXT, author TEXT, published REAL,
    summary TEXT, content TEXT, tags TEXT, PRIMARY KEY (feed, guid)
);
"""


class Known(NamedTuple):
    """A feed as the last round left it."""

    id: int
    url: str
    etag: str | None
    modified: str | None


class Answer(NamedTuple):
    """What asking for a feed brought; `document` is None for a 304 and a failure."""

    feed: int
    not_modified: bool
    etag: str | None = None
    modified: str | None = None
    document: tuple[str | None, list[tuple[Any, ...]]] | None = None


@dataclass(slots=True)
class Counts:
    """What a round did."""

    feeds: int = 0
    failed: int = 0
    not_modified: int = 0
    new: int = 0


def know(file: Path, urls: list[str]) -> list[Known]:
    """Make feeds known to the store and return them with their validators."""
    with closing(sqlite3.connect(file)) as conn:
        conn.executescript(SCHEMA)
        conn.executemany("INSERT OR IGNORE INTO feeds (url) VALUES (?)", [(url,) for url in urls])
        conn.commit()
        asked = set(urls)
        found = conn.execute("SELECT id, url, etag, modified FROM feeds")
        return [known for known in map(Known._make, found) if known.url in asked]


def poll(file: Path, feeds: list[Known], workers: int) -> Counts:
    """Ask for every feed once and keep what is new."""
    counts, done = Counts(), 0
    with (
        closing(sqlite3.connect(file)) as conn,
        ThreadPoolExecutor(workers) as threads,
        urllib3.PoolManager(num_pools=512, maxsize=4, retries=False, timeout=15) as pool,
    ):
        left = iter(feeds)
        pending: set[Future[Answer]] = set()
        while True:
            room = 4 * workers - len(pending)
            pending |= {threads.submit(_ask, pool, feed) for feed in islice(left, room)}
            if not pending:
                break
            ready, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                _keep(conn, future.result(), counts)
                done += 1
                if done % KEPT_TOGETHER == 0:
                    conn.commit()
        conn.commit()
    return counts


def _ask(pool: urllib3.PoolManager, feed: Known) -> Answer:
    headers = {"Accept-Encoding": "gzip", "User-Agent": "benchmark floor"}
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    if feed.modified:
        headers["If-Modified-Since"] = feed.modified
    try:
        got = pool.request("GET", feed.url, headers=headers)
        document = _document(got.data) if got.status == 200 else None
    except (urllib3.exceptions.HTTPError, etree.XMLSyntaxError, ValueError):
        return Answer(feed.id, False)
    etag, modified = got.headers.get("ETag"), got.headers.get("Last-Modified")
    return Answer(feed.id, got.status == 304, etag, modified, document)


def _keep(conn: sqlite3.Connection, answer: Answer, counts: Counts) -> None:
    counts.feeds += 1
    counts.not_modified += answer.not_modified
    if answer.document is None:
        counts.failed += not answer.not_modified
        return
    title, entries = answer.document
    before = conn.total_changes
    conn.executemany(
        "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((answer.feed, *entry) for entry in entries),
    )
    counts.new += conn.total_changes - before
    conn.execute(
        "UPDATE feeds SET etag = ?, modified = ?, title = ? WHERE id = ?",
        (answer.etag, answer.modified, title, answer.feed),
    )


def _document(body: bytes) -> tuple[str | None, list[tuple[Any, ...]]]:
    root: Any = etree.fromstring(body)
    if root.tag == "rss":
        channel = root.find("channel")
        return channel.findtext("title"), list(_items(channel))
    if root.tag == f"{ATOM}feed":
        return root.findtext(f"{ATOM}title"), list(_entries(root))
    raise ValueError(root.tag)


def _items(channel: Any) -> Iterator[tuple[Any, ...]]:
    for item in channel.iterfind("item"):
        told: dict[str, str | None] = {}
        tags = []
        for part in item:
            if part.tag == "category":
                tags.append(part.text or "")
            else:
                told.setdefault(part.tag, part.text)
        link = told.get("link")
        yield (
            told.get("guid") or link,
            link,
            told.get("title"),
            told.get(CREATOR) or told.get("author"),
            _when(told.get("pubDate")),
            told.get("description"),
            told.get(CONTENT),
            ",".join(tags),
        )


def _entries(feed: Any) -> Iterator[tuple[Any, ...]]:
    for entry in feed.iterfind(f"{ATOM}entry"):
        told: dict[str, str | None] = {}
        tags, link = [], None
        for part in entry:
            name = part.tag.removeprefix(ATOM) if isinstance(part.tag, str) else ""
            if name == "category":
                tags.append(part.get("term") or "")
            elif name == "link":
                link = part.get("href") if part.get("rel", "alternate") == "alternate" else link
            elif name == "author":
                told["author"] = part.findtext(f"{ATOM}name")
            else:
                told.setdefault(name, part.text)
        yield (
            told.get("id") or link,
            link,
            told.get("title"),
            told.get("author"),
            _when(told.get("published") or told.get("updated")),
            told.get("summary"),
            told.get("content"),
            ",".join(tags),
        )


def _when(text: str | None) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return read(text or "").timestamp()
        except ValueError:
            continue
    return None
