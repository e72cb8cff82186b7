"""What our hub takes, grants and gives up, by the Recommendation's words and our bounds."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core import hub
from aggregator.core.hub import Refused
from aggregator.core.websub import signed
from aggregator.model.exchange import Failed, Fault
from aggregator.model.hub import Crowd, Delivery, Lane, Mode, Ping, Subscription, Wish
from aggregator.model.publication import Document
from aggregator.model.push import Signed
from aggregator.model.settings import Site

BASE = "https://desk.lane.org"
SITE = Site(url=BASE)
NOW = 1_000_000.0
RIGHT = {
    "hub.mode": "subscribe",
    "hub.topic": f"{BASE}/topics/grain.atom",
    "hub.callback": "https://reader.example/cb?x=1",
}


def a_wish(**said: str) -> Wish:
    found = hub.judge({**RIGHT, **{f"hub.{name}": text for name, text in said.items()}}, BASE, NOW)
    assert isinstance(found, Wish)
    return found


def a_delivery(failures: int = 0, attempts: int = 0) -> Delivery:
    subscription = Subscription(
        path="topics/grain.atom",
        callback="https://reader.example/cb",
        host="reader.example",
        secret=None,
        lease_until=NOW + 60,
        since=NOW,
        failures=failures,
    )
    return Delivery(
        id=1, subscription=subscription, made_at=NOW, due_at=NOW, attempts=attempts, version=1
    )


def in_vain(**said: object) -> Failed:
    return Failed(**{"fault": Fault.STATUS, "problem": "500", "status": 500, **said})  # type: ignore[arg-type]


@given(st.text())
def test_every_lease_is_finite_whatever_is_asked(text: str) -> None:
    assert hub.SHORTEST_LEASE <= hub.lease(text) <= hub.LONGEST_LEASE


@given(st.dictionaries(st.sampled_from(sorted(RIGHT)), st.text()))
def test_no_request_is_too_odd_to_be_judged(said: dict[str, str]) -> None:
    assert isinstance(hub.judge({**RIGHT, **said}, BASE, NOW), Wish | Refused)


@given(st.text(max_size=400))
def test_no_secret_is_longer_than_199_bytes(secret: str) -> None:
    found = hub.judge({**RIGHT, "hub.secret": secret}, BASE, NOW)
    assert isinstance(found, Refused) == (len(secret.encode()) > 199)


@pytest.mark.parametrize("query", ["", "?", "?a=1", "?a=1&hub.mode=mine", "?%20=%26"])
def test_a_callbacks_own_query_stays_in_front_as_it_is(query: str) -> None:
    callback = f"https://reader.example/cb{query}"
    asked = hub.question(a_wish(callback=callback), BASE, "a challenge & more")
    assert asked.startswith(callback)
    added = asked.removeprefix(callback).lstrip("?&")
    assert dict(parse_qsl(added)) == {
        "hub.mode": "subscribe",
        "hub.topic": RIGHT["hub.topic"],
        "hub.challenge": "a challenge & more",
        "hub.lease_seconds": str(hub.LONGEST_LEASE),
    }
    assert len(urlsplit(asked).query.split("hub.challenge=")) == 2


def test_a_secret_of_nothing_is_none() -> None:
    assert a_wish(secret="").secret is None


@given(st.binary(), st.text(min_size=1, max_size=49))
def test_our_own_subscriber_accepts_our_signature(body: bytes, secret: str) -> None:
    document = Document(
        path="topics/grain.json",
        content_type="application/feed+json",
        body=body,
        gzip=b"",
        etag='"x"',
        kept_at=0,
    )
    headers = dict(hub.content_headers(document, secret, site=SITE, base=BASE))
    assert signed(secret, body, headers["X-Hub-Signature"]) is Signed.WELL
    assert "X-Hub-Signature" not in dict(hub.content_headers(document, None, site=SITE, base=BASE))


def test_a_refusal_is_told_once() -> None:
    denied = hub.denial(a_delivery().subscription, "moved", NOW)
    assert denied.mode is Mode.DENIED
    assert hub.asked_again(denied, in_vain(), NOW) is None


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_who_says_no_is_not_asked_again(status: int) -> None:
    assert hub.asked_again(a_wish(), in_vain(status=status), NOW) is None


def test_an_address_that_may_not_be_reached_is_not_asked_again() -> None:
    blocked = in_vain(fault=Fault.BLOCKED, status=None)
    assert hub.asked_again(a_wish(), blocked, NOW) is None


def test_who_cannot_answer_is_asked_again_and_not_for_ever() -> None:
    wish, asked = a_wish(), 0
    while (again := hub.asked_again(wish, in_vain(status=503), NOW)) is not None:
        assert again.due_at > NOW
        wish, asked = again, asked + 1
    assert asked == len(hub.VERIFY_WAITS)


def test_a_410_ends_a_subscription() -> None:
    after = hub.after_failure(a_delivery(), in_vain(status=410), Lane.FAST, NOW)
    assert after.subscription is None


def test_who_is_too_slow_for_the_fast_lane_is_tried_in_the_slow_one_at_once() -> None:
    late = in_vain(fault=Fault.NETWORK, status=None, ms=round(hub.FAST_DEADLINE * 1000))
    after = hub.after_failure(a_delivery(), late, Lane.FAST, NOW)
    assert after.retry_at == NOW
    assert after.subscription is not None and after.subscription.failures == 1
    after = hub.after_failure(a_delivery(failures=1, attempts=1), late, Lane.SLOW, NOW)
    assert after.retry_at == NOW + hub.RETRY_WAITS[1]


@given(st.floats(min_value=0, max_value=1e10), st.integers(0, 10))
def test_no_retry_waits_longer_than_a_few_hours(wait: float, attempts: int) -> None:
    failed = in_vain(status=429, retry_after=wait)
    after = hub.after_failure(a_delivery(attempts=attempts), failed, Lane.SLOW, NOW)
    if attempts >= len(hub.RETRY_WAITS):
        assert after.retry_at is None
    else:
        assert after.retry_at is not None
        assert hub.MINUTE <= after.retry_at - NOW <= hub.LONGEST_WAIT


def test_too_many_failures_end_a_subscription() -> None:
    after = hub.after_failure(a_delivery(hub.MOST_FAILURES - 1), in_vain(), Lane.SLOW, NOW)
    assert after.subscription is None


def test_a_full_or_crowded_hub_lets_those_in_it_renew_and_leave() -> None:
    full = Crowd(of_path=hub.MOST_OF_PATH, of_host=0, waiting_of_host=0, waiting=0)
    assert hub.room(full, is_known=True, asker="ida") is None
    refused = hub.room(full, is_known=False, asker="ida")
    assert refused is not None and refused.status == 503
    crowded = Crowd(of_path=0, of_host=0, waiting_of_host=0, waiting=hub.MOST_WAITING)
    assert hub.room(crowded, is_known=True, asker="ida") is None
    refused = hub.room(crowded, is_known=False, asker="ida")
    assert refused is not None and refused.status == 429


def test_a_crowded_host_machine_or_asker_lets_nobody_new_in() -> None:
    few = Crowd(of_path=1, of_host=1, waiting_of_host=1, waiting=1)
    assert hub.room(few, is_known=False, asker="ida") is None
    for name, most, status in (
        ("of_both", hub.MOST_OF_BOTH, 503),
        ("of_host", hub.MOST_OF_HOST, 503),
        ("waiting_of_asker", hub.MOST_WAITING_OF_ASKER, 429),
        ("waiting_of_host", hub.MOST_WAITING_OF_HOST, 429),
    ):
        refused = hub.room(replace(few, **{name: most}), is_known=False, asker="ida")
        assert refused is not None and refused.status == status
        assert hub.room(replace(few, **{name: most - 1}), is_known=False, asker="ida") is None
    anybody = replace(few, waiting_of_asker=hub.MOST_WAITING_OF_ASKER)
    assert hub.room(anybody, is_known=False, asker="") is None
    anybody = replace(few, waiting_of_asker=hub.MOST_WAITING_OF_ANYBODY)
    assert hub.room(anybody, is_known=False, asker="") is not None
    assert hub.MOST_WAITING_OF_ANYBODY < hub.MOST_WAITING, "room is left for those told apart"


def test_callbacks_are_counted_by_their_domain() -> None:
    assert a_wish(callback="https://a1.b.evil.org/").host == "evil.org"


@given(st.one_of(st.none(), st.floats(0, 100)))
def test_the_quick_hold_the_fast_lane_no_longer_than_they_need(took: float | None) -> None:
    subscription = replace(a_delivery().subscription, took=took)
    assert hub.LEAST_PATIENCE <= hub.patience(subscription) <= hub.FAST_DEADLINE
    assert took is None or hub.patience(subscription) >= min(took, hub.FAST_DEADLINE)
    assert hub.patience(replace(subscription, took=0.1)) == hub.LEAST_PATIENCE


def test_only_who_asked_for_a_subscription_may_change_its_secret() -> None:
    before = replace(a_delivery().subscription, secret="ours", asker="ida")
    ours, evil = a_wish(secret="ours"), a_wish(secret="evil")
    assert hub.may_change(replace(evil, asker="eve"), None), "nothing is there"
    assert hub.may_change(replace(ours, asker="eve"), before)
    assert not hub.may_change(replace(evil, asker="eve"), before)
    assert not hub.may_change(replace(ours, secret=None, asker="eve"), before)
    assert hub.may_change(replace(evil, asker="ida"), before)
    assert not hub.may_change(replace(evil, asker=""), replace(before, asker="")), "anybody"
    assert hub.may_change(a_wish(mode="unsubscribe", secret="evil"), before)


def test_a_ping_ends_after_a_few_attempts() -> None:
    ping = Ping(
        target="https://hub.example/",
        path="topics/grain.rss",
        made_at=NOW,
        due_at=NOW,
        attempts=len(hub.PING_WAITS),
        version=1,
    )
    assert hub.after_ping(ping, in_vain(), NOW) is None


def test_a_target_that_is_no_longer_wanted_is_told_nothing() -> None:
    ping = Ping(
        target="https://hub.example/",
        path="topics/grain.rss",
        made_at=NOW,
        due_at=NOW,
        attempts=0,
        version=1,
    )
    assert hub.ping_form(ping, SITE, BASE) is None
    assert hub.ping_form(ping, Site(url=BASE, hub=ping.target), BASE) is not None
    assert hub.ping_form(ping, Site(url=BASE, pings=(ping.target,)), BASE) == (
        ("url", f"{BASE}/topics/grain.rss"),
    )


@pytest.mark.parametrize("url", [None, "http://localhost:8000", "https://news.example.org"])
def test_before_set_up_there_is_no_hub(url: str | None) -> None:
    site = Site(url=url, hub="https://hub.lane.org/", pings=("https://cloud.lane.org/",))
    assert hub.hub_url(site, "http://localhost") is None
    assert hub.targets(site) == () and not hub.is_ours(Site(url=url))


def test_archives_and_corrections_name_no_hub() -> None:
    for path in ("topics/grain/archive/1.atom", "topics/grain/corrections.atom", "topics.opml"):
        assert hub.link_header(path, SITE, BASE) is None
