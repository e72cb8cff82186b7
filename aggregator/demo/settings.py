"""The sample newsroom's feeds.yaml, made in memory: how a user would write it for real feeds."""

from __future__ import annotations

from aggregator.demo.outlets import OUTLETS, Outlet
from aggregator.model.feed import FeedSpec, Rights
from aggregator.model.settings import Net, SeriesSpec, Settings, Site
from aggregator.model.topic import Mode, PublishSpec, TopicSpec

EVERY = 3
"""Seconds between two polls of an outlet."""

TAGS = {
    "grain-corridor": ("grain corridor",),
    "pell-strait": ("Pell Strait",),
    "harbour": ("harbour", "quay", "pilot", "pilots"),
    "trade": ("cargo", "freight", "tariff", "auction"),
}

FEED_TAGS = {"orrowmark-wire": ("world",), "lanternfield-review": ("science",)}

EXCERPTS = frozenset({"quillhaven-courier", "brinemoor-dispatch", "thistledyke-bugle"})
"""Outlets that grant no more than an excerpt; the others lend their whole text."""

SERIES = SeriesSpec(
    name="Global Lane",
    feeds=("tollgate-observer",),
    any=(("title", "Global Lane"), ("body", r"Blog Posts:\s*Global Lane")),
)

FEW = 5  # items of a topic's feed, so that one has an archive from the first minute on

TOPICS = (
    TopicSpec(
        slug="global-lane",
        title="Global Lane",
        about="World affairs from the sample newsroom: the column and the news behind it.",
        match=('series:"Global Lane" OR (tag:world AND (tag:grain-corridor OR tag:pell-strait))'),
        mode=Mode.AUTO,
        publish=PublishSpec(delay=0),
    ),
    TopicSpec(
        slug="harbour-and-trade",
        title="Harbour and trade",
        about="Ships, cargoes and prices from the sample newsroom.",
        match="tag:harbour OR tag:trade",
        mode=Mode.AUTO,
        publish=PublishSpec(delay=0, items=FEW),
    ),
    TopicSpec(
        slug="science",
        title="Science",
        about="Discoveries from the sample newsroom, without the crossword.",
        match="tag:science NOT title:crossword",
        mode=Mode.AUTO,
        publish=PublishSpec(delay=0),
    ),
)


def demo_settings(origin_url: str, *, store: str, site_url: str) -> Settings:
    """Return the settings of the demo: the outlets at `origin_url`, three topics at `site_url`.

    `store` is an absolute path. Feeds are polled every three seconds without spacing, and the
    origin is the one private address that may be reached.
    """
    return Settings(
        site=Site(
            title="Sample newsroom",
            url=site_url.rstrip("/"),
            contact="desk@sample-newsroom.example",
        ),
        store=store,
        feeds=tuple(_feed(outlet, origin_url.rstrip("/")) for outlet in OUTLETS),
        tags=TAGS,
        series=(SERIES,),
        net=Net(per_host=8, spacing=0.0, allow=(origin_url.rstrip("/").partition("://")[2],)),
        topics=TOPICS,
    )


def _feed(outlet: Outlet, origin_url: str) -> FeedSpec:
    return FeedSpec(
        url=origin_url + outlet.polled_path,
        name=outlet.key,
        tags=FEED_TAGS.get(outlet.key, ()),
        every=EVERY,
        rights=Rights.EXCERPT if outlet.key in EXCERPTS else Rights.FULL,
        rights_written=True,
    )
