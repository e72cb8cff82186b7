"""Stories and their sources."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from aggregator.model.ids import EntryId, StoryId, TopicId
from aggregator.model.story import Source, Story, StoryView
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

_NUMBER = re.compile(r"s(\d{1,18})", re.ASCII)


class SqliteStories:
    """`Stories` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def find(self, handle: str) -> StoryView | None:
        """Return a story by `sNUMBER` or public id; of a merged one, the story that tells it now.

        A public id is asked for first: one may look like a number.
        """
        number = _NUMBER.fullmatch(handle)
        row = self._conn.execute(
            "SELECT coalesce(merged_into, id) FROM stories WHERE public_id = ?1 OR id = ?2"
            " ORDER BY public_id <> ?1 LIMIT 1",
            (handle, int(number[1]) if number else None),
        ).fetchone()
        return None if row is None else self.view(StoryId(row[0]))

    def view(self, story_id: StoryId) -> StoryView | None:
        """Return a story with all its sources, withdrawn and private ones too, and its topics."""
        return next(iter(self._views([story_id])), None)

    def of_entry(self, entry_id: EntryId) -> StoryId | None:
        """Return the story an entry is told in."""
        row = self._conn.execute(
            "SELECT story_id FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        return None if row is None else StoryId(row[0])

    def entry_ids(self, story_id: StoryId) -> tuple[EntryId, ...]:
        """Return a story's entries in order of id."""
        found = self._conn.execute(
            "SELECT id FROM entries WHERE story_id = ? ORDER BY id", (story_id,)
        )
        return tuple(EntryId(row[0]) for row in found)

    def newest(
        self, *, topic_id: TopicId | None = None, state: str | None = None, limit: int
    ) -> tuple[StoryView, ...]:
        """Return stories newest first; with a topic or a state, those with such a verdict."""
        values: tuple[int | str, ...] = ()
        verdicts = "SELECT DISTINCT story_id FROM verdicts WHERE {} ORDER BY story_id DESC LIMIT ?"
        if topic_id is not None and state is not None:
            query, values = verdicts.format("topic_id = ? AND state = ?"), (topic_id, state)
        elif topic_id is not None:
            query, values = verdicts.format("topic_id = ?"), (topic_id,)
        elif state is not None:
            query, values = verdicts.format("state = ?"), (state,)
        else:
            query = "SELECT id FROM stories WHERE merged_into IS NULL ORDER BY id DESC LIMIT ?"
        found = self._conn.execute(query, (*values, limit))
        return self._views([StoryId(row[0]) for row in found])

    def published_ids(self) -> tuple[StoryId, ...]:
        """Return stories with an item in any topic that is, was or will be visible."""
        found = self._conn.execute(
            "SELECT DISTINCT story_id FROM items"
            " WHERE visible_until IS NULL OR visible_until > visible_from ORDER BY story_id"
        )
        return tuple(StoryId(row[0]) for row in found)

    def _views(self, story_ids: Sequence[StoryId]) -> tuple[StoryView, ...]:
        """Return these stories in this order, seven queries for any number of them."""
        wanted = (many(story_ids),)
        stories = {
            StoryId(row["id"]): _a_story(row)
            for row in self._conn.execute(
                "SELECT * FROM stories"
                " WHERE id IN (SELECT value FROM json_each(?)) AND merged_into IS NULL",
                wanted,
            )
        }
        entries = self._conn.execute(
            "SELECT id FROM entries WHERE story_id IN (SELECT value FROM json_each(?))", wanted
        ).fetchall()
        told: defaultdict[StoryId, list[Source]] = defaultdict(list)
        for source in rows.sources_by_id(self._conn, (row[0] for row in entries)).values():
            told[source.entry.story_id].append(source)
        topics: defaultdict[StoryId, list[tuple[str, str, str]]] = defaultdict(list)
        for story_id, slug, state, because in self._conn.execute(
            "SELECT v.story_id, t.slug, v.state, v.because FROM verdicts v"
            " JOIN topics t ON t.id = v.topic_id"
            " WHERE v.story_id IN (SELECT value FROM json_each(?)) ORDER BY t.slug",
            wanted,
        ):
            topics[StoryId(story_id)].append((slug, state, because))
        return tuple(
            StoryView(
                story=stories[story_id],
                sources=_lead_first(told[story_id], stories[story_id].lead_entry_id),
                topics=tuple(topics[story_id]),
            )
            for story_id in story_ids
            if story_id in stories
        )


def _lead_first(sources: Sequence[Source], lead: EntryId) -> tuple[Source, ...]:
    """Return sources with the lead's in front, the others in their order."""
    return tuple(sorted(sources, key=lambda source: source.entry.id != lead))


def _a_story(row: Row) -> Story:
    return Story(
        id=StoryId(row["id"]),
        public_id=row["public_id"],
        lead_entry_id=EntryId(row["lead_entry_id"]),
        first_at=row["first_at"],
        last_at=row["last_at"],
        size=row["size"],
    )
