from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from aggregator.core import webhooks as rules
from aggregator.model.exchange import Failed, Fault
from aggregator.model.ids import ItemId, TopicId
from aggregator.model.webhook import (
    HookDelivery,
    HookEvent,
    HookItem,
    HookState,
    ItemState,
    Noted,
)
from tests.formats.editions import ordinary_edition
from tests.makers import NOON

CALL = HookDelivery(
    id=1,
    topic_id=TopicId(1),
    url="https://hook.example/",
    event=HookEvent.PUBLISHED,
    item_id=ItemId(1),
    uri="tag:lane.org,2026:1",
    number=1,
    made_at=NOON,
    due_at=NOON,
)
ITEM = HookItem(item_id=ItemId(1), number=4, uri="tag:1", state=ItemState.OUT, updated_at=NOON)
DOWN = Failed(fault=Fault.NETWORK, problem="refused")


def test_a_call_is_signed_as_standard_webhooks_checks_it() -> None:
    raw = b"0123456789abcdef"
    for secret, key in (("plain words", b"plain words"), (f"whsec_{b64encode(raw).decode()}", raw)):
        sent = rules.headers("msg_1", b'{"a": 1}', secret, NOON + 0.7)
        told = f"{sent['Webhook-Id']}.{sent['Webhook-Timestamp']}.".encode() + b'{"a": 1}'
        version, made = sent["Webhook-Signature"].split(",")
        assert version == "v1" and sent["Webhook-Timestamp"] == str(NOON)
        assert b64decode(made) == hmac.new(key, told, "sha256").digest()


def test_a_secret_that_only_looks_like_base64_is_taken_as_it_stands() -> None:
    sent = rules.headers("msg_1", b"", "whsec_not base64!", NOON)
    told = f"{sent['Webhook-Id']}.{NOON}.".encode()
    made = hmac.new(b"whsec_not base64!", told, "sha256").digest()
    assert sent["Webhook-Signature"] == f"v1,{b64encode(made).decode()}"


def test_each_try_has_the_same_id_and_each_event_another() -> None:
    assert rules.call_id(CALL) == rules.call_id(replace(CALL, attempts=3, due_at=NOON + 9))
    others = (
        replace(CALL, event=HookEvent.UPDATED),
        replace(CALL, uri="tag:lane.org,2026:2"),
        replace(CALL, made_at=NOON + 0.5),
        replace(CALL, url="https://other.example/"),
        replace(CALL, id=2),
    )
    assert len({rules.call_id(CALL), *map(rules.call_id, others)}) == 6


def test_a_call_says_which_topic_when_and_what() -> None:
    said = json.loads(
        rules.body("msg_1", HookEvent.WITHDRAWN, NOON, ordinary_edition(), {"id": "1"})
    )
    assert said.keys() == {"id", "event", "at", "topic", "item"}
    assert (said["id"], said["event"], said["item"]) == ("msg_1", "withdrawn", {"id": "1"})
    assert said["at"] == "2026-11-22T12:00:00Z"
    assert said["topic"].keys() == {"slug", "title", "url", "feed_url"}


def test_a_call_in_vain_comes_again_a_few_times_and_410_ends_it() -> None:
    waits = [
        (rules.retry_at(replace(CALL, attempts=n), DOWN, NOON) or NOON) - NOON for n in range(6)
    ]
    assert waits == [*rules.RETRY_WAITS, 0]
    assert rules.retry_at(CALL, replace(DOWN, status=410), NOON) is None
    patient = replace(DOWN, status=503, retry_after=10_000_000.0)
    assert rules.retry_at(CALL, patient, NOON) == NOON + rules.LONGEST_WAIT


@pytest.mark.parametrize(
    ("was", "became", "event"),
    [
        (ItemState.OUT, ItemState.OUT, None),
        (ItemState.OUT, ItemState.TAKEN_BACK, HookEvent.TAKEN_BACK),
        (ItemState.OUT, ItemState.WITHDRAWN, HookEvent.WITHDRAWN),
        (ItemState.TAKEN_BACK, ItemState.WITHDRAWN, HookEvent.WITHDRAWN),
        (ItemState.TAKEN_BACK, ItemState.TAKEN_BACK, None),
        (ItemState.TAKEN_BACK, ItemState.OUT, HookEvent.PUBLISHED),
        (ItemState.WITHDRAWN, ItemState.OUT, HookEvent.PUBLISHED),
    ],
)
def test_what_became_of_an_item_is_told_once(
    was: ItemState, became: ItemState, event: HookEvent | None
) -> None:
    noted = Noted(item=replace(ITEM, state=was), became=became, updated_at=NOON)
    assert rules.event_of(noted, told_to=4) is event


def test_a_new_item_is_published_and_a_changed_one_updated() -> None:
    changed = Noted(item=ITEM, became=ItemState.OUT, updated_at=NOON + 1)
    assert rules.event_of(changed, told_to=4) is HookEvent.UPDATED
    assert rules.event_of(changed, told_to=3) is HookEvent.PUBLISHED
    hidden = replace(changed, became=ItemState.WITHDRAWN)
    assert rules.event_of(hidden, told_to=4) is HookEvent.WITHDRAWN


def test_a_word_says_how_it_stands() -> None:
    state = HookState(url=CALL.url)
    said = [state, replace(state, told_at=1.0), replace(state, told_at=1.0, failures=2)]
    words = [rules.standing(each) for each in (*said, replace(state, failures=1, ended_at=2.0))]
    assert words == ["not called yet", "works", "failing", "ended"]
