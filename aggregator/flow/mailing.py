"""Letters on their way: a round takes what is due, and notes each as soon as it is out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from aggregator.core import letters as rules
from aggregator.core.edition import compose
from aggregator.errors import UsageError
from aggregator.flow import corrections
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.flow.letters import new_reader, offered
from aggregator.flow.setup import identity_of
from aggregator.formats.letter import mail_bytes
from aggregator.model.letter import Letter, LetterReader, Trouble, Unsent
from aggregator.model.publication import Edition
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Topic
from aggregator.ports import Postman, Tx

log = logging.getLogger(__name__)

AT_ONCE = 50  # letters of a round
LEASE = 900.0  # seconds in which nobody else sends what a round has taken
MOST_ITEMS = 50  # in a letter, where a topic's feed has no less
PAUSE = 60.0  # seconds before a server that takes nothing is tried again


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
        edition, more = _news(tx, kit, topic, (0, last))
    if not edition.items:
        raise UsageError(f"{slug} has published nothing yet")
    reader = new_reader(topic, "you@example.org", topic.spec.letters[0], int(now))
    return rules.issue(edition, reader, box, base=kit.base, more=more, now=now)


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
        if not tx.letters.due(now, 1):
            return Round()
    server = kit.secret(box.smtp)
    with kit.store.write() as tx:
        taken = tx.letters.due(now, AT_ONCE)
        for reader in taken:
            tx.letters.save(_leased(reader, now + LEASE))
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


class _Sending:
    """One round. Readers who have the same behind them share an edition."""

    def __init__(
        self, kit: Kit, box: LetterBox, postman: Postman, server: str, *, seen: int
    ) -> None:
        self._kit, self._box, self._postman, self._server = kit, box, postman, server
        self._editions: dict[tuple[int, int], tuple[Edition, int, int]] = {}
        self.done = Round(seen=seen)

    @property
    def stopped(self) -> bool:
        """Whether the server takes nothing more."""
        return self.done.problem is not None

    def see_to(self, reader: LetterReader) -> None:
        """Send one reader what is due, and note what became of it."""
        now = self._kit.clock()
        with self._kit.store.read() as tx:
            kept = tx.letters.get(reader.id)
            topic = tx.topics.get(reader.topic_id)
        if kept is None or kept.secret != reader.secret or topic is None:
            return  # who was forgotten meanwhile gets nothing
        as_due = replace(kept, ask_at=reader.ask_at, next_at=reader.next_at)
        if reader.ask_at is not None and reader.ask_at <= now and kept.wants is not None:
            self._ask(as_due, topic, now)
        elif reader.next_at is not None and rules.gets(kept):
            self._issue(as_due, topic, now)

    def give_back(self, taken: tuple[LetterReader, ...]) -> None:
        """Have those whose turn did not come wait for the next round."""
        later = self._kit.clock() + (PAUSE if self.stopped else 0.0)
        for each in taken:
            due = _leased(each, later)
            self._change(each, partial(replace, ask_at=due.ask_at, next_at=due.next_at))

    def _ask(self, reader: LetterReader, topic: Topic, now: float) -> None:
        if reader.wants not in offered(self._kit, topic) or not rules.asks(reader, now):
            self._change(reader, lambda kept: replace(kept, wants=None, ask_at=None))
            return
        with self._kit.store.read() as tx:
            edition, _ = _news(tx, self._kit, topic, (0, 0))
        letter = rules.question(edition, reader, self._box, base=self._kit.base, now=now)
        unsent = self._send(letter)
        if unsent is None:
            self.done = replace(self.done, questions=self.done.questions + 1)
            self._change(reader, lambda kept: replace(kept, ask_at=None, failures=0, problem=None))
        elif unsent.trouble is Trouble.SERVER:
            self.give_back((reader,))
        else:
            self._change(reader, lambda kept: rules.after_question(kept, unsent, now))

    def _issue(self, reader: LetterReader, topic: Topic, now: float) -> None:
        regular = rules.next_letter(reader.every, self._box, now)
        if reader.every not in offered(self._kit, topic):
            self._change(reader, lambda kept: replace(kept, next_at=regular))
            return
        edition, more, last = self._edition(topic, reader.sent_to)
        sent = partial(replace, sent_to=last, next_at=regular, failures=0, problem=None)
        if not edition.items:
            self._change(reader, sent)
            return
        base = self._kit.base
        unsent = self._send(rules.issue(edition, reader, self._box, base=base, more=more, now=now))
        if unsent is None:
            self.done = replace(self.done, letters=self.done.letters + 1)
            self._change(reader, sent)
        elif unsent.trouble is Trouble.SERVER:
            self.give_back((reader,))
        else:
            self._change(reader, lambda kept: rules.after_failure(kept, unsent, regular, now))

    def _send(self, letter: Letter) -> Unsent | None:
        sender = letter.sender.rpartition("<")[2].rstrip(">")
        body = mail_bytes(letter)
        unsent = self._postman.send(self._server, body, sender=sender, to=letter.to)
        if unsent is None:
            return None
        if unsent.trouble is Trouble.SERVER:
            self.done = replace(self.done, problem=unsent.problem)
            log.warning("letters wait for their server", extra={"problem": unsent.problem})
        else:
            self.done = replace(self.done, failed=self.done.failed + 1)
        return unsent

    def _edition(self, topic: Topic, sent_to: int) -> tuple[Edition, int, int]:
        key = (topic.id, sent_to)
        if key not in self._editions:
            with self._kit.store.read() as tx:
                last, _ = tx.letters.numbers(topic.id, 0)
                self._editions[key] = (*_news(tx, self._kit, topic, (sent_to, last)), last)
        return self._editions[key]

    def _change(self, reader: LetterReader, change: Callable[[LetterReader], LetterReader]) -> None:
        """Note what became of a reader, unless they left or asked anew while we sent."""
        with self._kit.store.write() as tx:
            kept = tx.letters.get(reader.id)
            if kept is not None and _state(kept) == _state(reader):
                tx.letters.save(change(kept))


def _news(tx: Tx, kit: Kit, topic: Topic, numbers: tuple[int, int]) -> tuple[Edition, int]:
    """Return a topic's items after one number up to another, and how many more there are.

    They are those of the feed, composed as it composes them: nothing else is public.
    """
    sent_to, last = numbers
    most = min(MOST_ITEMS, topic.spec.publish.items)
    first, last = rules.numbers_of(last, sent_to, most)
    showings = tx.publications.numbered(topic.id, first, last, kit.clock())
    who = identity_of(tx)
    edition = compose(
        topic,
        corrections.marked(tx, showings),
        kit.settings.site,
        base=kit.base,
        authority=who.authority,
        year=who.year,
    )
    return edition, max(0, first - sent_to - 1)


def _box(kit: Kit, topic: Topic) -> LetterBox:
    if kit.settings.letters is None:
        raise UsageError("nothing says how letters go out; write `letters:` in feeds.yaml")
    if not offered(kit, topic):
        raise UsageError(f"{topic.spec.slug} has no letters; write letters: [daily] at the topic")
    return kit.settings.letters


def _leased(reader: LetterReader, until: float) -> LetterReader:
    """Return the reader whose due question or letter waits until then."""
    if reader.ask_at is not None and reader.wants is not None:
        reader = replace(reader, ask_at=max(until, reader.ask_at))
    if reader.next_at is not None:
        reader = replace(reader, next_at=max(until, reader.next_at))
    return reader


def _state(reader: LetterReader) -> tuple[object, ...]:
    """Return what people change of a reader, and we do not."""
    return (reader.secret, reader.asked_at, reader.confirmed_at, reader.ended_at)
