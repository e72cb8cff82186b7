"""The fast reader beside the tolerant one, on real feeds and other projects' test cases.

A bounded sample of the cases, its seed printed; all of them when AGGREGATOR_FULL is set.
"""

from __future__ import annotations

import csv
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from aggregator.errors import ReadFailed
from aggregator.formats.fast import HandedOver, read_fast
from aggregator.formats.reading import differences, is_json, read_document
from benchmarks.mapping import URL, misread, plainly

pytestmark = pytest.mark.corpus

FULL = os.environ.get("AGGREGATOR_FULL") == "1"
SAMPLE = 600


def corpus(part: str) -> list[tuple[str, bytes, bool]]:
    """Return name, document and whether it is well-formed XML without a DOCTYPE, JSON left out."""
    folder = Path(os.environ["AGGREGATOR_SHARED"]) / "corpus" / part
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if part == "cases" and not FULL:
        seed = int(os.environ.get("AGGREGATOR_SEED") or random.randrange(2**32))
        print(f"seed {seed}")
        rows = random.Random(seed).sample(rows, SAMPLE)
    found = []
    for row in rows:
        body = (folder / row["file"]).read_bytes()
        if not is_json(body):
            plain = row["malformed"] == "0" and b"<!DOCTYPE" not in body[:5_000]
            found.append((row["file"], body, plain))
    return found


@pytest.mark.parametrize("part", ["feeds", "cases"])
def test_every_document_it_takes_is_read_as_the_tolerant_reader_does(part: str) -> None:
    differing: dict[str, tuple[str, ...]] = {}
    taken = 0
    for name, body, _ in corpus(part):
        fast = read_fast(body, URL, None)
        if isinstance(fast, HandedOver):
            continue
        taken += 1
        try:
            tolerant = read_document(body, URL, None, tolerant=True)
        except ReadFailed as error:
            differing[name] = (str(error),)
        else:
            if found := differences(fast, tolerant):
                differing[name] = found
    assert differing == {}
    assert taken > 150


def test_it_takes_nearly_all_real_feeds_that_are_well_formed() -> None:
    reasons: Counter[str] = Counter()
    plain = [body for _, body, plain in corpus("feeds") if plain]
    for body in plain:
        read = read_fast(body, URL, None)
        reasons[read.reason if isinstance(read, HandedOver) else "taken"] += 1
    assert reasons["taken"] / len(plain) >= 0.95, reasons


def test_no_field_of_a_real_feed_is_read_otherwise_than_feedparser_reads_it() -> None:
    found: Counter[str] = Counter()
    for name, body, _ in corpus("feeds")[:: 1 if FULL else 4]:
        fast = read_fast(body, URL, None)
        if not isinstance(fast, HandedOver):
            found.update(f"{name}: {field}" for field in misread(fast, plainly(body)))
    assert not found
