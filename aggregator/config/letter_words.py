"""What single values about letters may be, read from the text as it was written."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.config.words import line, text, wrong
from aggregator.core.addresses import mail_address

_SENDER = re.compile(r'(?:"?([^"<>]*?)"?\s*<([^<>]+)>|([^<>\s]+))')
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def sender(value: object) -> str:
    """Whom letters come from: `letters@example.org`, or with a name before it."""
    said = line(value)
    found = _SENDER.fullmatch(said)
    address = mail_address(found[2] or found[3]) if found else None
    if found is None or address is None:
        raise wrong(f"'{said}' is no sender", "write it as Lane Desk <letters@example.org>")
    name = (found[1] or "").strip()
    return f"{name} <{address}>" if name else address


def time_of_day(value: object) -> int:
    """A time such as `07:00`, in seconds after midnight."""
    said = text(value)
    found = _TIME.fullmatch(said)
    if not found:
        raise wrong(f"'{said}' is no time of the day", "write it as 07:00")
    return int(found[1]) * 3600 + int(found[2]) * 60


def spelt_time(seconds: int) -> str:
    """Return a time of the day as the file writes it.

    >>> spelt_time(7 * 3600 + 300)
    '07:05'
    """
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def zone(value: object) -> str:
    """A time zone by its name in the IANA database, as `Europe/Vienna`."""
    said = text(value)
    if said == "UTC":
        return said
    try:
        ZoneInfo(said)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "write it as Europe/Vienna; on a system without zones install tzdata"
        raise wrong(f"no time zone called '{said}' is known here", hint) from None
    return said
