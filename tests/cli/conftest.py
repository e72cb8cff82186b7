from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from aggregator.cli.main import run

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>The Wire</title>
<link>https://wire.example/</link><description>News</description>
<item><title>Grain corridor reopens</title><link>https://wire.example/1</link>
<guid isPermaLink="false">w1</guid><description>Ships sail again.</description>
<pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate></item>
<item><title>Horoscope for sailors</title><link>https://wire.example/2</link>
<guid isPermaLink="false">w2</guid><description>Stars.</description>
<pubDate>Sat, 21 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"""

YAML = """version: 1
site: {{title: Test desk, url: https://news.example.org}}
store: desk.db
net: {{spacing: 0s, allow: [127.0.0.0/8, "::1/128"]}}
feeds:
  - {{url: {wire}, name: wire, tags: [world]}}
  - {{url: {lost}, name: lost}}
topics:
  - {{slug: lane, title: Lane, mode: auto, match: 'corridor NOT title:horoscope'}}
  - {{slug: desk-choice, title: Choice, mode: review, match: 'tag:world'}}
"""


@dataclass(frozen=True)
class Spoken:
    """What a command line said."""

    code: int
    out: str
    err: str


Aggregator = Callable[..., Spoken]


@pytest.fixture
def origin(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/wire.rss").respond_with_data(
        FEED, content_type="application/rss+xml", headers={"ETag": '"1"'}
    )
    httpserver.expect_request("/lost.rss").respond_with_data("gone missing", status=404)
    return httpserver


@pytest.fixture
def desk(tmp_path: Path, origin: HTTPServer) -> Path:
    path = tmp_path / "feeds.yaml"
    wire, lost = origin.url_for("/wire.rss"), origin.url_for("/lost.rss")
    path.write_text(YAML.format(wire=wire, lost=lost))
    return path


@pytest.fixture
def aggregator(
    desk: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Aggregator]:
    monkeypatch.setenv("AGGREGATOR_ACTOR", "ada")

    def call(*words: str) -> Spoken:
        code = run(["-c", str(desk), *words])
        said = capfd.readouterr()
        return Spoken(code, said.out, said.err)

    root = logging.getLogger()
    level, before = root.level, tuple(root.handlers)
    yield call
    # A quiet command must not silence the tests that follow.
    root.setLevel(level)
    for handler in (each for each in tuple(root.handlers) if each not in before):
        root.removeHandler(handler)
