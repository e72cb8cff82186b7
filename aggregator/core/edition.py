"""From what is visible in a topic to the items every format is written from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.core.beacons import drop_beacons
from aggregator.core.corrections import correction_line
from aggregator.core.credits import TITLE_LIMIT, anchor, by_outlet, named, outlet, titled
from aggregator.core.hub import hub_url
from aggregator.core.ids import feed_uri
from aggregator.core.outgoing import (
    byline,
    calm,
    headline,
    language,
    media_type,
    paragraphs,
)
from aggregator.core.sanitize import clean_html, plain_text
from aggregator.core.text import clean_line, clean_text, excerpt, hash_text
from aggregator.core.urls import safe_link
from aggregator.model.entry import Enclosure, Text
from aggregator.model.feed import Rights, narrower
from aggregator.model.publication import Credit, Edition, PublishedItem, Showing
from aggregator.model.settings import Site
from aggregator.model.story import Source
from aggregator.model.topic import Item, Topic, Verdict

EXCERPT_WORDS = 60
HEADLINE_WORDS = 12  # of the text, where an entry has no title
SUMMARY_LIMIT = 5_000  # characters; an editor's own summary
BODY_READ = 20_000  # characters of content that an excerpt is looked for in
TEXT_READ = 100_000  # characters of what an item shows that corrections are looked for in
OLDEST = 0  # a date before 1970 is a publisher's mistake


def compose(
    topic: Topic,
    showings: Sequence[Showing],
    site: Site,
    *,
    authority: str,
    year: int,
    base: str,
) -> Edition:
    """Return the topic's edition: what was out last first, at most as many as it wants.

    `base` is our own address without a path; `authority` and `year` are those frozen in the
    store. A showing that cannot be composed is named in `left_out` and stops nothing else.
    """
    base = base.rstrip("/")
    page_url = f"{base}/topics/{topic.spec.slug}"
    order = sorted(showings, key=lambda each: _order(each.item))
    items: list[PublishedItem] = []
    left_out: list[str] = []
    stamps: list[int] = []
    for showing in order[: topic.spec.publish.items]:
        try:
            item = compose_item(showing, topic, base=base)
        except Exception as problem:  # one bad entry never stops a feed
            left_out.append(f"story {showing.item.article_id}: {type(problem).__name__}: {problem}")
            continue
        if item is not None:
            items.append(item)
            stamps += (showing.item.first_published_at, item.updated)
    title = headline(topic.spec.title) or topic.spec.slug
    return Edition(
        slug=topic.spec.slug,
        title=title,
        about=clean_line(topic.spec.about, limit=2_000),
        page_url=page_url,
        base_url=page_url,
        site_title=headline(site.title) or title,
        contact=clean_line(site.contact or "", limit=200) or None,
        uri=feed_uri(authority, year, topic.spec.slug),
        updated=max(stamps, default=topic.created_at),
        items=tuple(items),
        lang=language(topic.spec.lang),
        hub_url=hub_url(site, base),
        left_out=tuple(left_out),
    )


def _order(item: Item) -> tuple[float, int, int]:
    """Return where an item stands: what is not numbered yet will be the newest."""
    number = math.inf if item.number is None else item.number
    return (-number, -item.first_published_at, -item.id)


def compose_item(showing: Showing, topic: Topic, *, base: str) -> PublishedItem | None:
    """Return one item as every format and page shows it; None when its lead may not be public.

    Rights are the narrower of the feed's and the topic's: `link` gives title, link and credit;
    `excerpt` adds 60 words of the publisher's own text; `full` the whole of it, its pictures
    and its enclosures. An editor's title, summary and note are ours and always stand.
    """
    lead, verdict = showing.lead, showing.verdict
    if not _is_public(lead):
        return None
    entry, text = lead.entry, lead.entry.text
    rights = narrower(lead.feed.spec.shown, topic.spec.publish.content)
    story_url = f"{base}/stories/{showing.story_public_id}"
    if not showing.story_public_id:
        story_url = f"{base}/topics/{topic.spec.slug}"
    credits = _credits(showing, story_url)
    reports = _reports(showing, story_url)
    wording = _wording(verdict, lead, rights)
    published = _published(text.published_at, entry.first_seen_at)
    url = _link(text.url) or story_url
    return PublishedItem(
        uri=showing.item.uri,
        uri_is_url=showing.item.uri == url,
        url=url,
        story_url=story_url,
        title=_title(verdict, text, credits[0].title),
        summary=wording.summary,
        html=correction_line(showing.corrected_at, showing.correction)
        + _note(wording.note)
        + wording.body
        + credit_line(credits, reports),
        author=byline(text.author or "") or None,
        published=published,
        updated=max(showing.item.updated_at, published),
        credits=credits,
        reports=reports,
        tags=_tags(lead),
        note=wording.note,
        lang=language(text.lang, lead.feed.lang),
        image=_link(text.image) if rights is Rights.FULL else None,
        enclosures=_enclosures(text) if rights is Rights.FULL else (),
        licence=headline(text.licence or "", limit=500) or None,
        pinned=verdict.pinned,
        corrected_at=showing.corrected_at,
        correction=showing.correction,
    )


def text_digest(item: PublishedItem) -> int:
    """Return a signed 64-bit hash of what a reader reads of an item, its credits left out.

    While it stays the same `updated` stays: a joining source, a new tag, a new date or a line
    that tells of a correction is no new text. The lead's own address counts, those of the other
    sources do not.
    """
    html = item.html.removeprefix(correction_line(item.corrected_at, item.correction))
    return hash_text(
        item.title,
        item.url,
        item.author or "",
        item.summary,
        html.removesuffix(credit_line(item.credits, item.reports)),
        item.licence or "",
        *(each.url for each in item.enclosures),
    )


def source_text(item: PublishedItem) -> str:
    """Return as plain text what an item shows of its source: no note, no credits."""
    html = item.html.removeprefix(correction_line(item.corrected_at, item.correction))
    html = html.removeprefix(_note(item.note))
    return plain_text(html.removesuffix(credit_line(item.credits, item.reports)), TEXT_READ)


def credit_line(credits: Sequence[Credit], reports: Sequence[Credit] = ()) -> str:
    """Return the visible line that ends every item: whom it is owed to, lead first, as HTML.

    Each outlet is named once, several reports of one by their titles; other reports of the story
    are named behind.
    """
    lead = credits[0]
    (_, *own), *others = by_outlet(credits)
    line = f"Source: {anchor(lead.url, lead.title)}"
    if lead.origin:
        line += f" (crediting {anchor(lead.origin_url, lead.origin)})"
    if own:
        line += f" (also: {titled(own)})"
    if others:
        line += " · Also at: " + named(each for group in others for each in group)
    if reports:
        line += f" · More reports: {named(reports)}"
    return f"<p>{line}</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    summary: str  # plain text
    body: str  # HTML, without note and credit
    note: str | None


def _wording(verdict: Verdict, lead: Source, rights: Rights) -> _Wording:
    """Return what rights and the editor leave of the text."""
    note = clean_text(verdict.note or "", limit=SUMMARY_LIMIT) or None
    ours = clean_text(verdict.summary or "", limit=SUMMARY_LIMIT)
    if rights is Rights.LINK:
        return _Wording(summary=clean_line(ours, SUMMARY_LIMIT), body=paragraphs(ours), note=note)

    text = lead.entry.text
    source = text.summary if text.summary.strip() else plain_text(text.content, BODY_READ)
    summary = clean_line(ours, SUMMARY_LIMIT) or excerpt(source, EXCERPT_WORDS)
    if rights is Rights.EXCERPT:
        return _Wording(summary=summary, body=paragraphs(ours or summary), note=note)

    base = _link(text.url) or _link(lead.feed.site_url) or lead.feed.spec.url
    html = (lead.entry.page if lead.feed.spec.shows_pages else "") or text.content
    content = calm(drop_beacons(clean_html(html, base))).strip() if html else ""
    return _Wording(summary=summary, body=content or paragraphs(ours or text.summary), note=note)


def _note(note: str | None) -> str:
    if note is None:
        return ""
    return paragraphs(note).replace("<p>", "<p><strong>Editor’s note:</strong> ", 1)


def _title(verdict: Verdict, text: Text, outlet: str) -> str:
    """Return the editor's headline, the publisher's, the first words, or who it is from."""
    for title in (verdict.title, text.title):
        if title and (line := headline(title)):
            return line
    body = text.summary if text.summary.strip() else plain_text(text.content, BODY_READ)
    return headline(excerpt(body, HEADLINE_WORDS)) or f"Untitled ({outlet})"


def _published(said: int | None, first_seen: int) -> int:
    """Return the publisher's date, never later than first seen and never before 1970."""
    return first_seen if said is None or said < OLDEST else min(said, first_seen)


def _is_public(source: Source) -> bool:
    """Whether a source may be shown at all; the store has looked already, this is the last gate."""
    return not source.feed.spec.private and source.entry.withdrawn_at is None


def _credits(showing: Showing, story_url: str) -> tuple[Credit, ...]:
    """Return each outlet's telling once, lead first."""
    others = (each for each in showing.sources if each.entry.id != showing.lead.entry.id)
    credits: dict[tuple[str, str], Credit] = {}
    for source in (showing.lead, *(each for each in others if _is_public(each))):
        owed = credit(source, story_url, titled=source.entry.id in showing.titled)
        credits.setdefault((owed.title, owed.url), owed)
    return tuple(credits.values())


def _reports(showing: Showing, story_url: str) -> tuple[Credit, ...]:
    """Return other outlets' reports of the story, each address once."""
    told = {each.entry.text.url for each in (showing.lead, *showing.sources)}
    reports = [each for each in showing.reports if _is_public(each)]
    fresh = [each for each in reports if each.entry.text.url not in told]
    return tuple(credit(each, story_url, titled=each.entry.id in showing.titled) for each in fresh)


def credit(source: Source, story_url: str, *, titled: bool = False) -> Credit:
    """Return whom a source's telling is owed to; without an address of its own, at our page.

    `titled`: whether its own headline may be told, too.
    """
    feed, text = source.feed, source.entry.text
    title = outlet(feed)
    origin = headline(text.source_title or "", limit=120)
    seen = source.entry.first_seen_at
    dated = (_published(said, seen) for said in (text.published_at, text.updated_at) if said)
    return Credit(
        title=title,
        url=_link(text.url) or story_url,
        feed_url=_link(feed.spec.url) or "",
        feed_title=title,
        updated=max(dated, default=seen),
        site_url=_link(feed.site_url),
        because=source.because,
        origin=origin if origin and origin != title else None,
        origin_url=_link(text.source_url),
        article=headline(text.title, limit=TITLE_LIMIT) if titled else "",
    )


def _tags(lead: Source) -> tuple[str, ...]:
    names = (clean_line(tag.name, limit=100) for tag in lead.entry.tags)
    return tuple(dict.fromkeys(name for name in names if name))


def _enclosures(text: Text) -> tuple[Enclosure, ...]:
    kept: dict[str, Enclosure] = {}
    for each in text.enclosures:
        if url := _link(each.url):
            length = each.length if each.length is not None and each.length >= 0 else None
            kept.setdefault(url, Enclosure(url=url, type=media_type(each.type, url), length=length))
    return tuple(kept.values())


def _link(url: str | None) -> str | None:
    return safe_link(url) if url else None
