"""Which clusters an article is like, and which stories a story is like."""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest
from itertools import islice
from math import sqrt

from aggregator.core.cluster_groups import SQUARED, Group, heaviest, shared
from aggregator.core.cluster_postings import Postings
from aggregator.core.cluster_terms import Vector, Weighed

JOIN = 0.18  # cosine from which on an article joins a cluster, at every grain
JOIN_BY = 12  # heaviest words, by which clusters are looked for …
JOIN_TRIED = 8  # … and how many of those that share the most are compared
LEAST_SHARED = 2  # words; one alone is chance
WORTH = int(JOIN * JOIN * SQUARED)  # what a text shares must weigh so much to be so alike
OWN = 2.0  # times as alike within one source, which says the same words about everything
MERGE_BY = 16  # heaviest words of a story, by which others are looked for …
MERGE_TRIED = 8  # … and how many of those are compared
SHOWN = 4  # words in a because
_ONE_SHARED = 1 << 20  # counts shared words above the sum of what they are worth
_WORTHS = _ONE_SHARED - 1


def alike(postings: Postings, vector: Vector, source: int) -> list[tuple[float, Group]]:
    """Return the clusters like an article of this source, the most alike first."""
    by = {term: _ONE_SHARED + own * own for term, own in islice(vector.items(), JOIN_BY)}
    least = LEAST_SHARED * _ONE_SHARED + WORTH
    tried = [
        (worth & _WORTHS, -cluster.head, cluster)
        for cluster, worth in postings.sharing(by).items()
        if worth >= least and worth & _WORTHS >= WORTH
    ]
    found: list[tuple[float, Group]] = []
    for _, _, cluster in nlargest(JOIN_TRIED, tried):
        score = cluster.product(vector) / sqrt(SQUARED * cluster.squared)
        if score >= JOIN and cluster.is_of(source):
            score /= OWN
        if score >= JOIN:
            found.append((score, cluster))
    found.sort(key=_by_score)
    return found


def near(postings: Postings, story: Group, least: float) -> list[tuple[float, Group]]:
    """Return the stories at least so much like this one, the most alike first."""
    ours = story.vector
    worths: defaultdict[Group, int] = defaultdict(int)
    by = {term: ours[term] for term in heaviest(ours, MERGE_BY)}
    for cluster, worth in postings.sharing(by).items():
        worths[cluster.story or cluster] += worth
    worths.pop(story, None)
    tried = [(worth, -there.head, there) for there, worth in worths.items()]
    found: list[tuple[float, Group]] = []
    for _, _, there in nlargest(MERGE_TRIED, tried):
        score = there.product(ours) / sqrt(story.squared * there.squared)
        if score >= least and _of_one_source(story, there):
            score /= OWN
        if score >= least:
            found.append((score, there))
    found.sort(key=_by_score)
    return found


def told(weighed: Weighed, cluster: Group) -> str:
    """Return the words by which an article is like a cluster, the heaviest first."""
    heaviest_shared = shared(weighed.vector, cluster.vector)[:SHOWN]
    words = [weighed.words[term] for _, term in heaviest_shared]
    return f"words: {b', '.join(words).decode('utf-8', 'surrogatepass')}"


def _by_score(found: tuple[float, Group]) -> tuple[float, int]:
    return -found[0], found[1].head


def _of_one_source(one: Group, other: Group) -> bool:
    source = one.members[0].source
    return one.is_of(source) and other.is_of(source)
