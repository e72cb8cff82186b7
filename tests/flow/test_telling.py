"""Each article once, in every topic it belongs to, under an id that stays."""

from __future__ import annotations

from dataclasses import replace

from aggregator.flow.curate import withdraw
from aggregator.model.topic import Verb
from tests.flow.newsroom import HOUR, LONG, Newsroom, Told, feed, fetched, topic


def test_one_article_in_three_feeds_and_two_topics_is_one_story_in_both(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(), topic("ships", "ships OR corridor")])
    page = "https://wire.example/corridor"
    newsroom.hears("wire", Told(guid="1", url=page))
    newsroom.hears("post", Told(guid="2", url=f"{page}?utm_source=post", text="Grain, ships."))
    newsroom.hears("herald", Told(guid="3", url=f"{page}#top", title="Corridor for grain open"))

    with newsroom.kit.store.read() as tx:
        (story,) = tx.stories.newest(limit=10)
    assert [source.feed.spec.name for source in story.sources] == ["wire", "post", "herald"]
    assert {slug for slug, _, _ in story.topics} == {"grain", "ships"}
    for slug in ("grain", "ships"):
        (shown,) = newsroom.shown(slug)
        assert shown.source == "Wire"
        assert shown.credits("Wire", "Post", "Herald"), shown.html


def test_a_parameter_that_feeds_yaml_calls_tracking_makes_no_other_article(
    newsroom: Newsroom,
) -> None:
    page = "https://wire.example/corridor?id=7"
    newsroom.follow(["wire", "post"], [topic()], tracking=("my_param", "own_*"))
    newsroom.hears("wire", Told(guid="1", url=f"{page}&my_param=wire"))
    newsroom.hears("post", Told(guid="2", url=f"{page}&Own_x=post", text="Grain."))
    (shown,) = newsroom.shown()
    assert shown.url == f"{page}&my_param=wire"  # as its publisher wrote it
    assert shown.credits("Wire", "Post"), shown.html


def test_without_feeds_yaml_saying_so_an_unlisted_parameter_is_another_article(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", url="https://wire.example/corridor?my_param=1"))
    newsroom.hears("post", Told(guid="2", url="https://wire.example/corridor?my_param=2"))
    assert len(newsroom.shown()) == 2


def test_a_link_through_a_redirect_tells_the_article_it_leads_to(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", url="https://wire.example/corridor"))
    through = "https://www.google.com/url?sa=t&url=https%3A%2F%2Fwire.example%2Fcorridor&usg=x"
    newsroom.hears("post", Told(guid="2", url=through, text="Grain."))
    (shown,) = newsroom.shown()
    assert shown.credits("Wire", "Post"), shown.html


def test_the_same_words_at_another_address_are_the_same_article(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", text=LONG))
    newsroom.hears("post", Told(guid="2", text=LONG, title="A retitled reprint on grain"))
    (shown,) = newsroom.shown()
    assert shown.credits("Wire", "Post"), shown.html


def test_two_articles_of_one_feed_are_never_one(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", text=LONG), Told(guid="2", text=LONG))
    assert len(newsroom.shown()) == 2


def test_an_entry_that_stops_matching_leaves(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"), Told(guid="2", title="More grain"))
    newsroom.hears("wire", Told(guid="1", title="Wheat", text="Wheat only."))
    assert newsroom.titles() == ["More grain"]
    assert newsroom.verdict("Wheat") is None


def test_an_entry_an_editor_put_there_stays_when_it_stops_matching(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.act(Verb.APPROVE, "Grain")
    newsroom.hears("wire", Told(guid="1", title="Wheat", text="Wheat only."))
    assert newsroom.titles() == ["Wheat"]


def test_an_entry_that_matches_again_comes_back_in_its_old_place(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="1", title="Wheat", text="Wheat."))
    newsroom.hears("wire", Told(guid="2", title="Later grain"))
    newsroom.hears("wire", Told(guid="1", title="Grain again"))
    assert newsroom.titles() == ["Later grain", "Grain again"]
    assert newsroom.shown()[1].uri == before.uri


def test_a_topic_that_says_not_a_feed_never_shows_its_text(newsroom: Newsroom) -> None:
    newsroom.follow(
        [feed("loud", trust=1.0), "post"], [topic(match="grain NOT feed:loud"), topic("all", "*")]
    )
    page = "https://loud.example/1"
    newsroom.hears("loud", Told(guid="1", url=page, title="GRAIN!!!", text="Loud words on grain."))
    newsroom.hears("post", Told(guid="2", url=page, title="Grain moves", text="Calm grain."))

    assert newsroom.entry("GRAIN!!!").article_id == newsroom.entry("Grain moves").article_id
    (shown,) = newsroom.shown()
    assert shown.title == "Grain moves"
    assert shown.source == "Post"
    for body in newsroom.documents("grain"):
        assert b"Loud words" not in body
        assert b"GRAIN!!!" not in body
    assert newsroom.titles("all") == ["GRAIN!!!"]


def test_a_revision_keeps_the_old_text_and_tells_readers(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", text="Nine ships of grain."))
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    report = newsroom.hears("wire", Told(guid="1", text="Ten ships of grain."))
    (after,) = newsroom.shown()

    assert (report.new, report.revised) == (0, 1)
    assert "Ten ships" in after.html
    assert after.updated > before.updated
    assert (after.uri, after.published) == (before.uri, before.published)
    entry = newsroom.entry("Grain corridor reopens")
    with newsroom.kit.store.read() as tx:
        (old,) = tx.entries.revisions(entry.id)
    assert (old.rev, old.body) == (1, "Nine ships of grain.")
    assert entry.rev == 2


def test_a_joining_source_is_credited_without_an_update(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    newsroom.hears("wire", Told(guid="1", text=LONG))
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    newsroom.hears("post", Told(guid="2", text=LONG))
    (after,) = newsroom.shown()
    assert after.credits("Wire", "Post"), after.html
    assert (after.updated, after.uri, after.title) == (before.updated, before.uri, before.title)


def test_an_item_keeps_its_id_when_its_lead_goes(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", trust=0.9), "post"], [topic()])
    newsroom.hears("wire", Told(guid="https://wire.example/1", text=LONG))
    newsroom.hears("post", Told(guid="2", text=LONG, title="Grain, says the Post"))
    (before,) = newsroom.shown()
    assert before.uri == "https://wire.example/1"
    withdraw(newsroom.kit, "wire", reason="asked to", actor="ida")
    newsroom.publish()
    (after,) = newsroom.shown()
    assert after.title == "Grain, says the Post"
    assert after.uri == before.uri


def test_an_item_keeps_its_id_when_stories_are_found_to_be_one(newsroom: Newsroom) -> None:
    """The third is the original: one cites its address, the other has its words."""
    newsroom.follow(
        ["wire", "post", "herald"], [topic(), topic("posts", "feed:post OR feed:herald")]
    )
    page = "https://herald.example/1"
    newsroom.hears("wire", Told(guid="1", url=page, title="Wire on grain", text="Short grain."))
    newsroom.hears("post", Told(guid="2", title="Post on grain", text=LONG))
    wires = next(each for each in newsroom.shown() if each.title == "Wire on grain")
    (posts,) = newsroom.shown("posts")

    newsroom.hears("herald", Told(guid="3", url=page, text=LONG, title="Herald on grain"))

    (one,) = newsroom.shown()
    assert (one.uri, one.title) == (wires.uri, "Wire on grain")
    assert one.credits("Wire", "Post", "Herald"), one.html
    (other,) = newsroom.shown("posts")
    assert (other.uri, other.title) == (posts.uri, "Post on grain")


def test_ids_stay_when_our_address_changes(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    (before,) = newsroom.shown()
    moved = replace(newsroom.kit.settings.site, url="https://other.lane.test")
    newsroom.kit = replace(newsroom.kit, base="https://other.lane.test")
    newsroom.follow(["wire"], [topic()], site=moved)
    newsroom.hears("wire", Told(guid="2", title="New grain"), Told(guid="1"))
    new, old = newsroom.shown()
    assert old.uri == before.uri
    assert new.uri.startswith("tag:news.lane.test,2026:")


def test_two_feeds_that_claim_one_id_get_an_item_each(newsroom: Newsroom) -> None:
    copy = replace(feed("copy"), url="https://wire.example/copy.xml")
    newsroom.follow(["wire", copy], [topic()])
    shared = "https://wire.example/grain"
    newsroom.hears("wire", Told(guid=shared, url="https://wire.example/a", title="First grain"))
    newsroom.net.answers[copy.url] = fetched(
        "wire", Told(guid=shared, url="https://wire.example/b", title="Second grain")
    )
    newsroom.poll("copy")
    newsroom.publish()
    uris = [each.uri for each in newsroom.shown()]
    assert len(set(uris)) == 2
    assert shared in uris
