"""What the store tells a decision: who may tell the same, in what words, and what editors said."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.core.articles import Asked
from aggregator.core.drafting import Draft
from aggregator.core.fingerprint import WINDOW
from aggregator.core.instalments import rerun_keys
from aggregator.core.intake import Recall, Stories
from aggregator.core.reissues import reissue
from aggregator.flow.memory import StoryMemory
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId
from aggregator.model.intake import Candidate
from aggregator.model.prints import Near
from aggregator.ports import Tx


def recall_of(tx: Tx, feed: Feed, memory: StoryMemory, stories: Stories | None, now: int) -> Recall:
    """Return the questions a poll of this feed may ask, answered by the store."""

    def candidates_of(drafts: Sequence[Draft]) -> Sequence[Candidate]:
        return tx.entries.candidates(
            [each.url_hash for each in drafts if each.url_hash is not None],
            [each.body_hash for each in drafts if each.body_hash is not None],
            [key for each in drafts if each.series for key in rerun_keys(each.series)],
        )

    def near_to(draft: Draft) -> Sequence[Near]:
        if draft.print is None:
            return ()
        corrects = reissue(draft.text.title).rank > (0, 0)  # its own feed's may be what it corrects
        return tx.prints.near(draft.print.keys, now - WINDOW, but=None if corrects else feed.id)

    def parted(one: ArticleId, other: ArticleId) -> bool:
        if stories is not None:
            stories.index()  # what editors said may be newer than it
        return memory.parted(one, other)

    asked = Asked(
        near=near_to,
        series=tx.entries.instalments,
        feeds=tx.stories.feeds_of,
        parted=parted,
    )
    return Recall(candidates=candidates_of, past=tx.entries.past, asked=asked, stories=stories)
