"""Times still to come, as editors are told of them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def to_the_minute(at: float, zone: str = "UTC") -> str:
    """Return a moment (UTC seconds) in UTC, and by the clock of another zone beside it.

    >>> to_the_minute(1795503600)
    '2026-11-24 07:00 UTC'
    >>> to_the_minute(1795503600, "Europe/Vienna")
    '2026-11-24 07:00 UTC (08:00 in Europe/Vienna)'
    """
    told = datetime.fromtimestamp(at, UTC)
    said = f"{told:%Y-%m-%d %H:%M} UTC"
    if zone == "UTC":
        return said
    there = told.astimezone(ZoneInfo(zone))
    clock = f"{there:%H:%M}" if there.date() == told.date() else f"{there:%Y-%m-%d %H:%M}"
    return f"{said} ({clock} in {zone})"


def will_be_out(at: float, now: float, zone: str = "UTC") -> str:
    """Return when something is to be out, as a day and as a wait.

    >>> will_be_out(1795503600, 1795503600 - 23 * 3600 - 60)
    'will be out on 2026-11-24 07:00 UTC (in 23 h)'
    """
    return f"will be out on {to_the_minute(at, zone)} (in {wait(at - now)})"


def wait(seconds: float) -> str:
    """Return a wait in the largest unit that says something.

    >>> wait(30), wait(3_599), wait(86_400), wait(7_200.5)
    ('30 s', '59 min', '24 h', '2 h')
    """
    for unit, size in _UNITS:
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
