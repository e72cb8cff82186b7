"""What became of items after readers had them: noted as their topic is composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregator.core.corrected import corrections_edition
from aggregator.core.corrections import in_words, judge
from aggregator.core.edition import source_text, text_digest
from aggregator.core.text import hash_text
from aggregator.flow.upkeep import TAKEN_BACK
from aggregator.model.correction import Came, Corrections, Diff, Had, Kind, NewCorrection, TakenOut
from aggregator.model.publication import Edition, PublishedItem, Showing
from aggregator.model.topic import Topic
from aggregator.ports import Tx

PATH = "topics/{slug}/corrections.atom"
EDITORS = "the editors took it out"
WATCHED = 500  # of a topic's newest items, those that the feed shows no more included
AT_ONCE = 20  # of these composed anew in one turn
LATE = 3600  # seconds an act may take to be kept after the moment it is dated with
MOST_EDITS = 10  # kept of an item: a text that changes with each poll fills no store
MOST_SHOWN = 50  # corrections in the document


def marked(tx: Tx, showings: Sequence[Showing]) -> tuple[Showing, ...]:
    """Return the showings with what their readers are told of a correction, where they are."""
    marks = tx.corrections.marks([each.item.id for each in showings])
    if not marks:
        return tuple(showings)
    return tuple(
        replace(each, corrected_at=mark.at, correction=mark.why)
        if (mark := marks.get(each.item.id)) is not None
        else each
        for each in showings
    )


def note(
    tx: Tx, topic: Topic, showings: Sequence[Showing], edition: Edition, now: int
) -> tuple[Showing, ...]:
    """Note what changed in items since they were last composed; return them dated and marked.

    `updated` moves with the visible text; a joining source changes neither (DESIGN §7, Order and
    dates). What its source edited is kept as a difference, and told as its feed wants it told.
    """
    composed = {item.uri: item for item in edition.items}
    told = {
        each.item.id: (each, composed[each.item.uri])
        for each in showings
        if each.item.uri in composed
    }
    changed = {
        item_id: digest
        for item_id, (showing, item) in told.items()
        if (digest := text_digest(item)) != showing.item.text_digest
    }
    before = tx.corrections.had(changed.keys()) if changed else {}

    texts: list[Had] = []
    edits: list[NewCorrection] = []
    dated: dict[int, Showing] = {}
    for item_id, digest in changed.items():
        showing, item = told[item_id]
        had, has = before.get(item_id), _had(showing, item)
        texts.append(has)
        judged = judge(had, has, showing.lead.feed.spec.corrections)
        moves = judged.moves and showing.item.text_digest is not None
        if judged.diff is not None:
            edit = _edit(topic, showing, item, judged.diff, now)
            edits.append(edit)
            if edit.policy is Corrections.MARK:
                showing = replace(showing, corrected_at=now, correction=edit.why)
        updated_at = now if moves else showing.item.updated_at
        tx.topics.change_item(replace(showing.item, text_digest=digest, updated_at=updated_at))
        dated[item_id] = replace(showing, item=replace(showing.item, updated_at=updated_at))

    came = tx.corrections.came(told.keys() - changed.keys())
    for item_id in told.keys() - changed.keys():
        if came.get(item_id) != _came(told[item_id][0]):  # in no word that is seen, or by whom
            texts.append(_had(*told[item_id]))
    tx.corrections.keep_had(texts)
    if edits:
        tx.corrections.add(edits, keep=MOST_EDITS)
    return tuple(dated.get(each.item.id, each) for each in showings)


def revised(tx: Tx, topic: Topic, now: int) -> tuple[Showing, ...]:
    """Return items that their sources revised and that the feed shows no more.

    To be composed once current ones are noted: their archives stay as they are, and what changed
    is told among corrections.
    """
    numbers = tx.corrections.revised(topic.id, now, newest=WATCHED, limit=AT_ONCE)
    found = (tx.publications.numbered(topic.id, each, each, now) for each in numbers)
    return tuple(showing for showings in found for showing in showings)


def note_withdrawals(tx: Tx, topic: Topic, now: int) -> None:
    """Note which items are withdrawn since they were out, and which are back."""
    since = _not_looked_at(tx, topic, now)
    out = [_withdrawn(tx, topic, each) for each in tx.corrections.taken_out(topic.id, since)]
    back = [
        NewCorrection(
            topic_id=topic.id,
            item_id=each.item_id,
            entry_id=each.entry_id,
            at=now,
            kind=Kind.RETURNED,
            policy=each.policy,
            title="",
            why="it is shown again",
        )
        for each in tx.corrections.returned(topic.id)
    ]
    if out or back:
        tx.corrections.add((*out, *back), keep=MOST_EDITS)


def with_tombstones(tx: Tx, topic: Topic, edition: Edition) -> Edition:
    """Return the topic's edition with what it must say of items that are withdrawn."""
    found = tx.corrections.tombstones(topic.id, topic.spec.publish.items)
    updated = max((each.at for each in found), default=edition.updated)
    return replace(edition, tombstones=found, updated=max(edition.updated, updated))


def edition_of(tx: Tx, topic: Topic, edition: Edition, now: int) -> Edition:
    """Return what `PATH` holds: the corrections of a topic whose own edition is this one."""
    shown = tx.corrections.shown(topic.id, now, MOST_SHOWN)
    views = tx.entries.views(list(dict.fromkeys(each.entry_id for each in shown)))
    tombstones = tx.corrections.tombstones(topic.id, MOST_SHOWN)
    by_id = {view.entry.id: view for view in views}
    return corrections_edition(edition, topic, shown, by_id, tombstones)


def _not_looked_at(tx: Tx, topic: Topic, now: int) -> int:
    """Return since when withdrawals may not be noted: what is looked for grows with no store."""
    name = f"withdrawals noted in topic {topic.id}"
    last = int(tx.meta.get(name) or 0)
    if not last or now - last >= LATE // 2:
        tx.meta.set(name, str(now))
    return max(0, last - LATE)


def _had(showing: Showing, item: PublishedItem) -> Had:
    entry_id, rev, ours = _came(showing)
    return Had(
        item_id=showing.item.id,
        entry_id=entry_id,
        rev=rev,
        ours=ours,
        title=item.title,
        text=source_text(item),
    )


def _came(showing: Showing) -> Came:
    said, entry = showing.verdict, showing.lead.entry
    return entry.id, entry.rev, hash_text(said.title or "", said.summary or "", said.note or "")


def _edit(
    topic: Topic, showing: Showing, item: PublishedItem, diff: Diff, now: int
) -> NewCorrection:
    return NewCorrection(
        topic_id=topic.id,
        item_id=showing.item.id,
        entry_id=showing.lead.entry.id,
        at=now,
        kind=Kind.EDITED,
        policy=showing.lead.feed.spec.corrections,
        title=item.title,
        why=in_words(diff),
        diff=diff,
    )


def _withdrawn(tx: Tx, topic: Topic, out: TakenOut) -> NewCorrection:
    """A source's word is told as its feed wants it; an editor's always."""
    entry = tx.entries.get(out.entry_id)
    feed = tx.feeds.get(entry.feed_id) if entry is not None else None
    by_source = out.why == TAKEN_BACK and feed is not None
    return NewCorrection(
        topic_id=topic.id,
        item_id=out.item_id,
        entry_id=out.entry_id,
        at=out.at,
        kind=Kind.WITHDRAWN,
        policy=feed.spec.corrections if by_source and feed is not None else Corrections.WITHDRAW,
        title="",
        why=TAKEN_BACK if by_source else EDITORS,
    )
