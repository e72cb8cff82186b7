"""Letters in the hands of people who mean harm: no strangers bombed, nobody told of, none lost."""

from __future__ import annotations

import pytest

from aggregator.core import letters as rules
from aggregator.flow.letters import Asked, ask
from aggregator.flow.mailing import send_due
from aggregator.model.topic import Every
from aggregator.store.engine import SqliteStore
from tests.flow.letter_desk import BO, IDA, LetterDesk, grain
from tests.flow.newsroom import DAY, HOUR


@pytest.fixture
def desk(store: SqliteStore) -> LetterDesk:
    return LetterDesk(store)


def test_one_topic_asked_for_all_day_writes_to_a_stranger_once_in_twelve_hours(
    desk: LetterDesk,
) -> None:
    for _ in range(24 * 6):
        ask(desk.kit, "grain", BO, Every.DAILY)
        send_due(desk.kit)
        desk.now += 10 * 60
    assert desk.questions(BO) == 2


def test_many_topics_asked_for_all_week_write_to_a_stranger_six_times(desk: LetterDesk) -> None:
    slugs = [f"t{n}" for n in range(8)]
    desk.follow(["wire"], [grain(), *(grain(slug=each) for each in slugs)])
    a_day = []
    for _ in range(7):
        before = desk.questions(BO)
        for _ in range(12):
            for slug in slugs:
                ask(desk.kit, slug, BO, Every.DAILY)
            send_due(desk.kit)
            desk.now += 2 * HOUR
        a_day.append(desk.questions(BO) - before)
    assert max(a_day) <= rules.MOST_QUESTIONS and sum(a_day) <= rules.MOST_A_WEEK


def test_one_box_under_many_names_counts_as_one(desk: LetterDesk) -> None:
    names = ["bo.b", "b.o.b", "bob+news", "bob+1", "b.ob+2", "bob", "BOB", "bob+3.4"]
    for name in names:
        ask(desk.kit, "grain", f"{name}@reader.example", Every.DAILY)
        send_due(desk.kit)
    assert len(desk.postman.sent) <= rules.MOST_QUESTIONS


def test_a_full_house_says_so_to_whoever_asks_and_tells_nobody_who_is_known(
    desk: LetterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.joins()
    monkeypatch.setattr(rules, "MOST_WAITING", 0)
    assert ask(desk.kit, "grain", BO, Every.DAILY) is Asked.BUSY
    assert ask(desk.kit, "grain", IDA, Every.DAILY) is Asked.BUSY


def test_the_whole_site_asks_so_many_addresses_a_day_and_no_more(
    desk: LetterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_A_DAY", 3)
    said = [ask(desk.kit, "grain", f"n{n}@reader.example", Every.DAILY) for n in range(5)]
    assert said == [Asked.TAKEN] * 3 + [Asked.BUSY] * 2
    desk.now += DAY
    assert ask(desk.kit, "grain", BO, Every.DAILY) is Asked.TAKEN


def test_who_is_known_and_who_is_not_costs_the_same_writes(desk: LetterDesk) -> None:
    """A question's mail goes out later: the answer must not take longer for a stranger."""
    desk.joins()
    desk.now += DAY

    def written(address: str) -> int:
        with desk.kit.store.read() as tx:
            before = tx.letters.wishes_since(int(desk.now) - DAY)
        assert ask(desk.kit, "grain", address, Every.DAILY) is Asked.TAKEN
        with desk.kit.store.read() as tx:
            return tx.letters.wishes_since(int(desk.now) - DAY) - before

    assert written(IDA) == written(BO) == 1
