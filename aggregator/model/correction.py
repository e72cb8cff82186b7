"""What happened to an item after readers had it: edited, withdrawn, returned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.ids import EntryId, ItemId, TopicId


class Corrections(StrEnum):
    """What readers are told when a source edits or deletes what we published."""

    SILENT = "silent"  # nothing: the text changes, `updated` stays
    BUMP = "bump"  # `updated` moves, and corrections.atom has the difference
    MARK = "mark"  # the item says so itself, in a visible line
    WITHDRAW = "withdraw"  # as bump; and what the source deletes never comes back


class Kind(StrEnum):
    """What happened."""

    EDITED = "edited"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"


SAME, OUT, IN = "=", "-", "+"

Runs = tuple[tuple[str, str], ...]
"""A difference in words: (SAME, OUT or IN, text) in reading order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """How what readers see of an item changed; long stretches that stayed are cut short."""

    title: Runs
    text: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """What readers last had of an item, and what that came of."""

    item_id: ItemId
    entry_id: EntryId  # the lead's
    rev: int  # and how often its source had revised it
    ours: int  # a hash of what editors had said of it: headline, summary, note
    title: str  # plain text
    text: str  # plain text, without note and credits

    @property
    def came(self) -> Came:
        """What the text came of."""
        return self.entry_id, self.rev, self.ours


Came = tuple[EntryId, int, int]
"""What an item's text came of: its lead, how often that was revised, a hash of editors' words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """A correction about to be kept."""

    topic_id: TopicId
    item_id: ItemId
    entry_id: EntryId  # the lead it was of
    at: int
    kind: Kind
    policy: Corrections  # of its feed, or what an editor's withdrawal asks for
    title: str  # as readers know it; "" where it may be shown no more
    why: str  # in words: what changed, or who took it out
    diff: Diff | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction as kept."""

    id: int
    topic_id: TopicId
    item_id: ItemId
    entry_id: EntryId
    at: int
    kind: Kind
    policy: Corrections
    title: str
    why: str
    diff: Diff | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut:
    """An item that readers had and that is withdrawn, or is no more."""

    item_id: ItemId
    entry_id: EntryId
    at: int  # when its lead was withdrawn
    why: str | None  # what took it out where no editor named it
