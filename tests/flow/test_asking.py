"""Whatever is asked for besides polls has the manners of a poll."""

from __future__ import annotations

from dataclasses import replace

from aggregator.flow.asking import ask
from aggregator.model.exchange import Failed, Request, Wanted
from aggregator.model.settings import Net
from tests.flow.newsroom import Newsroom, Told

HERE = "https://wire.example/robots.txt"


def test_a_host_is_left_alone_for_its_spacing_after_what_was_no_poll(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], net=Net(spacing=5.0))
    newsroom.serves("wire", Told(guid="1"))
    ask(newsroom.kit, Request(url=HERE, wanted=Wanted.TEXT), patience=0.0)
    newsroom.now += 4.9
    assert newsroom.poll().polled == 0
    newsroom.now += 0.2
    assert newsroom.poll().polled == 1


def test_what_is_no_poll_waits_for_the_spacing_after_a_poll_or_is_left(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], net=Net(spacing=5.0))
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll()
    before = len(newsroom.net.asked)
    left = ask(newsroom.kit, Request(url=HERE, wanted=Wanted.TEXT), patience=0.0)
    assert isinstance(left, Failed)
    assert left.retry_after == 5.0
    assert len(newsroom.net.asked) == before
    newsroom.now += 5.0
    ask(newsroom.kit, Request(url=HERE, wanted=Wanted.TEXT), patience=0.0)
    assert newsroom.net.asked[-1].url == HERE


def test_nobody_waits_for_a_host_once_we_are_closing(newsroom: Newsroom) -> None:
    """Hours, if anybody did."""
    newsroom.follow(["wire"], net=Net(spacing=9 * 3600.0))
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll()
    newsroom.kit.closing.set()
    left = ask(newsroom.kit, Request(url=HERE, wanted=Wanted.TEXT), patience=10 * 3600.0)
    assert isinstance(left, Failed)
    assert left.retry_after == 9 * 3600.0


def test_a_bug_while_asking_gives_the_hosts_turn_back(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    newsroom.serves("wire", Told(guid="1"))
    newsroom.kit = replace(newsroom.kit, fetcher=Broken())
    try:
        ask(newsroom.kit, Request(url=HERE, wanted=Wanted.TEXT), patience=0.0)
    except ZeroDivisionError:
        newsroom.kit = replace(newsroom.kit, fetcher=newsroom.net)
    assert newsroom.poll().polled == 1


class Broken:
    """A fetcher with a bug."""

    def fetch(self, request: Request) -> Failed:
        raise ZeroDivisionError(request.url)

    def post(self, post: object) -> Failed:
        raise ZeroDivisionError(post)

    def close(self) -> None:
        raise ZeroDivisionError
