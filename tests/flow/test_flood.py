"""A source that rewrote its ids, or reopened its archive, floods nobody."""

from __future__ import annotations

from dataclasses import replace

from aggregator.model.topic import PublishSpec, Verb
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, topic
from tests.flow.test_upkeep import state_of
from tests.makers import NOON

MANY = 200


def told(number: int, *, prefix: str = "old") -> Told:
    return Told(
        guid=f"{prefix}-{number}",
        title=f"Grain ship {number} leaves",
        url=f"https://wire.example/{number}",
        text=f"Ship {number} left the port this morning.",
        at=NOON - number * HOUR,
    )


def test_two_hundred_rewritten_guids_republish_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=500))])
    newsroom.hears("wire", *(told(number) for number in range(MANY)))
    before, uris = newsroom.documents("grain"), [each.uri for each in newsroom.shown()]
    assert len(uris) == MANY

    newsroom.now += DAY
    report = newsroom.hears("wire", *(told(number, prefix="new") for number in range(MANY)))
    assert (report.new, report.revised) == (0, 0)
    assert newsroom.documents("grain") == before
    notice = state_of(newsroom, "wire").notice
    assert notice is not None
    assert notice.endswith("200 entries came back under new ids and were known again")

    newsroom.now += DAY
    news = Told(guid="new-news", title="Grain prices fall", at=int(newsroom.now) - HOUR)
    report = newsroom.hears("wire", news, *(told(number, prefix="new") for number in range(MANY)))
    assert (report.new, report.revised) == (1, 0), "the new ids are known now"
    assert [each.uri for each in newsroom.shown()][1:] == uris


def test_what_was_rewritten_along_with_its_id_is_a_revision(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    text = "The grain corridor is open again, " * 10
    newsroom.hears("wire", *(replace(told(n), text=f"{text}{n}") for n in range(5)))
    newsroom.now += DAY
    uris = [each.uri for each in newsroom.shown()]
    moved = (replace(told(n, prefix="new"), text=f"{text}{n}, twice over") for n in range(5))
    report = newsroom.hears("wire", *moved)
    assert (report.new, report.revised) == (0, 5)
    assert [each.uri for each in newsroom.shown()] == uris


def test_a_reopened_archive_waits_for_an_editor(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", told(1))
    newsroom.now += DAY
    archive = [replace(told(n), at=NOON - 300 * DAY) for n in range(2, 40)]
    report = newsroom.hears("wire", *archive)
    assert report.new == 38
    assert newsroom.titles() == ["Grain ship 1 leaves"]
    notice = state_of(newsroom, "wire").notice
    assert notice is not None
    assert notice.endswith("38 entries older than our last visit are held")

    assert newsroom.verdict("Grain ship 7 leaves") == (
        "held",
        'came with a flood of old entries; title has "grain"',
    )
    newsroom.act(Verb.APPROVE, "Grain ship 7 leaves")
    assert newsroom.titles() == ["Grain ship 7 leaves", "Grain ship 1 leaves"]
