"""Dates as feedparser reads them: the usual forms here, all others by feedparser itself."""

from __future__ import annotations

import re
from datetime import date

from feedparser.datetimes import _parse_date

from aggregator.formats.fast_names import Unsure
from aggregator.formats.fields import LATEST, in_seconds

LONGEST = 200  # characters; no date is longer
MOST_DAYS = 20_000  # remembered: most entries share their day with others

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HOURS = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?([0-9]{1,2} [a-z]{3}[a-z]* [0-9]{4})"
    r" ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{4}|gmt|utc?|z|[ecmp][sd]t)",
    re.IGNORECASE | re.ASCII,
)
_W3C = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_days: dict[str, int] = {}
_ahead: dict[str | None, int] = {None: 0, "Z": 0, "GMT": 0, "+0000": 0, "+00:00": 0}


def moment(text: str) -> int | None:
    """Return UTC seconds; None when feedparser finds no date there, or an absurd one.

    >>> moment("Tue, 14 Mar 2017 00:00:00 GMT"), moment("2017-03-14T01:00:00+01:00")
    (1489449600, 1489449600)
    """
    found = (_W3C if text[4:5] == "-" else _RFC822).fullmatch(text)
    if found is None:
        return _by_feedparser(text)
    day, hour, minute, second, zone = found.groups()
    midnight = _days.get(day)
    if midnight is None:
        midnight = _midnight(day)
        if midnight is None:
            return _by_feedparser(text)
    ahead = _ahead.get(zone)
    if ahead is None:
        ahead = _seconds_ahead(zone)
    clock = int(hour) * 3600 + int(minute) * 60 + int(second)
    if minute > "59" or second > "59" or clock > 86_399:
        return _by_feedparser(text)
    seconds = midnight + clock - ahead
    return seconds if 0 < seconds < LATEST else None


def _midnight(day: str) -> int | None:
    try:
        if day[4] == "-":
            found = date(int(day[:4]), int(day[5:7]), int(day[8:]))
        else:
            number, month, year = day.split(" ")
            found = date(int(year), _MONTHS.index(month[:3].lower()) + 1, int(number))
    except ValueError:
        return None
    if len(_days) >= MOST_DAYS:
        _days.clear()
    _days[day] = midnight = (found.toordinal() - _EPOCH) * 86_400
    return midnight


def _seconds_ahead(zone: str) -> int:
    if zone[0] in "+-":
        ahead = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        return -ahead if zone[0] == "-" else ahead
    return _HOURS.get(zone.lower(), 0) * 3600


def _by_feedparser(text: str) -> int | None:
    if not text:
        return None
    if len(text) > LONGEST:
        raise Unsure("a date in a form of its own")
    try:
        return in_seconds(_parse_date(text))
    except Exception:  # feedparser raises several things at odd dates
        raise Unsure("a date in a form of its own") from None
