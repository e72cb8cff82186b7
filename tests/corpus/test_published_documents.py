"""Every document we publish is clean to the shared checker: no error and no warning."""

from __future__ import annotations

import calendar
import importlib.util
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings

from aggregator.formats.rendering import EXTENSIONS, render
from aggregator.model.entry import Enclosure, Text
from aggregator.model.feed import Rights
from aggregator.model.publication import Edition
from tests.formats.editions import SNIPPETS, composed, editions, ordinary_edition
from tests.makers import (
    NOON,
    a_feed,
    a_feed_spec,
    a_showing,
    a_source,
    a_text,
    a_verdict,
    an_entry,
    an_item,
)

pytestmark = pytest.mark.corpus

Check = Callable[..., list[Any]]
BATCH = 50  # items an edition


def shared() -> Path:
    return Path(os.environ["AGGREGATOR_SHARED"])


def load_checker() -> ModuleType:
    path = shared() / "tools" / "check_feed.py"
    spec = importlib.util.spec_from_file_location("check_feed", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def check() -> Check:
    found: Check = load_checker().check
    return found


def findings(check: Check, edition: Edition) -> list[str]:
    """Return what the checker finds in any format, each with the format it stands in."""
    assert edition.left_out == ()
    found = []
    for ending in EXTENSIONS:
        body, left_out = render(edition, ending)
        assert left_out == ()
        address = f"{edition.base_url}.{ending}"
        found += [f"{ending}: {each}" for each in check(body, ending, address)]
    return found


def edition_saying(text: Text, *, rights: Rights = Rights.FULL, title: str = "Wire") -> Edition:
    feed = a_feed(spec=a_feed_spec(rights=rights), title=title)
    entry = an_entry(text=text)
    return composed(a_showing(sources=(a_source(entry=entry, feed=feed),)))


def test_an_ordinary_edition_is_clean(check: Check) -> None:
    assert findings(check, ordinary_edition()) == []


def test_an_empty_edition_is_clean(check: Check) -> None:
    assert findings(check, composed()) == []


@pytest.mark.parametrize("rights", Rights)
@pytest.mark.parametrize("odd", SNIPPETS, ids=ascii)
def test_odd_text_in_every_place_is_clean(check: Check, odd: str, rights: Rights) -> None:
    said = f"one{odd}two"
    for text in (odd, said):
        edition = edition_saying(
            a_text(
                title=text,
                summary=text,
                content=f"<p title='{text}'>{text}</p>{text}",
                author=text,
                lang=text,
                source_title=text,
                licence=text,
                url=f"https://wire.example/{text}",
            ),
            rights=rights,
            title=text,
        )
        assert findings(check, edition) == []


def test_an_entry_that_lacks_nearly_everything_is_clean(check: Check) -> None:
    bare = Text(url=None, title="", summary="", content="")
    for rights in Rights:
        edition = edition_saying(bare, rights=rights, title="")
        assert findings(check, edition) == []
        assert edition.items[0].url.startswith("https://news.example.org/")


@pytest.mark.parametrize("said", [-(10**18), -1, 0, NOON + 10**6, 10**18])
def test_a_date_that_cannot_be_is_clean(check: Check, said: int) -> None:
    edition = edition_saying(a_text(published_at=said))
    assert findings(check, edition) == []
    assert edition.items[0].published <= NOON


def test_editors_words_are_clean(check: Check) -> None:
    for odd in SNIPPETS:
        showing = a_showing(
            item=an_item(), verdict=a_verdict(title=odd, summary=odd, note=f"{odd}\n\n{odd}")
        )
        assert findings(check, composed(showing)) == []


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edition=editions())
def test_whatever_anybody_writes_is_clean(check: Check, edition: Edition) -> None:
    assert findings(check, edition) == []


def edition_of(texts: Sequence[Text]) -> Edition:
    """Give an edition of these texts, as if a publisher's words came to us unsanitised."""
    feed = a_feed(spec=a_feed_spec(rights=Rights.FULL))
    return composed(
        *(
            a_showing(
                item=an_item(id=number, article_id=number, uri=f"tag:desk.example,2026:{number}"),
                sources=(a_source(entry=an_entry(id=number, text=text), feed=feed),),
            )
            for number, text in enumerate(texts, start=1)
        )
    )


def check_in_batches(check: Check, texts: Iterator[Text]) -> int:
    checked = 0
    while batch := list(islice(texts, BATCH)):
        assert findings(check, edition_of(batch)) == []
        checked += len(batch)
    return checked


def payloads() -> Iterator[str]:
    hostile = shared() / "corpus" / "hostile"
    yield from (hostile / "xss" / "payloadbox.txt").read_text().splitlines()
    for name in ("dompurify.json", "h5sc.json"):
        for case in json.loads((hostile / "xss" / name).read_text()):
            yield from (value for value in case.values() if isinstance(value, str))
    yield from json.loads((hostile / "strings" / "blns.json").read_text())


def addresses() -> Iterator[str]:
    cases = json.loads((shared() / "corpus/hostile/urls/urltestdata.json").read_text())
    yield from (case["input"] for case in cases if isinstance(case, dict))


def test_attacks_in_every_place_are_clean(check: Check) -> None:
    texts = (a_text(title=each, summary=each, content=each, author=each) for each in payloads())
    assert check_in_batches(check, texts) > 7000


def test_odd_addresses_are_clean(check: Check) -> None:
    texts = (
        a_text(
            url=each,
            image=each,
            source_title="Agency",
            source_url=each,
            licence=each,
            content=f'<p><a href="{each}">x</a></p>',
            enclosures=(Enclosure(url=each),),
        )
        for each in addresses()
    )
    assert check_in_batches(check, texts) > 500


def real_texts() -> Iterator[Text]:
    """Yield real entries as feedparser finds them, neither sanitised nor resolved."""
    for path in sorted((shared() / "corpus" / "feeds").glob("*.*")):
        if path.suffix not in {".rss", ".atom", ".rdf"}:
            continue
        parsed = feedparser.parse(
            io.BytesIO(path.read_bytes()), sanitize_html=False, resolve_relative_uris=False
        )
        for entry in parsed.entries[:10]:
            date = entry.get("published_parsed") or entry.get("updated_parsed")
            yield Text(
                url=entry.get("link"),
                title=entry.get("title", ""),
                summary=entry.get("summary", ""),
                content=entry.content[0].value if "content" in entry else "",
                author=entry.get("author"),
                lang=parsed.feed.get("language"),
                published_at=calendar.timegm(date) if date else None,
                enclosures=tuple(
                    Enclosure(url=each.get("href", ""), type=each.get("type"))
                    for each in entry.get("enclosures", ())
                ),
                licence=entry.get("rights"),
            )


def test_real_entries_are_clean(check: Check) -> None:
    assert check_in_batches(check, real_texts()) > 1000
