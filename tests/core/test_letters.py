from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core import letters as rules
from aggregator.core.addresses import box_of, mail_address
from aggregator.model.ids import TopicId
from aggregator.model.letter import LetterReader, Trouble, Unsent
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every
from tests.formats.editions import ordinary_edition
from tests.makers import NOON

BOX = LetterBox(smtp="env:SMTP", sender="Desk <desk@lane.org>")
VIENNA = ZoneInfo("Europe/Vienna")
GONE = Unsent(trouble=Trouble.ADDRESS, problem="550 nobody")
BUSY = Unsent(trouble=Trouble.LATER, problem="451 later")


def a_reader(**said: object) -> LetterReader:
    reader = LetterReader(
        id=7,
        topic_id=TopicId(1),
        address="ida@reader.example",
        every=Every.DAILY,
        secret="secret",
        asked_at=NOON,
        confirmed_at=NOON,
        next_at=float(NOON),
    )
    return replace(reader, **said)  # type: ignore[arg-type]


@given(
    st.integers(0, 4_000_000_000),
    st.integers(0, 86_399 // 60),
    st.sampled_from(["UTC", "Europe/Vienna", "Asia/Kathmandu", "America/St_Johns"]),
    st.sampled_from(Every),
)
def test_the_next_letter_is_ahead_and_no_more_than_a_period_away(
    now: int, minute: int, zone: str, every: Every
) -> None:
    box = replace(BOX, at=minute * 60, zone=zone)
    at = rules.next_letter(every, box, now)
    assert now < at <= now + rules.PERIOD[every] + 2 * rules.HOUR
    assert rules.next_letter(every, box, at) > at


def test_letters_come_at_the_same_hour_of_the_clock_when_clocks_change() -> None:
    box = replace(BOX, zone="Europe/Vienna")
    at = float(datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp())  # the night clocks go back
    hours = []
    for _ in range(3):
        at = rules.next_letter(Every.DAILY, box, at)
        hours.append(datetime.fromtimestamp(at, VIENNA).hour)
    assert hours == [7, 7, 7]


def test_weekly_letters_come_on_mondays() -> None:
    at = rules.next_letter(Every.WEEKLY, BOX, NOON)  # a Sunday
    assert datetime.fromtimestamp(at, UTC) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert rules.next_letter(Every.WEEKLY, BOX, at) == at + 7 * rules.DAY


def test_an_address_nobody_has_is_given_up_after_a_while() -> None:
    reader, regular = a_reader(), NOON + rules.DAY
    for _ in range(rules.MOST_FAILURES - 1):
        reader = rules.after_failure(reader, GONE, regular, NOON)
        assert rules.gets(reader) and reader.next_at == regular and reader.problem == GONE.problem
    reader = rules.after_failure(reader, GONE, regular, NOON)
    assert not rules.gets(reader) and reader.next_at is None


def test_a_letter_refused_for_now_is_tried_again_and_never_given_up() -> None:
    reader, regular = a_reader(sent_to=3), float(NOON + rules.DAY)
    waits = []
    for _ in range(6):
        reader = rules.after_failure(reader, BUSY, regular, NOON)
        waits.append((reader.next_at or 0) - NOON)
    assert waits == [*rules.RETRY_WAITS, rules.DAY, rules.DAY, rules.DAY]
    assert rules.gets(reader) and reader.sent_to == 3


def test_a_retry_never_comes_after_the_next_letter() -> None:
    assert rules.after_failure(a_reader(), BUSY, NOON + 60.0, NOON).next_at == NOON + 60.0


def test_a_question_may_be_answered_for_three_days() -> None:
    asked = a_reader(confirmed_at=None, wants=Every.WEEKLY)
    assert rules.asks(asked, NOON + 3 * rules.DAY - 1)
    assert not rules.asks(asked, NOON + 3 * rules.DAY)
    assert not rules.asks(a_reader(), NOON)


def test_saying_yes_takes_the_rhythm_asked_for() -> None:
    said = rules.confirmed(
        a_reader(wants=Every.WEEKLY, ended_at=NOON - 9), sent_to=4, next_at=1.0, now=NOON
    )
    assert (said.every, said.wants, said.sent_to, said.ended_at) == (Every.WEEKLY, None, 4, None)
    assert rules.gets(said) and not rules.gets(rules.ended(said, NOON))


def test_the_same_letter_has_the_same_id_and_another_reader_another() -> None:
    def letter(reader: LetterReader) -> str:
        edition = ordinary_edition()
        return rules.issue(edition, reader, BOX, base="https://lane.org", now=NOON + 9).id

    assert letter(a_reader()) == letter(a_reader(failures=2))
    assert letter(a_reader()) != letter(a_reader(id=8))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (" Ida@Reader.Example ", "ida@reader.example"),
        ("ida+news@mail.reader.example", "ida+news@mail.reader.example"),
        ("ida@reader", None),
        ("ida@127.0.0.1", None),
        ("ida@[127.0.0.1]", None),
        ("ida@reader.example, bo@reader.example", None),
        ("ida@reader.example\r\nBcc: bo@reader.example", None),
        ('"ida bo"@reader.example', None),
        ("Ida <ida@reader.example>", None),
        (".ida@reader.example", None),
        ("ïda@reader.example", None),
        (f"{'x' * 65}@reader.example", None),
        (f"ida@{'reader.' * 40}example", None),
        ("", None),
    ],
)
def test_letters_go_to_plain_addresses_alone(said: str, kept: str | None) -> None:
    assert mail_address(said) == kept


@given(st.text())
def test_no_address_breaks_out_of_its_header(said: str) -> None:
    kept = mail_address(said)
    assert kept is None or (kept.isprintable() and " " not in kept and kept.count("@") == 1)


@pytest.mark.parametrize("base", ["https://bücher.example", "https://lane.org/nachrichten-über"])
def test_links_in_headers_are_written_as_machines_read_them(base: str) -> None:
    reader = a_reader()
    letter = rules.issue(ordinary_edition(), reader, BOX, base=base, now=NOON)
    told = f"{letter.leave_url} {letter.list_id} {rules.confirm_url(base, 'lane', reader)}"
    assert told.isascii() and (letter.leave_url or "").startswith("https://")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Ida@Bücher.example", "ida@xn--bcher-kva.example"),
        ("ida@例え.jp", "ida@xn--r8jz45g.jp"),
        ("ida@bücher。example", "ida@xn--bcher-kva.example"),
        ("ïda@example.org", None),
        ("ida@exa\u200bmple.org", "ida@example.org"),  # as browsers have it
        ("ida@\u202eexample.org", None),
        ("ida@example.org\r\nBcc: bo@example.org", None),
        ("ida@example.org, bo@example.org", None),
        ("ida@[127.0.0.1]", None),
        ("ida@example.org>", None),
        ("<ida@example.org>", None),
        ('"ida bo"@example.org', None),
        ("ida@" + "ü" * 300 + ".example", None),
        ("ida@xn--\udcff.example", None),
        ("@example.org", None),
        ("ida@", None),
    ],
)
def test_addresses_beyond_ascii_and_beyond_reason(said: str, kept: str | None) -> None:
    assert mail_address(said) == kept


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_ever_breaks_a_line(name: str, host: str) -> None:
    kept = mail_address(f"{name}@{host}")
    assert kept is None or (kept.isascii() and kept.isprintable() and " " not in kept)
    assert kept is None or (mail_address(kept) == kept and box_of(kept).count("@") == 1)


@given(st.sampled_from(["daily", "weekly"]), st.integers(0, 10**6), st.integers(0, 20 * 365))
def test_only_a_clock_that_was_wrong_puts_a_letter_out_of_step(
    every: str, ahead: int, days: int
) -> None:
    now, rhythm = NOON + days * rules.DAY, Every(every)
    plan = rules.next_letter(rhythm, BOX, now + ahead % rules.PERIOD[rhythm])
    assert not rules.out_of_step(plan, rhythm, BOX, now)
    assert rules.out_of_step(plan + 3 * rules.PERIOD[rhythm], rhythm, BOX, now)
