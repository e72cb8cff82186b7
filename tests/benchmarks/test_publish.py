"""`benchmarks.publish` writes what it says, both ways the same items, and ends with its figures."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from aggregator.formats.rendering import EXTENSIONS
from benchmarks import publish

A = "{http://www.w3.org/2005/Atom}"


def test_every_way_is_clocked_and_the_last_line_tells_the_ratio(
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish.main(["--items", "4", "--rounds", "1", "--seed", "3"])
    *shown, last = capsys.readouterr().out.splitlines()
    told = json.loads(last)
    assert len(shown) > len(told["ms"])
    assert (told["items"], told["seed"], told["asked"]) == (4, 3, 0.15)
    assert {"feedgen", "full", "one new", "unchanged", "compose"} <= told["ms"].keys()
    assert told["ratio"] > 0


def test_feedgen_and_we_write_the_same_items() -> None:
    edition = publish.composed(publish.a_topic(5), publish.showings(5, 3))
    assert len(edition.items) == 5
    atoms, channels = zip(publish.by_feedgen(edition), publish.by_us(edition), strict=True)
    theirs, ours = (
        [
            tuple(entry.findtext(f"{A}{name}") for name in ("id", "title", "content", "summary"))
            for entry in etree.fromstring(body).findall(f"{A}entry")
        ]
        for body in atoms
    )
    assert theirs == ours
    counts = [len(etree.fromstring(body).findall("channel/item")) for body in channels]
    assert counts == [5, 5]


def test_one_new_item_is_written_and_the_others_are_remembered() -> None:
    publish.forget()
    way = publish.ways(publish.a_topic(5), publish.showings(5, 3))["one new"]
    kinds = [EXTENSIONS[ending].fragment for ending in ("atom", "rss")]
    before = [kind.cache_info() for kind in kinds]  # type: ignore[attr-defined]
    way()
    for old, kind in zip(before, kinds, strict=True):
        now = kind.cache_info()  # type: ignore[attr-defined]
        assert (now.hits - old.hits, now.misses - old.misses) == (4, 1)


def test_nothing_to_write_is_refused() -> None:
    with pytest.raises(SystemExit):
        publish.main(["--items", "0"])
