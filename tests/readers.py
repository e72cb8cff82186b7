"""Stand-ins for the guarded reader: they read in this process, or refuse to."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.errors import ReadFailed
from aggregator.formats.article import extract
from aggregator.formats.reading import read_document
from aggregator.formats.scrape import read_page
from aggregator.model.entry import ParsedFeed


class HereReader:
    """Reads in this process; counts the documents."""

    def __init__(self) -> None:
        self.read_urls: list[str] = []

    def read(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None,
        tolerant: bool = False,
        scrape: Mapping[str, str] | None = None,
    ) -> ParsedFeed:
        self.read_urls.append(url)
        if scrape is not None:
            return read_page(body, url, content_type, scrape)
        return read_document(body, url, content_type)

    def read_at_once(self, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed | None:
        return self.read(body, url=url, content_type=content_type)

    def extract(self, body: bytes, *, url: str, content_type: str | None) -> str:
        self.read_urls.append(url)
        return extract(body, url, content_type)

    def warm(self) -> None:
        pass

    def close(self) -> None:
        pass


class Refusing(HereReader):
    """Reads nothing: to it no document is a feed and no page has an article."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._error = error or ReadFailed("this is no feed")

    def read(self, body: bytes, **_: object) -> ParsedFeed:
        raise self._error

    def extract(self, body: bytes, **_: object) -> str:
        raise self._error
