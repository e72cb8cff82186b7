"""Documents for the holder of a token: composed when asked for, and never kept.

Whoever may see feeds with a login gets their entries, too. A story is then shown by the entry
that told it first, if that is a private one: a public source that joins later changes neither
its id nor where it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from aggregator.core.archive import current
from aggregator.core.confidential import Told, credited, in_order, is_waiting, told_first, unlocked
from aggregator.core.edition import compose
from aggregator.core.ids import choose_uri
from aggregator.core.tokens import own_uri, query_name
from aggregator.flow.corrections import marked, with_tombstones
from aggregator.flow.filing import bring_feeds, case_in, desk
from aggregator.flow.kit import Kit
from aggregator.flow.search import Bounds, search
from aggregator.flow.setup import Identity, first_slug, identity
from aggregator.formats.rendering import render
from aggregator.model.correction import Corrections
from aggregator.model.entry import EntryView
from aggregator.model.feed import Origin
from aggregator.model.ids import ArticleId, EntryId, ItemId, TopicId
from aggregator.model.publication import Edition, Showing
from aggregator.model.story import Source
from aggregator.model.token import Token
from aggregator.model.topic import (
    Case,
    Item,
    PublishSpec,
    State,
    Tell,
    Topic,
    TopicSpec,
    TopicStatus,
    Verdict,
)
from aggregator.ports import Tx

QUERY = "q"  # what documents of queries are called
ITEMS = 50  # of a query
MOST_FOUND = 200  # entries that are folded into these
BOUNDS = Bounds()  # for whoever has a token: a reader, or whoever they lent it to


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, by which secret, and in which format."""

    token: Token
    secret: str
    ending: str


def topic_feed(kit: Kit, asked: Asked, slug: str) -> bytes | None:
    """Return a topic as this token shows it; None where there is no such topic."""
    now = int(kit.clock())
    with kit.store.read() as tx:
        topic = tx.topics.find(slug)
        if topic is None or topic.status is TopicStatus.REMOVED:
            return None
        who, name = identity(tx, kit.settings.site, now), first_slug(tx, topic)
        showings = tx.publications.visible(topic.id, now, topic.spec.publish.items)
        showings = marked(tx, showings)
        if asked.token.private:
            reader = _Reader(tx, who, private=True, now=now)
            showings = _with_private(reader, topic, showings)
            topic = _holding(topic, len(showings))  # none gives way to a private one
        edition = _compose(kit, topic, showings, who)
        edition = current(with_tombstones(tx, topic, edition), tx.archives.newest(topic.id))
    shown = {item.uri for item in edition.items}
    gone = tuple(each for each in edition.tombstones if each.uri not in shown)
    return _written(kit, asked, replace(edition, tombstones=gone), who, name=name)


def query_feed(kit: Kit, asked: Asked, query: str) -> bytes:
    """Return the newest entries that a query finds, the copies of an article as one item.

    Raises `QueryError` with the position, `StoreSlow` for one that takes too long.
    """
    query = query.strip()
    with kit.store.read() as tx:
        now = int(kit.clock())
        who = identity(tx, kit.settings.site, now)
        public = not asked.token.private
        found = search(kit, query, limit=MOST_FOUND, public=public, bounds=BOUNDS)
        reader = _Reader(tx, who, private=asked.token.private, now=now)
        waiting = _waiting(tx, {view.entry.article_id for view in found.entries}, now)
        views = [view for view in found.entries if view.entry.article_id not in waiting]
        showings = tuple(_found(reader, views))
    edition = _compose(kit, _asking(kit, asked.token, query, found.notes), showings, who)
    edition = replace(edition, page_url=f"{kit.base}/", asked=f"?{urlencode({'q': query})}")
    return _written(kit, asked, edition, who, name=query_name(query))


def _compose(kit: Kit, topic: Topic, showings: Sequence[Showing], who: Identity) -> Edition:
    return compose(
        topic,
        showings,
        kit.settings.site,
        base=kit.base,
        authority=who.authority,
        year=who.year,
    )


def _written(kit: Kit, asked: Asked, edition: Edition, who: Identity, *, name: str) -> bytes:
    """Return the bytes: a feed of its own, at an address of its own, which no hub is told of."""
    own = replace(
        edition,
        base_url=f"{kit.base}/feeds/{asked.secret}/{edition.slug}",
        uri=own_uri(asked.token, name, authority=who.authority, year=who.year),
        hub_url=None,
    )
    return render(own, asked.ending)[0]


def _holding(topic: Topic, items: int) -> Topic:
    publish = replace(topic.spec.publish, items=items)
    return replace(topic, spec=replace(topic.spec, publish=publish))


def _asking(kit: Kit, token: Token, query: str, notes: Sequence[str]) -> Topic:
    """Return a query as if it were a topic."""
    spec = TopicSpec(
        slug=QUERY,
        title=f"{kit.settings.site.title}: {query}",
        match=query,
        about=". ".join(notes),
        publish=PublishSpec(items=ITEMS),
    )
    return Topic(id=TopicId(0), spec=spec, origin=Origin.DESK, created_at=token.created_at)


class _Reader:
    """Reads what showings are made of: who tells what, as this reader may see it, and its id."""

    def __init__(self, tx: Tx, who: Identity, *, private: bool, now: int) -> None:
        self.tx, self.desk, self._private, self.now = tx, desk(tx, who), private, now

    def tellings(self, article_ids: Iterable[ArticleId]) -> Mapping[ArticleId, list[Source]]:
        """Return everybody who tells the story of each article, the first one first.

        Not who tells it in another article whose own time is still to come.
        """
        told = self.tx.confidential.tellings(tuple(dict.fromkeys(article_ids)))
        every = {each.entry.article_id for sources in told.values() for each in sources}
        waiting = _waiting(self.tx, every, self.now)
        return {
            article_id: [
                each
                for each in sources
                if (self._private or not each.feed.spec.private)
                and each.entry.article_id not in waiting - {article_id}
            ]
            for article_id, sources in told.items()
        }

    def uri(self, source: Source, key_hash: int, taken: Collection[str] = ()) -> str:
        """Return the id of what this source tells, as a topic would give it."""
        feed, who = source.feed, self.desk.identity
        bring_feeds(self.tx, self.desk, (feed.id,))
        make = partial(
            choose_uri,
            feed=feed,
            homes=self.desk.homes[feed.id],
            authority=who.authority,
            year=who.year,
        )
        uri = make(source.entry.guid, key=key_hash)
        if uri not in taken:
            return uri
        return make("", key=f"{key_hash}:{source.entry.article_id}")  # two feeds claim one id

    def updated(self, source: Source) -> int:
        """Return when what it says last changed: by its publisher's word, or as we saw it.

        Of a feed whose edits are silent: 0, which is when it was published.
        """
        if source.feed.spec.corrections is Corrections.SILENT:
            return 0
        entry = source.entry
        seen = self.tx.entries.revisions(entry.id) if entry.rev > 1 else ()
        return max((entry.text.updated_at or 0, *(each.at for each in seen)))


def _with_private(reader: _Reader, topic: Topic, public: Sequence[Showing]) -> tuple[Showing, ...]:
    """Return what is public, and what feeds with a login tell alone or told before all others."""
    whole = topic.spec.tell is Tell.STORIES
    articles = reader.tx.confidential.told_in(topic.id, limit=topic.spec.publish.items)
    tellings = reader.tellings((*(each.item.article_id for each in public), *articles))
    shown: dict[ArticleId, Showing] = {}
    for each in public:
        article_id = each.item.article_id
        sources, reports = credited(each.lead, tellings.get(article_id, ()), whole=whole)
        shown[article_id] = replace(each, sources=sources, reports=reports)
    for article_id in articles:
        told = {each.entry.id: each for each in tellings.get(article_id, ())}
        case = case_in(reader.tx, topic, article_id)
        bring_feeds(reader.tx, reader.desk, (each.feed_id for each in case.admitted))
        by = told_first(case, topic, reader.desk.feeds, reader.desk.homes, now=reader.now)
        if by is not None and case.verdict is not None and by.first.entry_id in told:
            item = _private_item(reader, case.item, by, told)
            lead = told[by.lead.entry_id]
            shown[case.article_id] = _showing(item, case.verdict, lead, told.values(), whole=whole)
    return in_order(tuple(shown.values()))


def _private_item(
    reader: _Reader, item: Item | None, by: Told, told: Mapping[EntryId, Source]
) -> Item:
    """Return the place of what private feeds told first; an id that was public once stays."""
    first, lead = told[by.first.entry_id], told[by.lead.entry_id]
    once = item is not None and item.lead_entry_id == first.entry.id
    uri = item.uri if item is not None and once else reader.uri(first, by.first.key_hash)
    return _item(lead, uri=uri, at=by.at, updated_at=reader.updated(lead))


def _waiting(tx: Tx, article_ids: Collection[ArticleId], now: int) -> set[ArticleId]:
    """Return those that wait for a time to come: an embargo holds for queries, too."""
    places = tx.topics.topics_of(tuple(article_ids))
    cases: defaultdict[ArticleId, list[Case]] = defaultdict(list)
    for case in tx.topics.cases(places):
        cases[case.article_id].append(case)
    return {article_id for article_id, found in cases.items() if is_waiting(found, now)}


def _found(reader: _Reader, views: Sequence[EntryView]) -> Iterator[Showing]:
    """Yield what was found, each article once.

    Its id is that of the first entry that tells it, found or not, so that it stays the same
    whichever copies a query finds. Those told first are named first, should two claim one id.
    """
    copies: defaultdict[ArticleId, dict[EntryId, EntryView]] = defaultdict(dict)
    for view in views:
        copies[view.entry.article_id][view.entry.id] = view
    tellings = reader.tellings(copies)
    firsts = [
        next(each for each in tellings[article_id] if each.entry.article_id == article_id)
        for article_id in copies
    ]
    keys = reader.tx.confidential.key_hashes([each.entry.id for each in firsts])
    taken: set[str] = set()
    for first in sorted(firsts, key=lambda each: each.entry.id):
        article_id = first.entry.article_id
        found, told = copies[article_id], tellings[article_id]
        chosen = reader.tx.stories.lead(article_id)
        shown = chosen if chosen in found else min(found)
        lead = next(each for each in told if each.entry.id == shown)
        uri = reader.uri(first, keys[first.entry.id], taken)
        taken.add(uri)
        item = _item(lead, uri=uri, at=lead.entry.place, updated_at=reader.updated(lead))
        page = found[lead.entry.id].story_public_id
        yield _showing(item, _unsaid(article_id), lead, told, public_id=page)


def _item(lead: Source, *, uri: str, at: int, updated_at: int) -> Item:
    return Item(
        id=ItemId(lead.entry.id),
        topic_id=TopicId(0),
        article_id=lead.entry.article_id,
        uri=uri,
        lead_entry_id=lead.entry.id,
        first_published_at=at,
        updated_at=updated_at,
        text_digest=None,
        visible_from=at,
    )


def _unsaid(article_id: ArticleId) -> Verdict:
    """Return the verdict of nobody: a query asks no editor."""
    return Verdict(topic_id=TopicId(0), article_id=article_id, state=State.PUBLISHED, because="")


def _showing(
    item: Item,
    verdict: Verdict,
    lead: Source,
    told: Iterable[Source],
    *,
    whole: bool = False,
    public_id: str = "",
) -> Showing:
    sources, reports = credited(lead, tuple(told), whole=whole)
    return Showing(
        item=item,
        verdict=verdict,
        lead=unlocked(lead),
        sources=sources,
        reports=reports,
        story_public_id=public_id,
    )
