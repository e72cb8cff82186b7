"""What tagging an entry costs with large vocabularies, beside other ways to look for phrases.

    python -m benchmarks.tags [--phrases 1000 10000 100000] [--texts FILE] [--seed S]

Entries are made by chance: a title of 10 words, a summary of 40 and a text of 140, together as long
as the median entry of the corpus, their words as frequent as in prose. Or they are those of a file
of JSON lines with `title`, `summary` and, where there is one, `text`. Phrases are of one to three
words.

All CPU time, in microseconds an entry, the best of several rounds, each way in turn:

tag         all of `core.tagging.tag`: phrases found, ordered, tags made with their because
find        phrases alone, as the size of the vocabulary has us find them
index       by a table of first words      automaton   by ahocorasick-rs
pyahocorasick   the peer, on the same folded words; it needs the extra `bench`
words       tokenising, which rules, search and tags share; it is no part of the others
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

from aggregator.core.phrases import Automaton, Finder, Index, Phrase
from aggregator.core.tagging import tag, vocabulary
from aggregator.core.text import tokens
from aggregator.model.entry import Tag
from benchmarks.show import figure, finish, table

SIZES = (1_000, 10_000, 100_000)
ENTRIES = 500
WORDS = 60_000  # different ones, the n-th as frequent as 1/n
COMMON = 1_000  # of them no phrase is made of: names are rare words
FEWEST = 100
LENGTHS = (1, 2, 2, 2, 3)  # words of a phrase
ASKED = 25.0  # microseconds with ten thousand phrases
ROUNDS = 5
CHUNK = 100

Texts = tuple[str, str, str]  # title, summary, text
Said = tuple[list[str], ...]  # the words of each


def made(chance: random.Random) -> tuple[list[str], list[Texts]]:
    """Return words and entries of them."""
    words = list(dict.fromkeys(_word(chance) for _ in range(WORDS)))
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))

    def text(count: int) -> str:
        return " ".join(chance.choices(words, cum_weights=weights, k=count))

    return words, [(text(10), text(40), text(140)) for _ in range(ENTRIES)]


def read(path: Path) -> tuple[list[str], list[Texts]]:
    """Return the words of a file, the most frequent first, and its entries."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    entries = [
        (each.get("title") or "", each.get("summary") or "", each.get("text") or "")
        for each in lines[: 10 * ENTRIES]
    ]
    counts: dict[str, int] = {}
    for texts in entries:
        for word in tokens(" ".join(texts)):
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word)), entries


def phrases(words: Sequence[str], count: int, chance: random.Random) -> list[Phrase]:
    """Return so many different phrases of words that are not the commonest."""
    rare = words[min(COMMON, len(words) // 10) :]
    found: dict[Phrase, None] = {}
    while len(found) < count:
        found[tuple(chance.choices(rare, k=chance.choice(LENGTHS)))] = None
    return list(found)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnoprstuvwyz", k=chance.choice((3, 5, 6, 7, 8, 10))))


def measured(ways: dict[str, Callable[[int], object]], entries: int) -> dict[str, float]:
    """Return microseconds an entry of each way, all of them in turn so that none has the luck."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            for number in range(entries):
                way(number)
            best[name] = min(best[name], time.process_time() - start)
    return {name: figure(seconds * 1e6 / entries) for name, seconds in best.items()}


def peer(every: Sequence[Phrase]) -> Callable[[list[str]], list[int]] | None:
    """Return pyahocorasick's way to find phrases as whole words; None where it is not installed."""
    try:
        import ahocorasick
    except ImportError:
        return None
    automaton = ahocorasick.Automaton()
    for number, phrase in enumerate(every):
        automaton.add_word(f" {' '.join(phrase)} ", number)
    automaton.make_automaton()
    return lambda words: [number for _, number in automaton.iter(f" {' '.join(words)} ")]


def compared(every: Sequence[Phrase], entries: Sequence[Texts]) -> dict[str, float]:
    """Return one row: what each way costs with these phrases. All find the same, or it ends."""
    known = vocabulary({f"t{number}": [" ".join(each)] for number, each in enumerate(every)})
    built = time.process_time()
    automaton = Automaton(every)
    built = time.process_time() - built
    index, other = Index(every), peer(every)
    said: list[Said] = [tuple(map(tokens, texts)) for texts in entries]
    kept = [dict(zip(texts, words)).__getitem__ for texts, words in zip(entries, said)]

    def by(found: Finder) -> Callable[[int], object]:
        return lambda number: [found.find(words) for words in said[number]]

    for words in said:
        found = [sorted(n for n, _ in index.find(each)) for each in words]
        if found != [sorted(n for n, _ in automaton.find(each)) for each in words]:
            sys.exit("index and automaton disagree")
        if other is not None and found != [sorted(other(each)) for each in words]:
            sys.exit("pyahocorasick disagrees")

    def tagged(number: int) -> tuple[Tag, ...]:
        title, summary, body = entries[number]
        return tag(known, title=title, summary=summary, body=body, words=kept[number])

    ways: dict[str, Callable[[int], object]] = {
        "tag": tagged,
        "find": by(known.finder),
        "index": by(index),
        "automaton": by(automaton),
        "words": lambda number: [tokens(text) for text in entries[number]],
    }
    if other is not None:
        ways["pyahocorasick"] = lambda number: [other(words) for words in said[number]]
    tags = sum(len(tagged(number)) for number in range(len(entries)))
    return {
        **measured(ways, len(entries)),
        "tags": figure(tags / len(entries)),
        "build_ms": figure(built * 1e3),
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tags")
    parser.add_argument("--phrases", nargs="+", type=int, default=SIZES, metavar="N")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="entries to tag, as JSON lines")
    parser.add_argument("--seed", type=int, help="of chance; printed when not given")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    chance = random.Random(seed)
    words, entries = made(chance) if asked.texts is None else read(asked.texts)
    if len(words) < FEWEST:
        parser.error("too few words there to make phrases of")
    print(f"{len(entries)} entries of {_mean(entries):.0f} words, seed {seed}")
    rows = {size: compared(phrases(words, size, chance), entries) for size in asked.phrases}
    columns = list(next(iter(rows.values())))
    print(table(["phrases", *columns], [[str(size), *row.values()] for size, row in rows.items()]))
    result: dict[str, object] = {"seed": seed, "entries": len(entries), "us": {}}
    result["us"] = {str(size): row["tag"] for size, row in rows.items()}
    if 10_000 in rows:
        print(f"asked with 10000 phrases: {ASKED:g} µs, found {rows[10_000]['tag']:g}")
        result["holds"] = rows[10_000]["tag"] <= ASKED
    finish({**result, "sizes": {str(size): row for size, row in rows.items()}})


def _mean(entries: Sequence[Texts]) -> float:
    return sum(len(text.split()) for texts in entries for text in texts) / len(entries)


if __name__ == "__main__":
    main(sys.argv[1:])
