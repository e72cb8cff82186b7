"""How many copies are found by their text, how many texts are wrongly hidden, and what it costs.

    python -m benchmarks.near PATH [--window N] [--stored N] [--texts N] [--seed S]

PATH is a folder of feeds: their bodies are read by our reader, and some of them are changed in the
nine ways in which copies differ (dress, an excerpt, words added, …). Or PATH is a file of JSON
lines `{"id", "text", "group"}`, perhaps with a "title": texts of one group are copies.

`recall` is the share of copies that would be hidden, `recall_related` of those that are at least
shown as related; `false_merges` how many of 1000 texts would be hidden below another one. In a
folder that counts between feeds, where alone copies are told by text; `alike_in_feed` counts
within one. Same titles, addresses and bodies are no wrong hides. `precision` is the share of right
ones among all pairs that `tell: copies` would fold: the copies with their texts, and the texts
themselves between feeds.

`us` is the processor time an entry takes, in microseconds: its print, what shares keys with it,
comparing, keeping, with N entries in the window (100,000 when not given) of a store on disk.
`loop_us` is what 1000 turns of a bare loop take in the same run.
`--stored` measures it once more with so many entries stored in all. Peers in the same run:
datasketch's MinHash LSH over the same runs of words, and as the floor a hash of the whole body.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.core.drafting import body_of, clean_text_of
from aggregator.core.fingerprint import LEAST_WORDS
from aggregator.core.text import tokens
from aggregator.core.urls import url_key
from aggregator.errors import ReadFailed
from aggregator.formats.reading import read_document
from aggregator.model.feed import Feed, FeedSpec, Origin
from aggregator.model.ids import FeedId
from benchmarks.near_copies import WAYS, Mutator, babble
from benchmarks.near_peers import exact, lsh
from benchmarks.near_store import URL, Copy, Shelf, Subject, loop_us
from benchmarks.show import figure, finish, table

SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json"}
PLACES = ("between", "within")  # feeds
LATER = 2_000_000_000  # UTC seconds; bounds dates


def from_folder(folder: Path) -> Iterator[Subject]:
    """Yield the bodies of all feeds of a folder; one text of a feed counts once."""
    feed = Feed(id=FeedId(1), spec=FeedSpec(url=URL, name="near"), origin=Origin.FILE)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if path.suffix not in SUFFIXES:
            continue
        seen = set()
        with suppress(ReadFailed):
            for entry in read_document(path.read_bytes(), URL, None).entries:
                text = clean_text_of(entry, feed, first_seen=LATER)
                body = body_of(text)
                words = tokens(body)
                if len(words) < LEAST_WORDS or (said := " ".join(words)) in seen:
                    continue
                seen.add(said)
                page = url_key(text.url) if text.url else None
                same = frozenset({said, text.title, *([page] if page else [])})
                yield Subject(text=body, title=text.title, feed=number, same=same)


def from_file(file: Path) -> Iterator[Subject]:
    """Yield the texts of a file; its groups say which are the same."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            same = frozenset({str(said["group"])})
            yield Subject(text=said["text"], title=said.get("title", ""), feed=None, same=same)


def changed(subjects: Sequence[Subject], texts: int, chance: random.Random) -> list[Copy]:
    """Return some texts changed in each of the nine ways; those a way leaves as they are not."""
    mutator = Mutator([each.text for each in subjects], chance)
    some = sorted(chance.sample(range(len(subjects)), min(texts, len(subjects))))
    copies = []
    for way in WAYS:
        for at in some:
            text = mutator.changed(way, subjects[at].text)
            if text is not None:
                mutant = Subject(text=text, title="", feed=None, same=frozenset())
                copies.append(Copy(subject=mutant, of=frozenset({at}), way=way))
    return copies


def grouped(subjects: Sequence[Subject]) -> list[Copy]:
    """Return the texts that have an earlier one of their group."""
    earlier: dict[frozenset[str], set[int]] = {}
    copies = []
    for at, each in enumerate(subjects):
        its = earlier.setdefault(each.same, set())
        if its:
            copies.append(Copy(subject=each, of=frozenset(its), way="group"))
        its.add(at)
    return copies


@dataclass
class Pairs:
    """How many pairs of texts were found alike enough to be folded."""

    right: int = 0
    wrong: int = 0

    def note(self, right: bool) -> None:
        """Count a pair."""
        self.right += right
        self.wrong += not right

    @property
    def precision(self) -> float | None:
        """The share of right ones, never rounded up to all of them; None: there are no pairs."""
        told = self.right + self.wrong
        return None if not told else int(10_000 * self.right / told) / 10_000


def recalls(
    shelf: Shelf, copies: Sequence[Copy], subjects: Sequence[Subject]
) -> tuple[list[tuple[Any, ...]], dict[str, Any], Pairs]:
    """Return a row for each way, the means over the ways, and the pairs that would be folded."""
    found: dict[str, list[tuple[bool, bool, bool]]] = {}
    pairs = Pairs()
    for each in copies:
        alike = shelf.alike(each.subject)
        hidden = {place for place, kind in alike.items() if kind == "copy"}
        same = frozenset().union(*(subjects[place].same for place in each.of))
        for place in hidden:
            pairs.note(place in each.of or bool(same & subjects[place].same))
        found.setdefault(each.way, []).append(
            (bool(hidden & each.of), bool(alike.keys() & each.of), bool(hidden - each.of))
        )
    rows: list[tuple[Any, ...]] = []
    for way, its in found.items():
        shares = [figure(sum(column) / len(its)) for column in zip(*its, strict=True)]
        rows.append((way, len(its), *shares))
    means = [figure(sum(row[at] for row in rows) / max(len(rows), 1)) for at in (2, 3)]
    return rows, {"recall": means[0], "recall_related": means[1]}, pairs


def wrong(
    shelf: Shelf, subjects: Sequence[Subject], pairs: Mapping[str, Pairs]
) -> dict[str, float]:
    """Return how many of 1000 texts would be hidden below an earlier, other one.

    Each pair that would be folded is noted by where it is found.
    """
    counts = dict.fromkeys(PLACES, 0)
    for at, each in enumerate(subjects):
        for where in counts:
            alike = shelf.alike(each, within=where == "within").items()
            earlier = [place for place, kind in alike if kind == "copy" and place < at]
            rights = [bool(each.same & subjects[place].same) for place in earlier]
            for right in rights:
                pairs[where].note(right)
            counts[where] += not all(rights)
    return {where: figure(1000 * count / len(subjects)) for where, count in counts.items()}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near")
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder of feeds, or JSON lines")
    parser.add_argument("--window", type=int, default=100_000, metavar="N", help="entries in it")
    parser.add_argument("--stored", type=int, default=0, metavar="N", help="entries in all")
    parser.add_argument("--texts", type=int, default=400, metavar="N", help="that are changed")
    parser.add_argument("--least", type=int, default=60, metavar="N", help="words of those")
    parser.add_argument("--seed", type=int, help="of chance; printed when not given")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    chance = random.Random(seed)
    folder = asked.path.is_dir()
    subjects = [*(from_folder if folder else from_file)(asked.path)]
    if not subjects:
        parser.error("no texts there")
    print(f"{len(subjects)} texts, seed {seed}")
    if folder:
        long = [at for at, each in enumerate(subjects) if len(tokens(each.text)) >= asked.least]
        picked = [subjects[at] for at in long]
        copies = [
            Copy(subject=each.subject, of=frozenset(long[at] for at in each.of), way=each.way)
            for each in changed(picked, asked.texts, chance)
        ]
    else:
        copies = grouped(subjects)
    told: dict[str, Any] = {"texts": len(subjects), "copies": len(copies)}
    with tempfile.TemporaryDirectory() as place, Shelf(Path(place) / "near.db") as shelf:
        shelf.add(subjects)
        rows, found, pairs = recalls(shelf, copies, subjects)
        told |= found
        print(table(("copies changed by", "texts", "hidden", "related", "wrong"), rows))
        if not folder:
            pairs = Pairs()  # the copies are texts of the file: they are counted among those
        where = "between" if folder else "within"
        hides = wrong(shelf, subjects, {**{place: Pairs() for place in PLACES}, where: pairs})
        told |= {"false_merges": hides[where]}
        told |= {"precision": pairs.precision, "pairs": pairs.right + pairs.wrong}
        told |= {"alike_in_feed": hides["within"]} if folder else {}
        words = [each.text for each in subjects]
        shelf.fill(babble(words, asked.window, chance))
        parts = shelf.clock(subjects[::2], chance)
        told |= {"us": figure(sum(parts.values())), "parts": parts, "window": asked.window}
        told |= {"loop_us": loop_us()}
        if asked.stored > asked.window:
            shelf.grow(asked.stored)
            again = shelf.clock(subjects[1::2], chance)  # others: these are all new
            told |= {"us_stored": figure(sum(again.values())), "stored": asked.stored}
            told |= {"parts_stored": again}
    peers = {"exact hash": exact(subjects, copies), "datasketch": lsh(subjects, copies)}
    print()
    print(table(("part", "us"), [*parts.items(), ("all", told["us"])]))
    print(f"1000 turns of a bare loop take {told['loop_us']} us here and now")
    print()
    rows = [(name, its and its["recall"], its and its["us"]) for name, its in peers.items()]
    print(f"precision of what is folded: {told['precision']} of {told['pairs']} pairs")
    print()
    print(table(("peer", "recall", "us"), [("ours", told["recall"], told["us"]), *rows]))
    finish({**told, "peers": peers, "seed": seed})


if __name__ == "__main__":
    main(sys.argv[1:])
