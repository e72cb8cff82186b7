"""Webhooks are told of each thing that happens to an item, signed, and over a real socket."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.core.webhooks import RETRY_WAITS
from aggregator.errors import UsageError
from aggregator.flow.curate import undo, withdraw
from aggregator.model.topic import HookSpec, TopicSpec, Verb
from tests.flow.newsroom import LONG, Told, feed, topic
from tests.web.subscriber import Called, HubDesk, Readers, a_hub_desk, readers

PATH = "/hook"
SECRET = "hook secret"


@pytest.fixture
def sinks() -> Iterator[Readers]:
    with readers() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, sinks: Readers) -> Iterator[HubDesk]:
    with a_hub_desk(tmp_path) as made:
        follow(made, sinks.url(PATH))
        yield made


def follow(desk: HubDesk, *urls: str, secret: str = "env:HOOK", **said: Any) -> None:
    """Bring the newsroom into line with a topic that has these webhooks."""
    places = {"env:HOOK": SECRET}

    def secret_at(place: str) -> str:
        if place not in places:
            raise UsageError(f"{place} is not set")
        return places[place]

    desk.newsroom.kit = replace(desk.newsroom.kit, secret=secret_at)
    hooks = tuple(HookSpec(url=url, secret=secret) for url in urls)
    spec: TopicSpec = replace(topic(match="grain OR report"), webhooks=hooks, **said)
    desk.newsroom.follow(["wire", feed("agency", auth=True)], [spec])
    desk.newsroom.publish()


def told(sinks: Readers, path: str = PATH) -> list[tuple[str, str]]:
    """Return (event, title or "") of each call, in order."""
    said = [json.loads(each.body) for each in sinks.bodies(path)]
    return [(each["event"], each["item"].get("title", "")) for each in said]


def is_signed(call: Called) -> bool:
    at, known = call.headers["webhook-timestamp"], call.headers["webhook-id"]
    made = hmac.new(SECRET.encode(), f"{known}.{at}.".encode() + call.body, "sha256").digest()
    return call.headers["webhook-signature"] == f"v1,{b64encode(made).decode()}"


def test_a_signed_call_tells_a_new_item_as_json_feed_has_it(desk: HubDesk, sinks: Readers) -> None:
    desk.tell("Grain one")
    desk.work()
    (call,) = sinks.bodies(PATH)
    said = json.loads(call.body)
    assert is_signed(call) and call.headers["content-type"] == "application/json"
    assert said["id"] == call.headers["webhook-id"] and said["event"] == "item"
    assert said["topic"]["feed_url"] == "https://desk.lane.org/topics/grain.json"
    published = json.loads(desk.newsroom.document("grain", "json").body)
    assert said["item"] == published["items"][0]


def test_each_item_is_told_once(desk: HubDesk, sinks: Readers) -> None:
    for title in ("Grain one", "Grain two"):
        desk.tell(title)
        desk.work()
    desk.newsroom.publish()
    desk.later(86400)
    assert told(sinks) == [("item", "Grain one"), ("item", "Grain two")]


def test_an_edit_a_withdrawal_and_its_end_are_told(desk: HubDesk, sinks: Readers) -> None:
    newsroom = desk.newsroom
    desk.tell("Grain one")
    desk.later(60)
    newsroom.act(Verb.EDIT, "Grain one", title="Grain, put better")
    desk.later(60)
    what = str(newsroom.entry("Grain one").id)
    decision, _ = withdraw(newsroom.kit, what, actor="ida", reason="wrong")
    newsroom.publish()
    desk.later(60)
    undo(newsroom.kit, decision.id, actor="ida")
    newsroom.publish()
    desk.later(60)
    assert told(sinks) == [
        ("item", "Grain one"),
        ("edited", "Grain, put better"),
        ("withdrawn", ""),
        ("item", "Grain, put better"),
    ]
    calls = [json.loads(each.body) for each in sinks.bodies(PATH)]
    assert len({each["item"]["id"] for each in calls}) == 1
    assert len({each["id"] for each in calls}) == 4
    assert calls[2]["item"].keys() == {"id", "withdrawn_at", "why"}


def test_what_a_source_edits_is_told_and_a_joining_source_is_not(
    desk: HubDesk, sinks: Readers
) -> None:
    newsroom = desk.newsroom
    newsroom.hears("wire", Told(guid="1", title="Grain one", text="Nine ships."))
    desk.later(60)
    newsroom.hears("wire", Told(guid="1", title="Grain one", text="Ten ships."))
    desk.later(60)
    newsroom.hears("wire", Told(guid="1", title="Grain one", text="Ten ships."))
    desk.later(60)
    assert told(sinks) == [("item", "Grain one"), ("edited", "Grain one")]


def test_what_was_out_before_a_webhook_is_not_told(tmp_path: Path, sinks: Readers) -> None:
    with a_hub_desk(tmp_path) as desk:
        desk.tell("Grain old")
        follow(desk, sinks.url(PATH))
        desk.work()
        assert told(sinks) == []
        desk.tell("Grain new")
        desk.work()
        assert told(sinks) == [("item", "Grain new")]
        follow(desk)
        desk.tell("Grain meanwhile")
        follow(desk, sinks.url(PATH))
        desk.work()
        assert told(sinks) == [("item", "Grain new")]


def test_what_is_withdrawn_before_it_is_told_is_told_by_no_word(
    desk: HubDesk, sinks: Readers
) -> None:
    desk.tell("Grain one")
    withdraw(
        desk.newsroom.kit, str(desk.newsroom.entry("Grain one").id), actor="ida", reason="wrong"
    )
    desk.newsroom.publish()
    desk.work()
    desk.work()
    assert told(sinks) == [("withdrawn", "")]
    assert all(b"Grain one" not in each.body for each in sinks.bodies())


def test_what_is_private_is_told_nobody(desk: HubDesk, sinks: Readers) -> None:
    desk.newsroom.hears("agency", Told(guid="a", title="Secret grain", text=LONG))
    desk.tell("Grain one")
    desk.work()
    assert told(sinks) == [("item", "Grain one")]


def test_a_call_in_vain_comes_again_with_the_same_id_and_then_no_more(
    desk: HubDesk, sinks: Readers
) -> None:
    sinks.status[PATH] = 500
    desk.tell("Grain one")
    desk.work()
    for wait in (*RETRY_WAITS, *RETRY_WAITS):
        desk.later(wait - 1)
        desk.later(1)
    calls = sinks.bodies(PATH)
    assert len(calls) == 1 + len(RETRY_WAITS)
    assert len({each.headers["webhook-id"] for each in calls}) == 1
    assert all(is_signed(each) for each in calls)
    assert len({each.headers["webhook-timestamp"] for each in calls}) == len(calls)


def test_a_retry_tells_the_item_as_it_is_then(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 503
    desk.tell("Grain one")
    desk.work()
    desk.newsroom.now += 10
    desk.newsroom.act(Verb.EDIT, "Grain one", title="Grain, put better")
    sinks.status[PATH] = 200
    desk.later(RETRY_WAITS[0])
    desk.work()
    assert ("item", "Grain, put better") in told(sinks)


def test_410_ends_a_call_and_redirects_are_not_followed(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 410
    desk.tell("Grain one")
    desk.later(86400)
    desk.later(86400)
    assert len(sinks.bodies(PATH)) == 1
    sinks.status[PATH] = 307
    desk.tell("Grain two")
    desk.later(1)
    assert sinks.bodies("/elsewhere") == []


def test_one_that_is_dead_delays_no_other(desk: HubDesk, sinks: Readers) -> None:
    follow(desk, sinks.url("/dead"), sinks.url(PATH))
    sinks.status["/dead"] = 500
    for number in range(4):
        desk.tell(f"Grain {number}")
    for _ in range(8):
        desk.work()
    assert len(told(sinks)) == 4 and len(told(sinks, "/dead")) == 4


def test_a_private_address_is_never_called(tmp_path: Path, sinks: Readers) -> None:
    with a_hub_desk(tmp_path, allow=False) as desk:
        follow(desk, sinks.url(PATH))
        desk.tell("Grain one")
        desk.work()
        assert sinks.calls == []
        with desk.kit.store.read() as tx:
            assert tx.hooks.waiting() == 1


def test_without_its_secret_nothing_is_sent_and_it_waits(desk: HubDesk, sinks: Readers) -> None:
    follow(desk, sinks.url(PATH), secret="env:NOT_SET")
    desk.tell("Grain one")
    desk.work()
    assert sinks.calls == []
    follow(desk, sinks.url(PATH))
    desk.later(RETRY_WAITS[0])
    assert told(sinks) == [("item", "Grain one")]


def test_what_left_feeds_yaml_is_called_no_more(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 500
    desk.tell("Grain one")
    desk.work()
    follow(desk)
    desk.later(86400)
    assert len(sinks.bodies(PATH)) == 1
    with desk.kit.store.read() as tx:
        assert tx.hooks.waiting() == 0


def test_an_undone_approval_takes_its_call_with_it(desk: HubDesk, sinks: Readers) -> None:
    newsroom = desk.newsroom
    newsroom.hears("wire", Told(guid="9", title="Corn alone", text="Corn."))
    decision = newsroom.act(Verb.APPROVE, "Corn alone")
    undo(newsroom.kit, decision.id, actor="ida")
    newsroom.publish()
    desk.work()
    assert told(sinks) == []
