from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.tagging import MAX_CATEGORIES, MAX_FOUND, MAX_NAME, tag, tag_name, vocabulary
from aggregator.core.text import tokens
from aggregator.model.entry import Tag
from aggregator.model.gazetteer import Gazetteer, Kind
from tests.core.queries import UNHURRIED

WORDS = vocabulary(
    {
        "islamic-state": ["ISIS", "Islamic State", "Daesh"],
        "mosul": ["Mosul"],
        "state": ["State"],
        "tokyo": ["東京"],
    }
)


def names(tags: tuple[Tag, ...]) -> list[str]:
    return [each.name for each in tags]


def test_a_phrase_is_whole_words_whatever_their_case() -> None:
    assert names(tag(WORDS, title="Isis in MOSUL")) == ["islamic-state", "mosul"]
    assert tag(WORDS, title="A crisis in Mosulia") == ()
    assert names(tag(WORDS, title="Islamic-State's end")) == ["islamic-state", "state"]
    assert tag(WORDS, title="Islamic", summary="Statement") == ()
    assert names(tag(WORDS, title="東京都の話")) == ["tokyo"]


def test_a_phrase_never_spans_two_texts() -> None:
    assert names(tag(WORDS, title="Islamic", summary="State")) == ["state"]


def test_every_tag_says_why() -> None:
    tags = tag(
        WORDS,
        feed_tags=("world",),
        feed_name="wire",
        title="News",
        summary="The islamic state",
        body="near Mosul",
        categories=("World News", "DAESH"),
    )
    assert tags == (
        Tag(name="world", source="feed", because="feed wire is tagged world"),
        Tag(
            name="islamic-state",
            source="vocabulary",
            because='vocabulary: "Islamic State" in summary, word 2',
        ),
        Tag(name="state", source="vocabulary", because='vocabulary: "State" in summary, word 3'),
        Tag(name="mosul", source="vocabulary", because='vocabulary: "Mosul" in body, word 2'),
        Tag(name="world-news", source="category", because='category "World News"'),
    )


def test_the_title_tells_before_the_body_and_each_tag_once() -> None:
    tags = tag(WORDS, title="Mosul", summary="Mosul", body="Mosul Daesh", categories=("Mosul",))
    assert [(each.name, each.because) for each in tags] == [
        ("mosul", 'vocabulary: "Mosul" in title, word 1'),
        ("islamic-state", 'vocabulary: "Daesh" in body, word 2'),
    ]


def test_an_editors_word_on_the_feed_wins_a_name() -> None:
    assert [each.source for each in tag(WORDS, feed_tags=("mosul",), title="Mosul")] == ["feed"]


def test_a_category_that_is_a_phrase_gets_the_vocabularys_tag() -> None:
    assert tag(WORDS, categories=("isis", "Isis today")) == (
        Tag(name="islamic-state", source="category", because='category "isis"'),
        Tag(name="isis-today", source="category", because='category "Isis today"'),
    )


def test_a_tags_own_name_is_no_phrase_unless_listed() -> None:
    assert tag(vocabulary({"world-war": ["WW2"]}), title="World war") == ()


def test_one_phrase_may_tell_two_tags_and_phrases_may_overlap() -> None:
    known = vocabulary({"b": ["grain deal"], "a": ["grain deal"], "c": ["the grain", "deal"]})
    assert names(tag(known, title="the grain deal")) == ["b", "a", "c"]


def test_a_tag_knows_where_its_phrase_stands_first() -> None:
    (found,) = tag(WORDS, title="News", summary="So in Mosul, they say, Mosul")
    assert found.place == ("summary", 2, 1)


def test_a_mapped_category_gives_its_tags_and_no_other() -> None:
    known = vocabulary(
        {"mosul": ["Mosul"]},
        categories={"Iraq & Syria": ["Iraq", "Syria"], "Uncategorized": [], "Mosul": ["city"]},
    )
    tags = tag(known, categories=("IRAQ, Syria", "uncategorized", "mosul", "Sport"))
    assert [(each.name, each.because) for each in tags] == [
        ("iraq", 'category "IRAQ, Syria", as mapped'),
        ("syria", 'category "IRAQ, Syria", as mapped'),
        ("city", 'category "mosul", as mapped'),
        ("sport", 'category "Sport"'),
    ]


def test_a_gazetteers_name_says_kind_and_file() -> None:
    places = Gazetteer(
        file=Path("/srv/places.tsv"),
        kind=Kind.PLACE,
        names=(("mosul", "Mosul"), ("mosul", "الموصل")),
    )
    known = vocabulary({"city": ["Mosul"]}, gazetteers=(places,))
    tags = tag(known, title="In Mosul", body="معركة الموصل")
    assert tags == (
        Tag(name="city", source="vocabulary", because='vocabulary: "Mosul" in title, word 2'),
        Tag(name="mosul", source="place", because='place: "Mosul" in title, word 2 (places.tsv)'),
    )


def test_a_text_that_lists_every_place_there_is_gets_a_bounded_number_of_tags() -> None:
    known = vocabulary({f"p{n}": [f"place{n}"] for n in range(5_000)})
    assert len(tag(known, body=" ".join(f"place{n}" for n in range(5_000)))) == MAX_FOUND


def test_a_flood_of_categories_is_bounded_and_blanks_are_dropped() -> None:
    assert tag(WORDS, categories=("", " - ", "!!!")) == ()
    assert len(tag(WORDS, categories=[f"c{n}" for n in range(1000)])) == MAX_CATEGORIES


def test_a_category_in_a_because_is_one_short_safe_line() -> None:
    (only,) = tag(WORDS, categories=("x\u202e\n" + "y" * 5000,))
    assert len(only.because) < 100
    assert only.because.isprintable()


@UNHURRIED
@given(st.text(st.characters(exclude_categories=["Co"]), max_size=200))
def test_a_tags_name_is_stable_bounded_and_fit_for_a_query(text: str) -> None:
    name = tag_name(text)
    assert tag_name(name) == name
    assert len(name) <= MAX_NAME
    assert not set(name) & set(' "()')
    assert bool(name) == bool(tokens(text))


@UNHURRIED
@given(
    st.dictionaries(
        st.sampled_from("xyz"),
        st.lists(st.lists(st.sampled_from("abc"), max_size=3).map(" ".join), max_size=4),
    ),
    st.lists(st.sampled_from("abc"), max_size=8).map(" ".join),
)
def test_the_index_finds_what_trying_every_phrase_finds(
    tags: dict[str, list[str]], text: str
) -> None:
    slow = {
        name
        for name, phrases in tags.items()
        if any(phrase and f" {phrase} " in f" {text} " for phrase in phrases)
    }
    assert set(names(tag(vocabulary(tags), body=text))) == slow
