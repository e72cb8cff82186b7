"""Feeds, their poll state and the leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aggregator.core.urls import host_of
from aggregator.errors import NotFound, UsageError
from aggregator.model.feed import (
    Claim,
    Feed,
    FeedSpec,
    FeedStatus,
    Origin,
    PollRecord,
    PollState,
)
from aggregator.model.ids import FeedId
from aggregator.store import leases, rows
from aggregator.store.packing import columns, dump_feed_spec
from aggregator.store.sqlite import Connection

CLOCK_SLACK = 60.0  # seconds a clock may be set back without anything being planned anew
_SETTLE = """
    UPDATE feed_state SET
        next_poll_at = CASE
            WHEN (SELECT status FROM feeds WHERE id = :feed_id) = :active THEN :next_poll_at
        END,
        lease_owner = NULL, interval = :interval, fresh_until = :fresh_until, ttl = :ttl,
        etag = :etag, last_modified = :last_modified,
        body_hash = :body_hash, last_status = :last_status,
        last_poll_at = :last_poll_at, last_ok_at = :last_ok_at, last_new_at = :last_new_at,
        failures = :failures, problem = :problem, moved_to = :moved_to, moved_count = :moved_count,
        moved_since = :moved_since, gap = :gap, usual_at = :usual_at, usual_days = :usual_days,
        skip_hours = :skip_hours, skip_days = :skip_days, tolerant = :tolerant,
        read_by = :read_by, notice = :notice  -- pushed_until is the hubs' (store/pushes.py)
    WHERE feed_id = :feed_id AND generation = :claimed
"""


class SqliteFeeds:
    """`Feeds` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def all(self, *statuses: FeedStatus) -> tuple[Feed, ...]:
        """Return feeds in order of id; with statuses, only those."""
        found = self._conn.execute("SELECT * FROM feeds ORDER BY id")
        return tuple(rows.a_feed(row) for row in found if not statuses or row["status"] in statuses)

    def get(self, feed_id: FeedId) -> Feed | None:
        """Return the feed of this number."""
        return rows.feeds_by_id(self._conn, [feed_id]).get(feed_id)

    def find(self, handle: str) -> Feed | None:
        """Return the feed of this number, name or exact address, asked in this order."""
        number = int(handle) if handle.isascii() and handle.isdigit() and len(handle) < 19 else None
        row = self._conn.execute(
            "SELECT * FROM feeds WHERE id = ?1 OR name = ?2 OR url = ?2 OR moved_from = ?2"
            " ORDER BY id IS NOT ?1, name <> ?2, url <> ?2 LIMIT 1",
            (number, handle),
        ).fetchone()
        return None if row is None else rows.a_feed(row)

    def add(self, spec: FeedSpec, *, origin: Origin, now: float) -> Feed:
        """Keep a new feed, due at once. Raises `UsageError` when its address or name is taken."""
        self._refuse_taken(spec, None)
        host = self._host(spec)
        cursor = self._conn.execute(
            "INSERT INTO feeds (url, name, spec, private, origin, status, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                spec.url,
                spec.name,
                dump_feed_spec(spec),
                spec.private,
                origin,
                FeedStatus.ACTIVE,
                int(now),
            ),
        )
        feed_id = FeedId(cursor.lastrowid or 0)
        self._conn.execute(
            "INSERT INTO feed_state (feed_id, host, next_poll_at, interval) VALUES (?, ?, ?, ?)",
            (feed_id, host, now, PollState().interval),
        )
        return Feed(id=feed_id, spec=spec, origin=origin, added_at=int(now))

    def change(self, feed_id: FeedId, spec: FeedSpec, *, origin: Origin) -> None:
        """Replace what editors say.

        With a new address, account or `scrape:` the feed forgets its validators and what it knew
        of a move, is due at once if it is active, and overtakes whoever polls the old address.
        """
        before = self._get(feed_id).spec
        self._refuse_taken(spec, feed_id)
        self._conn.execute(
            "UPDATE feeds SET name = ?2, spec = ?3, private = ?4, origin = ?5,"
            " moved_from = CASE WHEN url = ?1 THEN moved_from END, url = ?1 WHERE id = ?6",
            (spec.url, spec.name, dump_feed_spec(spec), spec.private, origin, feed_id),
        )
        if (before.url, before.auth, before.scrape) != (spec.url, spec.auth, spec.scrape):
            self._conn.execute(
                "UPDATE feed_state SET host = ?, etag = NULL, last_modified = NULL,"
                " body_hash = NULL, ttl = NULL, moved_to = NULL, moved_count = 0,"
                " moved_since = NULL, skip_hours = 0, skip_days = 0, tolerant = 0, read_by = NULL,"
                " pushed_until = NULL, notice = NULL,"
                " lease_owner = NULL, generation = generation + 1,"
                " next_poll_at = CASE WHEN next_poll_at IS NOT NULL THEN 0.0 END"
                " WHERE feed_id = ?",
                (self._host(spec), feed_id),
            )

    def move(self, feed_id: FeedId, url: str) -> None:
        """Poll it at another address from now on; what editors wrote is remembered.

        The validators stay: it is the new address that gave them, at the redirect's end.
        """
        before = self._get(feed_id).spec
        spec = replace(before, url=url)
        self._conn.execute(
            "UPDATE feeds SET url = ?, spec = ?, moved_from = coalesce(moved_from, ?) WHERE id = ?",
            (url, dump_feed_spec(spec), before.url, feed_id),
        )
        self._conn.execute(
            "UPDATE feed_state SET host = ?, moved_to = NULL, moved_count = 0, moved_since = NULL"
            " WHERE feed_id = ?",
            (self._host(spec), feed_id),
        )

    def set_status(self, feed_id: FeedId, status: FeedStatus, *, now: float) -> None:
        """Set whether it is polled: ACTIVE makes it due now; any other status stops polling."""
        self._get(feed_id)
        self._conn.execute("UPDATE feeds SET status = ? WHERE id = ?", (status, feed_id))
        self._conn.execute(
            "UPDATE feed_state SET next_poll_at = ?, lease_owner = NULL WHERE feed_id = ?",
            (now if status is FeedStatus.ACTIVE else None, feed_id),
        )

    def learn(
        self,
        feed_id: FeedId,
        *,
        title: str | None,
        site_url: str | None,
        lang: str | None,
        icon: str | None,
    ) -> None:
        """Keep what the publisher says of itself; None (it says nothing) keeps what was known."""
        self._conn.execute(
            "UPDATE feeds SET title = coalesce(:title, title),"
            " site_url = coalesce(:site_url, site_url), lang = coalesce(:lang, lang),"
            " icon = coalesce(:icon, icon)"
            " WHERE id = :feed_id AND (title IS NOT coalesce(:title, title)"
            " OR site_url IS NOT coalesce(:site_url, site_url)"
            " OR lang IS NOT coalesce(:lang, lang) OR icon IS NOT coalesce(:icon, icon))",
            {
                "feed_id": feed_id,
                "title": title,
                "site_url": site_url,
                "lang": lang,
                "icon": icon,
            },
        )

    def state(self, feed_id: FeedId) -> PollState:
        """Return what polling taught us. Raises `NotFound` when there is no such feed."""
        row = self._conn.execute(
            "SELECT * FROM feed_state WHERE feed_id = ?", (feed_id,)
        ).fetchone()
        if row is None:
            raise _no_feed(feed_id)
        return leases.a_state(row)

    def states(self) -> Mapping[FeedId, PollState]:
        """Return every feed's state."""
        found = self._conn.execute("SELECT * FROM feed_state ORDER BY feed_id")
        return {FeedId(row["feed_id"]): leases.a_state(row) for row in found}

    def claim_due(
        self,
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease due feeds, oldest due first, each host within its limits."""
        terms = leases.Terms(
            now=now, limit=limit, lease=lease, owner=owner, per_host=per_host, spacing=spacing
        )
        return leases.lease_due(self._conn, terms)

    def claim(
        self,
        feed_ids: Sequence[FeedId],
        now: float,
        *,
        limit: int,
        lease: float,
        owner: str,
        per_host: int,
        spacing: float,
    ) -> tuple[Claim, ...]:
        """Lease these active feeds though they are not due, each host within its limits."""
        terms = leases.Terms(
            now=now, limit=limit, lease=lease, owner=owner, per_host=per_host, spacing=spacing
        )
        return leases.lease_these(self._conn, feed_ids, terms)

    def next_claim_at(self, feed_ids: Sequence[FeedId] | None = None) -> float | None:
        """Return when the next feed can be claimed; None: never."""
        return leases.next_lease_at(self._conn, feed_ids)

    def is_anothers(self, host: str, feed_id: FeedId) -> bool:
        """Whether another feed is polled from this host, with `www.` or `m.` before it or not."""
        found = self._conn.execute(
            "SELECT 1 FROM feed_state WHERE host IN (?, ?, ?) AND feed_id <> ? LIMIT 1",
            (host, f"www.{host}", f"m.{host}", feed_id),
        )
        return found.fetchone() is not None

    def pause_host(self, host: str, until: float) -> None:
        """Let nobody claim on this host before `until`; a longer pause stands."""
        self._conn.execute(
            "INSERT INTO hosts (host, next_ok_at) VALUES (?, ?) ON CONFLICT (host)"
            " DO UPDATE SET next_ok_at = max(next_ok_at, excluded.next_ok_at)",
            (host, until),
        )

    def release_leases(self) -> int:
        """Give back every lease: those feeds are due at once. Returns how many."""
        return self._conn.execute(
            "UPDATE feed_state SET next_poll_at = 0.0, lease_owner = NULL"
            " WHERE lease_owner IS NOT NULL"
        ).rowcount

    def replan(self, now: float) -> int:
        """Make due whatever was last polled in the future: the clock went back since.

        The pauses of those feeds' hosts end as well, and those of hosts that have no feed: none
        can be told from a pause by the other clock. Returns how many feeds.
        """
        late = {"now": now, "ahead": now + CLOCK_SLACK}
        self._conn.execute(
            "UPDATE hosts SET next_ok_at = :now WHERE next_ok_at > :ahead AND (host IN"
            " (SELECT host FROM feed_state WHERE last_poll_at > :ahead)"
            " OR (host NOT IN (SELECT host FROM feed_state)"
            " AND EXISTS (SELECT 1 FROM feed_state WHERE last_poll_at > :ahead)))",
            late,
        )
        return self._conn.execute(
            "UPDATE feed_state SET next_poll_at = :now, last_poll_at = min(last_poll_at, :now)"
            " WHERE (last_poll_at > :ahead OR (last_poll_at IS NULL AND next_poll_at > :ahead))"
            " AND next_poll_at IS NOT NULL AND lease_owner IS NULL",
            late,
        ).rowcount

    def settle(self, claim: Claim, state: PollState) -> bool:
        """End a claim with its new state; False, and nothing written, when it was overtaken.

        A feed that was paused meanwhile stays without a next poll.
        """
        settled = self._conn.execute(
            _SETTLE,
            {
                **columns(state),
                "feed_id": claim.feed.id,
                "claimed": claim.state.generation,
                "active": FeedStatus.ACTIVE,
            },
        )
        return settled.rowcount == 1

    def log_poll(self, record: PollRecord) -> None:
        """Add a line to the feed's history."""
        self._conn.execute(
            "INSERT INTO polls (feed_id, at, status, ms, bytes, seen, new, revised, problem)"
            " VALUES (:feed_id, :at, :status, :ms, :bytes, :seen, :new, :revised, :problem)",
            columns(record),
        )

    def history(self, feed_id: FeedId, limit: int) -> tuple[PollRecord, ...]:
        """Return the last polls, newest first."""
        found = self._conn.execute(
            "SELECT feed_id, at, status, ms, bytes, seen, new, revised, problem FROM polls"
            " WHERE feed_id = ? ORDER BY id DESC LIMIT ?",
            (feed_id, limit),
        )
        return tuple(PollRecord(**dict(row)) for row in found)

    def counts(self) -> Mapping[FeedId, int]:
        """Return how many entries are kept, of feeds that have any."""
        found = self._conn.execute("SELECT feed_id, count(*) FROM entries GROUP BY feed_id")
        return {FeedId(feed_id): count for feed_id, count in found}

    def _get(self, feed_id: FeedId) -> Feed:
        feed = self.get(feed_id)
        if feed is None:
            raise _no_feed(feed_id)
        return feed

    def _host(self, spec: FeedSpec) -> str:
        """Return the host whose manners hold for this feed; it has a row from now on."""
        host = host_of(spec.url) or ""
        self._conn.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
        return host

    def _refuse_taken(self, spec: FeedSpec, by: FeedId | None) -> None:
        row = self._conn.execute(
            "SELECT id, name, url FROM feeds WHERE (url = ? OR name = ?) AND id IS NOT ?",
            (spec.url, spec.name, by),
        ).fetchone()
        if row is None:
            return
        if row["url"] == spec.url:
            raise UsageError(f"{spec.url} is polled already, as feed '{row['name']}'")
        raise UsageError(
            f"the name '{spec.name}' is taken by feed {row['id']}, {row['url']}; give another"
        )


def _no_feed(feed_id: FeedId) -> NotFound:
    return NotFound(f"there is no feed {feed_id}; `aggregator feeds list` shows them")
