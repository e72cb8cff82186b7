from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.query import (
    FIELDS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_TERMS,
    And,
    Bound,
    Dated,
    Everything,
    Node,
    Not,
    Or,
    Pattern,
    Term,
    as_of,
    check_rule,
    compile_pattern,
    named,
    parse_query,
    terms,
    unparse,
)
from aggregator.errors import QueryError
from tests.core.queries import AGES, TEXTS, UNHURRIED, leaves, nodes

DOCS = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
A, B, C = Term(text="a"), Term(text="b"), Term(text="c")


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.query == text
    return caught.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ('"a"', A),
        ("(((a)))", A),
        ("a b", And(parts=(A, B))),
        ("a AND b", And(parts=(A, B))),
        ("a OR b c", Or(parts=(A, And(parts=(B, C))))),
        ("(a OR b) c", And(parts=(Or(parts=(A, B)), C))),
        ("NOT a b", And(parts=(Not(part=A), B))),
        ("NOT a OR b", Or(parts=(Not(part=A), B))),
        ("a NOT b", And(parts=(A, Not(part=B)))),
        ("a AND NOT b", And(parts=(A, Not(part=B)))),
        ("-a", Not(part=A)),
        ('a -"b c"', And(parts=(A, Not(part=Term(text="b c"))))),
        ("-(a b)", Not(part=And(parts=(A, B)))),
        ("NOT NOT a", Not(part=Not(part=A))),
        ("a-b", Term(text="a-b")),
        ("and or not", And(parts=(Term(text="and"), Term(text="or"), Term(text="not")))),
        ('"AND"', Term(text="AND")),
        ("ANDy", Term(text="ANDy")),
        ("10:30", Term(text="10:30")),
        ("a\n\tb", And(parts=(A, B))),
        ('a"b"(c)', And(parts=(A, B, C))),
        ("*", Everything()),
        ("wor*", Term(text="wor", prefix=True)),
        ('"world aff"*', Term(text="world aff", prefix=True)),
        ("title:a", Term(field="title", text="a")),
        ("TITLE:a", Term(field="title", text="a")),
        ('series:"Global Lane"', Term(field="series", text="Global Lane")),
        (
            "title:(a OR NOT b)",
            Or(parts=(Term(field="title", text="a"), Not(part=Term(field="title", text="b")))),
        ),
        ("title:(a) b", And(parts=(Term(field="title", text="a"), B))),
        ("site:example.org", Term(field="site", text="example.org")),
        ("lang:pt-BR", Term(field="lang", text="pt-BR")),
        ("words:>300", Bound(field="words", op=">", number=300)),
        ("words<=300", Bound(field="words", op="<=", number=300)),
        ("age<3d", Bound(field="age", op="<", number=3 * 86400)),
        ("age:>=90m", Bound(field="age", op=">=", number=5400)),
        ("after:1970-01-02", Dated(field="after", at=86400)),
        ("before:1970-01-01T01:00Z", Dated(field="before", at=3600)),
        ("has:enclosure", Term(field="has", text="enclosure")),
        (r"/a\/b\d+/", Pattern(text=r"a/b\d+")),
        ("title:/^the (a|b)$/ c", And(parts=(Pattern(field="title", text="^the (a|b)$"), C))),
    ],
)
def test_a_query_reads_as_documented(text: str, tree: Node) -> None:
    assert parse_query(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("a AND", 5, 'expected a word, a "phrase", a field or "(" but found the end'),
        ("OR", 0, 'quote it: "OR"'),
        ("a OR OR b", 5, 'found "OR"'),
        ("(a", 2, "character 1 is open"),
        ("a (b", 4, "character 3 is open"),
        ("a)", 1, "no ( is open"),
        ("()", 1, 'found ")"'),
        ('a "b', 2, "closing"),
        ('""', 0, "no letter or digit"),
        ("a %", 2, "no letter or digit"),
        ("a - b", 2, "no letter or digit"),
        ("a titel:b", 2, "did you mean 'title:'?"),
        ("http://example.org", 0, "quote it"),
        ("topic:a*", 7, "topic: is asked for a whole value"),
        ("topc:world", 0, "did you mean 'topic:'?"),
        ("title:", 6, "needs a value"),
        ("title: a", 6, "needs a value"),
        ("title:-a", 6, "-title:"),
        ("title<a", 0, "takes no <"),
        ("title:(a body:b)", 9, "inside the group of title:"),
        ("tag:wor*", 7, "whole value"),
        ("site:https://example.org/", 5, "site:example.org"),
        ("site:" + "a" * 64, 5, "no host"),
        ("lang:english!", 5, "lang:en"),
        ("words:300", 6, "words:>300"),
        ("words:>3d", 6, "words:>300"),
        ("age<3", 3, "age<3d"),
        ("after:yesterday", 6, "after:2026-11-20"),
        ("after:2026-02-30", 6, "after:2026-11-20"),
        ("has:image", 4, "has:enclosure"),
        ("/a", 0, "closing /"),
        ("//", 0, "closing /"),
        ("/a/b", 3, "second /"),
        ("a /(/", 2, "pattern cannot be used: missing"),
        ("/(?=a)/", 0, "pattern cannot be used"),
        ("/" + "a" * 1001 + "/", 0, "at most 1,000"),
        ("/.{1000}/", 0, "too large"),
        ("a \ud800", 2, "no text"),
    ],
)
def test_a_wrong_query_is_told_where_and_what(text: str, position: int, says: str) -> None:
    error = refused(text)
    assert error.position == position
    assert says in str(error)


def test_a_query_is_bounded_in_length_terms_and_depth() -> None:
    assert parse_query("a" * MAX_LENGTH)
    assert refused("a" * (MAX_LENGTH + 1)).position == MAX_LENGTH
    assert len(terms(parse_query("a " * MAX_TERMS))) == MAX_TERMS
    assert refused("a " * (MAX_TERMS + 1)).position == 2 * MAX_TERMS
    assert parse_query("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    assert refused("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1)).position == MAX_DEPTH
    assert parse_query("NOT " * MAX_DEPTH + "a")
    assert refused("-" * (MAX_DEPTH + 1) + "a").position == MAX_DEPTH
    assert refused("title:(" * 2 + "a))")


def test_a_tree_cannot_grow_higher_than_the_stack_bears() -> None:
    text = "x"
    for _ in range(MAX_DEPTH // 2):
        text = f"(a OR b {text})"
    node = parse_query(text)
    assert parse_query(unparse(node)) == node
    assert hash(node) == hash(parse_query(text))
    assert repr(node)
    assert "deep" in str(refused(f"(a OR b {text})"))


@UNHURRIED
@given(nodes(leaves(TEXTS) | AGES))
def test_a_written_query_reads_back_as_the_same_tree(node: Node) -> None:
    assert parse_query(unparse(node)) == node


PIECES = '"() \n-*/:<>ABCaORNDT01東é%\\\0\u202e' + "\ud800"


@UNHURRIED
@given(
    st.one_of(
        st.text(PIECES, max_size=40),
        st.lists(st.sampled_from(['"', "(", ")", "OR ", "AND ", "NOT ", "-", "a ", "/a/", "tag:"]))
        .map("".join)
        .filter(bool),
        st.text(max_size=40),
    )
)
def test_any_text_at_all_parses_or_is_refused_with_a_place_in_it(text: str) -> None:
    try:
        node = parse_query(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.problem
    else:
        assert parse_query(unparse(node)) == node


def test_terms_come_in_reading_order_each_with_the_place_of_its_value() -> None:
    text = 'feed:wire (tag:(a OR "b c") -x) feed:"AP" /p/'
    node = parse_query(text)
    assert [text[leaf.position] for leaf in terms(node)] == ["w", "a", '"', "x", '"', "/"]
    assert [(term.text, term.position) for term in named(node, "feed")] == [
        ("wire", 5),
        ("AP", text.index('"AP"')),
    ]
    assert [term.text for term in named(node, "tag")] == ["a", "b c"]


def test_a_rule_cannot_ask_for_an_age() -> None:
    text = "grain OR NOT (a age<3d)"
    with pytest.raises(QueryError) as caught:
        check_rule(parse_query(text), text)
    assert caught.value.position == text.index("<3d")
    assert "after:" in str(caught.value)
    check_rule(parse_query("grain after:2026-11-20"), "grain after:2026-11-20")


@pytest.mark.parametrize("text", ["grain NOT topic:lane", "grain NOT topic:/lane/"])
def test_a_rule_cannot_ask_for_a_topic(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_rule(parse_query(text), text)
    assert caught.value.position == text.index(":") + 1
    assert "before an entry is in any" in str(caught.value)


@UNHURRIED
@given(AGES, st.floats(1e6, 2e9), st.integers(-2, 2))
def test_an_age_becomes_the_date_it_means_now(age: Bound, now: float, nudge: int) -> None:
    place = int(now - age.number) + nudge
    dated = as_of(Not(part=age), now)
    assert isinstance(dated, Not)
    assert isinstance(dated.part, Dated)
    older = now - place
    expected = {
        "<": older < age.number,
        "<=": older <= age.number,
        ">": older > age.number,
        ">=": older >= age.number,
    }[age.op]
    after = dated.part.field == "after"
    assert expected == (place >= dated.part.at if after else place < dated.part.at)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("blog posts:\\s*global", "Blog Posts: Global Lane", True),
        ("(?-i)blog", "Blog", False),
        ("é", "CAFÉ", True),
        ("^a$", "b\na", False),
        ("x", "\ud800x", True),
        ("z", "a" * 100_000 + "z", False),
    ],
)
def test_a_pattern_ignores_case_and_looks_at_a_bounded_text(
    pattern: str, text: str, found: bool
) -> None:
    assert compile_pattern(pattern)(text) is found


def test_every_field_is_documented() -> None:
    rows = re.findall(r"^\| `([a-z]+):`", DOCS, re.MULTILINE)
    assert sorted(rows) == sorted(FIELDS)


def fenced(kind: str) -> list[str]:
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.parametrize("text", fenced("query"))
def test_every_documented_example_is_a_query(text: str) -> None:
    assert parse_query(text)


def test_every_documented_error_is_what_is_said() -> None:
    lines = fenced("refused")
    told = list(zip(lines[::2], lines[1::2], strict=True))
    assert len(told) >= 4
    for text, message in told:
        assert str(refused(text)) == message
