"""The whole river on real feeds: imported, polled, told once, published, and polled again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.river import Desk, Done, document_of, full, index, sample, seed, served, shared
from tests.net.shared import shared_tool

pytestmark = pytest.mark.corpus

SAMPLE = 60
# One item of this document stands in it twice, word for word: it is one entry.
REPEATED = {"www.lefigaro.fr_b2bae081.rss": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """What was seen of one run."""

    desk: Desk
    documents: list[str]
    imported: Done
    first: Done
    listed: list[dict[str, Any]]  # `feeds list` after the first round
    before: dict[str, list[tuple[Any, ...]]]  # the tables between the rounds
    second: Done
    after: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Iterator[River]:
    folder = tmp_path_factory.mktemp("river")
    feeds, documents = shared() / "corpus" / "feeds", sorted(index())
    if not full():
        feeds = folder / "sample"
        malformed = [name for name, row in index().items() if row["malformed"] != "0"]
        documents = sample(feeds, SAMPLE, seed(), always=(*malformed, *REPEATED))
    with served(feeds, folder / "origin") as opml:
        desk = Desk.at(folder / "desk")
        imported = desk.run("--json", "feeds", "import", str(opml))
        first = desk.run("--json", "run", "--once")
        listed = desk.run("--json", "feeds", "list").json
        before = desk.tables()
        second = desk.run("--json", "poll", "--all")
        yield River(
            desk=desk,
            documents=documents,
            imported=imported,
            first=first,
            listed=listed,
            before=before,
            second=second,
            after=desk.tables(),
        )


def expected(name: str) -> int:
    return int(index()[name]["n_entries"]) - REPEATED.get(name, 0)


def test_every_feed_of_the_list_is_imported(river: River) -> None:
    assert river.imported.code == 0, river.imported.err
    assert river.imported.json == {"added": len(river.documents), "known": 0, "problems": 0}


def test_a_round_over_real_feeds_ends_well(river: River) -> None:
    report = river.first.json
    assert river.first.code == (3 if report["failed"] else 0), river.first.err
    assert report["polled"] == len(river.documents)
    assert "Traceback" not in river.first.err


def test_a_well_formed_feed_stores_the_entries_feedparser_finds(river: River) -> None:
    kept = {document_of(feed["url"]): feed["entries"] for feed in river.listed}
    well = [name for name in river.documents if index()[name]["malformed"] == "0"]
    assert {name: kept[name] for name in well} == {name: expected(name) for name in well}
    problems = {document_of(feed["url"]): feed["problem"] for feed in river.listed}
    assert {name: problems[name] for name in well} == dict.fromkeys(well)


def test_a_malformed_feed_keeps_what_it_can_and_says_why(river: River) -> None:
    malformed = [name for name in river.documents if index()[name]["malformed"] != "0"]
    assert malformed
    feeds = {document_of(feed["url"]): feed for feed in river.listed}
    for name in malformed:
        assert feeds[name]["entries"] == expected(name), name
        assert feeds[name]["problem"], name


def test_the_report_adds_up(river: River) -> None:
    report = river.first.json
    assert report["new"] == sum(feed["entries"] for feed in river.listed)
    assert report["stories"] <= report["new"]
    assert report["fetched"] + report["failed"] == len(river.documents)


def test_no_entry_is_stored_twice(river: River) -> None:
    twice = river.desk.ask(
        "SELECT feed_id, key_hash, count(*) FROM entries GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert twice == []
    assert river.desk.ask("PRAGMA integrity_check") == [("ok",)]


def test_a_second_round_is_all_304_and_writes_nothing(river: River) -> None:
    report = river.second.json
    assert river.second.code == river.first.code, river.second.err
    assert report["not_modified"] == len(river.documents) - report["failed"]
    assert (report["fetched"], report["new"], report["revised"], report["stories"]) == (0, 0, 0, 0)
    for table, rows in river.before.items():
        assert river.after[table] == rows, f"a poll that brought nothing wrote into {table}"


def test_publishing_again_changes_no_byte(river: River) -> None:
    before = river.desk.ask("SELECT * FROM documents ORDER BY path")
    assert len(before) >= 3
    assert river.desk.run("publish").code == 0
    assert river.desk.ask("SELECT * FROM documents ORDER BY path") == before


def test_every_published_document_is_clean(river: River, tmp_path: Path) -> None:
    checker = shared_tool("check_feed")
    for path, body in river.desk.ask("SELECT path, body FROM documents"):
        kind = path.rpartition(".")[2]
        assert checker.check(body, kind, f"https://news.example.org/{path}") == [], path


def test_the_static_site_holds_the_same_documents(river: River, tmp_path: Path) -> None:
    out = tmp_path / "site"
    done = river.desk.run("publish", "--out", str(out))
    assert done.code == 0, done.err
    for path, body in river.desk.ask("SELECT path, body FROM documents"):
        assert (out / path).read_bytes() == body
    assert (out / "topics" / "all-news.html").exists() or (
        out / "topics" / "all-news" / "index.html"
    ).exists()


def test_what_was_stored_is_found_and_explained(river: River) -> None:
    (number, title) = river.desk.ask(
        "SELECT e.id, e.title FROM items i JOIN entries e ON e.id = i.lead_entry_id"
        " ORDER BY i.first_published_at DESC, i.id DESC LIMIT 1"
    )[0]
    told = river.desk.run("--json", "explain", str(number), "all-news").json
    assert told["in"] is True, title
    assert [step["step"] for step in told["steps"]][-1] == "edition"
