"""One feed's turn, on its way from the net to the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.core.drafting import Draft
from aggregator.core.schedule import Turn
from aggregator.model.entry import Known, ParsedFeed
from aggregator.model.exchange import Outcome
from aggregator.model.feed import Claim, Feed


class Overtaken(Exception):
    """The lease passed to another worker while this one was at it; nothing may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One feed's turn before it is kept: fetched, read and drafted outside the writer."""

    claim: Claim
    outcome: Outcome
    turn: Turn
    # Without its entries, which are drafts by now, and would be held while the writer is busy.
    # None: nothing to read (304, same bytes, failed).
    parsed: ParsedFeed | None = None
    seen: int = 0  # entries it had
    digests: Mapping[int, int] = field(default_factory=dict)  # of its entries, by key hash
    known: Mapping[int, Known] = field(default_factory=dict)  # what was stored of them
    body_hash: int | None = None
    unreadable: str | None = None  # why a body that arrived is no feed
    drafts: Mapping[int, Draft] = field(default_factory=dict)  # by key hash
    spoilt: Mapping[int, str] = field(default_factory=dict)  # by key hash: why it has no draft
    misread: tuple[str, ...] = ()  # fields in which the fast reader and feedparser differed
    pushed: bool = False  # a hub brought it: nobody was asked, and its headers say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """What became of one turn."""

    feed: Feed
    outcome: Outcome
    new: int = 0
    revised: int = 0
    stories: int = 0  # opened by it
    problem: str | None = None
    unusable: bool = False  # a body came that is no feed
    overtaken: bool = False
