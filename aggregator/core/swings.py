"""Whether a rule suddenly holds for nothing, or for nearly everything."""

from __future__ import annotations

ALL = 0.9  # share of the entries asked that is as good as everything
HALF = 0.5  # a rule that held for more than that before holds for much by intent
ENOUGH = 20  # entries asked, below which "everything" says little
EXPECTED = 8  # hits there would be by the days before: then none is no chance (1 in 3,000)


def swing(before: int, after: int, asked: int) -> str | None:
    """Return in words that a rule holds for nothing or everything and did not before.

    `before` and `after` count entries of the same days, `asked` all entries of them.

    >>> swing(12, 0, 400)
    'matches nothing of 400 entries; it had 12'
    >>> swing(12, 10, 400)
    """
    if before and not after:
        return f"matches nothing of {asked} entries; it had {before}"
    if asked >= ENOUGH and after >= ALL * asked and before <= HALF * asked:
        return f"matches {after} of {asked} entries; it had {before}"
    return None


def swing_of_late(days: int, late: tuple[int, int], earlier: tuple[int, int]) -> str | None:
    """Return in words that a rule which did not change holds nothing or everything of late.

    Each pair counts the entries it held and those it was asked of: in the last `days`, and in
    the time before them.

    >>> swing_of_late(3, (0, 100), (90, 900))
    'matches nothing of the 100 entries of the last 3 days; before it had 90 of 900'
    >>> swing_of_late(3, (0, 100), (9, 900))
    """
    (held, asked), (held_before, asked_before) = late, earlier
    before = f"before it had {held_before} of {asked_before}"
    if not held and asked_before and held_before * asked >= EXPECTED * asked_before:
        return f"matches nothing of the {asked} entries of the last {days} days; {before}"
    if asked >= ENOUGH and held >= ALL * asked and 0 < held_before <= HALF * asked_before:
        return f"matches {held} of the {asked} entries of the last {days} days; {before}"
    return None
