"""Letters: asked for, confirmed, ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from enum import Enum

from aggregator.core import letters as rules
from aggregator.core.addresses import box_of, mail_address
from aggregator.errors import NotFound
from aggregator.flow.curate import topic_named
from aggregator.flow.kit import Kit
from aggregator.model.letter import LetterReader
from aggregator.model.topic import Every, Topic, TopicStatus
from aggregator.ports import Tx


class Asked(Enum):
    """What came of somebody's wish for letters; whether the address was known is told nobody."""

    TAKEN = "taken"  # a question goes out, unless there is none to ask
    NO_ADDRESS = "no address"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A reader by the secret in their letters, and their topic."""

    reader: LetterReader
    topic: Topic


def offered(kit: Kit, topic: Topic) -> tuple[Every, ...]:
    """Return how often a topic may be had by e-mail; empty: it may not."""
    if kit.settings.letters is None or topic.status is not TopicStatus.ACTIVE:
        return ()
    return topic.spec.letters


def ask(kit: Kit, slug: str, address: str, every: Every) -> Asked:
    """Take somebody's wish for letters, whosever the address is: its owner is asked.

    Raises `NotFound` where there are none like it.
    """
    said, now = mail_address(address), int(kit.clock())
    with kit.store.write() as tx:
        topic = topic_named(tx, slug)
        if every not in offered(kit, topic):
            raise NotFound(f"{slug} has no {every} letters")
        if said is None:
            return Asked.NO_ADDRESS
        if _is_full(tx, now):  # before anything of the address is looked at
            return Asked.BUSY
        asks = _may_be_asked(tx, topic, said, every, now)
        tx.letters.wish(box_of(said), topic.id, now, asks=asks)
        if asks:
            _have_asked(tx, topic, said, every, now)
    return Asked.TAKEN


def _is_full(tx: Tx, now: int) -> bool:
    return (
        tx.letters.waiting() >= rules.MOST_WAITING
        or tx.letters.wishes_since(now - rules.DAY) >= rules.MOST_A_DAY
    )


def _may_be_asked(tx: Tx, topic: Topic, address: str, every: Every, now: int) -> bool:
    """Return whether a question may go to an address: nobody is to be had written to at will."""
    known = tx.letters.of(topic.id, address)
    if known is not None and rules.gets(known) and known.every == every:
        return False
    asked = tx.letters.questions(box_of(address), now - rules.KEPT_WISHES)
    recent = any(about == topic.id and at > now - rules.ASK_AGAIN for about, at in asked)
    if recent and not (known is not None and rules.answered(known)):
        return False
    return rules.may_be_asked([at for _, at in asked], now)


def _have_asked(tx: Tx, topic: Topic, address: str, every: Every, now: int) -> None:
    known = tx.letters.of(topic.id, address)
    if known is None:
        tx.letters.add(new_reader(topic, address, every, now))
        return
    # Who left and comes again is another reader: old letters must not say yes for them.
    secret = known.secret if rules.gets(known) else _mint()
    tx.letters.save(
        replace(known, secret=secret, wants=every, asked_at=now, ask_at=now, failures=0)
    )


def found(tx: Tx, secret: str) -> Found | None:
    """Return whose letters hold this secret; None: nobody's, or their topic is no more."""
    reader = tx.letters.by_secret(secret)
    topic = tx.topics.get(reader.topic_id) if reader is not None else None
    if reader is None or topic is None or topic.status is TopicStatus.REMOVED:
        return None
    return Found(reader=reader, topic=topic)


def confirm(kit: Kit, secret: str) -> Found | None:
    """Begin to send what the owner of an address has just confirmed; None: nobody was asked so.

    The first letter holds what came out in the last day or week, as the rhythm is.
    """
    box, now = kit.settings.letters, kit.clock()
    with kit.store.write(durable=True) as tx:
        one = found(tx, secret)
        if one is None or box is None:
            return None
        if rules.asks(one.reader, now) and one.reader.wants in offered(kit, one.topic):
            every = one.reader.wants or one.reader.every
            _, old = tx.letters.numbers(one.topic.id, int(now) - rules.PERIOD[every])
            reader = rules.confirmed(
                one.reader,
                sent_to=max(old, one.reader.sent_to),
                next_at=rules.next_letter(every, box, now),
                now=now,
            )
            tx.letters.save(reader)
            return replace(one, reader=reader)
    return one if rules.gets(one.reader) else None


def leave(kit: Kit, secret: str) -> Found | None:
    """End a reader's letters, at once; None: the secret is nobody's."""
    now = kit.clock()
    with kit.store.write(durable=True) as tx:
        one = found(tx, secret)
        if one is not None and one.reader.ended_at is None:
            one = replace(one, reader=rules.ended(one.reader, now))
            tx.letters.save(one.reader)
    return one


def remove(kit: Kit, address: str) -> int:
    """Forget an address altogether. Raises `NotFound` where nobody has it."""
    with kit.store.write(durable=True) as tx:
        said = mail_address(address) or address
        many = tx.letters.remove(said, box_of(said))
    if not many:
        raise NotFound(f"no letters go to {address}; `letters list` shows where they go")
    return many


def tidy(kit: Kit) -> int:
    """Forget addresses that never answered, and those that left long ago."""
    now = int(kit.clock())
    with kit.store.write() as tx:
        return tx.letters.forget(
            asked_before=now - rules.KEPT_UNANSWERED,
            ended_before=now - rules.KEPT_ENDED,
            wished_before=now - rules.KEPT_WISHES,
        )


def new_reader(topic: Topic, address: str, every: Every, now: int) -> LetterReader:
    """Return somebody who was named just now, and is to be asked."""
    return LetterReader(
        id=0,
        topic_id=topic.id,
        address=address,
        every=every,
        secret=_mint(),
        wants=every,
        asked_at=now,
        ask_at=now,
    )


def _mint() -> str:
    return secrets.token_urlsafe(24)
