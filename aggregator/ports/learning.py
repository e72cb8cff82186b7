"""What is learnt from: editors' decisions, the texts they were on, and how common words are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from aggregator.model.ids import ArticleId, DecisionId, EntryId, TopicId
from aggregator.model.learn import Frequencies, Sample
from aggregator.model.topic import Decision


class Learning(Protocol):
    """The ground of suggestions; nothing is written."""

    def decided(self, topic_id: TopicId) -> tuple[Decision, ...]:
        """All acts on entries in a topic, those too that are undone and those that undo, in
        order."""
        ...

    def decided_last(self, topic_id: TopicId, after: DecisionId) -> DecisionId:
        """The last of these acts that an editor did, or `after` if none was done since."""
        ...

    def samples(self, entry_ids: Sequence[EntryId]) -> tuple[Sample, ...]:
        """Those of these entries that are still there and not withdrawn, in the order asked for."""
        ...

    def waiting(
        self, topic_id: TopicId, *, limit: int
    ) -> tuple[tuple[ArticleId, str, EntryId], ...]:
        """(article, state, entry that the topic's rule or an editor admits) of what is new or
        held, newest first."""
        ...

    def outside(
        self, topic_id: TopicId, entry_ids: Sequence[EntryId], since: int
    ) -> tuple[EntryId, ...]:
        """Those of these entries whose place in time is from then on and whose article the topic
        knows nothing of: no verdict, and no part of it admitted."""
        ...

    def frequencies(self, words: Iterable[str]) -> Frequencies:
        """In how many of the newest texts each word is."""
        ...

    def publishing(self) -> tuple[TopicId, ...]:
        """Active topics whose operator lets them publish by what they learnt."""
        ...
