from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace

from aggregator.core import webhooks as rules
from aggregator.model.exchange import Failed, Fault
from aggregator.model.ids import ItemId, TopicId
from aggregator.model.webhook import HookDelivery, HookEvent, Withdrawn
from tests.formats.editions import ordinary_edition
from tests.makers import NOON

CALL = HookDelivery(
    id=1,
    topic_id=TopicId(1),
    url="https://hook.example/",
    event=HookEvent.ITEM,
    item_id=ItemId(1),
    uri="tag:lane.org,2026:1",
    number=1,
    made_at=NOON,
    due_at=NOON,
)
DOWN = Failed(fault=Fault.NETWORK, problem="refused")


def test_a_call_is_signed_as_standard_webhooks_checks_it() -> None:
    raw = b"0123456789abcdef"
    for secret, key in (("plain words", b"plain words"), (f"whsec_{b64encode(raw).decode()}", raw)):
        sent = rules.headers(CALL, b'{"a": 1}', secret, NOON + 0.7)
        told = f"{sent['Webhook-Id']}.{sent['Webhook-Timestamp']}.".encode() + b'{"a": 1}'
        version, made = sent["Webhook-Signature"].split(",")
        assert version == "v1" and sent["Webhook-Timestamp"] == str(NOON)
        assert b64decode(made) == hmac.new(key, told, "sha256").digest()


def test_a_secret_that_only_looks_like_base64_is_taken_as_it_stands() -> None:
    sent = rules.headers(CALL, b"", "whsec_not base64!", NOON)
    told = f"{sent['Webhook-Id']}.{NOON}.".encode()
    made = hmac.new(b"whsec_not base64!", told, "sha256").digest()
    assert sent["Webhook-Signature"] == f"v1,{b64encode(made).decode()}"


def test_each_try_has_the_same_id_and_each_event_another() -> None:
    assert rules.call_id(CALL) == rules.call_id(replace(CALL, attempts=3, due_at=NOON + 9))
    others = (
        replace(CALL, event=HookEvent.EDITED),
        replace(CALL, uri="tag:lane.org,2026:2"),
        replace(CALL, made_at=NOON + 1),
    )
    assert len({rules.call_id(CALL), *map(rules.call_id, others)}) == 4


def test_a_withdrawal_tells_no_more_than_that() -> None:
    said = json.loads(rules.body(CALL, ordinary_edition(), Withdrawn(at=NOON, why="taken back")))
    assert said["item"] == {"id": CALL.uri, "withdrawn_at": NOON, "why": "taken back"}


def test_a_call_in_vain_comes_again_a_few_times_and_410_ends_it() -> None:
    waits = [
        (rules.retry_at(replace(CALL, attempts=n), DOWN, NOON) or NOON) - NOON for n in range(6)
    ]
    assert waits == [*rules.RETRY_WAITS, 0]
    assert rules.retry_at(CALL, replace(DOWN, status=410), NOON) is None
    patient = replace(DOWN, status=503, retry_after=10_000_000.0)
    assert rules.retry_at(CALL, patient, NOON) == NOON + rules.LONGEST_WAIT


def test_of_an_item_the_last_that_happened_is_told() -> None:
    told = rules.events(
        fresh=(4, 5), edited=(1, 2, 3), gone=((2, True), (3, True), (3, False), (5, True))
    )
    assert dict((item, event) for event, item in told) == {
        1: HookEvent.EDITED,
        2: HookEvent.WITHDRAWN,
        3: HookEvent.ITEM,
        4: HookEvent.ITEM,
        5: HookEvent.WITHDRAWN,
    }
