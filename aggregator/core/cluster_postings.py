"""In which clusters a word stands: the last few that took it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from aggregator.core.cluster_groups import Group
from aggregator.core.cluster_terms import Vector

CAP = 24  # clusters of a word; a word of more tells little, and looking would cost more each day


class Postings:
    """The inverted index. What it costs to look depends on `CAP`, not on what is stored."""

    __slots__ = ("_of",)

    def __init__(self) -> None:
        # The last touched last; a word of one cluster, as most are, has it without a list.
        self._of: dict[int, Group | list[Group]] = {}

    def touch(self, cluster: Group, terms: Iterable[int]) -> None:
        """Put a cluster last at these words."""
        of, new = self._of, len(cluster.members) == 1
        for term in terms:
            there = of.get(term)
            if there is None:
                of[term] = cluster
            elif isinstance(there, Group):
                if there is not cluster:
                    of[term] = [there, cluster]
            elif there[-1] is not cluster:
                if not new and cluster in there:
                    there.remove(cluster)
                elif len(there) == CAP:
                    del there[0]
                there.append(cluster)

    def drop(self, cluster: Group, terms: Iterable[int]) -> None:
        """Take a cluster out at these words."""
        for term in terms:
            there = self._of.get(term)
            if there is cluster:
                del self._of[term]
            elif isinstance(there, list) and cluster in there:
                there.remove(cluster)
                if len(there) == 1:
                    self._of[term] = there[0]

    def sharing(self, by: Vector) -> dict[Group, int]:
        """Return the clusters that share a word, each with the sum of what its words are worth."""
        found: defaultdict[Group, int] = defaultdict(int)
        for term, worth in by.items():
            there = self._of.get(term)
            if isinstance(there, list):
                for cluster in there:
                    found[cluster] += worth
            elif there is not None:
                found[there] += worth
        return found
