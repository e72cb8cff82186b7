"""Makers: each gives a whole, ordinary record; a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from aggregator.model.entry import (
    Enclosure,
    Entry,
    Instalment,
    ParsedEntry,
    ParsedFeed,
    Tag,
    Text,
)
from aggregator.model.feed import (
    Auth,
    Claim,
    Feed,
    FeedSpec,
    FeedStatus,
    Origin,
    PollRecord,
    PollState,
    Rights,
)
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, ItemId, TopicId
from aggregator.model.intake import Arrival, Candidate, Change, Match
from aggregator.model.publication import Document, Showing
from aggregator.model.story import Source, Story
from aggregator.model.topic import (
    Admitted,
    Case,
    Decision,
    Expect,
    Item,
    Mode,
    NewDecision,
    NewItem,
    PublishSpec,
    State,
    Tell,
    Topic,
    TopicSpec,
    TopicStatus,
    Verb,
    Verdict,
)

NOON = 1_795_348_800
"""22 November 2026, 12:00 UTC: when tests take place."""


def a_hash(text: str) -> int:
    """Return some signed 64-bit number that stands for this text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def a_feed_spec(
    *,
    url: str = "https://wire.example/feed.xml",
    name: str = "wire",
    tags: tuple[str, ...] = (),
    every: int | None = None,
    trust: float = 0.5,
    rights: Rights = Rights.EXCERPT,
    rights_written: bool = False,
    auth: Auth | None = None,
    keep: int | None = None,
    fulltext: bool = False,
    scrape: Mapping[str, str] | None = None,
) -> FeedSpec:
    return FeedSpec(
        url=url,
        name=name,
        tags=tags,
        every=every,
        trust=trust,
        rights=rights,
        rights_written=rights_written,
        auth=auth,
        keep=keep,
        fulltext=fulltext,
        scrape=scrape,
    )


def a_feed(
    *,
    id: int = 1,
    spec: FeedSpec | None = None,
    origin: Origin = Origin.FILE,
    status: FeedStatus = FeedStatus.ACTIVE,
    title: str | None = "The Wire",
    site_url: str | None = "https://wire.example/",
    lang: str | None = "en",
    icon: str | None = None,
    added_at: int = NOON,
) -> Feed:
    return Feed(
        id=FeedId(id),
        spec=spec or a_feed_spec(),
        origin=origin,
        status=status,
        title=title,
        site_url=site_url,
        lang=lang,
        icon=icon,
        added_at=added_at,
    )


def a_poll_state(
    *,
    next_poll_at: float | None = float(NOON),
    generation: int = 0,
    interval: int = 3600,
    ttl: int | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    body_hash: int | None = None,
    last_status: int | None = None,
    last_poll_at: float | None = None,
    last_ok_at: float | None = None,
    last_new_at: float | None = None,
    failures: int = 0,
    problem: str | None = None,
    moved_to: str | None = None,
    moved_count: int = 0,
) -> PollState:
    return PollState(
        next_poll_at=next_poll_at,
        generation=generation,
        interval=interval,
        ttl=ttl,
        etag=etag,
        last_modified=last_modified,
        body_hash=body_hash,
        last_status=last_status,
        last_poll_at=last_poll_at,
        last_ok_at=last_ok_at,
        last_new_at=last_new_at,
        failures=failures,
        problem=problem,
        moved_to=moved_to,
        moved_count=moved_count,
    )


def a_claim(*, feed: Feed | None = None, state: PollState | None = None) -> Claim:
    return Claim(feed=feed or a_feed(), state=state or a_poll_state(generation=1))


def a_poll_record(
    *,
    feed_id: int = 1,
    at: float = NOON,
    status: int | None = 200,
    ms: int = 40,
    bytes: int = 5000,
    seen: int = 0,
    new: int = 0,
    revised: int = 0,
    problem: str | None = None,
) -> PollRecord:
    return PollRecord(
        feed_id=FeedId(feed_id),
        at=at,
        status=status,
        ms=ms,
        bytes=bytes,
        seen=seen,
        new=new,
        revised=revised,
        problem=problem,
    )


def a_parsed_entry(
    *,
    guid: str | None = "https://wire.example/grain",
    guid_is_link: bool = False,
    url: str | None = "https://wire.example/grain",
    title: str = "Grain corridor reopens",
    summary: str = "Ships left the port this morning.",
    content: str = "",
    author: str | None = None,
    published: int | None = NOON - 3600,
    updated: int | None = None,
    categories: tuple[str, ...] = (),
    enclosures: tuple[Enclosure, ...] = (),
    image: str | None = None,
    lang: str | None = None,
    source_title: str | None = None,
    source_url: str | None = None,
    licence: str | None = None,
    base: str | None = None,
) -> ParsedEntry:
    return ParsedEntry(
        guid=guid,
        guid_is_link=guid_is_link,
        url=url,
        title=title,
        summary=summary,
        content=content,
        author=author,
        published=published,
        updated=updated,
        categories=categories,
        enclosures=enclosures,
        image=image,
        lang=lang,
        source_title=source_title,
        source_url=source_url,
        licence=licence,
        base=base,
    )


def a_parsed_feed(
    *,
    format: str = "rss20",
    title: str | None = "The Wire",
    site_url: str | None = "https://wire.example/",
    lang: str | None = "en",
    icon: str | None = None,
    ttl: int | None = None,
    self_url: str | None = None,
    hub_urls: tuple[str, ...] = (),
    entries: tuple[ParsedEntry, ...] = (),
    problem: str | None = None,
) -> ParsedFeed:
    return ParsedFeed(
        format=format,
        title=title,
        site_url=site_url,
        lang=lang,
        icon=icon,
        ttl=ttl,
        self_url=self_url,
        hub_urls=hub_urls,
        entries=entries,
        problem=problem,
    )


def a_text(
    *,
    url: str | None = "https://wire.example/grain",
    title: str = "Grain corridor reopens",
    summary: str = "Ships left the port this morning.",
    content: str = "<p>Ships left the port this morning, for the first time in weeks.</p>",
    author: str | None = None,
    lang: str | None = "en",
    published_at: int | None = NOON - 3600,
    updated_at: int | None = None,
    categories: tuple[str, ...] = (),
    enclosures: tuple[Enclosure, ...] = (),
    image: str | None = None,
    source_title: str | None = None,
    source_url: str | None = None,
    licence: str | None = None,
) -> Text:
    return Text(
        url=url,
        title=title,
        summary=summary,
        content=content,
        author=author,
        lang=lang,
        published_at=published_at,
        updated_at=updated_at,
        categories=categories,
        enclosures=enclosures,
        image=image,
        source_title=source_title,
        source_url=source_url,
        licence=licence,
    )


def an_entry(
    *,
    id: int = 1,
    feed_id: int = 1,
    article_id: int = 1,
    guid: str = "https://wire.example/grain",
    text: Text | None = None,
    title: str | None = None,
    first_seen_at: int = NOON,
    rev: int = 1,
    withdrawn_at: int | None = None,
    tags: tuple[Tag, ...] = (),
    series: tuple[Instalment, ...] = (),
) -> Entry:
    return Entry(
        id=EntryId(id),
        feed_id=FeedId(feed_id),
        article_id=ArticleId(article_id),
        guid=guid,
        text=text or (a_text() if title is None else a_text(title=title)),
        first_seen_at=first_seen_at,
        rev=rev,
        withdrawn_at=withdrawn_at,
        tags=tags,
        series=series,
    )


def an_arrival(
    *,
    feed_id: int = 1,
    guid: str = "https://wire.example/grain",
    key_hash: int | None = None,
    digest: int = 1,
    url_hash: int | None = None,
    body_hash: int | None = None,
    text: Text | None = None,
    title: str | None = None,
    first_seen_at: int = NOON,
    tags: tuple[Tag, ...] = (),
    series: tuple[Instalment, ...] = (),
    matches: tuple[Match, ...] = (),
    article_id: int | None = None,
    public_id: str | None = None,
    join_because: str = "first",
    withdrawn: str | None = None,
) -> Arrival:
    """Give an arrival whose hashes follow from its guid where the test names none."""
    return Arrival(
        feed_id=FeedId(feed_id),
        guid=guid,
        key_hash=a_hash(guid) if key_hash is None else key_hash,
        digest=digest,
        url_hash=url_hash,
        body_hash=body_hash,
        text=text or (a_text() if title is None else a_text(title=title)),
        first_seen_at=first_seen_at,
        tags=tags,
        series=series,
        matches=matches,
        article_id=None if article_id is None else ArticleId(article_id),
        public_id=(
            f"{a_hash(f'{feed_id} {guid}') & (1 << 64) - 1:016x}"
            if public_id is None
            else public_id
        ),
        join_because=join_because,
        withdrawn=withdrawn,
    )


def a_change(
    *,
    entry_id: int = 1,
    guid: str = "https://wire.example/grain",
    key_hash: int | None = None,
    digest: int = 2,
    url_hash: int | None = None,
    body_hash: int | None = None,
    text: Text | None = None,
    at: int = NOON + 3600,
    tags: tuple[Tag, ...] = (),
    series: tuple[Instalment, ...] = (),
    matches: tuple[Match, ...] = (),
) -> Change:
    return Change(
        entry_id=EntryId(entry_id),
        key_hash=a_hash(guid) if key_hash is None else key_hash,
        digest=digest,
        url_hash=url_hash,
        body_hash=body_hash,
        text=text or a_text(title="Grain corridor reopens, then closes"),
        at=at,
        tags=tags,
        series=series,
        matches=matches,
    )


def a_candidate(
    *,
    entry_id: int = 1,
    feed_id: int = 1,
    article_id: int = 1,
    url_hash: int | None = None,
    body_hash: int | None = None,
    first_seen_at: int = NOON,
) -> Candidate:
    return Candidate(
        entry_id=EntryId(entry_id),
        feed_id=FeedId(feed_id),
        article_id=ArticleId(article_id),
        url_hash=url_hash,
        body_hash=body_hash,
        first_seen_at=first_seen_at,
    )


def a_match(*, topic_id: int = 1, because: str = "title says grain") -> Match:
    return Match(topic_id=TopicId(topic_id), because=because)


def a_story(
    *,
    id: int = 1,
    public_id: str = "0123456789abcdef",
    lead_entry_id: int = 1,
    first_at: int = NOON - 3600,
    last_at: int = NOON - 3600,
    size: int = 1,
) -> Story:
    return Story(
        id=ArticleId(id),
        public_id=public_id,
        lead_entry_id=EntryId(lead_entry_id),
        first_at=first_at,
        last_at=last_at,
        size=size,
        told_in=ArticleId(id),
    )


def a_source(
    *, entry: Entry | None = None, feed: Feed | None = None, because: str = "first"
) -> Source:
    return Source(entry=entry or an_entry(), feed=feed or a_feed(), because=because)


def a_topic_spec(
    *,
    slug: str = "global-lane",
    title: str = "Global Lane",
    match: str = "grain",
    about: str = "World affairs, one calm column a day.",
    mode: Mode = Mode.REVIEW,
    tell: Tell = Tell.COPIES,
    publish: PublishSpec | None = None,
    expect: Expect | None = None,
    lang: str | None = None,
) -> TopicSpec:
    return TopicSpec(
        slug=slug,
        title=title,
        match=match,
        about=about,
        mode=mode,
        tell=tell,
        publish=publish or PublishSpec(),
        expect=expect or Expect(),
        lang=lang,
    )


def a_topic(
    *,
    id: int = 1,
    spec: TopicSpec | None = None,
    origin: Origin = Origin.FILE,
    status: TopicStatus = TopicStatus.ACTIVE,
    version: int = 1,
    created_at: int = NOON,
) -> Topic:
    return Topic(
        id=TopicId(id),
        spec=spec or a_topic_spec(),
        origin=origin,
        status=status,
        version=version,
        created_at=created_at,
    )


def a_decision(
    *,
    id: int = 1,
    at: int = NOON,
    actor: str = "ida",
    verb: Verb = Verb.APPROVE,
    topic_id: int | None = 1,
    entry_id: int | None = 1,
    payload: dict[str, str] | None = None,
    why: str = "",
    undo_of: int | None = None,
) -> Decision:
    return Decision(
        id=DecisionId(id),
        at=at,
        actor=actor,
        verb=verb,
        topic_id=None if topic_id is None else TopicId(topic_id),
        entry_id=None if entry_id is None else EntryId(entry_id),
        payload=payload or {},
        why=why,
        undo_of=None if undo_of is None else DecisionId(undo_of),
    )


def a_new_decision(
    *,
    at: int = NOON,
    actor: str = "ida",
    verb: Verb = Verb.APPROVE,
    topic_id: int | None = 1,
    entry_id: int | None = 1,
    payload: dict[str, str] | None = None,
    why: str = "",
    undo_of: int | None = None,
) -> NewDecision:
    return NewDecision(
        at=at,
        actor=actor,
        verb=verb,
        topic_id=None if topic_id is None else TopicId(topic_id),
        entry_id=None if entry_id is None else EntryId(entry_id),
        payload=payload or {},
        why=why,
        undo_of=None if undo_of is None else DecisionId(undo_of),
    )


def a_verdict(
    *,
    topic_id: int = 1,
    article_id: int = 1,
    state: State = State.PUBLISHED,
    because: str = "title says grain",
    pinned: bool = False,
    title: str | None = None,
    summary: str | None = None,
    note: str | None = None,
    decision_id: int | None = None,
    since: int = NOON,
) -> Verdict:
    return Verdict(
        topic_id=TopicId(topic_id),
        article_id=ArticleId(article_id),
        state=state,
        because=because,
        pinned=pinned,
        title=title,
        summary=summary,
        note=note,
        decision_id=None if decision_id is None else DecisionId(decision_id),
        since=since,
    )


def an_item(
    *,
    id: int = 1,
    topic_id: int = 1,
    article_id: int = 1,
    uri: str = "tag:desk.example,2026:1",
    lead_entry_id: int = 1,
    first_published_at: int = NOON,
    updated_at: int = NOON,
    text_digest: int | None = None,
    visible_from: int = NOON,
    visible_until: int | None = None,
) -> Item:
    return Item(
        id=ItemId(id),
        topic_id=TopicId(topic_id),
        article_id=ArticleId(article_id),
        uri=uri,
        lead_entry_id=EntryId(lead_entry_id),
        first_published_at=first_published_at,
        updated_at=updated_at,
        text_digest=text_digest,
        visible_from=visible_from,
        visible_until=visible_until,
    )


def a_new_item(
    *,
    topic_id: int = 1,
    article_id: int = 1,
    uri: str = "tag:desk.example,2026:1",
    lead_entry_id: int = 1,
    first_published_at: int = NOON,
    updated_at: int = NOON,
    visible_from: int = NOON,
    visible_until: int | None = None,
) -> NewItem:
    return NewItem(
        topic_id=TopicId(topic_id),
        article_id=ArticleId(article_id),
        uri=uri,
        lead_entry_id=EntryId(lead_entry_id),
        first_published_at=first_published_at,
        updated_at=updated_at,
        visible_from=visible_from,
        visible_until=visible_until,
    )


def an_admitted(
    *,
    entry_id: int = 1,
    feed_id: int = 1,
    because: str = "title says grain",
    by_editor: bool = False,
    place: int = NOON - 3600,
    guid: str = "https://wire.example/grain",
    key_hash: int | None = None,
    published_at: int | None = NOON - 3600,
    updated_at: int | None = None,
    first_seen_at: int = NOON,
    url: str | None = None,
    withdrawn: bool = False,
    fullness: int = 0,
) -> Admitted:
    return Admitted(
        entry_id=EntryId(entry_id),
        feed_id=FeedId(feed_id),
        because=because,
        by_editor=by_editor,
        place=place,
        guid=guid,
        key_hash=a_hash(guid) if key_hash is None else key_hash,
        published_at=published_at,
        updated_at=updated_at,
        first_seen_at=first_seen_at,
        url=url,
        withdrawn=withdrawn,
        fullness=fullness,
    )


def a_case(
    *,
    topic_id: int = 1,
    article_id: int = 1,
    admitted: tuple[Admitted, ...] | None = None,
    decisions: tuple[Decision, ...] = (),
    verdict: Verdict | None = None,
    item: Item | None = None,
) -> Case:
    return Case(
        topic_id=TopicId(topic_id),
        article_id=ArticleId(article_id),
        admitted=(an_admitted(),) if admitted is None else admitted,
        decisions=decisions,
        verdict=verdict,
        item=item,
    )


def a_showing(
    *,
    item: Item | None = None,
    verdict: Verdict | None = None,
    sources: tuple[Source, ...] | None = None,
) -> Showing:
    """Give a showing whose lead is the first of its sources."""
    told = (a_source(),) if sources is None else sources
    return Showing(
        item=item or an_item(), verdict=verdict or a_verdict(), lead=told[0], sources=told
    )


def a_document(
    *,
    path: str = "topics/global-lane.atom",
    content_type: str = "application/atom+xml",
    body: bytes = b"<feed/>",
    gzip: bytes = b"\x1f\x8b",
    etag: str = '"1"',
    kept_at: int = NOON,
) -> Document:
    return Document(
        path=path,
        content_type=content_type,
        body=body,
        gzip=gzip,
        etag=etag,
        kept_at=kept_at,
    )
