"""Webhooks: what a call says, how it is signed, and when it is tried again.

Calls are signed as Standard Webhooks has it (standardwebhooks.com, 1.0): receivers check them with
any of its libraries, or in three lines of their own.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from hashlib import blake2b, sha256
from typing import Any

from aggregator.model.exchange import Failed
from aggregator.model.publication import Edition
from aggregator.model.webhook import HookDelivery, HookEvent, Withdrawn

MINUTE, HOUR = 60, 3600

RETRY_WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)
LONGEST_WAIT = 6 * HOUR  # however long a Retry-After is
DEADLINE = 10.0  # seconds a receiver has to answer

_PREFIX = "whsec_"  # of a secret that is given in base64


def call_id(delivery: HookDelivery) -> str:
    """Return by what a receiver knows a call that comes again: the same for each try."""
    said = f"{delivery.event}\n{delivery.uri}\n{int(delivery.made_at)}"
    return f"msg_{blake2b(said.encode(), digest_size=12).hexdigest()}"


def body(delivery: HookDelivery, edition: Edition, told: dict[str, Any] | Withdrawn) -> bytes:
    """Return what a call says as JSON: an item as in JSON Feed, or that it is withdrawn."""
    if isinstance(told, Withdrawn):
        item: dict[str, Any] = {"id": delivery.uri, "withdrawn_at": told.at, "why": told.why}
    else:
        item = told
    value = {
        "id": call_id(delivery),
        "event": str(delivery.event),
        "topic": {
            "slug": edition.slug,
            "title": edition.title,
            "url": edition.page_url,
            "feed_url": f"{edition.base_url}.json",
        },
        "item": item,
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def headers(delivery: HookDelivery, said: bytes, secret: str, now: float) -> dict[str, str]:
    """Return the headers of a call, its signature among them.

    What is signed is `ID.TIMESTAMP.BODY`: a call that somebody kept cannot be brought again later
    without its receiver seeing that it is old.
    """
    known, at = call_id(delivery), str(int(now))
    made = hmac.new(_key(secret), f"{known}.{at}.".encode() + said, sha256).digest()
    return {
        "Content-Type": "application/json",
        "Webhook-Id": known,
        "Webhook-Timestamp": at,
        "Webhook-Signature": f"v1,{b64encode(made).decode()}",
    }


def retry_at(delivery: HookDelivery, outcome: Failed, now: float) -> float | None:
    """Return when a call in vain is tried again; None: not any more. 410 ends it at once."""
    if outcome.status == 410 or delivery.attempts >= len(RETRY_WAITS):
        return None
    wait = max(RETRY_WAITS[delivery.attempts], min(outcome.retry_after or 0.0, LONGEST_WAIT))
    return now + wait


def _key(secret: str) -> bytes:
    """Return the bytes of a secret; of one that begins with `whsec_` those its base64 tells."""
    if secret.startswith(_PREFIX):
        try:
            return b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (NoBase64, ValueError):
            pass
    return secret.encode()


def events(
    *,
    fresh: tuple[int, ...],
    edited: tuple[int, ...],
    gone: tuple[tuple[int, bool], ...],
) -> tuple[tuple[HookEvent, int], ...]:
    """Return what is to be told, of each item its last state alone."""
    told: dict[int, HookEvent] = {}
    for item_id in edited:
        told[item_id] = HookEvent.EDITED
    for item_id, out in gone:
        told.pop(item_id, None)
        told[item_id] = HookEvent.WITHDRAWN if out else HookEvent.ITEM
    for item_id in fresh:
        told.setdefault(item_id, HookEvent.ITEM)
    return tuple((event, item_id) for item_id, event in told.items())
