"""The seams: what flows need of the outside, in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from aggregator.model.entry import Entry, EntryView, Known, ParsedFeed, Revision
from aggregator.model.exchange import Outcome, Request
from aggregator.model.feed import (
    Claim,
    Feed,
    FeedSpec,
    FeedStatus,
    Origin,
    PollRecord,
    PollState,
)
from aggregator.model.ids import DecisionId, EntryId, FeedId, StoryId, TopicId
from aggregator.model.intake import Blocks, Candidate, Intake, Kept, Match
from aggregator.model.publication import Document, Showing, TopicSummary
from aggregator.model.story import StoryView
from aggregator.model.topic import (
    Case,
    Decision,
    Item,
    NewDecision,
    NewItem,
    Topic,
    TopicSpec,
    TopicStatus,
    Verdict,
)

Clock = Callable[[], float]
"""UTC seconds now; only `system.py` gives a real one."""


class Fetcher(Protocol):
    """One conditional request; never raises for what networks do."""

    def fetch(self, request: Request) -> Outcome: ...
    def close(self) -> None:
        """End every request under way and refuse new ones."""


class Reader(Protocol):
    """Bytes to words, within limits of time and memory."""

    def read(self, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed:
        """Return what the document says. Raises `ReadFailed` when nothing of it can be used."""
        ...

    def warm(self) -> None:
        """Get ready ahead of the first document, without waiting for it."""
        ...

    def close(self) -> None: ...


class Feeds(Protocol):
    """Feeds, their poll state and the leases."""

    def all(self, *statuses: FeedStatus) -> tuple[Feed, ...]:
        """Feeds in order of id; with statuses, only those."""
        ...

    def get(self, feed_id: FeedId) -> Feed | None: ...
    def find(self, handle: str) -> Feed | None:
        """By number, name or exact address, in this order."""
        ...

    def add(self, spec: FeedSpec, *, origin: Origin, now: float) -> Feed:
        """Keep a new feed, due at once. Raises `UsageError` when its address or name is taken."""
        ...

    def change(self, feed_id: FeedId, spec: FeedSpec, *, origin: Origin) -> None:
        """Replace what editors say. A new address or account drops the validators."""
        ...

    def set_status(self, feed_id: FeedId, status: FeedStatus, *, now: float) -> None:
        """ACTIVE makes it due now; any other status stops polling."""
        ...

    def learn(
        self,
        feed_id: FeedId,
        *,
        title: str | None,
        site_url: str | None,
        lang: str | None,
        icon: str | None,
    ) -> None:
        """Keep what the publisher says of itself; writes only what changed."""
        ...

    def state(self, feed_id: FeedId) -> PollState: ...
    def states(self) -> Mapping[FeedId, PollState]: ...
    def claim_due(
        self,
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease due feeds, oldest due first; a host has at most `per_host` leases and its next
        claim not before `spacing` seconds after its last."""
        ...

    def claim(
        self,
        feed_ids: Sequence[FeedId],
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease these feeds though they are not due; hosts' spacing and pauses still hold.
        Those that cannot be claimed yet are simply not returned."""
        ...

    def next_claim_at(self, feed_ids: Sequence[FeedId] | None = None) -> float | None:
        """When the next feed can be claimed, its host's spacing counted; None: never.
        With ids: when one of these can be claimed, due or not."""
        ...

    def pause_host(self, host: str, until: float) -> None:
        """No claim on this host before `until` (Retry-After is the host's)."""
        ...

    def release_leases(self) -> int:
        """Give back every lease; only for the one daemon that holds the store. Returns how many."""
        ...

    def replan(self, now: float) -> int:
        """Make due what was last polled in the future: the clock went back. Returns how many."""
        ...

    def settle(self, claim: Claim, state: PollState) -> bool:
        """End a claim with its new state. False, and nothing written, when the claim was
        overtaken (the generation moved on)."""
        ...

    def log_poll(self, record: PollRecord) -> None: ...
    def history(self, feed_id: FeedId, limit: int) -> tuple[PollRecord, ...]: ...
    def is_anothers(self, host: str, feed_id: FeedId) -> bool:
        """Whether another feed is polled from this host (`www.` or `m.` before it or not)."""
        ...

    def counts(self) -> Mapping[FeedId, int]:
        """Entries kept per feed."""
        ...


class Entries(Protocol):
    """Entries, their texts, tags and what was seen."""

    def known(self, feed_id: FeedId, key_hashes: Sequence[int]) -> Mapping[int, Known]: ...
    def candidates(
        self, url_hashes: Sequence[int], body_hashes: Sequence[int]
    ) -> tuple[Candidate, ...]:
        """Stored entries that share one of these hashes, in order of id."""
        ...

    def keep(self, intake: Intake) -> tuple[Kept, ...]:
        """Write all of it, search index included; arrivals first, then changes, in order.
        Rule matches become admissions (a change replaces its entry's rule admissions)."""
        ...

    def get(self, entry_id: EntryId) -> Entry | None: ...
    def view(self, entry_id: EntryId) -> EntryView | None: ...
    def views(self, entry_ids: Sequence[EntryId]) -> tuple[EntryView, ...]:
        """In the order asked for."""
        ...

    def hashes(self, entry_id: EntryId) -> tuple[int | None, int | None]:
        """The entry's (url_hash, body_hash)."""
        ...

    def by_url(self, url_hash: int) -> tuple[EntryId, ...]: ...
    def revisions(self, entry_id: EntryId) -> tuple[Revision, ...]: ...
    def newest(
        self, *, since: int = 0, before_id: int | None = None, limit: int
    ) -> tuple[Entry, ...]:
        """By id, newest first: the pages that whole-history scans walk."""
        ...

    def search(self, fts: str, *, before_id: int | None = None, limit: int) -> tuple[EntryId, ...]:
        """Ids whose indexed tokens match an FTS5 expression, newest first."""
        ...

    def count(self) -> int: ...
    def set_withdrawn(self, entry_ids: Sequence[EntryId], at: int | None) -> None: ...
    def of_feed(self, feed_id: FeedId) -> tuple[EntryId, ...]: ...
    def of_host(self, host: str) -> tuple[EntryId, ...]:
        """Entries whose article or whose feed lies on this host."""
        ...


class Stories(Protocol):
    """Stories and their sources."""

    def find(self, handle: str) -> StoryView | None:
        """By `sNUMBER` or public id."""
        ...

    def view(self, story_id: StoryId) -> StoryView | None: ...
    def of_entry(self, entry_id: EntryId) -> StoryId | None: ...
    def entry_ids(self, story_id: StoryId) -> tuple[EntryId, ...]: ...
    def newest(
        self, *, topic_id: TopicId | None = None, state: str | None = None, limit: int
    ) -> tuple[StoryView, ...]: ...
    def published_ids(self) -> tuple[StoryId, ...]:
        """Stories with an item in any topic."""
        ...


class Topics(Protocol):
    """Topics, admissions, verdicts, items and decisions."""

    def all(self, *statuses: TopicStatus) -> tuple[Topic, ...]: ...
    def get(self, topic_id: TopicId) -> Topic | None: ...
    def find(self, slug: str) -> Topic | None: ...
    def add(self, spec: TopicSpec, *, origin: Origin, now: float) -> Topic: ...
    def change(self, topic_id: TopicId, spec: TopicSpec, *, origin: Origin) -> None:
        """Replace the spec; the version counts up."""
        ...

    def set_status(self, topic_id: TopicId, status: TopicStatus) -> None: ...
    def summaries(self, now: float) -> tuple[TopicSummary, ...]: ...
    def admit(self, entry_id: EntryId, matches: Sequence[Match], *, by_editor: bool) -> None: ...
    def readmit(
        self, entry_id: EntryId, matches: Sequence[Match], topics: Sequence[TopicId]
    ) -> bool:
        """Replace the entry's rule admissions to these topics. True when anything changed."""
        ...

    def unadmit(self, entry_id: EntryId, topic_id: TopicId) -> None:
        """Take back an editor's admission."""
        ...

    def topics_of(self, story_ids: Sequence[StoryId]) -> tuple[tuple[TopicId, StoryId], ...]:
        """Every (topic, story) with an admission, a verdict or an item."""
        ...

    def showing(self, story_ids: Sequence[StoryId]) -> frozenset[TopicId]:
        """Topics in which one of these stories has an item that is not over."""
        ...

    def case(self, topic_id: TopicId, story_id: StoryId) -> Case: ...
    def shown_by_source(self, topic_id: TopicId, feed_id: FeedId, since: int) -> int:
        """Items whose lead is of this feed, first published since then (for `per_source`)."""
        ...

    def keep_verdict(self, verdict: Verdict) -> None: ...
    def drop_verdict(self, topic_id: TopicId, story_id: StoryId) -> None: ...
    def add_item(self, item: NewItem) -> Item:
        """Raises `UsageError` when the topic already has the uri."""
        ...

    def has_uri(self, topic_id: TopicId, uri: str) -> bool: ...
    def change_item(self, item: Item) -> None:
        """Replace lead, dates, digest and visibility; id, uri and order never change."""
        ...

    def decide(self, decision: NewDecision) -> Decision:
        """Append."""
        ...

    def decision(self, decision_id: DecisionId) -> Decision | None: ...
    def decisions(self, *, limit: int) -> tuple[Decision, ...]:
        """Newest first."""
        ...

    def undone(self, decision_id: DecisionId) -> bool:
        """Whether a later decision undid it."""
        ...

    def filed_spec(self, topic_id: TopicId) -> str | None:
        """The fingerprint of rule and vocabulary that stored entries were last filed by."""
        ...

    def set_filed_spec(self, topic_id: TopicId, fingerprint: str) -> None: ...


class Publications(Protocol):
    """Dirty topics, visible items and finished documents."""

    def mark_dirty(self, topic_id: TopicId, not_before: float) -> None: ...
    def dirty(self, now: float) -> tuple[TopicId, ...]: ...
    def next_dirty_at(self) -> float | None: ...
    def clean(self, topic_id: TopicId, now: float) -> None:
        """Forget the marks up to `now`; later ones (delay, expiry) stay."""
        ...

    def visible(self, topic_id: TopicId, now: float, limit: int) -> tuple[Showing, ...]:
        """Items visible now, newest first published first, with bodies."""
        ...

    def pinned(self, topic_id: TopicId, now: float) -> tuple[Showing, ...]: ...
    def keep(self, document: Document) -> bool:
        """Write it unless the same bytes are there; True when they changed."""
        ...

    def document(self, path: str) -> Document | None: ...
    def paths(self) -> Mapping[str, str]:
        """Path to ETag of every document."""
        ...


class Withdrawals(Protocol):
    """What was taken out and may not return."""

    def add(self, kind: str, value: str, reason: str, at: int, decision_id: DecisionId) -> None:
        """`kind` is entry, url, body, feed or host; `value` the hash, number or host as text."""
        ...

    def lift(self, decision_id: DecisionId, at: int) -> None: ...
    def blocks(self) -> Blocks: ...


class Meta(Protocol):
    """Small facts that are set once (authority, year) or counted."""

    def get(self, name: str) -> str | None: ...
    def set(self, name: str, value: str) -> None: ...
    def set_once(self, name: str, value: str) -> str:
        """Keep the value unless one is there; return the one that holds."""
        ...


class Tx(Protocol):
    """One transaction: all of it is kept, or none."""

    @property
    def feeds(self) -> Feeds: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def stories(self) -> Stories: ...
    @property
    def topics(self) -> Topics: ...
    @property
    def publications(self) -> Publications: ...
    @property
    def withdrawals(self) -> Withdrawals: ...
    @property
    def meta(self) -> Meta: ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that can fail alone: its writes are rolled back, the error goes on."""
        ...


class Store(Protocol):
    """Where everything we know is kept."""

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent view; never waits for the writer."""
        ...

    def write(self, *, durable: bool = False) -> AbstractContextManager[Tx]:
        """The one writer. `durable` survives a power cut (decisions, publications)."""
        ...

    def version(self) -> int:
        """A number that changes when anybody, in any process, has written."""
        ...

    def doctor(self) -> tuple[tuple[str, bool, str], ...]:
        """(check, fine, what was found) for each thing that can be wrong with the store."""
        ...

    def close(self) -> None: ...
