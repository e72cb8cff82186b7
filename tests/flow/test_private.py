"""What came by a feed with a login is matched, and never public."""

from __future__ import annotations

from aggregator.flow.explain import explain
from aggregator.flow.preview import preview
from aggregator.model.feed import Rights
from tests.flow.newsroom import LONG, Newsroom, Told, feed, topic


def test_a_private_feed_is_matched_and_never_public(newsroom: Newsroom) -> None:
    newsroom.follow([feed("agency", auth=True)], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    assert newsroom.titles() == []
    for body in newsroom.documents("grain"):
        assert b"gency" not in body
    assert preview(newsroom.kit, "grain").hits[0].title == "Agency grain"
    entry = newsroom.entry("Agency grain")
    told = explain(newsroom.kit, str(entry.id), "grain")
    assert not told.inside
    assert "private" in told.steps[-1].because


def test_a_private_source_is_not_credited(newsroom: Newsroom) -> None:
    newsroom.follow([feed("agency", auth=True, trust=1.0), "wire"], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain", text=LONG))
    newsroom.hears("wire", Told(guid="2", title="Wire grain", text=LONG))
    newsroom.hears("agency", Told(guid="1", title="Agency grain again", text=LONG))
    (shown,) = newsroom.shown()
    assert shown.title == "Wire grain"
    assert shown.credits("Wire"), shown.html
    for body in newsroom.documents("grain"):
        assert b"gency" not in body


def test_a_private_feed_with_rights_of_its_own_is_public(newsroom: Newsroom) -> None:
    open_ = feed("agency", auth=True, rights=Rights.EXCERPT, rights_written=True)
    newsroom.follow([open_], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    assert newsroom.titles() == ["Agency grain"]


def test_a_feed_that_becomes_private_leaves_the_public_documents(newsroom: Newsroom) -> None:
    newsroom.follow(["agency"], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    assert newsroom.titles() == ["Agency grain"]
    newsroom.follow([feed("agency", auth=True)], [topic()])
    newsroom.publish()
    assert newsroom.titles() == []


def test_a_secret_is_sent_and_never_shown(newsroom: Newsroom) -> None:
    newsroom.follow([feed("agency", auth=True)], [topic()])
    newsroom.hears("agency", Told(guid="1"))
    assert [request.authorization for request in newsroom.net.asked] == ["Basic secret"]
    with newsroom.kit.store.read() as tx:
        found = tx.feeds.find("agency")
        assert found is not None
        assert "secret" not in repr(found)
