"""Leases on feeds: which can be claimed now, and when the next can.

A lease is `next_poll_at` pushed ahead with its owner's name on it, so a lost worker's feed comes
due by itself. A host gives at most so many leases at a time, one after another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.core.rhythm import weekday
from aggregator.model.feed import Claim, PollState
from aggregator.model.ids import FeedId
from aggregator.store import rows
from aggregator.store.sqlite import Connection, Row, many

DUE = (
    "SELECT s.feed_id, s.host FROM feed_state s CROSS JOIN hosts h ON h.host = s.host"
    " WHERE s.next_poll_at <= :now AND h.next_ok_at <= :now"
    # What came due while we were away may fall into hours its publisher asked us to leave out.
    " AND NOT (s.skip_hours >> :hour & 1 OR s.skip_days >> :weekday & 1)"
    " ORDER BY s.next_poll_at, s.feed_id"
)
# Of given feeds, in the order given: those that are polled at all and not leased to anybody.
ASKED = (
    "SELECT s.feed_id, s.host FROM json_each(:ids) asked"
    " CROSS JOIN feed_state s ON s.feed_id = asked.value"
    " CROSS JOIN hosts h ON h.host = s.host"
    " WHERE s.next_poll_at IS NOT NULL AND h.next_ok_at <= :now"
    " AND (s.lease_owner IS NULL OR s.next_poll_at <= :now) ORDER BY asked.key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms leases are given; seconds."""

    now: float
    limit: int
    lease: float
    owner: str
    per_host: int
    spacing: float


def lease_due(conn: Connection, terms: Terms) -> tuple[Claim, ...]:
    """Lease feeds that are due, oldest due first."""
    day = int(terms.now // 86_400)
    moment = {"hour": int(terms.now // 3600) % 24, "weekday": weekday(day)}
    return _lease(conn, conn.execute(DUE, {"now": terms.now, **moment}), terms)


def lease_these(conn: Connection, feed_ids: Sequence[FeedId], terms: Terms) -> tuple[Claim, ...]:
    """Lease these feeds, due or not, as far as their hosts allow now."""
    asked = {"now": terms.now, "ids": many(dict.fromkeys(feed_ids))}
    return _lease(conn, conn.execute(ASKED, asked), terms)


def next_lease_at(conn: Connection, feed_ids: Sequence[FeedId] | None) -> float | None:
    """Return when the next feed can be leased, by its due time (or lease's end) and its host.

    A host that is busy only because as many of its feeds are leased as may be is not foreseen:
    it is the end of such a poll that frees it.
    """
    if feed_ids is not None:
        (soonest,) = conn.execute(
            "SELECT min(CASE WHEN s.lease_owner IS NULL THEN h.next_ok_at"
            " ELSE max(s.next_poll_at, h.next_ok_at) END)"
            " FROM feed_state s JOIN hosts h ON h.host = s.host"
            " WHERE s.feed_id IN (SELECT value FROM json_each(?)) AND s.next_poll_at IS NOT NULL",
            (many(feed_ids),),
        ).fetchone()
        return None if soonest is None else float(soonest)
    best: float | None = None
    cursor = conn.execute(
        "SELECT s.next_poll_at, h.next_ok_at FROM feed_state s"
        " CROSS JOIN hosts h ON h.host = s.host"
        " WHERE s.next_poll_at IS NOT NULL ORDER BY s.next_poll_at"
    )
    for due, host_ok in cursor:
        if best is not None and due >= best:
            break  # no later feed can come sooner
        at = max(due, host_ok)
        best = at if best is None else min(best, at)
    cursor.close()
    return best


def _lease(conn: Connection, candidates: Iterable[Row], terms: Terms) -> tuple[Claim, ...]:
    chosen = list(_within_hosts(conn, candidates, terms))
    if not chosen:
        return ()
    before = _states(conn, [feed_id for feed_id, _ in chosen])
    feeds = rows.feeds_by_id(conn, before)
    until = terms.now + terms.lease
    conn.executemany(
        "UPDATE feed_state SET next_poll_at = ?, lease_owner = ?, generation = generation + 1"
        " WHERE feed_id = ?",
        [(until, terms.owner, feed_id) for feed_id, _ in chosen],
    )
    conn.executemany(
        "UPDATE hosts SET next_ok_at = max(next_ok_at, ?) WHERE host = ?",
        [(terms.now + terms.spacing, host) for host in dict.fromkeys(host for _, host in chosen)],
    )
    return tuple(Claim(feed=feeds[feed_id], state=before[feed_id]) for feed_id, _ in chosen)


def _within_hosts(
    conn: Connection, candidates: Iterable[Row], terms: Terms
) -> Iterator[tuple[FeedId, str]]:
    """Yield the first candidates that their hosts still have room for."""
    running = Counter(
        dict(
            conn.execute(
                "SELECT host, count(*) FROM feed_state"
                " WHERE lease_owner IS NOT NULL AND next_poll_at > ? GROUP BY host",
                (terms.now,),
            ).fetchall()
        )
    )
    spaced: set[str] = set()  # hosts whose next claim must wait for a later call
    left = terms.limit
    for feed_id, host in candidates:
        if left <= 0:
            return
        if running[host] >= terms.per_host or host in spaced:
            continue
        running[host] += 1
        if terms.spacing > 0:
            spaced.add(host)
        left -= 1
        yield FeedId(feed_id), host


def _states(conn: Connection, feed_ids: Sequence[FeedId]) -> dict[FeedId, PollState]:
    """Return the states as they are, each with the generation its lease will have."""
    found = conn.execute(
        "SELECT * FROM feed_state WHERE feed_id IN (SELECT value FROM json_each(?))",
        (many(feed_ids),),
    )
    return {FeedId(row["feed_id"]): a_state(row, generation=row["generation"] + 1) for row in found}


def a_state(row: Row, *, generation: int | None = None) -> PollState:
    """Return the poll state of a row of `feed_state`."""
    return PollState(
        next_poll_at=row["next_poll_at"],
        generation=row["generation"] if generation is None else generation,
        interval=row["interval"],
        fresh_until=row["fresh_until"],
        ttl=row["ttl"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_hash=row["body_hash"],
        last_status=row["last_status"],
        last_poll_at=row["last_poll_at"],
        last_ok_at=row["last_ok_at"],
        last_new_at=row["last_new_at"],
        failures=row["failures"],
        problem=row["problem"],
        moved_to=row["moved_to"],
        moved_count=row["moved_count"],
        moved_since=row["moved_since"],
        gap=row["gap"],
        usual_at=row["usual_at"],
        usual_days=row["usual_days"],
        skip_hours=row["skip_hours"],
        skip_days=row["skip_days"],
        tolerant=bool(row["tolerant"]),
        read_by=row["read_by"],
        pushed_until=row["pushed_until"],
        notice=row["notice"],
    )
