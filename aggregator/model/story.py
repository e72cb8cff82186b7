"""A story: the copies of one piece of news, one of them its lead."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.entry import Entry
from aggregator.model.feed import Feed
from aggregator.model.ids import EntryId, StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news; `public_id` is opaque and stands in addresses."""

    id: StoryId
    public_id: str
    lead_entry_id: EntryId
    first_at: int
    last_at: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One telling of a story."""

    entry: Entry
    feed: Feed
    because: str  # "first", "same address as entry 12", …


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story with all its sources, lead first, and its topics."""

    story: Story
    sources: tuple[Source, ...]
    topics: tuple[tuple[str, str, str], ...] = ()  # (slug, verdict, because)
