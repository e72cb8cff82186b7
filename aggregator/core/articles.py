"""Which article a new entry is a copy of: by address, by text, as an instalment, nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from aggregator.core.drafting import Draft, place_of
from aggregator.core.fingerprint import compare
from aggregator.core.homes import at_home
from aggregator.core.instalments import apart, rerun
from aggregator.model.entry import Instalment
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.intake import Candidate, Merge, Related
from aggregator.model.prints import Kind, Likeness, Near, Print

Instalments = Sequence[Instalment]

TOLD_ALREADY = "its feed tells that already"
MOST_RELATED = 5  # kept of one entry, the likest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the store is asked about copies: only of what identity does not find."""

    near: Callable[[Draft], Sequence[Near]] = lambda _: ()  # likest first
    series: Callable[[Sequence[EntryId]], Mapping[EntryId, Sequence[Instalment]]] = lambda _: {}
    feeds: Callable[[ArticleId], AbstractSet[FeedId]] = lambda _: frozenset()  # that have a copy
    parted: Callable[[ArticleId, ArticleId], bool] = lambda _one, _other: False  # by editors


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The article an entry joins and why; None: it opens one, and `because` is "first"."""

    article_id: ArticleId | None = None
    because: str = "first"
    reissue_of: EntryId | None = None
    related: tuple[Related, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How alike two entries are, and whether that makes one a copy of the other."""

    alike: Likeness
    apart: str | None  # why they are two instalments of a column

    @property
    def is_copy(self) -> bool:
        """Whether text and column both say that they are one."""
        return self.alike.kind is Kind.COPY and self.apart is None

    @property
    def because(self) -> str:
        """What they share, and what speaks against their being one."""
        return (
            self.alike.because if self.apart is None else f"{self.alike.because}, but {self.apart}"
        )


def compared(
    mine: Print, its: Print, *, apart_by: int, series: tuple[Instalments, Instalments]
) -> Compared | None:
    """Compare two entries as texts and as instalments; None: they are not alike.

    `apart_by`: seconds between the two. Within one feed even a copy stays an entry of its own,
    unless it replaces the other one.
    """
    alike = compare(mine, its, apart=apart_by)
    return None if alike is None else Compared(alike=alike, apart=apart(*series))


class ArticleFinder:
    """Finds the article an entry is a copy of: canonical address, body, instalment, near-copy.

    Only other feeds are asked: within one feed two entries are two (a dated column with a
    standing text is the trap), unless they are one instalment of a column run again, or one says
    that it corrects the other. An address that a feed gives to several entries identifies none of
    them. Two instalments of a column are never copies. Articles that one entry proves to be the
    same are merged, unless both already hold an entry of one and the same feed, or an editor
    parted them. One article's address with another's text proves nothing where it comes from a
    stranger: it must lie at home there, or anybody could merge what he likes.
    """

    def __init__(
        self,
        feed: Feed,
        homes: frozenset[str],
        drafts: Sequence[Draft],
        candidates: Sequence[Candidate],
        asked: Asked,
    ) -> None:
        self._feed_id, self._homes, self._asked = feed.id, homes, asked
        self._by_url: dict[int, list[Candidate]] = {}
        self._by_body: dict[int, list[Candidate]] = {}
        self._instalments: list[Candidate] = []
        self._feeds_of: dict[ArticleId, set[int]] = {}
        shared: Counter[tuple[int, int]] = Counter()
        for each in candidates:
            if each.url_hash is not None:
                self._by_url.setdefault(each.url_hash, []).append(each)
                shared[each.feed_id, each.url_hash] += 1
            if each.body_hash is not None:
                self._by_body.setdefault(each.body_hash, []).append(each)
            if each.series:
                self._instalments.append(each)
            self._feeds_of.setdefault(each.article_id, set()).add(each.feed_id)
        here = Counter(each.url_hash for each in drafts if each.url_hash is not None)
        # An address that one feed gives to several entries identifies none of that feed's.
        self._vague = {pair for pair, count in shared.items() if count > 1}
        self._vague |= {(feed.id, url) for url, count in here.items() if count > 1}
        self._vague |= {pair for pair in shared if pair[0] == feed.id}
        self._merges: dict[ArticleId, Merge] = {}

    def article_of(self, draft: Draft, now: int) -> Found:
        """Return the article to join and why; with what is alike but no copy."""
        by_url = self._open(draft, self._by_url.get(draft.url_hash or 0, []))
        by_url = [each for each in by_url if (each.feed_id, each.url_hash) not in self._vague]
        if draft.url_hash is None or (self._feed_id, draft.url_hash) in self._vague:
            by_url = []
        by_body = self._open(draft, self._by_body.get(draft.body_hash or 0, []))
        if draft.body_hash is None:
            by_body = []
        if by_url:
            found, because = by_url[0], f"same address as entry {by_url[0].entry_id}"
        elif by_body:
            found, because = by_body[0], f"same text as entry {by_body[0].entry_id}"
        else:
            return self._instalment(draft) or self._near(draft, now)
        article_id = self._now(found.article_id)
        crossed = by_body if not by_url or at_home(draft.text.url, self._homes) else []
        for other in [*by_url[1:], *crossed]:
            article_id = self._merge(article_id, self._now(other.article_id), because)
        self._feeds_of[article_id].add(self._feed_id)
        return Found(article_id=article_id, because=because)

    def opened(self, draft: Draft, article_id: ArticleId) -> None:
        """Know the article that an entry of this very poll opened, for its column's reruns."""
        if draft.series:
            self._instalments.append(
                Candidate(
                    entry_id=EntryId(0),
                    feed_id=self._feed_id,
                    article_id=article_id,
                    url_hash=None,
                    body_hash=None,
                    first_seen_at=0,
                    title=draft.text.title,
                    series=draft.series,
                )
            )

    def merges(self) -> tuple[Merge, ...]:
        """Return the articles found to be one, in the order they must be emptied."""
        return tuple(self._merges.values())

    def _instalment(self, draft: Draft) -> Found | None:
        if not draft.series:
            return None
        for each in self._instalments:
            titles = (draft.text.title, each.title)
            if (why := rerun(draft.series, each.series, titles=titles)) is not None:
                told = f"entry {each.entry_id}" if each.entry_id else "an entry of the same poll"
                because = f"the same instalment as {told}: {why}"
                return Found(article_id=self._now(each.article_id), because=because)
        return None

    def _near(self, draft: Draft, now: int) -> Found:
        if draft.print is None:
            return Found()
        at = place_of(draft.text, now)
        related: list[Related] = []
        near = self._asked.near(draft)
        series = self._asked.series([each.entry_id for each in near]) if draft.series else {}
        for each in near:
            both = draft.series, series.get(each.entry_id, ())
            found = compared(draft.print, each.print, apart_by=at - each.at, series=both)
            if found is None:
                continue
            alike, because = found.alike, found.because
            if found.is_copy:
                article_id = self._now(each.article_id)
                if alike.reissue or self._feed_id not in self._tellers(article_id, each.feed_id):
                    return Found(
                        article_id=article_id,
                        because=f"nearly the text of entry {each.entry_id}: {alike.because}",
                        reissue_of=each.entry_id if alike.reissue else None,
                        related=tuple(related[:MOST_RELATED]),
                    )
                because += f", but {TOLD_ALREADY}"
            related.append(
                Related(entry_id=each.entry_id, likeness=alike.containment, because=because)
            )
        return Found(related=tuple(related[:MOST_RELATED]))

    def _tellers(self, article_id: ArticleId, feed_id: FeedId) -> AbstractSet[int]:
        return {feed_id} | self._asked.feeds(article_id) | self._feeds_of.get(article_id, set())

    def _open(self, draft: Draft, candidates: Iterable[Candidate]) -> list[Candidate]:
        return [
            each
            for each in candidates
            if each.feed_id != self._feed_id
            and self._feed_id not in self._feeds_of[self._now(each.article_id)]
            and not (draft.series and each.series and apart(draft.series, each.series))
        ]

    def _now(self, article_id: ArticleId) -> ArticleId:
        while article_id in self._merges:
            article_id = self._merges[article_id].into
        return article_id

    def _merge(self, one: ArticleId, other: ArticleId, because: str) -> ArticleId:
        if one == other or self._feeds_of[one] & self._feeds_of[other]:
            return one
        if self._asked.parted(one, other):
            return one
        into, merged = min(one, other), max(one, other)
        self._merges[merged] = Merge(into=into, merged=merged, because=because)
        self._feeds_of[into] |= self._feeds_of[merged]
        return into
