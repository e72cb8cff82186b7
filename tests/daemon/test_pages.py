"""The daemon asks for article pages by itself, and ends though one never comes."""

from __future__ import annotations

from threading import Event

import pytest

from aggregator.daemon import service
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Outcome, Request
from tests.daemon.test_service import brisk, newsroom, running, shows, store, until
from tests.flow.newsroom import Newsroom, Told, feed, topic

__all__ = ["brisk", "newsroom", "store"]  # fixtures

PAGE = "https://wire.example/1"
BODY = "".join(f"<p>Paragraph {n} tells of the breakwater and its pilots.</p>" for n in range(9))


@pytest.fixture(autouse=True)
def brisk_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGES_EVERY", 0.1)


def test_an_entry_is_published_for_what_its_page_says(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", fulltext=True)], [topic(match="body:breakwater")])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.net.answers[PAGE] = Fetched(
        url=PAGE,
        status=200,
        body=f"<!doctype html><article><h1>Ships</h1>{BODY}</article>".encode(),
        content_type="text/html",
        etag=None,
        last_modified=None,
        caching=Caching(),
    )
    with running(newsroom) as (_, port):
        until("the item is served", shows(port, b"Grain corridor reopens"))
    assert [request.url for request in newsroom.net.asked].count(PAGE) == 1


def test_it_ends_in_time_while_a_page_is_being_asked_for(newsroom: Newsroom) -> None:
    newsroom.follow([feed("wire", fulltext=True)])
    newsroom.serves("wire", Told(guid="1"))
    fetch, closed, under_way = newsroom.net.fetch, Event(), Event()

    def slow(request: Request) -> Outcome:
        if request.url != PAGE:
            return fetch(request)
        under_way.set()
        closed.wait(30)
        return Failed(fault=Fault.NETWORK, problem="we are closing")

    newsroom.net.fetch = slow  # type: ignore[method-assign]
    newsroom.net.close = closed.set  # type: ignore[method-assign]
    with running(newsroom):
        assert under_way.wait(20)
    with newsroom.kit.store.read() as tx:
        page = tx.pages.get(newsroom.entry("Grain corridor reopens").id)
    assert page is not None
    assert page.problem is None
