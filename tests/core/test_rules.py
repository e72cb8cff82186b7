from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.query import MAX_DEPTH, Node, Not, parse_query, unparse
from aggregator.core.rules import (
    MAX_BECAUSE,
    Subject,
    explain,
    matches,
)
from tests.core.queries import PHRASES, TEXTS, UNHURRIED, leaves, nodes

LANE = Subject(
    title="The Grain Corridor reopens",
    summary="Ships wait. Mosul, too.",
    body="A long body about wheat and the naïve.",
    author="Ann Orwell",
    tags=("world", "islamic-state"),
    categories=("World News",),
    series=("Global Lane",),
    feed_name="wire",
    topics=("lane",),
    sites=("feeds.example.org",),
    url="https://www.news.example/a?b",
    lang="en-GB",
    published=86_400 * 10 + 5,
    enclosures=0,
)
PODCAST = Subject(enclosures=1)


@pytest.mark.parametrize(
    ("query", "because"),
    [
        ("corridor", 'title has "corridor"'),
        ("MOSUL", 'summary has "MOSUL"'),
        ('"grain corridor"', 'title has "grain corridor"'),
        ("corr*", 'title has "corr*"'),
        ('"grain corr"*', 'title has "grain corr*"'),
        ("title:grain", 'title has "grain"'),
        ("body:naive", 'body has "naive"'),
        ("author:orwell", 'author has "orwell"'),
        ("tag:world", "tag world"),
        ('tag:"Islamic State"', "tag Islamic State"),
        ('category:"world-news"', 'category is "world-news"'),
        ('series:"Global Lane"', 'series is "Global Lane"'),
        ("feed:WIRE", 'feed is "WIRE"'),
        ("topic:Lane", "in topic Lane"),
        ("site:news.example", "site is news.example"),
        ("site:www.news.example", "site is www.news.example"),
        ("site:EXAMPLE.org", "site is EXAMPLE.org"),
        ("lang:en", "language is en"),
        ("lang:en_gb", "language is en_gb"),
        ("words:>7", "8 words, > 7"),
        ("words:<=8", "8 words, <= 8"),
        ("after:1970-01-11", "dated 1970-01-11, after:1970-01-11"),
        ("before:1970-01-12", "dated 1970-01-11, before:1970-01-12"),
        ("/grain\\s+corr/", "title matches /grain\\s+corr/"),
        ("tag:/^islamic/", "tag matches /^islamic/"),
        ("*", "any entry"),
        ("NOT moon", 'no "moon" in title or summary'),
        ("tag:world corridor NOT title:horoscope", 'tag world and title has "corridor"'),
        ("(moon OR tag:world) corridor", 'tag world and title has "corridor"'),
        ("NOT (moon corridor)", 'no "moon" in title or summary'),
        ("-moon -sun", 'no "moon" in title or summary and no "sun" in title or summary'),
    ],
)
def test_a_yes_names_the_branch_that_decided(query: str, because: str) -> None:
    answer = matches(parse_query(query), LANE)
    assert (answer.yes, answer.because) == (True, because)


@pytest.mark.parametrize(
    ("query", "because"),
    [
        ("moon", 'no "moon" in title or summary'),
        ('"reopens ships"', 'no "reopens ships" in title or summary'),
        ("wheat", 'no "wheat" in title or summary'),
        ("orridor", 'no "orridor" in title or summary'),
        ("title:mosul", 'no "mosul" in title'),
        ("tag:islamic", "no tag islamic"),
        ("category:world", 'no category "world"'),
        ("series:Global", 'no series "Global"'),
        ("feed:wires", 'feed is not "wires"'),
        ("topic:la", "not in topic la"),
        ("site:s.example", "site is not s.example"),
        ("site:ws.example", "site is not ws.example"),
        ("lang:de", "language is not de"),
        ("words:>8", "8 words, not > 8"),
        ("after:1970-01-11T00:01", "dated 1970-01-11, not after:1970-01-11T00:01:00Z"),
        ("before:1970-01-11", "dated 1970-01-11, not before:1970-01-11"),
        ("/^corridor/", "no /^corridor/ in title or summary"),
        ("has:enclosure", "no enclosure"),
        ("NOT corridor", 'title has "corridor"'),
        ("tag:sport NOT title:corridor", 'no tag sport; title has "corridor"'),
        ("tag:sport OR moon", 'no tag sport; no "moon" in title or summary'),
        ("NOT (moon OR tag:world)", "tag world"),
    ],
)
def test_a_no_names_what_failed(query: str, because: str) -> None:
    answer = matches(parse_query(query), LANE)
    assert (answer.yes, answer.because) == (False, because)


def test_what_an_entry_lacks_is_no_match_and_no_error() -> None:
    for query in ("title:a", "author:a", "feed:a", "site:a.example", "lang:en", "has:enclosure"):
        assert not matches(parse_query(query), Subject())
    assert matches(parse_query("words:<1"), Subject())
    assert matches(parse_query("words:>1"), Subject(summary="no body but words"))
    assert not matches(parse_query("site:a.example"), Subject(url="http://["))


def test_an_enclosure_can_be_asked_for() -> None:
    assert matches(parse_query("has:enclosure"), PODCAST).because == "has an enclosure"


def test_feeds_that_differ_by_a_dot_are_two() -> None:
    assert not matches(parse_query("feed:a-b"), Subject(feed_name="a.b"))


def test_hosts_in_any_script_are_compared_as_dns_knows_them() -> None:
    subject = Subject(url="https://xn--bcher-kva.example/1")
    assert matches(parse_query("site:bücher.example"), subject)


def test_an_age_counts_from_now_and_needs_one() -> None:
    node = parse_query("age<3d corridor")
    assert matches(node, LANE, now=LANE.published + 3 * 86_400 - 1)
    assert not matches(node, LANE, now=LANE.published + 3 * 86_400)
    with pytest.raises(ValueError, match="now"):
        matches(node, LANE)


def test_a_because_is_one_bounded_line() -> None:
    long = " OR ".join(f'"{"x" * 90} {n}"' for n in range(90))
    answer = matches(parse_query(long), LANE)
    assert len(answer.because) <= MAX_BECAUSE
    many = matches(parse_query(" ".join(f"x{n}" for n in range(20))), LANE)
    assert many.because.endswith("; 14 more")


def test_the_deepest_query_is_answered_and_explained() -> None:
    text = "x"
    for _ in range(MAX_DEPTH // 2):
        text = f"(a OR b {text})"
    node = parse_query(text)
    assert matches(node, Subject(title="b x"))
    assert not matches(node, LANE)
    assert len(explain(node, LANE)) == 201


def test_explain_answers_every_branch() -> None:
    node = parse_query("tag:world (moon OR corridor) NOT (sun OR title:grain)")
    assert [(each.depth, each.text, each.yes, each.because) for each in explain(node, LANE)] == [
        (0, unparse(node), False, 'title has "grain"'),
        (1, "tag:world", True, "tag world"),
        (1, "moon OR corridor", True, 'title has "corridor"'),
        (2, "moon", False, 'no "moon" in title or summary'),
        (2, "corridor", True, 'title has "corridor"'),
        (1, "NOT (sun OR title:grain)", False, 'title has "grain"'),
        (2, "sun OR title:grain", True, 'title has "grain"'),
        (3, "sun", False, 'no "sun" in title or summary'),
        (3, "title:grain", True, 'title has "grain"'),
    ]


SUBJECTS = st.builds(
    Subject,
    title=PHRASES | TEXTS,
    summary=PHRASES,
    body=PHRASES,
    author=PHRASES,
    tags=st.lists(PHRASES, max_size=2).map(tuple),
    url=st.sampled_from(("", "https://example.org/")),
    published=st.integers(0, 2_000_000_000),
)
QUERIES = nodes(leaves(PHRASES | TEXTS))


@UNHURRIED
@given(QUERIES, SUBJECTS)
def test_a_written_rule_answers_as_its_tree_and_not_turns_it_round(
    node: Node, subject: Subject
) -> None:
    answer = matches(node, subject)
    assert matches(parse_query(unparse(node)), subject) == answer
    assert matches(Not(part=node), subject).yes is not answer.yes
    assert answer.because
    whole = explain(node, subject)[0]
    assert (whole.yes, whole.because) == (answer.yes, answer.because)
