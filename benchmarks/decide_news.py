"""Made news: events that many feeds report in words of their own, and copy from one another."""

from __future__ import annotations

import random
from collections import deque
from itertools import accumulate

from aggregator.model.entry import ParsedEntry

VOCABULARY = 60_000  # words, as common as those of a language
OWN = 12  # words of an event, none of them common
REPORTED = 0.5  # of the entries report an event, of these …
COPIED = 0.2  # … so many with the body of an earlier report, changed a little
EVENTS = 400  # that are under way
LASTS = 8  # reports, on the average
BODY = (120, 400)  # words
SYLLABLES = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]


class News:
    """Entries without end, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._words = [self._word() for _ in range(VOCABULARY)]
        self._weights = [*accumulate(1 / (place + 10) for place in range(VOCABULARY))]
        self._events = deque(self._event() for _ in range(EVENTS))
        self._bodies: dict[int, str] = {}
        self._told = 0

    def entry(self, at: int) -> ParsedEntry:
        """Return the next entry, published at this second."""
        chance, own, body = self._chance, [], ""
        self._told += 1
        if chance.random() < REPORTED:
            if chance.random() < 1 / LASTS:
                self._bodies.pop(id(self._events.popleft()), None)
                self._events.append(self._event())
            event = chance.choice(self._events)
            own = chance.sample(event, 8)
            if chance.random() < COPIED:
                body = self._bodies.get(id(event), "")
            else:
                self._bodies[id(event)] = body = self._said(own * 3, chance.randint(*BODY))
        body = body or self._said(own, chance.randint(*BODY))
        return ParsedEntry(
            guid=f"tag:made.example,2026:{self._told}",
            url=f"https://made.example/{self._told}",
            title=self._said(own[:4], chance.randint(5, 8)).capitalize(),
            summary=self._said(own, chance.randint(20, 40)),
            content=f"<p>{body} {self._said([], 6)}.</p>",
            published=at,
            categories=tuple(chance.sample(self._words[:300], 2)),
        )

    def _said(self, own: list[str], words: int) -> str:
        said = [*own, *self._chance.choices(self._words, cum_weights=self._weights, k=words)]
        self._chance.shuffle(said)
        return " ".join(said)

    def _event(self) -> list[str]:
        return self._chance.sample(self._words[3_000:], OWN)

    def _word(self) -> str:
        return "".join(self._chance.choices(SYLLABLES, k=self._chance.randint(1, 5)))
