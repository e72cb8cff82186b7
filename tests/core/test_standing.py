"""The anchor index asks fewer rules and answers as if it had asked them all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.query import Node, parse_query
from aggregator.core.rules import Subject, rule
from aggregator.core.standing import anchor_index, rule_book
from aggregator.errors import QueryError
from aggregator.model.intake import Match
from aggregator.model.topic import TopicStatus
from tests.core.queries import PHRASES, POOL, TEXTS, UNHURRIED, leaves, nodes
from tests.makers import a_topic, a_topic_spec

LANE = Subject(
    title="The Grain Corridor reopens",
    summary="Ships wait. Mosul, too.",
    body="A long body about wheat and the naïve.",
    author="Ann Orwell",
    tags=("world", "islamic-state"),
    categories=("World News",),
    series=("Global Lane",),
    feed_name="wire",
    sites=("feeds.example.org",),
    url="https://www.news.example/a?b",
    lang="en-GB",
    published=86_400 * 10 + 5,
    enclosures=1,
)

SPEECH = st.lists(st.sampled_from(POOL), max_size=5).map(" ".join)
SUBJECTS = st.builds(
    Subject,
    title=SPEECH | TEXTS,
    summary=SPEECH,
    body=SPEECH,
    author=SPEECH,
    tags=st.lists(PHRASES, max_size=2).map(tuple),
    categories=st.lists(PHRASES, max_size=2).map(tuple),
    series=st.lists(PHRASES, max_size=1).map(tuple),
    feed_name=PHRASES,
    topics=st.lists(PHRASES, max_size=2).map(tuple),
    sites=st.sampled_from(((), ("example.org",), ("feeds.a-b.example", "x.org"))),
    url=st.sampled_from(("", "https://www.example.org/1", "https://127.0.0.1/", "no address")),
    lang=st.sampled_from(("", "en", "en_GB", "pt-BR", "pt")),
    published=st.integers(0, 2_000_000_000),
    enclosures=st.integers(0, 1),
)


@UNHURRIED
@given(asked=st.lists(nodes(leaves(PHRASES | TEXTS)), max_size=6), subject=SUBJECTS)
def test_a_query_that_holds_is_always_a_candidate(asked: list[Node], subject: Subject) -> None:
    candidates = dict(anchor_index(asked).candidates(subject))
    assert [*candidates] == sorted(candidates)
    holding = {number for number, node in enumerate(asked) if rule(node).holds(subject)}
    assert {number for number, sure in candidates.items() if sure} <= holding <= {*candidates}


@pytest.mark.parametrize(
    "query",
    [
        "moon",
        '"grain moon"',
        "moon*",
        "corridor moon",
        "tag:sport",
        "tag:world title:moon",
        "site:example.com",
        "lang:de",
        "author:moon",
        "feed:post NOT corridor",
        "(moon OR tag:sport) NOT corridor",
        "series:moon /corridor/",
    ],
)
def test_a_query_without_its_anchor_is_not_asked(query: str) -> None:
    assert anchor_index([parse_query(query)]).candidates(LANE) == []


@pytest.mark.parametrize(
    "query",
    ["*", "NOT moon", "/moon/", "words:>9", "after:2026-01-01", "moon OR NOT sun", "body:m*"],
)
def test_a_query_without_an_anchor_is_always_asked(query: str) -> None:
    assert anchor_index([parse_query(query)]).always == (0,)


@pytest.mark.parametrize("query", ['"corridor corridor"', "title:mosul", "moon OR reopens*"])
def test_what_its_anchor_does_not_prove_is_asked(query: str) -> None:
    assert anchor_index([parse_query(query)]).candidates(LANE) == [(0, False)]


@pytest.mark.parametrize("query", ["mosul", "tag:world", "moon OR mosul", "site:example.org"])
def test_what_its_anchor_proves_is_sure(query: str) -> None:
    assert anchor_index([parse_query(query)]).candidates(LANE) == [(0, True)]


def test_a_query_is_filed_under_what_fewest_others_ask_for() -> None:
    asked = [parse_query(f"tag:world word{n}") for n in range(20)]
    assert anchor_index(asked).candidates(Subject(title="word7 x", tags=("world",))) == [(7, False)]


@pytest.mark.parametrize("others", [0, 50])
def test_a_rule_book_names_each_active_topic_that_admits_and_why(others: int) -> None:
    book = rule_book(
        [
            *(a_topic(id=9 + n, spec=a_topic_spec(match=f"moon{n}")) for n in range(others)),
            a_topic(id=3, spec=a_topic_spec(match="tag:world corridor")),
            a_topic(id=1, spec=a_topic_spec(match="moon")),
            a_topic(id=2, spec=a_topic_spec(match="feed:wire")),
            a_topic(id=4, spec=a_topic_spec(match="*"), status=TopicStatus.RETIRED),
        ]
    )
    assert book.match(LANE) == (
        Match(topic_id=a_topic(id=3).id, because='tag world and title has "corridor"'),
        Match(topic_id=a_topic(id=2).id, because='feed is "wire"'),
    )


@pytest.mark.parametrize("match", ["age<3d", "topic:lane", "titel:a", ""])
def test_a_rule_book_refuses_what_is_no_rule(match: str) -> None:
    with pytest.raises(QueryError):
        rule_book([a_topic(spec=a_topic_spec(match=match))])
