"""Our hub: who is told when a document of ours changes (W3C WebSub), and what is to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What a subscriber is asked to confirm, or told."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    DENIED = "denied"  # told, not asked: it gets nothing any more


class Lane(StrEnum):
    """Two queues of deliveries: who answers at once never waits behind who does not."""

    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One callback that gets one document whenever it changes. Times are UTC seconds."""

    path: str  # of the document: "topics/global-lane.atom"
    callback: str
    host: str  # what the callback is counted by (`core.neighbours`)
    secret: str | None  # what bodies are signed with
    lease_until: float
    since: float
    failures: int = 0  # calls in vain since the last that was answered
    problem: str | None = None
    took: float | None = None  # seconds until the last answer
    last_at: float | None = None  # when it last took a body
    address: str | None = None  # the machine it was last found at
    asker: str = ""  # who asked for it, as a hash; "": nobody can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request that counts only when the subscriber confirms it; a refusal to be told."""

    path: str
    callback: str
    mode: Mode
    host: str  # what the callback is counted by
    secret: str | None = None
    lease: int = 0  # seconds
    why: str = ""
    at: float = 0.0
    due_at: float = 0.0
    attempts: int = 0
    asker: str = ""  # as a hash under a salt that nobody keeps; "": nobody can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A subscriber who has yet to get the newest bytes."""

    id: int  # of the subscription
    subscription: Subscription
    made_at: float  # when the document first changed since the subscriber last got it
    due_at: float
    attempts: int
    version: int  # goes up when the document changes meanwhile

    @property
    def host(self) -> str:
        """Whose turn it is."""
        return self.subscription.host


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """An outside hub or rssCloud server that has yet to hear that a document changed."""

    target: str
    path: str
    made_at: float
    due_at: float
    attempts: int
    version: int

    @property
    def host(self) -> str:
        """Whose turn it is: one at a time to each of them."""
        return self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many there are already, where one more asks to be let in."""

    of_path: int
    of_host: int
    waiting_of_host: int  # wishes
    waiting: int
    of_both: int = 0  # of this host and path
    waiting_of_asker: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFigures:
    """How it stands with our hub."""

    subscriptions: int = 0
    failing: int = 0
    waiting: int = 0  # deliveries
    oldest: float | None = None  # when the document changed that has waited longest
    verifying: int = 0
    pings: int = 0
