"""Letters when machines die, clocks leap and servers answer strangely: each arrives, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.core import letters as rules
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.letters import ask, confirm
from aggregator.flow.mailing import keep_up, send_due, send_now
from aggregator.model.letter import Trouble, Unsent
from aggregator.model.topic import Every, Verb
from aggregator.store.engine import SqliteStore
from tests.flow.letter_desk import BO, BOX, IDA, LATER, LetterDesk, grain
from tests.flow.newsroom import DAY, HOUR, Told, feed
from tests.flow.postman import text_of

VIENNA = ZoneInfo("Europe/Vienna")
UNCLEAR = Unsent(trouble=Trouble.UNCLEAR, problem="no answer to the letter's end")


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def desk(store: SqliteStore) -> LetterDesk:
    return LetterDesk(store)


def killed_after_sending(desk: LetterDesk) -> None:
    """Have the next letter reach the server, and the process end before it is noted."""
    send = desk.postman.send

    def dies(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        send(server, letter, sender=sender, to=to)
        raise Killed

    desk.postman.send = dies  # type: ignore[method-assign]
    with pytest.raises(Killed):
        send_due(desk.kit)
    desk.postman.send = send  # type: ignore[method-assign]


def test_a_letter_cut_off_by_a_crash_comes_once_more_under_the_same_id(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.now += DAY
    killed_after_sending(desk)
    desk.tells("two")  # what came since makes no other letter of it
    for _ in range(40):
        desk.later(60)
    first, again = desk.postman.to(IDA)[1:]
    assert first["Message-ID"] == again["Message-ID"]
    assert text_of(first) == text_of(again) and "two" not in text_of(again)
    desk.later()
    assert desk.letters()[-1] == "Grain: two grain"


def test_what_was_withdrawn_between_a_crash_and_the_retry_is_not_sent_again(
    desk: LetterDesk,
) -> None:
    desk.tells("one", "two")
    desk.joins()
    desk.now += DAY
    killed_after_sending(desk)
    withdraw(desk.kit, str(desk.entry("one grain").id), actor="ida", reason="wrong")
    desk.later(HOUR)
    assert "one grain" not in desk.postman.to(IDA)[-1].as_string()
    assert "two grain" in text_of(desk.postman.to(IDA)[-1])


@pytest.mark.parametrize("published", [False, True])
def test_what_is_withdrawn_between_two_letters_of_a_round_is_not_in_the_second(
    desk: LetterDesk, published: bool
) -> None:
    desk.tells("one", "two")
    for address in (IDA, BO):
        desk.joins(address)
    desk.now += DAY
    send = desk.postman.send

    def meanwhile(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        if len(desk.postman.sent) == 2:
            number = str(desk.entry("one grain").id)
            withdraw(desk.kit, number, actor="ida", reason="wrong")
            if published:
                desk.publish()
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = meanwhile  # type: ignore[method-assign]
    assert send_due(desk.kit).letters == 2
    assert "one grain" in text_of(desk.postman.to(IDA)[-1])
    assert "one grain" not in desk.postman.to(BO)[-1].as_string()


def test_a_server_that_never_answers_a_letters_end_gets_it_twice_a_day_at_most(
    desk: LetterDesk,
) -> None:
    desk.tells("one")
    desk.joins()
    desk.postman.refuses[IDA] = UNCLEAR
    desk.now = (desk.who().next_at or 0) - 60
    tried = len(desk.postman.tried)
    for _ in range(23 * 6):
        desk.later(10 * 60)
    assert len(desk.postman.tried) - tried == 2
    desk.postman.refuses.clear()
    desk.later()
    assert desk.letters() == ["Grain: one grain"]


def test_sending_by_hand_takes_nothing_that_the_daemon_has_under_way(desk: LetterDesk) -> None:
    desk.tells("one")
    for address in (IDA, BO):
        desk.joins(address)
    desk.now += DAY
    send = desk.postman.send
    by_hand: list[None] = []

    def meanwhile(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        if not by_hand:
            by_hand.append(None)
            send_now(desk.kit, "grain")
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = meanwhile  # type: ignore[method-assign]
    send_due(desk.kit)
    send_now(desk.kit, "grain")
    assert desk.letters() == desk.letters(BO) == ["Grain: one grain"]


def test_a_round_that_outlasts_its_hold_sends_nothing_another_has_sent(desk: LetterDesk) -> None:
    """A server that takes ten minutes for each letter: whose turn comes late has theirs already."""
    desk.tells("one")
    everybody = (IDA, BO, "una@reader.example")
    for address in everybody:
        desk.joins(address)
    desk.now += DAY
    send, slow, others = desk.postman.send, [True, True], []

    def slowly(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        if slow and slow.pop():
            desk.now += 600
            if not slow:
                others.append(send_due(desk.kit).letters)  # another process
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = slowly  # type: ignore[method-assign]
    send_due(desk.kit)
    assert others == [1]
    assert [desk.letters(each) for each in everybody] == [["Grain: one grain"]] * 3


@pytest.mark.parametrize("day", [datetime(2027, 3, 27), datetime(2026, 10, 24)])
@pytest.mark.parametrize("at", [7 * HOUR, 2 * HOUR + 1800])
def test_a_change_of_clocks_makes_no_letter_more_or_less(
    desk: LetterDesk, day: datetime, at: int
) -> None:
    desk.follow(["wire"], [grain()], letters=replace(BOX, at=at, zone="Europe/Vienna"))
    desk.now = day.replace(hour=12, tzinfo=VIENNA).timestamp()
    desk.joins()
    days = []
    for number in range(3 * 24 * 2):
        if number % 4 == 0:
            desk.hears("wire", Told(guid=f"g{number}", title=f"n{number} grain", at=int(desk.now)))
        if desk.later(30 * 60).letters:
            days.append(datetime.fromtimestamp(desk.now, VIENNA).date())
    assert len(days) == len(set(days)) == 3


def test_a_clock_that_was_years_ahead_ends_nobodys_letters(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    then = desk.now
    desk.now += 4 * 365 * DAY
    send_due(desk.kit)
    desk.now = then + 60
    keep_up(desk.kit)
    desk.tells("two")
    assert desk.later().letters == 1


def test_a_clock_set_back_an_hour_sends_no_letter_twice(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.later()
    desk.now -= HOUR
    desk.tells("two")
    keep_up(desk.kit)
    assert desk.later(HOUR).letters == 0


def test_another_hour_in_feeds_yaml_holds_from_the_next_letter_on(desk: LetterDesk) -> None:
    desk.joins()
    desk.tells("one")
    desk.follow(["wire"], [grain()], letters=replace(BOX, at=18 * HOUR, zone="Europe/Vienna"))
    keep_up(desk.kit)
    due = datetime.fromtimestamp(desk.who().next_at or 0, VIENNA)
    assert due.hour == 18


def test_who_was_held_when_the_letter_went_and_is_out_again_is_in_the_next(
    desk: LetterDesk,
) -> None:
    desk.tells("one", "two")
    desk.joins()
    desk.act(Verb.HOLD, "one grain")
    desk.later()
    assert desk.letters() == ["Grain: two grain"]
    desk.act(Verb.APPROVE, "one grain")
    desk.later()
    assert desk.letters() == ["Grain: two grain", "Grain: one grain"]
    desk.tells("three")
    desk.later()
    assert desk.letters()[-1] == "Grain: three grain"


def test_a_withdrawal_that_is_undone_brings_the_item_into_the_next_letter(
    desk: LetterDesk,
) -> None:
    desk.tells("one", "two")
    desk.joins()
    done, _ = withdraw(desk.kit, str(desk.entry("one grain").id), actor="ida", reason="wrong")
    desk.publish()
    desk.later()
    assert desk.letters() == ["Grain: two grain"]
    undo(desk.kit, done.id, actor="ida")
    desk.publish()
    desk.later()
    assert desk.letters()[-1] == "Grain: one grain"


def test_what_is_under_embargo_is_in_no_letter_before_its_time(desk: LetterDesk) -> None:
    desk.hears("wire", Told(guid="9", title="Corn alone", text="Corn."))
    desk.tells("one")
    desk.joins()
    until = datetime.fromtimestamp(desk.now + 2 * DAY, UTC)
    desk.act(Verb.APPROVE, "Corn alone", visible_from=str(int(until.timestamp())))
    desk.later()
    assert "Corn" not in desk.postman.to(IDA)[-1].as_string()
    desk.now += 2 * DAY
    desk.publish()
    desk.later()
    assert desk.letters() == ["Grain: one grain", "Grain: Corn alone"]


def test_an_item_whose_feed_became_private_is_in_no_letter(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.follow([feed("wire", auth=True)], [grain()])
    assert desk.later().letters == 0
    assert len(desk.postman.sent) == 1


def test_a_box_that_is_full_for_weeks_is_given_up_in_the_end(desk: LetterDesk) -> None:
    desk.joins()
    desk.postman.refuses[IDA] = LATER
    for number in range(60):
        desk.tells(f"n{number}")
        for _ in range(8):
            desk.later(3 * HOUR)
    assert not rules.gets(desk.who())
    assert len(desk.postman.tried) <= 1 + rules.MOST_REFUSALS


def test_a_question_waits_for_no_letter_and_a_letter_for_no_question(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.now += DAY - HOUR
    desk.now = (desk.who().next_at or 0) - 1
    ask(desk.kit, "grain", IDA, Every.WEEKLY)
    desk.later(2)
    desk.later(10)
    assert desk.letters() == ["Grain: one grain"] and desk.questions() == 2
    assert confirm(desk.kit, desk.who().secret) is not None
