from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load_settings, read_settings, sample, shown, without_comments
from aggregator.errors import ConfigError
from aggregator.model.feed import Auth, FeedSpec, Rights
from aggregator.model.grain import Grain
from aggregator.model.settings import Defaults, Net, SeriesSpec, Settings, Site
from aggregator.model.topic import (
    Expect,
    LearnSpec,
    Mode,
    PublishSpec,
    SourceTrust,
    Tell,
    TopicSpec,
)
from tests.config.makers import HERE

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"

FULL = r"""
version: 1
site:
  title: Lane Desk
  url: https://news.example.org/
  contact: desk@example.org
  proxies: [127.0.0.1, 10.0.0.0/8]
store: db/aggregator.db
defaults: {every: 2h, keep: 30d, rights: link}
feeds:
  - https://example.org/world.rss
  - {url: https://example.com/atom.xml, name: wire, tags: [world], every: 15m, trust: 0.9,
     rights: full}
  - url: https://private.example/feed
    name: agency
    every: auto
    auth: {bearer: file:keys/agency}
    keep: 1w
    fulltext: true
    scrape: {items: article, date: time}
tags:
  islamic-state: [ISIS, "Islamic State", Daesh]
  no: [no]
series:
  - name: Global Lane
    from: [wire]
    any: [{title: 'Global Lane'}, {body: 'Blog Posts:\s*Global Lane'}]
net: {workers: 3, per_host: 2, spacing: 0s, timeout: 5s, max_body: 2MB,
      allow: ["127.0.0.1:8801", 10.0.0.0/8]}
stories: {window: 24h, grain: fine, tracking: [My_Param, own_*]}
topics:
  - slug: global-lane
    title: Global Lane
    about: |
      World affairs,
      one calm column a day.
    mode: auto
    match: 'series:"Global Lane" OR (tag:world NOT title:horoscope)'
    tell: stories
    publish:
      items: 5
      content: link
      per_source: 2/hour
      delay: 10m
      sources: {wire: auto, agency: 15m, blog: review}
    expect: {in: ['https://example.com/a1'], out: ['https://example.com/ads/9']}
    lang: no
    learn: {publish_above: 0.95}
    former: [the-lane, lane]
"""


def test_every_key_arrives_where_it_belongs() -> None:
    assert read_settings(FULL, HERE) == Settings(
        path=HERE,
        site=Site(
            title="Lane Desk",
            url="https://news.example.org",
            contact="desk@example.org",
            proxies=("127.0.0.1", "10.0.0.0/8"),
        ),
        store="/srv/news/db/aggregator.db",
        defaults=Defaults(every=7200, keep=30 * 86400, rights=Rights.LINK),
        feeds=(
            FeedSpec(
                url="https://example.org/world.rss",
                name="example-org-world",
                every=7200,
                rights=Rights.LINK,
            ),
            FeedSpec(
                url="https://example.com/atom.xml",
                name="wire",
                tags=("world",),
                every=900,
                trust=0.9,
                rights=Rights.FULL,
                rights_written=True,
            ),
            FeedSpec(
                url="https://private.example/feed",
                name="agency",
                every=None,
                rights=Rights.LINK,
                auth=Auth(bearer="file:/srv/news/keys/agency"),
                keep=7 * 86400,
                fulltext=True,
                scrape={"items": "article", "date": "time"},
            ),
        ),
        tags={"islamic-state": ("ISIS", "Islamic State", "Daesh"), "no": ("no",)},
        series=(
            SeriesSpec(
                name="Global Lane",
                feeds=("wire",),
                any=(("title", "Global Lane"), ("body", r"Blog Posts:\s*Global Lane")),
            ),
        ),
        net=Net(
            workers=3,
            per_host=2,
            spacing=0.0,
            timeout=5.0,
            max_body=2_000_000,
            allow=("127.0.0.1:8801", "10.0.0.0/8"),
        ),
        window=86400,
        grain=Grain.FINE,
        tracking=("my_param", "own_*"),
        topics=(
            TopicSpec(
                slug="global-lane",
                title="Global Lane",
                about="World affairs,\none calm column a day.",
                mode=Mode.AUTO,
                match='series:"Global Lane" OR (tag:world NOT title:horoscope)',
                tell=Tell.STORIES,
                publish=PublishSpec(
                    items=5,
                    content=Rights.LINK,
                    per_source=(2, 3600),
                    delay=600,
                    sources=(
                        SourceTrust(feed="wire", delay=0),
                        SourceTrust(feed="agency", delay=900),
                        SourceTrust(feed="blog", delay=None),
                    ),
                ),
                expect=Expect(
                    inside=("https://example.com/a1",), outside=("https://example.com/ads/9",)
                ),
                lang="no",
                learn=LearnSpec(publish_above=0.95),
                former=("the-lane", "lane"),
            ),
        ),
    )


def test_what_the_file_leaves_out_is_what_the_records_assume() -> None:
    text = "feeds: ['https://a.example/']\ntopics: [{slug: x, title: X, match: y}]\n"
    assert read_settings(text, HERE) == Settings(
        path=HERE,
        store="/srv/news/db/aggregator.db",
        feeds=(FeedSpec(url="https://a.example/", name="a-example"),),
        topics=(TopicSpec(slug="x", title="X", match="y"),),
    )


@pytest.mark.parametrize("word", ["no", "yes", "null", "~", "1.10", "0x10", "22:22", "2026-01-01"])
def test_a_word_is_the_text_it_is(word: str) -> None:
    assert read_settings(f"site: {{title: {word}}}", HERE).site.title == word


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    settings = read_settings("\ufeffversion: 1\r\nsite: {title: x}\r\n", HERE)
    assert settings.site.title == "x"


def test_a_made_name_never_takes_a_given_one() -> None:
    text = """
feeds:
  - https://a.example/
  - {url: https://b.example/, name: a-example}
topics:
  - {slug: x, title: X, match: 'feed:a-example-2'}
"""
    assert [feed.name for feed in read_settings(text, HERE).feeds] == ["a-example-2", "a-example"]


def test_rules_may_name_a_series_in_any_writing() -> None:
    text = """
series: [{name: Global Lane, any: [{title: Lane}]}]
topics: [{slug: x, title: X, match: 'series:"GLOBAL lane"'}]
"""
    assert read_settings(text, HERE).topics[0].match == 'series:"GLOBAL lane"'


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://127.0.0.1:8801/a", "127.0.0.1:8801"),
        ("http://127.0.0.9:8801/a", "127.0.0.0/8"),
        ("http://[::1]/a", "'[::1]:80'"),
        ("https://News.intranet/a", "news.intranet:443"),
    ],
)
def test_an_allowed_machine_may_be_asked_every_few_seconds(url: str, allow: str) -> None:
    text = f"feeds: [{{url: '{url}', every: 3s}}]\nnet: {{allow: [{allow}]}}\n"
    assert read_settings(text, HERE).feeds[0].every == 3


@pytest.mark.parametrize(
    ("url", "allow"),
    [("http://127.0.0.1:8802/a", "127.0.0.1:8801"), ("http://localhost/", "127.0.0.0/8")],
)
def test_other_machines_beside_it_may_not(url: str, allow: str) -> None:
    with pytest.raises(ConfigError, match="impolite"):
        read_settings(f"feeds: [{{url: '{url}', every: 3s}}]\nnet: {{allow: [{allow}]}}\n", HERE)


def test_what_is_shown_reads_as_the_same_settings() -> None:
    settings = read_settings(FULL, HERE)
    again = shown(settings)
    assert read_settings(again, HERE) == settings
    assert "keys/agency" in again


def test_shown_hides_the_login_of_a_store() -> None:
    settings = read_settings("store: postgresql://me:hunter2@db/news\n", HERE)
    assert settings.store == "postgresql://me:hunter2@db/news"
    assert "hunter2" not in shown(settings)


def test_the_shipped_file_loads_and_fills_topics_for_a_newcomer() -> None:
    settings = load_settings(SHIPPED)
    assert not settings.site.is_set_up
    assert len(settings.feeds) >= 10
    assert {feed.rights for feed in settings.feeds} == {Rights.EXCERPT}
    assert "global-lane" in {topic.slug for topic in settings.topics}
    assert {topic.mode for topic in settings.topics} == {Mode.AUTO, Mode.REVIEW}
    assert read_settings(shown(settings), SHIPPED) == settings


def test_a_store_past_one_machine_is_checked_but_not_run_on(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("version: 1\nstore: postgresql://me:hunter2@db/news\n")
    with pytest.raises(ConfigError, match="later version") as refused:
        load_settings(path)
    assert f"{path}:2:8" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_secrets_must_be_set_where_the_environment_is_given(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("feeds:\n- {url: 'https://a.example/', auth: {basic: env:WIRE_LOGIN}}\n")
    assert load_settings(path) == load_settings(path, environ={"WIRE_LOGIN": "x"})
    with pytest.raises(ConfigError, match=r":2:45: WIRE_LOGIN is not set"):
        load_settings(path, environ={})


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("version: 1\nsite: {title: Caf\u00e9}\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yaml:2:1: holds bytes that are no UTF-8"):
        load_settings(latin)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 9_000_000)
    with pytest.raises(ConfigError, match="larger than 2,000,000"):
        load_settings(large)


def test_a_file_without_its_comments_means_the_same() -> None:
    text = sample().replace("https", "http")
    kept = without_comments(text)
    assert "# " in text and "# " not in kept
    path = Path("feeds.yaml")
    assert read_settings(kept, path) == read_settings(text, path)
