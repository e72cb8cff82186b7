"""Take an editors' own column into the store, and into the topics its series belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from aggregator.core.column import Column
from aggregator.core.dates import iso_day
from aggregator.core.drafting import Books, Draft, draft, place_of, subject
from aggregator.core.identity import Keyed, assign, identify, lookup_hashes
from aggregator.core.intake import Recall, decide
from aggregator.core.series import find
from aggregator.core.tagging import tag_name
from aggregator.core.text import fold
from aggregator.flow.curate import topic_named
from aggregator.flow.filing import desk, redraw, refresh_articles
from aggregator.flow.kit import Kit, books
from aggregator.flow.setup import desk_feed, identity
from aggregator.model.entry import Instalment, Known, ParsedEntry
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId, TopicId
from aggregator.model.intake import Candidate, Intake
from aggregator.model.settings import Settings
from aggregator.model.topic import NewDecision, Verb
from aggregator.ports import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Where a column came to lie."""

    entry_id: int
    title: str
    new: bool  # False: it was there already
    dated: int | None  # the date that was read; None: it bore none, and is dated now
    topics: tuple[str, ...]
    series: tuple[str, ...]
    decisions: tuple[int, ...]


def add_column(kit: Kit, column: Column, *, topic: str | None, actor: str) -> Added:
    """Keep a column as an entry of the desk's own feed and put it into its topics.

    Its topics are those whose rule admits it (by the series it names, its keywords) and the one
    given: one appended decision each. The same title and date again is the same entry, revised.
    Raises `NotFound` for a topic that is none, before anything is kept.
    """
    now = int(kit.clock())
    with kit.store.write(durable=True) as tx:
        given = [topic_named(tx, topic).id] if topic is not None else []
        ready = books(tx, kit.settings, kit.guess)
        feed = desk_feed(tx, kit.settings.site, kit.base, now)
        keyed, known = _keyed(tx, feed, column, now)
        drafted = _draft(kit.settings, feed, column, ready, keyed, now=now)

        intake = _decide(tx, feed, drafted, keyed, known, now=now)

        kept = tx.entries.keep(intake)
        entry_id = kept[0].entry_id if kept else known[keyed.key_hash].entry_id
        wanted = dict.fromkeys([*(match.topic_id for match in drafted.matches), *given])
        decisions = _put(tx, kit, entry_id, tuple(wanted), actor=actor, now=now)
        slugs = {each.id: each.spec.slug for each in tx.topics.all()}
    return Added(
        entry_id=entry_id,
        title=drafted.text.title,
        new=bool(intake.arrivals),
        dated=column.date,
        topics=tuple(slugs[each] for each in wanted),
        series=tuple(each.series for each in drafted.series),
        decisions=decisions,
    )


def _keyed(tx: Tx, feed: Feed, column: Column, now: int) -> tuple[Keyed, dict[int, Known]]:
    identified = identify([_parsed(column, now)])
    known = dict(tx.entries.known(feed.id, lookup_hashes(identified)))
    return assign(identified, known)[0], known


def _parsed(column: Column, now: int) -> ParsedEntry:
    day = column.date if column.date is not None else now - now % 86400
    content = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in column.paragraphs)
    return ParsedEntry(
        guid=f"column:{day}:{tag_name(column.title) or 'untitled'}",
        title=escape(column.title),
        summary=column.paragraphs[0] if column.paragraphs else "",
        content=content,
        author=column.author,
        published=column.date if column.date is not None else now,
        categories=column.keywords,
    )


def _draft(
    settings: Settings, feed: Feed, column: Column, ready: Books, keyed: Keyed, *, now: int
) -> Draft:
    """Draft it as any entry, then add the series its closing fields name."""
    plain = draft(keyed, feed, ready, first_seen=now)
    place = place_of(plain.text, now)
    told = find(
        ready.series,
        feed_name=feed.spec.name,
        title=plain.text.title,
        body=column.text,
        categories=plain.text.categories,
        author=plain.text.author or "",
        url="",
        published=place,
    )
    series = _once([*told, *plain.series, *_named(settings, column, told)])
    about = subject(plain.text, feed, plain.tags, series, place=place)
    return replace(plain, series=series, matches=ready.rules.match(about))


def _named(settings: Settings, column: Column, told: Sequence[Instalment]) -> list[Instalment]:
    """The series named in the closing fields, under the name feeds.yaml gives them.

    A name feeds.yaml does not know counts only where no series of ours was told: "The Global
    Lane" is our "Global Lane" when its pattern says so.
    """
    ours = {fold(each.name): each.name for each in settings.series}
    date = iso_day(column.date) if column.date is not None else None
    date = next((each.date for each in told if each.date), date)
    return [
        Instalment(
            series=ours.get(fold(name), name), date=date, because="its closing fields name it"
        )
        for name in column.series
        if not told or fold(name) in ours
    ]


def _once(series: Sequence[Instalment]) -> tuple[Instalment, ...]:
    first: dict[str, Instalment] = {}
    for each in series:
        first.setdefault(fold(each.series), each)
    return tuple(first.values())


def _decide(
    tx: Tx, feed: Feed, drafted: Draft, keyed: Keyed, known: dict[int, Known], *, now: int
) -> Intake:
    def candidates(drafts: Sequence[Draft]) -> Sequence[Candidate]:
        bodies = [each.body_hash for each in drafts if each.body_hash is not None]
        return tx.entries.candidates([], bodies)

    return decide(
        feed,
        {keyed.key_hash: keyed.digest},
        known,
        lambda _: drafted,
        Recall(candidates=candidates, past=tx.entries.past),
        homes=frozenset(),
        blocks=tx.withdrawals.blocks(),
        last_visit=None,
        now=now,
    )


def _put(
    tx: Tx, kit: Kit, entry_id: EntryId, topics: tuple[TopicId, ...], *, actor: str, now: int
) -> tuple[int, ...]:
    """One decision a topic, then the topics follow."""
    done = [
        tx.topics.decide(
            NewDecision(at=now, actor=actor, verb=Verb.ADD, topic_id=each, entry_id=entry_id)
        ).id
        for each in topics
    ]
    article = tx.stories.of_entry(entry_id)
    assert article is not None, "an entry that was just kept is of an article"
    who = desk(tx, identity(tx, kit.settings.site, now))
    refresh_articles(tx, who, [article], now, also=[(each, article) for each in topics])
    redraw(tx, [article], now)
    return tuple(done)
