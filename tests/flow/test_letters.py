"""A topic by e-mail: to whom asked for it and said yes, once, until they say no."""

from __future__ import annotations

import re

import pytest

from aggregator.core import letters as rules
from aggregator.errors import NotFound, UsageError
from aggregator.flow.curate import withdraw
from aggregator.flow.letters import Asked, ask, confirm, leave, remove, tidy
from aggregator.flow.mailing import AT_ONCE, Round, example, send_due, send_now
from aggregator.model.letter import Unsent
from aggregator.model.topic import Every, Verb
from aggregator.store.engine import SqliteStore
from tests.flow.letter_desk import BO, DOWN, IDA, LATER, NOBODY, LetterDesk, grain
from tests.flow.newsroom import DAY, HOUR, LONG, Told, feed
from tests.flow.postman import text_of


@pytest.fixture
def desk(store: SqliteStore) -> LetterDesk:
    return LetterDesk(store)


def test_nothing_goes_to_an_address_before_its_owner_says_yes(desk: LetterDesk) -> None:
    desk.tells("one")
    ask(desk.kit, "grain", "Ida@Reader.example", Every.DAILY)
    assert send_due(desk.kit) == Round(seen=1, questions=1)
    (question,) = desk.postman.to(IDA)
    assert "/letters/grain/confirm/" in text_of(question) and question["List-Id"] is None
    assert "one grain" not in text_of(question)
    for _ in range(5):
        desk.tells(f"more {desk.now}")
        desk.later()
    assert len(desk.postman.sent) == 1


def test_the_link_in_the_question_says_yes_and_the_one_in_the_letter_no(desk: LetterDesk) -> None:
    desk.tells("one")
    ask(desk.kit, "grain", IDA, Every.DAILY)
    send_due(desk.kit)
    (found,) = re.findall(r"/confirm/(\S+)", text_of(desk.postman.to(IDA)[0]))
    assert confirm(desk.kit, found) is not None
    desk.later()
    letter = desk.postman.to(IDA)[1]
    assert "one grain" in text_of(letter) and "one grain" in text_of(letter, "html")
    (secret,) = re.findall(r"/unsubscribe/([^>]+)>", letter["List-Unsubscribe"])
    assert leave(desk.kit, secret) is not None
    desk.tells("two")
    assert desk.later() == Round()
    assert leave(desk.kit, secret) is not None  # a second click finds it done


def test_each_item_comes_once_and_a_letter_only_when_something_is_new(desk: LetterDesk) -> None:
    desk.tells("one", "two")
    desk.joins()
    desk.later()
    assert desk.later().letters == 0
    desk.tells("three")
    desk.later()
    told = [text_of(each) for each in desk.postman.to(IDA)[1:]]
    titles = [re.findall(r"^(\w+) grain\r?$", each, re.M) for each in told]
    assert titles == [["two", "one"], ["three"]]
    assert desk.letters() == ["Grain: two grain and 1 more", "Grain: three grain"]


def test_an_edited_item_or_one_that_comes_back_is_not_sent_again(desk: LetterDesk) -> None:
    desk.tells("one", "two")
    desk.joins()
    desk.later()
    desk.act(Verb.EDIT, "one grain", title="One, put better")
    assert desk.later().letters == 0


def test_the_first_letter_tells_of_the_last_day_and_no_more(desk: LetterDesk) -> None:
    desk.tells("old")
    desk.now += 2 * DAY
    desk.tells("new")
    desk.joins()
    desk.later()
    assert desk.letters() == ["Grain: new grain"]


def test_weekly_letters_come_on_mondays_at_their_hour(desk: LetterDesk) -> None:
    desk.joins(every=Every.WEEKLY)
    days = []
    for number in range(15):
        desk.tells(f"n{number}")
        if desk.later(DAY).letters:
            days.append(number)
    assert days == [0, 7, 14]  # the tests begin on a Sunday


def test_a_daemon_that_was_down_for_days_sends_one_letter(desk: LetterDesk) -> None:
    desk.joins()
    for number in range(5):
        desk.tells(f"n{number}")
        desk.now += DAY
    assert desk.later().letters == 1 and desk.later(60).letters == 0


def test_what_is_withdrawn_before_the_letter_goes_is_not_in_it(desk: LetterDesk) -> None:
    desk.tells("one", "two")
    desk.joins()
    withdraw(desk.kit, str(desk.entry("one grain").id), actor="ida", reason="wrong")
    desk.later()
    (letter,) = desk.postman.to(IDA)[1:]
    assert "one grain" not in letter.as_string() and "two grain" in text_of(letter)


def test_what_is_private_is_in_no_letter(desk: LetterDesk) -> None:
    desk.follow(["wire", feed("agency", auth=True)], [grain()])
    desk.hears("agency", Told(guid="a", title="Secret grain", text=LONG))
    desk.tells("one")
    desk.joins()
    desk.later()
    assert all("Secret" not in each.as_string() for _, each in desk.postman.sent)
    assert desk.letters() == ["Grain: one grain"]


def test_a_long_absence_is_told_in_one_bounded_letter(desk: LetterDesk) -> None:
    desk.joins()
    items = [Told(guid=f"g{n}", title=f"Grain {n}", text=f"Number {n}.") for n in range(60)]
    desk.hears("wire", *items)
    desk.later()
    (letter,) = desk.postman.to(IDA)[1:]
    assert len(re.findall(r"^https://wire\.example/", text_of(letter), re.M)) == 50
    assert "10 more: https://news.lane.test/topics/grain" in text_of(letter)


def test_asking_again_neither_writes_again_nor_tells_that_the_address_is_known(
    desk: LetterDesk,
) -> None:
    desk.joins()
    for _ in range(5):
        assert ask(desk.kit, "grain", IDA, Every.DAILY) is Asked.TAKEN
        desk.now += HOUR
        assert send_due(desk.kit).questions == 0


def test_a_crowd_that_never_answers_is_refused(
    desk: LetterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_WAITING", 2)
    said = [ask(desk.kit, "grain", f"n{n}@reader.example", Every.DAILY) for n in range(3)]
    assert said == [Asked.TAKEN, Asked.TAKEN, Asked.BUSY]


def test_another_rhythm_waits_for_a_yes_as_well(desk: LetterDesk) -> None:
    desk.joins()
    desk.now += 2 * HOUR
    ask(desk.kit, "grain", IDA, Every.WEEKLY)
    send_due(desk.kit)
    assert desk.who().every is Every.DAILY
    confirm(desk.kit, desk.who().secret)
    assert desk.who().every is Every.WEEKLY


def test_a_yes_that_comes_too_late_counts_no_more(desk: LetterDesk) -> None:
    ask(desk.kit, "grain", IDA, Every.DAILY)
    send_due(desk.kit)
    desk.now += rules.QUESTION_LASTS
    assert confirm(desk.kit, desk.who().secret) is None
    assert confirm(desk.kit, "made up") is None


def test_who_left_and_is_asked_for_again_is_asked_under_another_secret(desk: LetterDesk) -> None:
    desk.joins()
    old = desk.who().secret
    leave(desk.kit, old)
    desk.now += rules.ASK_AGAIN
    ask(desk.kit, "grain", IDA, Every.DAILY)
    assert confirm(desk.kit, old) is None and not rules.gets(desk.who())
    send_due(desk.kit)
    assert confirm(desk.kit, desk.who().secret) is not None and rules.gets(desk.who())


def test_a_server_that_is_down_costs_nobody_a_letter(desk: LetterDesk) -> None:
    desk.tells("one")
    for address in (IDA, BO):
        desk.joins(address)
    desk.postman.refuses["*"] = DOWN
    assert desk.later().problem == DOWN.problem
    assert len(desk.postman.tried) == 3  # the questions, and one letter: no more in vain
    assert desk.later(61).problem == DOWN.problem
    desk.postman.refuses.clear()
    assert desk.later(61).letters == 2
    assert desk.who().failures == desk.who(BO).failures == 0


def test_a_refused_letter_comes_later_with_all_of_it(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.joins(BO)
    desk.postman.refuses[IDA] = LATER
    assert desk.later() == Round(seen=2, letters=1, failed=1)
    assert desk.who().problem == LATER.problem
    desk.postman.refuses.clear()
    assert desk.later(rules.RETRY_WAITS[0]).letters == 1
    assert desk.letters() == desk.letters(BO) == ["Grain: one grain"]
    assert (desk.who().problem, desk.who().failures) == (None, 0)


def test_an_address_that_nobody_has_is_given_up(desk: LetterDesk) -> None:
    desk.joins()
    desk.postman.refuses[IDA] = NOBODY
    for number in range(rules.MOST_FAILURES + 2):
        desk.tells(f"n{number}")
        desk.later()
    assert len(desk.postman.tried) == 1 + rules.MOST_FAILURES
    assert not rules.gets(desk.who()) and desk.who().problem == NOBODY.problem


def test_a_question_to_an_address_that_nobody_has_is_asked_once(desk: LetterDesk) -> None:
    desk.postman.refuses[IDA] = NOBODY
    ask(desk.kit, "grain", IDA, Every.DAILY)
    for _ in range(4):
        desk.later(HOUR)
    assert desk.postman.tried == [IDA]


def test_what_a_round_has_taken_is_sent_by_nobody_else(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.now += DAY
    during: list[Round] = []
    send = desk.postman.send

    def meanwhile(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        during.append(send_due(desk.kit))
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = meanwhile  # type: ignore[method-assign]
    assert send_due(desk.kit).letters == 1
    assert during == [Round()] and len(desk.letters()) == 1


def test_who_leaves_while_the_letter_is_on_its_way_has_left(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.now += DAY
    send = desk.postman.send

    def meanwhile(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        leave(desk.kit, desk.who().secret)
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = meanwhile  # type: ignore[method-assign]
    send_due(desk.kit)
    assert not rules.gets(desk.who()) and desk.who().next_at is None


def test_closing_leaves_the_rest_for_the_next_start(desk: LetterDesk) -> None:
    desk.tells("one")
    for address in (IDA, BO):
        desk.joins(address)
    desk.now += DAY
    send = desk.postman.send

    def last(server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        desk.kit.closing.set()
        return send(server, letter, sender=sender, to=to)

    desk.postman.send = last  # type: ignore[method-assign]
    assert send_due(desk.kit).letters == 1
    desk.kit.closing.clear()
    desk.postman.send = send  # type: ignore[method-assign]
    assert send_due(desk.kit).letters == 1


def test_a_topic_that_has_letters_no_more_sends_none(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.follow(["wire"], [grain(letters=())])
    assert desk.later().letters == 0
    with pytest.raises(NotFound):
        ask(desk.kit, "grain", BO, Every.DAILY)
    desk.follow(["wire"], [grain()])
    assert desk.later().letters == 1  # and its readers are there still


def test_without_a_mail_server_nobody_is_asked_or_written_to(desk: LetterDesk) -> None:
    desk.tells("one")
    desk.joins()
    desk.follow(["wire"], [grain()], letters=None)
    assert desk.later() == Round()
    with pytest.raises(NotFound):
        ask(desk.kit, "grain", BO, Every.DAILY)
    with pytest.raises(UsageError, match="letters:"):
        send_now(desk.kit, "grain")


def test_letters_can_be_sent_before_their_hour_to_any_number(desk: LetterDesk) -> None:
    desk.tells("one")
    addresses = [f"n{n}@reader.example" for n in range(AT_ONCE + 5)]
    for address in addresses:
        desk.joins(address)
    done = send_now(desk.kit, "grain")
    assert (done.letters, done.failed, done.problem) == (len(addresses), 0, None)
    assert send_now(desk.kit, "grain").letters == 0


def test_an_example_is_shown_and_nothing_sent(desk: LetterDesk) -> None:
    with pytest.raises(UsageError, match="nothing"):
        example(desk.kit, "grain")
    desk.tells("one")
    letter = example(desk.kit, "grain")
    assert letter.subject == "Grain: one grain" and desk.postman.tried == []
    with desk.kit.store.read() as tx:
        assert tx.letters.all() == ()


def test_a_removed_address_is_kept_nowhere(desk: LetterDesk) -> None:
    desk.joins()
    assert remove(desk.kit, "IDA@reader.example") == 1
    with pytest.raises(NotFound):
        remove(desk.kit, IDA)
    desk.tells("one")
    assert desk.later() == Round()


def test_who_never_answered_is_forgotten_after_a_week(desk: LetterDesk) -> None:
    desk.joins()
    ask(desk.kit, "grain", BO, Every.DAILY)
    desk.now += rules.KEPT_UNANSWERED + 1
    assert tidy(desk.kit) == 1 and rules.gets(desk.who())
