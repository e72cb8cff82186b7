"""The hub's cases of websub.rocks (100 to 106), with real callbacks and our own documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.core import hub as rules
from aggregator.formats.rendering import etag_of
from tests.web.subscriber import ATOM, SITE, HubDesk, Readers, a_hub_desk, readers

SECRET = "a secret that only the two of us know"


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


def test_100_a_typical_subscription_is_verified_and_then_served(
    desk: HubDesk, callbacks: Readers
) -> None:
    callback = callbacks.url("/typical?who=ida&hub.mode=mine")
    answer = desk.ask(mode="subscribe", topic=ATOM, callback=callback, lease_seconds="86400")
    assert answer.status == 202 and not callbacks.calls, "answered before it is verified"
    desk.work()

    (asked,) = callbacks.questions()
    assert asked.target.startswith("/typical?who=ida&hub.mode=mine&hub.mode=subscribe&")
    assert asked.said["hub.topic"] == ATOM
    assert asked.said["hub.lease_seconds"] == "86400"
    assert len(asked.said["hub.challenge"]) >= 43
    subscription = desk.subscription(callback)
    assert subscription is not None
    assert subscription.lease_until == desk.newsroom.now + 86400

    desk.tell("Grain two")
    desk.work()
    (brought,) = callbacks.bodies()
    document = desk.newsroom.document("grain")
    assert brought.target == "/typical?who=ida&hub.mode=mine"
    assert brought.body == document.body and b"Grain two" in brought.body
    assert brought.headers["content-type"] == document.content_type
    assert brought.headers["link"] == f'<{SITE}/hub>; rel="hub", <{ATOM}>; rel="self"'
    assert "x-hub-signature" not in brought.headers
    assert desk.figures.waiting == 0


def test_101_parameters_we_do_not_know_are_left_alone(desk: HubDesk, callbacks: Readers) -> None:
    callback = callbacks.url("/more")
    desk.subscribe(callback, foo="bar", verify="sync", verify_token="x")
    desk.tell("Grain two")
    desk.work()
    assert len(callbacks.bodies("/more")) == 1


def test_102_a_subscription_renewed_before_its_end_goes_on_under_the_new_terms(
    desk: HubDesk, callbacks: Readers
) -> None:
    callback = callbacks.url("/again")
    desk.subscribe(callback, lease_seconds="3600", secret="the first")
    first = desk.subscription(callback)
    desk.newsroom.now += 1800
    assert desk.ask(mode="subscribe", topic=ATOM, callback=callback, secret=SECRET).status == 202
    assert desk.subscription(callback) == first, "the new terms hold once they are confirmed"
    desk.work()
    second = desk.subscription(callback)
    assert first is not None and second is not None
    assert second.lease_until > first.lease_until
    desk.tell("Grain two")
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.is_signed_with(SECRET)


def test_102_a_renewal_that_is_not_confirmed_changes_nothing(
    desk: HubDesk, callbacks: Readers
) -> None:
    callback = callbacks.url("/again")
    desk.subscribe(callback, secret=SECRET)
    first = desk.subscription(callback)
    callbacks.echoes["/again"] = "something else"
    for mode in ("subscribe", "unsubscribe"):
        assert desk.ask(mode=mode, topic=ATOM, callback=callback, secret="evil").status == 202
        desk.work()
    assert desk.subscription(callback) == first
    desk.tell("Grain two")
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.is_signed_with(SECRET)


def test_103_who_unsubscribes_gets_nothing_more(desk: HubDesk, callbacks: Readers) -> None:
    callback = callbacks.url("/enough")
    desk.subscribe(callback)
    desk.tell("Grain two")
    desk.work()
    assert desk.ask(mode="unsubscribe", topic=ATOM, callback=callback).status == 202
    assert desk.subscription(callback) is not None, "not before it is confirmed"
    desk.work()
    asked = callbacks.questions()[-1]
    assert asked.said["hub.mode"] == "unsubscribe" and asked.said["hub.topic"] == ATOM
    assert desk.subscription(callback) is None
    desk.tell("Grain three")
    desk.work()
    assert len(callbacks.bodies()) == 1


def test_104_bodies_are_signed_for_who_gave_a_secret(desk: HubDesk, callbacks: Readers) -> None:
    desk.subscribe(callbacks.url("/signed"), secret=SECRET)
    desk.tell("Grain two")
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.is_signed_with(SECRET) and not brought.is_signed_with("another")


def test_105_a_plain_text_document_goes_out_as_plain_text(
    desk: HubDesk, callbacks: Readers
) -> None:
    """The hub knows of bytes and their type alone: nothing in it is about XML."""
    rss = f"{SITE}/topics/grain.rss"
    desk.subscribe(callbacks.url("/plain"), rss)
    desk.tell("Grain two")
    before, body = desk.newsroom.document("grain", "rss"), b"Grain two\n"
    plain = replace(before, content_type="text/plain", body=body, etag=etag_of(body))
    with desk.newsroom.kit.store.write() as tx:
        tx.publications.keep(plain)
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.body == b"Grain two\n"
    assert brought.headers["content-type"] == "text/plain"


def test_106_a_json_document_goes_out_as_json(desk: HubDesk, callbacks: Readers) -> None:
    topic = f"{SITE}/topics/grain.json"
    desk.subscribe(callbacks.url("/json"), topic)
    desk.tell("Grain two")
    desk.work()
    (brought,) = callbacks.bodies()
    assert brought.body == desk.newsroom.document("grain", "json").body
    assert brought.headers["content-type"].startswith("application/feed+json")
    assert f'<{topic}>; rel="self"' in brought.headers["link"]
