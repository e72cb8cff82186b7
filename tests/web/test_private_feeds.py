"""Private addresses over real sockets: what they give, to whom, and what they never give away."""

from __future__ import annotations

import gzip
import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock

import pytest

from aggregator.flow.kit import Kit
from aggregator.flow.renaming import remove
from aggregator.flow.search import Bounds
from aggregator.flow.tokens import Issued, addresses, create, revoke, rotate
from aggregator.model.topic import Mode
from aggregator.store.engine import open_store
from aggregator.web import private
from aggregator.web.answers import Ready
from aggregator.web.app import make_app
from tests.makers import NOON, a_topic_spec
from tests.web.desk import Answer, Desk, Served, a_desk, private_spec, served
from tests.web.test_published_documents import check_feed

TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "news.db") as here:
        lane = here.topic(a_topic_spec(mode=Mode.AUTO))
        here.topic(a_topic_spec(slug="other-lane", title="Other Lane", mode=Mode.AUTO))
        here.tell(here.feed(), lane, title="Grain one")
        here.tell(here.feed(private_spec()), lane, title="Agency grain")
        here.publish()
        yield here


@pytest.fixture
def web(desk: Desk) -> Iterator[Served]:
    with served(make_app(lambda: desk.kit)) as here:
        yield here


def give(desk: Desk, **said: object) -> Issued:
    said = {"query": True, "private": True, **said}
    return create(desk.kit, "Ida", **said)  # type: ignore[arg-type]


def path(issued: Issued, name: str = "global-lane.atom") -> str:
    return f"/feeds/{issued.secret}/{name}"


def is_nothing(answer: Answer) -> bool:
    return (answer.status, answer.text) == (404, "Nothing is here.\n")


@pytest.mark.parametrize("ending", TYPES)
@pytest.mark.parametrize("name", ["global-lane.{}", "q.{}?q=grain"])
def test_a_holder_reads_every_format(desk: Desk, web: Served, name: str, ending: str) -> None:
    answer = web.ask(path(give(desk), name.format(ending)))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(TYPES[ending])
    assert "Grain one" in answer.text and "Agency grain" in answer.text


def test_nobody_else_learns_of_it_by_the_headers(desk: Desk, web: Served) -> None:
    issued = give(desk)
    for name in ("global-lane.atom", "q.rss?q=grain", "nowhere.atom", "q.atom?q=(", "q.atom"):
        headers = web.ask(path(issued, name), Origin="https://other.example").headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"].split(",")[0] in ("private", "no-store")
        assert "access-control-allow-origin" not in headers
        assert "link" not in headers


def test_bytes_that_are_known_are_not_sent_again(desk: Desk, web: Served) -> None:
    address = path(give(desk))
    first = web.ask(address)
    again = web.ask(address, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]
    packed = web.ask(address, Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == first.body
    assert packed.headers["vary"] == first.headers["vary"] == "Accept-Encoding"
    head = web.ask(address, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


def test_a_browser_gets_the_feed_too(desk: Desk, web: Served) -> None:
    assert web.ask(path(give(desk)), Sec_Fetch_Dest="document").status == 200


def test_whatever_is_wrong_with_an_address_is_answered_alike(desk: Desk, web: Served) -> None:
    some = give(desk, topics=("other-lane",), query=False)
    late = give(desk, lasts=60)
    ended = give(desk)
    revoke(desk.kit, str(ended.token.id))
    desk.now += 60
    wrong = [
        path(some),  # not for this topic
        path(some, "q.atom?q=grain"),
        path(late),
        path(ended),
        path(give(desk), "nowhere.atom"),
        path(give(desk), "global-lane.xml"),
        path(give(desk), "global-lane"),
        path(give(desk), ""),
        f"/feeds/{'x' * 43}/global-lane.atom",
        "/feeds/short/global-lane.atom",
        "/feeds/%00/global-lane.atom",
        f"/feeds/{give(desk).secret}/../global-lane.atom",
        "/feeds/",
    ]
    assert [each for each in wrong if not is_nothing(web.ask(each))] == []
    assert web.ask(path(some, "other-lane.atom")).status == 200


def test_what_was_revoked_is_404_on_the_next_request_in_every_process(
    desk: Desk, web: Served, tmp_path: Path
) -> None:
    issued, kept = give(desk), give(desk)
    with served(make_app(lambda: desk.kit)) as second:
        for each in (web, second):
            assert each.ask(path(issued)).status == 200
        elsewhere = open_store(tmp_path / "news.db")  # as another process has it
        try:
            revoke(replace(desk.kit, store=elsewhere), str(issued.token.id))
        finally:
            elsewhere.close()
        for each in (web, second):
            assert is_nothing(each.ask(path(issued)))
            assert each.ask(path(kept)).status == 200


def test_another_secret_ends_the_old_address_at_once(desk: Desk, web: Served) -> None:
    first = give(desk)
    assert web.ask(path(first)).status == 200
    second = rotate(desk.kit, str(first.token.id))
    assert is_nothing(web.ask(path(first)))
    assert web.ask(path(second)).status == 200


def test_a_new_entry_shows_at_once(desk: Desk, web: Served) -> None:
    issued = give(desk)
    before = web.ask(path(issued))
    with desk.kit.store.read() as tx:
        agency, lane = tx.feeds.find("agency"), tx.topics.find("global-lane")
    assert agency is not None and lane is not None
    desk.tell(agency, lane, title="Just in")
    after = web.ask(path(issued), If_None_Match=before.headers["etag"])
    assert after.status == 200 and "Just in" in after.text
    assert "Just in" in web.ask(path(issued, "q.atom?q=just")).text


def test_a_query_that_cannot_be_asked_is_said_to_its_holder_alone(desk: Desk, web: Served) -> None:
    answer = web.ask(path(give(desk), "q.atom?q=grain%20titel:x"))
    assert answer.status == 400 and "at character 7" in answer.text
    assert web.ask(path(give(desk), "q.atom")).status == 400
    assert is_nothing(web.ask(path(give(desk, query=False), "q.atom?q=grain%20titel:x")))


def test_a_private_address_is_only_read(desk: Desk, web: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = web.ask(path(give(desk)), method, Content_Length="0")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_renamed_topic_leads_its_holders_on_and_a_removed_one_is_gone(
    desk: Desk, web: Served
) -> None:
    bound, free, other = give(desk), give(desk), give(desk)
    with desk.kit.store.write() as tx:
        lane, sea = tx.topics.find("global-lane"), tx.topics.find("other-lane")
        assert lane is not None and sea is not None
        tx.publications.set_former("old-lane", lane.id, NOON)
        tx.publications.set_former("dead-lane", None, NOON)
        tx.tokens.save(replace(bound.token, topics=(lane.id,)))
        tx.tokens.save(replace(other.token, topics=(sea.id,)))
    for each in (bound, free):
        moved = web.ask(path(each, "old-lane.rss"))
        assert (moved.status, moved.headers["location"]) == (301, path(each, "global-lane.rss"))
        assert moved.headers["referrer-policy"] == "no-referrer"
        assert web.ask(path(each)).status == 200
    assert is_nothing(web.ask(path(other, "old-lane.rss")))
    assert web.ask(path(free, "dead-lane.atom")).status == 410
    assert is_nothing(web.ask(path(other, "dead-lane.atom")))


def test_the_last_use_is_shown_and_secrets_are_in_no_log(
    desk: Desk, web: Served, caplog: pytest.LogCaptureFixture
) -> None:
    issued = give(desk)
    give(desk)
    desk.now += 30
    with caplog.at_level(logging.DEBUG):
        for name in ("global-lane.atom", "nowhere.atom", "q.atom?q=grain", "q.atom?q=("):
            web.ask(path(issued, name))
        deadline = time.monotonic() + 5
        while True:
            with desk.kit.store.read() as tx:
                used = [each.last_used_at for each in tx.tokens.all()]
            if used[0] is not None or time.monotonic() > deadline:
                break
            time.sleep(0.02)
    assert used == [NOON + 30, None]
    # uvicorn's own log of requests is off, but pytest listens to it all the same.
    told = [each.getMessage() for each in caplog.records if each.name != "uvicorn.access"]
    assert issued.secret not in "".join(told)
    with desk.kit.store.read() as tx:
        held = "".join(map(repr, tx.tokens.all()))
    assert issued.secret not in held


@pytest.mark.corpus
def test_every_private_document_is_faultless(desk: Desk, web: Served) -> None:
    check, issued = check_feed().check, give(desk)
    for name in ("global-lane", "q", "other-lane"):
        for ending in TYPES:
            asked = "?q=grain+OR+%22a%26b%22" if name == "q" else ""
            body = web.ask(path(issued, f"{name}.{ending}{asked}")).body
            own = f"https://news.lane.org{path(issued, f'{name}.{ending}{asked}')}"
            assert check(body, kind=ending, self_url=own) == [], (name, ending)


def test_one_holder_has_one_turn_and_all_together_have_a_few(
    desk: Desk, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: Counter[int] = Counter()
    most: Counter[int] = Counter()
    lock, compose = Lock(), private._compose

    def slow(kit: Kit, wanted: private._Wanted) -> Ready:
        who = wanted.asked.token.id
        with lock:
            busy.update((who, 0))
            for each in (who, 0):
                most[each] = max(most[each], busy[each])
        time.sleep(0.05)
        with lock:
            busy.subtract((who, 0))
        return compose(kit, wanted)

    monkeypatch.setattr(private, "_compose", slow)
    holders = [give(desk) for _ in range(6)]
    asked = [path(each, f"q.atom?q=grain+{n}") for n in range(3) for each in holders]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(web.ask, asked))
    assert {each.status for each in answers} == {200}
    assert {most[each.token.id] for each in holders} == {1}
    assert 1 < most[0] <= private.AT_ONCE


def test_what_did_not_change_is_composed_once(
    desk: Desk, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    compose = private._compose

    def counting(kit: Kit, wanted: private._Wanted) -> Ready:
        made.append(wanted.slug)
        return compose(kit, wanted)

    monkeypatch.setattr(private, "_compose", counting)
    one, other = give(desk), give(desk)
    assert web.ask(path(one)).status == 200
    for _ in range(20):  # the first use may be written down in between, once
        assert web.ask(path(one)).status == 200
    assert len(made) <= 2
    web.ask(path(other))
    assert len(made) <= 3  # whose self link names another secret


def test_a_store_that_cannot_be_read_asks_for_patience(desk: Desk, web: Served) -> None:
    issued = give(desk)
    desk.kit.store.close()
    answer = web.ask(path(issued))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["cache-control"] == "no-store"


def test_a_token_follows_its_topic_not_the_slug(desk: Desk, web: Served) -> None:
    issued = give(desk, topics=("global-lane",))
    sea = give(desk, topics=("other-lane",))
    with desk.kit.store.write() as tx:
        lane = tx.topics.find("global-lane")
        assert lane is not None
        tx.topics.change(lane.id, replace(lane.spec, slug="corn"), origin=lane.origin)
        tx.publications.set_former("global-lane", lane.id, NOON)
    desk.topic(a_topic_spec(title="Another topic", mode=Mode.AUTO))
    assert "Grain one" in web.ask(path(issued, "corn.atom")).text
    led = web.ask(path(issued))
    assert (led.status, led.headers["location"]) == (301, path(issued, "corn.atom"))
    assert is_nothing(web.ask(path(sea)))
    assert "Another topic" in web.ask(path(give(desk))).text


def test_the_token_of_a_removed_topic_opens_no_other(desk: Desk, web: Served) -> None:
    issued = give(desk, topics=("global-lane",))
    remove(desk.kit, "global-lane")
    assert web.ask(path(issued)).status == 410
    desk.topic(a_topic_spec(title="Another topic", mode=Mode.AUTO))
    assert web.ask(path(issued)).status == 410
    remove(desk.kit, "global-lane")
    assert is_nothing(web.ask(path(issued)))


def test_a_query_that_takes_too_long_is_given_up_with_words(
    desk: Desk, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = give(desk)
    with monkeypatch.context() as patch:
        patch.setattr("aggregator.flow.private.BOUNDS", Bounds(seconds=-1.0))
        patch.setattr("aggregator.store.sqlite._LOOK_EVERY", 1)  # the store is tiny
        answer = web.ask(path(issued, "q.atom?q=/grain/"))
    assert (answer.status, answer.headers["retry-after"]) == (503, "600")
    assert "given up: the search takes longer" in answer.text
    assert web.ask(path(issued, "q.atom?q=/grain/")).status == 200


def test_a_query_of_a_reader_has_its_bounds(desk: Desk, web: Served) -> None:
    issued = give(desk)
    for query in ("x" * 1001, "+".join(f"/{n}/" for n in range(6))):
        answer = web.ask(path(issued, f"q.atom?q={query}"))
        assert answer.status == 400 and "at most" in answer.text


def test_every_address_that_is_told_works_as_it_is(desk: Desk, web: Served) -> None:
    issued = give(desk)
    told = addresses(desk.kit, issued)
    assert len(told) == 3
    for each in told:
        answer = web.ask(each.removeprefix(desk.kit.base))
        assert answer.status == 200, each
    assert "Agency grain" in web.ask(told[-1].removeprefix(desk.kit.base)).text
