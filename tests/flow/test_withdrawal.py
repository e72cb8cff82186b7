"""What is withdrawn is nowhere public, cannot come back by another way, and returns by undo."""

from __future__ import annotations

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.search import search
from tests.flow.newsroom import LONG, Newsroom, Told, topic

SECRET = "Ruritania"
PAGE = "https://wire.example/1"


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    """Give a newsroom that published three stories, one of them told by two outlets."""
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    newsroom.hears(
        "wire",
        Told(guid="1", url=PAGE, title=f"{SECRET} grain", text=LONG),
        Told(guid="2", title="Wire on corn"),
    )
    newsroom.hears("post", Told(guid="3", title="Post on rye"))
    return newsroom


def taken(newsroom: Newsroom, what: str) -> int:
    """Withdraw and publish; return the decision's number."""
    decision, _ = withdraw(newsroom.kit, what, reason="court order", actor="ida")
    newsroom.publish()
    return decision.id


def back(newsroom: Newsroom, number: int) -> int:
    _, done = undo(newsroom.kit, number, actor="ida")
    newsroom.publish()
    return done.id


def is_public(newsroom: Newsroom, words: str = SECRET) -> bool:
    return any(words.encode() in body for body in newsroom.documents("grain"))


def is_found(newsroom: Newsroom, words: str = SECRET) -> bool:
    return bool(search(newsroom.kit, words).entries)


def number_of(newsroom: Newsroom) -> str:
    return str(newsroom.entry(f"{SECRET} grain").id)


@pytest.mark.parametrize("what", ["entry", "wire", "wire.example", PAGE])
def test_text_leaves_feeds_and_search_and_undo_brings_it_back(desk: Newsroom, what: str) -> None:
    assert is_public(desk)
    assert is_found(desk)
    before = desk.shown()
    decision = taken(desk, number_of(desk) if what == "entry" else what)
    assert not is_public(desk)
    assert not is_found(desk)
    assert is_public(desk, "Post on rye")
    assert is_public(desk, "Wire on corn") is (what in ("entry", PAGE))

    undone = back(desk, decision)
    assert is_public(desk)
    assert is_found(desk)
    assert [(x.uri, x.title) for x in desk.shown()] == [(x.uri, x.title) for x in before]

    again = back(desk, undone)
    assert not is_public(desk), "an undo that is undone withdraws again"
    assert not is_found(desk)
    back(desk, again)
    assert is_public(desk)
    assert [str(each.verb) for each in desk.decisions()] == ["withdraw", "undo", "undo", "undo"]


@pytest.mark.parametrize("by", ["address", "words"])
def test_a_withdrawn_entry_cannot_return_by_another_feed(desk: Newsroom, by: str) -> None:
    decision = taken(desk, number_of(desk))
    copy = Told(
        guid="9",
        title=f"{SECRET}, says the Herald",
        url=f"{PAGE}?utm_source=herald" if by == "address" else None,
        text=LONG if by == "words" else "Other words.",
    )
    desk.hears("herald", copy)
    assert not is_public(desk)
    assert not is_found(desk)
    back(desk, decision)
    assert is_public(desk)
    assert is_found(desk, "Herald"), "what was kept out on its way in comes back as well"


def test_a_withdrawn_entry_is_not_shown_by_a_copy_that_was_here_before(desk: Newsroom) -> None:
    desk.hears("herald", Told(guid="9", title=f"{SECRET}, says the Herald", text=LONG))
    decision = taken(desk, number_of(desk))
    assert not is_public(desk)
    assert not is_found(desk)
    back(desk, decision)
    assert any(each.credits("Wire", "Herald") for each in desk.shown())


def test_a_withdrawn_entry_stays_out_when_it_is_revised(desk: Newsroom) -> None:
    taken(desk, number_of(desk))
    desk.hears("wire", Told(guid="1", url=PAGE, title=f"{SECRET} grain", text="New words."))
    assert not is_public(desk)
    assert not is_found(desk)


@pytest.mark.parametrize("by", ["address", "words", "host"])
def test_what_was_withdrawn_cannot_return_in_a_revision_of_another_entry(
    desk: Newsroom, by: str
) -> None:
    desk.hears("herald", Told(guid="9", title="Rye, says the Herald", text="Innocent words."))
    decision = taken(desk, "wire.example" if by == "host" else number_of(desk))
    copy = Told(
        guid="9",
        title=f"{SECRET}, says the Herald",
        url={"address": PAGE, "words": None, "host": "https://wire.example/other"}[by],
        text=LONG if by == "words" else "Other words.",
    )
    desk.hears("herald", copy)
    assert not is_public(desk)
    assert not is_found(desk)
    back(desk, decision)
    assert is_found(desk, "Herald")


def test_what_a_withdrawn_feed_says_later_stays_out(desk: Newsroom) -> None:
    taken(desk, "wire")
    desk.hears("wire", Told(guid="5", title=f"{SECRET} again"))
    assert not is_public(desk)
    assert not is_found(desk)


@pytest.mark.parametrize("named", ["press.example", "www.press.example"])
def test_a_withdrawn_host_takes_its_site_by_whatever_name(newsroom: Newsroom, named: str) -> None:
    newsroom.follow(["wire"], [topic(match="*")])
    before = Told(guid="1", title=f"{SECRET} before", url="https://www.press.example/1")
    other = Told(guid="2", title="Others", url="https://express.example/2")
    newsroom.hears("wire", before, other)
    taken(newsroom, named)
    after = (
        Told(guid=host, title=f"{SECRET} {host}", url=f"https://{host}/3")
        for host in ("press.example", "www.press.example", "m.press.example")
    )
    newsroom.hears("wire", before, other, *after)
    assert newsroom.titles() == ["Others"]


def test_articles_on_a_withdrawn_host_stay_out_whoever_links_to_them(desk: Newsroom) -> None:
    taken(desk, "wire.example")
    desk.hears("post", Told(guid="6", title=f"{SECRET} again", url="https://wire.example/6"))
    assert not is_public(desk)


def test_one_of_two_withdrawals_undone_brings_nothing_back(desk: Newsroom) -> None:
    entry = taken(desk, number_of(desk))
    feed = taken(desk, "wire")
    back(desk, feed)
    assert not is_public(desk), "the entry's own withdrawal still holds"
    assert is_public(desk, "Wire on corn")
    back(desk, entry)
    assert is_public(desk)


@pytest.mark.parametrize("revised", [True, False])
def test_a_withdrawn_entry_stays_out_when_its_feeds_withdrawal_is_undone(
    newsroom: Newsroom, revised: bool
) -> None:
    """Neither its address nor its text need tell it: it is withdrawn as the entry it is."""
    newsroom.follow(["wire"], [topic(match="*")])
    front = "https://wire.example/"
    corn = Told(guid="2", url=front, title="Corn", text="Second.")
    newsroom.hears("wire", Told(guid="1", url=front, title=f"{SECRET} grain", text=LONG), corn)
    entry = taken(newsroom, number_of(newsroom))
    if revised:
        newsroom.hears("wire", Told(guid="1", title=f"{SECRET} grain", text="New words."), corn)
    feed = taken(newsroom, "wire")
    back(newsroom, feed)
    assert newsroom.titles() == ["Corn"]
    back(newsroom, entry)
    assert is_public(newsroom)


def test_no_other_feed_can_lift_the_block_on_an_address_by_naming_it_twice(desk: Newsroom) -> None:
    twice = (Told(guid=guid, url=PAGE, title=f"Herald {guid}", text=guid) for guid in "89")
    desk.hears("herald", *twice)
    taken(desk, number_of(desk))
    desk.hears("post", Told(guid="7", url=PAGE, title=f"{SECRET} again", text="Other words."))
    assert not is_public(desk)


def test_a_withdrawal_takes_a_source_from_a_story_others_tell(desk: Newsroom) -> None:
    desk.hears("herald", Told(guid="9", title="Grain, says the Herald", text=LONG))
    taken(desk, "herald")
    assert is_public(desk)
    assert not is_public(desk, "Herald")


def test_an_address_many_entries_share_withdraws_only_the_one(newsroom: Newsroom) -> None:
    """A feed that links every entry to its front page says nothing by that address."""
    newsroom.follow(["wire"], [topic(match="*")])
    front = "https://wire.example/"
    newsroom.hears(
        "wire",
        Told(guid="1", url=front, title=f"{SECRET} grain", text="First."),
        Told(guid="2", url=front, title="Corn", text="Second."),
    )
    taken(newsroom, number_of(newsroom))
    assert newsroom.titles() == ["Corn"]
    newsroom.hears("wire", Told(guid="3", url=front, title="Rye", text="Third."))
    assert set(newsroom.titles()) == {"Corn", "Rye"}


def test_a_withdrawal_needs_a_reason_and_something_to_withdraw(desk: Newsroom) -> None:
    with pytest.raises(UsageError, match="reason"):
        withdraw(desk.kit, "wire", reason=" ", actor="ida")
    with pytest.raises(NotFound):
        withdraw(desk.kit, "nobody", reason="x", actor="ida")
    with pytest.raises(NotFound):
        withdraw(desk.kit, "99999", reason="x", actor="ida")
    assert desk.decisions() == []
    assert is_public(desk)
