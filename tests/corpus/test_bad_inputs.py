"""Attacks: each ends in clear words or in a harmless result, within its limits."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from aggregator.core.beacons import drop_beacons
from aggregator.core.sanitize import clean_html, looks_like_html, plain_text
from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.opml import read_opml, write_opml
from aggregator.formats.reading import read_document
from aggregator.model.entry import ParsedFeed

pytestmark = pytest.mark.corpus

URL = "https://harbour.example/feed"
SAMPLE = 1_500  # payloads for the slow way through the sanitiser
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Findings = Callable[[str], list[Any]]


def shared() -> Path:
    return Path(os.environ["AGGREGATOR_SHARED"])


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, shared() / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def live() -> Findings:
    checker = tool("check_feed")

    def findings(html: str) -> list[Any]:
        check = checker.Check()
        check.html(html, "content")
        return list(check.found)

    return findings


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    tool("make_bad_inputs").write(str(folder), {"xml", "encoding", "json", "poison", "opml"})
    return folder


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    with GuardedReader(workers=1, seconds=5.0) as made:
        yield made


def assert_harmless(feed: ParsedFeed, findings: Findings) -> None:
    assert len(feed.entries) <= 2_000
    assert not UNSAFE.search(plain_text(feed.title or "", 300))
    for entry in feed.entries[:50]:
        for text in (entry.title, entry.summary, entry.content):
            assert findings(drop_beacons(clean_html(text, entry.base))) == []
            assert not UNSAFE.search(plain_text(text, 2_000))
        addresses = [entry.url, entry.image, entry.source_url, entry.base]
        addresses += [enclosure.url for enclosure in entry.enclosures]
        assert all(re.match("https?://", address) for address in addresses if address)


def test_bad_documents_neither_hang_nor_end_us_nor_leave_script(
    bad: Path, reader: GuardedReader, live: Findings
) -> None:
    outcomes = {}
    for path in sorted(path for path in bad.rglob("*") if path.is_file()):
        try:
            feed = reader.read(path.read_bytes(), url=URL, content_type=None)
        except ReadFailed as error:
            assert str(error)
            outcomes[path.name] = str(error)
        else:
            assert_harmless(feed, live)
            assert "root:" not in repr(feed.entries[:5])
            outcomes[path.name] = feed.problem or "fine"
    assert len(outcomes) > 140
    assert outcomes["challenge_page.html"].endswith("asks for a human, not a feed")
    assert outcomes["empty.xml"] == "the document is empty"
    assert outcomes["deep_100k.json"].endswith("nested too deeply")
    assert "50000 entries" in outcomes["items_50k.xml"]
    assert "not well-formed" in outcomes["truncated.xml"]


def test_bad_lists_of_feeds_are_refused_or_bounded(bad: Path) -> None:
    checker = tool("check_feed")
    for path in sorted((bad / "opml").iterdir()):
        try:
            listed = read_opml(path.read_bytes())
        except ReadFailed:
            assert path.name == "bomb.opml"
            continue
        assert len(listed.outlines) <= 20_000
        assert "<" not in listed.title
        written = write_opml(listed)
        errors = [found for found in checker.check(written) if found.code != "opml-empty"]
        assert errors == [], path.name
        assert read_opml(written).outlines == listed.outlines


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in strings(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in strings(part))


@pytest.fixture(scope="module")
def payloads() -> list[str]:
    hostile = shared() / "corpus" / "hostile"
    lines = (hostile / "xss" / "payloadbox.txt").read_text("utf-8", "surrogateescape")
    files = ("xss/dompurify.json", "xss/h5sc.json", "strings/blns.json")
    loaded = [json.loads((hostile / file).read_text(encoding="utf-8")) for file in files]
    return [*lines.split("\n"), *strings(loaded)]


def test_no_payload_comes_out_live(payloads: list[str], live: Findings) -> None:
    assert len(payloads) > 6_000
    for payload in payloads:
        for base in (None, URL):
            assert live(clean_html(payload, base)) == [], payload


def test_no_payload_comes_out_live_of_a_long_text(payloads: list[str], live: Findings) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    long = "<i>a</i>" * 201  # so long that its tags are balanced first
    for payload in random.Random(seed).sample(payloads, SAMPLE):
        assert live(clean_html(long + payload, URL)) == [], payload


def test_no_payload_makes_a_title_that_looks_live(payloads: list[str]) -> None:
    checker = tool("check_feed")
    for payload in payloads:
        check = checker.Check()
        title = plain_text(payload, 500)
        check.title(title or "-", "title")
        assert check.found == [], payload
        assert isinstance(looks_like_html(payload), bool)


def test_the_json_torture_suite_is_read_or_refused() -> None:
    for path in sorted((shared() / "corpus" / "hostile" / "json").iterdir()):
        whole = path.read_bytes()
        inside = b'{"version":"https://jsonfeed.org/version/1","title":"t","items":[%s]}' % whole
        for body in (whole, inside):
            try:
                feed = read_document(body, URL, "application/feed+json")
            except ReadFailed as error:
                assert str(error)
            else:
                repr(feed).encode()  # nothing in it that could not be kept
