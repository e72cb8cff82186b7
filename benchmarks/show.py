"""How every benchmark ends: a table for people, and one JSON object as the last line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under their column names; the first column to the left, all others right.

    >>> print(table(("phase", "ms"), [("full", 12.5), ("none", None)]))
    phase    ms
    full   12.5
    none      -
    """
    lines = [[*columns], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def finish(result: Mapping[str, object]) -> None:
    """Print the result as one line of JSON, flushed: nothing may come after it."""
    print(json.dumps(result, ensure_ascii=False), flush=True)


def figure(value: float, digits: int = 3) -> float:
    """Return a measured value with so many significant digits; more would be noise.

    >>> figure(0.0123456), figure(1234.5)
    (0.0123, 1230.0)
    """
    return float(f"{value:.{digits}g}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
