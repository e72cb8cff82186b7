from __future__ import annotations

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.column import LONGEST, Column, read_column, read_html_column
from aggregator.errors import ColumnError

PI_DAY = calendar.timegm((2017, 3, 14, 0, 0, 0))
FIRST = "Ships left the port on Monday for the first time since autumn, and nobody fired at them."
SECOND = "What comes next is less certain, say those who insure the ships and those who sail them."
COLUMN = f"""The corridor opens
03-14-2017

{FIRST}

{SECOND}

Blog Keywords:
grain, corridor; Black Sea
Blog Posts:
Global Lane
"""
READ = Column(
    title="The corridor opens",
    date=PI_DAY,
    paragraphs=(FIRST, SECOND),
    fields=(
        ("Blog Keywords", ("grain, corridor; Black Sea",)),
        ("Blog Posts", ("Global Lane",)),
    ),
    keywords=("grain", "corridor", "Black Sea"),
    series=("Global Lane",),
)


def test_a_column_is_read() -> None:
    assert read_column(COLUMN) == READ


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + COLUMN,
        COLUMN.replace("\n", "\r\n"),
        COLUMN.replace("\n", "\r"),
        COLUMN.replace("\n", "\n\n"),
        "\n\n \t\n" + COLUMN + "\n\n\n",
        COLUMN.replace("03-14-2017", "Tuesday, 14 March 2017"),
        COLUMN.replace("03-14-2017", "2017-03-14"),
        COLUMN.replace("The corridor opens\n03-14-2017", "03-14-2017\nThe corridor opens"),
        COLUMN.replace("Keywords:\n", "Keywords: ").replace("Posts:\n", "Posts:   "),
        COLUMN.replace("Monday for", "Monday\nfor").replace("certain, say", "certain,\n  say"),
    ],
)
def test_files_of_any_hand_read_the_same(text: str) -> None:
    assert read_column(text) == READ


def test_a_field_may_be_empty() -> None:
    text = COLUMN.replace("grain, corridor; Black Sea\n", "")
    column = read_column(text)
    assert column.fields == (("Blog Keywords", ()), ("Blog Posts", ("Global Lane",)))
    assert column.keywords == ()
    assert column.series == ("Global Lane",)
    last = read_column(text.replace("Global Lane\n", ""))
    assert last.fields == (("Blog Keywords", ()), ("Blog Posts", ()))
    assert last.paragraphs == (FIRST, SECOND)


def test_a_value_may_stand_on_several_lines() -> None:
    text = COLUMN.replace("grain, corridor; Black Sea", "grain\n\ncorridor\nBlack Sea\n")
    assert read_column(text).keywords == READ.keywords


def test_a_missing_date_is_missing_or_the_titles() -> None:
    text = COLUMN.replace("03-14-2017\n", "")
    assert read_column(text).date is None
    dated = read_column(text.replace("opens", "opens – 14 Mar 2017"))
    assert dated.date == PI_DAY
    assert dated.title == "The corridor opens – 14 Mar 2017"


def test_colons_in_prose_make_no_field() -> None:
    third = "Keywords: that is what they call them, and nobody who has read one wants another."
    fourth = "Result: nobody knows."
    fifth = "He asked: why? See https://x.example/a: it says so at 10:30 and nobody denies it."
    text = COLUMN.replace(SECOND, "\n\n".join((SECOND, third, fourth, fifth)))
    column = read_column(text)
    assert column.paragraphs == (FIRST, SECOND, third, fourth, fifth)
    assert column.fields == READ.fields


def test_other_fields_stand_beside_the_known_ones() -> None:
    text = COLUMN.replace("Blog Keywords", "Location: Odesa\n\nBlog Keywords") + "Blog Images:\n"
    column = read_column(text)
    assert column.paragraphs == (FIRST, SECOND)
    assert [name for name, _ in column.fields] == [
        *("Location", "Blog Keywords", "Blog Posts", "Blog Images")
    ]


def test_a_byline_names_the_author_and_begins_no_closing_fields() -> None:
    text = COLUMN.replace("2017\n", "2017\nBy: A. Writer\n", 1).replace(FIRST, "He left.")
    column = read_column(text.replace(SECOND, "She stayed."))
    assert column.author == "A. Writer"
    assert column.paragraphs == ("He left.", "She stayed.")
    assert column.series == ("Global Lane",)


def test_a_column_without_fields_is_all_paragraphs() -> None:
    column = read_column(COLUMN[: COLUMN.index("Blog Keywords")])
    assert column.paragraphs == (FIRST, SECOND)
    assert (column.fields, column.keywords, column.series) == ((), (), ())


def test_long_lines_are_paragraphs_without_empty_lines_between() -> None:
    long = " ".join([FIRST, SECOND])
    assert read_column(f"Title\n{long}\n{long}\n").paragraphs == (long, long)


def test_the_text_holds_the_fields_for_patterns_that_ask_for_them() -> None:
    assert READ.text.endswith(
        f"{SECOND}\n\nBlog Keywords: grain, corridor; Black Sea\n\nBlog Posts: Global Lane"
    )


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "empty"),
        ("\n \n\ufeff\n", 1, "empty"),
        ("03-14-2017\n", 2, "expected a title"),
        ("\nBlog Keywords:\ngrain\n", 2, "expected a title, found the field 'Blog Keywords'"),
        ("Title\nText\x00\n", 2, "binary"),
        ("%PDF-1.7 …", 1, "a PDF"),
        ("PK\x03\x04", 1, "a Word or zip file"),
        ("{\\rtf1 x}", 1, "an RTF file"),
        ("<html></html>", 1, "empty"),
    ],
)
def test_what_is_no_column_says_which_line_and_why(text: str, line: int, said: str) -> None:
    with pytest.raises(ColumnError) as error:
        read_column(text)
    assert str(error.value).startswith(f"line {line}: ")
    assert said in str(error.value)


def test_a_file_has_a_longest_length() -> None:
    with pytest.raises(ColumnError, match="longer than"):
        read_column("x" * (LONGEST + 1))


PAGE = f"""<!DOCTYPE html><html><head><title>The corridor opens | Daily</title>
<style>p {{ color: red }}</style></head><body><nav><p>Home</p></nav>
<header><h1>The corridor <em>opens</em></h1></header>
<time datetime="2017-03-14">last Tuesday</time>
<p>{FIRST.replace("on Monday", "on <b>Mon</b>day")}</p><script>alert(1)</script>
<p>{SECOND}</p><!-- never said -->
<p>Blog Keywords:<br>grain, corridor; Black Sea</p><p>Blog Posts:</p><p>Global Lane</p>
<footer><p>All rights reserved.</p></footer></body></html>"""


def test_an_html_column_is_read_as_the_plain_one() -> None:
    assert read_column(PAGE) == READ
    assert read_html_column(PAGE) == READ


def test_an_html_column_may_show_its_date_and_title_in_other_places() -> None:
    page = PAGE.replace('<time datetime="2017-03-14">last Tuesday</time>', "<p>03-14-2017</p>")
    assert read_column(page) == READ
    page = PAGE.replace("<header><h1>The corridor <em>opens</em></h1></header>", "")
    assert read_column(page.replace(" | Daily", "")) == READ


@pytest.mark.parametrize(
    "piece", ["<div>", "<p>", "<b>a", "<br>", "<!--", "<h1>", "</p>", "<time>"]
)
def test_any_page_is_read_in_bounded_time(piece: str) -> None:
    page = "<h1>Title</h1>" + piece * (400_000 // len(piece))
    assert read_column(page).title == "Title"


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_a_column_or_a_column_error(text: str) -> None:
    for written in (text, f"<p>{text}", f"Title\n{text}"):
        try:
            column = read_column(written)
        except ColumnError as error:
            assert str(error)
        else:
            assert column.title
            column.text.encode()


@pytest.mark.parametrize(
    "piece", ["a\n", "\n", "A:\n", "a. b\n", "<p>", "<b>a", ", ", "Blog A: x\n"]
)
def test_half_a_megabyte_of_anything_is_read(piece: str) -> None:
    column = read_column("Title\n" + piece * (400_000 // len(piece)))
    assert column.title == "Title"
