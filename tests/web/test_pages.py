from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from lxml import html

from aggregator.formats.opml import read_opml
from aggregator.model.feed import Rights
from aggregator.model.settings import Site
from aggregator.model.topic import Mode, PublishSpec, Verb
from aggregator.web.public import load_page
from tests.makers import NOON, a_feed_spec, a_text, a_topic_spec
from tests.web.desk import Desk, a_desk, private_spec

LANE = a_topic_spec(mode=Mode.AUTO)
PAGES = ("/", "/topics/global-lane", "/bot")


def page(desk: Desk, path: str) -> str:
    ready = load_page(desk.kit, path)
    assert ready is not None and ready.status == 200, path
    return ready.plain.body.decode()


def status(desk: Desk, path: str) -> int:
    ready = load_page(desk.kit, path)
    return 404 if ready is None else ready.status


def tree(desk: Desk, path: str) -> html.HtmlElement:
    return html.document_fromstring(page(desk, path))


def texts(element: html.HtmlElement, xpath: str) -> list[str]:
    return [str(each.text_content()).strip() for each in element.xpath(xpath)]


def test_the_index_tells_every_topic_and_its_newest_items() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        desk.topic(a_topic_spec(slug="climate", title="Climate", about="Air and water."))
        for number in range(5):
            desk.now = NOON + number
            desk.tell(wire, lane)
        index = tree(desk, "/")
        assert texts(index, "//h1") == ["Lane Desk"]
        assert texts(index, "//section[@class='topic']/h2") == ["Global Lane", "Climate"]
        assert texts(index, "//article/h3") == ["Report 5", "Report 4", "Report 3"]
        assert "Air and water." in page(desk, "/")
        assert "Nothing has been published here yet." in page(desk, "/")


def test_a_topic_page_shows_the_latest_twenty_with_sources_and_notes() -> None:
    with a_desk() as desk:
        wire = desk.feed()
        local = desk.feed(a_feed_spec(url="https://local.example/f.xml", name="local"), title="Loc")
        lane = desk.topic(LANE)
        for number in range(25):
            desk.now = NOON + number
            entry, story = desk.tell(wire, lane)
        desk.tell(local, lane, into=story)
        desk.act(Verb.NOTE, lane, entry, note="Watch the second paragraph.")
        topic = tree(desk, "/topics/global-lane")
        titles = texts(topic, "//article/h3")
        assert titles == [f"Report {number}" for number in range(25, 5, -1)]
        first = topic.xpath("//article")[0]
        assert "Watch the second paragraph." in first.text_content()
        sources = first.xpath(".//p[@class='sources']")[0].text_content()
        assert "The Wire" in sources and "Loc" in sources
        assert texts(topic, "//section[@aria-labelledby='sources']//li") == ["Loc", "The Wire"]


def test_pinned_items_stand_first_on_pages_and_once() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        entry, _ = desk.tell(wire, lane, title="Old but good")
        for number in range(30):
            desk.now = NOON + 1 + number
            desk.tell(wire, lane)
        desk.act(Verb.PIN, lane, entry)
        titles = texts(tree(desk, "/topics/global-lane"), "//article/h3")
        assert titles[:2] == ["Old but good", "Report 31"]
        assert titles.count("Old but good") == 1
        assert len(titles) == 20


def test_a_topic_page_gives_the_address_to_copy_and_says_it_to_readers() -> None:
    with a_desk() as desk:
        desk.topic(LANE)
        topic = tree(desk, "/topics/global-lane")
        (field,) = topic.xpath("//input")
        assert field.get("value") == "https://news.lane.org/topics/global-lane.atom"
        assert topic.xpath("//label/@for") == [field.get("id")]
        told = {
            (link.get("type"), link.get("title"), link.get("href"))
            for link in topic.xpath("//link[@rel='alternate']")
        }
        base = "https://news.lane.org/topics/global-lane"
        assert told >= {
            ("application/atom+xml", "Global Lane (Atom)", f"{base}.atom"),
            ("application/rss+xml", "Global Lane (RSS)", f"{base}.rss"),
            ("application/feed+json", "Global Lane (JSON Feed)", f"{base}.json"),
        }


def test_an_item_links_to_its_story() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        _, story = desk.tell(wire, lane)
        (link,) = tree(desk, "/topics/global-lane").xpath("//article//a[text()='Story']")
        assert link.get("href") == f"/stories/{desk.public_id(story)}"
        assert status(desk, link.get("href")) == 200


@pytest.mark.parametrize("mode", list(Mode))
def test_a_topic_says_how_its_items_come_to_be_there(mode: Mode) -> None:
    with a_desk() as desk:
        desk.topic(a_topic_spec(mode=mode))
        by_hand = "Each item is chosen by an editor." in page(desk, "/topics/global-lane")
        assert by_hand is (mode is Mode.REVIEW)


def test_a_story_page_credits_every_source_the_lead_first() -> None:
    with a_desk() as desk:
        wire = desk.feed()
        local = desk.feed(a_feed_spec(url="https://local.example/f.xml", name="local"), title="Loc")
        lane, air = desk.topic(LANE), desk.topic(a_topic_spec(slug="air", title="Air"))
        _, story = desk.tell(wire, lane, air, title="Told by the wire")
        desk.tell(local, lane, into=story, title="Told at home")
        path = f"/stories/{desk.public_id(story)}"
        found = tree(desk, path)
        assert texts(found, "//h1") == ["Told by the wire"]
        assert texts(found, "//ol//strong") == ["The Wire", "Loc"]
        assert found.xpath("//link[@rel='canonical']/@href") == ["https://wire.example/1"]
        assert found.xpath("//meta[@name='robots']/@content") == ["noindex"]
        assert "2 sources" in page(desk, path)


def _story_path(desk: Desk, rights: Rights) -> str:
    spec = a_feed_spec(rights=rights, rights_written=True)
    wire, lane = desk.feed(spec), desk.topic(LANE)
    body = "<p>Whole <em>text</em>.<script>alert(1)</script></p>"
    _, story = desk.tell(wire, lane, text=a_text(summary="A short summary.", content=body))
    return f"/stories/{desk.public_id(story)}"


@pytest.mark.parametrize(
    ("rights", "summary", "whole"),
    [(Rights.LINK, False, False), (Rights.EXCERPT, True, False), (Rights.FULL, False, True)],
)
def test_a_story_page_shows_what_rights_allow(rights: Rights, summary: bool, whole: bool) -> None:
    with a_desk() as desk:
        path = _story_path(desk, rights)
        shown = tree(desk, path).xpath("//div[@class='text']")[0].text_content()
        assert ("A short summary." in shown) is summary
        assert ("Whole text." in shown) is whole
        assert "alert(1)" not in page(desk, path)


def test_in_several_topics_the_narrowest_rights_hold() -> None:
    with a_desk() as desk:
        wire = desk.feed(a_feed_spec(rights=Rights.FULL, rights_written=True))
        lane = desk.topic(LANE)
        bare = a_topic_spec(
            slug="bare", title="Bare", mode=Mode.AUTO, publish=PublishSpec(content=Rights.LINK)
        )
        _, story = desk.tell(wire, lane, desk.topic(bare), text=a_text(content="<p>Whole</p>"))
        assert "Whole" not in page(desk, f"/stories/{desk.public_id(story)}")


def test_nothing_of_a_private_feed_stands_on_any_page() -> None:
    with a_desk() as desk:
        wire, agency = desk.feed(), desk.feed(private_spec(), title="The Agency")
        lane = desk.topic(LANE)
        _, story = desk.tell(wire, lane, title="Known to all")
        desk.tell(agency, lane, into=story, title="For agency eyes")
        _, hidden = desk.tell(agency, lane, title="Agency only")
        desk.publish()
        assert status(desk, f"/stories/{desk.public_id(hidden)}") == 404
        paths = (*PAGES, f"/stories/{desk.public_id(story)}", "/topics.opml")
        for path in (*paths, "/topics/global-lane.opml"):
            assert "gency" not in page(desk, path), path


def test_a_withdrawn_story_is_gone_and_one_source_less_is_not() -> None:
    with a_desk() as desk:
        wire = desk.feed()
        local = desk.feed(a_feed_spec(url="https://local.example/f.xml", name="local"), title="Loc")
        lane = desk.topic(LANE)
        first, story = desk.tell(wire, lane, title="Told by the wire")
        second, _ = desk.tell(local, lane, into=story, title="Told at home")
        path = f"/stories/{desk.public_id(story)}"
        desk.withdraw(first)
        assert "Told by the wire" not in page(desk, path)
        assert "Told at home" in page(desk, path)
        desk.withdraw(second)
        assert status(desk, path) == 410
        assert "Told at home" not in page(desk, "/topics/global-lane")


def test_a_story_in_no_topic_has_no_page() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        review = desk.topic(a_topic_spec(slug="review", title="Review"))
        _, nowhere = desk.tell(wire)
        _, waiting = desk.tell(wire, review)
        entry, rejected = desk.tell(wire, lane)
        assert status(desk, f"/stories/{desk.public_id(rejected)}") == 200
        desk.act(Verb.REJECT, lane, entry)
        for story in (nowhere, waiting, rejected):
            assert status(desk, f"/stories/{desk.public_id(story)}") == 404


def test_a_story_that_is_delayed_has_no_page_before_its_time() -> None:
    with a_desk() as desk:
        lane = desk.topic(replace(LANE, publish=PublishSpec(delay=600)))
        _, story = desk.tell(desk.feed(), lane)
        path = f"/stories/{desk.public_id(story)}"
        assert status(desk, path) == 404
        assert "Report" not in page(desk, "/topics/global-lane")
        desk.now += 600
        assert status(desk, path) == 200
        assert "Report" in page(desk, "/topics/global-lane")


def test_words_of_others_stay_words() -> None:
    hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script> \u202e{{ 7*7 }}"
    with a_desk() as desk:
        wire = desk.feed(title=hostile)
        spec = replace(LANE, title=hostile, about=hostile)
        lane = desk.topic(spec)
        text = a_text(title=hostile, summary=hostile, author=hostile, licence=hostile)
        entry, story = desk.tell(wire, lane, text=text)
        desk.act(Verb.NOTE, lane, entry, note=hostile)
        for path in (*PAGES, f"/stories/{desk.public_id(story)}"):
            found = tree(desk, path)
            assert found.xpath("//script/@src") == found.xpath("//head/script/@src"), path
            assert not found.xpath("//script[not(@src)] | //*[@onerror] | //*[@style]"), path
            assert not found.xpath("//img"), path
            assert "49" not in texts(found, "//body")[0].replace("2049", "")


def test_pages_are_a_function_of_the_store_alone() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        _, story = desk.tell(wire, lane)
        paths = (*PAGES, f"/stories/{desk.public_id(story)}", "/topics/global-lane.opml")
        before = [page(desk, path) for path in paths]
        desk.now += 1000
        assert [page(desk, path) for path in paths] == before


def test_every_page_has_its_landmarks_headings_and_a_contact() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        _, story = desk.tell(wire, lane)
        for path in (*PAGES, f"/stories/{desk.public_id(story)}"):
            found = tree(desk, path)
            for landmark in ("header", "main", "footer"):
                assert len(found.xpath(f"//body/{landmark}")) == 1, path
            assert len(found.xpath("//h1")) == 1, path
            levels = [int(each.tag[1]) for each in found.xpath("//h1|//h2|//h3")]
            assert all(after - before <= 1 for before, after in pairwise(levels)), path
            assert found.xpath("//a[@class='skip']/@href") == ["#main"]
            assert found.get("lang") == "en"
            assert "mailto:desk@lane.org" in page(desk, path)
            ids = found.xpath("//@id")
            assert len(ids) == len(set(ids)), path
            assert set(found.xpath("//@aria-labelledby")) <= set(ids)
            assert found.xpath("//meta[@property='og:title']/@content"), path
            assert not re.search(r"\b(ago|today|yesterday)\b", page(desk, path))


def test_lists_are_opml_that_we_read_back() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        desk.tell(wire, lane)
        topics = read_opml(page(desk, "/topics.opml").encode())
        assert [each.url for each in topics.outlines] == [
            "https://news.lane.org/topics/global-lane.atom"
        ]
        sources = read_opml(page(desk, "/topics/global-lane.opml").encode())
        assert [(each.url, each.title) for each in sources.outlines] == [
            ("https://wire.example/feed.xml", "The Wire")
        ]


def test_a_topic_without_a_public_source_has_no_list_of_them() -> None:
    path = "/topics/global-lane.opml"
    with a_desk() as desk:
        wire, agency = desk.feed(), desk.feed(private_spec(), title="The Agency")
        lane = desk.topic(LANE)
        desk.tell(agency, lane, title="For agency eyes")
        assert status(desk, path) == 404
        assert ".opml" not in page(desk, "/topics/global-lane").replace("/topics.opml", "")

        entry, _ = desk.tell(wire, lane)
        assert status(desk, path) == 200
        links = tree(desk, "/topics/global-lane").xpath("//@href")
        assert path in links and f"https://news.lane.org{path}" in links

        desk.withdraw(entry)
        assert status(desk, path) == 404


def test_a_site_below_a_path_links_below_it() -> None:
    site = Site(title="Desk", url="https://lane.org/news", contact="https://lane.org/contact")
    with a_desk(site=site) as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        desk.tell(wire, lane)
        for path in PAGES:
            inner = [
                str(link)
                for link in tree(desk, path).xpath("//@href|//@src")
                if str(link).startswith("/")
            ]
            assert inner and all(link.startswith("/news/") for link in inner), path


def test_a_page_of_twenty_items_is_light() -> None:
    with a_desk() as desk:
        wire, lane = desk.feed(), desk.topic(LANE)
        for _ in range(20):
            desk.tell(wire, lane, text=a_text(summary="steady words " * 60))
        assert len(page(desk, "/topics/global-lane").encode()) <= 30_000


def test_status_counts_public_feeds_only() -> None:
    from aggregator.web.site import status_json

    with a_desk() as desk:
        wire, agency = desk.feed(), desk.feed(private_spec())
        lane = desk.topic(LANE)
        desk.tell(wire, lane)
        desk.tell(agency, lane)
        with desk.kit.store.read() as tx:
            told = json.loads(status_json(tx, desk.kit))
        assert told["feeds"] == {"polled": 1, "failing": 0, "last_poll": None, "pushed": 0}
        assert told["entries"] == 1
        nothing = {"requests": 0, "not_modified": 0, "failed": 0, "bytes": 0}
        assert told["asked"] == {"days": 30, **nothing}
        (topic,) = told["topics"]
        assert (topic["slug"], topic["published"]) == ("global-lane", 1)
