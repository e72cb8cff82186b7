"""Article pages and robots.txt, as the store keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model.entry import Instalment, Tag
from aggregator.model.ids import EntryId
from aggregator.model.page import DuePage, Page, RobotsFile


class Pages(Protocol):
    """Which pages are wanted, and what came of them; each is asked for once."""

    def want(self, entry_ids: Sequence[EntryId], now: float) -> int:
        """Queue the pages of these entries, those that have one and were never queued; how many."""
        ...

    def due(self, now: float, *, limit: int) -> tuple[DuePage, ...]:
        """The longest waiting of each host that may be asked now. Feeds must be active and want
        full text still, entries must not be withdrawn."""
        ...

    def next_at(self) -> float | None:
        """When the next page can be asked for, its host's pauses counted; None: never."""
        ...

    def twin(self, entry_id: EntryId) -> Page | None:
        """Another entry's page at the same canonical address, if that is done."""
        ...

    def lease(self, entry_id: EntryId, until: float) -> None:
        """Let nobody else take it before `until`; counts as a try."""
        ...

    def postpone(
        self, entry_id: EntryId, due_at: float, problem: str | None, *, tried: bool
    ) -> None:
        """Have it asked for later; a try that was none is taken back."""
        ...

    def done(self, entry_id: EntryId, now: float, *, body: str, problem: str | None) -> bool:
        """Keep what came of it. False, and nothing written, when it was done already."""
        ...

    def get(self, entry_id: EntryId) -> Page | None: ...
    def bodies(self, entry_ids: Sequence[EntryId]) -> Mapping[EntryId, str]:
        """The HTML of these entries' pages, of those that have any."""
        ...

    def refile(self, entry_id: EntryId, tags: Sequence[Tag], series: Sequence[Instalment]) -> None:
        """Give an entry these tags and series in place of all it had."""
        ...

    def robots(self, place: str) -> RobotsFile | None: ...
    def keep_robots(self, robots: RobotsFile) -> None: ...
    def forget_robots(self, before: float, limit: int) -> int:
        """Forget at most so many robots.txt files that were last had before then; how many."""
        ...
