"""What one stranger can do with our hub to others: to those it calls, and to those who use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.core import hub as rules
from aggregator.core.hub import DAY
from aggregator.flow.hub import deliver
from aggregator.flow.visits import Visits
from aggregator.model.hub import Lane, Subscription
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

EVE, IDA, BOB = "5.6.7.8", "9.8.7.6", "20.1.2.3"
HERE = "127.0.0.1"


@pytest.fixture
def callbacks() -> Iterator[Readers]:
    with readers() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[HubDesk]:
    with a_hub_desk(tmp_path) as made:
        made.tell("Grain one")
        yield made


def given(desk: HubDesk, callback: str, host: str, **said: object) -> None:
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
        tx.hub.keep(replace(made, **said))  # type: ignore[arg-type]


def count(desk: HubDesk, query: str) -> int:
    with desk.kit.store.read() as tx:
        return int(tx.conn.execute(query).fetchone()[0])  # type: ignore[attr-defined]


def test_names_below_one_domain_are_one_subscribers(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OF_BOTH", 3)
    for n in range(3):
        desk.subscribe(callbacks.url("/", name=f"a{n}"))
    answer = desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url("/", name="a3"))
    assert answer.status == 503 and "domain or network" in answer.text
    other = f"{SITE}/topics/grain.rss"
    desk.subscribe(callbacks.url("/", name="a3"), other)


def test_many_domains_at_one_machine_are_one_subscribers(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OF_BOTH", 3)
    for n in range(4):
        callback = f"http://a.evil{n}.org:{callbacks.port}/{n}"
        assert desk.ask(mode="subscribe", topic=ATOM, callback=callback).status == 202
        desk.work()
    assert desk.figures.subscriptions == 3
    told = callbacks.questions("/3")[-1].said
    assert told["hub.mode"] == "denied" and "machine" in told["hub.reason"]
    first = f"http://a.evil0.org:{callbacks.port}/0"
    desk.subscribe(first, lease_seconds="864000")


def test_names_that_lead_elsewhere_after_they_were_confirmed_bring_nobody_more_bodies(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OF_BOTH", 2)
    for n in range(6):
        callback = f"http://a.evil{n}.org:{callbacks.port}/{n}"
        given(desk, callback, f"evil{n}.org", address=f"8.8.8.{n}")
    desk.tell("Grain two")
    desk.work()
    for _ in range(6):  # those that found the machine taken come again
        desk.later(rules.TURN_WAIT)
    assert len(callbacks.bodies()) == 2
    # Who fills a machine with names ends no subscription of others that come to lie there.
    assert (desk.figures.subscriptions, desk.figures.failing) == (6, 4)


def test_a_machine_that_is_being_called_is_left_alone_and_that_is_no_failure(
    desk: HubDesk, callbacks: Readers
) -> None:
    given(desk, callbacks.url("/"), "reader.example")
    desk.tell("Grain two")
    with desk.kit.store.read() as tx:
        (due,) = tx.hub.deliveries_due(Lane.FAST, desk.newsroom.now, busy=(), limit=5)
    visits = Visits()
    other = visits.begin("other.org")
    assert other.may_connect()(HERE)
    deliver(desk.kit, due, Lane.FAST, visits.begin("reader.example"))
    assert not callbacks.bodies()
    assert (desk.figures.waiting, desk.figures.failing) == (1, 0)
    visits.over(other)
    desk.later(rules.TURN_WAIT)
    assert len(callbacks.bodies()) == 1


def test_who_confirmed_nothing_is_not_asked_the_next_thing_at_once(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "QUIET", 3600.0)
    callbacks.asked_status |= {f"/{n}": 404 for n in range(5)}
    for n in range(5):
        callback = callbacks.url(f"/{n}", name=f"a{n}")
        assert desk.ask(mode="subscribe", topic=ATOM, callback=callback).status == 202
        desk.work()
    assert len(callbacks.questions()) == 1


def test_one_asker_cannot_shut_the_hub_to_others(desk: HubDesk, callbacks: Readers) -> None:
    """A thousand requests that lead to tarpits: a stranger is verified before any of them ends."""
    with a_dead_server() as port:
        said = {"mode": "subscribe", "topic": ATOM, "asker": EVE}
        answers = [
            desk.ask(**said, callback=f"http://dead{n}.example:{port}/").status for n in range(1000)
        ]
        assert answers.count(202) == rules.MOST_WAITING_OF_ASKER
        assert set(answers) == {202, 429}
        desk.look()
        callback = callbacks.url("/callback")
        assert desk.ask(mode="subscribe", topic=ATOM, callback=callback, asker=IDA).status == 202
        desk.look()
        until("the stranger is verified", lambda: desk.subscription(callback))
        assert count(desk, "SELECT count(*) FROM hub_requests WHERE attempts > 0") == 0
        assert desk.figures.verifying == rules.MOST_WAITING_OF_ASKER


def test_addresses_of_askers_are_not_kept(desk: HubDesk, callbacks: Readers) -> None:
    desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url("/"), asker=EVE)
    with desk.kit.store.read() as tx:
        (wish,) = tx.hub.wishes_due(desk.newsroom.now, again=False, busy=(), limit=5)
    assert wish.asker and EVE not in wish.asker


def test_a_stranger_cannot_change_the_secret_of_a_subscription(
    desk: HubDesk, callbacks: Readers
) -> None:
    """Not even where the subscriber confirms whatever names its callback."""
    callback = callbacks.url("/callback")
    desk.subscribe(callback, secret="ours", asker=IDA)
    forged = desk.ask(mode="subscribe", topic=ATOM, callback=callback, secret="evil", asker=EVE)
    assert forged.status == 409 and "unsubscribe" in forged.text
    assert desk.ask(mode="subscribe", topic=ATOM, callback=callback, asker=EVE).status == 409
    desk.subscribe(callback, secret="ours", asker=EVE)
    desk.tell("Grain two")
    desk.work()
    assert callbacks.bodies()[-1].is_signed_with("ours")
    desk.subscribe(callback, secret="new", asker=IDA)
    desk.tell("Grain three")
    desk.work()
    assert callbacks.bodies()[-1].is_signed_with("new")


def test_two_who_ask_for_one_callback_are_both_asked_and_the_first_confirmed_counts(
    desk: HubDesk, callbacks: Readers
) -> None:
    callback = callbacks.url("/callback")
    said = {"mode": "subscribe", "topic": ATOM, "callback": callback}
    assert desk.ask(**said, secret="ours", asker=IDA).status == 202
    desk.newsroom.now += 1
    assert desk.ask(**said, secret="evil", asker=EVE).status == 202
    desk.work()
    asked = callbacks.questions()
    assert len({each.said["hub.challenge"] for each in asked}) == len(asked) == 2
    desk.tell("Grain two")
    desk.work()
    assert callbacks.bodies()[-1].is_signed_with("ours")


def test_a_forged_unsubscription_takes_no_renewals_place(
    desk: HubDesk, callbacks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "QUIET", 0.0)
    callback = callbacks.url("/callback")
    desk.subscribe(callback, asker=IDA, lease_seconds="3600")
    callbacks.asked_status["/callback"] = 503
    desk.ask(mode="subscribe", topic=ATOM, callback=callback, asker=IDA, lease_seconds="7200")
    desk.ask(mode="unsubscribe", topic=ATOM, callback=callback, asker=EVE)
    assert desk.figures.verifying == 2
    callbacks.asked_status["/callback"] = 200
    callbacks.refused_modes.add("unsubscribe")
    asked_at = desk.newsroom.now
    desk.work()
    desk.later(1)  # where the other was asked first
    found = desk.subscription(callback)
    assert found is not None and found.lease_until >= asked_at + 7200


@pytest.mark.parametrize(
    ("hub", "word"), [("none", "poll the feed"), ("https://hub.lane.org/", "https://hub.lane.org/")]
)
def test_subscribers_of_a_hub_that_is_given_up_are_told(
    desk: HubDesk, callbacks: Readers, hub: str, word: str
) -> None:
    desk.subscribe(callbacks.url("/callback"))
    desk.ask(mode="subscribe", topic=ATOM, callback=callbacks.url("/late"))
    settings = desk.newsroom.kit.settings
    settings = replace(settings, site=replace(settings.site, hub=hub))
    desk.newsroom.kit = replace(desk.newsroom.kit, settings=settings)
    desk.later(1)
    told = callbacks.questions("/callback")[-1].said
    assert (told["hub.mode"], told["hub.topic"]) == ("denied", ATOM)
    assert word in told["hub.reason"]
    assert not callbacks.questions("/late")
    assert (desk.figures.subscriptions, desk.figures.verifying) == (0, 0)


@pytest.mark.parametrize("took", [None, 0.1])
def test_a_thousand_that_die_all_at_once_do_not_hold_up_who_has_long_been_served(
    desk: HubDesk, callbacks: Readers, took: float | None
) -> None:
    """None of them failed before: the live one has its bytes before one of their calls ended."""
    with a_dead_server() as port:
        for n in range(1000):
            callback = f"http://dead{n}.example:{port}/"
            given(desk, callback, f"dead{n}.example", took=took, since=desk.newsroom.now + n)
        long_ago = desk.newsroom.now - DAY
        given(desk, callbacks.url("/callback"), "reader.example", took=0.1, since=long_ago)
        desk.tell("Grain two")
        desk.look()
        until("the live one has it", lambda: callbacks.bodies("/callback"))
        assert desk.figures.failing == 0
