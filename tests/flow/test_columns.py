"""A column of the editors' own is an entry like any other, put into its series' topic."""

from __future__ import annotations

import pytest

from aggregator.core.column import read_column
from aggregator.errors import NotFound
from aggregator.flow.add import Added, add_column
from aggregator.flow.curate import undo
from aggregator.model.settings import SeriesSpec
from aggregator.model.topic import Mode
from tests.flow.newsroom import HOUR, Newsroom, topic

COLUMN = """The corridor opens
03-14-2017

Ships left the port this morning, says the harbour master.

Nobody knows for how long.

Blog Keywords:
{keywords}
Blog Posts:
{series}
"""


def column(series: str = "The Global Lane", keywords: str = "grain, corridor") -> str:
    return COLUMN.format(series=series, keywords=keywords)


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    """Give a newsroom with one topic for a series and one for everything else."""
    lane = SeriesSpec(name="Global Lane", any=(("body", r"Blog Posts:\s*(The )?Global Lane"),))
    newsroom.follow(
        [],
        [topic("lane", 'series:"Global Lane"', mode=Mode.REVIEW), topic("wheat", "wheat")],
        series=(lane,),
    )
    return newsroom


def added(newsroom: Newsroom, text: str, slug: str | None = None) -> Added:
    done = add_column(newsroom.kit, read_column(text), topic=slug, actor="ida")
    newsroom.publish()
    return done


def test_its_series_puts_a_column_into_its_topic(desk: Newsroom) -> None:
    done = added(desk, column())
    assert (done.title, done.new, done.topics) == ("The corridor opens", True, ("lane",))
    assert "Global Lane" in done.series
    (shown,) = desk.shown("lane")
    assert shown.title == "The corridor opens"
    assert shown.published.startswith("2017-03-14")
    assert "Nobody knows for how long." in shown.html
    assert "Blog Keywords" not in shown.html
    (decision,) = desk.decisions()
    assert decision.verb == "add"
    assert desk.entry("The corridor opens").series[0].date == "2017-03-14"


@pytest.mark.parametrize("series", ["", "\n", "Another Lane"])
def test_a_column_of_no_series_of_ours_is_in_no_topic(desk: Newsroom, series: str) -> None:
    done = added(desk, column(series=series))
    assert done.topics == ()
    assert done.decisions == ()
    assert desk.decisions() == []
    assert desk.entry("The corridor opens").guid


def test_empty_fields_are_no_harm(desk: Newsroom) -> None:
    done = added(desk, column(keywords="", series=""), "wheat")
    assert done.topics == ("wheat",)
    assert desk.titles("wheat") == ["The corridor opens"]
    assert "Blog" not in desk.shown("wheat")[0].html


def test_the_same_column_again_is_the_same_entry(desk: Newsroom) -> None:
    first = added(desk, column())
    desk.now += HOUR
    second = added(desk, column().replace("this morning", "at noon"))
    assert (second.new, second.entry_id) == (False, first.entry_id)
    (shown,) = desk.shown("lane")
    assert "at noon" in shown.html
    with desk.kit.store.read() as tx:
        assert len(tx.entries.revisions(desk.entry("The corridor opens").id)) == 1


def test_an_added_column_can_be_undone(desk: Newsroom) -> None:
    added(desk, column(), "wheat")
    assert desk.titles("lane") == desk.titles("wheat") == ["The corridor opens"]
    undo(desk.kit, None, actor="ida")
    desk.publish()
    assert desk.titles("wheat") == []
    assert desk.titles("lane") == ["The corridor opens"]


def test_a_topic_that_is_none_keeps_nothing(desk: Newsroom) -> None:
    with pytest.raises(NotFound):
        added(desk, column(), "nope")
    assert desk.entries() == ()
    assert desk.decisions() == []


def test_the_desks_own_feed_is_never_polled(desk: Newsroom) -> None:
    added(desk, column())
    desk.now += 10 * 86400
    assert desk.poll().polled == 0
    assert desk.net.asked == []
