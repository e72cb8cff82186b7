"""Whatever publishers and editors write, what goes out is whole and holds every item."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from aggregator.formats.rendering import EXTENSIONS, render
from aggregator.model.publication import Edition
from tests.formats.editions import editions, ordinary_edition

ATOM = "{http://www.w3.org/2005/Atom}"
ENDINGS = sorted(EXTENSIONS)


def count(body: bytes, ending: str) -> int:
    if ending == "json":
        return len(json.loads(body)["items"])
    root = etree.fromstring(body)
    return len(root.findall(f"{ATOM}entry" if ending == "atom" else "channel/item"))


@settings(max_examples=60, deadline=None)
@given(editions())
def test_any_text_gives_documents_that_parse_and_leave_nothing_out(edition: Edition) -> None:
    assert edition.left_out == ()
    for ending in ENDINGS:
        body, left_out = render(edition, ending)
        assert left_out == ()
        assert count(body, ending) == len(edition.items)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_item_that_cannot_be_written_is_left_out_alone_and_named(ending: str) -> None:
    edition = ordinary_edition()
    good, bad = edition.items
    poisoned = replace(edition, items=(replace(bad, title="\ud800\x00"), good))

    body, left_out = render(poisoned, ending)

    assert count(body, ending) == 1
    assert len(left_out) == 1
    assert bad.uri in left_out[0]
    assert good.uri.encode() in body


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_could_not_be_composed_is_named_with_what_could_not_be_written(ending: str) -> None:
    edition = replace(ordinary_edition(), left_out=("story 7: too odd",))
    body, left_out = render(edition, ending)
    assert left_out == ("story 7: too odd",)
    assert b"too odd" not in body


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_topic_is_a_whole_document(ending: str) -> None:
    body, left_out = render(replace(ordinary_edition(), items=()), ending)
    assert (count(body, ending), left_out) == (0, ())
