"""What is learnt from decisions: laws of the scores, and what may be trusted of them."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.learn import ALIKE, LEAST, Learnt, answer, learn, vector, words_of
from aggregator.model.ids import DecisionId, EntryId, TopicId
from aggregator.model.learn import LEARNT, Frequencies, Lesson
from aggregator.model.topic import Decision, Verb

KNOWN = Frequencies(texts=1000, having={"the": 900, "port": 40, "grain": 20, "stars": 30})
GRAIN = ("The grain corridor", "grain ships", "grain prices at the port", "the port has grain")
STARS = ("The stars today", "stars for sailors", "what the stars say")


def lesson(title: str, yes: bool, story: int = 0) -> Lesson:
    return Lesson(words=words_of(title, ""), yes=yes, story=story)


def taught(*, alone: bool = True) -> Learnt:
    """Learn grain from stars; `alone`: each is a story of its own."""
    said = [(title, True) for title in GRAIN] + [(title, False) for title in STARS]
    lessons = [lesson(title, yes, at if alone else yes) for at, (title, yes) in enumerate(said)]
    found = learn(lessons, KNOWN)
    assert found is not None
    return found


def score(learnt: Learnt, title: str) -> float:
    return learnt.likeness(words_of(title, ""), KNOWN).score


numbers = count(1)


def act(verb: Verb, actor: str = "ida", undo_of: DecisionId | None = None) -> Decision:
    return Decision(
        id=DecisionId(next(numbers)),
        at=0,
        actor=actor,
        verb=verb,
        topic_id=TopicId(1),
        entry_id=EntryId(1),
        undo_of=undo_of,
    )


@pytest.mark.parametrize(
    ("verbs", "wanted"),
    [
        ((Verb.APPROVE,), True),
        ((Verb.ADD,), True),
        ((Verb.PIN,), True),
        ((Verb.REJECT,), False),
        ((Verb.APPROVE, Verb.REJECT), False),
        ((Verb.REJECT, Verb.PIN), False),
        ((Verb.HOLD,), None),
        ((Verb.APPROVE, Verb.HOLD), None),
        ((Verb.NOTE, Verb.EDIT), None),
        ((Verb.PIN, Verb.UNPIN), None),
        ((), None),
    ],
)
def test_the_last_word_is_the_answer(verbs: tuple[Verb, ...], wanted: bool | None) -> None:
    assert answer([act(verb) for verb in verbs]) is wanted


def test_what_was_undone_teaches_nothing() -> None:
    first = act(Verb.APPROVE)
    undoing = act(Verb.UNDO, undo_of=first.id)
    assert answer([first, undoing]) is None
    assert answer([first, undoing, act(Verb.UNDO, undo_of=undoing.id)]) is True


def test_a_topic_does_not_learn_from_what_it_did_itself() -> None:
    itself = act(Verb.APPROVE, actor=LEARNT)
    assert answer([itself]) is None
    assert answer([itself, act(Verb.REJECT)]) is False


def test_without_anything_chosen_nothing_is_learnt() -> None:
    assert learn([], KNOWN) is None
    assert learn([lesson("stars", False)], KNOWN) is None


def test_what_is_like_the_chosen_scores_above_what_is_like_the_rejected() -> None:
    learnt = taught()
    assert score(learnt, "Grain leaves the port") > ALIKE > score(learnt, "The stars of today")
    assert learnt.held() == (1.0, 1.0)
    assert (learnt.decisions, learnt.chosen) == (7, 4)


def test_one_that_was_chosen_is_enough_to_begin_with() -> None:
    learnt = learn([lesson("grain corridor", True)], KNOWN)
    assert learnt is not None
    assert score(learnt, "grain corridor") == pytest.approx(1)
    assert score(learnt, "stars") == 0


def test_one_word_among_many_is_enough() -> None:
    def noisy(kind: str, at: int) -> str:
        return f"{kind} " + " ".join(f"w{at}x{number}" for number in range(25))

    lessons = [
        lesson(noisy(kind, at), kind == "grain", at)
        for at, kind in enumerate(("grain", "stars") * 10)
    ]
    learnt = learn(lessons, KNOWN)
    assert learnt is not None
    assert score(learnt, noisy("grain", 99)) == pytest.approx(1, abs=0.2)
    assert score(learnt, noisy("stars", 98)) == pytest.approx(0, abs=0.2)
    assert learnt.held() == (1.0, 1.0)


def test_where_nothing_tells_them_apart_nothing_is_taken_for_one_that_is_wanted() -> None:
    lessons = [lesson("grain corridor", at % 2 == 0, at) for at in range(60)]
    learnt = learn(lessons, KNOWN)
    assert learnt is not None
    assert score(learnt, "grain corridor") < ALIKE
    assert (learnt.held(), learnt.cut(0.5)) == ((None, 0.0), None)


def test_the_words_told_are_those_that_weighed() -> None:
    learnt = taught()
    likeness = learnt.likeness(words_of("Grain and stars", ""), KNOWN)
    told = {each.word: each.weight for each in likeness.words}
    assert told["grain"] > 0 > told["stars"]
    assert "and" not in told, "nobody ever decided on it"
    assert learnt.wanted(1) == ("grain",)
    assert [each.word for each in learnt.telling(2)] == ["grain", "stars"]


texts = st.lists(st.sampled_from(["grain", "port", "stars", "the", "ship", "moon"]), max_size=6)


@given(st.lists(st.tuples(texts, st.booleans()), min_size=1, max_size=12), texts)
def test_a_score_is_its_words_added_up(
    said: list[tuple[list[str], bool]], asked: list[str]
) -> None:
    lessons = [lesson(" ".join(words), yes, at) for at, (words, yes) in enumerate(said)]
    learnt = learn(lessons, KNOWN)
    if learnt is None:
        assert not any(yes for _, yes in said)
        return
    likeness = learnt.likeness(words_of(" ".join(asked), ""), KNOWN)
    told = learnt.base + sum(each.weight for each in likeness.words)
    assert likeness.score == pytest.approx(told), "six words at most are in these texts"


@given(st.permutations(range(7)))
def test_the_order_of_decisions_changes_nothing(order: list[int]) -> None:
    said = [(title, True) for title in GRAIN] + [(title, False) for title in STARS]
    shuffled = learn([lesson(*said[at], at) for at in order], KNOWN)
    assert shuffled is not None
    assert score(shuffled, "port of stars") == pytest.approx(score(taught(), "port of stars"))


@given(st.lists(st.tuples(texts, st.booleans()), min_size=2, max_size=10))
def test_each_is_judged_as_if_it_had_not_been_decided_on(
    said: list[tuple[list[str], bool]],
) -> None:
    lessons = [lesson(" ".join(words), yes, at) for at, (words, yes) in enumerate(said)]
    whole = learn(lessons, KNOWN)
    if whole is None:
        return
    # The scale is that of all; where a text lies is told by learning from the others alone.
    apart = []
    for at, each in enumerate(lessons):
        text = vector(each.words, KNOWN)
        sides = []
        for yes in (True, False):
            others = [
                vector(other.words, KNOWN)
                for place, other in enumerate(lessons)
                if place != at and other.yes is yes
            ]
            dots = [
                sum(weight * other.get(word, 0) for word, weight in text.items())
                for other in others
            ]
            sides.append(sum(dots) / len(dots) if dots else 0.0)
        apart.append((sides[0] - sides[1], each.yes))
    order = [yes for _, yes in sorted(((round(a, 9), yes) for a, yes in apart), reverse=True)]
    judged = [(round(at, 9), yes) for at, yes in whole.judged]
    assert [yes for _, yes in sorted(judged, reverse=True)] == order


def test_reports_of_one_story_do_not_vouch_for_each_other() -> None:
    """Told of nothing else, what was chosen looks like nothing that was chosen."""
    assert taught(alone=True).held()[1] == 1.0
    assert taught(alone=False).held() == (None, 0.0)


def many(right: int, wrong: int, rest: int = 0) -> Learnt:
    """Scores as they may come out: `right` and `wrong` on top, rejected ones below."""
    top = [(1.0, True)] * right + [(0.9, False)] * wrong
    return Learnt(weights={}, base=0.0, judged=(*top, *[(0.1, False)] * rest))


def test_nothing_is_trusted_before_there_are_fifty_decisions() -> None:
    assert many(40, 0, LEAST - 41).cut(0.9) is None
    assert many(40, 0, LEAST - 40).cut(0.9) == 1.0


def test_a_few_that_were_right_prove_nothing() -> None:
    assert many(18, 0, LEAST).cut(0.95) is None
    assert many(19, 0, LEAST).cut(0.95) == 1.0


def test_the_cut_is_as_low_as_the_precision_allows() -> None:
    assert many(40, 1, LEAST).cut(0.95) == 0.9
    assert many(40, 3, LEAST).cut(0.95) == 1.0
    assert many(0, 3, LEAST).cut(0.5) is None


@given(
    st.lists(st.tuples(st.floats(-1, 2), st.booleans()), min_size=LEAST, max_size=80),
    st.floats(0.5, 1),
)
def test_what_is_above_the_cut_held_the_precision(
    judged: list[tuple[float, bool]], precision: float
) -> None:
    learnt = Learnt(weights={}, base=0.0, judged=tuple(sorted(judged, reverse=True)))
    cut = learnt.cut(precision)
    if cut is not None:
        held, _ = learnt.held(cut)
        assert held is not None and held > precision
