"""Why an entry is in a topic, or why not: a chain of steps."""

from __future__ import annotations

from dataclasses import dataclass

NOT_YET, NO_MORE = "not shown yet", "not shown any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the chain."""

    step: str
    result: str
    because: str
    text: str = ""  # what it is about: the words that gave a tag, the branch of a rule
    depth: int = 0  # of a branch in its rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether the topic's feed shows the entry's story, and every step to that answer."""

    inside: bool
    steps: tuple[Step, ...]

    @property
    def headline(self) -> str:
        """The answer in a word or two, to stand before the topic's name."""
        last = self.steps[-1].result
        return {NOT_YET: "not yet in", NO_MORE: "published, but no more in"}.get(
            last, "in" if self.inside else "not in"
        )
