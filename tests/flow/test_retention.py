"""Old entries go; what was published or decided on stays; what went never comes back as new."""

from __future__ import annotations

import pytest

from aggregator.flow import tidy as tidying
from aggregator.flow.curate import undo
from aggregator.flow.publish import publish
from aggregator.flow.tidy import tidy
from aggregator.model.topic import Mode, Verb
from tests.flow.newsroom import DAY, Newsroom, Told, feed, topic

KEEP = 90
HARVEST = (
    "Farmers in the valley have brought in their barley two weeks early, after the driest spring "
    "anybody there remembers, and the mill by the river has already asked for more lorries than "
    "the cooperative owns, its chairwoman told the council on Monday evening."
)


def titles(newsroom: Newsroom) -> set[str]:
    return {entry.text.title for entry in newsroom.entries()}


def later(newsroom: Newsroom, days: float) -> None:
    newsroom.now += days * DAY


def test_an_entry_goes_when_its_feed_no_longer_keeps_it(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire"), feed("brief", keep=10 * DAY)], [topic(match="nothing")])
    newsroom.serves("wire", Told(guid="a", title="Ferries resume"))
    newsroom.serves("brief", Told(guid="b", title="Barley comes early", text=HARVEST))
    newsroom.poll()
    later(newsroom, 11)
    assert tidy(newsroom.kit).entries == 1
    assert titles(newsroom) == {"Ferries resume"}
    later(newsroom, KEEP)
    assert tidy(newsroom.kit).entries == 1
    assert titles(newsroom) == set()
    assert not tidy(newsroom.kit).entries


def test_what_went_does_not_come_back_while_its_feed_still_offers_it(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire")], [topic(match="valley", mode=Mode.AUTO)])
    newsroom.hears("wire", Told(guid="a", title="An old story"))
    later(newsroom, KEEP + 1)
    tidy(newsroom.kit)
    report = newsroom.hears("wire", Told(guid="a", title="An old story"))
    assert (report.new, report.revised) == (0, 0)
    newsroom.hears("wire", Told(guid="a", title="An old story, reworded in the valley"))
    assert titles(newsroom) == set()
    assert newsroom.titles() == []


def test_what_was_published_stays_with_all_who_told_it(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire"), feed("daily")], [topic(mode=Mode.AUTO)])
    newsroom.serves("wire", Told(guid="a", title="Grain sails", text=HARVEST))
    newsroom.serves("daily", Told(guid="b", title="Grain sails", text=HARVEST))
    newsroom.poll()
    newsroom.publish()
    before = newsroom.documents("grain")
    later(newsroom, KEEP + 1)
    assert not tidy(newsroom.kit).entries
    publish(newsroom.kit)
    assert newsroom.documents("grain") == before


def test_what_an_editor_decided_on_stays_and_what_only_waited_goes(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire")], [topic(mode=Mode.REVIEW)])
    newsroom.hears(
        "wire",
        Told(guid="a", title="Grain refused"),
        Told(guid="b", title="Grain never looked at", text=HARVEST),
    )
    newsroom.act(Verb.REJECT, "Grain refused")
    later(newsroom, KEEP + 1)
    assert tidy(newsroom.kit).entries == 1
    assert titles(newsroom) == {"Grain refused"}
    assert newsroom.verdict("Grain refused") is not None


def test_a_story_goes_as_a_whole_or_not_at_all(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire"), feed("slow", keep=400 * DAY)], [topic(match="nothing")])
    newsroom.serves("wire", Told(guid="a", title="Barley comes early", text=HARVEST))
    newsroom.serves("slow", Told(guid="b", title="Barley comes early", text=HARVEST))
    newsroom.poll()
    later(newsroom, KEEP + 1)
    assert not tidy(newsroom.kit).entries
    later(newsroom, 400)
    assert tidy(newsroom.kit).entries == 2


def test_a_search_finds_nothing_of_what_went(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire")], [topic(match="nothing")])
    newsroom.hears("wire", Told(guid="a", title="Barley comes early"))
    later(newsroom, KEEP + 1)
    tidy(newsroom.kit)
    with newsroom.kit.store.read() as tx:
        assert tx.entries.search('"barley"', limit=5) == ()
    assert [name for name, fine, _ in newsroom.kit.store.doctor() if not fine] == []


def test_an_act_is_undone_beside_what_went_since(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire")], [topic(mode=Mode.REVIEW)])
    newsroom.hears(
        "wire",
        Told(guid="a", title="Grain one"),
        Told(guid="b", title="Barley two", text=HARVEST, at=int(newsroom.now) - 80 * DAY),
    )
    newsroom.follow([feed("wire")], [topic(match="barley", mode=Mode.REVIEW)])
    later(newsroom, 15)
    assert tidy(newsroom.kit).entries == 1
    undo(newsroom.kit, newsroom.decisions()[-1].id, actor="ada")
    assert titles(newsroom) == {"Grain one"}


def test_entries_are_gone_through_a_stretch_at_a_time(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    newsroom.follow([feed("wire")], [topic(match="sails", mode=Mode.AUTO)])
    names = ("Anchor", "Sails east", "Sails west", "Barley", "Sails north", "Ferry", "Sails")
    told = [Told(guid=name, title=name, text=f"{name} {n}") for n, name in enumerate(names)]
    newsroom.hears("wire", *told)
    later(newsroom, KEEP + 1)
    assert tidy(newsroom.kit).entries == 3
    assert len(titles(newsroom)) == 4
