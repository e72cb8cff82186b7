"""Write what one poll changes: new entries, revised ones, stories found to be one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aggregator.model.entry import Instalment, Tag, Text
from aggregator.model.ids import ArticleId, EntryId
from aggregator.model.intake import Arrival, Change, Intake, Kept, Match
from aggregator.store.merging import join, merge
from aggregator.store.packing import dump_extra, pack, unpack
from aggregator.store.prints import SqlitePrints
from aggregator.store.sqlite import Connection, many
from aggregator.store.words import Said, WordIndex, said_of

_NEW_ARTICLE = (
    "INSERT INTO articles (id, public_id, lead_entry_id, first_at, last_at, size,"
    " story_id, cluster_id, because) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)"
)
_JOINED_ARTICLE = (
    "UPDATE articles SET size = size + 1, first_at = min(first_at, ?), last_at = max(last_at, ?)"
    " WHERE id = ?"
)
_NEW_ENTRY = (
    "INSERT INTO entries (id, feed_id, article_id, article_because, guid, key_hash, url_hash,"
    " body_hash, first_seen_at, withdrawn_at, withdrawn_why, held_why,"
    " url, title, summary, author, lang, published_at, updated_at, extra)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REVISED_ENTRY = (
    "UPDATE entries SET rev = rev + 1, url_hash = ?, body_hash = ?,"
    " url = ?, title = ?, summary = ?, author = ?, lang = ?, published_at = ?, updated_at = ?,"
    " extra = ? WHERE id = ?"
)


def keep(
    conn: Connection, intake: Intake, index: WordIndex, prints: SqlitePrints
) -> tuple[Kept, ...]:
    """Write all of it; return where arrivals, then changes, came to lie, in order.

    A change to an entry that was tidied away is only noted as seen, and lies nowhere.
    """
    kept = _keep_arrivals(conn, intake.arrivals, index, prints)
    conn.executemany(
        "INSERT OR REPLACE INTO seen (feed_id, key_hash, entry_id, digest, url_hash)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (each.feed_id, each.key_hash, each.entry_id, each.digest, each.url_hash)
            for each in intake.aliases
        ],
    )
    for change in intake.changes:
        kept += _keep_change(conn, change, index)
    for each in intake.merges:
        merge(conn, each)
    for joined in intake.joins:
        join(conn, joined)
    if not intake.merges:
        return tuple(kept)
    now_in = _articles_of(conn, [each.entry_id for each in kept])
    return tuple(
        Kept(entry_id=each.entry_id, article_id=now_in[each.entry_id], new=each.new)
        for each in kept
    )


def _keep_arrivals(
    conn: Connection, arrivals: Sequence[Arrival], index: WordIndex, prints: SqlitePrints
) -> list[Kept]:
    """Number the arrivals ourselves, which only the one writer may, to write them in bulk.

    The one published first gets the lowest number, for lists go by numbers: of a first poll, too,
    they show the newest first.
    """
    if not arrivals:
        return []
    entry_id, article_id = _last(conn, "entries"), _last(conn, "articles")
    placed: list[tuple[EntryId, ArticleId, Arrival]] = []
    kept: dict[int, Kept] = {}
    for at in sorted(range(len(arrivals)), key=lambda at: (_place(arrivals[at]), -at)):
        arrival = arrivals[at]
        entry_id += 1
        if arrival.article_id is None:
            article_id += 1
        id_, story = EntryId(entry_id), arrival.article_id or ArticleId(article_id)
        placed.append((id_, story, arrival))
        kept[at] = Kept(entry_id=id_, article_id=story, new=True)
    _keep_articles(conn, placed)
    conn.executemany(_NEW_ENTRY, [_entry_row(*each) for each in placed])
    _keep_reports(conn, placed)
    conn.executemany(
        "INSERT INTO seen (feed_id, key_hash, entry_id, digest, url_hash) VALUES (?, ?, ?, ?, ?)",
        [(one.feed_id, one.key_hash, id_, one.digest, one.url_hash) for id_, _, one in placed],
    )
    _keep_bodies(conn, ((id_, arrival.text) for id_, _, arrival in placed))
    admit(conn, ((id_, arrival.matches) for id_, _, arrival in placed), by_editor=False)
    keep_tags(conn, ((id_, arrival.tags) for id_, _, arrival in placed))
    _keep_series(conn, ((id_, arrival.series) for id_, _, arrival in placed))
    prints.keep((id_, _place(one), one.print) for id_, _, one in placed if one.print is not None)
    _keep_likenesses(conn, placed)
    index.add(_said(id_, arrival) for id_, _, arrival in placed if arrival.withdrawn is None)
    return [kept[at] for at in range(len(arrivals))]


def _said(entry_id: EntryId, each: Arrival | Change) -> Said:
    if each.said is None:
        return said_of(entry_id, each.text.title, each.text.summary)
    return entry_id, *each.said


def _keep_likenesses(
    conn: Connection, placed: Sequence[tuple[EntryId, ArticleId, Arrival]]
) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO related (entry_id, other_id, likeness, because) VALUES (?, ?, ?, ?)",
        [
            (id_, each.entry_id, each.likeness, each.because)
            for id_, _, arrival in placed
            for each in arrival.related
        ],
    )
    conn.executemany(
        "UPDATE entries SET reissue_of = ? WHERE id = ?",
        [(one.reissue_of, id_) for id_, _, one in placed if one.reissue_of is not None],
    )


def _last(conn: Connection, table: str) -> int:
    """Return the highest number ever given in a table."""
    row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return 0 if row is None else int(row[0])


def _place(arrival: Arrival) -> int:
    published = arrival.text.published_at
    return arrival.first_seen_at if published is None else min(published, arrival.first_seen_at)


def _keep_articles(conn: Connection, placed: list[tuple[EntryId, ArticleId, Arrival]]) -> None:
    opened: list[tuple[Any, ...]] = []
    joined: list[tuple[Any, ...]] = []
    for entry_id, article_id, arrival in placed:
        place = _place(arrival)
        if arrival.article_id is None or arrival.opens:
            opens = (article_id, arrival.public_id, entry_id, place, place)
            told = (arrival.story_id or article_id, arrival.cluster_id, arrival.story_because)
            opened.append((*opens, *told))
        else:
            joined.append((place, place, article_id))
    conn.executemany(_NEW_ARTICLE, opened)
    conn.executemany(_JOINED_ARTICLE, joined)


def _keep_reports(conn: Connection, placed: list[tuple[EntryId, ArticleId, Arrival]]) -> None:
    conn.executemany(
        "INSERT INTO reports (article_id, entry_id, feed_id, at, lang, terms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (article_id, entry_id, arrival.feed_id, _place(arrival), *arrival.report)
            for entry_id, article_id, arrival in placed
            if arrival.report is not None
        ],
    )


def _entry_row(entry_id: EntryId, article_id: ArticleId, arrival: Arrival) -> tuple[Any, ...]:
    return (
        entry_id,
        arrival.feed_id,
        article_id,
        arrival.join_because,
        arrival.guid.encode("utf-8", "replace").decode(),  # uncleaned: may hold lone surrogates
        arrival.key_hash,
        arrival.url_hash,
        arrival.body_hash,
        arrival.first_seen_at,
        None if arrival.withdrawn is None else arrival.first_seen_at,
        arrival.withdrawn,
        arrival.held,
        *_text_row(arrival.text),
    )


def _text_row(text: Text) -> tuple[Any, ...]:
    return (
        text.url,
        text.title,
        text.summary,
        text.author,
        text.lang,
        text.published_at,
        text.updated_at,
        dump_extra(text),
    )


def _keep_change(conn: Connection, change: Change, index: WordIndex) -> list[Kept]:
    entry_id = change.entry_id
    old = conn.execute(
        "SELECT e.feed_id, e.article_id, e.rev, e.title, e.summary, e.withdrawn_at, b.body"
        " FROM entries e LEFT JOIN entry_bodies b ON b.entry_id = e.id WHERE e.id = ?",
        (entry_id,),
    ).fetchone()
    _note_seen(conn, change, None if old is None else old["feed_id"])
    if old is None:
        return []
    conn.execute(
        "INSERT INTO revisions (entry_id, rev, at, title, summary, body) VALUES (?, ?, ?, ?, ?, ?)",
        (entry_id, old["rev"], change.at, old["title"], old["summary"], old["body"]),
    )
    conn.execute(
        _REVISED_ENTRY, (change.url_hash, change.body_hash, *_text_row(change.text), entry_id)
    )
    if unpack(old["body"]) != change.text.content:
        conn.execute("DELETE FROM entry_bodies WHERE entry_id = ?", (entry_id,))
        _keep_bodies(conn, [(entry_id, change.text)])
    if old["withdrawn_at"] is None:
        index.take_out([said_of(entry_id, old["title"], old["summary"])])
        if change.withdrawn is None:
            index.add([_said(entry_id, change)])
        else:
            conn.execute(
                "UPDATE entries SET withdrawn_at = ?, withdrawn_why = ? WHERE id = ?",
                (change.at, change.withdrawn, entry_id),
            )
    replace_tags(conn, entry_id, change.tags)
    replace_series(conn, entry_id, change.series)
    conn.execute("DELETE FROM admissions WHERE entry_id = ? AND by_editor = 0", (entry_id,))
    admit(conn, [(entry_id, change.matches)], by_editor=False)
    return [Kept(entry_id=entry_id, article_id=ArticleId(old["article_id"]), new=False)]


def _note_seen(conn: Connection, change: Change, feed_id: int | None) -> None:
    """Remember the new digest; of an entry no longer there any feed may be the one (rare)."""
    feeds = "SELECT id FROM feeds" if feed_id is None else "?4"
    conn.execute(
        "UPDATE seen SET digest = ?1, url_hash = ?2"
        f" WHERE feed_id IN ({feeds}) AND key_hash = ?3 AND entry_id = ?5",
        (change.digest, change.url_hash, change.key_hash, feed_id, change.entry_id),
    )


def _keep_bodies(conn: Connection, texts: Iterable[tuple[EntryId, Text]]) -> None:
    packed = ((entry_id, pack(text.content)) for entry_id, text in texts)
    conn.executemany(
        "INSERT INTO entry_bodies (entry_id, body) VALUES (?, ?)",
        [(entry_id, body) for entry_id, body in packed if body is not None],
    )


def keep_tags(conn: Connection, tags: Iterable[tuple[EntryId, Sequence[Tag]]]) -> None:
    """Add tags to entries that have none, in order."""
    conn.executemany(
        "INSERT INTO entry_tags (entry_id, ord, name, source, because) VALUES (?, ?, ?, ?, ?)",
        [
            (entry_id, ord_, tag.name, tag.source, tag.because)
            for entry_id, its in tags
            for ord_, tag in enumerate(its)
        ],
    )


def replace_tags(conn: Connection, entry_id: EntryId, tags: Sequence[Tag]) -> None:
    """Give an entry these tags in place of all others."""
    conn.execute("DELETE FROM entry_tags WHERE entry_id = ?", (entry_id,))
    keep_tags(conn, [(entry_id, tags)])


def replace_series(conn: Connection, entry_id: EntryId, series: Sequence[Instalment]) -> None:
    """Give an entry these series in place of all others."""
    conn.execute("DELETE FROM entry_series WHERE entry_id = ?", (entry_id,))
    _keep_series(conn, [(entry_id, series)])


def _keep_series(conn: Connection, series: Iterable[tuple[EntryId, Sequence[Instalment]]]) -> None:
    conn.executemany(
        "INSERT INTO entry_series (entry_id, ord, series, date, because, number, told)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (entry_id, ord_, one.series, one.date, one.because, one.number, one.told)
            for entry_id, its in series
            for ord_, one in enumerate(its)
        ],
    )


def admit(
    conn: Connection,
    matches: Iterable[tuple[EntryId, Sequence[Match]]],
    *,
    by_editor: bool,
) -> None:
    """Admit entries to the topics of their matches; a second word on one topic replaces."""
    conn.executemany(
        "INSERT INTO admissions (topic_id, entry_id, by_editor, because) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET because = excluded.because",
        [
            (match.topic_id, entry_id, int(by_editor), match.because)
            for entry_id, its in matches
            for match in its
        ],
    )


def _articles_of(conn: Connection, entry_ids: Sequence[EntryId]) -> dict[EntryId, ArticleId]:
    found = conn.execute(
        "SELECT id, article_id FROM entries WHERE id IN (SELECT value FROM json_each(?))",
        (many(entry_ids),),
    )
    return {EntryId(entry_id): ArticleId(article_id) for entry_id, article_id in found}
