"""The edition of what was corrected: each difference an item, each withdrawal a tombstone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aggregator.core.corrections import diff_html, in_words, within
from aggregator.core.edition import credit, credit_line
from aggregator.core.outgoing import language, paragraphs
from aggregator.core.urls import safe_link
from aggregator.model.correction import Correction
from aggregator.model.entry import EntryView
from aggregator.model.feed import narrower
from aggregator.model.ids import EntryId
from aggregator.model.publication import Edition, PublishedItem, Tombstone
from aggregator.model.story import Source
from aggregator.model.topic import Topic

ABOUT = "What sources changed or took back after it was published in “{title}”."


def corrections_edition(
    edition: Edition,
    topic: Topic,
    corrections: Sequence[Correction],
    views: Mapping[EntryId, EntryView],
    tombstones: Sequence[Tombstone],
) -> Edition:
    """Return the corrections of a topic as an edition of their own, newest first.

    `edition` is the topic's: head and ids are made from it. A correction whose entry is not among
    `views` is left out.
    """
    uri = f"{edition.uri}/corrections"
    items = tuple(
        _item(each, views[each.entry_id], edition, topic, uri=f"{uri}/{each.id}")
        for each in corrections
        if each.entry_id in views
    )
    stamps = (*(each.updated for each in items), *(each.at for each in tombstones))
    return replace(
        edition,
        title=f"{edition.title}: corrections",
        about=ABOUT.format(title=edition.title),
        base_url=f"{edition.page_url}/corrections",
        uri=uri,
        updated=max(stamps, default=topic.created_at),
        items=items,
        hub_url=None,
        previous_url=None,
        tombstones=tuple(tombstones),
        left_out=(),
    )


def _item(
    correction: Correction, view: EntryView, edition: Edition, topic: Topic, *, uri: str
) -> PublishedItem:
    text, feed = view.entry.text, view.feed
    story_url = f"{edition.page_url.rpartition('/topics/')[0]}/stories/{view.story_public_id}"
    owed = credit(Source(entry=view.entry, feed=feed, because=""), story_url)
    rights = narrower(feed.spec.shown, topic.spec.publish.content)
    diff = within(correction.diff, rights)
    said = in_words(diff)
    return PublishedItem(
        uri=uri,
        uri_is_url=False,
        url=(safe_link(text.url) if text.url else None) or story_url,
        story_url=story_url,
        title=f"Corrected: {correction.title}",
        summary=said,
        html=(diff_html(diff) or paragraphs(said)) + credit_line((owed,)),
        author=None,
        published=correction.at,
        updated=correction.at,
        credits=(owed,),
        lang=language(text.lang, feed.lang),
        corrected_at=correction.at,
        correction=said,
    )
