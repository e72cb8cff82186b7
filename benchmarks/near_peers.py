"""Others' ways to find copies: MinHash with locality-sensitive hashing, and a hash of the whole."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from time import process_time_ns

from aggregator.core.identity import body_hash
from aggregator.core.text import tokens
from benchmarks.near_store import Copy, Subject
from benchmarks.show import figure

THRESHOLD = 0.5  # of resemblance: the lowest at which LSH's own bands are still few
PERMUTATIONS = 128


def exact(subjects: Sequence[Subject], copies: Sequence[Copy]) -> dict[str, float]:
    """Return what a hash of the whole body finds: the floor."""
    places: defaultdict[int | None, set[int]] = defaultdict(set)
    for at, subject in enumerate(subjects):
        places[body_hash(subject.text, tokens)].add(at)
    places.pop(None, None)
    found: defaultdict[str, list[bool]] = defaultdict(list)
    words = {each.subject.text: tokens(each.subject.text) for each in copies}
    begin = process_time_ns()
    for each in copies:
        its = places.get(body_hash(each.subject.text, words.__getitem__), set())
        found[each.way].append(bool(its & each.of))
    return _told(found, process_time_ns() - begin, len(copies))


def lsh(subjects: Sequence[Subject], copies: Sequence[Copy]) -> dict[str, float] | None:
    """Return what datasketch's `MinHashLSH` finds over runs of three words.

    None where it is not installed (`pip install -e '.[bench]'`). Whatever it finds counts.
    """
    try:
        datasketch = importlib.import_module("datasketch")
    except ImportError:
        print("datasketch is not installed: pip install -e '.[bench]'")
        return None

    def sketch(words: Sequence[str]) -> object:
        made = datasketch.MinHash(num_perm=PERMUTATIONS)
        made.update_batch([" ".join(run).encode() for run in zip(words, words[1:], words[2:])])
        return made

    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    for at, subject in enumerate(subjects):
        index.insert(at, sketch(tokens(subject.text)))
    found: defaultdict[str, list[bool]] = defaultdict(list)
    said = [tokens(each.subject.text) for each in copies]
    begin = process_time_ns()
    for each, words in zip(copies, said):
        found[each.way].append(bool(each.of & {*index.query(sketch(words))}))
    return _told(found, process_time_ns() - begin, len(copies))


def _told(found: dict[str, list[bool]], took: int, count: int) -> dict[str, float]:
    recall = fmean(fmean(its) for its in found.values()) if found else 0.0
    return {"recall": figure(recall), "us": figure(took / 1000 / max(count, 1))}
