from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.curation import Ruling, elect, in_force, judge, standing, visible_from
from aggregator.model.feed import Auth, Feed, FeedSpec, Origin
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, ItemId, TopicId
from aggregator.model.topic import (
    Admitted,
    Case,
    Decision,
    Item,
    Mode,
    PublishSpec,
    SourceTrust,
    State,
    Topic,
    TopicSpec,
    Verb,
)
from tests.makers import an_item

NOW = 1_750_000_000
TOPIC = Topic(
    id=TopicId(1),
    spec=TopicSpec(slug="t", title="T", match="x", mode=Mode.AUTO),
    origin=Origin.FILE,
)
REVIEW = replace(TOPIC, spec=replace(TOPIC.spec, mode=Mode.REVIEW))


def a_source(number: int, *, trust: float = 0.5, auth: Auth | None = None) -> Feed:
    spec = FeedSpec(url=f"https://{number}.example/f", name=f"f{number}", trust=trust, auth=auth)
    return Feed(id=FeedId(number), spec=spec, origin=Origin.FILE)


FEEDS = {FeedId(n): a_source(n) for n in (1, 2, 3)}


def entry(number: int, *, feed: int = 1, by_editor: bool = False, place: int = 0) -> Admitted:
    return Admitted(
        entry_id=EntryId(number),
        feed_id=FeedId(feed),
        because="title has x",
        by_editor=by_editor,
        place=place or number,
        guid=f"g{number}",
        key_hash=number,
        published_at=None,
        updated_at=None,
        first_seen_at=number,
    )


def did(number: int, verb: Verb, *, undo_of: int | None = None, **payload: str) -> Decision:
    return Decision(
        id=DecisionId(number),
        at=NOW,
        actor="ada",
        verb=verb,
        topic_id=TopicId(1),
        entry_id=EntryId(1),
        payload=payload,
        undo_of=None if undo_of is None else DecisionId(undo_of),
    )


def case(*admitted: Admitted, decisions: tuple[Decision, ...] = ()) -> Case:
    return Case(
        topic_id=TopicId(1), article_id=ArticleId(1), admitted=admitted, decisions=decisions
    )


def state_of(found: Case, topic: Topic = TOPIC) -> State | None:
    ruling = judge(found, topic, FEEDS, {}, over_quota=None, now=NOW)
    return ruling.verdict.state if ruling.verdict else None


def test_auto_publishes_what_the_rule_admits_and_review_lets_it_wait() -> None:
    assert state_of(case(entry(1))) is State.PUBLISHED
    assert state_of(case(entry(1)), REVIEW) is State.NEW


def test_what_no_rule_admits_and_nobody_touched_is_not_in_the_topic() -> None:
    assert state_of(case()) is None


def test_an_editors_word_stands_above_the_rule() -> None:
    assert state_of(case(entry(1), decisions=(did(1, Verb.REJECT),))) is State.REJECTED
    assert state_of(case(entry(1), decisions=(did(1, Verb.HOLD),))) is State.HELD
    assert state_of(case(entry(1), decisions=(did(1, Verb.APPROVE),)), REVIEW) is State.PUBLISHED


def test_the_last_word_counts() -> None:
    said = (did(1, Verb.APPROVE), did(2, Verb.REJECT))
    assert state_of(case(entry(1), decisions=said)) is State.REJECTED


def test_an_undo_gives_back_what_held_before_and_can_be_undone() -> None:
    undone = (did(1, Verb.APPROVE), did(2, Verb.REJECT), did(3, Verb.UNDO, undo_of=2))
    again = (*undone, did(4, Verb.UNDO, undo_of=3))
    assert state_of(case(entry(1), decisions=undone), REVIEW) is State.PUBLISHED
    assert state_of(case(entry(1), decisions=again), REVIEW) is State.REJECTED


@given(
    st.lists(
        st.sampled_from([Verb.APPROVE, Verb.REJECT, Verb.HOLD, Verb.PIN, Verb.UNPIN]), max_size=8
    )
)
def test_undoing_the_last_decision_leaves_things_as_they_were_before_it(verbs: list[Verb]) -> None:
    said = tuple(did(n + 1, verb) for n, verb in enumerate(verbs))
    more = (
        *said,
        did(len(said) + 1, Verb.REJECT),
        did(len(said) + 2, Verb.UNDO, undo_of=len(said) + 1),
    )
    assert in_force(more) == said
    assert standing(more) == standing(said)


def test_edits_add_up_and_an_empty_one_gives_the_publishers_text_back() -> None:
    said = (
        did(1, Verb.EDIT, title="A"),
        did(2, Verb.EDIT, summary="B"),
        did(3, Verb.NOTE, note="N"),
    )
    now = standing(said)
    assert (now.title, now.summary, now.note) == ("A", "B", "N")
    assert standing((*said, did(4, Verb.EDIT, title=""))).title is None


def test_an_entry_an_editor_put_in_leaves_with_the_undo() -> None:
    added = case(entry(1, by_editor=True), decisions=(did(1, Verb.ADD),))
    assert state_of(added) is State.PUBLISHED
    taken = replace(added, decisions=(*added.decisions, did(2, Verb.UNDO, undo_of=1)))
    assert state_of(taken) is None


def test_a_published_story_stays_when_its_topic_turns_to_review() -> None:
    verdict = judge(case(entry(1)), TOPIC, FEEDS, {}, over_quota=None, now=NOW).verdict
    assert state_of(replace(case(entry(1)), verdict=verdict), REVIEW) is State.PUBLISHED


def test_over_its_quota_a_story_is_held_with_the_reason_and_not_dropped() -> None:
    ruling = judge(case(entry(1)), TOPIC, FEEDS, {}, over_quota="wire has had its 5 a day", now=NOW)
    assert ruling.verdict is not None
    assert ruling.verdict.state is State.HELD
    assert ruling.verdict.because.startswith("wire has had its 5 a day")


def test_the_lead_is_the_most_trusted_then_the_earliest() -> None:
    feeds = FEEDS | {FeedId(2): a_source(2, trust=0.9)}
    early, trusted = entry(1, feed=1, place=10), entry(2, feed=2, place=20)
    assert elect([early, trusted], feeds, {}, None) == trusted
    assert elect([entry(3, feed=3, place=30), early], FEEDS, {}, None) == early


def test_who_tells_it_at_home_leads_before_who_passes_it_on() -> None:
    feeds = FEEDS | {FeedId(2): a_source(2, trust=0.9)}
    homes = {FeedId(1): frozenset({"1.example"}), FeedId(2): frozenset({"2.example"})}
    own = replace(entry(1, feed=1, place=20), url="https://www.1.example/a")
    passed_on = replace(entry(2, feed=2, place=10), url="https://1.example/a?utm_source=2")
    assert elect([passed_on, own], feeds, homes, None) == own


def test_a_lead_once_shown_stays_while_it_may() -> None:
    first, better = entry(1, feed=1), entry(2, feed=2)
    feeds = FEEDS | {FeedId(2): a_source(2, trust=0.9)}
    item = Item(
        id=ItemId(1),
        topic_id=TopicId(1),
        article_id=ArticleId(1),
        uri="tag:x",
        lead_entry_id=EntryId(1),
        first_published_at=1,
        updated_at=1,
        text_digest=None,
        visible_from=1,
    )
    assert elect([better, first], feeds, {}, item) == first
    assert elect([better, replace(first, withdrawn=True)], feeds, {}, item) == better


def test_a_private_feed_never_leads() -> None:
    feeds = FEEDS | {FeedId(1): a_source(1, trust=1.0, auth=Auth(basic="env:X"))}
    assert elect([entry(1, feed=1), entry(2, feed=2)], feeds, {}, None) == entry(2, feed=2)
    ruling = judge(case(entry(1, feed=1)), TOPIC, feeds, {}, over_quota=None, now=NOW)
    assert ruling.lead is None


def shown(lead: int) -> Item:
    return an_item(lead_entry_id=lead)


def test_a_chosen_lead_comes_before_whoever_is_shown() -> None:
    one, other = entry(1), replace(entry(2, feed=2), chosen=True)
    assert elect([one, other], FEEDS, {}, shown(1)) == other
    assert elect([one, other], FEEDS, {}, None) == other


def test_a_reissue_takes_the_place_of_what_it_replaces_and_of_nothing_else() -> None:
    first, other = entry(1), entry(2, feed=2)
    update = replace(entry(3), reissue_of=EntryId(1))
    again = replace(entry(4), reissue_of=EntryId(3))
    assert elect([first, other, update], FEEDS, {}, shown(1)) == update
    assert elect([first, other, update, again], FEEDS, {}, shown(1)) == again
    assert elect([first, other, update], FEEDS, {}, shown(2)) == other
    assert elect([first, update], FEEDS, {}, None) == update


def test_two_that_claim_to_replace_each_other_come_to_an_end() -> None:
    one = replace(entry(1), reissue_of=EntryId(2))
    other = replace(entry(2), reissue_of=EntryId(1))
    assert elect([one, other], FEEDS, {}, shown(1)) == other


def test_of_two_texts_of_one_moment_the_fuller_is_shown() -> None:
    short, full = entry(1, place=9), replace(entry(2, feed=2, place=9), fullness=300)
    assert elect([short, full], FEEDS, {}, None) == full


moments = st.integers(min_value=0, max_value=1000)


@given(seen=st.none() | moments, embargo=st.none() | moments, delay=moments, now=moments)
def test_nothing_is_out_before_its_embargo_and_nothing_waits_longer_than_it_did(
    seen: int | None, embargo: int | None, delay: int, now: int
) -> None:
    item = None if seen is None else an_item(visible_from=seen)
    ruling = Ruling(verdict=None, lead=None, delay=delay, embargo=embargo)
    at = visible_from(item, ruling, now)
    if embargo is not None and embargo > now:
        assert at == embargo
    elif seen is not None:
        assert at <= seen
    else:
        assert at == (now if embargo is not None else now + delay)
    assert visible_from(an_item(visible_from=at), ruling, now) == at, "asked again it stays"


@given(levels=st.lists(st.none() | moments, min_size=1, max_size=3))
def test_a_story_goes_by_the_most_trusted_of_its_feeds(levels: list[int | None]) -> None:
    sources = tuple(SourceTrust(feed=f"f{n}", delay=each) for n, each in enumerate(levels, 1))
    spec = replace(REVIEW.spec, publish=PublishSpec(sources=sources))
    told = tuple(entry(n, feed=n) for n in range(1, len(levels) + 1))
    case = Case(topic_id=TopicId(1), article_id=ArticleId(1), admitted=told)
    ruling = judge(case, replace(REVIEW, spec=spec), FEEDS, {}, over_quota=None, now=NOW)
    open_ = [each for each in levels if each is not None]
    assert ruling.verdict is not None
    if open_:
        assert ruling.verdict.state is State.PUBLISHED and ruling.delay == min(open_)
        assert ruling.lead is not None and levels[ruling.lead.feed_id - 1] is not None
    else:
        assert ruling.verdict.state is State.NEW and ruling.lead is None
