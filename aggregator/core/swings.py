"""Whether a rule suddenly holds for nothing, or for nearly everything."""

from __future__ import annotations

ALL = 0.9  # share of the entries asked that is as good as everything
HALF = 0.5  # a rule that held for more than that before holds for much by intent
ENOUGH = 20  # entries asked, below which "everything" says little


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
