"""Real feeds and other projects' test cases, through our readers."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from aggregator.core.sanitize import clean_html, plain_text
from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.reading import read_document

pytestmark = pytest.mark.corpus

URL = "https://harbour.example/feed"


def corpus(part: str) -> tuple[Path, list[dict[str, str]]]:
    folder = Path(os.environ["AGGREGATOR_SHARED"]) / "corpus" / part
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        return folder, list(csv.DictReader(lines))


def test_every_real_feed_gives_the_entries_that_feedparser_finds() -> None:
    folder, rows = corpus("feeds")
    differing = []
    for row in rows:
        feed = read_document((folder / row["file"]).read_bytes(), URL, None)
        if len(feed.entries) != int(row["n_entries"]):
            differing.append((row["file"], row["n_entries"], len(feed.entries)))
    assert len(rows) > 150
    assert differing == []


def test_a_real_feed_has_a_problem_exactly_when_it_is_malformed() -> None:
    folder, rows = corpus("feeds")
    told = {
        row["file"]: read_document((folder / row["file"]).read_bytes(), URL, None).problem
        for row in rows
    }
    assert {file for file, problem in told.items() if problem} == {
        row["file"] for row in rows if row["malformed"] == "1"
    }
    assert all(problem is None or "line " in problem for problem in told.values())


def test_real_entries_can_be_identified_and_told() -> None:
    folder, rows = corpus("feeds")
    seen: Counter[str] = Counter()
    for row in rows:
        for entry in read_document((folder / row["file"]).read_bytes(), URL, None).entries:
            seen["entries"] += 1
            seen["identified"] += bool(entry.guid or entry.url)
            seen["dated"] += bool(entry.published or entry.updated)
            seen["told"] += bool(plain_text(entry.title or entry.summary or entry.content, 300))
    share = {name: count / seen["entries"] for name, count in seen.items()}
    assert share["identified"] > 0.99
    assert share["dated"] > 0.95
    assert share["told"] > 0.98


def test_cleaning_real_content_keeps_its_words() -> None:
    folder, rows = corpus("feeds")
    for row in rows[::5]:
        for entry in read_document((folder / row["file"]).read_bytes(), URL, None).entries[:20]:
            before = plain_text(entry.content, 1_000_000)
            after = plain_text(clean_html(entry.content, entry.base), 1_000_000)
            if len(entry.content) < 500_000:
                assert after.split() == before.split(), row["file"]


def test_other_projects_cases_are_read_or_refused_in_words() -> None:
    folder, rows = corpus("cases")
    refused: Counter[str] = Counter()
    for row in rows:
        try:
            feed = read_document((folder / row["file"]).read_bytes(), URL, None)
        except ReadFailed as error:
            assert str(error)
            refused[row["kind"]] += 1
            assert row["n_entries"] in {"", "0"} or row["kind"] in {"opml", "other"}, row["file"]
        else:
            assert row["n_entries"] in {"", str(len(feed.entries))}, row["file"]
    assert set(refused) <= {"opml", "other", "jsonfeed"}


def test_the_guard_changes_nothing_of_what_is_read() -> None:
    folder, rows = corpus("feeds")
    with GuardedReader(workers=1) as reader:
        for row in rows[::10]:
            body = (folder / row["file"]).read_bytes()
            assert reader.read(body, url=URL, content_type=None) == read_document(body, URL, None)
