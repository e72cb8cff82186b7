"""What response headers say of freshness and patience."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from aggregator.net.headers import LONGEST_FRESH, caching, http_date, retry_after, validators

NOON = "Sun, 01 Nov 2026 12:00:00 GMT"
ONE = "Sun, 01 Nov 2026 13:00:00 GMT"
NOON_AT = 1793534400.0


def headers(**fields: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): text for name, text in fields.items()})


@pytest.mark.parametrize(
    ("fields", "fresh_for"),
    [
        ({}, 0.0),
        ({"Cache_Control": "max-age=3600"}, 3600.0),
        ({"Cache_Control": "public, MAX-AGE=3600, must-revalidate"}, 3600.0),
        ({"Cache_Control": 'max-age="60"'}, 60.0),
        ({"Cache_Control": "max-age=60, max-age=7200"}, 60.0),
        ({"Cache_Control": "max-age=3600", "Age": "600"}, 3000.0),
        ({"Cache_Control": "max-age=600", "Age": "3600"}, 0.0),
        ({"Cache_Control": "max-age=600", "Age": "soon"}, 600.0),
        ({"Cache_Control": "max-age=-5"}, 0.0),
        ({"Cache_Control": "max-age=soon"}, 0.0),
        ({"Cache_Control": "max-age=soon", "Expires": ONE, "Date": NOON}, 0.0),
        ({"Cache_Control": "s-maxage=600"}, 0.0),
        ({"Cache_Control": "max-age=99999999"}, LONGEST_FRESH),
        ({"Cache_Control": "max-age=" + "9" * 5000}, LONGEST_FRESH),
        ({"Cache_Control": "no-cache, max-age=600"}, 0.0),
        ({"Cache_Control": "no-store", "Expires": ONE, "Date": NOON}, 0.0),
        ({"Expires": ONE, "Date": NOON}, 3600.0),
        ({"Expires": NOON, "Date": ONE}, 0.0),
        ({"Expires": "0", "Date": NOON}, 0.0),
        ({"Expires": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": NOON}, LONGEST_FRESH),
        ({"Expires": ONE}, 1800.0),
        ({"Expires": ONE, "Cache_Control": "max-age=60", "Date": NOON}, 60.0),
    ],
)
def test_freshness_is_what_the_publisher_allows(fields: dict[str, str], fresh_for: float) -> None:
    assert caching(headers(**fields), lambda: NOON_AT + 1800).fresh_for == fresh_for


def test_expires_says_nothing_when_no_clock_is_known() -> None:
    assert caching(headers(Expires=ONE), None).fresh_for == 0.0


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "120"}, 120.0),
        ({"Retry_After": " 0 "}, 0.0),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": "31536000"}, 31536000.0),
        ({"Retry_After": "9" * 5000}, 1e10),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "\u0661\u0662"}, None),
        ({"Retry_After": ONE, "Date": NOON}, 3600.0),
        ({"Retry_After": NOON, "Date": ONE}, 0.0),
        ({"Retry_After": ONE}, 1800.0),
        ({"Retry_After": ONE, "Date": "yesterday"}, 1800.0),
    ],
)
def test_retry_after_is_read_in_both_forms(fields: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers(**fields), lambda: NOON_AT + 1800) == seconds


@pytest.mark.parametrize(
    "text",
    [NOON, "Sunday, 01-Nov-26 12:00:00 GMT", "Sun Nov  1 12:00:00 2026", "1 Nov 2026 13:00 +0100"],
)
def test_a_date_is_read_in_every_form_http_knew(text: str) -> None:
    assert http_date(text) == NOON_AT


@given(st.text(max_size=120))
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert http_date(text) is None or isinstance(http_date(text), float)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=40))
def test_freshness_is_never_negative_and_never_endless(control: str, age: str, date: str) -> None:
    said = headers(Cache_Control=control, Age=age, Expires=date)
    assert 0.0 <= caching(said, lambda: 0.0).fresh_for <= LONGEST_FRESH


def test_validators_that_could_not_be_sent_back_are_not_kept() -> None:
    assert validators(headers(ETag='W/"x"', Last_Modified=NOON)) == ('W/"x"', NOON)
    assert validators(headers(ETag="", Last_Modified="a" * 3000)) == (None, None)


def test_expires_counts_only_where_there_is_no_max_age() -> None:
    said = headers(Expires=ONE, Date=NOON)
    assert caching(said, None).fresh_for == 3600.0
    said["Cache-Control"] = "max-age=7200"
    assert caching(said, None).fresh_for == 7200.0
    said["Cache-Control"] = "max-age=0"
    assert caching(said, None).fresh_for == 0.0


def test_no_cache_and_no_store_say_what_silence_says() -> None:
    silence = caching(headers(), None)
    for word in ("no-cache", "no-store", "no-cache, max-age=60", "private, no-store, max-age=0"):
        assert caching(headers(Cache_Control=word), None) == silence


def test_what_an_answer_has_aged_on_its_way_is_subtracted() -> None:
    assert caching(headers(Cache_Control="max-age=3600", Age="3599"), None).fresh_for == 1.0
    assert caching(headers(Cache_Control="max-age=3600", Age="9999"), None).fresh_for == 0.0
