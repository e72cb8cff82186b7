"""robots.txt: asked for once a day and host, and what each kind of answer allows."""

from __future__ import annotations

import pytest

from aggregator.core import robots
from aggregator.flow.robots import allowed, refusal
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Hop, Outcome, Wanted
from aggregator.model.ledger import day_of
from aggregator.model.page import Allowed
from tests.flow.newsroom import HOUR, Newsroom, feed
from tests.makers import a_feed

PAGE = "https://town.example/news/1"
ROBOTS = "https://town.example/robots.txt"


def text(body: str | bytes, status: int = 200) -> Fetched:
    return Fetched(
        url=ROBOTS,
        status=status,
        body=body.encode() if isinstance(body, str) else body,
        content_type="text/plain",
        etag=None,
        last_modified=None,
        caching=Caching(),
        hops=(Hop(host="town.example", status=status, bytes=len(body)),),
    )


def failed(status: int | None, *, fault: Fault | None = None, wait: float | None = None) -> Failed:
    kind = fault or (Fault.NETWORK if status is None else Fault.STATUS)
    return Failed(fault=kind, problem="no luck", status=status, retry_after=wait)


def ask(newsroom: Newsroom, url: str = PAGE, answer: Outcome | None = None) -> Allowed:
    if answer is not None:
        newsroom.net.answers[ROBOTS] = answer
    return allowed(newsroom.kit, url)


def asked(newsroom: Newsroom) -> list[str]:
    return [request.url for request in newsroom.net.asked]


def test_it_is_asked_for_as_text_once_in_a_day(newsroom: Newsroom) -> None:
    ask(newsroom, answer=text("User-agent: *\nDisallow: /private"))
    newsroom.now += 24 * HOUR - 1
    said = ask(newsroom, "https://town.example/private/letters")
    assert not said.yes
    assert "Disallow: /private" in said.because
    assert asked(newsroom) == [ROBOTS]
    assert newsroom.net.asked[0].wanted is Wanted.TEXT
    newsroom.now += 2
    ask(newsroom)
    assert asked(newsroom) == [ROBOTS, ROBOTS]


def test_what_we_cut_off_ourselves_forbids_nothing_afterwards(newsroom: Newsroom) -> None:
    newsroom.kit.closing.set()
    assert not ask(newsroom, answer=failed(None)).yes
    newsroom.kit.closing.clear()
    assert ask(newsroom, answer=text("User-agent: *\nDisallow: /private")).yes


def test_each_port_has_its_own(newsroom: Newsroom) -> None:
    ask(newsroom, "https://town.example:8443/a")
    ask(newsroom, "https://town.example:443/a")
    assert asked(newsroom) == ["https://town.example:8443/robots.txt", ROBOTS]


def test_our_own_group_and_the_longest_rule_decide(newsroom: Newsroom) -> None:
    ask(
        newsroom,
        answer=text(
            "User-agent: aggregator\nDisallow: /*.pdf$\nAllow: /\nUser-agent: *\nDisallow: /"
        ),
    )
    assert ask(newsroom, "https://town.example/a").yes
    assert not ask(newsroom, "https://town.example/a.pdf").yes


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_any_4xx_means_that_everything_may_be_asked(newsroom: Newsroom, status: int) -> None:
    fault = Fault.GONE if status == 410 else Fault.STATUS
    assert ask(newsroom, answer=failed(status, fault=fault)).yes


@pytest.mark.parametrize("status", [500, 503, 429, 302, None])
def test_no_answer_means_nothing_for_an_hour(newsroom: Newsroom, status: int | None) -> None:
    said = ask(newsroom, answer=failed(status))
    assert not said.yes
    assert said.again_at == newsroom.now + HOUR
    newsroom.now += HOUR - 1
    assert not ask(newsroom, answer=text("")).yes
    newsroom.now += 1
    assert ask(newsroom).yes
    assert asked(newsroom) == [ROBOTS, ROBOTS]


def test_an_older_answer_holds_while_there_is_no_new_one(newsroom: Newsroom) -> None:
    ask(newsroom, answer=text("User-agent: *\nDisallow: /private"))
    newsroom.now += 25 * HOUR
    assert ask(newsroom, answer=failed(503)).yes
    assert not ask(newsroom, "https://town.example/private").yes
    assert len(asked(newsroom)) == 2
    newsroom.now += HOUR
    assert ask(newsroom, "https://town.example/private", answer=text("")).yes


def test_what_is_longer_than_half_a_megabyte_is_not_read_further(newsroom: Newsroom) -> None:
    filler = "# " + "x" * 97 + "\n"
    body = "User-agent: *\nDisallow: /a\n" + filler * 5_500 + "Disallow: /b\n"
    assert not ask(newsroom, "https://town.example/a", answer=text(body)).yes
    assert ask(newsroom, "https://town.example/b").yes


def test_a_body_nobody_can_read_allows_nothing(newsroom: Newsroom) -> None:
    assert not ask(newsroom, answer=failed(200, fault=Fault.UNREADABLE)).yes


def test_what_is_no_text_at_all_says_nothing(newsroom: Newsroom) -> None:
    assert ask(newsroom, answer=text(b"\xff\xfe\x00\x01<html>")).yes


def test_a_clock_that_went_back_has_it_asked_for_anew(newsroom: Newsroom) -> None:
    for _ in range(2):
        allowed(newsroom.kit, PAGE, ask_by=newsroom.net.fetch)
        newsroom.now -= 48 * HOUR
    assert len(asked(newsroom)) == 2


def test_a_host_that_is_to_be_left_alone_is_not_asked_and_nothing_is_concluded(
    newsroom: Newsroom,
) -> None:
    with newsroom.kit.store.write() as tx:
        tx.hosts.take("town.example", newsroom.now, hold=5.0, per_host=1)
        tx.feeds.pause_host("town.example", newsroom.now + HOUR)
    said = ask(newsroom)
    assert (said.yes, said.again_at) == (False, newsroom.now + HOUR)
    assert asked(newsroom) == []
    newsroom.now += HOUR
    assert ask(newsroom).yes


def test_a_page_is_polled_only_where_robots_txt_lets_us(newsroom: Newsroom) -> None:
    town = a_feed(spec=feed("town", scrape={"items": "article"}))
    newsroom.net.answers[ROBOTS] = text("User-agent: *\nDisallow: /feed.xml")
    refused = refusal(newsroom.kit, town)
    assert refused is not None
    assert refused.fault is Fault.BLOCKED
    assert "Disallow: /feed.xml" in refused.problem
    newsroom.now += 25 * HOUR
    newsroom.net.answers[ROBOTS] = failed(404)
    assert refusal(newsroom.kit, town) is None


def test_the_request_for_it_stands_in_the_ledger_and_its_retry_after_is_the_hosts(
    newsroom: Newsroom,
) -> None:
    town = a_feed(spec=feed("town", scrape={"items": "article"}))
    newsroom.net.answers[ROBOTS] = Failed(
        fault=Fault.STATUS,
        problem="busy",
        status=503,
        retry_after=7200.0,
        hops=(Hop(host="town.example", status=503, bytes=7),),
    )
    assert refusal(newsroom.kit, town) is not None
    with newsroom.kit.store.read() as tx:
        (tally,) = tx.ledger.hosts(day_of(newsroom.now))
    assert (tally.host, tally.tally.requests, tally.tally.bytes) == ("town.example", 1, 7)
    with newsroom.kit.store.write() as tx:
        free_at = tx.hosts.take("town.example", newsroom.now, hold=1.0, per_host=1)
    assert free_at == newsroom.now + 7200.0


def test_a_robots_txt_is_read_once_for_all_pages_of_its_host(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    known = robots.read_robots

    def counted(text: str) -> robots.Robots:
        read.append(text)
        return known(text)

    monkeypatch.setattr(robots, "read_robots", counted)
    ask(newsroom, answer=text("User-agent: *\nDisallow: /private"))
    for n in range(20):
        assert ask(newsroom, f"https://town.example/news/{n}").yes
    assert len(read) == 1
    newsroom.now += 25 * HOUR
    assert not ask(newsroom, answer=text("User-agent: *\nDisallow: /news")).yes
    assert len(read) == 2, "another text is read, of course"
