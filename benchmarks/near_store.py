"""A store with prints in it, asked and timed as a poll does it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import process_time_ns
from types import TracebackType

from aggregator.core.fingerprint import WINDOW, compare, print_of
from aggregator.core.text import tokens
from aggregator.model.feed import FeedSpec, Origin
from aggregator.model.ids import EntryId, FeedId
from aggregator.model.prints import Print
from aggregator.store.engine import SqliteStore, open_store
from benchmarks.show import figure

NOW = 2_000_000_000
POLL = 30  # entries
GROUP = 50  # polls a transaction
CLOCKED = 3_000  # entries
URL = "https://near.example/feed"
_ONE_ARTICLE = (
    "INSERT INTO articles (id, public_id, lead_entry_id, first_at, last_at, size)"
    " VALUES (1, 'near', 1, ?, ?, 1)"
)
_BARE_ENTRIES = (
    "WITH RECURSIVE n(id) AS (SELECT ?1 UNION ALL SELECT id + 1 FROM n WHERE id < ?2)"
    " INSERT INTO entries (id, feed_id, article_id, article_because, guid, key_hash, title,"
    " summary, first_seen_at) SELECT id, 1, 1, 'first', '', id, 'Title', 'Summary', ?3 FROM n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A text to be told, its feed, and what marks others as the same."""

    text: str
    title: str
    feed: int | None  # None: any other
    same: frozenset[str]

    def print(self) -> Print | None:
        return print_of(tokens(self.text), self.text, self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A text that is a copy of some others, by their places."""

    subject: Subject
    of: frozenset[int]
    way: str


def loop_us() -> float:
    """Return microseconds of processor time for 1000 turns of a bare loop, the least of ten.

    It tells how fast this machine is just now: figures of two runs are compared by it.
    """
    took = []
    for _ in range(10):
        begin = process_time_ns()
        total = 0
        for number in range(100_000):
            total += number & 7
        took.append(process_time_ns() - begin)
    return figure(min(took) / 1000 / 100)


class Shelf:
    """The prints of texts, by their places, in a store on disk."""

    def __init__(self, file: Path) -> None:
        self._store: SqliteStore = open_store(file)
        self._last = 0
        self._feeds: dict[int, FeedId] = {}

    def __enter__(self) -> Shelf:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.close()

    def add(self, subjects: Sequence[Subject]) -> None:
        """Keep the texts; the place of a text is its number less one."""
        self._keep(each.print() for each in subjects)
        with self._store.write() as tx:
            for number in {each.feed for each in subjects} - {None}:
                assert number is not None
                spec = FeedSpec(url=f"{URL}/{number}", name=f"near-{number}")
                self._feeds[number] = tx.feeds.add(spec, origin=Origin.FILE, now=NOW).id
            tx.conn.executemany(
                "UPDATE entries SET title = ?, feed_id = ? WHERE id = ?",
                [(each.title, self._feed(each) or 1, at) for at, each in enumerate(subjects, 1)],
            )

    def fill(self, texts: Iterable[str]) -> None:
        """Keep further texts that nobody asks for."""
        self._keep(print_of(tokens(text), text, "") for text in texts)

    def grow(self, stored: int) -> None:
        """Store so many entries in all, the rest of them too old to be compared."""
        self._bare(stored - self._last)

    def alike(self, subject: Subject, *, within: bool = False) -> dict[int, str]:
        """Return the places of texts that are alike, and how; `within` its own feed, too."""
        mine = subject.print()
        if mine is None:
            return {}
        with self._store.read() as tx:
            but = None if within else self._feed(subject)
            near = tx.prints.near(mine.keys, NOW - WINDOW, but=but)
        found = {each.entry_id - 1: compare(mine, each.print, apart=0) for each in near}
        return {place: its.kind.value for place, its in found.items() if its is not None}

    def clock(self, subjects: Sequence[Subject], chance: random.Random) -> dict[str, float]:
        """Return microseconds an entry for each part, in polls of 30, 50 polls a transaction.

        The words of a text are there already: tags and rules have asked for them.
        """
        some = chance.sample(subjects, min(CLOCKED, len(subjects)))
        said = [(tokens(each.text), each.text, each.title) for each in some]
        feeds = [self._feed(each) for each in some]
        took = dict.fromkeys(("print_of", "near", "compare", "keep", "commit"), 0)
        first = self._bare(len(said))
        with self._store.write() as tx:
            tx.conn.executemany(
                "UPDATE entries SET feed_id = ? WHERE id = ?",
                [(feed or 1, first + at) for at, feed in enumerate(feeds)],
            )
        for start in range(0, len(said), POLL * GROUP):
            group = said[start : start + POLL * GROUP]
            with self._store.write() as tx:
                for at in range(0, len(group), POLL):
                    begin = process_time_ns()
                    prints = [print_of(*each) for each in group[at : at + POLL]]
                    printed = process_time_ns()
                    near = [
                        (mine, tx.prints.near(mine.keys, NOW - WINDOW, but=but))
                        for mine, but in zip(prints, feeds[start + at : start + at + POLL])
                        if mine
                    ]
                    asked = process_time_ns()
                    for mine, its in near:
                        for other in its:
                            compare(mine, other.print, apart=0)
                    compared = process_time_ns()
                    ids = range(first + start + at, first + start + at + len(prints))
                    tx.prints.keep(
                        (EntryId(number), NOW, each) for number, each in zip(ids, prints) if each
                    )
                    kept = process_time_ns()
                    took["print_of"] += printed - begin
                    took["near"] += asked - printed
                    took["compare"] += compared - asked
                    took["keep"] += kept - compared
                begin = process_time_ns()
            took["commit"] += process_time_ns() - begin
        return {part: figure(each / 1000 / len(said)) for part, each in took.items()}

    def _keep(self, prints: Iterable[Print | None]) -> None:
        every = iter(prints)
        while group := [*islice(every, POLL * GROUP)]:
            first = self._bare(len(group))
            with self._store.write() as tx:
                tx.prints.keep(
                    (EntryId(first + at), NOW, each) for at, each in enumerate(group) if each
                )

    def _bare(self, count: int) -> int:
        """Store so many entries of which nothing but their number matters; return the first."""
        first, self._last = self._last + 1, self._last + count
        with self._store.write() as tx:
            if first == 1:
                tx.feeds.add(FeedSpec(url=URL, name="near"), origin=Origin.FILE, now=NOW)
                tx.conn.execute(_ONE_ARTICLE, (NOW, NOW))
            if count > 0:
                tx.conn.execute(_BARE_ENTRIES, (first, self._last, NOW))
        return first

    def _feed(self, subject: Subject) -> FeedId | None:
        return None if subject.feed is None else self._feeds.get(subject.feed)
