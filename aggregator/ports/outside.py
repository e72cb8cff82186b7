"""What lies outside: the clock, other people's servers, documents to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Outcome, Post, Request

Clock = Callable[[], float]
"""UTC seconds now; only `system.py` gives a real one."""


class Fetcher(Protocol):
    """One conditional request; never raises for what networks do."""

    def fetch(self, request: Request) -> Outcome: ...
    def post(self, post: Post) -> Outcome:
        """Send a form or a body; redirects are not followed. Any 2xx is a `Fetched`."""
        ...

    def close(self) -> None:
        """End every request under way and refuse new ones."""


class Reader(Protocol):
    """Bytes to words, within limits of time and memory."""

    def read(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None,
        tolerant: bool = False,
        scrape: Mapping[str, str] | None = None,
    ) -> ParsedFeed:
        """Return what the document says. Raises `ReadFailed` when nothing of it can be used.

        `tolerant`: by feedparser, whatever the fast reader thinks of it. `scrape`: the document is
        a page, and these CSS selectors find its entries.
        """
        ...

    def read_at_once(self, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | None:
        """Return what the document says where that takes a moment; None: `read` it, and wait.

        Raises `ReadFailed` as `read` does.
        """
        ...

    def extract(self, body: bytes, *, url: str, content_type: str | None) -> str:
        """Return the article on a web page as sanitised HTML, "" when there is none.

        Raises `ReadFailed` when the page cannot be read at all.
        """
        ...

    def warm(self) -> None:
        """Get ready ahead of the first document, without waiting for it."""
        ...

    def close(self) -> None: ...
