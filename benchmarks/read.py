"""How fast documents are read, beside feedparser and lxml, and where we read otherwise.

    python -m benchmarks.read DIR… [--limit N] [--seed S] [--rounds N]

Every feed file under the folders, or a sample of N, is read by each reader in turn, in this
process, by processor time: the best of some rounds through all of them, document by document.
`ratio_to_feedparser` says how many times as fast as feedparser's default we are, `ratio_to_lxml`
how many times as long as `lxml.etree.fromstring` we take, which only builds a tree: for all
documents as they come, and under `taken` for those that the fast reader takes. `guard_ms` is what
the child process adds to a document that is handed over. JSON feeds are only counted.

Disagreements are counted on every document, by field, against feedparser with sanitising and
resolving off (`benchmarks.mapping` says how its words become ours, and where we mean to differ).
What the fast reader handed over, and why, stands in a table.
"""

from __future__ import annotations

import argparse
import importlib
import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time_ns
from typing import Any

import feedparser
from lxml import etree

from aggregator.errors import ReadFailed
from aggregator.formats.fast import HandedOver, read_fast
from aggregator.formats.guard import GuardedReader
from aggregator.formats.reading import is_json, read_document, read_here
from aggregator.model.entry import ParsedFeed
from benchmarks.mapping import URL, misread, plainly
from benchmarks.show import figure, finish, table

SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json"}
ROUNDS = 3
GUARDED = 50  # documents that are also read in the child
PEERS = ("fastfeedparser", "feedparser_rs")  # measured where they are installed


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One feed file, what the fast reader says of it, and processor seconds by reader."""

    body: bytes
    handed_over: str | None  # the reason
    plain: bool  # well-formed XML that is a feed, without a DOCTYPE
    guarded: bool  # it is read in the child process
    took: dict[str, float]


def documents(folders: Sequence[Path], limit: int | None, seed: int) -> list[bytes]:
    """Return the feed files, or a sample of them."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    paths = [path for path in paths if path.suffix in SUFFIXES]
    if limit is not None and limit < len(paths):
        paths = sorted(random.Random(seed).sample(paths, limit))
    return [path.read_bytes() for path in paths]


def looked_at(body: bytes) -> Document:
    read = read_fast(body, URL, None)
    plain = b"<!DOCTYPE" not in body[:5_000] and tree(body) and bool(plainly(body)["version"])
    reason = read.reason if isinstance(read, HandedOver) else None
    guarded = read_here(body, URL, None) is None
    return Document(body=body, handed_over=reason, plain=plain, guarded=guarded, took={})


def ours(body: bytes) -> ParsedFeed | None:
    try:
        return read_document(body, URL, None)
    except ReadFailed:
        return None


def tree(body: bytes) -> bool:
    try:
        etree.fromstring(body)
    except etree.XMLSyntaxError:
        return False
    return True


def readers() -> dict[str, Callable[[bytes], object]]:
    found: dict[str, Callable[[bytes], object]] = {
        "lxml": tree,
        "ours": ours,
        "feedparser, plain": plainly,
        "feedparser": lambda body: feedparser.parse(io.BytesIO(body)),
    }
    for name in PEERS:
        with suppress(ImportError):
            found[name] = quietly(importlib.import_module(name).parse)
    return found


def quietly(parse: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Return a peer's parser that only takes time for what it cannot read."""

    def read(body: bytes) -> None:
        with suppress(Exception):
            parse(body)

    return read


def clock(found: Sequence[Document], rounds: int) -> list[str]:
    """Note how long each reader takes for each document; the best of the rounds counts."""
    every = readers()
    for _ in range(rounds):
        for name, read in every.items():
            for document in found:
                start = process_time_ns()
                read(document.body)
                took = (process_time_ns() - start) / 1e9
                document.took[name] = min(took, document.took.get(name, took))
    return list(every)


def ratios(found: Sequence[Document]) -> dict[str, float | None]:
    took = Counter[str]()
    for document in found:
        took.update(document.took)
    if not took["ours"]:
        return {"ratio_to_feedparser": None, "ratio_to_lxml": None}
    return {
        "ratio_to_feedparser": figure(took["feedparser"] / took["ours"]),
        "ratio_to_lxml": figure(took["ours"] / took["lxml"]),
    }


def speeds(found: Sequence[Document], names: Sequence[str]) -> str:
    size = sum(len(document.body) for document in found)
    rows = []
    for name in names:
        took = sum(document.took[name] for document in found)
        bare = sum(document.took["lxml"] for document in found)
        each = figure(1000 * took / len(found))
        rows.append((name, figure(size / 1e6 / took), each, figure(took / bare)))
    return table(("reader", "MB/s", "ms/document", "to lxml"), rows)


def guard_ms(bodies: Sequence[bytes]) -> float | None:
    """Return what the child process adds to a document that is handed over.

    The median over documents that are read in both ways one after the other, by the wall clock;
    the child's start-up is not counted.
    """
    extra = []
    with GuardedReader(workers=1, seconds=60) as reader:
        with suppress(ReadFailed):
            reader.read(b"<rss", url=URL, content_type=None)
        for body in bodies:
            start = perf_counter()
            ours(body)
            between = perf_counter()
            with suppress(ReadFailed):
                reader.read(body, url=URL, content_type=None)
            extra.append((perf_counter() - between) - (between - start))
    return figure(1000 * median(extra)) if extra else None


def disagreements(found: Sequence[Document]) -> Mapping[str, int]:
    """Return, by field, how many entries we read otherwise than feedparser; feeds count as one."""
    counts: Counter[str] = Counter()
    for document in found:
        mine = ours(document.body)
        if mine is None:
            counts["refused"] += len(plainly(document.body)["entries"]) > 0
        else:
            counts.update(misread(mine, plainly(document.body)))
    return {name: count for name, count in sorted(counts.items()) if count}


def share(part: int, whole: int) -> float | None:
    return figure(part / whole) if whole else None


def report(found: Sequence[Document], names: Sequence[str]) -> dict[str, Any]:
    """Print the tables, and return what the last line holds of them."""
    taken = [document for document in found if document.handed_over is None]
    plain = [document for document in found if document.plain]
    reasons = Counter(document.handed_over for document in found if document.handed_over)
    differing = disagreements(found)
    entries = sum(len(feed.entries) for document in found if (feed := ours(document.body)))
    print(f"\nall {len(found)} documents")
    print(speeds(found, names))
    if taken:
        print(f"\nthe {len(taken)} that the fast reader takes")
        print(speeds(taken, names))
    print()
    print(table(("handed over because of", "documents"), reasons.most_common()))
    print()
    print(table(("read otherwise than feedparser", "entries"), [*differing.items()]))
    size = sum(len(document.body) for document in found) / 1e6
    return {
        "entries": entries,
        "fast_share": share(len(taken), len(found)),
        "fast_share_plain": share(sum(not each.handed_over for each in plain), len(plain)),
        "mb_s": figure(size / sum(document.took["ours"] for document in found)),
        **ratios(found),
        "taken": ratios(taken),
        "guard_ms": guard_ms([each.body for each in found if each.guarded][:GUARDED]),
        "disagreements": differing,
        "handed_over": dict(reasons.most_common()),
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.read")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--limit", type=int, metavar="N", help="read a sample of N files")
    parser.add_argument("--seed", type=int, help="of the sample; printed when not given")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="through them all")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    every = documents(asked.folders, asked.limit, seed)
    bodies = [body for body in every if not is_json(body)]
    if not any(bodies):
        parser.error("no feed files there")
    print(f"{len(every)} documents, {len(every) - len(bodies)} of them JSON, seed {seed}")
    found = [looked_at(body) for body in bodies]
    names = clock(found, asked.rounds)
    finish({"docs": len(every), **report(found, names), "seed": seed})


if __name__ == "__main__":
    main(sys.argv[1:])
