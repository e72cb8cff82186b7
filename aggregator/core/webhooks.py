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

from aggregator.core.dates import rfc3339
from aggregator.core.urls import host_of
from aggregator.model.exchange import Failed
from aggregator.model.publication import Edition
from aggregator.model.webhook import HookDelivery, HookEvent, HookState, ItemState, Noted

MINUTE, HOUR = 60, 3600

RETRY_WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)
LONGEST_WAIT = 6 * HOUR  # however long a Retry-After is
DEADLINE = 10.0  # seconds a receiver has to answer
WATCHED = 1000  # of a topic's newest items, those whose going is told

TAKEN_BACK = "it is in the topic no more"

_PREFIX = "whsec_"  # of a secret that is given in base64


def call_id(delivery: HookDelivery) -> str:
    """Return by what a receiver knows a call that comes again: the same for each try."""
    said = f"{delivery.id}\n{delivery.url}\n{delivery.event}\n{delivery.uri}\n{delivery.made_at}"
    return f"msg_{blake2b(said.encode(), digest_size=12).hexdigest()}"


def body(
    known: str, event: HookEvent, at: float, edition: Edition, item: dict[str, Any] | None
) -> bytes:
    """Return what a call says as JSON: an item as in JSON Feed, or of one that went its id."""
    value = {
        "id": known,
        "event": str(event),
        "at": rfc3339(at),
        "topic": {
            "slug": edition.slug,
            "title": edition.title,
            "url": edition.page_url,
            "feed_url": f"{edition.base_url}.json",
        },
        "item": item,
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def event_of(noted: Noted, told_to: int) -> HookEvent | None:
    """Return what there is to tell of an item; None: nothing.

    `told_to` is the highest number of an item that webhooks knew before.
    """
    item = noted.item
    if item.number > told_to:
        return HookEvent.PUBLISHED
    if noted.became is not item.state:
        return _BECAME[noted.became]
    if noted.became is ItemState.OUT and noted.updated_at != item.updated_at:
        return HookEvent.UPDATED
    return None


_BECAME = {
    ItemState.OUT: HookEvent.PUBLISHED,
    ItemState.TAKEN_BACK: HookEvent.TAKEN_BACK,
    ItemState.WITHDRAWN: HookEvent.WITHDRAWN,
}


def spoken(url: str) -> str:
    """Return an address for logs: what stands behind the host is often a secret.

    >>> spoken("https://hooks.example/services/T1/s3cret"), spoken("https://hooks.example")
    ('https://hooks.example/…', 'https://hooks.example/…')
    """
    return f"{url.partition('://')[0]}://{host_of(url)}/…"


def standing(state: HookState) -> str:
    """Return in a word how it stands with a webhook."""
    if state.ended_at is not None:
        return "ended"
    if state.failures:
        return "failing"
    return "works" if state.told_at is not None else "not called yet"


def headers(known: str, said: bytes, secret: str, now: float) -> dict[str, str]:
    """Return the headers of a call, its signature among them.

    What is signed is `ID.TIMESTAMP.BODY`: a call that somebody kept cannot be brought again later
    without its receiver seeing that it is old.
    """
    at = str(int(now))
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
