"""Close what a topic published into archives, and take out of them what was withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aggregator.core.archive import archived, closing
from aggregator.core.edition import compose_item
from aggregator.flow.corrections import marked
from aggregator.formats.mending import mended
from aggregator.formats.rendering import EXTENSIONS, FORMATS, document, render
from aggregator.model.ids import EntryId
from aggregator.model.publication import Archive, Edition, PublishedItem, Showing
from aggregator.model.topic import Topic
from aggregator.ports import Tx

MOST_STONES = 10_000  # of a topic, that are looked through for those of one archive
AT_ONCE = 4  # archives a transaction: a store that is new to them has years to close

Composer = Callable[[Sequence[Showing]], Edition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What became of a topic's archives."""

    changed: tuple[str, ...] = ()  # paths
    left_out: tuple[str, ...] = ()  # items no format could be made of, in words
    more: bool = False  # whether there are others to close


def close(tx: Tx, topic: Topic, composer: Composer, now: int) -> Archived:
    """Close the oldest of the items that no archive holds while there are enough for one."""
    numbers = tx.archives.open(topic.id, now)
    newest = tx.archives.newest(topic.id)
    due = list(closing(numbers, newest, size=topic.spec.publish.items, now=now))
    changed: list[str] = []
    left_out: list[str] = []
    for archive in due[:AT_ONCE]:
        showings = tx.publications.numbered(topic.id, archive.first, archive.last, now)
        edition = archived(composer(showings), archive, newer=archive not in due[:AT_ONCE][-1:])
        for ending in FORMATS:
            body, problems = render(edition, ending)
            left_out += problems
            path = path_of(topic, archive, ending)
            tx.publications.keep(document(path, FORMATS[ending], body, now))
            changed.append(path)
        tx.archives.close(topic.id, archive, {_number(each): _told_by(each) for each in showings})
    return Archived(changed=tuple(changed), left_out=tuple(left_out), more=len(due) > AT_ONCE)


def mend(tx: Tx, topic: Topic, now: int, *, base: str) -> Archived:
    """Take out of archives what was withdrawn or embargoed since; put back what may be shown again.

    To be called once withdrawals are noted. Only these items are written anew; all other bytes
    stay as they were when the archive was closed.
    """
    touched = tx.archives.touched(topic.id, now)
    if not touched:
        return Archived()
    changed: list[str] = []
    for archive in tx.archives.all(topic.id):
        numbers = [each for each in touched if archive.first <= each <= archive.last]
        if numbers:
            changed += _mend(tx, topic, archive, numbers, now=now, base=base)
    return Archived(changed=tuple(changed))


def path_of(topic: Topic, archive: Archive, ending: str) -> str:
    """Return where an archive lies in a format."""
    return f"topics/{topic.spec.slug}/archive/{archive.number}.{ending}"


def _mend(
    tx: Tx, topic: Topic, archive: Archive, numbers: Sequence[int], *, now: int, base: str
) -> list[str]:
    showings = marked(tx, tx.publications.archived(topic.id, archive.first, archive.last, now))
    shown = {_number(each): each for each in showings}
    uris = tx.archives.uris(topic.id, range(archive.first, archive.last + 1))
    order = [uris[number] for number in sorted(uris, reverse=True)]
    items: list[PublishedItem] = []
    gone: set[str] = set()
    for number in numbers:
        showing = shown.get(number)
        item = compose_item(showing, topic, base=base) if showing is not None else None
        if item is not None:
            items.append(item)
        elif number in uris:
            gone.add(uris[number])
        tx.archives.tell(topic.id, number, _told_by(showing) if item and showing else (), now)
    stones = tx.corrections.tombstones(topic.id, MOST_STONES) if gone else ()
    changed = []
    for ending in FORMATS:
        path = path_of(topic, archive, ending)
        kept = tx.publications.document(path)
        if kept is None:
            continue
        body = mended(
            EXTENSIONS[ending], kept.body, items=items, gone=gone, stones=stones, order=order
        )
        if tx.publications.keep(document(path, FORMATS[ending], body, now)):
            changed.append(path)
    return changed


def _number(showing: Showing) -> int:
    """Return an archived item's number, which it has."""
    return showing.item.number or 0


def _told_by(showing: Showing) -> tuple[EntryId, ...]:
    told = (showing.lead, *showing.sources, *showing.reports)
    return tuple(dict.fromkeys(each.entry.id for each in told))
