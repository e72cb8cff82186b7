"""Pushes: a hub tells us what is new in a feed, for as long as its lease runs (W3C WebSub)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from aggregator.model.ids import FeedId

PushId = NewType("PushId", int)


class PushState(StrEnum):
    """How far one agreement with one hub has come."""

    FOUND = "found"  # the feed names the hub; nothing is agreed
    ASKED = "asked"  # the hub has yet to verify that it was us
    LIVE = "live"  # verified; the lease runs
    OVER = "over"  # we want nothing of it any more; kept to tell the hub so when it calls
    LEAVING = "leaving"  # we asked to be left out; the hub has yet to verify that


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One agreement with one hub about one feed. Times are UTC seconds."""

    id: PushId
    feed_id: FeedId
    hub: str  # as the feed names it
    topic: str  # the address that the feed calls its own
    token_hash: str  # of the callback's last part, which nobody but the hub knows
    secret: str  # what the hub signs bodies with
    state: PushState
    asked_at: float
    verified_at: float | None = None
    expires_at: float | None = None
    next_at: float | None = None  # when to ask, renew or forget; None: never by itself
    failures: int = 0  # LIVE: polls that found what it did not bring; else: requests in vain
    problem: str | None = None
    last_at: float | None = None  # when the hub last brought something that was signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a feed says of hubs: those we may ask, the publisher's first choice first."""

    topic: str = ""
    hubs: tuple[str, ...] = ()


class Signed(StrEnum):
    """What a body's signature says."""

    WELL = "well"
    BADLY = "badly"
    NOT = "not at all"
