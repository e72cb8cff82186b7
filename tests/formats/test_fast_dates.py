from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from feedparser.datetimes import _parse_date
from hypothesis import given
from hypothesis import strategies as st

from aggregator.formats.fast_dates import moment
from aggregator.formats.fast_names import Unsure
from aggregator.formats.fields import in_seconds
from tests.formats.feed_pieces import DATES

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2110, 1, 1), timezones=ZONES)
FORMS = (
    "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT", "%A, %d %B %Y %H:%M:%S EST",
    "%d %b %Y %H:%M:%S %z", "%a, %d %b %y %H:%M:%S %z", "%a %d %b %Y %H:%M %z", "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%MZ",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H:%M:%S", "%a %b %d %H:%M:%S %Y",
    "%a, %b %d %Y %H:%M:%S PDT", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S",
)  # fmt: skip


def by_feedparser(text: str) -> int | None:
    return in_seconds(_parse_date(text))


def read_alike(text: str) -> None:
    for _ in range(2):  # the second time from memory
        assert moment(text) == by_feedparser(text), text


def alike(text: str) -> None:
    """Read it as feedparser does, or hand it over."""
    with suppress(Unsure):
        read_alike(text)


@given(MOMENTS, st.sampled_from(FORMS))
def test_a_date_in_any_form_is_read_as_feedparser_reads_it(when: datetime, form: str) -> None:
    read_alike(when.strftime(form))


@given(MOMENTS)
def test_a_date_with_a_colon_in_its_zone_is_read_as_feedparser_reads_it(when: datetime) -> None:
    text = when.replace(microsecond=0).isoformat()
    read_alike(text)
    read_alike(when.isoformat())
    assert moment(text) == moment(format_datetime(when)) or by_feedparser(text) is None


@given(st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} .{0,9}", fullmatch=True))
def test_what_only_looks_like_a_date_is_read_as_feedparser_reads_it(text: str) -> None:
    alike(text)


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{0,12}[Z+:0-9-]{0,6}", fullmatch=True))
def test_what_only_looks_like_a_w3c_date_is_read_as_feedparser_reads_it(text: str) -> None:
    alike(text)


@given(st.sampled_from(DATES), st.integers(0, 40), st.characters(codec="ascii"))
def test_a_date_with_a_wrong_character_is_read_as_feedparser_reads_it(
    text: str, place: int, wrong: str
) -> None:
    alike(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("text", DATES)
def test_odd_dates_are_read_as_feedparser_reads_them(text: str) -> None:
    read_alike(text)


def test_a_zone_told_in_one_form_is_not_remembered_for_the_other() -> None:
    assert moment("Sun, 22 Nov 2026 10:00:00 +0530") == 1795321800
    read_alike("2026-11-22T10:00:00+0530")  # feedparser leaves out the minutes here
    read_alike("2026-11-22T10:00:00GMT")


def test_a_date_that_makes_feedparser_fail_is_not_for_the_fast_reader() -> None:
    with pytest.raises(IndexError):
        _parse_date("Fri, 2006/13/15 08:19:53 EDT")
    with pytest.raises(Unsure):
        moment("Fri, 2006/13/15 08:19:53 EDT")


def test_no_date_is_longer_than_any() -> None:
    with pytest.raises(Unsure):
        moment("1" * 1_000_000)
