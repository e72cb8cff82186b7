"""The demo's settings: they must mean something to the parts that use them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import re2
import requests

from aggregator.config import read_settings, shown
from aggregator.core.query import check_rule, parse_query
from aggregator.core.rules import Subject, matches
from aggregator.core.tagging import tag, vocabulary
from aggregator.demo.newsroom import Newsroom
from aggregator.demo.outlets import OUTLETS
from aggregator.demo.programme import Report, edition_at, report_at
from aggregator.demo.settings import demo_settings
from aggregator.demo.words import content, headline, summary
from aggregator.model.feed import Rights
from aggregator.model.settings import Settings
from aggregator.model.topic import Mode

ORIGIN = "http://127.0.0.1:8123"
OPENED = 1_795_365_000.0


def settings() -> Settings:
    return demo_settings(ORIGIN, store="/tmp/demo.db", site_url="http://127.0.0.1:8000/")


def topics_of(report: Report, made: Settings) -> set[str]:
    """Ask each topic's rule of the report, as one entry of its outlet's feed."""
    feed = next(feed for feed in made.feeds if feed.name == report.outlet)
    title, body = headline(report, OPENED), " ".join(report.paragraphs)
    tags = tag(
        vocabulary(made.tags),
        feed_tags=feed.tags,
        title=title,
        summary=summary(report),
        body=body,
        categories=report.article.tags,
    )
    subject = Subject(
        title=title,
        summary=summary(report),
        body=body,
        tags=tuple(each.name for each in tags),
        series=("Global Lane",) if report.article.column else (),
    )
    return {topic.slug for topic in made.topics if matches(parse_query(topic.match), subject)}


def test_every_outlet_is_polled_every_three_seconds_without_spacing() -> None:
    made = settings()
    assert [feed.url for feed in made.feeds] == [ORIGIN + outlet.polled_path for outlet in OUTLETS]
    assert {feed.every for feed in made.feeds} == {3}
    assert (made.net.spacing, made.net.per_host) == (0.0, 8)
    assert made.net.allow == ("127.0.0.1:8123",)


def test_the_site_is_the_sample_newsroom_and_not_set_up() -> None:
    site = settings().site
    assert (site.title, site.url) == ("Sample newsroom", "http://127.0.0.1:8000")
    assert not site.is_set_up


def test_some_outlets_lend_whole_texts_and_some_excerpts() -> None:
    rights = {feed.name: feed.rights for feed in settings().feeds}
    assert rights["tollgate-observer"] is Rights.FULL
    assert rights["quillhaven-courier"] is Rights.EXCERPT


def test_every_topic_has_a_rule_that_reads_and_publishes_at_once() -> None:
    topics = settings().topics
    assert [topic.slug for topic in topics] == ["global-lane", "harbour-and-trade", "science"]
    for topic in topics:
        check_rule(parse_query(topic.match), topic.match)
        assert topic.mode is Mode.AUTO
        assert topic.publish.delay == 0


def test_the_series_knows_its_column_by_title_and_by_closing_field() -> None:
    (series,) = settings().series
    patterns = dict(series.any)
    assert set(series.feeds) <= {feed.name for feed in settings().feeds}
    for report in (report_at(position, drip=4.0) for position in range(100)):
        by_title = re2.search(patterns["title"], headline(report, OPENED)) is not None
        by_body = re2.search(patterns["body"], content(report)) is not None
        assert by_title == by_body == report.article.column


def test_the_settings_fit_the_origin_they_are_made_for() -> None:
    with Newsroom(clock=lambda: OPENED) as newsroom, requests.Session() as web:
        web.trust_env = False
        made = demo_settings(newsroom.url, store="/tmp/demo.db", site_url="http://127.0.0.1:8000")
        answers = {feed.name: web.get(feed.url).status_code for feed in made.feeds}
    assert answers.pop("old-semaphore") == 410
    assert set(answers.values()) == {200}


def test_the_settings_are_a_feeds_yaml_that_anybody_could_write(tmp_path: Path) -> None:
    made = replace(settings(), store=str(tmp_path / "demo.db"))
    path = tmp_path / "feeds.yaml"
    assert read_settings(shown(made), path) == replace(made, path=path)


@pytest.mark.parametrize(
    ("slug", "topics"),
    [
        ("grain-corridor-reopens", {"global-lane", "harbour-and-trade"}),
        ("seven-ships", {"global-lane", "harbour-and-trade"}),
        ("league-of-straits-vote", {"global-lane"}),
        ("night-pilot", {"harbour-and-trade"}),
        ("comet-ferrow", {"science"}),
        ("crossword-forty", set()),
        ("bridge-reopens", set()),
    ],
)
def test_each_telling_of_a_story_is_admitted_to_the_same_topics(
    slug: str, topics: set[str]
) -> None:
    told = [report for report in edition_at(0, drip=4.0) if report.article.slug == slug]
    assert told
    assert [topics_of(report, settings()) for report in told] == [topics] * len(told)
