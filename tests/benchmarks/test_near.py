"""`benchmarks.near` measures what it says; its changes are what they are called."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.near_copies import WAYS, Mutator, babble
from tests.test_benchmarks import last_line, shared

TEXT = (
    "Grain ships left Odesa on Tuesday, the first in 12 weeks. Turkey had renewed the deal "
    "that keeps a corridor open. Three vessels with 71,000 tonnes of maize were bound for "
    'Alexandria, the port said. "It is a beginning," one captain told us. Insurers had '
    "refused cover since August."
)
OTHER = (
    "The council of the lake towns voted by nine to four to keep its night ferries for "
    "another winter, though the boats run half empty and the oldest of them, launched before "
    "the war, has to be towed home whenever the wind turns north and the pumps give up."
)


def test_each_way_changes_a_text_as_it_is_called() -> None:
    mutator = Mutator([TEXT, OTHER], random.Random(1))
    made = {way: mutator.changed(way, TEXT) for way in WAYS}
    words = TEXT.split()
    assert len(made) == 9
    assert (made["dress"] or "").split() == words
    assert (made["cut to half"] or "").split()[:-1] == words[: len(words) // 2]
    assert (made["cut to 40 words"] or "").split()[:-1] == words[:40]
    assert sorted((made["moved lead"] or "").split()) == sorted(words)
    assert set(words) < set((made["boilerplate"] or "").split())
    for share in (5, 15, 30):
        new = (made[f"{share} % other words"] or "").split()
        assert sum(a != b for a, b in zip(new, words, strict=True)) <= round(
            share / 100 * len(words)
        )


def test_what_a_way_leaves_as_it_is_does_not_count() -> None:
    assert Mutator([TEXT], random.Random(1)).changed("cut to 40 words", "few words only") is None


def test_made_up_texts_use_real_words() -> None:
    (text,) = babble([TEXT], 1, random.Random(3))
    assert set(text.split()) <= set(TEXT.split())
    real = set(pairwise(TEXT.split()))
    assert any(pair in real for pair in pairwise(text.split()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "texts.jsonl"
    texts = [(TEXT, "a"), (OTHER, "b"), (TEXT + " All rights reserved.", "a"), (OTHER, "c")]
    lines = [{"id": at, "text": text, "group": group} for at, (text, group) in enumerate(texts)]
    place.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return place


def test_groups_say_what_is_a_copy_and_what_is_not(file: Path) -> None:
    told = last_line("benchmarks.near", str(file), "--window", "50", "--seed", "1")
    assert (told["texts"], told["copies"], told["seed"]) == (4, 1, 1)
    assert (told["recall"], told["recall_related"]) == (1.0, 1.0)
    assert told["false_merges"] == 250.0
    assert (told["precision"], told["pairs"]) == (0.5, 2)
    assert told["us"] > 0
    assert told["parts"].keys() == {"print_of", "near", "compare", "keep", "commit"}
    assert told["peers"].keys() == {"exact hash", "datasketch"}


def test_stored_is_measured_beside(file: Path) -> None:
    told = last_line("benchmarks.near", str(file), "--window", "50", "--stored", "200")
    assert told["us_stored"] > 0
    assert told["stored"] == 200


@pytest.mark.corpus
def test_a_folder_of_feeds_is_read_and_changed() -> None:
    folder = str(shared() / "corpus" / "feeds")
    told = last_line("benchmarks.near", folder, "--window", "0", "--texts", "60", "--seed", "2")
    assert told["recall"] >= 0.7
    assert told["recall_related"] >= 0.9
    assert told["false_merges"] <= 1
    assert told["precision"] >= 0.95  # of 60 texts; docs/performance.md has it of 400
