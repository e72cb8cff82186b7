"""A topic by e-mail: when a letter is due, what stands in it, and what follows when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from aggregator.core.text import clean_line, hash_text
from aggregator.core.urls import host_of, safe_link
from aggregator.model.letter import Letter, LetterReader, Trouble, Unsent
from aggregator.model.publication import Edition
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every

MINUTE, HOUR, DAY = 60, 3600, 86400

MONDAY = 0  # when weekly letters go out
PERIOD = {Every.DAILY: DAY, Every.WEEKLY: 7 * DAY}

QUESTION_LASTS = 3 * DAY  # seconds somebody has to say yes
ASK_AGAIN = 12 * HOUR  # seconds before a box is asked about the same topic again
MOST_QUESTIONS = 3  # that go to one box in a day, of whatever topics
MOST_A_WEEK = 6  # and in a week
MOST_A_DAY = 2000  # wishes of a day, whosever they are
MOST_WAITING = 2000  # addresses that were asked and have not answered

HOLD = 900.0  # seconds in which nobody else sends what a round has taken
RETRY_WAITS = (10 * MINUTE, HOUR, 4 * HOUR)  # before a letter is tried again
MOST_FAILURES = 5  # letters in a row to an address that nobody has
MOST_REFUSALS = 40  # tries in a row that were refused for now: ten letters with their retries
MOST_SKIPPED = 50  # items remembered that a letter had to leave out
KEPT_WISHES = 7 * DAY
KEPT_UNANSWERED = 7 * DAY
KEPT_ENDED = 30 * DAY  # so that a second click finds that it is over already


def next_letter(every: Every, box: LetterBox, now: float) -> float:
    """Return when the next letter goes out after now, at the same time by the clock there.

    A time that a change of clocks leaves out is taken by the clock before it.

    >>> box = LetterBox(smtp="", sender="", at=7 * 3600)
    >>> next_letter(Every.DAILY, box, 0.0), next_letter(Every.WEEKLY, box, 0.0)
    (25200.0, 370800.0)
    """
    zone: tzinfo = UTC if box.zone == "UTC" else ZoneInfo(box.zone)
    clock = time(box.at // HOUR, box.at % HOUR // MINUTE)
    today = datetime.fromtimestamp(now, zone).date()
    for days in range(-1, 9):
        day = today + timedelta(days=days)
        if every is Every.WEEKLY and day.weekday() != MONDAY:
            continue
        at = datetime.combine(day, clock, zone).timestamp()
        if at > now:
            return at
    raise AssertionError("a week has a Monday")


def out_of_step(next_at: float, every: Every, box: LetterBox, now: float) -> bool:
    """Return whether a letter would come later than any plan made now: a clock was ahead.

    After a clock was set back by less the plan stands: what went out today goes out once.
    """
    return next_at > next_letter(every, box, now) + PERIOD[every] + 2 * HOUR


def confirm_url(base: str, slug: str, reader: LetterReader) -> str:
    """Return where a reader says yes."""
    return _written(f"{base}/letters/{slug}/confirm/{reader.secret}")


def leave_url(base: str, slug: str, reader: LetterReader) -> str:
    """Return where a reader ends it, with one click too."""
    return _written(f"{base}/letters/{slug}/unsubscribe/{reader.secret}")


def _written(url: str) -> str:
    """Return an address of ours in ASCII, as a header may hold it."""
    return safe_link(url) or url


def may_be_asked(times: Sequence[int], now: int) -> bool:
    """Return whether one more question may go to a box that was sent questions at these times."""
    of_day = sum(at > now - DAY for at in times)
    of_week = sum(at > now - KEPT_WISHES for at in times)
    return of_day < MOST_QUESTIONS and of_week < MOST_A_WEEK


def asks(reader: LetterReader, now: float) -> bool:
    """Return whether a question to this reader may still be answered."""
    return reader.wants is not None and now < reader.asked_at + QUESTION_LASTS


def answered(reader: LetterReader) -> bool:
    """Return whether the last question to this reader was answered with yes."""
    return reader.confirmed_at is not None and reader.confirmed_at >= reader.asked_at


def gets(reader: LetterReader) -> bool:
    """Return whether this reader gets letters."""
    return reader.confirmed_at is not None and reader.ended_at is None


def confirmed(reader: LetterReader, *, sent_to: int, next_at: float, now: float) -> LetterReader:
    """Return the reader who has just said yes."""
    return replace(
        reader,
        every=reader.wants or reader.every,
        wants=None,
        ask_at=None,
        confirmed_at=int(now),
        ended_at=None,
        sent_to=sent_to,
        skipped=reader.skipped if sent_to == reader.sent_to else (),
        next_at=next_at,
        failures=0,
        problem=None,
    )


def postponed(reader: LetterReader, now: float, until: float) -> LetterReader:
    """Return the reader whose due question or letter waits for its server until then."""
    if reader.ask_at is not None and reader.ask_at <= now:
        reader = replace(reader, ask_at=until)
    if reader.next_at is not None and reader.next_at <= now:
        reader = replace(reader, next_at=until)
    return reader


def ended(reader: LetterReader, now: float, problem: str | None = None) -> LetterReader:
    """Return the reader who gets nothing any more."""
    return replace(
        reader,
        wants=None,
        ask_at=None,
        confirmed_at=None,
        ended_at=int(now),
        next_at=None,
        taken_to=None,
        problem=problem,
    )


def sent(
    reader: LetterReader, last: int, *, skipped: tuple[int, ...], next_at: float
) -> LetterReader:
    """Return the reader who has every item up to the last, but for those that were hidden."""
    return replace(
        reader,
        sent_to=last,
        skipped=skipped[-MOST_SKIPPED:],
        next_at=next_at,
        taken_to=None,
        failures=0,
        problem=None,
    )


def after_failure(reader: LetterReader, unsent: Unsent, regular: float, now: float) -> LetterReader:
    """Return the reader whom a letter did not reach; nothing of it is lost, only late.

    `regular` is when the next letter is due anyway. Addresses that nobody has are given up after
    `MOST_FAILURES` letters, those that are always refused for now after `MOST_REFUSALS` tries.
    What may have arrived comes once more as the same letter, then only with the next one.
    """
    failures = reader.failures + 1
    reader = replace(reader, failures=failures, problem=unsent.problem)
    if unsent.trouble is Trouble.UNCLEAR:
        again = reader.taken_to is not None and failures == 1
        if again:
            return replace(reader, next_at=min(now + RETRY_WAITS[0], regular))
        return replace(reader, next_at=regular, taken_to=None)
    reader = replace(reader, taken_to=None)
    most = MOST_FAILURES if unsent.trouble is Trouble.ADDRESS else MOST_REFUSALS
    if failures >= most:
        return ended(reader, now, unsent.problem)
    if unsent.trouble is Trouble.LATER and failures <= len(RETRY_WAITS):
        return replace(reader, next_at=min(now + RETRY_WAITS[failures - 1], regular))
    return replace(reader, next_at=regular)


def after_question(reader: LetterReader, unsent: Unsent, now: float) -> LetterReader:
    """Return the reader whom a question did not reach: it is asked again, or dropped.

    One that may have arrived is not asked again: a stranger may be behind the address.
    """
    failures = reader.failures + 1
    reader = replace(reader, failures=failures, problem=unsent.problem)
    if unsent.trouble is Trouble.UNCLEAR:
        return replace(reader, ask_at=None)
    if unsent.trouble is Trouble.ADDRESS or failures > len(RETRY_WAITS):
        return replace(reader, wants=None, ask_at=None)
    return replace(reader, ask_at=now + RETRY_WAITS[failures - 1])


def question(
    edition: Edition, reader: LetterReader, box: LetterBox, *, base: str, now: float
) -> Letter:
    """Return what asks an address whether it was its owner who wants letters."""
    wants = reader.wants or reader.every
    return Letter(
        id=_id("question", reader, reader.asked_at),
        sender=box.sender,
        to=reader.address,
        subject=f"Please confirm: {edition.title} by e-mail",
        at=int(now),
        title=edition.title,
        words=(
            f"Somebody, probably you, asked for “{edition.title}” of {edition.site_title} to be"
            f" sent to this address, {_rhythm(wants)}. If it was you, please confirm it"
            " within three days.",
            "If it was not, do nothing: without a yes nothing of it ever comes.",
        ),
        site_title=edition.site_title,
        page_url=edition.page_url,
        button=("Yes, send it to me", confirm_url(base, edition.slug, reader)),
        closing=_contact(edition),
    )


def issue(
    edition: Edition,
    reader: LetterReader,
    box: LetterBox,
    *,
    base: str,
    more: int = 0,
    now: float,
) -> Letter:
    """Return the letter with an edition's items; `more` are new as well and left to the page."""
    first, *others = edition.items
    rest = len(others) + more
    subject = f"{edition.title}: {first.title}" + (f" and {rest} more" if rest else "")
    leave = leave_url(base, edition.slug, reader)
    return Letter(
        id=_id("issue", reader, *(each.uri for each in edition.items)),
        sender=box.sender,
        to=reader.address,
        subject=clean_line(subject, limit=200),
        at=int(now),
        title=edition.title,
        words=(edition.about,) if edition.about else (),
        site_title=edition.site_title,
        page_url=edition.page_url,
        lang=edition.lang,
        items=edition.items,
        more=more,
        closing=(
            f"You get this {_rhythm(reader.every)} because you confirmed it at {edition.page_url}.",
            *_contact(edition),
        ),
        leave_url=leave,
        list_id=f"{edition.slug}.letters.{host_of(base) or 'localhost'}",
    )


def first_of(last: int, sent_to: int, most: int) -> int:
    """Return the number a letter begins with, that ends with the last: `most` items at most."""
    return max(sent_to + 1, last - most + 1)


def _rhythm(every: Every) -> str:
    return "once a day" if every is Every.DAILY else "once a week"


def _contact(edition: Edition) -> tuple[str, ...]:
    return (f"Contact: {edition.contact}",) if edition.contact else ()


def _id(kind: str, reader: LetterReader, *told: object) -> str:
    said: Sequence[str] = [kind, str(reader.id), reader.secret, *map(str, told)]
    return f"{kind}.{hash_text(*said) & 0xFFFFFFFFFFFFFFFF:016x}"
