"""What feeds brought: entries, and the stories they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.entry import Entry, EntryView, Instalment, Known, Revision
from aggregator.model.ids import ArticleId, EntryId, FeedId, TopicId
from aggregator.model.intake import Candidate, Intake, Kept, Past
from aggregator.model.story import Alike, StoryView


class Entries(Protocol):
    """Entries, their texts, tags and what was seen."""

    def known(self, feed_id: FeedId, key_hashes: Sequence[int]) -> Mapping[int, Known]: ...
    def past(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, Past]:
        """How often each was revised, of those still there."""
        ...

    def candidates(
        self,
        url_hashes: Sequence[int],
        body_hashes: Sequence[int],
        instalments: Sequence[tuple[str, str | int]] = (),
    ) -> tuple[Candidate, ...]:
        """Stored entries that share one of these hashes, or are one of these instalments, in order
        of id; with their own instalments if any are asked for."""
        ...

    def instalments(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, tuple[Instalment, ...]]:
        """The columns' days that these are, of those that are."""
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
    def revised(self, since: int) -> tuple[EntryId, ...]:
        """Entries whose text was replaced from then on."""
        ...

    def newest(
        self, *, since: int = 0, before_id: int | None = None, limit: int
    ) -> tuple[Entry, ...]:
        """By id, newest first: the pages that whole-history scans walk."""
        ...

    def search(self, fts: str, *, before_id: int | None = None, limit: int) -> tuple[EntryId, ...]:
        """Ids whose indexed tokens match an FTS5 expression, newest first."""
        ...

    def count(self) -> int: ...
    def take_back(self, entry_ids: Sequence[EntryId], at: int, why: str) -> None:
        """Withdraw these, and remember why; of those withdrawn already only that."""
        ...

    def explain_withdrawn(self, entry_ids: Sequence[EntryId], why: str | None) -> None:
        """Remember, or forget, why entries are withdrawn; others stay as they are."""
        ...

    def taken_back(self, feed_id: FeedId, why: str) -> tuple[EntryId, ...]:
        """A feed's entries that were withdrawn for this reason."""
        ...

    def set_withdrawn(self, entry_ids: Sequence[EntryId], at: int | None) -> int:
        """Withdraw entries, or bring them back (None); return of how many that is news."""
        ...

    def of_feed(self, feed_id: FeedId) -> tuple[EntryId, ...]: ...
    def of_host(self, host: str) -> tuple[EntryId, ...]:
        """Entries whose article or whose feed lies on this host."""
        ...


class Stories(Protocol):
    """Stories: articles of one piece of news, each with its copies."""

    def find(self, handle: str) -> StoryView | None:
        """By `sNUMBER` or public id, its own or that of any of its articles."""
        ...

    def article(self, handle: str) -> ArticleId | None:
        """The article of this `sNUMBER` or public id."""
        ...

    def lead(self, article_id: ArticleId) -> EntryId | None:
        """The entry an article goes by."""
        ...

    def view(self, article_id: ArticleId) -> StoryView | None:
        """The whole story that an article is told in."""
        ...

    def of_entry(self, entry_id: EntryId) -> ArticleId | None: ...
    def entry_ids(self, article_id: ArticleId) -> tuple[EntryId, ...]: ...
    def articles_of(self, article_ids: Sequence[ArticleId]) -> Mapping[ArticleId, ArticleId]:
        """Every article of the stories these are told in, with its story, in order of id."""
        ...

    def feeds_of(self, article_id: ArticleId) -> frozenset[FeedId]:
        """The feeds that have a copy of an article."""
        ...

    def related(self, entry_ids: Sequence[EntryId]) -> tuple[Alike, ...]:
        """What was found to be like these entries, the likest first, whichever came first; not
        those that are among them."""
        ...

    def newest(self, *, limit: int) -> tuple[StoryView, ...]: ...
    def in_topic(
        self, topic_id: TopicId, *, state: str | None = None, limit: int
    ) -> tuple[StoryView, ...]:
        """Articles with a verdict in the topic, newest first, each as if it were its story."""
        ...

    def published_ids(self) -> tuple[ArticleId, ...]:
        """Articles with an item in any topic."""
        ...
