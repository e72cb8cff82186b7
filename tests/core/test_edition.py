from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from aggregator.core import edition as edition_module
from aggregator.core.edition import compose_item, credit_line, text_digest
from aggregator.model.entry import Enclosure, Tag, Text
from aggregator.model.feed import Auth, Rights
from aggregator.model.publication import PublishedItem, Showing
from aggregator.model.story import Source
from aggregator.model.topic import PublishSpec, Topic, Verdict
from tests.formats.editions import BASE, a_full_feed, composed, showings
from tests.makers import (
    NOON,
    a_feed,
    a_feed_spec,
    a_showing,
    a_source,
    a_text,
    a_topic,
    a_topic_spec,
    a_verdict,
    an_entry,
    an_item,
)

LONG = " ".join(f"word{number}" for number in range(200))


def item_of(showing: Showing, topic: Topic | None = None) -> PublishedItem:
    item = compose_item(showing, topic or a_topic(), base=BASE)
    assert item is not None
    return item


def told_by(feed_rights: Rights, **said: object) -> tuple[Source, ...]:
    text = replace(a_text(summary=LONG, content=f"<p>Whole. {LONG}</p>"), **said)  # type: ignore[arg-type]
    feed = a_feed(spec=a_feed_spec(rights=feed_rights))
    return (a_source(entry=an_entry(text=text), feed=feed),)


def test_link_gives_title_link_and_credit_only() -> None:
    item = item_of(
        a_showing(
            sources=told_by(
                Rights.LINK,
                image="https://wire.example/i.jpg",
                enclosures=(Enclosure(url="https://wire.example/a.mp3"),),
            )
        )
    )
    assert item.summary == ""
    assert item.html == '<p>Source: <a href="https://wire.example/grain">The Wire</a></p>'
    assert (item.image, item.enclosures) == (None, ())


def test_excerpt_gives_sixty_words_of_the_publishers_summary() -> None:
    item = item_of(a_showing(sources=told_by(Rights.EXCERPT)))
    assert item.summary.split()[-1] == "word59…"
    assert len(item.summary.split()) == 60
    assert item.html.startswith(f"<p>{item.summary}</p>")
    assert "Whole." not in item.html


def test_excerpt_falls_back_to_sixty_words_of_the_content() -> None:
    item = item_of(a_showing(sources=told_by(Rights.EXCERPT, summary="  ")))
    assert item.summary.startswith("Whole. word0")
    assert len(item.summary.split()) == 60


def test_full_gives_the_content_with_pictures_and_files() -> None:
    item = item_of(
        a_showing(
            sources=told_by(
                Rights.FULL,
                image="https://wire.example/i.jpg",
                enclosures=(
                    Enclosure(url="https://wire.example/a.mp3"),
                    Enclosure(url="javascript:x"),
                ),
            )
        )
    )
    assert item.html.startswith(f"<p>Whole. {LONG}</p>")
    assert item.image == "https://wire.example/i.jpg"
    assert item.enclosures == (Enclosure(url="https://wire.example/a.mp3", type="audio/mpeg"),)


def test_full_without_content_gives_the_whole_summary() -> None:
    item = item_of(a_showing(sources=told_by(Rights.FULL, content="")))
    assert item.html.startswith(f"<p>{LONG}</p>")


@pytest.mark.parametrize("feed_rights", Rights)
@pytest.mark.parametrize("topic_rights", Rights)
def test_a_topic_narrows_and_never_widens(feed_rights: Rights, topic_rights: Rights) -> None:
    topic = a_topic(spec=a_topic_spec(publish=PublishSpec(content=topic_rights)))
    item = item_of(a_showing(sources=told_by(feed_rights)), topic)
    rights = {feed_rights, topic_rights}
    assert ("Whole." in item.html) == (rights == {Rights.FULL})
    assert ("word0" in item.html) == (Rights.LINK not in rights)
    assert "word60" not in item.html or rights == {Rights.FULL}


def test_what_goes_out_is_sanitised_again_and_holds_no_beacon() -> None:
    content = (
        '<p onclick="x()">Told <a href="/more">more</a></p><script>x()</script>'
        '<img src="https://wire.example/p.gif" width="1" height="1">'
    )
    item = item_of(a_showing(sources=told_by(Rights.FULL, content=content)))
    assert item.html.startswith('<p>Told <a href="https://wire.example/more">more</a></p><p>Source')


def test_an_editors_words_stand_before_the_publishers() -> None:
    verdict = a_verdict(title="Our <title>", summary="Ours.", note="Mind & see.\n\nAgain.")
    item = item_of(a_showing(sources=told_by(Rights.EXCERPT), verdict=verdict))
    assert item.title == "Our ‹title›"
    assert item.summary == "Ours."
    assert item.html.startswith(
        "<p><strong>Editor’s note:</strong> Mind &amp; see.</p><p>Again.</p><p>Ours.</p><p>Source"
    )
    assert item.note == "Mind & see.\n\nAgain."


def test_an_editors_summary_stands_even_where_only_a_link_may() -> None:
    item = item_of(a_showing(sources=told_by(Rights.LINK), verdict=a_verdict(summary="Ours.")))
    assert item.summary == "Ours."
    assert "word0" not in item.html


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("Ships left the port.", "Ships left the port."),
        ("<b>", "‹b›"),
        (LONG, " ".join(f"word{number}" for number in range(12)) + "…"),
        ("\u202e \u200b", "Untitled (The Wire)"),
    ],
)
def test_a_missing_title_is_the_first_words_or_says_whose_it_is(summary: str, title: str) -> None:
    text = a_text(title=" \u200b", summary=summary, content="")
    assert item_of(a_showing(sources=(a_source(entry=an_entry(text=text)),))).title == title


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "/grain", "https://a:b@x.example/"]
)
def test_a_missing_or_odd_link_becomes_our_story_page(url: str | None) -> None:
    showing = a_showing(sources=(a_source(entry=an_entry(text=a_text(url=url))),))
    item = item_of(replace(showing, story_public_id="0123456789abcdef"))
    assert item.url == item.story_url == f"{BASE}/stories/0123456789abcdef"
    assert item.credits[0].url == item.url


def test_a_link_is_written_as_a_uri() -> None:
    text = a_text(url="https://bücher.example/ä b<c>")
    item = item_of(a_showing(sources=(a_source(entry=an_entry(text=text)),)))
    assert item.url == "https://xn--bcher-kva.example/%C3%A4%20b%3Cc%3E"


@pytest.mark.parametrize(
    ("said", "published"),
    [(None, NOON), (NOON - 5, NOON - 5), (NOON + 5, NOON), (-5, NOON), (10**18, NOON)],
)
def test_published_is_the_publishers_date_but_never_after_first_seen(
    said: int | None, published: int
) -> None:
    entry = an_entry(text=a_text(published_at=said), first_seen_at=NOON)
    assert item_of(a_showing(sources=(a_source(entry=entry),))).published == published


def test_updated_is_never_before_published() -> None:
    item = item_of(a_showing(item=an_item(updated_at=5)))
    assert item.updated == item.published


def other_source(**feed: object) -> Source:
    told = an_entry(id=2, feed_id=2, text=a_text(url="https://daily.example/grain"))
    return a_source(entry=told, feed=replace(a_full_feed(), **feed))  # type: ignore[arg-type]


def test_every_source_is_credited_lead_first_in_a_visible_line() -> None:
    item = item_of(a_showing(sources=(a_source(), other_source())))
    assert [credit.title for credit in item.credits] == ["The Wire", "Daily & Sons"]
    assert item.html.endswith(
        '<p>Source: <a href="https://wire.example/grain">The Wire</a> · Also at: '
        '<a href="https://daily.example/grain">Daily &amp; Sons</a></p>'
    )


def test_whom_the_outlet_credits_is_credited() -> None:
    text = a_text(source_title="Agency", source_url="https://agency.example/")
    item = item_of(a_showing(sources=(a_source(entry=an_entry(text=text)),)))
    assert item.html.endswith('</a> (crediting <a href="https://agency.example/">Agency</a>)</p>')


def test_a_private_source_is_neither_shown_nor_named() -> None:
    spec = a_feed_spec(url="https://daily.example/rss", auth=Auth(basic="env:X"))
    private = other_source(spec=spec)
    assert [each.title for each in item_of(a_showing(sources=(a_source(), private))).credits] == [
        "The Wire"
    ]
    assert composed(a_showing(sources=(private, a_source()))).items == ()


def test_a_withdrawn_lead_is_not_shown() -> None:
    withdrawn = a_source(entry=an_entry(withdrawn_at=NOON))
    assert composed(a_showing(sources=(withdrawn,))).items == ()


def test_a_login_in_a_feeds_address_is_not_published() -> None:
    feed = a_feed(spec=a_feed_spec(url="https://me:secret@wire.example/feed.xml"))
    item = item_of(a_showing(sources=(a_source(feed=feed),)))
    assert item.credits[0].feed_url == ""
    assert "secret" not in repr(item)


def test_tags_language_author_and_licence_travel_along() -> None:
    entry = an_entry(
        text=a_text(author=" Ann\u202e Other ", lang="de_DE", licence="CC BY 4.0"),
        tags=tuple(Tag(name=name, source="feed", because="") for name in ("a", "a", "\x00", "b")),
    )
    item = item_of(a_showing(sources=(a_source(entry=entry),)))
    assert (item.author, item.lang, item.licence) == ("Ann Other", "de-DE", "CC BY 4.0")
    assert item.tags == ("a", "b")


def shown(id: int, first: int, **said: object) -> Showing:
    sources = (a_source(entry=an_entry(id=id, text=a_text(title=f"number {id}"))),)
    item = replace(
        an_item(id=id, article_id=id, uri=f"tag:desk.example,2026:{id}", first_published_at=first),
        **said,  # type: ignore[arg-type]
    )
    return a_showing(item=item, sources=sources)


def test_items_stand_newest_first_published_first_and_pins_do_not_matter() -> None:
    pinned = replace(shown(1, NOON), verdict=a_verdict(pinned=True))
    edition = composed(pinned, shown(3, NOON + 60), shown(2, NOON))
    assert [item.title for item in edition.items] == ["number 3", "number 2", "number 1"]
    assert [item.pinned for item in edition.items] == [False, False, True]


def test_an_edition_holds_no_more_than_the_topic_wants() -> None:
    topic = a_topic(spec=a_topic_spec(publish=PublishSpec(items=2)))
    edition = composed(*(shown(id, NOON + id) for id in range(1, 5)), topic=topic)
    assert [item.title for item in edition.items] == ["number 4", "number 3"]


def test_an_editions_date_is_that_of_its_latest_change() -> None:
    assert composed(shown(1, NOON + 60), shown(2, NOON, updated_at=NOON + 9)).updated == NOON + 60
    assert composed(shown(1, NOON), shown(2, NOON, updated_at=NOON + 99)).updated == NOON + 99
    assert composed(topic=a_topic(created_at=NOON - 7)).updated == NOON - 7


def test_an_editions_id_and_addresses_are_its_topics() -> None:
    edition = composed()
    assert edition.uri == "tag:news.example.org,2026:topics/global-lane"
    assert edition.page_url == edition.base_url == f"{BASE}/topics/global-lane"


def test_one_story_that_cannot_be_composed_is_named_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(markup: str, base: str | None) -> str:
        raise RecursionError("too deep")

    monkeypatch.setattr(edition_module, "clean_html", refuse)
    bad = a_showing(item=an_item(id=9, article_id=9), sources=told_by(Rights.FULL))
    edition = composed(bad, shown(2, NOON))
    assert [item.title for item in edition.items] == ["number 2"]
    assert edition.left_out == ("story 9: RecursionError: too deep",)


def test_a_joining_source_is_credited_but_is_no_new_text() -> None:
    alone = item_of(a_showing(sources=(a_source(),)))
    joined = item_of(a_showing(sources=(a_source(), other_source())))
    assert alone.html != joined.html
    assert text_digest(alone) == text_digest(joined)


def test_dates_tags_and_pins_are_no_new_text() -> None:
    item = item_of(a_showing())
    again = replace(item, updated=1, published=1, tags=("x",), pinned=True, uri="tag:x,2026:1")
    assert text_digest(again) == text_digest(item)


@pytest.mark.parametrize(
    "verdict", [a_verdict(title="Other"), a_verdict(summary="Other"), a_verdict(note="Other")]
)
def test_what_an_editor_changes_is_new_text(verdict: Verdict) -> None:
    before = item_of(a_showing())
    after = item_of(a_showing(verdict=verdict))
    assert text_digest(before) != text_digest(after)


@pytest.mark.parametrize(
    "text", [a_text(title="Other"), a_text(summary="Other"), a_text(author="Other")]
)
def test_what_a_publisher_revises_is_new_text(text: Text) -> None:
    revised = a_source(entry=an_entry(text=text))
    before, after = item_of(a_showing()), item_of(a_showing(sources=(revised,)))
    assert text_digest(before) != text_digest(after)


@settings(max_examples=60, deadline=None)
@given(showings())
def test_whatever_was_written_an_item_has_title_link_credit_and_a_digest(showing: Showing) -> None:
    item = item_of(showing)
    assert item.title.strip()
    assert item.url.startswith(("https://", "http://"))
    assert item.html.endswith(credit_line(item.credits))
    assert 0 <= item.published <= item.updated
    assert item.published <= showing.lead.entry.first_seen_at
    assert -(2**63) <= text_digest(item) < 2**63
    assert item == item_of(showing)
