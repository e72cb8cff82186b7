"""Where in the file a character of a value stands, through YAML's quoting."""

from __future__ import annotations

from aggregator.config.tree import Spot, Tree, Where

_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def place_in(tree: Tree, where: Where, position: int) -> tuple[int, int]:
    """Return line and column (from 0) of a character, counted from 0, of a value.

    Exact for a scalar of one line; else where the scalar begins.
    """
    spot = tree.spot(where)
    if spot.line != spot.end_line or spot.style in ("|", ">"):
        return spot.line, spot.column
    written = tree.lines[spot.line][spot.column : spot.end_column]
    return spot.line, spot.column + _offset(written, spot, position)


def _offset(written: str, spot: Spot, position: int) -> int:
    if spot.style not in ("'", '"'):
        return min(position, len(written))
    here = 1
    for _ in range(position):
        if here >= len(written) - 1:
            break
        here += _length(written, here, spot.style)
    return here


def _length(written: str, here: int, style: str) -> int:
    """Return how many characters the source takes for the one that begins here."""
    if style == "'":
        return 2 if written.startswith("''", here) else 1
    if written[here] != "\\":
        return 1
    return _ESCAPE_LENGTHS.get(written[here + 1 : here + 2], 2)
