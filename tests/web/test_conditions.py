from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.conditions import header_map, is_known, is_navigation, welcome
from tests.makers import NOON

MODIFIED = formatdate(NOON, usegmt=True).encode()


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "GZIP", "deflate, gzip;q=0.1", "x-gzip", "*", "gzip;q=1.0, identity;q=0.5", "br,gzip"],
)
def test_gzip_is_sent_where_it_is_welcome(accepted: str) -> None:
    assert any("gzip" in codings for codings in welcome(accepted.encode()))


@pytest.mark.parametrize(
    "accepted",
    [
        "",
        "identity",
        "gzip;q=0",
        "*;q=0",
        "br",
        "identity, gzip;q=0.5",
        "gzip;q=high",
        "gzip;q=-1",
        "gzip;q=nan",
        "*, gzip;q=0",
    ],
)
def test_gzip_is_not_sent_where_it_is_not_welcome(accepted: str) -> None:
    assert not any("gzip" in codings for codings in welcome(accepted.encode()))


@pytest.mark.parametrize(
    ("accepted", "liked"),
    [
        ("gzip, br, zstd", [{"gzip", "br", "zstd"}]),
        ("gzip;q=0.5, br", [{"br"}, {"gzip"}]),
        ("br;q=0.9, identity;q=0.5, gzip;q=0.1", [{"br"}]),
        ("zstd, *;q=0.5", [{"zstd"}, {"gzip"}]),
        ("identity", []),
    ],
)
def test_the_codings_liked_best_come_first(accepted: str, liked: list[set[str]]) -> None:
    assert [set(codings) for codings in welcome(accepted.encode())] == liked


@pytest.mark.parametrize(
    "tags", ['"a"', 'W/"a"', '"x", "a"', '"x",W/"a" , "y"', "*", "a", '  "a"  ', '"x", *']
)
def test_a_tag_that_is_ours_is_known_however_it_is_written(tags: str) -> None:
    assert is_known({b"if-none-match": tags.encode()}, etag=b'"a"', modified=None)


@pytest.mark.parametrize("tags", ['"b"', 'W/"aa"', "", ",", '"a-gzip"', "W/"])
def test_another_tag_is_not_known(tags: str) -> None:
    asked = {b"if-none-match": tags.encode(), b"if-modified-since": MODIFIED}
    assert not is_known(asked, etag=b'"a"', modified=MODIFIED)


def test_a_date_counts_when_it_is_ours_or_later() -> None:
    for since, known in [(0, True), (1, True), (-1, False)]:
        asked = {b"if-modified-since": formatdate(NOON + since, usegmt=True).encode()}
        assert is_known(asked, etag=b'"a"', modified=MODIFIED) is known


@pytest.mark.parametrize(
    "date", [b"Sunday, 22-Nov-26 12:00:00 GMT", b"Sun Nov 22 12:00:00 2026", MODIFIED]
)
def test_all_three_forms_of_a_date_are_read(date: bytes) -> None:
    assert is_known({b"if-modified-since": date}, etag=b'"a"', modified=MODIFIED)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_no_header_is_too_odd(accepted: bytes, tags: bytes, since: bytes) -> None:
    answers = {bool(welcome(accepted))}
    asked = header_map([(b"if-none-match", tags)] if tags else [(b"if-modified-since", since)])
    answers.add(is_known(asked, etag=b'"0123456789abcdef"', modified=MODIFIED))
    answers.add(is_navigation({b"sec-fetch-dest": accepted}))
    assert answers <= {True, False}


def test_lines_of_one_name_are_joined() -> None:
    lines = [(b"if-none-match", b'"a"'), (b"x", b"1"), (b"if-none-match", b'"b"')]
    assert header_map(lines) == {b"if-none-match": b'"a", "b"', b"x": b"1"}


@pytest.mark.parametrize(
    ("headers", "navigates"),
    [
        ({b"sec-fetch-dest": b"document"}, True),
        ({b"sec-fetch-dest": b"empty", b"accept": b"text/html"}, False),
        ({b"accept": b"text/html,*/*", b"upgrade-insecure-requests": b"1"}, True),
        ({b"accept": b"text/html,*/*"}, False),  # readers that send a browser's Accept
        ({b"upgrade-insecure-requests": b"1"}, False),
        ({}, False),
    ],
)
def test_only_a_browser_that_navigates_gets_the_page(
    headers: dict[bytes, bytes], navigates: bool
) -> None:
    assert is_navigation(headers) is navigates
