"""From what a document says of an entry to what we would keep of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from aggregator.core.fingerprint import print_of
from aggregator.core.identity import Keyed, body_hash
from aggregator.core.lang import Guess, guessed
from aggregator.core.rules import Subject
from aggregator.core.sanitize import clean_html, looks_like_html, plain_text
from aggregator.core.series import SeriesBook, find
from aggregator.core.standing import RuleBook
from aggregator.core.tagging import Vocabulary, tag
from aggregator.core.text import Tokenizer, clean_line, tokens
from aggregator.core.tracking import Tracking, listed
from aggregator.core.urls import absolute, host_of, url_hash
from aggregator.model.entry import Enclosure, Entry, Instalment, ParsedEntry, Tag, Text
from aggregator.model.feed import Feed
from aggregator.model.intake import Match
from aggregator.model.prints import Print

TITLE_LIMIT = 500
SUMMARY_LIMIT = 20_000
GUID_LIMIT = 2_000
BODY_LIMIT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What entries are judged by: vocabulary, series, the topics' rules, and what tracks."""

    vocabulary: Vocabulary
    series: SeriesBook
    rules: RuleBook
    tracking: Tracking = field(default_factory=listed)
    guess: Guess | None = None  # of a language that neither an entry nor its feed states
    window: int = 0  # seconds back that copies and reports are looked for by what they say


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One entry, clean, tagged and filed; what is missing is only its story."""

    key_hash: int
    guid: str
    digest: int
    url_hash: int | None
    body_hash: int | None
    text: Text
    said: tuple[str, str] | None = None  # tokens of title and summary, joined, as they are indexed
    tags: tuple[Tag, ...] = ()
    series: tuple[Instalment, ...] = ()
    matches: tuple[Match, ...] = field(default=())
    print: Print | None = None  # of an entry inside the window: what it is compared by


def draft(keyed: Keyed, feed: Feed, books: Books, *, first_seen: int, page: str = "") -> Draft:
    """Clean, tag and file one entry. `first_seen` bounds its dates (checklist 53).

    `page` is the HTML of its article page, if it has been read: what it says counts for tags,
    series and topics, but not for telling copies.
    """
    parsed = keyed.entry
    text = clean_text_of(parsed, feed, first_seen=first_seen)
    body = _body_of(text, parsed)
    if books.guess is not None and (guess := guessed(text, feed, body, books.guess)) is not None:
        text = replace(text, lang=guess[0], lang_guess=guess[1])
    words = _Once().__getitem__  # tags, rules, the index and the body's hash ask for the same texts
    place = place_of(text, first_seen)
    recent = place >= first_seen - books.window
    filed_by = _longer(body, page)
    tags, series, matches = file(text, filed_by, feed, books, place=place, words=words)
    return Draft(
        key_hash=keyed.key_hash,
        guid=keyed.key[:GUID_LIMIT],
        digest=keyed.digest,
        url_hash=url_hash(text.url, books.tracking) if text.url else None,
        body_hash=body_hash(body, words),
        text=text,
        said=(" ".join(words(text.title)), " ".join(words(text.summary))),
        tags=tags,
        series=series,
        matches=matches,
        print=print_of(words(body), body, text.title) if recent else None,
    )


class _Once(dict[str, list[str]]):
    """The tokens of texts, found once each; `functools.cache` takes longer to be made than used."""

    def __missing__(self, text: str) -> list[str]:
        found = self[text] = tokens(text)
        return found


def clean_text_of(parsed: ParsedEntry, feed: Feed, *, first_seen: int) -> Text:
    """Return what an entry says, fit to be kept and shown: no live markup, no odd characters."""
    base = parsed.base or parsed.url or feed.site_url or feed.spec.url
    markup = parsed.content or (parsed.summary if looks_like_html(parsed.summary) else "")
    published = parsed.published if parsed.published is not None else parsed.updated
    return Text(
        url=absolute(parsed.url, base) if parsed.url else None,
        title=clean_line(plain_text(parsed.title, 4 * TITLE_LIMIT), limit=TITLE_LIMIT),
        summary=plain_text(parsed.summary, SUMMARY_LIMIT),
        content=clean_html(markup, base) if markup else "",
        author=_line(parsed.author, 200),
        lang=_line(parsed.lang, 35),
        published_at=None if published is None else min(published, first_seen),
        updated_at=None if parsed.updated is None else min(parsed.updated, first_seen),
        categories=_lines(parsed.categories),
        enclosures=_enclosures(parsed, base) if parsed.enclosures else (),
        image=absolute(parsed.image, base) if parsed.image else None,
        source_title=_line(parsed.source_title, 300),
        source_url=absolute(parsed.source_url, base) if parsed.source_url else None,
        licence=_line(parsed.licence, 500),
    )


def _enclosures(parsed: ParsedEntry, base: str) -> tuple[Enclosure, ...]:
    return tuple(
        Enclosure(url=url, type=_line(each.type, 100), length=each.length)
        for each in parsed.enclosures[:20]
        if (url := absolute(each.url, base))
    )


def _body_of(text: Text, parsed: ParsedEntry) -> str:
    """Return `body_of` the text; a summary that is all there is, and clean, was read already."""
    alone = text.content == parsed.summary and len(text.content) <= SUMMARY_LIMIT
    return text.summary if alone else body_of(text)


def file(
    text: Text, body: str, feed: Feed, books: Books, *, place: int, words: Tokenizer = tokens
) -> tuple[tuple[Tag, ...], tuple[Instalment, ...], tuple[Match, ...]]:
    """Return tags, series and topics of a text, each with its because."""
    tags = tag(
        books.vocabulary,
        feed_tags=feed.spec.tags,
        feed_name=feed.spec.name,
        title=text.title,
        summary=text.summary,
        body=body,
        categories=text.categories,
        words=words,
    )
    series = find(
        books.series,
        feed_name=feed.spec.name,
        title=text.title,
        body=body,
        categories=text.categories,
        author=text.author or "",
        url=text.url or "",
        published=place,
    )
    about = subject(text, feed, tags, series, place=place, body=body, words=words)
    return tags, series, books.rules.match(about)


def subject(
    text: Text,
    feed: Feed,
    tags: tuple[Tag, ...],
    series: tuple[Instalment, ...],
    *,
    place: int,
    body: str | None = None,
    topics: tuple[str, ...] = (),
    words: Tokenizer = tokens,
) -> Subject:
    """Return an entry as a rule sees it; `body` and `words` where they are known already."""
    return Subject(
        title=text.title,
        summary=text.summary,
        body=body_of(text) if body is None else body,
        tags=tuple([each.name for each in tags]),
        categories=text.categories,
        feed_name=feed.spec.name,
        topics=topics,
        sites=_sites(feed.spec.url, feed.site_url or ""),
        series=tuple([each.series for each in series]),
        author=text.author or "",
        lang=text.lang or feed.lang or "",
        published=place,
        url=text.url or "",
        enclosures=len(text.enclosures),
        words=words,
    )


@lru_cache(maxsize=256)
def _sites(url: str, site_url: str) -> tuple[str, ...]:
    return tuple(filter(None, (host_of(url), host_of(site_url))))


def subject_of(entry: Entry, feed: Feed, topics: tuple[str, ...] = ()) -> Subject:
    """Return a stored entry as a query sees it, the text of its article page included.

    `topics` are the slugs of those that admit it: a search may ask for them, a rule may not.
    """
    return subject(
        entry.text,
        feed,
        entry.tags,
        entry.series,
        place=entry.place,
        body=body_with_page(entry),
        topics=topics,
    )


def clean_feed_line(value: str | None) -> str | None:
    """Return a feed's own title or language as one clean line, None when nothing is left."""
    return _line(plain_text(value, 4 * TITLE_LIMIT), 300) if value else None


def body_of(text: Text) -> str:
    """Return the plain text of an entry: its content's, else its summary."""
    return plain_text(text.content, BODY_LIMIT) if text.content else text.summary


def body_with_page(entry: Entry) -> str:
    """Return the plain text of a stored entry: its own or its article page's, the longer one."""
    return body_from(entry.text.content, entry.text.summary, entry.page)


def body_from(content: str, summary: str, page: str) -> str:
    """Return the same of what is kept: HTML of content and page, and the plain summary."""
    return _longer(plain_text(content, BODY_LIMIT) if content else summary, page)


def place_of(text: Text, first_seen: int) -> int:
    """Return an entry's time in any window: the earlier of published and first seen."""
    return first_seen if text.published_at is None else min(text.published_at, first_seen)


def _longer(body: str, page: str) -> str:
    return max(body, plain_text(page, BODY_LIMIT), key=len) if page else body


def _line(value: str | None, limit: int) -> str | None:
    return clean_line(value, limit=limit) or None if value else None


def _lines(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        return ()
    cleaned = [_category(value) for value in values[:50]]
    return tuple(dict.fromkeys([each for each in cleaned if each]))


@lru_cache(maxsize=4096)
def _category(value: str) -> str:
    return clean_line(plain_text(value, 400), limit=100)
