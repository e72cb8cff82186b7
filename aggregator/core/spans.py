"""Where in a text some of its words stand, shown with a few words around."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from aggregator.core.text import clean_line, tokens

MORE = 6  # words on either side
_PIECE = re.compile(r"\S+")
_LONG = 40  # characters of a piece without blanks; in a longer one the words are looked for
_ASIDE = 60  # characters shown on either side
_LIMIT = 400


def around(text: str, first: int, count: int) -> str:
    """Return the `count` tokens from number `first` (from 0) on in brackets, with words around.

    "" when the text has not so many.

    >>> around("Troops have retaken Mosul's old town, he said.", 3, 1)
    "Troops have retaken [Mosul's] old town, he said."
    """
    found = _span(text, first, first + count - 1)
    if found is None:
        return ""
    start, end = found
    before, after = text[:start].split()[-MORE:], text[end : end + 40 * MORE].split()[:MORE]
    told = f"{_tail(' '.join(before))}{_gap(text, start - 1)}[{text[start:end]}]{_gap(text, end)}"
    cut_before = "… " if len(" ".join(before)) < len(" ".join(text[:start].split())) else ""
    rest = " ".join(after)[:_ASIDE]
    cut_after = " …" if len(rest) < len(" ".join(text[end:].split())) else ""
    return clean_line(f"{cut_before}{told}{rest}{cut_after}", _LIMIT)


def _span(text: str, first: int, last: int) -> tuple[int, int] | None:
    """Return from where to where the tokens `first` to `last` reach."""
    start, seen = None, 0
    for piece in _PIECE.finditer(text):
        words = len(tokens(piece[0]))
        if start is None and seen + words > first:
            start = piece.start() + _begin(piece[0], first - seen)
        if start is not None and seen + words > last:
            return start, piece.start() + _end(piece[0], last - seen)
        seen += words
    return None


def _begin(piece: str, token: int) -> int:
    """Return where a token of a piece begins; that of a short piece is the whole of it."""
    if len(piece) <= _LONG:
        return 0
    reached = bisect_left(range(len(piece) + 1), token + 1, key=lambda at: len(tokens(piece[:at])))
    # What is written without blanks comes in pairs, whose first character stands in the one before.
    pair = tokens(piece[max(0, reached - 2) : reached])
    return reached - (2 if len(pair) == 1 and len(pair[0]) > 1 else 1)


def _end(piece: str, token: int) -> int:
    if len(piece) <= _LONG:
        return len(piece)
    return (
        bisect_right(range(len(piece) + 1), token + 1, key=lambda at: len(tokens(piece[:at]))) - 1
    )


def _tail(text: str) -> str:
    return text[-_ASIDE:]


def _gap(text: str, at: int) -> str:
    return " " if 0 <= at < len(text) and text[at].isspace() else ""
