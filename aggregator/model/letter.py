"""Letters: a topic by e-mail, who gets it, and what became of one that was sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aggregator.model.ids import TopicId
from aggregator.model.publication import PublishedItem
from aggregator.model.topic import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReader:
    """One address and one topic. Times are UTC seconds."""

    id: int  # 0: not kept yet
    topic_id: TopicId
    address: str
    every: Every
    secret: str  # in the addresses of confirm and unsubscribe
    asked_at: int  # when somebody last asked for letters to this address
    wants: Every | None = None  # the rhythm asked for, not confirmed yet
    ask_at: float | None = None  # when the question about it is due; None: it is out
    confirmed_at: int | None = None  # None: gets nothing
    ended_at: int | None = None
    sent_to: int = 0  # the highest number of an item sent
    skipped: tuple[int, ...] = ()  # numbers up to there that could not be seen then
    next_at: float | None = None  # when the next letter is due
    taken_until: float | None = None  # till then one process has it, and no other sends
    taken_to: int | None = None  # the highest number in a letter that may be out already
    failures: int = 0  # in a row
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What somebody is sent: a question, or the items that are new in a topic."""

    id: str  # local part of the Message-ID: the same letter, the same id
    sender: str  # as in `letters.from`: "Lane Desk <letters@example.org>"
    to: str
    subject: str
    at: int  # UTC seconds
    title: str
    words: tuple[str, ...]  # paragraphs above the items
    site_title: str
    page_url: str  # the topic's page
    lang: str | None = None
    button: tuple[str, str] | None = None  # words and address
    items: tuple[PublishedItem, ...] = ()  # newest first
    more: int = 0  # further new items that stand on the page alone
    closing: tuple[str, ...] = ()  # small print
    leave_url: str | None = None  # where one click ends it (RFC 8058)
    list_id: str | None = None  # RFC 2919


class Trouble(StrEnum):
    """Whose fault it is that a letter did not go out, which decides what follows."""

    SERVER = "server"  # ours, for everybody: nothing goes out now
    LATER = "later"  # this letter, just now
    UNCLEAR = "unclear"  # it was handed over whole, and nobody said whether it was taken
    ADDRESS = "address"  # nobody has this address


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """Why a letter did not go out, in words an operator understands."""

    trouble: Trouble
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFigures:
    """How it stands with letters."""

    readers: int = 0  # who get them
    asked: int = 0  # who have yet to say yes
    due: int = 0  # letters and questions whose time has come
    failing: int = 0  # readers whom the last letter did not reach
