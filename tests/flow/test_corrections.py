"""What sources edit or delete after readers had it: dated, told, shown as a difference."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest
from lxml import etree

from aggregator.flow.curate import undo, withdraw
from aggregator.model.correction import Corrections, Kind
from aggregator.model.feed import Rights
from aggregator.model.topic import PublishSpec, Verb
from tests.flow.newsroom import (
    ATOM,
    HOUR,
    LONG,
    Newsroom,
    Shown,
    Told,
    answer,
    feed,
    shown_in,
    topic,
    url_of,
)
from tests.makers import NOON

AT = {**ATOM, "at": "http://purl.org/atompub/tombstones/1.0"}
HISTORY = "http://purl.org/syndication/history/1.0"

BEFORE = "Nine ships left the port this morning with grain."
AFTER = "Ten ships left the port this morning with grain."


def follows(newsroom: Newsroom, policy: str = "bump", **said: object) -> None:
    spec = replace(feed("wire"), corrections=Corrections(policy), **said)  # type: ignore[arg-type]
    newsroom.follow([spec, "post"], [topic()])


def hears_edit(newsroom: Newsroom, text: str = AFTER, **said: str) -> None:
    """Let an hour pass and the source say something else."""
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="1", text=text, **said))  # type: ignore[arg-type]


def corrected(newsroom: Newsroom) -> list[Shown]:
    return shown_in(document(newsroom))


def document(newsroom: Newsroom) -> bytes:
    return newsroom.document("grain/corrections").body


def tombstones(body: bytes) -> list[tuple[str, str]]:
    """Return (ref, comment) of each in a document."""
    root = etree.fromstring(body)
    return [
        (str(each.get("ref")), str(each.findtext("at:comment", "", AT)))
        for each in root.findall("at:deleted-entry", AT)
    ]


def kinds(newsroom: Newsroom) -> list[tuple[str, str]]:
    """Return (kind, policy) of what editors see, oldest first."""
    with newsroom.kit.store.read() as tx:
        found = tx.topics.find("grain")
        assert found is not None
        rows = tx.corrections.of_topic(found.id, 100)
    return [(str(each.kind), str(each.policy)) for each in reversed(rows)]


def serves_complete(newsroom: Newsroom, *guids: str) -> None:
    """Let the outlet serve a document that holds all there is (RFC 5005, section 2)."""
    entries = "".join(
        f"<entry><id>https://wire.example/{each}</id><title>Grain {each}</title>"
        f'<link href="https://wire.example/{each}"/><updated>2026-11-01T00:00:00Z</updated>'
        f"<summary>Of grain {each} we know a little.</summary></entry>"
        for each in guids
    )
    head = (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="{HISTORY}"><id>x:1</id>'
        "<title>Wire</title><updated>2026-11-01T00:00:00Z</updated><fh:complete/>"
    )
    newsroom.net.answers[url_of("wire")] = answer("wire", f"{head}{entries}</feed>".encode())
    newsroom.now += HOUR
    newsroom.poll("wire")
    newsroom.publish()


def test_an_edit_moves_updated_and_gives_its_difference(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    (first,) = newsroom.shown()
    assert corrected(newsroom) == []

    hears_edit(newsroom)
    (item,) = newsroom.shown()
    assert item.uri == first.uri
    assert item.updated == "2026-11-22T13:00:00+00:00" > first.updated
    assert "Corrected" not in item.html
    (told,) = corrected(newsroom)
    assert told.title == "Corrected: Grain corridor reopens"
    assert "<del>Nine</del> <ins>Ten</ins> ships left the port" in told.html
    assert told.url == item.url
    assert told.credits("Wire")
    assert told.updated == item.updated
    assert kinds(newsroom) == [("edited", "bump")]


def test_a_corrected_headline_is_told_as_it_was(newsroom: Newsroom) -> None:
    follows(newsroom, "mark")
    newsroom.hears("wire", Told(guid="1", text=BEFORE, title="Grain corridor opens"))
    hears_edit(newsroom, BEFORE, title="Grain corridor closes")
    (item,) = newsroom.shown()
    assert "the title was “Grain corridor opens”" in item.html
    (told,) = corrected(newsroom)
    assert told.title == "Corrected: Grain corridor closes"
    assert "Grain corridor <del>opens</del> <ins>closes</ins>" in told.html


def test_a_silent_feeds_edit_is_for_editors_alone(newsroom: Newsroom) -> None:
    follows(newsroom, "silent")
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    (first,) = newsroom.shown()
    hears_edit(newsroom)
    (item,) = newsroom.shown()
    assert "Ten ships" in item.html
    assert item.updated == first.updated
    assert corrected(newsroom) == []
    assert kinds(newsroom) == [("edited", "silent")]

    newsroom.act(Verb.EDIT, "Grain corridor reopens", title="Our own headline")
    (item,) = newsroom.shown()
    assert item.updated > first.updated, "editors' words are not its source's"


def test_a_marked_item_says_when_it_was_corrected_and_how(newsroom: Newsroom) -> None:
    follows(newsroom, "mark")
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    (item,) = newsroom.shown()
    line = "<p><em>Corrected on 22 November 2026: “Nine” is now “Ten”.</em></p>"
    assert item.html.startswith(line)
    for body in newsroom.documents("grain"):
        assert "Corrected on 22 November 2026" in unescape(body.decode())

    before = newsroom.documents("grain")
    newsroom.now += HOUR
    with newsroom.kit.store.write() as tx:
        tx.publications.mark_dirty(tx.topics.all()[0].id, newsroom.now)
    assert newsroom.publish() == [], "the line is no new text"
    assert newsroom.documents("grain") == before

    newsroom.now += 24 * HOUR
    hears_edit(newsroom, "Eleven ships left the port this morning with grain.")
    (item,) = newsroom.shown()
    assert item.html.count("Corrected on") == 1
    assert "Corrected on 23 November 2026: “Ten” is now “Eleven”" in item.html


def test_a_change_that_no_reader_sees_is_no_correction(newsroom: Newsroom) -> None:
    follows(newsroom, rights=Rights.LINK)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    before = newsroom.documents("grain")
    hears_edit(newsroom)
    assert newsroom.documents("grain") == before
    assert kinds(newsroom) == []


def test_another_lead_or_an_editors_word_is_no_correction(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE, url="https://wire.example/a"))
    told = Told(guid="9", title="Of grain", text="Otherwise put.", url="https://wire.example/a")
    newsroom.hears("post", told)
    newsroom.act(Verb.NOTE, "Grain corridor reopens", note="Read with care.")
    withdraw(newsroom.kit, "wire", reason="asked to", actor="ida")
    newsroom.publish()
    (item,) = newsroom.shown()
    assert item.credits("Post")
    assert item.title == "Of grain"
    assert kinds(newsroom) == []
    assert tombstones(newsroom.document("grain").body) == [], "the story is told by another"


def test_a_deleted_source_item_is_a_tombstone_and_comes_back_with_its_source(
    newsroom: Newsroom,
) -> None:
    follows(newsroom)
    serves_complete(newsroom, "1", "2")
    serves_complete(newsroom, "2")
    assert newsroom.titles() == ["Grain 2"]
    gone = [("https://wire.example/1", "its publisher took it back")]
    assert tombstones(newsroom.document("grain").body) == gone
    assert tombstones(document(newsroom)) == gone
    assert b"Grain 1" not in document(newsroom)
    feed_updated = etree.fromstring(newsroom.document("grain").body).findtext("a:updated", "", AT)
    assert feed_updated == "2026-11-22T14:00:00+00:00"

    serves_complete(newsroom, "1", "2", "3")
    assert sorted(newsroom.titles()) == ["Grain 1", "Grain 2", "Grain 3"]
    assert tombstones(newsroom.document("grain").body) == []
    assert tombstones(document(newsroom)) == []
    assert kinds(newsroom) == [("withdrawn", "bump"), ("returned", "bump")]


def test_with_withdraw_what_a_source_deletes_never_comes_back(newsroom: Newsroom) -> None:
    follows(newsroom, "withdraw")
    serves_complete(newsroom, "1", "2")
    serves_complete(newsroom, "2")
    serves_complete(newsroom, "1", "2", "3")
    assert sorted(newsroom.titles()) == ["Grain 2", "Grain 3"]
    assert [ref for ref, _ in tombstones(document(newsroom))] == ["https://wire.example/1"]


def test_a_silent_feeds_deletion_leaves_no_tombstone(newsroom: Newsroom) -> None:
    follows(newsroom, "silent")
    serves_complete(newsroom, "1", "2")
    serves_complete(newsroom, "2")
    assert newsroom.titles() == ["Grain 2"]
    assert tombstones(newsroom.document("grain").body) == []
    assert kinds(newsroom) == [("withdrawn", "silent")]


@pytest.mark.parametrize("policy", list(Corrections))
def test_a_withdrawal_takes_differences_and_titles_too_and_undo_brings_them_back(
    newsroom: Newsroom, policy: Corrections
) -> None:
    follows(newsroom, policy)
    newsroom.hears("wire", Told(guid="1", text=BEFORE), Told(guid="2", title="Corn grain"))
    hears_edit(newsroom)
    before = document(newsroom)
    assert (b"Nine" in before) is (policy is not Corrections.SILENT)
    number = str(newsroom.entry("Grain corridor reopens").id)
    decision, _ = withdraw(newsroom.kit, number, reason="court order 17", actor="ida")
    newsroom.publish()

    public = (document(newsroom), *newsroom.documents("grain"))
    for words in (b"Nine", b"Ten ships", b"corridor", b"court order"):
        assert not any(words in body for body in public), words
    assert [why for _, why in tombstones(document(newsroom))] == ["the editors took it out"]
    assert tombstones(newsroom.document("grain").body) == tombstones(document(newsroom))
    with newsroom.kit.store.read() as tx:
        rows = tx.corrections.of_topic(tx.topics.all()[0].id, 10)
    assert all(each.diff is None and each.title == "" for each in rows)
    assert [each.kind for each in rows] == [Kind.WITHDRAWN, Kind.EDITED]

    undo(newsroom.kit, decision.id, actor="ida")
    newsroom.publish()
    assert document(newsroom) == before


def test_what_nobody_had_yet_needs_no_tombstone(newsroom: Newsroom) -> None:
    delayed = topic(publish=PublishSpec(delay=HOUR))
    newsroom.follow(["wire"], [delayed])
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    withdraw(newsroom.kit, "wire", reason="asked to", actor="ida")
    newsroom.now += 2 * HOUR
    newsroom.publish()
    assert tombstones(newsroom.document("grain").body) == []
    assert kinds(newsroom) == []


def test_a_rejected_items_corrections_are_shown_no_more(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    newsroom.act(Verb.REJECT, "Grain corridor reopens")
    assert corrected(newsroom) == []
    newsroom.act(Verb.APPROVE, "Grain corridor reopens")
    assert len(corrected(newsroom)) == 1


def test_narrower_rights_hold_for_differences_of_before(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    follows(newsroom, rights=Rights.LINK)
    with newsroom.kit.store.write() as tx:
        tx.publications.mark_dirty(tx.topics.all()[0].id, newsroom.now)
    newsroom.publish()
    (told,) = corrected(newsroom)
    assert "ships" not in told.html
    assert "Nine" not in told.html
    assert "its text was changed" in told.html


def test_a_text_that_changes_with_each_poll_fills_no_store(newsroom: Newsroom) -> None:
    follows(newsroom)
    for number in range(14):
        newsroom.now += HOUR
        newsroom.hears("wire", Told(guid="1", text=f"{LONG} {number} ships in all."))
    assert len(kinds(newsroom)) == 10
    assert len(corrected(newsroom)) == 10


def test_an_edit_of_what_the_feed_shows_no_more_is_told_among_corrections(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    for guid in "2345":
        newsroom.now += HOUR
        newsroom.hears("wire", Told(guid=guid, title=f"Grain {guid}"))
    assert "Grain corridor reopens" not in newsroom.titles()
    public = newsroom.documents("grain"), newsroom.document("grain/archive/1").body
    hears_edit(newsroom)
    (told,) = corrected(newsroom)
    assert "<del>Nine</del> <ins>Ten</ins> ships" in told.html
    assert (newsroom.documents("grain"), newsroom.document("grain/archive/1").body) == public
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="6", title="Grain 6"))
    assert corrected(newsroom) == [told]


def test_what_editors_say_after_an_unseen_edit_is_no_correction(newsroom: Newsroom) -> None:
    follows(newsroom, rights=Rights.LINK)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    newsroom.act(Verb.EDIT, "Grain corridor reopens", title="Our own headline")
    assert newsroom.titles() == ["Our own headline"]
    assert kinds(newsroom) == []


def test_ids_of_corrections_and_their_bytes_stay(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    (first,) = corrected(newsroom)
    kept = newsroom.document("grain/corrections")
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="1", text=AFTER), Told(guid="2", title="More grain"))
    assert newsroom.document("grain/corrections") == kept, "another item is no correction"
    hears_edit(newsroom, "Ten ships left the port this evening with grain.")
    newest, oldest = corrected(newsroom)
    assert oldest.uri == first.uri != newest.uri
    assert "<del>morning</del> <ins>evening</ins>" in newest.html


def test_every_item_of_the_first_composing_has_a_text_to_compare_with(newsroom: Newsroom) -> None:
    """Also those that an earlier version composed, which noted nothing."""
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    with newsroom.kit.store.write() as tx:
        tx.conn.execute("DELETE FROM item_texts")  # type: ignore[attr-defined]
        tx.publications.mark_dirty(tx.topics.all()[0].id, NOON)
    newsroom.publish()
    hears_edit(newsroom)
    assert kinds(newsroom) == [("edited", "bump")]


def test_what_becomes_private_is_in_no_correction(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE))
    hears_edit(newsroom)
    assert b"Nine" in document(newsroom)
    newsroom.follow([feed("wire", auth=True), "post"], [topic()])
    newsroom.publish()
    assert newsroom.shown() == []
    for words in (b"Nine", b"corridor", b"Wire"):
        assert words not in document(newsroom)


def test_withdrawals_are_noted_however_long_a_topic_was_not_composed(newsroom: Newsroom) -> None:
    follows(newsroom)
    newsroom.hears("wire", Told(guid="1", text=BEFORE), Told(guid="2", title="Corn, and grain"))
    newsroom.now += 90 * 24 * HOUR
    withdraw(newsroom.kit, "2", reason="asked to", actor="ida")
    newsroom.now += 90 * 24 * HOUR
    newsroom.publish()
    withdraw(newsroom.kit, "1", reason="asked to", actor="ida")
    newsroom.publish()
    newsroom.now += 24 * HOUR
    assert len(tombstones(document(newsroom))) == 2
