from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.core.drafting import subject_of
from aggregator.core.fts import fts_expression
from aggregator.core.query import Node, parse_query, unparse
from aggregator.core.rules import Subject, explain, matches, rule
from aggregator.core.standing import RuleBook, anchor_index
from aggregator.errors import QueryError
from aggregator.model.ids import EntryId, TopicId
from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.searching import SqliteSearching
from aggregator.store.tx import SqliteTx
from tests.makers import a_text
from tests.store.acts import add_feed, tell

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tool = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / "make_bad_inputs.py"
    out = tmp_path_factory.mktemp("bad")
    command = [sys.executable, str(tool), str(out), "--only", "lists"]
    subprocess.run(command, check=True, capture_output=True)
    return out / "lists"


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = open_store(":memory:")
    yield opened
    opened.close()


def asked(store: SqliteStore, text: str, title: str) -> str:
    """Parse, ask and search in all three ways, which agree; return "asked" or "refused"."""
    try:
        node = parse_query(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.problem
        return "refused"
    assert parse_query(unparse(node)) == node
    subject = Subject(title=title, summary=title)
    yes = matches(node, subject).yes
    assert explain(node, subject)[0].yes is yes
    book = RuleBook(rules=((TopicId(1), rule(node)),), index=anchor_index([node]))
    assert bool(book.match(subject)) is yes
    with store.write() as tx:
        feed = tx.feeds.find("wire") or add_feed(tx)
        kept = tell(tx, text, feed=feed, text=a_text(title=title, summary=title, content=""))
        for few in (0, 1000):
            ids = SqliteSearching(tx.conn, tx.words, few=few).find(node)
            assert (kept.entry_id in ids) is stands(node, tx, kept.entry_id)
    expression = fts_expression(node)
    if expression is not None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE VIRTUAL TABLE words USING fts5(title, summary, tokenize='ascii')")
            db.execute("SELECT * FROM words WHERE words MATCH ?", [expression]).fetchall()
    return "asked"


def stands(node: Node, tx: SqliteTx, entry_id: EntryId) -> bool:
    """Whether the query holds for an entry as it is stored, which may lack what it came with."""
    entry = tx.entries.get(entry_id)
    feed = None if entry is None else tx.feeds.get(entry.feed_id)
    assert entry is not None
    assert feed is not None
    return matches(node, subject_of(entry, feed)).yes


def test_hostile_searches_are_asked_or_refused_with_a_place(
    store: SqliteStore, lists: Path
) -> None:
    data = (lists / "fts_injection.txt").read_bytes().decode("utf-8", "surrogatepass")
    answers = [asked(store, line, "aaa title x") for line in data.split("\n")]
    assert {"asked", "refused"} == set(answers)


def test_hostile_patterns_are_asked_or_refused_in_no_time(store: SqliteStore, lists: Path) -> None:
    pairs = json.loads((lists / "redos.json").read_text())
    answers = [asked(store, f"/{pattern}/", text * 50) for pattern, text in pairs]
    answers += [asked(store, pattern, text) for pattern, text in pairs]
    assert {"asked", "refused"} == set(answers)
