"""Webhooks are told of each thing that happens to an item, signed, and over a real socket."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.core import webhooks as rules
from aggregator.core.webhooks import RETRY_WAITS
from aggregator.errors import NotFound, UsageError
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.webhooks import call, states, try_out
from aggregator.model.topic import HookSpec, TopicSpec, Verb
from aggregator.model.webhook import HookState
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
    return [(each["event"], (each["item"] or {}).get("title", "")) for each in said]


def state(desk: HubDesk) -> HookState:
    """Return how it stands with the topic's only webhook."""
    with desk.kit.store.read() as tx:
        found = tx.topics.find("grain")
        assert found is not None
        (only,) = states(tx, found)
    return only


def is_signed(sent: Called) -> bool:
    at, known = sent.headers["webhook-timestamp"], sent.headers["webhook-id"]
    made = hmac.new(SECRET.encode(), f"{known}.{at}.".encode() + sent.body, "sha256").digest()
    return sent.headers["webhook-signature"] == f"v1,{b64encode(made).decode()}"


def test_a_signed_call_tells_a_new_item_as_json_feed_has_it(desk: HubDesk, sinks: Readers) -> None:
    desk.tell("Grain one")
    desk.work()
    (sent,) = sinks.bodies(PATH)
    said = json.loads(sent.body)
    assert is_signed(sent) and sent.headers["content-type"] == "application/json"
    assert said["id"] == sent.headers["webhook-id"] and said["event"] == "published"
    assert said["topic"]["feed_url"] == "https://desk.lane.org/topics/grain.json"
    published = json.loads(desk.newsroom.document("grain", "json").body)
    assert said["item"] == published["items"][0]


def test_each_item_is_told_once(desk: HubDesk, sinks: Readers) -> None:
    for title in ("Grain one", "Grain two"):
        desk.tell(title)
        desk.work()
    desk.newsroom.publish()
    desk.later(86400)
    assert told(sinks) == [("published", "Grain one"), ("published", "Grain two")]


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
        ("published", "Grain one"),
        ("updated", "Grain, put better"),
        ("withdrawn", ""),
        ("published", "Grain, put better"),
    ]
    calls = [json.loads(each.body) for each in sinks.bodies(PATH)]
    assert len({each["item"]["id"] for each in calls}) == 1
    assert len({each["id"] for each in calls}) == 4
    assert calls[2]["item"].keys() == {"id", "since", "why"}


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
    assert told(sinks) == [("published", "Grain one"), ("updated", "Grain one")]


def test_what_was_out_before_a_webhook_is_not_told(tmp_path: Path, sinks: Readers) -> None:
    with a_hub_desk(tmp_path) as desk:
        desk.tell("Grain old")
        follow(desk, sinks.url(PATH))
        desk.work()
        assert told(sinks) == []
        desk.tell("Grain new")
        desk.work()
        assert told(sinks) == [("published", "Grain new")]
        follow(desk)
        desk.tell("Grain meanwhile")
        follow(desk, sinks.url(PATH))
        desk.work()
        assert told(sinks) == [("published", "Grain new")]


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
    assert told(sinks) == [("published", "Grain one")]


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
    assert ("published", "Grain, put better") in told(sinks)


def test_redirects_are_not_followed(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 307
    desk.tell("Grain two")
    desk.later(1)
    assert len(sinks.bodies(PATH)) == 1 and sinks.bodies("/elsewhere") == []


def test_410_ends_all_calls_until_a_test_is_taken(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 410
    desk.tell("Grain one")
    for _ in range(3):
        desk.later(86400)
    desk.tell("Grain two")
    desk.later(60)
    assert len(sinks.bodies(PATH)) == 1 and state(desk).ended_at is not None
    assert [each.problem is None for each in try_out(desk.kit, "grain")] == [False]
    sinks.status[PATH] = 204
    assert [each.problem for each in try_out(desk.kit, "grain")] == [None]
    desk.tell("Grain three")
    desk.later(60)
    assert told(sinks)[-1] == ("published", "Grain three")
    assert (state(desk).ended_at, state(desk).failures) == (None, 0)


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
    assert told(sinks) == [("published", "Grain one")]


def test_what_left_feeds_yaml_is_called_no_more(desk: HubDesk, sinks: Readers) -> None:
    sinks.status[PATH] = 500
    desk.tell("Grain one")
    desk.work()
    follow(desk)
    desk.later(86400)
    assert len(sinks.bodies(PATH)) == 1
    with desk.kit.store.read() as tx:
        assert tx.hooks.waiting() == 0


def test_an_undone_approval_is_told_without_a_word_of_the_item(
    desk: HubDesk, sinks: Readers
) -> None:
    newsroom = desk.newsroom
    newsroom.hears("wire", Told(guid="9", title="Corn alone", text="Corn."))
    decision = newsroom.act(Verb.APPROVE, "Corn alone")
    undo(newsroom.kit, decision.id, actor="ida")
    newsroom.publish()
    desk.work()
    desk.work()
    assert told(sinks) == [("taken_back", "")]
    assert all(b"Corn" not in each.body for each in sinks.bodies())


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.HOLD])
def test_what_editors_take_back_is_told_and_that_it_is_out_again(
    desk: HubDesk, sinks: Readers, verb: Verb
) -> None:
    desk.tell("Grain one")
    desk.later(60)
    desk.newsroom.act(verb, "Grain one")
    desk.later(60)
    desk.newsroom.act(Verb.APPROVE, "Grain one")
    desk.later(60)
    events = [("published", "Grain one"), ("taken_back", ""), ("published", "Grain one")]
    assert told(sinks) == events
    gone = json.loads(sinks.bodies(PATH)[1].body)["item"]
    assert gone.keys() == {"id", "why", "since"} and gone["id"].startswith("tag:")


def test_a_feed_that_becomes_private_takes_its_items_back(desk: HubDesk, sinks: Readers) -> None:
    desk.tell("Grain one")
    desk.later(60)
    spec = desk.kit.settings.topics[0]
    desk.newsroom.follow([feed("wire", auth=True)], [spec])
    desk.newsroom.publish()
    desk.later(60)
    assert told(sinks) == [("published", "Grain one"), ("taken_back", "")]


def test_what_waits_for_its_hour_is_told_then(desk: HubDesk, sinks: Readers) -> None:
    newsroom = desk.newsroom
    newsroom.hears("wire", Told(guid="9", title="Corn alone", text="Corn."))
    at = int(newsroom.now) + 3600
    newsroom.act(Verb.APPROVE, "Corn alone", visible_from=str(at))
    desk.later(1800)
    assert told(sinks) == []
    newsroom.now = at
    newsroom.publish()
    desk.work()
    assert told(sinks) == [("published", "Corn alone")]


def test_an_edit_while_the_call_before_is_under_way_is_told_as_well(
    desk: HubDesk, sinks: Readers
) -> None:
    newsroom = desk.newsroom
    desk.tell("Grain one")
    desk.later(60)
    newsroom.act(Verb.EDIT, "Grain one", title="Grain, second")
    with desk.kit.store.read() as tx:
        (under_way,) = tx.hooks.due(newsroom.now, busy=(), limit=9)
    newsroom.now += 0.5
    newsroom.act(Verb.EDIT, "Grain one", title="Grain, third")
    call(desk.kit, under_way)
    desk.later(60)
    calls = [json.loads(each.body) for each in sinks.bodies(PATH)]
    assert calls[-1]["item"]["title"] == "Grain, third"
    assert len({each["id"] for each in calls}) == len(calls)


def test_of_items_far_back_a_withdrawal_is_told_too(
    desk: HubDesk, sinks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "WATCHED", 2)
    newsroom = desk.newsroom
    for number in range(5):
        desk.tell(f"Grain {number}")
        desk.later(60)
    withdraw(newsroom.kit, str(newsroom.entry("Grain 0").id), actor="ida", reason="wrong")
    newsroom.publish()
    desk.later(60)
    assert told(sinks)[5:] == [("withdrawn", "")]


def test_an_operator_sees_which_webhook_fails_and_why(desk: HubDesk, sinks: Readers) -> None:
    assert rules.standing(state(desk)) == "not called yet"
    desk.tell("Grain one")
    desk.later(60)
    assert rules.standing(state(desk)) == "works"
    sinks.status[PATH] = 500
    desk.tell("Grain two")
    desk.later(60)
    seen = state(desk)
    assert rules.standing(seen) == "failing" and "500" in (seen.problem or "")
    assert (seen.failures, seen.waiting, seen.lost) == (1, 1, 0)
    for wait in RETRY_WAITS:
        desk.later(wait)
    assert (state(desk).waiting, state(desk).lost) == (0, 1)


def test_no_log_holds_what_stands_behind_the_host(
    desk: HubDesk, sinks: Readers, caplog: pytest.LogCaptureFixture
) -> None:
    follow(desk, sinks.url("/services/T0/s3cret-path?token=s3cret-query"))
    for status in (500, 307, 410):
        sinks.status["/services/T0/s3cret-path"] = status
        desk.tell(f"Grain {status}")
        desk.later(60)
    said = [f"{each.getMessage()} {vars(each)}" for each in caplog.records]
    assert any("called in vain" in each for each in said)
    assert not [each for each in said if "s3cret" in each or SECRET in each]


def test_a_test_call_is_signed_and_tells_of_no_item(desk: HubDesk, sinks: Readers) -> None:
    desk.tell("Grain one")
    (tried,) = try_out(desk.kit, "grain", sinks.url(PATH))
    assert tried.problem is None
    (sent,) = sinks.bodies(PATH)
    said = json.loads(sent.body)
    assert is_signed(sent) and (said["event"], said["item"]) == ("test", None)
    with pytest.raises(NotFound):
        try_out(desk.kit, "grain", "https://elsewhere.example/")


def test_the_receiver_in_the_docs_takes_our_calls_and_no_others(
    desk: HubDesk, sinks: Readers
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "letters.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    assert sum(bool(line) for line in code.splitlines()) <= 10
    room: dict[str, Any] = {}
    exec(code, room)
    desk.tell("Grain one")
    desk.work()
    (sent,) = sinks.bodies(PATH)
    now = float(sent.headers["webhook-timestamp"])
    assert room["verified"](SECRET, sent.headers, sent.body, now)["event"] == "published"
    wrong = {**sent.headers, "webhook-id": "msg_other"}
    for secret, headers, body, at in (
        ("another", sent.headers, sent.body, now),
        (SECRET, sent.headers, sent.body + b" ", now),
        (SECRET, wrong, sent.body, now),
        (SECRET, sent.headers, sent.body, now + 3600),
    ):
        with pytest.raises(ValueError):
            room["verified"](secret, headers, body, at)
