"""What an entry is and what it tells, step by step: the part of the chain that no topic changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.core.articles import Compared, compared
from aggregator.core.credits import tellings
from aggregator.core.drafting import BODY_LIMIT, Books, body_with_page, file
from aggregator.core.identity import read_key
from aggregator.core.sanitize import plain_text
from aggregator.core.spans import around
from aggregator.core.text import word_count
from aggregator.core.urls import url_key
from aggregator.model.entry import Entry, Instalment, Tag
from aggregator.model.explanation import Step
from aggregator.model.feed import Feed
from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.placing import Placed
from aggregator.model.prints import Near
from aggregator.ports import Tx

COPIES = 5  # that an entry is compared with
_NAMED = {
    "guid": "its id",
    "url": "its address, for it has no id",
    "hash": "a hash of what it says, for it has no id and no address",
}
_BESIDE = ("", ", with its address: others of its feed share that", ", with address, title, date")


def entry_steps(tx: Tx, entry: Entry, feed: Feed, ready: Books) -> Iterator[Step]:
    """Yield the steps from fetching an entry to its tags and series."""
    yield _fetch(tx, entry, feed)
    yield _identity(tx, entry, ready)
    yield from _withdrawal(tx, entry)
    yield from _article(tx, entry)
    yield from _compared(tx, entry)
    yield from _story(tx, entry)
    yield from _page(tx, entry)
    yield from _tags(entry, feed, ready)


def _fetch(tx: Tx, entry: Entry, feed: Feed) -> Step:
    state = tx.feeds.state(feed.id)
    problem = f"; its last poll: {state.problem}" if state.problem else ""
    return Step(step="fetch", result=f"from feed {feed.spec.name}", because=feed.spec.url + problem)


def _identity(tx: Tx, entry: Entry, ready: Books) -> Step:
    times = entry.rev - 1
    revised = f"revised {times} {'time' if times == 1 else 'times'}" if times else "never revised"
    key_hash = tx.placing.key_hash(entry.id)
    read = read_key(entry.guid, key_hash) if key_hash is not None else None
    kind, level = ("guid", 0) if read is None else (read.kind, read.level)
    told = [f"known by {_NAMED[kind]}{_BESIDE[level]}: {entry.guid}"]
    if entry.text.url and kind != "url":
        told.append(f"its address counts as {url_key(entry.text.url, ready.tracking)}")
    if others := tx.keys.others(entry.feed_id, entry.id):
        told.append(f"{others} more keys lead to it: it came back under them")
    return Step(step="identity", result=f"entry {entry.id}, {revised}", because="; ".join(told))


def _withdrawal(tx: Tx, entry: Entry) -> Iterator[Step]:
    if entry.withdrawn_at is None:
        return
    because = tx.placing.withdrawn_why(entry.id) or "an editor took it out"
    yield Step(step="withdrawal", result="withdrawn", because=because)


def _article(tx: Tx, entry: Entry) -> Iterator[Step]:
    copies = len(tx.stories.entry_ids(entry.article_id)) - 1
    others = _count(copies, "copy", "copies") if copies else "no copy"
    because = tx.placing.joined(entry.id)
    if because == "first":
        because = "it opened it: nothing stored had its address or its text"
    yield Step(step="article", result=f"s{entry.article_id}, {others} beside it", because=because)


def _compared(tx: Tx, entry: Entry) -> Iterator[Step]:
    """Compare it anew with its copies and with what was found to be like it.

    Prints are kept for a week; what was found then is told of what is older.
    """
    related = {each.other.entry.id: each for each in tx.stories.related([entry.id])}
    copies = [each for each in tx.stories.entry_ids(entry.article_id) if each != entry.id]
    others = dict.fromkeys([*copies[:COPIES], *related])
    prints = tx.prints.get([entry.id, *others])
    series = tx.entries.instalments([entry.id, *others])
    for other in others:
        found = related.get(other)
        told = _likeness(entry.id, other, prints, series)
        if told is not None and (other in copies or not told.is_copy):
            because = told.because
        elif found is not None:  # a print is gone, a text was revised, or a guard stood between
            because = found.because + ("" if told is not None else ", when it came")
        elif told is not None:
            because = f"{told.because}, but kept apart since"
        else:
            continue
        kind = "copy of" if other in copies else "told apart from"
        yield Step(step="compared", result=f"{kind} entry {other}", because=because)


def _likeness(
    entry: EntryId,
    other: EntryId,
    prints: Mapping[EntryId, Near],
    series: Mapping[EntryId, tuple[Instalment, ...]],
) -> Compared | None:
    """Compare the two as when the later one came; None: they are not alike, or a print is gone."""
    new, old = (prints.get(each) for each in (max(entry, other), min(entry, other)))
    if new is None or old is None:
        return None
    both = series.get(new.entry_id, ()), series.get(old.entry_id, ())
    return compared(new.print, old.print, apart_by=new.at - old.at, series=both)


def _story(tx: Tx, entry: Entry) -> Iterator[Step]:
    """Yield where its article stands: which words, how alike, and what joined it to others."""
    parts = {each.article_id: each for each in tx.placing.story(entry.article_id)}
    own = parts.get(entry.article_id)
    if own is None:
        return
    view = tx.stories.view(entry.article_id)
    sources = len(tellings(view.sources)) if view is not None else 0
    told = f"s{own.story_id}, told by {_count(sources, 'source', 'sources')}"
    if len(parts) > 1:
        told += f" in {_count(len(parts), 'article', 'articles')}"
    yield Step(step="story", result=told, because=_placed(own, parts))
    head = parts.get(own.cluster_id) if own.cluster_id is not None else None
    if head is not None and head is not own and head.article_id != own.story_id:
        result = f"its cluster is that of s{head.article_id}"
        yield Step(step="story", result=result, because=_placed(head, parts))
    for bond in tx.reports.bonds():
        if entry.article_id in (bond.one, bond.other):
            other = bond.other if bond.one == entry.article_id else bond.one
            kept = "kept with" if bond.together else "kept apart from"
            yield Step(step="bond", result=f"{kept} s{other}", because="an editor said so")


def _placed(article: Placed, parts: Mapping[ArticleId, Placed]) -> str:
    if article.because != "first":
        return article.because
    if article.cluster_id is None:
        return "older than the window when it came: not looked for among reports"
    if len(parts) == 1:
        return "nothing in the window is so like it"
    return "it opened it"


def _page(tx: Tx, entry: Entry) -> Iterator[Step]:
    page = tx.pages.get(entry.id)
    if page is None:
        return
    if page.body:
        count = word_count(plain_text(page.body, BODY_LIMIT))
        yield Step(step="full text", result=f"{count} words of its page", because=page.url)
        return
    result = "none" if page.due_at is None else "not yet"
    yield Step(step="full text", result=result, because=page.problem or page.url)


def _tags(entry: Entry, feed: Feed, ready: Books) -> Iterator[Step]:
    """Yield the tags it has and the words that give them, found anew; then those it lacks."""
    body = body_with_page(entry)
    tags, _, _ = file(entry.text, body, feed, ready, place=entry.place)
    anew = {each.name: each for each in tags}
    texts = {"title": entry.text.title, "summary": entry.text.summary, "body": body}
    for tag in entry.tags:
        found = anew.pop(tag.name, None)
        text = _words(found, texts) if found == tag else ""
        stale = "" if found == tag else "; as it was told then, for the vocabulary has changed"
        yield Step(step="tag", result=tag.name, because=tag.because + stale, text=text)
    for tag in anew.values():
        because = f"{tag.because}; it was not asked since the vocabulary changed"
        text = _words(tag, texts)
        yield Step(step="tag", result=f"not yet {tag.name}", because=because, text=text)
    for each in entry.series:
        which = [f"No. {each.number}"] if each.number is not None else []
        which += [each.date] if each.date else []
        told = ", ".join([each.series, *which])
        yield Step(step="series", result=told, because=each.because)


def _words(tag: Tag | None, texts: Mapping[str, str]) -> str:
    if tag is None or tag.place is None:
        return ""
    where, first, count = tag.place
    return around(texts[where], first, count)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
