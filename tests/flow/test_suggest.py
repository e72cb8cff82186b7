"""Suggestions learnt from editors: shown with their words, acted on only where that is allowed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from random import Random

import pytest

from aggregator.errors import NotFound
from aggregator.flow.curate import Act, act, undo, withdraw
from aggregator.flow.explain import explain
from aggregator.flow.suggest import LearntMemory, Suggestions, publish_learnt, suggest
from aggregator.model.entry import Entry
from aggregator.model.learn import LEARNT
from aggregator.model.topic import Decision, LearnSpec, Mode, PublishSpec, TopicSpec, Verb
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, feed, topic

GRAIN = ("wheat", "harvest", "silo", "barge", "flour", "millers", "barley", "corridor")
STARS = ("zodiac", "planets", "virgo", "fortune", "moon", "luck", "capricorn", "destiny")
RULE = "bulletin"  # both are in the topic: what belongs there the editors alone know
PAST_LEAST = 30  # of each kind


def topic_of_both(publish_above: float | None = None) -> TopicSpec:
    spec = topic(match=RULE, mode=Mode.REVIEW)
    return replace(spec, learn=LearnSpec(publish_above=publish_above))


class Wire:
    """Writes news of two kinds, no two of them alike but in what they are about."""

    def __init__(self) -> None:
        self._chance = Random(11)
        self._numbers = count(1)

    def told(self, words: tuple[str, ...], *, rule: str = RULE) -> Told:
        number = next(self._numbers)
        about = self._chance.sample(words, 3)
        other = [f"{self._chance.choice('bcdfgklmnprst')}{number}x{at}" for at in range(5)]
        title = f"{rule} {' '.join(about)} {' '.join(other)}"
        return Told(guid=f"n{number}", title=title, text=f"{' '.join(other[:2])} reported.")


@pytest.fixture
def wire() -> Wire:
    return Wire()


def decided(newsroom: Newsroom, wire: Wire, each: int, spec: TopicSpec | None = None) -> None:
    """Let an editor choose so many entries on grain and reject as many on stars."""
    newsroom.follow(["wire", "post"], [spec or topic_of_both()])
    grain = [wire.told(GRAIN) for _ in range(each)]
    stars = [wire.told(STARS) for _ in range(each)]
    newsroom.hears("wire", *grain, *stars)
    for verb, items in ((Verb.APPROVE, grain), (Verb.REJECT, stars)):
        for item in items:
            entry = newsroom.entry(item.title)
            act(newsroom.kit, Act(verb=verb, entry=str(entry.id), topic="grain", actor="ida"))
    newsroom.publish()


def asked(newsroom: Newsroom, **said: int) -> Suggestions:
    return suggest(newsroom.kit, "grain", **said)


def learnt_of(newsroom: Newsroom) -> list[Decision]:
    return [each for each in newsroom.decisions() if each.actor == LEARNT]


def look(newsroom: Newsroom) -> list[str]:
    """Look once, as the daemon does, and publish; return the titles that came out new."""
    before = set(newsroom.titles())
    publish_learnt(newsroom.kit)
    newsroom.publish()
    return [title for title in newsroom.titles() if title not in before]


def test_what_waits_comes_likeliest_first_with_its_words(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 6)
    stars, grain = wire.told(STARS), wire.told(GRAIN)
    newsroom.hears("wire", stars, grain)
    newsroom.act(Verb.HOLD, stars.title)
    found = asked(newsroom)
    assert [(each.title, each.state) for each in found.waiting] == [
        (grain.title, "new"),
        (stars.title, "held"),
    ]
    first, last = found.waiting
    assert first.score > 0.5 > last.score
    assert first.words[0].word in GRAIN and first.words[0].weight > 0
    assert last.words[0].word in STARS and last.words[0].weight < 0
    assert (found.decisions, found.chosen) == (12, 6)
    assert {each.word for each in found.words} & set(GRAIN)


def test_near_misses_are_what_the_rule_did_not_find(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 6)
    missed, other = wire.told(GRAIN, rule="notice"), wire.told(STARS, rule="notice")
    old = replace(wire.told(GRAIN, rule="notice"), at=int(newsroom.now) - 9 * DAY)
    newsroom.hears("wire", missed, other, old, wire.told(GRAIN))
    assert [each.title for each in asked(newsroom).near] == [missed.title]
    assert {each.title for each in asked(newsroom, days=10).near} == {missed.title, old.title}
    newsroom.act(Verb.REJECT, missed.title)
    assert asked(newsroom).near == (), "what editors decided on is no suggestion"


def test_a_suggestion_changes_nothing(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 6)
    newsroom.hears("wire", wire.told(GRAIN), wire.told(GRAIN, rule="notice"))
    before = newsroom.kit.store.version()
    asked(newsroom)
    assert newsroom.kit.store.version() == before


def test_without_a_decision_nothing_is_suggested(newsroom: Newsroom, wire: Wire) -> None:
    newsroom.follow(["wire"], [topic_of_both()])
    newsroom.hears("wire", wire.told(GRAIN))
    found = asked(newsroom)
    assert (found.chosen, found.words, found.waiting, found.near) == (0, (), (), ())
    with pytest.raises(NotFound):
        suggest(newsroom.kit, "nowhere")


def test_what_is_undone_is_forgotten(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 1)
    assert (asked(newsroom).chosen, asked(newsroom).decisions) == (1, 2)
    approval = next(each for each in newsroom.decisions() if each.verb is Verb.APPROVE)
    undo(newsroom.kit, approval.id, actor="ida")
    assert (asked(newsroom).chosen, asked(newsroom).decisions) == (0, 1)


def test_withdrawn_texts_are_not_suggested(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 6)
    missed = wire.told(GRAIN, rule="notice")
    newsroom.hears("wire", missed)
    entry = newsroom.entry(missed.title)
    withdraw(newsroom.kit, str(entry.id), reason="asked to", actor="ida")
    assert asked(newsroom).near == ()


def test_nothing_is_published_unless_the_operator_allows_it(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, PAST_LEAST)
    newsroom.hears("wire", wire.told(GRAIN))
    assert look(newsroom) == []
    assert asked(newsroom).acts == "suggests only"


def test_nothing_is_published_before_fifty_decisions(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, 24, topic_of_both(0.9))
    newsroom.hears("wire", wire.told(GRAIN))
    assert look(newsroom) == []
    assert asked(newsroom).acts == "suggests only: 48 decisions, 50 are needed to publish"


def test_where_it_is_allowed_and_borne_out_what_is_like_it_is_published(
    newsroom: Newsroom, wire: Wire
) -> None:
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    grain, stars, missed = wire.told(GRAIN), wire.told(STARS), wire.told(GRAIN, rule="notice")
    newsroom.hears("wire", grain, stars, missed)
    found = asked(newsroom)
    assert found.precision is not None and found.precision >= 0.9
    assert found.acts.startswith("publishes from score")
    assert look(newsroom) == [grain.title], "what the rule did not find is only suggested"
    (decision,) = learnt_of(newsroom)
    assert decision.verb is Verb.APPROVE
    verdict = newsroom.verdict(grain.title)
    assert verdict is not None
    assert verdict[0] == "published"
    assert verdict[1].startswith("approved by learnt: +")
    assert any(word in verdict[1] for word in GRAIN)
    steps = explain(newsroom.kit, str(newsroom.entry(grain.title).id), "grain").steps
    assert any(each.step == "editor" and "by learnt" in each.because for each in steps)


def published_one(newsroom: Newsroom, wire: Wire) -> Entry:
    """Have one entry published by what was learnt."""
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    grain = wire.told(GRAIN)
    newsroom.hears("wire", grain)
    assert look(newsroom) == [grain.title]
    return newsroom.entry(grain.title)


def test_what_it_published_can_be_undone_and_is_left_to_editors(
    newsroom: Newsroom, wire: Wire
) -> None:
    entry = published_one(newsroom, wire)
    undo(newsroom.kit, learnt_of(newsroom)[-1].id, actor="ida")
    newsroom.publish()
    assert entry.text.title not in newsroom.titles()
    assert newsroom.verdict(entry.text.title) == ("new", 'title has "bulletin"')
    assert look(newsroom) == []


def test_undo_without_a_number_takes_back_what_an_editor_did(
    newsroom: Newsroom, wire: Wire
) -> None:
    entry = published_one(newsroom, wire)
    undone, _ = undo(newsroom.kit, None, actor="ida")
    assert undone.actor == "ida"
    newsroom.publish()
    assert entry.text.title in newsroom.titles()


def test_what_it_published_teaches_it_nothing(newsroom: Newsroom, wire: Wire) -> None:
    published_one(newsroom, wire)
    assert asked(newsroom).decisions == 2 * PAST_LEAST


def test_a_quota_holds_for_it_too(newsroom: Newsroom, wire: Wire) -> None:
    quota = PublishSpec(per_source=(PAST_LEAST + 1, DAY))
    decided(newsroom, wire, PAST_LEAST, replace(topic_of_both(0.9), publish=quota))
    first, second = wire.told(GRAIN), wire.told(GRAIN)
    newsroom.hears("wire", first, second)
    memory = LearntMemory()
    assert len(publish_learnt(newsroom.kit, memory)) == 1
    newsroom.now += DAY + HOUR
    newsroom.hears("post", wire.told(STARS))
    assert len(publish_learnt(newsroom.kit, memory)) == 1, "and it is asked again the day after"


def test_what_editors_touched_is_left_to_them(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    noted, held = wire.told(GRAIN), wire.told(GRAIN)
    newsroom.serves("wire", noted, held)
    newsroom.poll("wire")
    newsroom.act(Verb.NOTE, noted.title, note="let us ask first")
    newsroom.act(Verb.HOLD, held.title)
    assert look(newsroom) == []


def test_a_private_feed_is_never_published_by_it(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    newsroom.follow(["wire", feed("agency", auth=True)], [topic_of_both(0.9)])
    newsroom.hears("agency", wire.told(GRAIN))
    assert look(newsroom) == []
    assert learnt_of(newsroom) == []


def test_it_is_learnt_once_and_anew_when_editors_decide(newsroom: Newsroom, wire: Wire) -> None:
    decided(newsroom, wire, PAST_LEAST, topic_of_both(0.9))
    memory = LearntMemory()
    first = wire.told(GRAIN)
    newsroom.hears("wire", first)
    publish_learnt(newsroom.kit, memory)
    (held,) = memory.topics.values()
    newsroom.hears("wire", wire.told(STARS))
    publish_learnt(newsroom.kit, memory)
    assert memory.topics and next(iter(memory.topics.values())) == held
    newsroom.act(Verb.REJECT, first.title)
    publish_learnt(newsroom.kit, memory)
    (anew,) = memory.topics.values()
    assert anew[1].decisions == held[1].decisions + 1


def test_a_topic_that_publishes_at_once_is_left_alone(newsroom: Newsroom, wire: Wire) -> None:
    spec = replace(topic_of_both(0.9), mode=Mode.AUTO)
    decided(newsroom, wire, PAST_LEAST, spec)
    newsroom.hears("wire", wire.told(GRAIN))
    publish_learnt(newsroom.kit)
    assert learnt_of(newsroom) == []
