"""The index of stories as this process holds it: a cache of rows, followed before each decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from aggregator.core.cluster import StoryIndex
from aggregator.core.cluster_bonds import NO_BONDS, Bonds
from aggregator.core.intake import Stories, bonds_of
from aggregator.core.text import tokens
from aggregator.model.grain import Grain
from aggregator.model.ids import ArticleId
from aggregator.model.settings import Settings
from aggregator.model.story import Bond, Mark, Report
from aggregator.ports import Tx

_NONE: frozenset[int] = frozenset()


class StoryMemory:
    """Of the one writer: asked and changed inside its transaction only.

    Two processes on one store each have theirs. Before one decides, holding the store's write
    lock, it takes in what the other kept; so both decide as one would.
    """

    def __init__(self) -> None:
        self._told: tuple[int, Grain] | None = None  # what the index was built for
        self._index: StoryIndex | None = None
        self._mark = Mark()
        self._bonds: tuple[Bond, ...] = ()
        self._apart: frozenset[tuple[int, int]] = frozenset()

    def stories(self, tx: Tx, settings: Settings, now: int) -> Stories:
        """Return the index as the rows have it, and the highest number of an article so far."""
        mark, told = tx.reports.mark(), (settings.window, settings.grain)
        since = now - settings.window
        if self._told != told or self._index is None or not self._follow(tx, mark, since):
            self._told, self._index = told, StoryIndex(window=settings.window, grain=settings.grain)
            self._bind(tx)
            self._learn(tx, self._index, tx.reports.since(since))
        self._mark = mark
        self._index.expire(since)
        return Stories(index=self._index, last_article=mark.article, window=settings.window)

    def parted(self, one: ArticleId, other: ArticleId) -> bool:
        """Return whether an editor said that these two are not the same."""
        return (min(one, other), max(one, other)) in self._apart

    def ours(self, last_article: int) -> None:
        """Know that what was opened up to this number is in the index: we decided it."""
        self._mark = Mark(article=max(last_article, self._mark.article), move=self._mark.move)

    def forget(self) -> None:
        """Build it anew at the next use: what was decided has not been kept."""
        self._index = None

    def _follow(self, tx: Tx, mark: Mark, since: int) -> bool:
        """Take in what others kept since the last time; False when that cannot be told."""
        index = self._index
        if index is None:
            return False
        if mark.move != self._mark.move:
            moved = tx.reports.moved(self._mark.move)
            if moved is None:
                return False
            for article, cluster, story in moved:
                if cluster is None:
                    index.forget(article)
                else:
                    index.move(article, cluster=cluster, story=story)
            self._rebind(tx, index)
        if mark.article != self._mark.article:
            fresh = tx.reports.since(since, after=self._mark.article)
            self._learn(tx, index, (each for each in fresh if each.article_id not in index))
        return True

    def _learn(self, tx: Tx, index: StoryIndex, reports: Iterable[Report]) -> None:
        bonds = _by_article(self._bonds)
        for each in reports:
            index.learn(
                each.article_id,
                (" ".join(tokens(each.title)), " ".join(tokens(each.summary))),
                each.lang,
                each.at,
                cluster=each.cluster_id,
                story=each.story_id,
                source=each.feed_id,
                bonds=_with(bonds.get(each.article_id), each),
            )

    def _bind(self, tx: Tx) -> None:
        self._bonds = tx.reports.bonds()
        self._apart = frozenset(
            (min(each.one, each.other), max(each.one, each.other))
            for each in self._bonds
            if not each.together
        )

    def _rebind(self, tx: Tx, index: StoryIndex) -> None:
        """Take over what editors tied or cut since; an instalment stays what it is."""
        before = _by_article(self._bonds)
        self._bind(tx)
        after = _by_article(self._bonds)
        for article in sorted(before.keys() | after.keys()):
            if before.get(article) != after.get(article):
                index.rebind(article, after.get(article, NO_BONDS))


def _by_article(bonds: Iterable[Bond]) -> dict[int, Bonds]:
    together: defaultdict[int, set[int]] = defaultdict(set)
    apart: defaultdict[int, set[int]] = defaultdict(set)
    for each in bonds:
        side = together if each.together else apart
        side[each.one].add(each.other)
        side[each.other].add(each.one)
    return {
        article: Bonds(
            together=tuple(sorted(together.get(article, _NONE))),
            apart=tuple(sorted(apart.get(article, _NONE))),
        )
        for article in together.keys() | apart.keys()
    }


def _with(bonds: Bonds | None, report: Report) -> Bonds:
    own = bonds_of(report.series)
    if bonds is None:
        return own
    return Bonds(together=bonds.together, apart=bonds.apart, instalments=own.instalments)
