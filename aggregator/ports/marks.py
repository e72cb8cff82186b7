"""Words that change when a page would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aggregator.model.ids import TopicId


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMarks:
    """A word for all that each page tells of the store: while it is the same, so is the page."""

    stories: Mapping[str, str]  # by public id, of stories that may have a page
    topics: Mapping[TopicId, str]
    archives: Mapping[tuple[TopicId, int], str]  # by topic and number


class Marks(Protocol):
    """What a static site is compared with, found without reading a body."""

    def site(self, now: float) -> SiteMarks: ...
