"""Letters on their way: a round takes what is due, and notes each as soon as it is out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aggregator.core import letters as rules
from aggregator.core.edition import compose
from aggregator.errors import UsageError
from aggregator.flow import corrections
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.letters import new_reader, offered
from aggregator.flow.setup import identity_of
from aggregator.formats.letter import fitted, mail_bytes
from aggregator.model.letter import Letter, LetterReader, Trouble, Unsent
from aggregator.model.publication import Edition
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Topic
from aggregator.ports import Postman, Tx

log = logging.getLogger(__name__)

AT_ONCE = 50  # letters of a round
MOST_ITEMS = 50  # in a letter, where a topic's feed has no less
PAUSE = 60.0  # seconds before a server that takes nothing is tried again

_PLANNED = "letters planned by"  # in meta: the hour and the zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What went out in one round."""

    seen: int = 0  # readers for whom something was due
    letters: int = 0
    questions: int = 0
    failed: int = 0
    problem: str | None = None  # what stopped it


def example(kit: Kit, slug: str) -> Letter:
    """Return the letter that a new reader of a topic would get first.

    Raises `UsageError` where there are no letters, or nothing has been published yet.
    """
    now = kit.clock()
    with kit.store.read() as tx:
        topic = topic_named(tx, slug)
        box = _box(kit, topic)
        last, _ = tx.letters.numbers(topic.id, int(now))
        news = _news(tx, kit, topic, _Since(sent_to=0, last=last))
    if not news.edition.items:
        raise UsageError(f"{slug} has published nothing yet")
    reader = new_reader(topic, "you@example.org", topic.spec.letters[0], int(now))
    edition, more = news.edition, news.more
    return fitted(rules.issue(edition, reader, box, base=kit.base, more=more, now=now))


def send_now(kit: Kit, slug: str) -> Round:
    """Send everybody who gets a topic what is new for them, without waiting for the hour.

    Questions and letters of other topics that are due go out as well.
    """
    with kit.store.write() as tx:
        topic = topic_named(tx, slug)
        _box(kit, topic)
        tx.letters.due_again(topic.id, kit.clock())
    total = Round()
    while True:
        done = send_due(kit)
        total = Round(
            seen=total.seen + done.seen,
            letters=total.letters + done.letters,
            questions=total.questions + done.questions,
            failed=total.failed + done.failed,
            problem=done.problem,
        )
        if done.problem or not done.seen:
            return total


def send_due(kit: Kit) -> Round:
    """Send what is due, a round's worth of it; each is noted as soon as it is out.

    Raises `UsageError` when the mail server's address cannot be read.
    """
    box, postman = kit.settings.letters, kit.postman
    if box is None or postman is None:
        return Round()
    now = kit.clock()
    with kit.store.read() as tx:
        planned = tx.meta.get(_PLANNED) == _plan(box)
        if planned and not tx.letters.due(now, 1, hold=rules.HOLD):
            return Round()
    if not planned:
        keep_up(kit)
    server = kit.secret(box.smtp)
    until = now + rules.HOLD
    with kit.store.write() as tx:
        due = tx.letters.due(now, AT_ONCE, hold=rules.HOLD)
        taken = tuple(replace(each, taken_until=until) for each in due)
        for reader in taken:
            tx.letters.save(reader)
    sending = _Sending(kit, box, postman, server, seen=len(taken))
    try:
        for nth, reader in enumerate(taken):
            if kit.closing.is_set() or sending.stopped:
                sending.give_back(taken[nth:])
                break
            sending.see_to(reader)
    finally:
        postman.rest()
    return sending.done


def keep_up(kit: Kit) -> int:
    """Plan letters anew that another hour in feeds.yaml, or a clock that was ahead, puts elsewhere.

    Returns how many readers that changed something for.
    """
    box, now = kit.settings.letters, kit.clock()
    if box is None:
        return 0
    with kit.store.write() as tx:
        before = tx.meta.get(_PLANNED)
        if before != _plan(box):
            tx.meta.set(_PLANNED, _plan(box))
        changed = 0
        for reader in tx.letters.all():
            planned = _planned(reader, box, now, anew=before not in (None, _plan(box)))
            if planned != reader:
                tx.letters.save(planned)
                changed += 1
    return changed


def _plan(box: LetterBox) -> str:
    return f"{box.at} {box.zone}"


def _planned(reader: LetterReader, box: LetterBox, now: float, *, anew: bool) -> LetterReader:
    at, ask_at = reader.next_at, reader.ask_at
    if at is not None and (
        rules.out_of_step(at, reader.every, box, now) or (anew and at > now and not reader.failures)
    ):
        reader = replace(reader, next_at=rules.next_letter(reader.every, box, now))
    if ask_at is not None and ask_at > now + rules.DAY:
        reader = replace(reader, ask_at=now)
    return reader


@dataclass(frozen=True, slots=True, kw_only=True)
class _Since:
    """What somebody has not had: items after one number up to another, and some before."""

    sent_to: int
    last: int
    skipped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """A letter's items, how many more there are, and the numbers that cannot be seen now."""

    edition: Edition
    more: int
    hidden: tuple[int, ...]


class _Sending:
    """One round. Readers who have the same behind them share what is new."""

    def __init__(
        self, kit: Kit, box: LetterBox, postman: Postman, server: str, *, seen: int
    ) -> None:
        self._kit, self._box, self._postman, self._server = kit, box, postman, server
        self._news: dict[tuple[object, ...], _News] = {}
        self.done = Round(seen=seen)

    @property
    def stopped(self) -> bool:
        """Whether the server takes nothing more."""
        return self.done.problem is not None

    def see_to(self, reader: LetterReader) -> None:
        """Send one reader what is due, and note what became of it."""
        now = self._kit.clock()
        held = self._hold(reader, now)
        if held is None:
            return
        kept, topic = held
        if _is_asked(kept, now):
            self._ask(kept, topic, now)
        elif _is_sent(kept, now):
            self._issue(kept, topic, now)
        else:
            self._note(kept, lambda one: one)

    def give_back(self, taken: Sequence[LetterReader]) -> None:
        """Have those whose turn did not come wait for the next round."""
        for each in taken:
            self._note(each, self._wait if self.stopped else lambda kept: kept)

    def _hold(self, reader: LetterReader, now: float) -> tuple[LetterReader, Topic] | None:
        """Return a reader whose turn it is, held for as long as a letter may take.

        None: they were forgotten meanwhile, or a round elsewhere has them, for this one was slow.
        With which item the letter ends is kept before it goes out: should we end meanwhile, it
        comes again as the same letter.
        """
        with self._kit.store.write() as tx:
            kept, topic = tx.letters.get(reader.id), tx.topics.get(reader.topic_id)
            if kept is None or topic is None or kept.taken_until != reader.taken_until:
                return None
            last = kept.taken_to
            if last is None and _is_sent(kept, now) and not _is_asked(kept, now):
                last, _ = tx.letters.numbers(topic.id, 0)
            kept = replace(kept, taken_until=now + rules.HOLD, taken_to=last)
            tx.letters.save(kept)
        return kept, topic

    def _ask(self, reader: LetterReader, topic: Topic, now: float) -> None:
        if reader.wants not in offered(self._kit, topic) or not rules.asks(reader, now):
            self._note(reader, lambda kept: replace(kept, wants=None, ask_at=None))
            return
        with self._kit.store.read() as tx:
            edition = _news(tx, self._kit, topic, _Since(sent_to=0, last=0)).edition
        letter = rules.question(edition, reader, self._box, base=self._kit.base, now=now)
        unsent = self._send(letter)

        def asked(kept: LetterReader) -> LetterReader:
            if kept.asked_at != reader.asked_at:
                return kept  # it was wished for anew meanwhile
            if unsent is not None:
                return rules.after_question(kept, unsent, now)
            return replace(kept, ask_at=None, failures=0, problem=None)

        if unsent is not None and unsent.trouble is Trouble.SERVER:
            self._note(reader, self._wait)
            return
        if unsent is None:
            self.done = replace(self.done, questions=self.done.questions + 1)
        self._note(reader, asked, durable=True)

    def _issue(self, reader: LetterReader, topic: Topic, now: float) -> None:
        def regular(kept: LetterReader) -> float:
            return rules.next_letter(kept.every, self._box, now)

        if reader.every not in offered(self._kit, topic):
            self._note(reader, lambda kept: replace(kept, next_at=regular(kept), taken_to=None))
            return
        last = reader.taken_to or 0
        since = _Since(sent_to=reader.sent_to, last=last, skipped=reader.skipped)
        news = self._news_of(topic, since)

        def sent(kept: LetterReader) -> LetterReader:
            return rules.sent(kept, last, skipped=news.hidden, next_at=regular(kept))

        if not news.edition.items:
            self._note(reader, sent)
            return
        base, more = self._kit.base, news.more
        letter = rules.issue(news.edition, reader, self._box, base=base, more=more, now=now)
        unsent = self._send(fitted(letter))
        if unsent is None:
            self.done = replace(self.done, letters=self.done.letters + 1)
            self._note(reader, sent, durable=True)
        elif unsent.trouble is Trouble.SERVER:
            self._note(reader, lambda kept: replace(self._wait(kept), taken_to=None))
        else:
            self._note(reader, lambda kept: rules.after_failure(kept, unsent, regular(kept), now))

    def _send(self, letter: Letter) -> Unsent | None:
        sender = letter.sender.rpartition("<")[2].rstrip(">")
        body = mail_bytes(letter)
        unsent = self._postman.send(self._server, body, sender=sender, to=letter.to)
        if unsent is None:
            return None
        if unsent.trouble in (Trouble.SERVER, Trouble.UNCLEAR):
            self.done = replace(self.done, problem=unsent.problem)
            log.warning("letters wait for their server", extra={"problem": unsent.problem})
        if unsent.trouble is not Trouble.SERVER:
            self.done = replace(self.done, failed=self.done.failed + 1)
        return unsent

    def _news_of(self, topic: Topic, since: _Since) -> _News:
        """Return what is new since then. What was withdrawn a moment ago is not: composed anew is
        whatever a decision or an edition may have changed since the letter before."""
        with self._kit.store.read() as tx:
            if topic.id in tx.publications.dirty(self._kit.clock()):
                return _news(tx, self._kit, topic, since)
            decided = [each.id for each in tx.topics.decisions(limit=1)]
            key = (topic.id, since, *decided, tx.hooks.last(topic.id))
            if key not in self._news:
                self._news[key] = _news(tx, self._kit, topic, since)
            return self._news[key]

    def _wait(self, reader: LetterReader) -> LetterReader:
        now = self._kit.clock()
        return rules.postponed(reader, now, now + PAUSE)

    def _note(
        self,
        reader: LetterReader,
        change: Callable[[LetterReader], LetterReader],
        *,
        durable: bool = False,
    ) -> None:
        """Note what became of a reader whom this round had, unless they left while we sent."""
        with self._kit.store.write(durable=durable) as tx:
            kept = tx.letters.get(reader.id)
            if kept is None or kept.taken_until != reader.taken_until:
                return
            if kept.secret == reader.secret and rules.gets(kept) == rules.gets(reader):
                kept = change(kept)
            tx.letters.save(replace(kept, taken_until=None))


def _is_asked(reader: LetterReader, now: float) -> bool:
    return reader.wants is not None and reader.ask_at is not None and reader.ask_at <= now


def _is_sent(reader: LetterReader, now: float) -> bool:
    return rules.gets(reader) and reader.next_at is not None and reader.next_at <= now


def _news(tx: Tx, kit: Kit, topic: Topic, since: _Since) -> _News:
    """Return what is new in a topic: items of the feed, composed as it composes them."""
    most, now = min(MOST_ITEMS, topic.spec.publish.items), kit.clock()
    first = rules.first_of(since.last, since.sent_to, most)
    showings = list(tx.publications.numbered(topic.id, first, since.last, now))
    for number in reversed(since.skipped):
        showings += tx.publications.numbered(topic.id, number, number, now)
    seen = {each.item.number for each in showings}
    asked = (*since.skipped, *range(first, since.last + 1))
    who = identity_of(tx)
    edition = compose(
        topic,
        corrections.marked(tx, showings[:most]),
        kit.settings.site,
        base=kit.base,
        authority=who.authority,
        year=who.year,
    )
    return _News(
        edition=edition,
        more=first - since.sent_to - 1 + len(showings[most:]),
        hidden=tuple(each for each in asked if each not in seen),
    )


def _box(kit: Kit, topic: Topic) -> LetterBox:
    if kit.settings.letters is None:
        raise UsageError("nothing says how letters go out; write `letters:` in feeds.yaml")
    if not offered(kit, topic):
        raise UsageError(f"{topic.spec.slug} has no letters; write letters: [daily] at the topic")
    return kit.settings.letters
