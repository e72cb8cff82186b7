"""The nine ways in which copies of a text differ from it, and made-up texts to fill a window."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import pairwise

from aggregator.core.sanitize import clean_html, plain_text

BASE = "https://copies.example/"
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_BOILERPLATE = (
    "This article first appeared on Example Wire. Sign up for our letter and never miss a story.",
    "Read our live coverage, share this page with friends, and support independent reporting.",
    "All rights reserved. This material may not be published, broadcast or rewritten.",
)


class Mutator:
    """Changes texts as copies are changed on their way; what it draws from is all texts' words."""

    def __init__(self, texts: Sequence[str], chance: random.Random) -> None:
        self._chance = chance
        self._words = [word for text in texts for word in text.split()]

    def changed(self, way: str, text: str) -> str | None:
        """Return the text changed in a way, None where that leaves it as it is."""
        made = WAYS[way](self, text)
        return None if made.split() == text.split() and way != "dress" else made

    def dress(self, text: str) -> str:
        """Other HTML around the same words."""
        parts = [escape(part) for part in text.split("\n") if part.strip()]
        words = [f"<em>{part}</em>" if self._chance.random() < 0.2 else part for part in parts]
        html = "".join(f'<div class="p"><p>{part}<br></p></div>' for part in words)
        return plain_text(clean_html(html, BASE), len(html))

    def half(self, text: str) -> str:
        words = text.split()
        return " ".join(words[: len(words) // 2]) + " …"

    def forty(self, text: str) -> str:
        words = text.split()
        return " ".join(words[:40]) + (" …" if len(words) > 40 else "")

    def boilerplate(self, text: str) -> str:
        added = self._chance.sample(_BOILERPLATE, 2)
        return (
            f"{added[0]}\n\n{text}" if self._chance.random() < 0.3 else "\n\n".join([text, *added])
        )

    def moved(self, text: str) -> str:
        """The first sentence goes to the end."""
        first, *rest = _SENTENCE.split(text)
        return " ".join([*rest, first])

    def typed(self, text: str) -> str:
        """Other quotes, dashes and blanks, the beginning in capitals."""
        first, *rest = text.split(" ")
        text = " ".join([first.upper(), *rest])
        for plain, fine in (("'", "’"), (' "', " “"), ('"', "”"), (" - ", " — "), ("...", "…")):
            text = text.replace(plain, fine)
        return text.replace("\n\n", "\n").replace(" ", "\u00a0", 5)

    def other_words(self, text: str, share: float) -> str:
        """So many words are others, drawn from all texts: names and figures among them."""
        words = text.split()
        for at in self._chance.sample(range(len(words)), round(share * len(words))):
            words[at] = self._chance.choice(self._words)
        return " ".join(words)


WAYS: dict[str, Callable[[Mutator, str], str]] = {
    "dress": Mutator.dress,
    "typography": Mutator.typed,
    "cut to half": Mutator.half,
    "cut to 40 words": Mutator.forty,
    "boilerplate": Mutator.boilerplate,
    "moved lead": Mutator.moved,
    "5 % other words": lambda mutator, text: mutator.other_words(text, 0.05),
    "15 % other words": lambda mutator, text: mutator.other_words(text, 0.15),
    "30 % other words": lambda mutator, text: mutator.other_words(text, 0.30),
}


def babble(texts: Sequence[str], count: int, chance: random.Random) -> Iterator[str]:
    """Yield made-up texts, as long as real ones and with their usual turns of phrase.

    Three words of four follow the word before them somewhere in the real texts; the fourth is any
    word of theirs, for else the made-up texts would copy long stretches of real ones.
    """
    follow: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        words = text.split()
        for one, two in pairwise(words):
            follow[one].append(two)
    every, lengths = [w for text in texts for w in text.split()], [len(t.split()) for t in texts]
    for _ in range(count):
        word = chance.choice(every)
        made = [word]
        for _ in range(chance.choice(lengths)):
            its = every if chance.random() < 0.25 else follow.get(word) or every
            word = its[int(chance.random() * len(its))]
            made.append(word)
        yield " ".join(made)
