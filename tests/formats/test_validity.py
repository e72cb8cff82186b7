"""No fault that we know is in anything we write: see `tests/formats/validity.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from aggregator.formats.rendering import render
from aggregator.model.entry import Enclosure
from aggregator.model.publication import Edition, Tombstone
from tests.formats.editions import editions, ordinary_edition
from tests.formats.test_writing_heads import an_archive, living
from tests.formats.valid_doc import Fault
from tests.formats.validity import faults
from tests.makers import NOON

ENDINGS = ("atom", "rss")
EXCUSED = {
    # A publisher's id stays as it is, however it is spelled: readers would show the item twice.
    ("canonical", "entry/id", None),
    # A feed whose address is not to be shown has no id either, and no <source>, which is one.
    ("required", "id", "missing in source"),
    ("required", "source", "missing in item"),
}


def found(edition: Edition) -> list[Fault]:
    found: list[Fault] = []
    for ending in ENDINGS:
        body, left_out = render(edition, ending)
        assert left_out == ()
        found += [each for each in faults(body) if not excused(each)]
    return found


def excused(fault: Fault) -> bool:
    return bool({(fault.rule, fault.where, said) for said in (None, fault.said)} & EXCUSED)


@pytest.mark.parametrize("shape", [living, an_archive])
def test_an_ordinary_edition_is_valid(shape: object) -> None:
    assert callable(shape)
    assert found(shape(ordinary_edition())) == []


def test_tombstones_and_several_files_are_valid() -> None:
    edition = ordinary_edition()
    files = tuple(
        Enclosure(url=f"https://daily.example/{n}.mp3", type="audio/mpeg", length=n or None)
        for n in range(3)
    )
    gone = Tombstone(uri="tag:wire.example,2026:7", at=NOON, why="The publisher asked.")
    item = replace(edition.items[0], enclosures=files)
    assert found(replace(edition, items=(item,), tombstones=(gone,))) == []
    assert found(replace(edition, items=(), tombstones=(gone,))) == []


@pytest.mark.parametrize(
    "title",
    [
        "alpha&omega",
        "AT&T & R&D",
        "Q&4U",
        "1 < 2 && 3 > 2",
        "a<b",
        "I <3 you",
        "&#0",
        "The &amp; entity",
        "<b>bold</b>",
        "x &lt; y",
    ],
)
def test_a_title_is_never_taken_for_markup(title: str) -> None:
    edition = ordinary_edition()
    item = replace(edition.items[0], title=title, author=title, tags=(title,))
    said = replace(edition, title=title, about=title, site_title=title, items=(item,))
    assert found(said) == []
    assert etree.fromstring(render(said, "rss")[0]).findtext("channel/item/title") == title


@settings(max_examples=150, deadline=None)
@given(editions())
def test_whatever_anybody_writes_is_valid(edition: Edition) -> None:
    assert found(living(edition)) == []
    assert found(an_archive(edition)) == []
