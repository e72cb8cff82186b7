"""Which items of a topic are closed into archives: all but the newest, in stretches (RFC 5005)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aggregator.model.publication import Archive, Edition


def closing(
    numbers: Sequence[int], newest: Archive | None, *, size: int, now: int
) -> Iterator[Archive]:
    """Yield the archives to close, oldest first, each of `size` items.

    `numbers` are those of the visible items that no archive holds, ascending. Fewer than `size`
    stay open, and the feed shows the newest `size`: each item is always in the one or the other.

    >>> [(each.first, each.last) for each in closing([3, 4, 6, 7, 8], None, size=2, now=0)]
    [(3, 4), (6, 7)]
    """
    number = newest.number if newest is not None else 0
    for at in range(0, len(numbers) - size + 1, size):
        number += 1
        stretch = numbers[at : at + size]
        yield Archive(number=number, first=stretch[0], last=stretch[-1], closed_at=now)


def archive_url(base_url: str, number: int) -> str:
    """Return where an archive lies, without the ending of a format.

    >>> archive_url("https://news.example.org/topics/global-lane", 3)
    'https://news.example.org/topics/global-lane/archive/3'
    """
    return f"{base_url}/archive/{number}"


def current(edition: Edition, newest: Archive | None) -> Edition:
    """Return the feed's edition with the way to the newest archive."""
    if newest is None:
        return edition
    return replace(edition, previous_url=archive_url(edition.base_url, newest.number))


def archived(edition: Edition, archive: Archive, *, newer: bool) -> Edition:
    """Return the edition of an archive's items with the ways from there.

    An archive is never written anew for its successor: it leads on only if that was closed in the
    same act (`newer`), and else to the feed as it is now.
    """
    base, number = edition.base_url, archive.number
    return replace(
        edition,
        base_url=archive_url(base, number),
        previous_url=archive_url(base, number - 1) if number > 1 else None,
        next_url=archive_url(base, number + 1) if newer else None,
        current_url=base,
        hub_url=None,  # it never changes
        is_archive=True,
    )
