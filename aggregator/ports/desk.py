"""What editors and publishers work with: topics, decisions, documents, withdrawals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aggregator.model.feed import Origin
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, TopicId
from aggregator.model.intake import Blocks, Match
from aggregator.model.publication import Document, Former, Showing, TopicSummary
from aggregator.model.topic import (
    Case,
    Decision,
    Item,
    NewDecision,
    NewItem,
    Topic,
    TopicSpec,
    TopicStatus,
    Verb,
    Verdict,
)


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
    def remove(self, topic_id: TopicId) -> None:
        """Take a topic out for good: nothing finds it, and its slug is free for another."""
        ...

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

    def topics_of(self, article_ids: Sequence[ArticleId]) -> tuple[tuple[TopicId, ArticleId], ...]:
        """Every (topic, story) with an admission, a verdict or an item."""
        ...

    def showing(self, article_ids: Sequence[ArticleId]) -> frozenset[TopicId]:
        """Active topics in which one of these articles has an item that is not over."""
        ...

    def case(self, topic_id: TopicId, article_id: ArticleId) -> Case: ...
    def cases(self, places: Sequence[tuple[TopicId, ArticleId]]) -> tuple[Case, ...]:
        """Many at once, in the order asked for."""
        ...

    def shown_by_source(self, topic_id: TopicId, feed_id: FeedId, since: int) -> int:
        """Items whose lead is of this feed, first published since then (for `per_source`)."""
        ...

    def keep_verdicts(self, verdicts: Iterable[Verdict]) -> None: ...
    def drop_verdict(self, topic_id: TopicId, article_id: ArticleId) -> None: ...
    def add_item(self, item: NewItem) -> Item:
        """Raises `UsageError` when the topic already has the uri."""
        ...

    def has_uri(self, topic_id: TopicId, uri: str) -> bool: ...
    def change_item(self, item: Item) -> None:
        """Replace lead, dates, digest and visibility; id, uri and number never change."""
        ...

    def return_item(
        self, topic_id: TopicId, article_id: ArticleId, entry_ids: Sequence[EntryId]
    ) -> Item | None:
        """Give a story the item that once stood for one of these entries and has no story now."""
        ...

    def decide(self, decision: NewDecision) -> Decision:
        """Append."""
        ...

    def decision(self, decision_id: DecisionId) -> Decision | None: ...
    def decisions(self, *, limit: int) -> tuple[Decision, ...]:
        """Newest first."""
        ...

    def decided(self, verb: Verb) -> tuple[Decision, ...]:
        """All acts of this kind, newest first."""
        ...

    def undone_by(self, decision_id: DecisionId) -> DecisionId | None:
        """The undo of it that holds."""
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
    def number(self, topic_id: TopicId, now: float) -> None:
        """Give those that are to be seen for the first time the topic's next numbers."""
        ...

    def numbered(self, topic_id: TopicId, first: int, last: int, now: float) -> tuple[Showing, ...]:
        """Those visible now that have these numbers, newest first."""
        ...

    def archived(self, topic_id: TopicId, first: int, last: int, now: float) -> tuple[Showing, ...]:
        """What an archive of these numbers holds as it reads now, newest first: also what editors
        took out of the topic since."""
        ...

    def keep(self, document: Document) -> bool:
        """Write it unless the same bytes are there; True when they changed."""
        ...

    def document(self, path: str) -> Document | None: ...
    def etag(self, path: str) -> str | None: ...
    def etags(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Path to ETag of those of these documents that there are."""
        ...

    def paths(self) -> Mapping[str, str]:
        """Path to ETag of every document."""
        ...

    def drop(self, slug: str) -> None:
        """Forget all documents of a topic, archives included."""
        ...

    def move(self, slug: str, new: str) -> None:
        """Let a topic's documents lie under another slug, archives with the bytes they have."""
        ...

    def former(self, slug: str) -> Former | None:
        """Where a topic of this slug went; None: no topic had it, or one has it again."""
        ...

    def once(self, slug: str) -> Former | None:
        """The same, whether or not a topic has it again."""
        ...

    def set_former(self, slug: str, topic_id: TopicId | None, at: int) -> None:
        """Remember that a slug leads to this topic, to nothing once that is removed; None: that
        what had it was removed for good."""
        ...


class Withdrawals(Protocol):
    """What was taken out and may not return."""

    def add(self, kind: str, value: str, reason: str, at: int, decision_id: DecisionId) -> None:
        """`kind` is entry, url, body, feed or host; `value` the hash, number or host as text."""
        ...

    def lift(self, decision_id: DecisionId, at: int) -> None: ...
    def blocks(self) -> Blocks: ...
