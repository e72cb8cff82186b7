"""Our hub among strangers: what it refuses, whom it gives up, and that the dead delay nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from aggregator.core import hub as rules
from aggregator.core.hub import DAY, HOUR, MINUTE
from aggregator.flow import courier as flow_courier
from aggregator.flow.curate import withdraw
from aggregator.flow.hub import deliver
from aggregator.model.hub import Lane, Subscription
from tests.flow.newsroom import topic
from tests.web.subscriber import (
    ATOM,
    SITE,
    HubDesk,
    Readers,
    a_dead_server,
    a_hub_desk,
    readers,
    until,
)

CALLBACK = "/callback"


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hosts that confirmed nothing be asked the next thing at once."""
    monkeypatch.setattr(rules, "QUIET", 0.0)


@pytest.fixture
def callbacks() -> Iterator[Readers]:
    with readers() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HubDesk]:
    with a_hub_desk(tmp_path) as made:
        made.tell("Grain one")
        yield made


@pytest.mark.parametrize(
    "topic",
    [
        "",
        f"{SITE}/topics/other.atom",
        f"{SITE}/topics/grain",
        f"{SITE}/topics/grain/archive/1.atom",
        f"{SITE}/topics/../topics/grain.atom",
        f"{SITE}/feeds/sometoken/grain.atom",
        f"{ATOM}?q=1",
        "https://elsewhere.example/topics/grain.atom",
        "topics/grain.atom",
    ],
)
def test_only_feeds_of_ours_can_be_subscribed_to(desk: HubDesk, topic: str) -> None:
    answer = desk.ask(mode="subscribe", topic=topic, callback="https://a.reader.example/")
    assert answer.status == 404 and "one of our feeds" in answer.text


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"mode": "publish"}, 400, "hub.mode"),
        ({"mode": ""}, 400, "hub.mode"),
        ({"callback": "ftp://a.reader.example/"}, 400, "hub.callback"),
        ({"callback": "https://ida:secret@a.reader.example/"}, 400, "hub.callback"),
        ({"callback": "https://a.reader.example/#part"}, 400, "hub.callback"),
        ({"callback": "https://a.reader.example/a b"}, 400, "hub.callback"),
        ({"callback": f"https://a.reader.example/{'x' * 2000}"}, 400, "hub.callback"),
        ({"callback": ""}, 400, "hub.callback"),
        ({"secret": "s" * 200}, 400, "hub.secret"),
        ({"secret": "ß" * 100}, 400, "hub.secret"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    desk: HubDesk, form: dict[str, str], status: int, word: str
) -> None:
    right = {"mode": "subscribe", "topic": ATOM, "callback": "https://a.reader.example/"}
    answer = desk.ask(**{**right, **form})
    assert (answer.status, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert word in answer.text
    assert desk.figures.verifying == 0


def test_what_is_no_form_is_not_read(desk: HubDesk) -> None:
    assert desk.send("{}", kind="application/json").status == 415
    assert desk.send("hub.mode=%ff%fe").status == 400
    assert desk.send("&".join(f"a{n}=1" for n in range(100))).status == 400
    assert desk.send("hub.topic=" + quote("x" * 20_000)).status == 413


def test_a_wrong_echo_and_a_redirect_confirm_nothing(desk: HubDesk, callbacks: Readers) -> None:
    callbacks.echoes["/echo"] = "not the challenge"
    callbacks.asked_status |= {"/moved": 301, "/nobody": 404}
    for path in ("/echo", "/moved", "/nobody"):
        desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url(path))
        desk.work()
        assert desk.subscription(callbacks.url(path)) is None
    assert desk.figures.verifying == 0, "who says no is not asked again"
    assert not callbacks.questions("/elsewhere")


def test_any_2xx_with_the_challenge_confirms(desk: HubDesk, callbacks: Readers) -> None:
    callbacks.asked_status["/accepted"] = 202
    desk.subscribe(callbacks.url("/accepted"))


def test_a_subscriber_with_a_fault_is_asked_again_a_few_times(
    desk: HubDesk, callbacks: Readers
) -> None:
    callbacks.asked_status[CALLBACK] = 503
    desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url(CALLBACK))
    for _ in range(10):
        desk.later(10 * MINUTE)
    assert len(callbacks.questions()) == 3
    assert desk.figures.verifying == 0


def test_nobody_is_called_at_an_address_that_is_not_public(tmp_path: Path) -> None:
    with readers() as callbacks, a_hub_desk(tmp_path, allow=False) as desk:
        desk.tell("Grain one")
        for callback in (callbacks.url(CALLBACK), f"http://127.0.0.1:{callbacks.port}{CALLBACK}"):
            assert desk.ask(mode="subscribe", topic=ATOM, callback=callback).status == 202
            desk.work()
            # Even one that got in before: a name may point elsewhere by now.
            given(desk, callback, "a.reader.example")
        desk.tell("Grain two")
        desk.work()
        assert not callbacks.calls
        assert desk.figures.failing >= 1


def test_a_redirected_body_is_not_sent_on_and_counts_as_failed(
    desk: HubDesk, callbacks: Readers
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    callbacks.status[CALLBACK] = 307
    desk.tell("Grain two")
    desk.work()
    assert len(callbacks.bodies()) == 1 and not callbacks.bodies("/elsewhere")
    assert desk.figures.failing == 1 and desk.figures.waiting == 1


def test_gone_ends_a_subscription(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    callbacks.status[CALLBACK] = 410
    desk.tell("Grain two")
    desk.work()
    assert desk.subscription(callbacks.url(CALLBACK)) is None
    assert desk.figures.waiting == 0


def test_retries_come_later_and_later_and_end(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    callbacks.status[CALLBACK] = 500
    desk.tell("Grain two")
    desk.work()
    seen = []
    for wait in (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR):
        desk.later(wait - 1)
        seen.append(len(callbacks.bodies()))
        desk.later(1)
    assert seen == [1, 2, 3, 4, 5] and len(callbacks.bodies()) == 6
    desk.later(3 * DAY)
    assert len(callbacks.bodies()) == 6 and desk.figures.waiting == 0
    callbacks.status[CALLBACK] = 200
    desk.tell("Grain three")
    desk.work()
    assert b"Grain three" in callbacks.bodies()[-1].body, "the next news is worth a new attempt"
    assert desk.figures.failing == 0


def test_who_never_answers_is_given_up(desk: HubDesk, callbacks: Readers) -> None:
    callback = callbacks.url(CALLBACK)
    desk.subscribe(callback)
    callbacks.status[CALLBACK] = 500
    for n in range(rules.MOST_FAILURES):
        desk.tell(f"Grain {n} more")
        desk.later(6 * HOUR)
    assert desk.subscription(callback) is None
    assert len(callbacks.bodies()) <= rules.MOST_FAILURES


def test_who_is_slow_gets_the_newest_bytes_and_not_each_of_them(
    desk: HubDesk, callbacks: Readers
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    for n in range(3):
        desk.tell(f"Grain {n} more")
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.body == desk.newsroom.document("grain").body


def test_what_changes_during_a_delivery_is_delivered_after_it(
    desk: HubDesk, callbacks: Readers
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    desk.tell("Grain two")
    with desk.kit.store.read() as tx:
        (taken,) = tx.hub.deliveries_due(Lane.FAST, desk.newsroom.now, busy=(), limit=5)
    deliver(desk.kit, taken, Lane.FAST)
    assert desk.figures.waiting == 0
    for title in ("Grain three", "Grain four"):
        with desk.kit.store.read() as tx:
            found = tx.hub.deliveries_due(Lane.FAST, desk.newsroom.now, busy=(), limit=5)
        desk.tell(title)
        with desk.kit.store.write() as tx:  # the answer to an earlier call comes only now
            tx.hub.delivered(found[0] if found else taken, desk.newsroom.now, 0.1)
        assert desk.figures.waiting == 1
    desk.work()
    assert b"Grain four" in callbacks.bodies()[-1].body


def test_a_lease_ends(desk: HubDesk, callbacks: Readers) -> None:
    callback = callbacks.url(CALLBACK)
    desk.subscribe(callback, lease_seconds="3600")
    desk.newsroom.now += 3600
    desk.tell("Grain two")
    desk.later(0)
    assert not callbacks.bodies()
    assert desk.subscription(callback) is None
    assert len(callbacks.questions()) == 1, "who let it end is not told so"


def test_no_lease_is_longer_than_ten_days(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url(CALLBACK), lease_seconds=str(1000 * DAY))
    assert callbacks.questions()[0].said["hub.lease_seconds"] == str(10 * DAY)
    found = desk.subscription(callbacks.url(CALLBACK))
    assert found is not None and found.lease_until == desk.newsroom.now + 10 * DAY


def test_subscribers_of_a_topic_that_is_no_more_are_told(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    with desk.kit.store.write() as tx:
        tx.publications.drop("grain")
    desk.later(1)
    told = callbacks.questions()[-1].said
    assert (told["hub.mode"], told["hub.topic"]) == ("denied", ATOM)
    assert "not published any more" in told["hub.reason"]
    assert desk.figures.subscriptions == 0 and desk.figures.verifying == 0


def test_subscribers_of_a_renamed_topic_learn_where_it_lies(
    desk: HubDesk, callbacks: Readers
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    corn = replace(topic("corn", match="grain"), former=("grain",))
    desk.newsroom.follow(["wire"], [corn])
    desk.later(1)
    told = callbacks.questions()[-1].said
    assert told["hub.mode"] == "denied" and f"{SITE}/topics/corn.atom" in told["hub.reason"]


def test_one_host_cannot_fill_the_hub(desk: HubDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_WAITING_OF_HOST", 3)
    said = {"mode": "subscribe", "topic": ATOM}
    answers = [desk.ask(**said, callback=f"https://a{n}.evil.org/").status for n in range(4)]
    assert answers == [202, 202, 202, 429]
    assert desk.ask(**said, callback="https://b.other.org/").status == 202


@pytest.mark.parametrize("limit", ["MOST_OF_HOST", "MOST_OF_PATH"])
def test_who_is_in_may_renew_and_leave_though_the_hub_is_full(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    monkeypatch.setattr(rules, limit, 1)
    refused = desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url("/next"))
    assert refused.status == 503 and "retry-after" in refused.headers
    desk.subscribe(callbacks.url(CALLBACK))
    desk.ask(mode="unsubscribe", topic=ATOM, callback=callbacks.url(CALLBACK))
    desk.work()
    assert desk.figures.subscriptions == 0


def test_nothing_waits_for_ever_to_be_confirmed(desk: HubDesk) -> None:
    desk.ask(mode="subscribe", topic=ATOM, callback="https://a.reader.example/")
    assert desk.figures.verifying == 1
    desk.later(2 * DAY)
    assert desk.figures.verifying == 0


@pytest.mark.parametrize("dead", [1, 1000])
def test_a_thousand_dead_callbacks_leave_a_live_one_as_it_is(
    desk: HubDesk, callbacks: Readers, dead: int
) -> None:
    """They are known to be dead: the live one has its bytes before any of them is even given up."""
    with a_dead_server() as port:
        for n in range(dead):
            given(desk, f"http://dead{n}.example:{port}/", f"dead{n}.example", failures=1)
        live = callbacks.url(CALLBACK)
        given(desk, live, "a.reader.example")
        desk.tell("Grain two")
        desk.look()
        until("the live one has it", lambda: callbacks.bodies(CALLBACK))
        with desk.kit.store.read() as tx:
            given_up = tx.conn.execute(  # type: ignore[attr-defined]
                "SELECT count(*) FROM hub_subscriptions WHERE failures > 1"
            ).fetchone()[0]
        assert given_up == 0
        assert desk.figures.waiting >= dead


def test_those_who_die_all_at_once_are_passed_over_and_then_wait_apart(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FAST_DEADLINE", 0.5)
    monkeypatch.setattr(rules, "LEAST_PATIENCE", 0.5)
    with a_dead_server() as port:
        for n in range(200):
            given(desk, f"http://dead{n}.example:{port}/", f"dead{n}.example")
        given(desk, callbacks.url(CALLBACK), "a.reader.example")
        desk.tell("Grain two")
        desk.look()
        until("the live one has it", lambda: callbacks.bodies(CALLBACK))
        until("all are known to be dead", lambda: desk.figures.failing == 200)
        desk.tell("Grain three")
        desk.look()
        until("the live one has it", lambda: len(callbacks.bodies(CALLBACK)) == 2)
        assert desk.figures.waiting >= 200


def test_a_host_is_called_once_at_a_time(desk: HubDesk, callbacks: Readers) -> None:
    for n in range(5):
        given(desk, callbacks.url(f"/{n}"), "a.reader.example")
    desk.tell("Grain two")
    with desk.kit.store.read() as tx:
        now = desk.newsroom.now
        assert len(tx.hub.deliveries_due(Lane.FAST, now, busy=(), limit=9)) == 1
        busy = ["a.reader.example"]
        assert not tx.hub.deliveries_due(Lane.FAST, now, busy=busy, limit=9)
    desk.work()
    assert len(callbacks.bodies()) == 5


def test_a_store_that_cannot_keep_the_answer_does_not_have_a_body_sent_for_ever(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    desk.tell("Grain two")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(flow_courier, "deliver", fail)
    broken = flow_courier.Courier()
    try:
        broken.look(desk.kit)
        until("it rests", lambda: broken.is_idle)
        broken.look(desk.kit)
        assert broken.is_idle
    finally:
        broken.close()


def test_a_withdrawn_item_is_pushed_away(desk: HubDesk, callbacks: Readers) -> None:
    desk.tell("Grain two")
    desk.subscribe(callbacks.url(CALLBACK))
    gone = str(desk.newsroom.entry("Grain two").id)
    withdraw(desk.newsroom.kit, gone, reason="asked to", actor="ida")
    desk.newsroom.publish()
    desk.work()
    (brought,) = callbacks.bodies()
    assert b"Grain two" not in brought.body and b"Grain one" in brought.body


@pytest.mark.parametrize("site", [{"hub": "none"}, {"url": "https://desk.lane.example"}])
def test_without_a_hub_documents_name_none_and_nobody_is_taken(
    tmp_path: Path, site: dict[str, object]
) -> None:
    with a_hub_desk(tmp_path, **site) as desk:  # type: ignore[arg-type]
        desk.tell("Grain one")
        assert b'rel="hub"' not in desk.newsroom.document("grain").body
        answer = desk.ask(mode="subscribe", topic=ATOM, callback="https://a.reader.example/")
        assert answer.status == 404


def test_documents_name_the_hub(desk: HubDesk) -> None:
    for body in desk.newsroom.documents("grain"):
        assert f"{SITE}/hub".encode() in body


def test_an_outside_hub_is_pinged_once_a_document(tmp_path: Path) -> None:
    with readers() as outside, a_hub_desk(tmp_path, hub=outside.url("/publish")) as desk:
        desk.tell("Grain one")
        assert outside.url("/publish").encode() in desk.newsroom.document("grain").body
        desk.work()
        forms = sorted(each.body.decode() for each in outside.bodies("/publish"))
        address = quote(f"{SITE}/topics/grain", safe="")
        assert forms == [
            f"hub.mode=publish&hub.url={address}.{ending}&hub.topic={address}.{ending}"
            for ending in ("atom", "json", "rss")
        ]
        desk.work()
        assert len(outside.bodies()) == 3 and desk.figures.pings == 0


def test_rsscloud_servers_are_told_of_rss_alone_and_again_after_a_fault(tmp_path: Path) -> None:
    with readers() as cloud, a_hub_desk(tmp_path, pings=(cloud.url("/ping"),)) as desk:
        cloud.status["/ping"] = 503
        desk.tell("Grain one")
        desk.work()
        cloud.status["/ping"] = 200
        desk.later(MINUTE)
        address = quote(f"{SITE}/topics/grain.rss", safe="")
        assert [each.body.decode() for each in cloud.bodies()] == [f"url={address}"] * 2
        assert desk.figures.pings == 0


def test_what_is_not_kept_is_not_announced(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url(CALLBACK))
    desk.newsroom.hears("wire")
    desk.newsroom.publish()
    assert desk.figures.waiting == 0, "nothing changed"


def given(desk: HubDesk, callback: str, host: str, *, failures: int = 0) -> None:
    """Have a subscription that was confirmed long ago."""
    now = desk.newsroom.now
    made = Subscription(
        path="topics/grain.atom",
        callback=callback,
        host=host,
        secret=None,
        lease_until=now + DAY,
        since=now,
    )
    with desk.kit.store.write() as tx:
        tx.hub.keep(replace(made, failures=failures))
