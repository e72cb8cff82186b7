"""Suggest what editors would choose, by what they chose; publish it where that may be trusted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.core.curation import elect
from aggregator.core.learn import ALIKE, LEAST, Learnt, answer, learn, words_of
from aggregator.flow.curate import topic_named
from aggregator.flow.filing import (
    Desk,
    bring_feeds,
    case_in,
    desk,
    over_quota,
    refresh_articles,
)
from aggregator.flow.kit import Kit
from aggregator.flow.setup import identity
from aggregator.model.ids import ArticleId, DecisionId, EntryId, TopicId
from aggregator.model.learn import LEARNT, Frequencies, Lesson, Likeness, Sample, Weight
from aggregator.model.topic import Admitted, Case, Decision, Mode, NewDecision, State, Topic, Verb
from aggregator.ports import Tx

LESSONS = 2_000  # the last decided articles: what a topic was years ago is forgotten
WAITING = 500  # of what waits, the newest are looked at
CANDIDATES = 3_000  # of other entries, the newest that have one of the words
ASKED_FOR = 32  # words that a candidate must have one of
WEIGHED = 5  # candidates weighed exactly for each that is shown
TELLING = 10  # words that a topic is told by


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An entry for an editor to decide on. `state` is new or held; "" is not in the topic."""

    entry_id: int
    state: str
    score: float
    title: str
    feed: str
    published: int
    url: str | None
    words: tuple[Weight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What a topic has learnt, how far that holds, and what it suggests; the likeliest first."""

    slug: str
    decisions: int
    chosen: int
    precision: float | None  # cross-validated, of what is suggested
    recall: float | None
    acts: str  # what the topic may do by itself, in words
    words: tuple[Weight, ...] = ()
    waiting: tuple[Suggestion, ...] = ()
    near: tuple[Suggestion, ...] = ()


@dataclass(slots=True, kw_only=True)
class Taught:
    """What a topic has learnt, from how many decisions, and which articles it left waiting."""

    learnt: Learnt | None
    known: Frequencies
    decisions: int
    seen: set[ArticleId] = field(default_factory=set)


@dataclass(slots=True)
class LearntMemory:
    """What topics that publish by themselves have learnt, so that it is learnt once."""

    version: int = -1  # of the store, when it was last looked through
    topics: dict[TopicId, tuple[DecisionId, Taught]] = field(default_factory=dict)

    def of(self, tx: Tx, topic: Topic) -> Taught:
        """Return what the topic has learnt from all that editors have decided by now."""
        last, held = self.topics.get(topic.id, (DecisionId(0), None))
        newest = tx.learning.decided_last(topic.id, last)
        if held is None or newest != last:
            held = teach(tx, topic)
            self.topics[topic.id] = newest, held
        return held


def suggest(kit: Kit, slug: str, *, limit: int = 20, days: int = 7) -> Suggestions:
    """Return what editors of a topic would choose: of what waits, and of the last days' entries
    that its rule missed. Nothing is changed. Raises `NotFound` for the topic.
    """
    now = int(kit.clock())
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        taught = teach(tx, topic)
        learnt = taught.learnt
        precision, recall = learnt.held() if learnt is not None else (None, None)
        return Suggestions(
            slug=slug,
            decisions=taught.decisions,
            chosen=learnt.chosen if learnt is not None else 0,
            precision=precision,
            recall=recall,
            acts=_acts(topic, taught),
            words=learnt.telling(TELLING) if learnt is not None else (),
            waiting=_waiting(tx, topic, taught, limit),
            near=_near(tx, topic, taught, since=now - days * 86_400, limit=limit),
        )


def publish_learnt(kit: Kit, memory: LearntMemory | None = None) -> tuple[Decision, ...]:
    """Publish what waits in topics whose operator allows it and whose decisions bear it out.

    Each is a decision of its own, by "learnt", that can be undone; what was undone, or what
    editors have touched at all, is left to them, as is what a flood, a quota or a private feed
    holds back.
    """
    memory = memory if memory is not None else LearntMemory()
    version = kit.store.version()
    if version == memory.version:
        return ()
    done: list[Decision] = []
    with kit.store.read() as tx:
        topics = [topic for each in tx.learning.publishing() if (topic := tx.topics.get(each))]
        ripe = [
            (topic, taught, _ripe(tx, topic, taught)) for topic, taught in _all(tx, topics, memory)
        ]
    for topic, taught, articles in ripe:
        if articles:
            done += _publish(kit, topic, taught, articles)
    memory.version = version
    return tuple(done)


def teach(tx: Tx, topic: Topic) -> Taught:
    """Learn from the decisions in force on a topic's articles."""
    decided = tx.learning.decided(topic.id)
    samples = {
        each.entry_id: each
        for each in tx.learning.samples(
            list(dict.fromkeys(each.entry_id for each in decided if each.entry_id is not None))
        )
    }
    said: defaultdict[ArticleId, list[Decision]] = defaultdict(list)
    texts: dict[ArticleId, Sample] = {}
    for decision in decided:
        sample = samples.get(decision.entry_id) if decision.entry_id is not None else None
        if sample is not None:
            said[sample.article_id].append(decision)
            texts.pop(sample.article_id, None)  # in the order of what was decided last
            texts[sample.article_id] = sample
    lessons = [
        Lesson(words=_words(text), yes=yes, story=text.story_id)
        for article_id, text in list(texts.items())[-LESSONS:]
        if (yes := answer(said[article_id])) is not None
    ]
    known = tx.learning.frequencies(word for lesson in lessons for word in lesson.words)
    return Taught(learnt=learn(lessons, known), known=known, decisions=len(lessons))


def signed(words: Iterable[Weight]) -> str:
    """Return words as people read what they did.

    >>> signed([Weight(word="mosul", weight=0.4), Weight(word="stars", weight=-0.1)])
    '+mosul -stars'
    """
    return " ".join(f"{'+' if each.weight > 0 else '-'}{each.word}" for each in words)


def _acts(topic: Topic, taught: Taught) -> str:
    allowed = topic.spec.learn.publish_above
    if allowed is None or topic.spec.mode is not Mode.REVIEW:
        return "suggests only"
    if taught.decisions < LEAST:
        return f"suggests only: {taught.decisions} decisions, {LEAST} are needed to publish"
    cut = taught.learnt.cut(allowed) if taught.learnt is not None else None
    if cut is None:
        return f"suggests only: at no score were {allowed:.0%} right"
    return f"publishes from score {cut:.2f} on, where {allowed:.0%} were right"


def _waiting(tx: Tx, topic: Topic, taught: Taught, limit: int) -> tuple[Suggestion, ...]:
    found = tx.learning.waiting(topic.id, limit=WAITING)
    states = {entry_id: state for _, state, entry_id in found}
    weighed = _weighed(tx, taught, tx.learning.samples(list(states)))
    return _told(tx, weighed[:limit], states)


def _near(
    tx: Tx, topic: Topic, taught: Taught, *, since: int, limit: int
) -> tuple[Suggestion, ...]:
    """Return entries the topic knows nothing of that are like what its editors chose."""
    learnt = taught.learnt
    wanted = learnt.wanted(ASKED_FOR) if learnt is not None else ()
    if learnt is None or not wanted:
        return ()
    # What has none of the words that weigh most is not alike: few need be read of a million.
    having = tx.entries.search(" OR ".join(f'"{word}"' for word in wanted), limit=CANDIDATES)
    ids = tx.learning.outside(topic.id, having, since)
    rough = sorted(
        tx.learning.samples(ids),
        key=lambda each: -learnt.likeness(_words(each), taught.known).score,
    )
    first: dict[ArticleId, tuple[Sample, Likeness]] = {}
    for sample, likeness in _weighed(tx, taught, rough[: WEIGHED * limit]):
        if likeness.score >= ALIKE:
            first.setdefault(sample.article_id, (sample, likeness))
    return _told(tx, list(first.values())[:limit], {})


def _weighed(tx: Tx, taught: Taught, samples: Sequence[Sample]) -> list[tuple[Sample, Likeness]]:
    """Return texts with how like they are to what was chosen, the likest first."""
    if taught.learnt is None:
        return []
    worded = [(each, _words(each)) for each in samples]
    more = {word for _, words in worded for word in words if word not in taught.known.having}
    found = tx.learning.frequencies(sorted(more))
    having = {**taught.known.having, **found.having}
    known = Frequencies(texts=taught.known.texts, having=having)
    weighed = [(each, taught.learnt.likeness(words, known)) for each, words in worded]
    return sorted(weighed, key=lambda each: (-each[1].score, -each[0].place, each[0].entry_id))


def _words(sample: Sample) -> dict[str, float]:
    return words_of(sample.title, sample.summary)


def _told(
    tx: Tx, weighed: Sequence[tuple[Sample, Likeness]], states: Mapping[EntryId, str]
) -> tuple[Suggestion, ...]:
    names = {
        feed_id: feed.spec.name
        for feed_id in {each.feed_id for each, _ in weighed}
        if (feed := tx.feeds.get(feed_id)) is not None
    }
    return tuple(
        Suggestion(
            entry_id=each.entry_id,
            state=states.get(each.entry_id, ""),
            score=likeness.score,
            title=each.title,
            feed=names.get(each.feed_id, ""),
            published=each.place,
            url=each.url,
            words=likeness.words,
        )
        for each, likeness in weighed
    )


def _all(tx: Tx, topics: Sequence[Topic], memory: LearntMemory) -> list[tuple[Topic, Taught]]:
    asked = [each for each in topics if each.spec.mode is Mode.REVIEW]
    return [(each, memory.of(tx, each)) for each in asked]


def _cut(topic: Topic, taught: Taught) -> float | None:
    allowed = topic.spec.learn.publish_above
    if allowed is None or taught.learnt is None:
        return None
    return taught.learnt.cut(allowed)


def _ripe(tx: Tx, topic: Topic, taught: Taught) -> list[ArticleId]:
    """Return what waits and may be published by its text; the rest is not looked at again."""
    cut = _cut(topic, taught)
    if cut is None:
        return []
    found = {
        entry_id: article_id
        for article_id, state, entry_id in tx.learning.waiting(topic.id, limit=WAITING)
        if state == State.NEW and article_id not in taught.seen
    }
    ripe = []
    for sample, likeness in _weighed(tx, taught, tx.learning.samples(list(found))):
        article_id = found[sample.entry_id]
        if likeness.score >= cut:
            ripe.append(article_id)
        else:
            taught.seen.add(article_id)
    return ripe


def _publish(
    kit: Kit, topic: Topic, taught: Taught, article_ids: Sequence[ArticleId]
) -> list[Decision]:
    now, done, left = int(kit.clock()), [], set()
    with kit.store.write(durable=True) as tx:
        who = desk(tx, identity(tx, kit.settings.site, now))
        for article_id in article_ids:
            case = case_in(tx, topic, article_id)
            if not _is_free(case):
                left.add(article_id)
                continue
            lead = _lead(tx, who, topic, case, now)
            why = _why(tx, topic, taught, lead) if lead is not None else None
            if lead is None or why is None:
                continue
            done.append(
                tx.topics.decide(
                    NewDecision(
                        at=now,
                        actor=LEARNT,
                        verb=Verb.APPROVE,
                        topic_id=topic.id,
                        entry_id=lead.entry_id,
                        why=why,
                    )
                )
            )
            refresh_articles(tx, who, (article_id,), now, also=((topic.id, article_id),))
    taught.seen |= left
    return done


def _is_free(case: Case) -> bool:
    """Whether only the rule has spoken, and nothing holds it back."""
    waits = case.verdict is not None and case.verdict.state is State.NEW
    return waits and not case.decisions and not any(each.held for each in case.admitted)


def _lead(tx: Tx, who: Desk, topic: Topic, case: Case, now: int) -> Admitted | None:
    bring_feeds(tx, who, (each.feed_id for each in case.admitted))
    if over_quota(tx, topic, case, who, now) is not None:
        return None
    return elect(case.admitted, who.feeds, who.homes, case.item)


def _why(tx: Tx, topic: Topic, taught: Taught, lead: Admitted) -> str | None:
    """Return why the entry to be shown may be; None: it may not."""
    cut, learnt = _cut(topic, taught), taught.learnt
    weighed = _weighed(tx, taught, tx.learning.samples((lead.entry_id,)))
    if cut is None or learnt is None or not weighed or weighed[0][1].score < cut:
        return None
    likeness = weighed[0][1]
    precision, _ = learnt.held(cut)
    held = f"; from {cut:.2f} on {precision:.0%} were right" if precision is not None else ""
    return f"{signed(likeness.words)}; score {likeness.score:.2f}{held} of {learnt.decisions}"
