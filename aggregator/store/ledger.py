"""The ledger: requests by host and day, entries by feed and day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aggregator.model.exchange import Hop
from aggregator.model.feed import Feed, FeedStatus
from aggregator.model.ids import FeedId
from aggregator.model.ledger import HostTally, OnHost, Tally, day_of
from aggregator.store import rows
from aggregator.store.sqlite import LAST_ID, Connection, Row

_COUNT = (
    "INSERT INTO host_days (host, day, requests, not_modified, failed, bytes, private)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (host, day) DO UPDATE SET"
    " requests = requests + excluded.requests, not_modified = not_modified + excluded.not_modified,"
    " failed = failed + excluded.failed, bytes = bytes + excluded.bytes,"
    " private = private + excluded.private"
)
_COUNT_ENTRIES = (
    "INSERT INTO feed_days (feed_id, day, new, revised) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (feed_id, day) DO UPDATE SET new = new + excluded.new,"
    " revised = revised + excluded.revised"
)
_SUMS = (
    "coalesce(sum(requests), 0) AS requests, coalesce(sum(not_modified), 0) AS not_modified,"
    " coalesce(sum(failed), 0) AS failed, coalesce(sum(bytes), 0) AS bytes"
)
# A host is named unless anything was asked of it for a feed with a login (which a redirect of
# such a feed may have led to), or such a feed lies there.
_PRIVATE = (
    "SELECT host FROM host_days WHERE day >= :since AND private > 0 UNION"
    " SELECT s.host FROM feeds f CROSS JOIN feed_state s ON s.feed_id = f.id WHERE f.private = 1"
)


class SqliteLedger:
    """`Ledger` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def count(self, hops: Iterable[Hop], at: float, *, private: bool = False) -> None:
        """Enter requests that were sent: one row for each host of them."""
        tallies: dict[str, list[int]] = {}
        for hop in hops:
            tally = tallies.get(hop.host)
            if tally is None:
                tallies[hop.host] = tally = [0, 0, 0, 0]
            tally[0] += 1
            tally[1] += hop.status == 304
            tally[2] += hop.status is None or hop.status >= 400
            tally[3] += hop.bytes
        if tallies:
            day = day_of(at)
            self._conn.executemany(
                _COUNT,
                [
                    (host, day, *tally, tally[0] if private else 0)
                    for host, tally in tallies.items()
                ],
            )

    def count_entries(self, feed_id: FeedId, at: float, *, new: int, revised: int) -> None:
        """Enter what a poll brought."""
        if new or revised:
            self._conn.execute(_COUNT_ENTRIES, (feed_id, day_of(at), new, revised))

    def hosts(
        self,
        since_day: int,
        *,
        public: bool = False,
        matching: str = "",
        limit: int | None = None,
    ) -> tuple[HostTally, ...]:
        """Return the hosts asked since, and with `public` those of feeds yet to be asked too."""
        unasked = (
            " UNION ALL SELECT DISTINCT s.host, 0, 0, 0, 0 FROM feeds f"
            " CROSS JOIN feed_state s ON s.feed_id = f.id"
            " WHERE f.status = :active AND instr(s.host, :matching) > 0"
        )
        found = self._conn.execute(
            f"SELECT host, {_SUMS} FROM ("
            " SELECT host, requests, not_modified, failed, bytes FROM host_days"
            " WHERE day >= :since AND instr(host, :matching) > 0"
            f"{unasked if public else ''})"
            f"{f' WHERE host NOT IN ({_PRIVATE})' if public else ''}"
            " GROUP BY host ORDER BY 2 DESC, host LIMIT :limit",
            {
                "since": since_day,
                "matching": matching,
                "active": FeedStatus.ACTIVE,
                "limit": -1 if limit is None else limit,
            },
        )
        return tuple(HostTally(host=row["host"], tally=_tally(row)) for row in found)

    def feeds_on(self, hosts: Sequence[str], most: int) -> Mapping[str, OnHost]:
        """Return the active feeds that may be named on these hosts, at most so many of each."""
        found = self._conn.execute(
            "SELECT * FROM (SELECT f.*, s.host, s.last_poll_at,"
            " row_number() OVER (PARTITION BY s.host ORDER BY f.id) AS place,"
            " count(*) OVER (PARTITION BY s.host) AS count_here,"
            " max(s.last_poll_at) OVER (PARTITION BY s.host) AS last_here"
            " FROM json_each(:hosts) asked CROSS JOIN feed_state s ON s.host = asked.value"
            " CROSS JOIN feeds f ON f.id = s.feed_id"
            " WHERE f.private = 0 AND f.status = :active) WHERE place <= :most ORDER BY id",
            {"hosts": json.dumps(hosts), "active": FeedStatus.ACTIVE, "most": most},
        )
        counts: dict[str, tuple[int, float | None]] = {}
        feeds: defaultdict[str, list[tuple[Feed, float | None]]] = defaultdict(list)
        for row in found:
            counts[row["host"]] = row["count_here"], row["last_here"]
            feeds[row["host"]].append((rows.a_feed(row), row["last_poll_at"]))
        return {
            host: OnHost(count=count, last_poll_at=last, feeds=tuple(feeds[host]))
            for host, (count, last) in counts.items()
        }

    def last_poll_at(self) -> float | None:
        """Return when anything was last polled."""
        (last,) = self._conn.execute("SELECT max(last_poll_at) FROM feed_state").fetchone()
        return None if last is None else float(last)

    def total(self, since_day: int, *, public: bool = False) -> Tally:
        """Return the sum of everything asked since."""
        row = self._conn.execute(
            f"SELECT {_SUMS} FROM host_days WHERE day >= :since"
            f"{f' AND host NOT IN ({_PRIVATE})' if public else ''}",
            {"since": since_day},
        ).fetchone()
        return _tally(row)

    def days(self, since_day: int) -> Mapping[int, Tally]:
        """Return the sum of each day since on which anything was asked."""
        found = self._conn.execute(
            f"SELECT day, {_SUMS} FROM host_days WHERE day >= ? GROUP BY day ORDER BY day",
            (since_day,),
        )
        return {row["day"]: _tally(row) for row in found}

    def feed_days(
        self, since_day: int, feed_id: FeedId | None = None
    ) -> Mapping[FeedId, Mapping[int, tuple[int, int]]]:
        """Return (new, revised) by day since, oldest first, of feeds that brought anything."""
        mine = " AND feed_id = ?" if feed_id is not None else ""
        found = self._conn.execute(
            f"SELECT feed_id, day, new, revised FROM feed_days WHERE day >= ?{mine}"
            " ORDER BY feed_id, day",
            (since_day, *_which(feed_id)),
        )
        days: defaultdict[FeedId, dict[int, tuple[int, int]]] = defaultdict(dict)
        for number, day, new, revised in found:
            days[number][day] = new, revised
        return days

    def brought(self, since_day: int) -> Mapping[int, tuple[int, int]]:
        """Return (new, revised) by day since, of all feeds."""
        found = self._conn.execute(
            "SELECT day, sum(new), sum(revised) FROM feed_days WHERE day >= ?"
            " GROUP BY day ORDER BY day",
            (since_day,),
        )
        return {day: (new, revised) for day, new, revised in found}

    def known_since(self, feed_id: FeedId | None = None) -> Mapping[FeedId, int]:
        """Return the first day entered for each feed's host, of feeds whose host has any."""
        found = self._conn.execute(
            "SELECT s.feed_id, (SELECT min(d.day) FROM host_days d WHERE d.host = s.host)"
            f" FROM feed_state s{_only(feed_id)}",
            _which(feed_id),
        )
        return {FeedId(number): day for number, day in found if day is not None}

    def answers(self, last: int, feed_id: FeedId | None = None) -> Mapping[FeedId, tuple[int, int]]:
        """Return (polls, of them answered with 304) among the last polls of each feed."""
        found = self._conn.execute(
            "SELECT s.feed_id, (SELECT count(*) || ' ' || coalesce(sum(status = 304), 0) FROM"
            " (SELECT p.status FROM polls p WHERE p.feed_id = s.feed_id ORDER BY p.id DESC"
            f" LIMIT {last:d})) FROM feed_state s{_only(feed_id)}",
            _which(feed_id),
        )
        both = ((FeedId(number), told.split()) for number, told in found)
        return {number: (int(polls), int(same)) for number, (polls, same) in both}

    def told_before(self, day: int) -> tuple[tuple[str, ...], tuple[FeedId, ...]]:
        """Return the hosts and the feeds of which anything is entered before this day.

        Reads both tables whole, which a reader may: an index by day would be paid for by each
        poll.
        """
        hosts = self._conn.execute("SELECT DISTINCT host FROM host_days WHERE day < ?", (day,))
        feeds = self._conn.execute("SELECT DISTINCT feed_id FROM feed_days WHERE day < ?", (day,))
        return tuple(row[0] for row in hosts), tuple(FeedId(row[0]) for row in feeds)

    def forget_days(self, before: int, hosts: Sequence[str], feed_ids: Sequence[FeedId]) -> int:
        """Forget the days of these hosts and feeds before this one; return how many."""
        return sum(
            self._conn.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?)) AND day < ?",
                (json.dumps(which), before),
            ).rowcount
            for table, key, which in (
                ("host_days", "host", hosts),
                ("feed_days", "feed_id", feed_ids),
            )
        )

    def forget_polls(self, before: float, *, keep: int, limit: int) -> int:
        """Forget at most `limit` polls before then, the oldest first; return how many.

        No feed's last `keep` ones are. Polls are looked at in the order they came, up to the
        first that is not so old: nothing has to be read of all that stays.
        """
        first = self._conn.execute(
            "SELECT id FROM polls WHERE at >= ? ORDER BY id LIMIT 1", (before,)
        ).fetchone()
        return self._conn.execute(
            "DELETE FROM polls WHERE id IN (SELECT p.id FROM polls p WHERE p.id < :first"
            " AND p.id < (SELECT min(id) FROM (SELECT l.id FROM polls l"
            " WHERE l.feed_id = p.feed_id ORDER BY l.id DESC LIMIT :keep))"
            " ORDER BY p.id LIMIT :limit)",
            {"first": LAST_ID if first is None else first[0], "keep": keep, "limit": limit},
        ).rowcount

    def slowest(self, among: int, limit: int) -> tuple[tuple[str, int, int], ...]:
        """Return (host, polls, mean ms) among the last polls of all, slowest first."""
        found = self._conn.execute(
            "SELECT s.host, count(*), CAST(avg(p.ms) AS INTEGER) FROM"
            " (SELECT feed_id, ms FROM polls ORDER BY id DESC LIMIT ?) p"
            " CROSS JOIN feed_state s ON s.feed_id = p.feed_id"
            " GROUP BY s.host ORDER BY 3 DESC, s.host LIMIT ?",
            (among, limit),
        )
        return tuple((host, polls, ms) for host, polls, ms in found)


def _tally(row: Row) -> Tally:
    return Tally(
        requests=row["requests"],
        not_modified=row["not_modified"],
        failed=row["failed"],
        bytes=row["bytes"],
    )


def _only(feed_id: FeedId | None) -> str:
    return "" if feed_id is None else " WHERE s.feed_id = ?"


def _which(feed_id: FeedId | None) -> tuple[FeedId, ...]:
    return () if feed_id is None else (feed_id,)
