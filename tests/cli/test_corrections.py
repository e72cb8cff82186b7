"""A source edits one item and deletes another: asked for over HTTP, told at a terminal."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from lxml import etree
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Aggregator

AT = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}

YAML = """version: 1
site: {{title: Test desk, url: https://news.example.org}}
store: desk.db
net: {{spacing: 0s, allow: [127.0.0.0/8, "::1/128"]}}
feeds:
  - {{url: {wire}, name: wire, corrections: mark}}
topics:
  - {{slug: lane, title: Lane, mode: auto, match: '*'}}
"""
ENTRY = (
    "<entry><id>https://wire.example/{0}</id><title>Story {0}</title>"
    '<link href="https://wire.example/{0}"/><updated>2026-11-21T10:00:00Z</updated>'
    "<summary>{1}</summary></entry>"
)
GONE = (
    '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    ' ref="https://wire.example/2" when="2026-11-22T10:00:00Z"/>'
)


def atom(*parts: str) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>https://wire.example/</id>'
        f"<title>Wire</title><updated>2026-11-21T10:00:00Z</updated>{''.join(parts)}</feed>"
    )


@pytest.fixture
def edited(aggregator: Aggregator, desk: Path, httpserver: HTTPServer) -> Aggregator:
    """Poll twice: in between one item was edited, the other deleted."""
    desk.write_text(YAML.format(wire=httpserver.url_for("/wire.atom")))
    first = atom(ENTRY.format(1, "Nine ships left."), ENTRY.format(2, "Nothing much."))
    second = atom(ENTRY.format(1, "Ten ships left."), GONE)
    for body in (first, second):
        httpserver.clear()
        httpserver.expect_request("/wire.atom").respond_with_data(
            body, content_type="application/atom+xml"
        )
        assert aggregator("-q", "poll", "wire").code == 0
        assert aggregator("-q", "publish").code == 0
    return aggregator


def written(aggregator: Aggregator, folder: Path) -> dict[str, etree._Element]:
    assert aggregator("-q", "publish", "--out", str(folder)).code == 0
    names = ("topics/lane.atom", "topics/lane/corrections.atom")
    return {name: etree.fromstring((folder / name).read_bytes()) for name in names}


def test_an_edited_and_a_deleted_item_are_told_to_readers(
    edited: Aggregator, tmp_path: Path
) -> None:
    documents = written(edited, tmp_path / "out")
    for root in documents.values():
        (gone,) = root.findall("at:deleted-entry", AT)
        assert gone.get("ref") == "https://wire.example/2"
        assert gone.findtext("at:comment", namespaces=AT) == "its publisher took it back"
        assert b"Nothing much" not in etree.tostring(root)
    (item,) = documents["topics/lane.atom"].findall("a:entry", AT)
    assert "“Nine” is now “Ten”" in (item.findtext("a:content", namespaces=AT) or "")
    (told,) = documents["topics/lane/corrections.atom"].findall("a:entry", AT)
    assert told.findtext("a:title", namespaces=AT) == "Corrected: Story 1"
    difference = "<del>Nine</del> <ins>Ten</ins> ships left."
    assert difference in (told.findtext("a:content", namespaces=AT) or "")


def test_the_same_is_told_to_programs_and_pipes(edited: Aggregator) -> None:
    withdrawn, change = json.loads(edited("--json", "topics", "corrections", "lane").out)
    assert (change["what"], change["told"], change["title"]) == ("edited", "mark", "Story 1")
    assert change["diff"]["text"] == [["-", "Nine "], ["+", "Ten "], ["=", "ships left."]]
    assert (withdrawn["what"], withdrawn["title"], withdrawn["diff"]) == ("withdrawn", "", None)

    head, *rows = edited("topics", "corrections", "lane").out.splitlines()
    assert head.split("\t")[:3] == ["at", "what", "told"]
    assert [row.split("\t")[1] for row in rows] == ["withdrawn", "edited"]
    assert rows[1].endswith("\t[-Nine-] {+Ten+} ships left.")
    assert len(edited("topics", "corrections", "lane", "--limit", "1").out.splitlines()) == 2


def test_a_terminal_gets_the_difference_in_colours(
    edited: Aggregator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    said = edited("topics", "corrections", "lane").out
    assert "\x1b[31m[-Nine-]" in said
    assert "\x1b[32m{+Ten+}" in said
    plain = edited("--no-color", "topics", "corrections", "lane").out
    assert "\x1b" not in plain
    assert plain == re.sub("\x1b\\[[0-9]+m", "", said)


def test_nothing_corrected_is_said_so(
    aggregator: Aggregator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(aggregator("--json", "topics", "corrections", "lane").out) == []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert aggregator("topics", "corrections", "lane").out == "Nothing was corrected yet.\n"
    assert aggregator("topics", "corrections", "nowhere").code == 4
