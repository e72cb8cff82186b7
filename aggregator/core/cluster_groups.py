"""Clusters of articles and stories of clusters, as sums of what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.core.cluster_terms import LENGTH, Vector, packed_weights, unpack

SMALL = 8  # articles, whose sum is made anew when asked: kept, it takes more room than they
SQUARED = LENGTH * LENGTH  # an article's length, squared; its rounding and filling count as words
# that no other article has


class Article:
    """One article of the index. `counted` when it opened its cluster and its words count so."""

    __slots__ = ("at", "cluster", "counted", "id", "lang", "packed", "source")

    cluster: Group  # set when the index takes it in
    packed: bytes

    def __init__(self, id: int, at: int, lang: str, source: int) -> None:
        self.id = id
        self.at = at
        self.lang = lang
        self.source = source
        self.counted = False


class Group:
    """A cluster, or a story of several. A cluster that is a story alone has `story` None.

    Known by its `head`, the id of the article that opened it, whether that is still in it or not.
    """

    __slots__ = ("_sum", "head", "members", "squared", "story")

    def __init__(self, head: int) -> None:
        self.head = head
        self.members: list[Article] = []
        self.squared = 0
        self.story: Group | None = None
        self._sum: Vector | None = None

    @property
    def whole(self) -> Group:
        """The story of a cluster."""
        return self.story or self

    @property
    def vector(self) -> Vector:
        """The sum of its articles. Only the group itself changes it."""
        if self._sum is not None:
            return self._sum
        if not self.members:
            return {}
        sums = unpack(self.members[0].packed)
        for member in self.members[1:]:
            for term, weight in unpack(member.packed).items():
                sums[term] = sums.get(term, 0) + weight
        return sums

    def product(self, vector: Vector) -> int:
        """Return the scalar product with a vector."""
        if self._sum is not None:
            return product(vector, self._sum)
        return sum(
            [
                vector[each >> 8] * (each & 255)
                for member in self.members
                for each in packed_weights(member.packed)
                if each >> 8 in vector
            ]
        )

    def add(self, article: Article, vector: Vector) -> None:
        """Take in an article, whose vector is this."""
        if not self.members:
            self.members = [article]
            self.squared = SQUARED
            return
        sums = self.vector
        self.members.append(article)
        both = 0
        for term, weight in vector.items():
            there = sums.get(term, 0)
            both += there * weight
            sums[term] = there + weight
        self.squared += SQUARED + 2 * both
        self._keep(sums)

    def remove(self, article: Article) -> None:
        """Let an article go."""
        sums = self.vector
        self.members.remove(article)
        both = 0
        for term, weight in unpack(article.packed).items():
            left = sums[term] - weight
            both += left * weight
            if left:
                sums[term] = left
            else:
                del sums[term]
        self.squared -= SQUARED + 2 * both
        self._keep(sums)

    def take(self, other: Group) -> None:
        """Take in all articles of another group."""
        both, sums = 0, self.vector
        for term, weight in other.vector.items():
            there = sums.get(term, 0)
            both += there * weight
            sums[term] = there + weight
        self.members += other.members
        self.squared += other.squared + 2 * both
        self._keep(sums)

    def _keep(self, sums: Vector) -> None:
        self._sum = sums if len(self.members) > SMALL else None

    def is_of(self, source: int) -> bool:
        """Whether all of it came from one source; 0 is no source."""
        return source != 0 and all(member.source == source for member in self.members)


def shared(one: Vector, other: Vector) -> list[tuple[int, int]]:
    """Return what two vectors share, heaviest first: (product of the weights, word)."""
    if len(other) < len(one):
        one, other = other, one
    products = [(weight * other[term], term) for term, weight in one.items() if term in other]
    products.sort(reverse=True)
    return products


def product(one: Vector, other: Vector) -> int:
    """Return the scalar product of two vectors."""
    if len(other) < len(one):
        one, other = other, one
    return sum([weight * other[term] for term, weight in one.items() if term in other])


def heaviest(vector: Vector, most: int) -> Sequence[int]:
    """Return the heaviest words of a vector, heaviest first."""
    if len(vector) <= most:
        return tuple(vector)
    return sorted(vector, key=lambda term: (-vector[term], term))[:most]
