"""Which items are closed into archives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.archive import archived, closing, current
from aggregator.model.publication import Archive
from tests.formats.editions import ordinary_edition

numbers = st.lists(st.integers(min_value=1, max_value=10_000), unique=True).map(sorted)


@given(numbers=numbers, size=st.integers(min_value=1, max_value=50))
def test_each_item_is_closed_once_or_among_the_newest(numbers: list[int], size: int) -> None:
    closed = list(closing(numbers, None, size=size, now=5))
    inside = [[n for n in numbers if each.first <= n <= each.last] for each in closed]
    assert all(len(stretch) == size for stretch in inside)
    still_open = numbers[len(closed) * size :]
    assert [n for stretch in inside for n in stretch] + still_open == numbers
    assert len(still_open) < size
    assert [each.number for each in closed] == list(range(1, len(closed) + 1))


def test_archives_are_counted_on_from_the_newest() -> None:
    newest = Archive(number=7, first=1, last=9, closed_at=0)
    (closed,) = closing([10, 12], newest, size=2, now=5)
    assert closed == Archive(number=8, first=10, last=12, closed_at=5)


def test_a_feed_without_archives_leads_nowhere() -> None:
    edition = ordinary_edition()
    assert current(edition, None) == edition


def test_an_archive_leads_to_its_neighbours_that_are_there_when_it_is_closed() -> None:
    edition = ordinary_edition()
    first = archived(edition, Archive(number=1, first=1, last=2, closed_at=0), newer=True)
    last = archived(edition, Archive(number=2, first=3, last=4, closed_at=0), newer=False)
    assert (first.previous_url, first.next_url) == (None, last.base_url)
    assert (last.previous_url, last.next_url) == (first.base_url, None)
    assert first.is_archive and first.current_url == edition.base_url
    assert current(edition, Archive(number=2, first=3, last=4, closed_at=0)).previous_url == (
        last.base_url
    )
