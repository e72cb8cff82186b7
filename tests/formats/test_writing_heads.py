"""What a head tells of hub, archives and what is no more, in each format's own words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.formats.rendering import EXTENSIONS, render
from aggregator.formats.writing import joined, split
from aggregator.model.publication import Edition, PublishedItem, Tombstone
from tests.formats.editions import editions, ordinary_edition, texts
from tests.makers import NOON

A = "{http://www.w3.org/2005/Atom}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
FH = "{http://purl.org/syndication/history/1.0}"
ENDINGS = sorted(EXTENSIONS)
FEED = "https://news.example.org/topics/global-lane"
HUB = "https://news.example.org/hub"
ARCHIVE = f"{FEED}/archive"


def living(edition: Edition) -> Edition:
    """Give the edition as that of a feed with a hub and archives."""
    return replace(edition, hub_url=HUB, previous_url=f"{ARCHIVE}/3")


def an_archive(edition: Edition) -> Edition:
    """Give the edition as that of the third of at least four archives."""
    return replace(
        edition,
        base_url=f"{ARCHIVE}/3",
        previous_url=f"{ARCHIVE}/2",
        next_url=f"{ARCHIVE}/4",
        current_url=FEED,
        is_archive=True,
    )


def written(edition: Edition, ending: str) -> bytes:
    body, left_out = render(edition, ending)
    assert left_out == ()
    return body


def addresses(body: bytes, ending: str) -> dict[str, str]:
    """Return where a document's head leads, by relation; each stands there once."""
    if ending == "json":
        return from_json(json.loads(body))
    root = etree.fromstring(body)
    links = (root if ending == "atom" else root[0]).findall(f"{A}link")
    found = {str(link.get("rel")): str(link.get("href")) for link in links}
    assert len(found) == len(links)
    return found


def from_json(said: dict[str, Any]) -> dict[str, str]:
    ours = said["_aggregator"]
    found = {
        "self": said["feed_url"],
        "alternate": said["home_page_url"],
        "hub": next((hub["url"] for hub in said.get("hubs", ()) if hub["type"] == "WebSub"), None),
        "prev-archive": said.get("next_url"),
        "next-archive": ours.get("newer_url"),
        "current": ours.get("current_url"),
    }
    return {relation: address for relation, address in found.items() if address}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_feed_leads_to_its_hub_and_its_newest_archive(ending: str) -> None:
    found = addresses(written(living(ordinary_edition()), ending), ending)
    found.pop("alternate", None)  # an RSS channel has an element of its own for it
    assert found == {
        "self": f"{FEED}.{ending}",
        "hub": HUB,
        "prev-archive": f"{ARCHIVE}/3.{ending}",
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_archive_leads_to_its_neighbours_and_to_the_feed(ending: str) -> None:
    found = addresses(written(an_archive(ordinary_edition()), ending), ending)
    found.pop("alternate", None)
    assert found == {
        "self": f"{ARCHIVE}/3.{ending}",
        "prev-archive": f"{ARCHIVE}/2.{ending}",
        "next-archive": f"{ARCHIVE}/4.{ending}",
        "current": f"{FEED}.{ending}",
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_only_an_archive_says_that_it_is_one(ending: str) -> None:
    edition = ordinary_edition()
    for archive in (False, True):
        body = written(an_archive(edition) if archive else living(edition), ending)
        if ending == "json":
            assert json.loads(body)["_aggregator"].get("archive", False) is archive
        else:
            root = etree.fromstring(body)
            found = (root if ending == "atom" else root[0]).find(f"{FH}archive")
            assert (found is not None) is archive


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_head_without_hub_and_archives_says_nothing_of_them(ending: str) -> None:
    assert addresses(written(ordinary_edition(), ending), ending).keys() <= {"self", "alternate"}


def test_a_channels_link_stays_its_page_whatever_else_it_links_to() -> None:
    for edition in (living(ordinary_edition()), an_archive(ordinary_edition())):
        channel = etree.fromstring(written(edition, "rss"))[0]
        assert [each.text for each in channel.findall("link")] == [FEED]
        assert feedparser.parse(written(edition, "rss")).feed.link == FEED


def test_atom_tells_what_is_no_more_since_when_and_why() -> None:
    gone = (
        Tombstone(uri="tag:wire.example,2026:1", at=NOON, why="The desk\x00 was asked & agreed."),
        Tombstone(uri="https://wire.example/a?b&c", at=NOON + 1),
    )
    root = etree.fromstring(written(replace(ordinary_edition(), tombstones=gone), "atom"))
    stones = root.findall(f"{AT}deleted-entry")
    assert [(each.get("ref"), each.get("when")) for each in stones] == [
        ("tag:wire.example,2026:1", "2026-11-22T12:00:00+00:00"),
        ("https://wire.example/a?b&c", "2026-11-22T12:00:01+00:00"),
    ]
    assert [each.findtext(f"{AT}comment") for each in stones] == [
        "The desk was asked & agreed.",
        None,
    ]


def test_tombstones_stand_before_all_entries_as_the_schema_of_atom_wants() -> None:
    gone = (Tombstone(uri="tag:wire.example,2026:1", at=NOON),)
    root = etree.fromstring(written(replace(ordinary_edition(), tombstones=gone), "atom"))
    assert [each.tag for each in root][-3:] == [f"{AT}deleted-entry", f"{A}entry", f"{A}entry"]


@pytest.mark.parametrize("ending", ["json", "rss"])
def test_formats_without_a_word_for_it_keep_silent_of_what_is_gone(ending: str) -> None:
    edition = ordinary_edition()
    gone = (Tombstone(uri="tag:wire.example,2026:1", at=NOON, why="asked"),)
    assert written(replace(edition, tombstones=gone), ending) == written(edition, ending)


def test_json_says_when_an_item_was_corrected_and_how() -> None:
    edition = ordinary_edition()
    mended = replace(edition.items[0], corrected_at=NOON, correction="Corrected on 22 Nov: 7, no 8")
    said = json.loads(written(replace(edition, items=(mended, edition.items[1])), "json"))
    ours = [each["_aggregator"] for each in said["items"]]
    assert ours[0]["corrected"] == "2026-11-22T12:00:00+00:00"
    assert ours[0]["correction"] == "Corrected on 22 Nov: 7, no 8"
    assert not ours[1].keys() & {"corrected", "correction"}


tombstones = st.builds(Tombstone, uri=st.just("tag:wire.example,2026:9"), at=st.just(0), why=texts)
any_heads = st.builds(
    lambda edition, shape, stones: replace(shape(edition), tombstones=tuple(stones)),
    editions(),
    st.sampled_from((living, an_archive)),
    st.lists(tombstones, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(any_heads)
def test_a_document_comes_apart_and_goes_together_byte_for_byte(edition: Edition) -> None:
    for ending, kind in EXTENSIONS.items():
        body = written(edition, ending)
        head, fragments = split(kind, body)
        assert joined(kind, head, fragments) == body
        assert list(fragments) == [kind.fragment(item) for item in edition.items]
        assert [kind.uri_of(each) for each in fragments] == [item.uri for item in edition.items]


@settings(max_examples=30, deadline=None)
@given(any_heads)
def test_a_document_put_together_of_other_parts_is_what_would_be_written(edition: Edition) -> None:
    kept: tuple[PublishedItem, ...] = edition.items[1:]
    for ending, kind in EXTENSIONS.items():
        head, fragments = split(kind, written(edition, ending))
        assert joined(kind, head, fragments[1:]) == written(replace(edition, items=kept), ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_document_that_is_none_of_ours_does_not_come_apart(ending: str) -> None:
    with pytest.raises(ValueError, match="not a document we wrote"):
        split(EXTENSIONS[ending], b"<html></html>")
