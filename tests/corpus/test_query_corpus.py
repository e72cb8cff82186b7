from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.core.fts import fts_expression
from aggregator.core.query import parse_query, unparse
from aggregator.core.rules import Subject, explain, matches
from aggregator.errors import QueryError

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tool = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / "make_bad_inputs.py"
    out = tmp_path_factory.mktemp("bad")
    command = [sys.executable, str(tool), str(out), "--only", "lists"]
    subprocess.run(command, check=True, capture_output=True)
    return out / "lists"


def asked(text: str, title: str) -> str:
    """Parse, ask and search; return "asked" or "refused"."""
    try:
        node = parse_query(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        return "refused"
    assert parse_query(unparse(node)) == node
    subject = Subject(title=title, summary=title)
    assert explain(node, subject)[0].yes is matches(node, subject).yes
    expression = fts_expression(node)
    if expression is not None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE VIRTUAL TABLE words USING fts5(title, summary, tokenize='ascii')")
            db.execute("SELECT * FROM words WHERE words MATCH ?", [expression]).fetchall()
    return "asked"


def test_hostile_searches_are_asked_or_refused_with_a_place(lists: Path) -> None:
    data = (lists / "fts_injection.txt").read_bytes().decode("utf-8", "surrogatepass")
    answers = [asked(line, "aaa title x") for line in data.split("\n")]
    assert {"asked", "refused"} == set(answers)


def test_hostile_patterns_are_asked_or_refused_in_no_time(lists: Path) -> None:
    pairs = json.loads((lists / "redos.json").read_text())
    answers = [asked(f"/{pattern}/", text * 50) for pattern, text in pairs]
    answers += [asked(pattern, text) for pattern, text in pairs]
    assert {"asked", "refused"} == set(answers)
