"""What a changed feeds.yaml changes is told in one breath."""

from __future__ import annotations

from dataclasses import replace

from aggregator.daemon.reloading import difference
from aggregator.model.settings import Net, Settings
from tests.makers import a_feed_spec, a_topic_spec


def test_what_came_what_went_and_what_changed_is_counted() -> None:
    wire = a_feed_spec(url="https://wire.example/feed")
    lane = a_topic_spec()
    before = Settings(feeds=(wire,), topics=(lane,))
    after = Settings(
        feeds=(a_feed_spec(url="https://post.example/feed"), replace(wire, tags=("world",))),
        topics=(),
        net=Net(workers=3),
    )
    assert difference(before, after) == "feeds +1 −0 (1 changed), topics +0 −1; also net"
    assert difference(after, after) == "feeds +0 −0, topics +0 −0"
