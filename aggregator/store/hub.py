"""Our hub's subscriptions, wishes, deliveries and pings on SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict

from aggregator.core.hub import QUICK
from aggregator.model.hub import Crowd, Delivery, HubFigures, Lane, Mode, Ping, Subscription, Wish
from aggregator.store.sqlite import Connection, Row

_KEEP = (
    "INSERT INTO hub_subscriptions (path, callback, host, secret, lease_until, since, failures,"
    " problem, took, last_at) VALUES (:path, :callback, :host, :secret, :lease_until, :since,"
    " :failures, :problem, :took, :last_at) ON CONFLICT (path, callback) DO UPDATE SET"
    " secret = excluded.secret, lease_until = excluded.lease_until, failures = 0, problem = NULL"
)
_WISH = (
    "INSERT OR REPLACE INTO hub_requests (path, callback, mode, host, secret, lease, why, at,"
    " due_at, attempts) VALUES (:path, :callback, :mode, :host, :secret, :lease, :why, :at,"
    " :due_at, :attempts)"
)
# Where versions begin: a call that ends late must not be taken for the one that followed it.
_BY_CHANCE = "random() & 0xffffffffffff"
_SAME_WISH = "path = :path AND callback = :callback AND mode = :mode AND at = :at"

# Of each host the first: by what it did before, then by how long it has waited.
_DELIVERIES = (
    "SELECT * FROM (SELECT s.*, d.made_at, d.due_at, d.attempts, d.version, row_number() OVER"
    " (PARTITION BY s.host ORDER BY s.failures, coalesce(s.took, 0.5), d.due_at, s.id) AS turn"
    " FROM hub_deliveries d JOIN hub_subscriptions s ON s.id = d.subscription_id"
    " WHERE d.due_at <= :now AND s.lease_until > :now"
    " AND (s.failures > 0 OR coalesce(s.took, 0.0) > :quick) = :slow"
    " AND s.host NOT IN (SELECT value FROM json_each(:busy)))"
    " WHERE turn = 1 ORDER BY failures, coalesce(took, 0.5), due_at, id LIMIT :limit"
)
_FIRST_OF = (
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {host} ORDER BY attempts, due_at)"
    " AS turn FROM {table} WHERE due_at <= :now"
    " AND {host} NOT IN (SELECT value FROM json_each(:busy)))"
    " WHERE turn = 1 ORDER BY attempts, due_at LIMIT :limit"
)
_WISHES = _FIRST_OF.format(table="hub_requests", host="host")
_PINGS = _FIRST_OF.format(table="pings", host="target")


class SqliteHub:
    """`Hub` on SQLite."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def subscription(self, path: str, callback: str) -> Subscription | None:
        """Return the one of this document and callback."""
        row = self._conn.execute(
            "SELECT * FROM hub_subscriptions WHERE path = ? AND callback = ?", (path, callback)
        ).fetchone()
        return None if row is None else _a_subscription(row)

    def crowd(self, path: str, host: str) -> Crowd:
        """Return how many there are already."""
        row = self._conn.execute(
            "SELECT (SELECT count(*) FROM hub_subscriptions WHERE path = :path) AS of_path,"
            " (SELECT count(*) FROM hub_subscriptions WHERE host = :host) AS of_host,"
            " (SELECT count(*) FROM hub_requests WHERE host = :host) AS waiting_of_host,"
            " (SELECT count(*) FROM hub_requests) AS waiting",
            {"path": path, "host": host},
        ).fetchone()
        return Crowd(**dict(row))

    def wish(self, wish: Wish) -> None:
        """Keep a request in the place of an earlier one."""
        self._conn.execute(_WISH, asdict(wish))

    def postpone(self, before: Wish, after: Wish) -> None:
        """Have a wish asked again, unless another took its place."""
        self._conn.execute(
            f"UPDATE hub_requests SET due_at = :due_at, attempts = :attempts WHERE {_SAME_WISH}",
            {**asdict(before), "due_at": after.due_at, "attempts": after.attempts},
        )

    def settle(self, wish: Wish) -> bool:
        """Take a wish out; False when another took its place."""
        done = self._conn.execute(f"DELETE FROM hub_requests WHERE {_SAME_WISH}", asdict(wish))
        return done.rowcount > 0

    def keep(self, subscription: Subscription) -> None:
        """Keep it in the place of an earlier one; what waits to be delivered is due now."""
        self._conn.execute(_KEEP, asdict(subscription))
        self._conn.execute(
            "UPDATE hub_deliveries SET due_at = min(due_at, ?), attempts = 0 WHERE subscription_id"
            " = (SELECT id FROM hub_subscriptions WHERE path = ? AND callback = ?)",
            (subscription.since, subscription.path, subscription.callback),
        )

    def leave(self, path: str, callback: str) -> None:
        """End it, with what was still to be delivered."""
        self._conn.execute(
            "DELETE FROM hub_subscriptions WHERE path = ? AND callback = ?", (path, callback)
        )

    def announce(self, paths: Collection[str], now: float) -> None:
        """Have all who are subscribed to these get them."""
        self._conn.execute(
            "INSERT INTO hub_deliveries (subscription_id, made_at, due_at, version)"
            f" SELECT id, :now, :now, {_BY_CHANCE} FROM hub_subscriptions"
            " WHERE lease_until > :now AND path IN (SELECT value FROM json_each(:paths))"
            " ON CONFLICT (subscription_id) DO UPDATE SET version = version + 1",
            {"now": now, "paths": json.dumps(list(paths))},
        )

    def announce_to(self, targets: Collection[str], paths: Collection[str], now: float) -> None:
        """Have each of these pinged about each of these."""
        self._conn.executemany(
            "INSERT INTO pings (target, path, made_at, due_at, version)"
            f" VALUES (?1, ?2, ?3, ?3, {_BY_CHANCE})"
            " ON CONFLICT (target, path) DO UPDATE SET version = version + 1",
            [(target, path, now) for target in targets for path in paths],
        )

    def deliveries_due(
        self, lane: Lane, now: float, *, busy: Collection[str], limit: int
    ) -> tuple[Delivery, ...]:
        """Return those of a lane whose time has come, the most reliable first."""
        asked = {**_due(now, busy, limit), "quick": QUICK, "slow": lane is Lane.SLOW}
        return tuple(_a_delivery(row) for row in self._conn.execute(_DELIVERIES, asked))

    def wishes_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Wish, ...]:
        """Return those whose subscribers are to be asked now."""
        return tuple(_a_wish(row) for row in self._conn.execute(_WISHES, _due(now, busy, limit)))

    def pings_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Ping, ...]:
        """Return those that are to be sent now."""
        return tuple(_a_ping(row) for row in self._conn.execute(_PINGS, _due(now, busy, limit)))

    def delivered(self, delivery: Delivery, now: float, took: float) -> None:
        """Note that the bytes arrived."""
        self._conn.execute(
            "UPDATE hub_subscriptions SET failures = 0, problem = NULL, took = ?, last_at = ?"
            " WHERE id = ?",
            (took, now, delivery.id),
        )
        self._over(delivery, now)

    def failed(self, delivery: Delivery, after: Subscription, retry_at: float | None) -> None:
        """Note that they did not arrive."""
        self._conn.execute(
            "UPDATE hub_subscriptions SET failures = ?, problem = ? WHERE id = ?",
            (after.failures, after.problem, delivery.id),
        )
        if retry_at is None:
            self._over(delivery, delivery.due_at)
            return
        self._conn.execute(
            "UPDATE hub_deliveries SET due_at = ?, attempts = attempts + 1"
            " WHERE subscription_id = ?",
            (retry_at, delivery.id),
        )

    def pinged(self, ping: Ping, retry_at: float | None) -> None:
        """Note that a ping arrived, or when to try again."""
        which = (ping.target, ping.path, ping.version)
        if retry_at is None:
            self._conn.execute(
                "DELETE FROM pings WHERE target = ? AND path = ? AND version = ?", which
            )
            return
        self._conn.execute(
            "UPDATE pings SET due_at = ?4, attempts = attempts + 1 WHERE target = ?1"
            " AND path = ?2 AND version >= ?3",
            (*which, retry_at),
        )

    def ended(self, now: float) -> tuple[Subscription, ...]:
        """Return those whose lease is over, and those whose document is no more."""
        found = self._conn.execute(
            "SELECT * FROM hub_subscriptions AS s WHERE lease_until <= ?"
            " OR NOT EXISTS (SELECT 1 FROM documents WHERE path = s.path) ORDER BY id",
            (now,),
        )
        return tuple(_a_subscription(row) for row in found)

    def forget_wishes(self, before: float) -> None:
        """Take out wishes that are older than this."""
        self._conn.execute("DELETE FROM hub_requests WHERE at < ?", (before,))

    def has_wishes(self, before: float) -> bool:
        """Return whether any are older than this."""
        return self._any("SELECT 1 FROM hub_requests WHERE at < ? LIMIT 1", before)

    def is_published(self, path: str) -> bool:
        """Return whether there is a document at this path."""
        return self._any("SELECT 1 FROM documents WHERE path = ?", path)

    def figures(self, now: float) -> HubFigures:
        """Return how it stands."""
        row = self._conn.execute(
            "SELECT (SELECT count(*) FROM hub_subscriptions WHERE lease_until > :now)"
            " AS subscriptions, (SELECT count(*) FROM hub_subscriptions WHERE failures > 0"
            " AND lease_until > :now) AS failing,"
            " (SELECT count(*) FROM hub_deliveries) AS waiting,"
            " (SELECT min(made_at) FROM hub_deliveries) AS oldest,"
            " (SELECT count(*) FROM hub_requests) AS verifying,"
            " (SELECT count(*) FROM pings) AS pings",
            {"now": now},
        ).fetchone()
        return HubFigures(**dict(row))

    def _any(self, query: str, key: str | float) -> bool:
        return self._conn.execute(query, (key,)).fetchone() is not None

    def _over(self, delivery: Delivery, now: float) -> None:
        """Take a delivery out, or begin anew with what changed meanwhile."""
        self._conn.execute(
            "DELETE FROM hub_deliveries WHERE subscription_id = ? AND version = ?",
            (delivery.id, delivery.version),
        )
        self._conn.execute(
            "UPDATE hub_deliveries SET made_at = ?1, due_at = ?1, attempts = 0"
            " WHERE subscription_id = ?2",
            (now, delivery.id),
        )


def _due(now: float, busy: Collection[str], limit: int) -> dict[str, object]:
    return {"now": now, "busy": json.dumps(sorted(busy)), "limit": limit}


def _a_subscription(row: Row) -> Subscription:
    return Subscription(
        path=row["path"],
        callback=row["callback"],
        host=row["host"],
        secret=row["secret"],
        lease_until=row["lease_until"],
        since=row["since"],
        failures=row["failures"],
        problem=row["problem"],
        took=row["took"],
        last_at=row["last_at"],
    )


def _a_delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        subscription=_a_subscription(row),
        made_at=row["made_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        version=row["version"],
    )


def _a_wish(row: Row) -> Wish:
    return Wish(
        path=row["path"],
        callback=row["callback"],
        mode=Mode(row["mode"]),
        host=row["host"],
        secret=row["secret"],
        lease=row["lease"],
        why=row["why"],
        at=row["at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
    )


def _a_ping(row: Row) -> Ping:
    return Ping(
        target=row["target"],
        path=row["path"],
        made_at=row["made_at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        version=row["version"],
    )
