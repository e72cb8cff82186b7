"""Stored entries get the tags, series and topics of today's vocabulary when that is asked for."""

from __future__ import annotations

from pathlib import Path

from aggregator.core.column import read_column
from aggregator.flow.add import add_column
from aggregator.flow.backfill import backfill
from aggregator.model.gazetteer import Gazetteer, Kind
from aggregator.model.settings import SeriesSpec
from tests.flow.newsroom import DAY, Newsroom, Told, topic
from tests.makers import NOON


def retag(newsroom: Newsroom, days: int = 30) -> tuple[int, int]:
    """Backfill; return how many were asked and how many changed."""
    done = backfill(newsroom.kit, days=days, actor="ida")
    return done.asked, done.changed


COLUMN = "The corridor opens\n03-14-2026\n\nShips left the port.\n\nBlog Posts:\nGlobal Lane\n"


def test_a_new_phrase_reaches_stored_entries_and_their_topics(newsroom: Newsroom) -> None:
    topics = [topic("ports", "tag:port")]
    newsroom.follow(["wire"], topics)
    newsroom.hears("wire", Told(guid="1"), Told(guid="2", title="Cup final", text="Two to one."))
    assert newsroom.titles("ports") == []

    newsroom.follow(["wire"], topics, tags={"port": ("harbour", "the port")})
    assert retag(newsroom) == (2, 1)
    newsroom.publish()

    (tag,) = newsroom.entry("Grain corridor reopens").tags
    assert tag.because == 'vocabulary: "the port" in summary, word 3'
    assert newsroom.titles("ports") == ["Grain corridor reopens"]
    assert retag(newsroom) == (2, 0)


def test_what_lost_its_tag_leaves_what_only_the_tag_admitted(newsroom: Newsroom) -> None:
    topics = [topic("ports", "tag:port")]
    newsroom.follow(["wire"], topics, tags={"port": ("the port",)})
    newsroom.hears("wire", Told(guid="1"))
    assert len(newsroom.shown("ports")) == 1
    newsroom.follow(["wire"], topics, tags={})
    assert retag(newsroom)[1] == 1
    newsroom.publish()
    assert newsroom.entry("Grain corridor reopens").tags == ()


def test_only_the_days_that_are_asked_for_are_touched(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    newsroom.hears("wire", Told(guid="1", at=NOON - 40 * DAY), Told(guid="2", title="New grain"))
    names = Gazetteer(file=Path("crops.tsv"), kind=Kind.PLACE, names=(("grain", "grain"),))
    newsroom.follow(["wire"], gazetteers=(names,))
    assert retag(newsroom) == (1, 1)
    assert newsroom.entry("Grain corridor reopens").tags == ()
    assert [each.source for each in newsroom.entry("New grain").tags] == ["place"]


def test_the_series_of_an_editors_own_column_stays(newsroom: Newsroom) -> None:
    lane = SeriesSpec(name="Global Lane", any=(("body", r"Blog Posts:\s*Global Lane"),))
    newsroom.follow([], series=(lane,))
    add_column(newsroom.kit, read_column(COLUMN), topic=None, actor="ida")
    before = newsroom.entry("The corridor opens").series
    assert before
    retag(newsroom, days=400)
    assert newsroom.entry("The corridor opens").series == before
