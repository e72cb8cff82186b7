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
    " problem, took, last_at, address, asker) VALUES (:path, :callback, :host, :secret,"
    " :lease_until, :since, :failures, :problem, :took, :last_at, :address, :asker)"
    " ON CONFLICT (path, callback) DO UPDATE SET lease_until = excluded.lease_until, failures = 0,"
    " problem = NULL, address = coalesce(excluded.address, address),"
    # Whoever renews without a new secret does not become the one who may change it.
    " asker = iif(secret IS excluded.secret, asker, excluded.asker), secret = excluded.secret"
)
_WISH = (
    "INSERT INTO hub_requests (path, callback, mode, host, secret, lease, why, at, due_at,"
    " attempts, asker) VALUES (:path, :callback, :mode, :host, :secret, :lease, :why, :at,"
    " :due_at, :attempts, :asker) ON CONFLICT DO UPDATE SET lease = max(lease, excluded.lease),"
    " why = excluded.why, due_at = min(due_at, excluded.due_at)"
)
# Where versions begin: a call that ends late must not be taken for the one that followed it.
_BY_CHANCE = "random() & 0xffffffffffff"
_SAME_WISH = (
    "path = :path AND callback = :callback AND mode = :mode AND secret = :secret AND at = :at"
)
_BUSY = "(SELECT value FROM json_each(:busy))"

# Of each host and each machine the first: who took a body before goes before who never did, the
# quickest first, then who subscribed first, for it is easy to have many new subscriptions.
_DELIVERIES = (
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY coalesce(address, host)"
    " ORDER BY place) AS at_machine FROM (SELECT *, row_number() OVER (PARTITION BY host"
    " ORDER BY place) AS at_host FROM (SELECT s.*, d.made_at, d.due_at, d.attempts, d.version,"
    " row_number() OVER (ORDER BY s.failures, coalesce(s.took, :quick), s.since, d.due_at, s.id)"
    " AS place FROM hub_deliveries d JOIN hub_subscriptions s ON s.id = d.subscription_id"
    " WHERE d.due_at <= :now AND s.lease_until > :now"
    " AND (s.failures > 0 OR coalesce(s.took, 0.0) > :quick) = :slow"
    f" AND s.host NOT IN {_BUSY} AND coalesce(s.address, '') NOT IN {_BUSY}))"
    " WHERE at_host = 1) WHERE at_machine = 1 ORDER BY place LIMIT :limit"
)
# Of each host one; who is subscribed before strangers, and of those who has the fewest waiting.
_WISHES = (
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY host ORDER BY is_known DESC, many,"
    " due_at, at) AS turn FROM (SELECT r.*, count(*) OVER (PARTITION BY asker) AS many,"
    " EXISTS (SELECT 1 FROM hub_subscriptions AS s WHERE s.path = r.path"
    " AND s.callback = r.callback) AS is_known FROM hub_requests AS r)"
    f" WHERE due_at <= :now AND (attempts > 0) = :again AND host NOT IN {_BUSY})"
    " WHERE turn = 1 ORDER BY is_known DESC, many, due_at, at LIMIT :limit"
)
_PINGS = (
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY target ORDER BY attempts, due_at)"
    f" AS turn FROM pings WHERE due_at <= :now AND target NOT IN {_BUSY})"
    " WHERE turn = 1 ORDER BY attempts, due_at LIMIT :limit"
)


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

    def crowd(self, path: str, host: str, asker: str = "") -> Crowd:
        """Return how many there are already; all who cannot be told apart are one asker, ""."""
        row = self._conn.execute(
            "SELECT (SELECT count(*) FROM hub_subscriptions WHERE path = :path) AS of_path,"
            " (SELECT count(*) FROM hub_subscriptions WHERE host = :host) AS of_host,"
            " (SELECT count(*) FROM hub_subscriptions WHERE host = :host AND path = :path)"
            " AS of_both,"
            " (SELECT count(*) FROM hub_requests WHERE host = :host) AS waiting_of_host,"
            " (SELECT count(*) FROM hub_requests WHERE asker = :asker)"
            " AS waiting_of_asker, (SELECT count(*) FROM hub_requests) AS waiting",
            {"path": path, "host": host, "asker": asker},
        ).fetchone()
        return Crowd(**dict(row))

    def at_machine(self, address: str, path: str) -> tuple[int, int]:
        """Return how many subscriptions are found at a machine: in all, of the path."""
        row = self._conn.execute(
            "SELECT count(*) AS of_all, count(*) FILTER (WHERE path = ?2) AS of_path"
            " FROM hub_subscriptions WHERE address = ?1",
            (address, path),
        ).fetchone()
        return int(row["of_all"]), int(row["of_path"])

    def wish(self, wish: Wish) -> None:
        """Keep a request; the same one again goes on as it was."""
        self._conn.execute(_WISH, _wish_row(wish))

    def postpone(self, before: Wish, after: Wish) -> None:
        """Have a wish asked again, unless another took its place."""
        self._conn.execute(
            f"UPDATE hub_requests SET due_at = :due_at, attempts = :attempts WHERE {_SAME_WISH}",
            {**_wish_row(before), "due_at": after.due_at, "attempts": after.attempts},
        )

    def settle(self, wish: Wish) -> bool:
        """Take a wish out; False when another took its place."""
        done = self._conn.execute(f"DELETE FROM hub_requests WHERE {_SAME_WISH}", _wish_row(wish))
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

    def wishes_due(
        self, now: float, *, again: bool, busy: Collection[str], limit: int
    ) -> tuple[Wish, ...]:
        """Return those whose subscribers are to be asked now, for the first time or again."""
        asked = {**_due(now, busy, limit), "again": again}
        return tuple(_a_wish(row) for row in self._conn.execute(_WISHES, asked))

    def pings_due(self, now: float, *, busy: Collection[str], limit: int) -> tuple[Ping, ...]:
        """Return those that are to be sent now."""
        return tuple(_a_ping(row) for row in self._conn.execute(_PINGS, _due(now, busy, limit)))

    def put_off(self, delivery: Delivery, due_at: float) -> None:
        """Have a delivery wait that was not tried."""
        self._conn.execute(
            "UPDATE hub_deliveries SET due_at = ? WHERE subscription_id = ?", (due_at, delivery.id)
        )

    def found_at(self, delivery: Delivery, address: str) -> None:
        """Note at which machine a subscriber was found."""
        self._conn.execute(
            "UPDATE hub_subscriptions SET address = ? WHERE id = ?", (address, delivery.id)
        )

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

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return all there are."""
        found = self._conn.execute("SELECT * FROM hub_subscriptions ORDER BY id")
        return tuple(_a_subscription(row) for row in found)

    def forget_requests(self) -> None:
        """Take out wishes that nobody is asked about any more; who is to be told, is."""
        self._conn.execute("DELETE FROM hub_requests WHERE mode <> ?", (Mode.DENIED,))

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


def _wish_row(wish: Wish) -> dict[str, object]:
    return {**asdict(wish), "secret": wish.secret or ""}


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
        address=row["address"],
        asker=row["asker"],
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
        secret=row["secret"] or None,
        lease=row["lease"],
        why=row["why"],
        at=row["at"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        asker=row["asker"],
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
