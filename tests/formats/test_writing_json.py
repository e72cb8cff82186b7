from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aggregator.formats.jsonfeed import render_json
from tests.formats.editions import ordinary_edition


def feed() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(render_json(ordinary_edition()))
    return read


def test_a_feed_says_who_it_is_and_where() -> None:
    said = feed()
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert said["feed_url"] == "https://news.example.org/topics/global-lane.json"
    assert said["home_page_url"] == "https://news.example.org/topics/global-lane"
    assert said["authors"] == [{"name": "Lane Desk", "url": "mailto:desk@example.org"}]
    assert said["language"] == "en"
    assert said["_aggregator"]["id"] == "tag:news.example.org,2026:topics/global-lane"


def test_an_item_says_all_it_holds() -> None:
    whole = feed()["items"][0]
    assert whole["id"] == "https://daily.example/k"
    assert whole["url"] == whole["external_url"] == "https://daily.example/k%C3%B6ln"
    assert whole["title"] == "Zug „Köln“ & Bonn"
    assert whole["summary"] == "Ein Zug."
    assert whole["authors"] == [{"name": "Åsa Öst"}]
    assert whole["tags"] == ["rail"]
    assert whole["language"] == "de"
    assert whole["date_published"] == "2026-11-22T10:00:00+00:00"
    assert whole["date_modified"] == "2026-11-22T12:00:00+00:00"
    assert whole["attachments"] == [
        {
            "url": "https://daily.example/zug.mp3",
            "mime_type": "audio/mpeg",
            "size_in_bytes": 1234,
        }
    ]


def test_an_item_carries_its_sources_and_the_editors_note() -> None:
    ours = feed()["items"][1]["_aggregator"]
    assert ours["story_url"] == "https://news.example.org/stories/0123456789abcdef"
    assert ours["note"] == "The port is Odesa's."
    assert [(each["title"], each["url"]) for each in ours["sources"]] == [
        ("The Wire", "https://wire.example/grain"),
        ("Daily & Sons", "https://daily.example/grain?a=1&b"),
    ]


def test_an_item_of_our_own_has_no_page_elsewhere() -> None:
    edition = ordinary_edition()
    own = replace(edition.items[0], url=edition.items[0].story_url)
    assert "external_url" not in json.loads(render_json(replace(edition, items=(own,))))["items"][0]


def test_every_item_is_a_line_and_letters_are_letters() -> None:
    lines = render_json(ordinary_edition()).decode().splitlines()
    assert len(lines) == 4
    assert "Åsa Öst" in lines[1]
