"""Dates as feedparser reads them: the usual forms here, all others by feedparser itself."""

from __future__ import annotations

import re
from datetime import date

from feedparser.datetimes import _parse_date

from aggregator.formats.fast_names import Unsure
from aggregator.formats.fields import LATEST, in_seconds

LONGEST = 200  # characters; no date is longer
MOST_REMEMBERED = 10_000  # days: most entries share theirs with others

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HOURS = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?([0-9]{1,2} [a-z]{3}[a-z]* [0-9]{4})"
    r" ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{4}|gmt|utc?|z|[ecmp][sd]t)",
    re.IGNORECASE | re.ASCII,
)
_W3C = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)
_FRACTION = re.compile(r"\.[0-9]{1,9}([Zz]?|[+-][0-9]{2}:[0-9]{2})")
_WEEKDAYS = frozenset(f"{day}, " for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
_SIXTIETHS = {f"{number:02}": number for number in range(60)}
_days: dict[str, int] = {}
_ahead: dict[str, int] = {}  # of RFC 822's zones
_ahead_w3c: dict[str, int] = {}  # feedparser reads +0530 otherwise there


def moment(text: str) -> int | None:
    """Return UTC seconds; None when feedparser finds no date there, or an absurd one.

    >>> moment("Tue, 14 Mar 2017 00:00:00 GMT"), moment("2017-03-14T01:00:00+01:00")
    (1489449600, 1489449600)
    """
    if text[16:26:3] == " :: " and text[:5] in _WEEKDAYS:
        day, clock, zone, known = text[5:16], text[17:25], text[26:], _ahead
    elif text[10:19:3] == "T::" and text[4:8:3] == "--":
        day, clock, zone, known = text[:10], text[11:19], text[19:], _ahead_w3c
        if zone[:1] == "." and (found := _FRACTION.fullmatch(zone)):
            zone = found[1]
    else:
        return _slowly(text)
    try:
        seconds = (
            _days[day]
            + _SIXTIETHS[clock[:2]] * 3600
            + _SIXTIETHS[clock[3:5]] * 60
            + _SIXTIETHS[clock[6:]]
            - known[zone]
        )
    except KeyError:
        return _slowly(text)
    return seconds if 0 < seconds < LATEST and clock < "24" else _slowly(text)


def _slowly(text: str) -> int | None:
    """Return the date, as written in any usual form; days and zones are remembered."""
    form, known = (_W3C, _ahead_w3c) if text[4:5] == "-" else (_RFC822, _ahead)
    found = form.fullmatch(text)
    if found is None:
        return _by_feedparser(text)
    day, hour, minute, second, zone = found.groups()
    midnight = _midnight(day)
    clock = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if midnight is None or (minute or "") > "59" or (second or "") > "59" or clock > 86_399:
        return _by_feedparser(text)
    seconds = midnight + clock - _seconds_ahead(zone or "", known)
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
    midnight = (found.toordinal() - _EPOCH) * 86_400
    _remember(_days, day, midnight)
    return midnight


def _seconds_ahead(zone: str, known: dict[str, int]) -> int:
    if zone[:1] in {"+", "-"}:
        ahead = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        ahead = -ahead if zone[0] == "-" else ahead
    else:
        ahead = _HOURS.get(zone.lower(), 0) * 3600
    _remember(known, zone, ahead)
    return ahead


def _remember(known: dict[str, int], text: str, seconds: int) -> None:
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[text] = seconds


def _by_feedparser(text: str) -> int | None:
    if not text:
        return None
    if len(text) > LONGEST:
        raise Unsure("a date in a form of its own")
    try:
        return in_seconds(_parse_date(text))
    except Exception:  # feedparser raises several things at odd dates
        raise Unsure("a date in a form of its own") from None
