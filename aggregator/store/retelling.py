"""Stories as editors tell them: articles move together or apart, and bonds keep them there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product

from aggregator.errors import UsageError
from aggregator.model.entry import Entry
from aggregator.model.ids import ArticleId, DecisionId, EntryId
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

MOST_PAIRS = 400  # that a split keeps apart one by one; of larger stories the newest stand for all

_ASKED = "(SELECT value FROM json_each(?))"
# Size, times and lead as the entries have them; what an editor chose stays while it is there.
_COUNTED = f"""
    UPDATE articles SET size = told.size, first_at = told.first_at, last_at = told.last_at,
        lead_entry_id = iif(articles.id = (SELECT article_id FROM entries WHERE id = lead_entry_id),
                            lead_entry_id, told.lead),
        led_by = iif(articles.id = (SELECT article_id FROM entries WHERE id = led_by), led_by, NULL)
    FROM (SELECT article_id, count(*) AS size, min(place) AS first_at, max(place) AS last_at,
                 min(CASE earliest WHEN 1 THEN id END) AS lead
          FROM (SELECT e.id, e.article_id, {rows.PLACE} AS place,
                       row_number() OVER (PARTITION BY e.article_id
                                          ORDER BY {rows.PLACE}, e.id) AS earliest
                FROM entries e WHERE e.article_id IN {_ASKED})
          GROUP BY article_id) AS told
    WHERE articles.id = told.article_id
"""
# What an editor cut before between stories that are one now.
_CUT_BETWEEN = f"""
    SELECT DISTINCT b.one, b.other FROM bonds b
    JOIN entries one ON one.id = b.one JOIN articles here ON here.id = one.article_id
    JOIN entries other ON other.id = b.other JOIN articles there ON there.id = other.article_id
    WHERE b.together = 0 AND here.id <> there.id
      AND here.story_id IN {_ASKED} AND there.story_id IN {_ASKED}
"""
_ARTICLE_OPENED = (
    "INSERT INTO articles (public_id, lead_entry_id, first_at, last_at, size, story_id,"
    " cluster_id, because) SELECT ?, ?, first_at, last_at, 0, story_id, cluster_id, ?"
    " FROM articles WHERE id = ?"
)
# Articles that the act opened, with the one their entries came from.
_OPENED = """
    SELECT DISTINCT opened.after ->> 'id', moved.before ->> 'article_id'
    FROM journal opened JOIN journal moved ON moved.decision_id = opened.decision_id
        AND moved.tbl = 'entries' AND moved.after ->> 'article_id' = opened.after ->> 'id'
    WHERE opened.decision_id = ? AND opened.tbl = 'articles' AND opened.op = 'insert'
"""
# Of the entries that an act put into an article it opened, those that are elsewhere now.
_STRAYED = """
    SELECT e.id, e.article_id FROM journal moved JOIN entries e ON e.id = moved.after ->> 'id'
    WHERE moved.decision_id = ?1 AND moved.tbl = 'entries'
      AND moved.after ->> 'article_id' = ?2 AND e.article_id <> ?2
"""
_IMAGES = """
    SELECT before FROM journal WHERE decision_id = ?1 AND tbl = 'articles' AND before IS NOT NULL
    UNION ALL
    SELECT after FROM journal WHERE decision_id = ?1 AND tbl = 'articles' AND after IS NOT NULL
"""


class SqliteRetelling:
    """`Retelling` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def merge(
        self, stories: Sequence[ArticleId], because: str, decision_id: DecisionId
    ) -> tuple[ArticleId, ...]:
        """Tell them in one and tie their heads; what was cut between them before is tied too."""
        into, *others = sorted(set(stories))
        asked = many([into, *others])
        cut = self._conn.execute(_CUT_BETWEEN, (asked, asked)).fetchall()
        leads = self._leads([into, *others])
        pairs = [(leads[into], leads[each]) for each in others]
        self._bind([*pairs, *((row[0], row[1]) for row in cut)], True, decision_id)
        self._conn.execute(
            f"UPDATE articles SET because = ? WHERE id IN {_ASKED}", (because, many(others))
        )
        self._conn.execute(
            f"UPDATE articles SET story_id = ? WHERE story_id IN {_ASKED}", (into, many(others))
        )
        return tuple(ArticleId(row["id"]) for row in self._of_story(into))

    def split(
        self,
        story: ArticleId,
        entries: Sequence[EntryId],
        public_ids: Mapping[EntryId, str],
        because: str,
        decision_id: DecisionId,
    ) -> tuple[ArticleId, ...]:
        """Make them a story of their own, in a cluster of their own."""
        out = set(self._lifted(entries, public_ids, because, decision_id))
        whole = self._of_story(story)
        rest = [row["id"] for row in whole if row["id"] not in out]
        self._apart(sorted(out), rest, decision_id)
        for row in whole:
            if row["cluster_id"] is not None:
                members = [one["id"] for one in whole if one["cluster_id"] == row["cluster_id"]]
                self._part_cluster(row["cluster_id"], members, out)
        self._head(sorted(out), because)
        self._head(rest, "first")
        return tuple(ArticleId(each) for each in sorted({*out, *rest}))

    def lead(self, entry_id: EntryId) -> tuple[ArticleId, ...]:
        """Have its article, and so its story, go by it; it takes the place of another choice."""
        article_id, story = self._conn.execute(
            "SELECT a.id, a.story_id FROM entries e JOIN articles a ON a.id = e.article_id"
            " WHERE e.id = ?",
            (entry_id,),
        ).fetchone()
        self._conn.execute(
            "UPDATE articles SET led_by = iif(id = ?, ?, NULL) WHERE story_id = ?",
            (article_id, entry_id, story),
        )
        return tuple(ArticleId(row["id"]) for row in self._of_story(story))

    def vacate(self, decision_id: DecisionId) -> None:
        """Empty the articles that the decision opened of what it knows nothing of."""
        for opened, former in self._conn.execute(_OPENED, (decision_id,)).fetchall():
            self._call_back(opened, decision_id)
            self._conn.execute(
                "UPDATE articles SET merged_into = ? WHERE merged_into = ?", (former, opened)
            )
            self._conn.execute(
                "UPDATE entries SET article_id = ?1 WHERE article_id = ?2 AND id NOT IN ("
                " SELECT after ->> 'id' FROM journal WHERE decision_id = ?3 AND tbl = 'entries')",
                (former, opened, decision_id),
            )
            for table in ("verdicts", "items"):
                self._conn.execute(f"DELETE FROM {table} WHERE article_id = ?", (opened,))

    def settle(self, decision_id: DecisionId) -> tuple[ArticleId, ...]:
        """Let those follow that came since: to the story of their cluster, else of their head."""
        images = [
            (int(row[0]), int(row[1]))
            for row in self._conn.execute(
                f"SELECT image ->> 'id', image ->> 'story_id' FROM (SELECT before AS image FROM"
                f" ({_IMAGES}))",
                (decision_id,),
            )
        ]
        moved, stories = {one for one, _ in images}, {story for _, story in images}
        there = self._rows("story_id", stories | moved)
        standing = {row["id"]: row for row in [*there, *self._rows("id", moved)]}
        home = {
            row["cluster_id"]: row["story_id"]
            for row in standing.values()
            if row["id"] in moved and row["cluster_id"] is not None
        }
        for row in standing.values():
            if row["id"] not in moved:
                self._follow(row, home, standing)
        self._recount([row["id"] for row in standing.values()])
        return tuple(ArticleId(each) for each in sorted(standing))

    def labelled(self) -> tuple[tuple[Entry, Entry, bool], ...]:
        """Return what the bonds say of entries, of each pair the last word."""
        said = {
            (EntryId(one), EntryId(other)): bool(together)
            for one, other, together in self._conn.execute(
                "SELECT one, other, together FROM bonds ORDER BY decision_id"
            )
        }
        sources = rows.sources_by_id(self._conn, {each for pair in said for each in pair})
        return tuple(
            (sources[one].entry, sources[other].entry, together)
            for (one, other), together in said.items()
            if one in sources and other in sources
        )

    # what moves

    def _lifted(
        self,
        entries: Sequence[EntryId],
        public_ids: Mapping[EntryId, str],
        because: str,
        decision_id: DecisionId,
    ) -> Iterable[int]:
        """Yield the articles that hold these entries and no others, opened where there is none."""
        named: dict[int, list[int]] = {}
        for entry_id, article_id in self._conn.execute(
            f"SELECT id, article_id FROM entries WHERE id IN {_ASKED} ORDER BY id", (many(entries),)
        ).fetchall():
            named.setdefault(article_id, []).append(entry_id)
        for article_id, those in named.items():
            size = self._conn.execute(
                "SELECT count(*) FROM entries WHERE article_id = ?", (article_id,)
            ).fetchone()[0]
            if size == len(those):
                yield article_id
                continue
            public = self._free(public_ids[EntryId(those[0])], decision_id)
            opened = self._opened(public, those[0], because, article_id)
            self._conn.execute(
                f"UPDATE entries SET article_id = ? WHERE id IN {_ASKED}", (opened, many(those))
            )
            self._conn.execute(_COUNTED, (many([opened, article_id]),))
            yield opened

    def _opened(self, public_id: str, lead: int, because: str, beside: int) -> int:
        """Open an article in the story and the cluster of another."""
        values = (public_id, lead, because, beside)
        return int(self._conn.execute(_ARTICLE_OPENED, values).lastrowid or 0)

    def _free(self, public_id: str, decision_id: DecisionId) -> str:
        """A signpost may have the id: an article that was emptied keeps its address for good."""
        taken = self._conn.execute(
            "SELECT 1 FROM articles WHERE public_id = ?", (public_id,)
        ).fetchone()
        return public_id if taken is None else f"{public_id}-{decision_id}"

    def _part_cluster(self, cluster: int, members: Sequence[int], out: Collection[int]) -> None:
        """Part a cluster that lies on both sides; the side that opened it keeps its number."""
        ours, theirs = ([e for e in members if (e in out) is side] for side in (True, False))
        if not ours or not theirs:
            return
        leaving = theirs if cluster in ours else ours
        used = {row["cluster_id"] for row in self._rows("cluster_id", leaving)}
        number = next((each for each in leaving if each not in used), leaving[0])
        self._conn.execute(
            f"UPDATE articles SET cluster_id = ? WHERE id IN {_ASKED} AND cluster_id = ?",
            (number, many(leaving), cluster),
        )

    def _head(self, articles: Sequence[int], because: str) -> None:
        """Have these articles told in one story, under the first of them, signposts included."""
        self._conn.execute(
            f"UPDATE articles SET story_id = ? WHERE id IN {_ASKED} OR merged_into IN {_ASKED}",
            (articles[0], many(articles), many(articles)),
        )
        self._conn.execute("UPDATE articles SET because = ? WHERE id = ?", (because, articles[0]))

    def _call_back(self, opened: int, decision_id: DecisionId) -> None:
        """Return to an article what was found since to be a copy of another one's."""
        strayed = self._conn.execute(_STRAYED, (decision_id, opened)).fetchall()
        holders = many({holder for _, holder in strayed})
        self._conn.execute(
            f"UPDATE entries SET article_id = ? WHERE id IN {_ASKED}",
            (opened, many(entry for entry, _ in strayed)),
        )
        emptied = self._conn.execute(
            f"SELECT id FROM articles WHERE id IN {_ASKED}"
            " AND id NOT IN (SELECT article_id FROM entries WHERE article_id = articles.id)",
            (holders,),
        ).fetchone()
        if emptied is not None:
            raise UsageError(
                f"s{emptied[0]} was split off since: undo that first (`aggregator log`)"
            )
        self._conn.execute(_COUNTED, (holders,))

    # bonds

    def _apart(self, out: Sequence[int], rest: Sequence[int], decision_id: DecisionId) -> None:
        if len(out) * len(rest) <= MOST_PAIRS:
            pairs = set(product(out, rest))
        else:  # as long as one of each side is held, the stories are not joined
            pairs = {(out[-1], each) for each in rest} | {(each, rest[-1]) for each in out}
        leads = self._leads([*out, *rest])
        self._bind(((leads[one], leads[other]) for one, other in pairs), False, decision_id)

    def _bind(
        self, pairs: Iterable[tuple[int, int]], together: bool, decision_id: DecisionId
    ) -> None:
        self._conn.executemany(
            "INSERT OR REPLACE INTO bonds (one, other, together, decision_id) VALUES (?, ?, ?, ?)",
            [(*sorted(pair), int(together), decision_id) for pair in sorted(pairs)],
        )

    def _leads(self, articles: Sequence[int]) -> dict[int, int]:
        return {row["id"]: row["lead_entry_id"] for row in self._rows("id", articles)}

    # where things stand

    def _follow(self, row: Row, home: Mapping[int, int], standing: Mapping[int, Row]) -> None:
        head = standing.get(row["story_id"])
        story = home.get(row["cluster_id"])
        if story is None and head is not None:
            story = head["story_id"]
        if story is None:  # its head is gone, and nobody of its cluster moved
            orphans = [e["id"] for e in standing.values() if e["story_id"] == row["story_id"]]
            story = min(orphans)
        if story != row["story_id"]:
            self._conn.execute("UPDATE articles SET story_id = ? WHERE id = ?", (story, row["id"]))

    def _recount(self, articles: Sequence[int]) -> None:
        wrong = self._conn.execute(
            f"SELECT id FROM articles WHERE id IN {_ASKED} AND size <>"
            " (SELECT count(*) FROM entries WHERE article_id = articles.id)",
            (many(articles),),
        ).fetchall()
        self._conn.execute(_COUNTED, (many([row[0] for row in wrong]),))

    def _of_story(self, story: int) -> list[Row]:
        return self._rows("story_id", [story])

    def _rows(self, column: str, values: Collection[int]) -> list[Row]:
        """Return the articles that stand, not signposts, in order of number."""
        return self._conn.execute(
            f"SELECT * FROM articles WHERE {column} IN {_ASKED} AND merged_into IS NULL"
            " ORDER BY id",
            (many(values),),
        ).fetchall()
