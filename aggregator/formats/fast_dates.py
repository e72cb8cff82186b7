"""Dates as feedparser reads them: the usual forms here, all others by feedparser itself."""

from __future__ import annotations

import re
from datetime import date

from feedparser.datetimes import _parse_date

from aggregator.formats.fast_names import Unsure
from aggregator.formats.fields import LATEST, in_seconds

LONGEST = 200  # characters; no date is longer

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = {
    name: number + 1
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())
}
_HOURS = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?([0-9]{1,2}) ([a-z]{3})[a-z]* ([0-9]{4})"
    r" ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) (?:([+-])([0-9]{2})([0-9]{2})|gmt|utc?|z|([ecmp][sd]t))",
    re.IGNORECASE | re.ASCII,
)
_W3C = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))?"
)


def moment(text: str) -> int | None:
    """Return UTC seconds; None when feedparser finds no date there, or an absurd one.

    >>> moment("Tue, 14 Mar 2017 00:00:00 GMT"), moment("2017-03-14T01:00:00+01:00")
    (1489449600, 1489449600)
    """
    found = _W3C.fullmatch(text)
    if found:
        year, month, day, hour, minute, second, sign, ahead, minutes = found.groups()
        number = int(month)
        hours = 0
    else:
        found = _RFC822.fullmatch(text)
        if not found:
            return _by_feedparser(text)
        day, word, year, hour, minute, second, sign, ahead, minutes, zone = found.groups()
        number = _MONTHS.get(word.lower(), 0)
        hours = _HOURS[zone.lower()] if zone else 0
    try:
        days = date(int(year), number, int(day)).toordinal() - _EPOCH
    except ValueError:
        return _by_feedparser(text)
    clock = int(hour) * 3600 + int(minute) * 60 + int(second)
    if minute > "59" or second > "59" or clock > 86_399:
        return _by_feedparser(text)
    if sign:
        offset = int(ahead) * 3600 + int(minutes) * 60
        offset = -offset if sign == "-" else offset
    else:
        offset = hours * 3600
    seconds = days * 86_400 + clock - offset
    return seconds if 0 < seconds < LATEST else None


def _by_feedparser(text: str) -> int | None:
    if not text:
        return None
    if len(text) > LONGEST:
        raise Unsure("a date in a form of its own")
    try:
        return in_seconds(_parse_date(text))
    except Exception:  # feedparser raises several things at odd dates
        raise Unsure("a date in a form of its own") from None
