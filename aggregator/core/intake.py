"""What of a poll is new, revised or the same, and which story each new entry tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aggregator.core.articles import ArticleFinder, Asked, Found
from aggregator.core.cluster import StoryIndex
from aggregator.core.cluster_bonds import NO_BONDS, Bonds
from aggregator.core.drafting import Draft, place_of
from aggregator.core.flood import FEW, Flood, flood
from aggregator.core.identity import public_id_of
from aggregator.core.urls import host_of, lies_on
from aggregator.model.entry import Instalment, Known
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.intake import Alias, Arrival, Blocks, Candidate, Change, Intake, Join, Past

MOST_UNDATED_REVISIONS = 24  # of one entry, its publisher's `updated` being the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What the store is asked while it is decided: only of what is new or revised."""

    candidates: Callable[[Sequence[Draft]], Sequence[Candidate]]  # that may tell the same
    past: Callable[[Sequence[EntryId]], Mapping[EntryId, Past]]
    asked: Asked = field(default_factory=Asked)
    stories: Stories | None = None  # None: nothing is looked for among others' reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """Where reports are looked for: the index, and the highest number an article ever had."""

    index: StoryIndex
    last_article: int
    window: int  # seconds; what is older stands for itself


def decide(
    feed: Feed,
    digests: Mapping[int, int],
    known: Mapping[int, Known],
    draft_of: Callable[[int], Draft],
    recall: Recall,
    *,
    homes: frozenset[str],
    blocks: Blocks,
    last_visit: float | None,
    now: int,
) -> Intake:
    """Return everything this poll changes; `draft_of` is asked of new and revised entries only.

    `digests` has the document's entries in its order: the hash of the key and what it says.
    `homes` are the hosts the feed speaks for, `last_visit` is when it was last read.
    """
    fresh: list[Draft] = []
    revised: Revised = []
    same = 0
    for key_hash, digest in digests.items():
        before = known.get(key_hash)
        if before is None:
            fresh.append(draft_of(key_hash))
        elif before.digest != digest:
            revised.append((draft_of(key_hash), before))
        else:
            same += 1

    if not fresh and not revised:
        return Intake(same=same)
    revised, restless = _apart(revised, recall.past)
    drafts = [*fresh, *(draft for draft, _ in revised)]
    candidates = recall.candidates(drafts)
    flooded = _flood(feed, fresh, digests, known, candidates, last_visit=last_visit, now=now)
    aliases, rewritten = _known_again(feed, fresh, flooded)
    finder = ArticleFinder(feed, homes, drafts, candidates, recall.asked)
    teller = _Teller(feed, recall.stories, now)
    arrivals = []
    for draft in _oldest_first(fresh, now):
        if draft.key_hash in flooded.same_as:
            continue
        found = finder.article_of(draft, now)
        arrival = _arrival(feed, draft, found, blocks=blocks, now=now)
        if found.article_id is None:
            arrival = teller.told(draft, arrival)
            if arrival.article_id is not None:
                finder.opened(draft, arrival.article_id)
        held = flooded.held.get(draft.key_hash)
        arrivals.append(arrival if held is None else replace(arrival, held=held))
    changes = tuple(
        _change(feed, draft, entry_id, blocks=blocks, now=now)
        for draft, entry_id in (
            *((draft, before.entry_id) for draft, before in revised),
            *rewritten,
        )
    )
    return Intake(
        arrivals=tuple(arrivals),
        changes=changes,
        merges=finder.merges(),
        joins=tuple(teller.joins),
        aliases=aliases + tuple(_seen(feed, draft, before.entry_id) for draft, before in restless),
        same=same,
        notice=flooded.notice,
    )


class _Teller:
    """Numbers the articles that a poll opens and finds the stories they report."""

    def __init__(self, feed: Feed, stories: Stories | None, now: int) -> None:
        self._feed, self._stories, self._now = feed, stories, now
        self._last = 0 if stories is None else stories.last_article
        self.joins: list[Join] = []

    def told(self, draft: Draft, arrival: Arrival) -> Arrival:
        """Return the arrival with the article it opens, and its story where that is looked for."""
        stories = self._stories
        if stories is None:
            return arrival
        self._last += 1
        arrival = replace(arrival, article_id=ArticleId(self._last), opens=True)
        place = place_of(draft.text, self._now)
        if place < self._now - stories.window or arrival.withdrawn is not None:
            return arrival
        placed = stories.index.place(
            self._last,
            draft.said or ("", ""),
            draft.text.lang or self._feed.lang,
            place,
            source=self._feed.id,
            bonds=bonds_of(draft.series),
        )
        for each in placed.joins:
            into, joined = ArticleId(each.into), ArticleId(each.merged)
            because = f"its reports are alike ({each.likeness:.2f})"
            self.joins.append(Join(into=into, joined=joined, because=because))
        return replace(
            arrival,
            story_id=ArticleId(placed.story),
            cluster_id=ArticleId(placed.cluster),
            story_because=placed.because,
        )


def bonds_of(series: Sequence[Instalment]) -> Bonds:
    """Return what binds an instalment of a column: its days are stories of their own."""
    if not series:
        return NO_BONDS
    keys = {(each.series, str(each.number or each.date)) for each in series}
    return Bonds(instalments=tuple(sorted(keys)))


def _oldest_first(fresh: Sequence[Draft], now: int) -> Sequence[Draft]:
    """Documents begin with the newest; what was published first opens the story."""
    return sorted(reversed(fresh), key=lambda draft: place_of(draft.text, now))


Revised = list[tuple[Draft, Known]]


def _apart(
    revised: Revised, past_of: Callable[[Sequence[EntryId]], Mapping[EntryId, Past]]
) -> tuple[Revised, Revised]:
    """Part revisions from what changes without end: counters, related links, the time of day.

    Such an entry, whose publisher gives its change no new date, is kept as it was, so that it
    fills no store and no reader's list.
    """
    if not revised:
        return [], []
    past = past_of([before.entry_id for _, before in revised])
    kept: Revised = []
    restless: Revised = []
    for draft, before in revised:
        was = past.get(before.entry_id)
        undated = was is not None and draft.text.updated_at == was.updated_at
        spent = was is not None and undated and was.rev > MOST_UNDATED_REVISIONS
        (restless if spent else kept).append((draft, before))
    return kept, restless


def _seen(feed: Feed, draft: Draft, entry_id: EntryId) -> Alias:
    return Alias(
        feed_id=feed.id,
        key_hash=draft.key_hash,
        entry_id=entry_id,
        digest=draft.digest,
        url_hash=draft.url_hash,
    )


def _flood(
    feed: Feed,
    fresh: Sequence[Draft],
    digests: Mapping[int, int],
    known: Mapping[int, Known],
    candidates: Sequence[Candidate],
    *,
    last_visit: float | None,
    now: int,
) -> Flood:
    if last_visit is None or len(fresh) < FEW:  # as nearly always
        return Flood()
    own = [each for each in candidates if each.feed_id == feed.id]
    present = {known[each].entry_id for each in digests if each in known}
    return flood(fresh, own, present, last_visit=last_visit, now=now)


def _known_again(
    feed: Feed, fresh: Sequence[Draft], flooded: Flood
) -> tuple[tuple[Alias, ...], list[tuple[Draft, EntryId]]]:
    """Return the new keys of stored entries, and those of them whose text is another now."""
    aliases, rewritten = [], []
    for draft in fresh:
        stored = flooded.same_as.get(draft.key_hash)
        if stored is None:
            continue
        aliases.append(_seen(feed, draft, stored.entry_id))
        if draft.body_hash != stored.body_hash:
            rewritten.append((draft, stored.entry_id))
    return tuple(aliases), rewritten


def _arrival(
    feed: Feed,
    draft: Draft,
    found: Found,
    *,
    blocks: Blocks,
    now: int,
) -> Arrival:
    return Arrival(
        feed_id=feed.id,
        guid=draft.guid,
        key_hash=draft.key_hash,
        digest=draft.digest,
        url_hash=draft.url_hash,
        body_hash=draft.body_hash,
        text=draft.text,
        first_seen_at=now,
        said=draft.said,
        tags=draft.tags,
        series=draft.series,
        matches=draft.matches,
        article_id=found.article_id,
        # Two keys may be written alike (a guid that is another entry's address); hashes are not.
        public_id=public_id_of(feed.spec.url, f"{draft.key_hash} {draft.guid}"),
        join_because=found.because,
        print=None if found.because.startswith("same text") else draft.print,
        related=found.related,
        reissue_of=found.reissue_of,
        withdrawn=_blocked(feed, draft, blocks),
    )


def _blocked(feed: Feed, draft: Draft, blocks: Blocks) -> str | None:
    if not blocks:
        return None
    return blocked(feed, draft.text.url, (draft.url_hash, draft.body_hash), blocks)


def blocked(
    feed: Feed, url: str | None, hashes: tuple[int | None, int | None], blocks: Blocks
) -> str | None:
    """Return the reason of the withdrawal that keeps an entry out, if any.

    `hashes` are those of its address and of its body.
    """
    address, body = hashes
    if feed.id in blocks.feeds:
        return blocks.feeds[feed.id]
    for host in (host_of(url or ""), host_of(feed.spec.url)):
        for withdrawn, reason in blocks.hosts.items():
            if host is not None and lies_on(host, withdrawn):
                return reason
    if address is not None and address in blocks.urls:
        return blocks.urls[address]
    return blocks.bodies.get(body) if body is not None else None


def _change(feed: Feed, draft: Draft, entry_id: EntryId, *, blocks: Blocks, now: int) -> Change:
    return Change(
        entry_id=entry_id,
        key_hash=draft.key_hash,
        digest=draft.digest,
        url_hash=draft.url_hash,
        body_hash=draft.body_hash,
        text=draft.text,
        at=now,
        said=draft.said,
        tags=draft.tags,
        series=draft.series,
        matches=draft.matches,
        withdrawn=_blocked(feed, draft, blocks),
    )
