"""The way through the public pages: bar, archives, corrections, readers, former addresses."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from aggregator.model.correction import Corrections
from aggregator.model.feed import Rights
from aggregator.model.intake import Change, Intake
from aggregator.model.settings import Site
from aggregator.model.topic import Mode, PublishSpec, Verb
from aggregator.web.pages import static_files
from tests.makers import a_feed_spec, a_match, a_text, a_topic_spec
from tests.web.desk import Desk, a_desk
from tests.web.test_pages import page, status, texts, tree

HOME = "/topics/global-lane"
SHORT = a_topic_spec(mode=Mode.AUTO, publish=PublishSpec(items=2))
ATOM = "application/atom+xml"


def _long_told(desk: Desk) -> None:
    """A topic with room for two items tells seven."""
    lane, wire = desk.topic(SHORT), desk.feed()
    for _ in range(7):
        desk.now += 60
        desk.tell(wire, lane)
        desk.publish()


def _alternates(desk: Desk, path: str) -> set[tuple[str, str]]:
    links = tree(desk, path).xpath("//link[@rel='alternate']")
    return {(link.get("type"), link.get("href")) for link in links}


def test_every_item_that_left_the_feed_is_found_by_going_through_the_archives() -> None:
    with a_desk() as desk:
        _long_told(desk)
        (way,) = tree(desk, HOME).xpath("//a[@rel='prev']/@href")
        found, passed = texts(tree(desk, HOME), "//article/h3"), []
        while way:
            passed.append(way)
            archive = tree(desk, way)
            found += texts(archive, "//ol[@class='list']//div/a")
            way = next(iter(archive.xpath("//link[@rel='prev']/@href")), None)
        assert passed == [f"{HOME}/archive/{number}" for number in (3, 2, 1)]
        assert set(found) == {f"Report {number}" for number in range(1, 8)}


def test_an_archive_leads_to_the_newer_one_and_the_newest_to_the_topic() -> None:
    with a_desk() as desk:
        _long_told(desk)
        assert f'href="{HOME}/archive/2" rel="next"' in page(desk, f"{HOME}/archive/1")
        assert f'<a href="{HOME}">Newer: the latest</a>' in page(desk, f"{HOME}/archive/3")
        base = f"https://news.lane.org{HOME}"
        assert (ATOM, f"{base}/archive/3.atom") in _alternates(desk, f"{HOME}/archive/3")


@pytest.mark.parametrize("number", ["0", "4", "01", "x", "-1", "9999999999"])
def test_where_no_archive_is_there_is_no_page(number: str) -> None:
    with a_desk() as desk:
        _long_told(desk)
        assert status(desk, f"{HOME}/archive/{number}") == 404
        assert status(desk, "/topics/none/archive/1") == 404


def test_an_archive_shows_nothing_that_was_withdrawn_or_is_private() -> None:
    with a_desk() as desk:
        lane, wire = desk.topic(SHORT), desk.feed()
        told = [desk.tell(wire, lane, title=f"Report {number}") for number in range(2)]
        desk.publish()
        assert "Report 0" in page(desk, f"{HOME}/archive/1")
        desk.withdraw(told[0][0])
        assert "Report 0" not in page(desk, f"{HOME}/archive/1")
        desk.withdraw(told[1][0])
        assert "All that stood here was withdrawn." in page(desk, f"{HOME}/archive/1")


def test_the_bar_names_each_topic_and_where_one_is() -> None:
    with a_desk() as desk:
        _long_told(desk)
        desk.topic(a_topic_spec(slug="air", title="Air"))
        for path in ("/", HOME, f"{HOME}/archive/1", "/bot"):
            bar = tree(desk, path).xpath("//nav[@class='bar']")[0]
            assert texts(bar, ".//a") == ["Global Lane", "Air"], path
            here = [] if path in ("/", "/bot") else ["Global Lane"]
            assert texts(bar, ".//a[@aria-current]") == here, path


def test_a_bar_never_grows_beyond_a_dozen() -> None:
    with a_desk() as desk:
        for number in range(14):
            desk.topic(a_topic_spec(slug=f"t{number}", title=f"Topic {number}"))
        assert texts(tree(desk, "/bot"), "//nav[@class='bar']//a")[-1] == "All 14 topics"
        assert len(texts(tree(desk, "/bot"), "//nav[@class='bar']//a")) == 13


def test_every_page_says_where_the_feeds_are() -> None:
    with a_desk() as desk:
        _long_told(desk)
        (story,) = tree(desk, HOME).xpath("(//article//a[text()='Story'])[1]/@href")
        feed = (ATOM, f"https://news.lane.org{HOME}.atom")
        for path in ("/", HOME, f"{HOME}/archive/1", story):
            assert feed in _alternates(desk, path), path
        for path in ("/", HOME, f"{HOME}/archive/1", story, "/bot"):
            assert ("text/x-opml", "https://news.lane.org/topics.opml") in _alternates(desk, path)
            told = {each.get("property") for each in tree(desk, path).xpath("//meta[@property]")}
            assert told >= {"og:type", "og:title", "og:url", "og:site_name"}, path


def test_readers_take_the_feed_at_a_click_where_they_can_reach_it() -> None:
    with a_desk() as desk:
        desk.topic(SHORT)
        links = tree(desk, HOME).xpath("//ul[@class='readers']//a/@href")
        assert links[0] == f"feed:https://news.lane.org{HOME}.atom"
        assert len(links) > 4
    with a_desk(site=Site(title="Lane Desk")) as desk:
        desk.topic(SHORT)
        assert len(tree(desk, HOME).xpath("//ul[@class='readers']//a")) == 1


def test_what_a_source_corrected_is_said_where_its_feed_wants_it_said() -> None:
    with a_desk() as desk:
        lane = desk.topic(a_topic_spec(mode=Mode.AUTO))
        spec = a_feed_spec(rights=Rights.FULL, rights_written=True)
        wire = desk.feed(replace(spec, corrections=Corrections.MARK))
        text = replace(a_text(), title="Nine ships leave", url="https://wire.example/1")
        entry, story = desk.tell(wire, lane, text=text, url="https://wire.example/1")
        desk.publish()
        desk.now += 60
        change = Change(
            entry_id=entry,
            key_hash=1,
            digest=1,
            url_hash=None,
            body_hash=None,
            text=replace(text, title="Ten ships leave"),
            matches=(a_match(topic_id=lane.id),),
            at=int(desk.now),
        )
        with desk.kit.store.write() as tx:
            tx.entries.keep(Intake(changes=(change,)))
        desk.act(Verb.NOTE, lane, entry, note="Counted again.")
        desk.publish()
        told = texts(tree(desk, HOME), "//p[@class='corrected']")
        assert len(told) == 1 and told[0].startswith("Corrected 22 November 2026: ")
        assert "Nine ships leave" in told[0]
        assert "Nine ships leave" in page(desk, f"/stories/{desk.public_id(story)}")
        (link,) = tree(desk, HOME).xpath("//a[starts-with(text(), 'Corrections')]/@href")
        assert link == f"https://news.lane.org{HOME}/corrections.atom"


def test_a_topic_that_moved_or_went_says_so_at_all_its_addresses() -> None:
    with a_desk() as desk:
        lane = desk.topic(SHORT)
        with desk.kit.store.write() as tx:
            tx.publications.set_former("old-lane", lane.id, int(desk.now))
            tx.publications.set_former("gone", None, int(desk.now))
        for tail in ("", ".opml", "/archive/1"):
            assert status(desk, f"/topics/old-lane{tail}") == 301, tail
            assert status(desk, f"/topics/gone{tail}") == 410, tail


def test_a_full_topic_page_weighs_no_more_than_thirty_kilobytes() -> None:
    with a_desk() as desk:
        lane, air = desk.topic(a_topic_spec(mode=Mode.AUTO)), desk.topic(a_topic_spec(slug="air"))
        wire = desk.feed()
        others = [
            desk.feed(a_feed_spec(url=f"https://n{n}.example/f", name=f"n{n}"), title=f"Paper {n}")
            for n in range(3)
        ]
        for number in range(25):
            words = " ".join(f"word{number}{place}" for place in range(80))
            text = replace(a_text(), title=f"Report {number} of ships and grain", summary=words)
            entry, story = desk.tell(wire, lane, air, text=text)
            for other in others:
                desk.tell(other, lane, into=story)
            desk.act(Verb.NOTE, lane, entry, note=f"A note on {number}.")
        files = sum(len(gzip.compress(body)) for body, _ in static_files().values())
        for path in ("/", HOME):
            sent = len(gzip.compress(page(desk, path).encode())) + files
            assert sent <= 30_000, (path, sent)
