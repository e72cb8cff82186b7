from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.series import find, series_book
from aggregator.errors import UsageError
from aggregator.model.entry import Instalment
from aggregator.model.settings import SeriesSpec

GLOBAL_LANE = SeriesSpec(
    name="Global Lane",
    feeds=("wire",),
    any=(("title", "Global Lane"), ("body", r"Blog Posts:\s*Global Lane")),
)
PI_DAY = 1489449600 + 3600


def instalments(
    *specs: SeriesSpec,
    feed_name: str = "wire",
    title: str = "Grain corridor reopens",
    body: str = "",
    categories: tuple[str, ...] = (),
    author: str = "",
    url: str = "",
    published: int | None = PI_DAY,
) -> tuple[Instalment, ...]:
    return find(
        series_book(specs or (GLOBAL_LANE,)),
        feed_name=feed_name,
        title=title,
        body=body,
        categories=categories,
        author=author,
        url=url,
        published=published,
    )


def test_a_dated_column_tells_its_series_and_day() -> None:
    assert instalments(title="THE GLOBAL LANE - 11/20/26") == (
        Instalment(series="Global Lane", date="2026-11-20", because="title matches 'Global Lane'"),
    )


def test_the_closing_field_of_a_long_body_tells_it_too() -> None:
    body = "word " * 100_000 + "\n\nBlog Posts:\nGlobal Lane\n"
    (found,) = instalments(body=body)
    assert found.because == r"body matches 'Blog Posts:\s*Global Lane'"


def test_the_day_is_the_titles_then_the_bodys_then_the_publishers() -> None:
    title, body = "Global Lane, 22 Nov 2026", "March 1, 2017\nText."
    assert [each.date for each in instalments(title=title, body=body)] == ["2026-11-22"]
    assert [each.date for each in instalments(title="Global Lane", body=body)] == ["2017-03-01"]
    assert [each.date for each in instalments(title="Global Lane")] == ["2017-03-14"]
    assert [each.date for each in instalments(title="Global Lane", published=None)] == [None]


def test_a_day_that_prose_mentions_is_not_the_columns() -> None:
    body = "On March 1, 2003 the port was closed " + "for reasons that nobody recalls " * 4
    assert [each.date for each in instalments(title="Global Lane", body=body)] == ["2017-03-14"]


def test_a_series_of_one_feed_is_not_another_feeds() -> None:
    assert instalments(feed_name="other", title="Global Lane") == ()
    anywhere = SeriesSpec(name="Lane", any=(("title", "lane"),))
    assert len(instalments(anywhere, feed_name="other", title="Global Lane")) == 1


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("category", {"categories": ("news", "Global Lane")}),
        ("author", {"author": "Global Lane desk"}),
        ("url", {"url": "https://x.example/global lane/1"}),
    ],
)
def test_any_field_may_tell_it(field: str, said: dict[str, object]) -> None:
    spec = SeriesSpec(name="GL", any=(("title", "never"), (field, "global lane")))
    (found,) = instalments(spec, **said)  # type: ignore[arg-type]
    assert found.because == f"{field} matches 'global lane'"


def test_an_entry_may_belong_to_several_series_but_to_each_once() -> None:
    other = SeriesSpec(name="Grain", any=(("title", "^grain"), ("title", "corridor")))
    found = instalments(GLOBAL_LANE, other, other, title="Grain corridor: Global Lane")
    assert [each.series for each in found] == ["Global Lane", "Grain"]


def test_a_pattern_that_matches_nothing_written_matches_no_empty_field() -> None:
    assert instalments(SeriesSpec(name="All", any=(("author", ".*"),))) == ()


@pytest.mark.parametrize(("field", "pattern"), [("title", "(a"), ("body", "(?=a)"), ("tag", "a")])
def test_a_bad_pattern_names_its_series(field: str, pattern: str) -> None:
    with pytest.raises(UsageError, match="series 'Bad'"):
        series_book([SeriesSpec(name="Bad", any=((field, pattern),))])


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
def test_no_text_raises(title: str, body: str) -> None:
    assert len(instalments(title=f"{title} global lane", body=body)) == 1
