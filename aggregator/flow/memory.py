"""The index of stories as this process holds it: a cache of rows, followed before each decision."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aggregator.core.cluster import StoryIndex
from aggregator.core.cluster_bonds import NO_BONDS, Bonds
from aggregator.core.intake import Stories, bonds_of
from aggregator.core.text import tokens
from aggregator.model.grain import Grain
from aggregator.model.ids import ArticleId
from aggregator.model.intake import Intake
from aggregator.model.settings import Settings
from aggregator.model.story import Bond, Mark, Report
from aggregator.ports import Tx

_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """How far the index was when a part of a transaction first asked for it."""

    mark: Mark
    joined: int


class StoryMemory:
    """Of the one writer: asked and changed inside its transaction only, but for `build`.

    Two processes on one store each have theirs. Before one decides, holding the store's write
    lock, it takes in what the other kept; so both decide as one would.
    """

    def __init__(self) -> None:
        self._told: tuple[int, Grain] | None = None  # what the index was built for
        self._index: StoryIndex | None = None
        self._mark = Mark()
        self._bonds: tuple[Bond, ...] = ()
        self._apart: frozenset[tuple[int, int]] = frozenset()
        self._tried: list[_Before | None] = []  # parts that may fail, the outermost first
        self._building = threading.Lock()

    def build(self, tx: Tx, settings: Settings, now: int) -> None:
        """Build the index where there is none, by a read: the writer then has little to follow.

        Of 100,000 articles that takes seconds, in which others may want to write.
        """
        if self._index is None:
            self.stories(tx, settings, now).index()

    def stories(self, tx: Tx, settings: Settings, now: int) -> Stories:
        """Return the highest number of an article so far, and the index for whoever asks for it.

        Until then nothing is read: most of a first poll is older than the window.
        """
        mark, ready = tx.reports.mark(), False

        def index() -> StoryIndex:
            nonlocal ready
            if not ready:
                with self._building:
                    self._bring(tx, settings, mark, now - settings.window)
                ready = True
            assert self._index is not None
            return self._index

        return Stories(index=index, last_article=mark.article, window=settings.window)

    def _bring(self, tx: Tx, settings: Settings, mark: Mark, since: int) -> None:
        """Have the index as the rows are."""
        told = (settings.window, settings.grain)
        if self._told != told or self._index is None or not self._follow(tx, mark, since):
            self._told, self._index = told, StoryIndex(window=settings.window, grain=settings.grain)
            self._bind(tx)
            self._learn(tx, self._index, tx.reports.since(since))
        self._mark = mark
        self._index.expire(since)
        now = _Before(mark=mark, joined=self._index.joined)
        self._tried = [now if before is None else before for before in self._tried]

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Begin what may fail as a whole: the index then forgets what was decided in it."""
        self._tried.append(None)
        try:
            yield
        except BaseException:
            self._take_back(self._tried[-1])
            raise
        finally:
            self._tried.pop()

    def _take_back(self, before: _Before | None) -> None:
        """Forget what was placed since, one by one where nothing else changed.

        A word common to many clusters may have dropped one of them for what is gone again.
        """
        index = self._index
        if before is None or index is None:
            return
        moved = (self._mark.move, self._mark.act) != (before.mark.move, before.mark.act)
        if moved or index.joined != before.joined:
            self._index = None
        else:
            index.forget_after(before.mark.article)
        self._mark = before.mark

    def parted(self, one: ArticleId, other: ArticleId) -> bool:
        """Return whether an editor said that these two, or their stories, are not the same."""
        if (min(one, other), max(one, other)) in self._apart:
            return True
        return self._index is not None and self._index.parted(one, other)

    def kept(self, tx: Tx, intake: Intake) -> None:
        """Know that what an intake opened and joined is in the index: it was decided by it."""
        if not any(each.cluster_id for each in intake.arrivals):
            return
        last = max(each.article_id or 0 for each in intake.arrivals if each.opens)
        self._mark = replace(self._mark, article=last)
        if intake.joins and not intake.merges:  # merges have moved what must be followed
            self._mark = tx.reports.mark()

    def _follow(self, tx: Tx, mark: Mark, since: int) -> bool:
        """Take in what others kept since the last time; False when that cannot be told."""
        index = self._index
        if index is None:
            return False
        if (mark.move, mark.act) != (self._mark.move, self._mark.act):
            moved = tx.reports.moved(self._mark)
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
                terms=each.terms,
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
        heirs = frozenset(index.heirs())
        for article in sorted({*before, *after, *heirs}):
            if article in heirs or before.get(article) != after.get(article):
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
