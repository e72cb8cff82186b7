"""The day and the number in a column's title: without a year, in other languages, `No. 214`."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from aggregator.core.dates import find_date
from aggregator.core.text import fold

# Whole words, folded, lest "Marines 22" be the 22 of March: a line for each month, in English,
# German, French, Spanish, Italian, Portuguese and Dutch.
_NAMES = (
    "jan january januar janner janvier enero gennaio janeiro januari",
    "feb february februar fevrier fev febrero febbraio fevereiro februari",
    "mar march marz mars marzo marco maart",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio maio mei",
    "jun june juni juin junio giugno junho",
    "jul july juli juillet juil julio luglio julho",
    "aug august aout agosto ago augustus",
    "sep sept september septembre septiembre settembre setembro set",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez decembre diciembre dic dicembre dezembro",
)
MONTHS = {name: month for month, names in enumerate(_NAMES, start=1) for name in names.split()}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DIGIT = re.compile("[0-9]")
AHEAD = 14  # days by which a column may be out before the day it names
_YEAR = r"(?:[\s,.-]{{1,3}}(?:del?\s)?(?P<y{0}>(?:19|20)[0-9]{{2}}))?"
_COLUMN_DATE = re.compile(
    r"(?<![\w.:/$€£-])(?:"
    rf"(?P<d1>[0-9]{{1,2}})(?:st|nd|rd|th|er|\.|o)?[\s-]{{0,3}}(?:of\s|de\s)?(?P<m1>{_MONTH})(?!\w)\.?"
    rf"{_YEAR.format(1)}"
    rf"|(?P<m2>{_MONTH})\.?\s{{0,3}}(?P<d2>[0-9]{{1,2}})(?:st|nd|rd|th)?(?!\w|[.:,%][0-9]|\s?%)"
    rf"{_YEAR.format(2)}"
    r"|(?:(?P<y3>(?:19|20)[0-9]{2})年)?(?P<m3>[0-9]{1,2})月(?P<d3>[0-9]{1,2})日"
    r")(?![a-z0-9])"
)

_MARK = (
    r"(?:(?:vol(?:ume)?|season|jahrgang)\.?\s{0,2}(?P<part>[0-9]{1,4})[\s,:/·–—-]{0,3})?"
    r"(?:#|n[or]\.?|number|issue|episode|ep\.?|edition|folge|ausgabe)"
    r"\s{0,2}#?(?P<number>[0-9]{1,6})(?![\w%]|[.,][0-9])"
)
_FIRST = re.compile(rf"\W*{_MARK}(?=\s*(?:\Z|[:;,|)\]–—-]))")
_LAST = re.compile(rf"[:;,|(\[–—-]\s*{_MARK}\W*\Z")


def find_day(title: str, near: int | None) -> date | None:
    """Return the first day a column's title names; in full, else the first without a year.

    A day without a year is the last one before `near` (UTC seconds) or a little after it; without
    `near` it is none.

    >>> find_day("Global Lane – 22 Nov", 1795305600)
    datetime.date(2026, 11, 22)
    """
    whole = find_date(title)
    if whole is not None:
        return whole[0]
    if not _DIGIT.search(title):
        return None
    found = (_day_of(match, near) for match in _COLUMN_DATE.finditer(fold(title)))
    return next((day for day in found if day is not None), None)


def find_number(title: str, series: str) -> int | None:
    """Return the number of the instalment that a title tells; `series` is the column's name.

    It stands beside the column's name, or at one of the title's ends apart from the rest, so that
    "The view from No. 10" is no tenth instalment. A volume counts ten thousands.

    >>> find_number("Global Lane #214: grain", "Global Lane"), find_number("From No. 10", "Lane")
    (214, None)
    """
    if not _DIGIT.search(title):
        return None
    said, beside, bare = fold(title), *_by_name(series)
    for match in (beside.search(said), _FIRST.match(said), _LAST.search(said)):
        if match is not None:
            return int(match["part"] or 0) * 10_000 + int(match["number"])
    found = bare.search(said)
    number = None if found is None else int(found[1])
    return None if number is None or 1900 <= number <= 2100 else number  # a year


@lru_cache(maxsize=256)
def _by_name(series: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds a number beside a column's name: with a mark, and without one."""
    name = r"\s+".join(map(re.escape, fold(series).split()))
    beside = re.compile(rf"(?<!\w){name}[\s:;,.·|()\[\]–—-]{{0,4}}{_MARK}")
    bare = re.compile(rf"(?<!\w){name}\s{{1,2}}([0-9]{{1,6}})(?=\s*(?:\Z|[:;,|)\]–—]|-\s))")
    return beside, bare


def _day_of(match: re.Match[str], near: int | None) -> date | None:
    which = next(each for each in "123" if match[f"d{each}"])
    day, year, name = int(match[f"d{which}"]), match[f"y{which}"], match[f"m{which}"]
    month = int(name) if name.isdigit() else MONTHS[name]
    if year is not None:
        return _date(int(year), month, day)
    if near is None:
        return None
    about = (datetime(1970, 1, 1) + timedelta(seconds=near)).date()
    latest = about + timedelta(days=AHEAD)
    found = (_date(year, month, day) for year in range(latest.year, about.year - 5, -1))
    return next((each for each in found if each is not None and each <= latest), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
