"""`benchmarks.urls` measures what it says; its mutations are what they are called."""

from __future__ import annotations

import json
import random
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks import urls
from benchmarks.mutations import KINDS
from tests.test_benchmarks import last_line, shared

PAGES = (
    "https://www.news.example/2014/03/a-story.html?id=7&page=2",
    "http://news.example/a/b",
    "https://blog.news.example/%C3%A4/b/",
)


def written(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_there_are_twelve_ways_and_each_changes_some_address() -> None:
    assert len(KINDS) == 12
    for kind, change in KINDS.items():
        made = [change(url, random.Random(seed)) for url in PAGES for seed in range(30)]
        assert set(made) - {None, *PAGES}, kind
        assert change.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_keeps_what_tells_the_page(kind: str) -> None:
    for seed in range(40):
        other = KINDS[kind]("https://news.example/story-77?id=88", random.Random(seed))
        if other is not None and "/rss/articles/" not in other:  # there it is in base64
            plain = other.replace("%37", "7").replace("%2D", "-").replace("%2d", "-").lower()
            assert "77" in plain and "88" in plain, other
            assert urlsplit(other).hostname


def test_without_groups_each_address_is_a_page_and_comes_back_changed(tmp_path: Path) -> None:
    rows = [{"id": n, "url": url} for n, url in enumerate(PAGES)]
    file = written(tmp_path / "a.jsonl", *rows)
    told = last_line("benchmarks.urls", str(file), "--seed", "1", "--rounds", "1")
    assert (told["pages"], told["seed"]) == (3, 1)
    assert told["recall"] == 1
    assert told["false_merges"] == 0
    assert told["us"] > 0
    assert set(told["kinds"]) == set(KINDS)
    again = last_line("benchmarks.urls", str(file), "--seed", "1", "--rounds", "1")
    assert again["kinds"] == told["kinds"]
    assert again["pairs"] == told["pairs"]


def test_groups_tell_what_is_missed_and_what_is_merged(tmp_path: Path) -> None:
    file = written(
        tmp_path / "b.jsonl",
        {"id": 1, "url": "https://a.example/1", "group": "one"},
        {"id": 2, "url": "https://a.example/1?utm_source=x", "group": "one"},
        {"id": 3, "url": "https://a.example/other", "group": "one"},
        {"id": 4, "url": "http://www.a.example/1/", "group": "two"},
    )
    told = last_line("benchmarks.urls", str(file), "--rounds", "1")
    assert told["pairs"] == {"given": 2}
    assert told["recall"] == 0.5
    assert told["false_merges"] == 1


def test_a_line_that_is_no_address_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "c.jsonl", {"id": 1, "link": "https://a.example/1"})
    with pytest.raises(ValueError, match=r"c\.jsonl:1: "):
        urls.pages(file, False, random.Random(1))


@pytest.mark.corpus
def test_real_addresses_are_known_again_and_never_merged() -> None:
    file = shared() / "data" / "stories.jsonl"
    told = last_line("benchmarks.urls", str(file), "--seed", "3", "--rounds", "1")
    assert told["recall"] >= 0.99
    assert told["false_merges"] == 0
