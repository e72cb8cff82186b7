"""What is forgotten for its age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Mark = tuple[int, int]
"""How far the entries were gone through, in the order of their place in time and id."""

START: Mark = (-(2**62), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """One stretch of the oldest entries: how many went, and where to go on; None: at the end."""

    entries: int
    mark: Mark | None


class Retention(Protocol):
    """Entries past their feed's `keep`."""

    def forget(self, after: Mark, now: float, *, keep: int, least: int, limit: int) -> Forgotten:
        """Look at the next `limit` old entries, and delete the stories all of whose entries are
        older than their feeds keep them (`keep` seconds where a feed does not say, never less than
        `least`), save what was ever published and what an editor decided on. That they were seen
        stays known, so that they never come back as new."""
        ...
