"""News that many feeds tell, and one process of those that absorb it.

    python -m tests.faults.absorbing STORE KIND FIRST STEP

polls every so many feeds, from the one of this place on, round after round; each round brings a few
new entries. It begins when a line comes on stdin.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aggregator.store.engine import open_store
from tests.flow.newsroom import Newsroom, Told
from tests.makers import NOON

FEEDS = 20
ROUNDS = 10
EACH = 5  # entries a feed and round: 1,000 in all
EVENTS = 200
OPENED = "ready"

Poll = tuple[int, int]  # feed and round
Groups = frozenset[frozenset[str]]


def clear(feed: int, turn: int) -> list[Told]:
    """Return reports of events that nobody can mix up; every third is a copy of another's text.

    Each event has words of its own, and is told by five feeds, in rounds of their own.
    """
    return [_report(feed, turn * EACH + place) for place in range(EACH)]


def _report(feed: int, place: int) -> Told:
    event = (feed * 10 + place * (1 if feed % 2 else 3)) % EVENTS
    names = [f"w{event}x{number}" for number in range(12)]
    copied = (feed // 4 + event) % 3 == 0
    chance = random.Random(event if copied else f"{event} {feed} {place}")
    said = [" ".join(chance.sample(names, 9)) for _ in range(4)]
    return Told(
        guid=f"{feed}-{place}",
        title=f"{said[0]} told by {'the wire' if copied else f'feed{feed}'}",
        text=". ".join(said[1:]),
        at=NOON - 3600,
    )


def muddled(feed: int, turn: int) -> list[Told]:
    """Return reports of a few words that all share: what is one story depends on the order."""
    chance = random.Random(f"{feed} {turn}")
    words = [f"word{number}" for number in range(800)]
    weights = [1 / (number + 4) for number in range(800)]
    return [
        Told(
            guid=f"{feed}-{turn * EACH + place}",
            title=" ".join(chance.choices(words, weights, k=7)),
            text=" ".join(chance.choices(words, weights, k=chance.randint(5, 40))),
            at=NOON - chance.randrange(3600),
        )
        for place in range(EACH)
    ]


KINDS = {"clear": clear, "muddled": muddled}


@contextmanager
def newsroom_on(store: Path) -> Iterator[Newsroom]:
    """Open a newsroom on a store that other processes use as well."""
    with closing(open_store(store)) as opened:
        newsroom = Newsroom(opened)
        newsroom.follow([name_of(feed) for feed in range(FEEDS)])
        yield newsroom


def name_of(feed: int) -> str:
    """Return what a feed is called."""
    return f"feed{feed}"


def absorb(newsroom: Newsroom, kind: str, polls: Iterable[Poll]) -> None:
    """Poll feeds in this order; a document holds what its feed told before as well."""
    for feed, turn in polls:
        told = [each for before in range(turn + 1) for each in KINDS[kind](feed, before)]
        newsroom.serves(name_of(feed), *told)
        report = newsroom.poll(name_of(feed))
        assert (report.polled, report.new, report.problems) == (1, EACH, []), report


def polls_of(first: int, step: int) -> list[Poll]:
    """Return the polls of one process among so many, round after round."""
    return [(feed, turn) for turn in range(ROUNDS) for feed in range(first, FEEDS, step)]


def polls_in(store: Path) -> list[Poll]:
    """Return the polls that a store has kept, in the order in which it kept them."""
    query = "SELECT guid FROM entries ORDER BY id"
    with closing(sqlite3.connect(store)) as conn:
        guids = [row[0].split("-") for row in conn.execute(query)]
    return list(dict.fromkeys((int(feed), int(place) // EACH) for feed, place in guids))


def told_together(store: Path) -> tuple[Groups, Groups]:
    """Return which entries are one article, and which one story."""
    query = (
        "SELECT e.guid, e.article_id, a.story_id"
        " FROM entries e JOIN articles a ON a.id = e.article_id"
    )
    articles: dict[int, set[str]] = {}
    stories: dict[int, set[str]] = {}
    with closing(sqlite3.connect(store)) as conn:
        for guid, article, story in conn.execute(query):
            articles.setdefault(article, set()).add(guid)
            stories.setdefault(story, set()).add(guid)
    return frozenset(map(frozenset, articles.values())), frozenset(map(frozenset, stories.values()))


def main(arguments: list[str]) -> None:
    """Be one of the processes."""
    store, kind, first, step = Path(arguments[0]), arguments[1], *map(int, arguments[2:])
    with newsroom_on(store) as newsroom:
        print(OPENED, flush=True)
        sys.stdin.readline()
        absorb(newsroom, kind, polls_of(first, step))


if __name__ == "__main__":
    main(sys.argv[1:])
