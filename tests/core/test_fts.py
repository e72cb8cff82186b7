from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.fts import MAX_WIDTH, fts_expression
from aggregator.core.query import MAX_DEPTH, Node, Term, parse_query
from aggregator.core.rules import Subject, matches
from aggregator.core.text import tokens
from tests.core.queries import NOISE, PHRASES, POOL, TEXTS, UNHURRIED, leaves, nodes

TOKENIZERS = ("ascii", "unicode61 remove_diacritics 0")


@pytest.fixture(scope="module", params=TOKENIZERS)
def index(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE VIRTUAL TABLE words USING fts5(title, summary, tokenize='{request.param}')")
    yield db
    db.close()


def found(db: sqlite3.Connection, expression: str, subject: Subject) -> bool:
    db.execute("DELETE FROM words")
    texts = [" ".join(tokens(text)) for text in (subject.title, subject.summary)]
    db.execute("INSERT INTO words VALUES (?, ?)", texts)
    row = db.execute("SELECT count(*) FROM words WHERE words MATCH ?", [expression]).fetchone()
    return bool(row[0])


SPEECH = st.one_of(
    st.lists(st.sampled_from(POOL), max_size=6).map(" ".join),
    st.builds("{}{}{}".format, NOISE, st.sampled_from(POOL), NOISE),
)
SUBJECTS = st.builds(
    Subject,
    title=SPEECH,
    summary=SPEECH,
    body=SPEECH,
    tags=st.lists(PHRASES, max_size=2).map(tuple),
    published=st.integers(0, 2_000_000_000),
)


@UNHURRIED
@given(node=nodes(leaves(PHRASES | TEXTS)), subject=SUBJECTS)
def test_what_a_query_is_true_of_its_expression_finds(
    index: sqlite3.Connection, node: Node, subject: Subject
) -> None:
    expression = fts_expression(node)
    if expression is not None:
        narrowed = found(index, expression, subject)  # valid, whatever the words are
        assert narrowed or not matches(node, subject)


@UNHURRIED
@given(text=PHRASES, prefix=st.booleans(), subject=SUBJECTS)
def test_for_words_alone_the_index_and_the_rule_agree(
    index: sqlite3.Connection, text: str, prefix: bool, subject: Subject
) -> None:
    for field in ("", "title"):
        node = Term(text=text, field=field, prefix=prefix)
        expression = fts_expression(node)
        assert expression is not None
        assert found(index, expression, subject) == matches(node, subject).yes


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Grain", '"grain"'),
        ("corr*", '"corr"*'),
        ('"AND NEAR(x)"', '"and near x"'),
        ("title:a b tag:c -d", '(title : "a") AND ("b")'),
        ("a OR tag:c", None),
        ("a OR (b tag:c)", '("a") OR ("b")'),
        ("NOT a", None),
        ("tag:a body:b /c/ *", None),
    ],
)
def test_only_what_narrows_safely_is_used(text: str, expression: str | None) -> None:
    assert fts_expression(parse_query(text)) == expression


def test_the_largest_queries_are_expressions_sqlite_takes(index: sqlite3.Connection) -> None:
    deep = "x"
    for _ in range(MAX_DEPTH // 2):
        deep = f"(a OR b {deep})"
    wide = " ".join(f"w{n}" for n in range(1000))
    either = " OR ".join(f"w{n}" for n in range(MAX_WIDTH))
    phrase = f'"{"a " * 4000}"'
    said = Subject(title="a b x", summary=wide + " " + "a " * 4000)
    for text in (deep, wide, either, phrase):
        expression = fts_expression(parse_query(text))
        assert expression is not None
        assert matches(parse_query(text), said)
        assert found(index, expression, said)
    assert fts_expression(parse_query(" OR ".join(f"w{n}" for n in range(1000)))) is None
