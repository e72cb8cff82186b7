"""Dates as people write them, and as feeds must write them. Independent of any locale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LOOKED_AT = 10_000  # characters of a text in which a date is looked for

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62135596800, 253402300799  # years 1 and 9999, all that RFC 3339 can write
# RFC 822 section 5.1, hours; its military letters are wrong in practice (RFC 2822 section 4.3).
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
# After a month's name two digits are a year only where nothing else can be meant: with an
# apostrophe, between hyphens, before a time of day or at the end ("20 May 19 people died").
_YEAR = r"""(?:[0-9]{4}|(?<=-)[0-9]{2}|['’][0-9]{2}
               |[0-9]{2}(?=\s{0,3}\Z|\s{0,3}[)\]|]|\s{1,3}[0-9]{1,2}:[0-9]{2}))"""
_ORDINAL = "(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"""
    (?<!\w) (?<![0-9][-./])
    (?: (?P<y1>[0-9]{{4}}) (?P<sep1>[-/.]) (?P<m1>[0-9]{{1,2}}) (?P=sep1) (?P<d1>[0-9]{{1,2}})
      | (?P<y2>[0-9]{{4}}) (?P<m2>[0-9]{{2}}) (?P<d2>[0-9]{{2}})
      | (?P<a>[0-9]{{1,2}}) (?P<sep>[-/.]) (?P<b>[0-9]{{1,2}}) (?P=sep)
        (?P<y3>[0-9]{{4}}|[0-9]{{2}})
      | (?P<d4>[0-9]{{1,2}}) {_ORDINAL} \.? [\s-]{{0,3}} (?:of\s{{1,3}})?
        (?P<m4>{_MONTH}) \.? ,? [\s-]{{1,3}} (?P<y4>{_YEAR})
      | (?P<m5>{_MONTH}) \.? [\s-]{{0,3}} (?P<d5>[0-9]{{1,2}}) {_ORDINAL} ,?
        [\s-]{{1,3}} (?P<y5>{_YEAR})
    )
    (?: (?:T|,?\s{{1,3}}(?:at\s{{1,3}}|[-–—]\s{{1,3}})?)
        (?P<hour>[0-9]{{1,2}}) : (?P<minute>[0-9]{{2}})
        (?: : (?P<second>[0-9]{{2}}) (?:[.,][0-9]{{1,9}})? )?
        (?: \s? (?P<half>[ap]) \.? m \b \.? )?
        (?: \s? (?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}}|GMT|UTC?|[ECMP][SD]T) \b )?
    )?
    (?!\w) (?![-./][0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BESIDE_A_DATE = re.compile(
    r"""(?: [\s,.:;()\[\]|–—-]
          | (?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b
          | (?:date|dated|published|posted|updated|on|the)\b )*""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    day: date
    seconds: int
    span: tuple[int, int]


def read_date(text: str) -> int | None:
    """Return the date that the text is, as UTC seconds; a bare date is midnight UTC.

    Takes ISO 8601, RFC 822, and what stands above newspaper columns: `03-14-2017` and
    `03/14/2017` (month first unless it can be none), `14.03.2017` (day first), `14 March 2017`,
    `March 14, 2017`, two-digit years (69-99 are of the 1900s). Weekdays count for nothing, a
    time without zone is UTC. None for any other text, and for years outside 1900-2100.

    >>> read_date("Tuesday, 03-14-2017") == read_date("14 March 2017")
    True
    """
    text = text.strip()
    if len(text) > 200:
        return None
    for found in _all(text):
        first, last = found.span
        if _BESIDE_A_DATE.fullmatch(text[:first]) and _BESIDE_A_DATE.fullmatch(text[last:]):
            return found.seconds
    return None


def find_date(text: str) -> tuple[date, tuple[int, int]] | None:
    """Return the first date inside a longer text, as written there, and where it stands.

    >>> find_date("The Global Lane - 11/20/26")
    (datetime.date(2026, 11, 20), (18, 26))
    """
    for found in _all(text[:LOOKED_AT]):
        return found.day, found.span
    return None


def rfc3339(seconds: float) -> str:
    """Return UTC seconds as RFC 3339 writes them, without fractions.

    >>> rfc3339(1489449600)
    '2017-03-14T00:00:00Z'
    """
    at = _moment(seconds)
    return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"


def rfc822(seconds: float) -> str:
    """Return UTC seconds as RSS and HTTP write them (RFC 9110 section 5.6.7).

    >>> rfc822(1489449600)
    'Tue, 14 Mar 2017 00:00:00 GMT'
    """
    at = _moment(seconds)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    clock = f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    return f"{day}, {at.day:02} {month} {at.year:04} {clock} GMT"


def day_in_words(seconds: float) -> str:
    """Return the UTC day of a moment as people write it.

    >>> day_in_words(1489449600)
    '14 March 2017'
    """
    at = _moment(seconds)
    return f"{at.day} {_NAMES[at.month - 1]} {at.year}"


def minute_in_words(seconds: float) -> str:
    """Return a moment as people write it, to the minute.

    >>> minute_in_words(1489449660)
    '14 March 2017, 00:01 UTC'
    """
    at = _moment(seconds)
    return f"{day_in_words(seconds)}, {at.hour:02}:{at.minute:02} UTC"


def iso_day(seconds: float) -> str:
    """Return the UTC day of a moment.

    >>> iso_day(1489449600)
    '2017-03-14'
    """
    return rfc3339(seconds)[:10]


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=min(max(int(seconds), _FIRST), _LAST))


def _all(text: str) -> Iterator[_Found]:
    for match in _DATE.finditer(text):
        day = _day(match)
        offset = _seconds_of_day(match)
        if day is not None and offset is not None:
            midnight = (day - date(1970, 1, 1)).days * 86400
            yield _Found(day=day, seconds=midnight + offset, span=match.span())


def _day(match: re.Match[str]) -> date | None:
    if match["a"]:
        first, second = int(match["a"]), int(match["b"])
        day_first = match["sep"] == "."
        if (second if day_first else first) > 12:
            day_first = not day_first
        day, month = (first, second) if day_first else (second, first)
        year = match["y3"]
    elif match["m4"] or match["m5"]:
        month = _MONTHS.index((match["m4"] or match["m5"])[:3].title()) + 1
        day = int(match["d4"] or match["d5"])
        year = match["y4"] or match["y5"]
    else:
        month, day = int(match["m1"] or match["m2"]), int(match["d1"] or match["d2"])
        year = match["y1"] or match["y2"]
    try:
        found = date(_year(year.lstrip("'’")), month, day)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2100 else None


def _year(digits: str) -> int:
    """Return the year; two digits are read as POSIX's strptime reads them."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= 69 else 2000)


def _seconds_of_day(match: re.Match[str]) -> int | None:
    """Return the time of day in UTC, 0 when none is written, None when it can be none."""
    if match["hour"] is None:
        return 0
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 60:  # 60: a leap second
        return None
    zone = (match["zone"] or "").upper()
    ahead = _ZONES.get(zone, 0) * 3600
    if zone[:1] in {"+", "-"}:
        ahead = (int(zone[1:3]) * 60 + int(zone[-2:])) * (-60 if zone[0] == "-" else 60)
    return hour * 3600 + minute * 60 + second - ahead
