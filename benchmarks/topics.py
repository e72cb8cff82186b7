"""What it costs to ask thousands of topics' rules of each entry, beside FTS5 asked in reverse.

    python -m benchmarks.topics [FILE | --entries N] [--topics 1000 10000 100000] [--seed S]

FILE holds JSON lines with `title` and `summary`, and `publisher` where it is known; without one,
N entries of made-up words are asked. Editors write topics before the news comes: with a seed, they
are made of words of the first half of the entries (phrases, words side by side, alternatives, words
that go on, NOTs, tags, feeds), and the second half is asked.

`us` is the processor time of one entry, the best of some rounds: to find its words (`us_words` of
it), the topics it is in, and why. The peer is SQLite's FTS5 in reverse: the entry alone in an
index, and each topic asked of it; that takes so long that a sample of entries is timed. Its answers
are compared on that sample, and on every entry with the other way to ask FTS5: all entries indexed,
each topic asked of them. Any difference ends with 1.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from time import process_time

from aggregator.core.query import And, Node, Not, Or, Term, parse_query
from aggregator.core.rules import Subject, rule
from aggregator.core.standing import RuleBook, anchor_index
from aggregator.core.text import tokens
from aggregator.model.ids import TopicId
from benchmarks.show import figure, finish, table

TOPICS = (1_000, 10_000, 100_000)
MADE = 5_000  # entries without a file
SAMPLE = 20  # entries that the peer is timed with
ROUNDS = 3
ASKED_OF = 0.02  # a word in more of the entries than this is none that an editor asks for alone
TAGS = ("world", "business", "science", "health", "sport", "culture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What topics are made of: what entries say that is worth asking for, and who says it."""

    phrases: tuple[str, ...]
    telling: tuple[str, ...]
    feeds: tuple[str, ...]


def from_file(path: Path, chance: random.Random) -> Iterator[Subject]:
    """Yield the entries of a file of JSON lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        kept = json.loads(line)
        yield an_entry(kept["title"], kept.get("summary", ""), kept.get("publisher", ""), chance)


def made(count: int, chance: random.Random) -> Iterator[Subject]:
    """Yield made-up entries whose words are as unevenly frequent as those of a language."""
    words = [f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in ("", *SYLLABLES)]
    chance.shuffle(words)
    weights = [*accumulate(1 / (place + 3) for place in range(len(words)))]
    for _ in range(count):
        said = chance.choices(words, cum_weights=weights, k=10 + chance.randrange(60))
        yield an_entry(" ".join(said[:10]), " ".join(said[10:]), f"feed {len(said)}", chance)


SYLLABLES = tuple(f"{a}{b}" for a in "bcdfglmnprstv" for b in "aeiou")


def an_entry(title: str, summary: str, feed: str, chance: random.Random) -> Subject:
    host = f"{'-'.join(tokens(feed)) or 'wire'}.example"
    tags = tuple(chance.sample(TAGS, chance.randrange(3)))
    return Subject(title=title, summary=summary, feed_name=feed, sites=(host,), tags=tags)


def said_by(entries: Sequence[Subject]) -> Said:
    """Return what topics are made of."""
    texts = tuple(tuple(tokens(f"{each.title} {each.summary}")) for each in entries)
    seen = Counter(word for text in texts for word in set(text))
    often = max(3.0, ASKED_OF * len(texts))
    telling = tuple(word for word in seen if 2 <= seen[word] <= often and len(word) > 2)
    asked = set(telling)
    pairs = (pair for text in texts for pair in pairwise(text) if asked & {*pair})
    return Said(
        phrases=tuple(dict.fromkeys(" ".join(pair) for pair in pairs)),
        telling=telling,
        feeds=tuple(dict.fromkeys(each.feed_name for each in entries if each.feed_name)),
    )


def a_topic(said: Said, chance: random.Random) -> str:
    """Return one made-up rule."""

    def word() -> str:
        return chance.choice(said.telling)

    phrase = f'"{chance.choice(said.phrases)}"'
    kind = chance.random()
    if kind < 0.25:
        return phrase
    if kind < 0.45:
        return f"{word()} {word()}"
    if kind < 0.60:
        return " OR ".join([phrase, *(word() for _ in range(chance.randrange(1, 6)))])
    if kind < 0.70:
        return f"title:{word()} NOT {word()}"
    if kind < 0.80:
        return f"(tag:{chance.choice(TAGS)} OR {word()}) ({word()} OR {phrase})"
    if kind < 0.86:
        return f"{word()[:5]}*"
    if kind < 0.94 and said.feeds:
        return f'feed:"{chance.choice(said.feeds)}" {word()} NOT {phrase}'
    return f"tag:{chance.choice(TAGS)} -title:{word()} ({word()} OR title:{phrase})"


def as_fts(node: Node) -> str:
    """Return a rule in FTS5's own words: a second opinion on what it means."""
    match node:
        case And(parts=parts):
            yes = [as_fts(part) for part in parts if not isinstance(part, Not)]
            no = [as_fts(part.part) for part in parts if isinstance(part, Not)]
            return " NOT ".join([f"({' AND '.join(yes)})", *no])
        case Or(parts=parts):
            return f"({' OR '.join(map(as_fts, parts))})"
        case Term(field="tag" | "feed", text=text):
            return f'(labels : "{label(node.field, text)}")'
        case Term(field=name, text=text, prefix=prefix):
            columns = name or "{title summary}"
            return f'({columns} : "{" ".join(tokens(text))}"{"*" if prefix else ""})'
    raise ValueError(f"no topic is made so: {node}")


def label(name: str, value: str) -> str:
    """Return a label as one token of FTS5."""
    return f"{name}x{' '.join(tokens(value)).encode().hex()}"


def indexed(entries: Sequence[Subject]) -> sqlite3.Connection:
    """Return the entries in an index of FTS5, their places as rowids."""
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE words USING fts5(title, summary, labels,"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    db.executemany(
        "INSERT INTO words (rowid, title, summary, labels) VALUES (?, ?, ?, ?)",
        [
            (
                place,
                " ".join(tokens(each.title)),
                " ".join(tokens(each.summary)),
                " ".join(
                    [*(label("tag", tag) for tag in each.tags), label("feed", each.feed_name)]
                ),
            )
            for place, each in enumerate(entries)
        ],
    )
    return db


def reversed_fts(entry: Subject, asked: Sequence[str]) -> tuple[list[int], float]:
    """Return which topics FTS5 finds the entry in, asked one by one, and the seconds it took."""
    start = process_time()
    with closing(indexed([entry])) as db:
        found = [
            number
            for number, words in enumerate(asked)
            if db.execute("SELECT 1 FROM words WHERE words MATCH ?", (words,)).fetchone()
        ]
    return found, process_time() - start


def forward_fts(entries: Sequence[Subject], asked: Sequence[str]) -> dict[int, list[int]]:
    """Return the same for every entry, by asking each topic once of all of them."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    with closing(indexed(entries)) as db:
        for number, words in enumerate(asked):
            for (place,) in db.execute("SELECT rowid FROM words WHERE words MATCH ?", (words,)):
                found[place].append(number)
    return found


def timed(work: Callable[[], object]) -> float:
    """Return the processor time of the best of some rounds, without the collector's, as timeit."""
    gc.collect()
    gc.disable()
    try:
        best = math.inf
        for _ in range(ROUNDS):
            start = process_time()
            work()
            best = min(best, process_time() - start)
    finally:
        gc.enable()
    return best


def compared(entries: Sequence[Subject], queries: Sequence[str]) -> dict[str, float]:
    """Return one row: what so many topics cost an entry, ours and the peer's."""
    nodes = [parse_query(query) for query in queries]
    start = process_time()
    index = anchor_index(nodes)
    book = RuleBook(
        rules=tuple((TopicId(n), rule(node)) for n, node in enumerate(nodes)), index=index
    )
    built = process_time() - start

    def find_words() -> None:
        for each in entries:
            copied(each).said("")

    def ask() -> list[list[TopicId]]:
        return [[match.topic_id for match in book.match(each)] for each in entries]

    words = timed(find_words)
    answers = ask()  # also finds each entry's words, once
    took = timed(ask)
    candidates = sum(len(index.candidates(each)) for each in entries)

    asked = [as_fts(node) for node in nodes]
    told = forward_fts(entries, asked)
    wrong = sum(told.get(place, []) != answer for place, answer in enumerate(answers))
    sample = range(0, len(entries), max(1, len(entries) // SAMPLE))
    peer = 0.0
    for place in sample:
        found, seconds = reversed_fts(entries[place], asked)
        wrong += found != answers[place]
        peer += seconds
    us, peer_us = (words + took) / len(entries) * 1e6, peer / len(sample) * 1e6
    return {
        "topics": len(queries),
        "us": figure(us),
        "us_words": figure(words / len(entries) * 1e6),
        "fts5_reversed_us": figure(peer_us),
        "ratio": figure(us / peer_us),
        "asked": figure(candidates / len(entries)),
        "always_asked": len(index.always),
        "in": figure(sum(map(len, answers)) / len(entries)),
        "differences": wrong,
        "build_s": figure(built),
    }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.topics")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--entries", type=int, default=MADE, help="made up, without a file")
    parser.add_argument("--topics", type=int, nargs="+", default=TOPICS, metavar="N")
    parser.add_argument("--seed", type=int, help="of chance; printed when not given")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    chance = random.Random(seed)
    source = from_file(asked.file, chance) if asked.file else made(asked.entries, chance)
    entries = list(source)
    said = said_by(entries[: len(entries) // 2])
    entries = entries[len(entries) // 2 :]
    if not said.phrases or not said.telling:
        parser.error("too few words there to make topics of")
    print(f"{len(entries)} entries asked, seed {seed}")
    rows = []
    for count in asked.topics:
        rows.append(compared(entries, [a_topic(said, chance) for _ in range(count)]))
    print(table([name.replace("_", " ") for name in rows[0]], [[*row.values()] for row in rows]))
    finish({"entries": len(entries), "seed": seed, "sizes": rows, **rows[-1]})
    return int(any(row["differences"] for row in rows))


def copied(entry: Subject) -> Subject:
    """Return the entry anew, its words not found yet."""
    return Subject(
        title=entry.title,
        summary=entry.summary,
        feed_name=entry.feed_name,
        sites=entry.sites,
        tags=entry.tags,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
