from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from aggregator.core.readers import WEB_READERS, reader_links

FEED = "https://news.lane.org/topics/global-lane.atom"


def test_every_reader_on_the_web_is_given_the_whole_address() -> None:
    app, *others = reader_links(FEED)
    assert app.url == f"feed:{FEED}"
    assert [link.name for link in others] == [name for name, _ in WEB_READERS]
    for link in others:
        assert link.url.startswith("https://")
        said = parse_qs(urlsplit(link.url).query)
        assert FEED in [value for values in said.values() for value in values] or (
            link.url == "https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Fnews.lane.org"
            "%2Ftopics%2Fglobal-lane.atom"
        )


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "[::1]:8000", "localhost:8000", "desk", "10.1.2.3", "news.local"]
)
def test_no_reader_on_the_web_is_sent_where_it_cannot_come(host: str) -> None:
    assert len(reader_links(f"http://{host}/topics/global-lane.atom")) == 1
