"""What of a poll is new, revised or the same, and which story each new entry tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.core.drafting import Draft
from aggregator.core.flood import FEW, Flood, flood
from aggregator.core.homes import at_home
from aggregator.core.identity import story_public_id
from aggregator.core.urls import host_of, lies_on
from aggregator.model.entry import Known
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId, StoryId
from aggregator.model.intake import Alias, Arrival, Blocks, Candidate, Change, Intake, Merge, Past

MOST_UNDATED_REVISIONS = 24  # of one entry, its publisher's `updated` being the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What the store is asked while it is decided: only of what is new or revised."""

    candidates: Callable[[Sequence[Draft]], Sequence[Candidate]]  # that may tell the same
    past: Callable[[Sequence[EntryId]], Mapping[EntryId, Past]]


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
    stories = StoryFinder(feed, homes, drafts, candidates)
    arrivals = []
    for draft in fresh:
        if draft.key_hash in flooded.same_as:
            continue
        story_id, because = stories.story_of(draft)
        arrival = _arrival(feed, draft, story_id, because, blocks=blocks, now=now)
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
        merges=stories.merges(),
        aliases=aliases + tuple(_seen(feed, draft, before.entry_id) for draft, before in restless),
        same=same,
        notice=flooded.notice,
    )


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


class StoryFinder:
    """Finds the story an entry tells by exact means: canonical address, else body.

    Only other feeds are asked: within one feed two entries are two (a dated column with a
    standing text is the trap). An address that a feed gives to several entries identifies none of
    them. Stories that one entry proves to be the same are merged, unless both already hold an
    entry of one and the same feed. One story's address with another's text proves nothing where
    it comes from a stranger: it must lie at home there, or anybody could merge what he likes.
    """

    def __init__(
        self,
        feed: Feed,
        homes: frozenset[str],
        drafts: Sequence[Draft],
        candidates: Sequence[Candidate],
    ) -> None:
        self._feed_id, self._homes = feed.id, homes
        self._by_url: dict[int, list[Candidate]] = {}
        self._by_body: dict[int, list[Candidate]] = {}
        self._feeds_of: dict[StoryId, set[int]] = {}
        shared: Counter[tuple[int, int]] = Counter()
        for each in candidates:
            if each.url_hash is not None:
                self._by_url.setdefault(each.url_hash, []).append(each)
                shared[each.feed_id, each.url_hash] += 1
            if each.body_hash is not None:
                self._by_body.setdefault(each.body_hash, []).append(each)
            self._feeds_of.setdefault(each.story_id, set()).add(each.feed_id)
        here = Counter(each.url_hash for each in drafts if each.url_hash is not None)
        # An address that one feed gives to several entries identifies none of that feed's.
        self._vague = {pair for pair, count in shared.items() if count > 1}
        self._vague |= {(feed.id, url) for url, count in here.items() if count > 1}
        self._vague |= {pair for pair in shared if pair[0] == feed.id}
        self._merges: dict[StoryId, Merge] = {}

    def story_of(self, draft: Draft) -> tuple[StoryId | None, str]:
        """Return the story to join and why, or None and "first"."""
        by_url = self._open(self._by_url.get(draft.url_hash or 0, []))
        by_url = [each for each in by_url if (each.feed_id, each.url_hash) not in self._vague]
        if draft.url_hash is None or (self._feed_id, draft.url_hash) in self._vague:
            by_url = []
        by_body = self._open(self._by_body.get(draft.body_hash or 0, []))
        if draft.body_hash is None:
            by_body = []
        if not by_url and not by_body:
            return None, "first"
        if by_url:
            found, because = by_url[0], f"same address as entry {by_url[0].entry_id}"
        else:
            found, because = by_body[0], f"same text as entry {by_body[0].entry_id}"
        story_id = self._now(found.story_id)
        crossed = by_body if not by_url or at_home(draft.text.url, self._homes) else []
        for other in [*by_url[1:], *crossed]:
            story_id = self._merge(story_id, self._now(other.story_id), because)
        self._feeds_of[story_id].add(self._feed_id)
        return story_id, because

    def merges(self) -> tuple[Merge, ...]:
        """Return the stories found to be one, in the order they must be emptied."""
        return tuple(self._merges.values())

    def _open(self, candidates: list[Candidate]) -> list[Candidate]:
        return [
            each
            for each in candidates
            if each.feed_id != self._feed_id
            and self._feed_id not in self._feeds_of[self._now(each.story_id)]
        ]

    def _now(self, story_id: StoryId) -> StoryId:
        while story_id in self._merges:
            story_id = self._merges[story_id].into
        return story_id

    def _merge(self, one: StoryId, other: StoryId, because: str) -> StoryId:
        if one == other or self._feeds_of[one] & self._feeds_of[other]:
            return one
        into, merged = min(one, other), max(one, other)
        self._merges[merged] = Merge(into=into, merged=merged, because=because)
        self._feeds_of[into] |= self._feeds_of[merged]
        return into


def _arrival(
    feed: Feed,
    draft: Draft,
    story_id: StoryId | None,
    because: str,
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
        story_id=story_id,
        # Two keys may be written alike (a guid that is another entry's address); hashes are not.
        story_public_id=story_public_id(feed.spec.url, f"{draft.key_hash} {draft.guid}"),
        join_because=because,
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
