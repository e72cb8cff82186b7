"""What of a poll is new, revised or the same, and which story each new entry tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.core.articles import ArticleFinder, Asked, Found
from aggregator.core.cluster import Placement, StoryIndex
from aggregator.core.cluster_bonds import NO_BONDS, Bonds
from aggregator.core.cluster_terms import language
from aggregator.core.drafting import Draft, place_of
from aggregator.core.flood import MANY, Flood, flood
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

    index: Callable[[], StoryIndex]  # brought up to date when it is first asked for
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
    fresh, revised = _news(digests, known, draft_of)
    same = len(digests) - len(fresh) - len(revised)
    if not fresh and not revised:
        return Intake(same=same)
    revised, restless = _apart(revised, recall.past)
    drafts = [*fresh, *(draft for draft, _ in revised)]
    candidates = recall.candidates(drafts)
    flooded = _flood(feed, fresh, digests, known, candidates, last_visit=last_visit, now=now)
    aliases, rewritten = _known_again(feed, fresh, flooded)

    finder = ArticleFinder(feed, homes, drafts, candidates, recall.asked)
    teller = _Teller(feed, recall.stories, now)
    unknown = [draft for draft in fresh if draft.key_hash not in flooded.same_as]
    arrivals = []
    for draft in _oldest_first(unknown, now):
        withdrawn = _blocked(feed, draft, blocks)
        found, opened = _told_by(draft, finder, teller, withdrawn=withdrawn is not None, now=now)
        held = flooded.held.get(draft.key_hash)
        arrivals.append(
            _arrival(feed, draft, found, opened, withdrawn=withdrawn, held=held, now=now)
        )
    again = [(draft, before.entry_id) for draft, before in revised]
    return Intake(
        arrivals=tuple(arrivals),
        changes=tuple(
            _change(feed, draft, entry_id, blocks=blocks, now=now)
            for draft, entry_id in (*again, *rewritten)
        ),
        merges=finder.merges(),
        joins=tuple(teller.joins),
        aliases=aliases + tuple(_seen(feed, draft, before.entry_id) for draft, before in restless),
        same=same,
        notice=flooded.notice,
    )


def _news(
    digests: Mapping[int, int], known: Mapping[int, Known], draft_of: Callable[[int], Draft]
) -> tuple[list[Draft], Revised]:
    """Return what is new and what says something else than it did, in the document's order."""
    fresh: list[Draft] = []
    revised: Revised = []
    for key_hash, digest in digests.items():
        before = known.get(key_hash)
        if before is None:
            fresh.append(draft_of(key_hash))
        elif before.digest != digest:
            revised.append((draft_of(key_hash), before))
    return fresh, revised


def _told_by(
    draft: Draft, finder: ArticleFinder, teller: _Teller, *, withdrawn: bool, now: int
) -> tuple[Found, _Opened | None]:
    """Return the article a new entry tells: one that is there, else the one that it opens."""
    found = finder.article_of(draft, now)
    if found.article_id is not None or not teller.numbers:
        return found, None
    opened = teller.opened(draft, withdrawn=withdrawn)
    finder.opened(draft, opened.article_id)
    return found, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """The article that an entry opens, and where it stands if that was looked for."""

    article_id: ArticleId
    story_id: ArticleId | None = None
    cluster_id: ArticleId | None = None
    because: str = "first"
    report: tuple[str, bytes] | None = None


class _Teller:
    """Numbers the articles that a poll opens and finds the stories they report."""

    def __init__(self, feed: Feed, stories: Stories | None, now: int) -> None:
        self._feed, self._stories, self._now = feed, stories, now
        self._last = 0 if stories is None else stories.last_article
        self.joins: list[Join] = []

    @property
    def numbers(self) -> bool:
        """Whether articles are numbered here; else the store does it, and none is looked for."""
        return self._stories is not None

    def opened(self, draft: Draft, *, withdrawn: bool) -> _Opened:
        """Return the article that an entry opens, and its story where that is looked for."""
        stories = self._stories
        self._last += 1
        place = place_of(draft.text, self._now)
        if stories is None or withdrawn or place < self._now - stories.window:
            return _Opened(article_id=ArticleId(self._last))
        lang = language(draft.text.lang or self._feed.lang)
        placed = stories.index().place(
            self._last,
            draft.said or ("", ""),
            lang,
            place,
            source=self._feed.id,
            bonds=bonds_of(draft.series),
        )
        for each in placed.joins:
            into, joined = ArticleId(each.into), ArticleId(each.merged)
            because = f"its reports are alike ({each.likeness:.2f})"
            self.joins.append(Join(into=into, joined=joined, because=because))
        return _Opened(
            article_id=ArticleId(self._last),
            story_id=ArticleId(placed.story),
            cluster_id=ArticleId(placed.cluster),
            because=_because(placed),
            report=(lang, placed.terms),
        )


def _because(placed: Placement) -> str:
    """Return why an article stands in its cluster, and how like it is where words decided."""
    alike = 0.0 < placed.score < 1.0
    return f"{placed.because} ({placed.score:.2f})" if alike else placed.because


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
    own = [each for each in candidates if each.feed_id == feed.id]
    if last_visit is None or (not own and len(fresh) < MANY):  # as nearly always
        return Flood()
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
    opened: _Opened | None,
    *,
    withdrawn: str | None,
    held: str | None,
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
        article_id=found.article_id if opened is None else opened.article_id,
        opens=opened is not None,
        # Two keys may be written alike (a guid that is another entry's address); hashes are not.
        public_id=public_id_of(feed.spec.url, f"{draft.key_hash} {draft.guid}"),
        join_because=found.because,
        print=None if found.because.startswith("same text") else draft.print,
        related=found.related,
        reissue_of=found.reissue_of,
        story_id=None if opened is None else opened.story_id,
        cluster_id=None if opened is None else opened.cluster_id,
        story_because="first" if opened is None else opened.because,
        report=None if opened is None else opened.report,
        withdrawn=withdrawn,
        held=held,
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
