"""A column that does not come is told of at the feed that used to bring it."""

from __future__ import annotations

from aggregator.core.health import Health
from aggregator.flow.health import health_of, health_of_all
from aggregator.model.settings import SeriesSpec
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told
from tests.makers import NOON

LANE = SeriesSpec(name="Global Lane", any=(("title", "Global Lane"),))


def fares(newsroom: Newsroom, name: str = "wire") -> Health:
    with newsroom.kit.store.read() as tx:
        feed = tx.feeds.find(name)
        assert feed is not None
        one = health_of(tx, feed, newsroom.now, (LANE,))
        (among,) = (
            each
            for each in health_of_all(tx, newsroom.now, series=(LANE,))
            if each.feed.spec.name == name
        )
    assert one == among
    return one


def test_no_instalment_today_is_told_after_the_usual_hour_until_it_comes(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", "local"], series=(LANE,))
    past = [
        Told(guid=f"{n}", title=f"Global Lane #{n}", text=f"Number {n}.", at=NOON - n * DAY - HOUR)
        for n in range(1, 11)
    ]
    newsroom.hears("wire", *past)
    newsroom.hears("local", Told(guid="1"))

    newsroom.now = NOON - HOUR / 2  # within the hour's grace
    assert fares(newsroom).trouble is None
    newsroom.now = NOON + HOUR
    assert fares(newsroom).trouble == (
        "no instalment of Global Lane today (usually by 11:00 UTC, daily)"
    )
    assert fares(newsroom, "local").columns == ()

    newsroom.hears("wire", Told(guid="11", title="Global Lane #11", text="Late.", at=NOON), *past)
    assert fares(newsroom).trouble is None
    (column,) = fares(newsroom).columns
    assert column.last_at == NOON
    assert [each.series[0].number for each in newsroom.entries() if each.series][-1] == 11


def test_a_paused_feed_is_late_with_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], series=(LANE,))
    newsroom.hears(
        "wire",
        *(
            Told(guid=f"{n}", title=f"Global Lane #{n}", text=f"Number {n}.", at=NOON - n * DAY)
            for n in range(2, 12)
        ),
    )
    newsroom.now = NOON + 2 * HOUR
    assert fares(newsroom).trouble is not None
    newsroom.follow([], series=(LANE,))
    assert fares(newsroom).trouble is None
