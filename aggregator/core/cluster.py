"""Which articles report one piece of news, told one at a time.

Two levels of tf-idf (MEASURES §3): an article joins the cluster it is most like, or opens one; when
a story has grown to 2, 3, 4, 6, 8, 11, 16 … articles, the stories most like it are joined to it.
Clusters are the same at every grain, only stories differ.

The index is a cache: truth is the rows, from which `learn` builds it again. It reads no clock and
chooses no chance: the same calls in the same order give the same answers in every process. What a
call costs depends on the text, not on what is held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from sys import intern

from aggregator.core.cluster_bonds import NO_BONDS, Bonds, Ties
from aggregator.core.cluster_groups import Article, Group
from aggregator.core.cluster_postings import Postings
from aggregator.core.cluster_search import alike, near, told
from aggregator.core.cluster_terms import (
    Vector,
    Weighed,
    WordCounts,
    language,
    pack,
    packed_terms,
    unpack,
    weigh,
)
from aggregator.model.grain import Grain

MERGE = {Grain.FINE: 0.4, Grain.NORMAL: 0.28, Grain.COARSE: 0.2}
STEPS = frozenset(round(2 ** (half / 2)) for half in range(2, 60))
_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Two stories became one: all rows of story `merged` are of story `into` now."""

    into: int
    merged: int
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an article stands. It opened its own cluster when `cluster` is its own id.

    `joins` are to be carried out in order; `story` is the one after them. `score` is the likeness
    to the cluster, 0 to 1; 0 where it opened one, 1 where a bond decided.
    """

    cluster: int
    story: int
    joins: tuple[Joined, ...] = ()
    because: str = "first"
    score: float = 0.0
    terms: bytes = b""  # what the article goes by from now on


class StoryIndex:
    """Articles of a window of time, their clusters and stories. Not safe for several threads.

    They are held for `window` seconds after their time, by the newest time told.
    """

    def __init__(self, *, window: int, grain: Grain = Grain.NORMAL) -> None:
        self._window = window
        self._merge_at = MERGE[grain]
        self._articles: dict[int, Article] = {}
        self._clusters: dict[int, Group] = {}  # those that are not just the article of their id
        self._stories: dict[int, Group] = {}  # those of several clusters, or with a head gone
        self._hours: dict[int, list[Article]] = {}
        self._sources: dict[int, int] = {}  # one object for a feed, whoever names it
        self._newest: int | None = None
        self.joined = 0  # stories, so far
        self._counts = WordCounts()
        self._postings = Postings()
        self._ties = Ties()

    def __len__(self) -> int:
        """How many articles are held."""
        return len(self._articles)

    def __contains__(self, article: int) -> bool:
        return article in self._articles

    def where(self, article: int) -> tuple[int, int] | None:
        """Return cluster and story of an article, None when it is not held."""
        held = self._articles.get(article)
        return (held.cluster.head, held.cluster.whole.head) if held else None

    def story(self, head: int) -> tuple[int, ...]:
        """Return the articles held of a story, in rising order."""
        found = self._story_of(head)
        return tuple(sorted(member.id for member in found.members)) if found else ()

    def place(
        self,
        article: int,
        said: tuple[str, str],
        lang: str | None,
        at: int,
        *,
        source: int = 0,
        bonds: Bonds = NO_BONDS,
    ) -> Placement:
        """Add a new article and tell where it stands.

        `said` are the tokens of title and summary, each joined by blanks; `at` is its place in
        time, UTC seconds; `source` the feed it came from, 0 if unknown.
        """
        new = self._new(article, lang, at, source)
        weighed = weigh(said, new.lang, self._counts)
        self._ties.hold(article, bonds)
        must = self._tied(new)
        cluster, score, because = self._first_allowed(new, weighed, must)
        if cluster is None:
            new.packed = pack(weighed.vector, weighed.words)
            self._open(new, weighed.vector, weighed.words)
        else:
            new.packed = pack(weighed.vector)
            self._enter(new, cluster, weighed.vector)
        joins = [*self._fulfilled(new, must), *self._grown(new)]
        return Placement(
            cluster=new.cluster.head,
            story=new.cluster.whole.head,
            joins=tuple(joins),
            because=because,
            score=score,
            terms=new.packed,
        )

    def learn(
        self,
        article: int,
        said: tuple[str, str],
        lang: str | None,
        at: int,
        *,
        cluster: int,
        story: int,
        source: int = 0,
        bonds: Bonds = NO_BONDS,
        terms: bytes | None = None,
    ) -> None:
        """Add an article that stands somewhere already, as its row says.

        In the order of rows it builds the index again that placed them; exactly so with the
        `terms` of its placement, which then tell what was `said`.
        """
        new = self._new(article, lang, at, source)
        if terms is None:
            weighed = weigh(said, new.lang, self._counts)
            terms = pack(weighed.vector, weighed.words if cluster == article else ())
        new.packed = terms
        self._ties.hold(article, bonds)
        self._put(new, unpack(terms), cluster, story)

    def move(self, article: int, *, cluster: int, story: int) -> None:
        """Follow an article to another cluster or story; one that is not held is passed over.

        A cluster is in one story: where an article of it goes to another story, all of it goes.
        One that is split off therefore needs a cluster of its own.
        """
        held = self._articles.get(article)
        if held is None or (held.cluster.head, held.cluster.whole.head) == (cluster, story):
            return
        if held.cluster.head == cluster:
            self._carry(held.cluster, story)
            return
        vector = unpack(held.packed)
        self._leave(held)
        self._put(held, vector, cluster, story)

    def rebind(self, article: int, bonds: Bonds) -> None:
        """Put other bonds in the place of an article's; an instalment stays what it is."""
        if article in self._articles:
            days = self._ties.instalments(article)
            self._ties.hold(article, replace(bonds, instalments=bonds.instalments or days))

    def heirs(self) -> Collection[int]:
        """Return the articles that keep stories apart for others, which left the window."""
        return self._ties.heirs()

    def parted(self, one: int, other: int) -> bool:
        """Return whether the stories of two articles must not become one."""
        ours, there = self._articles.get(one), self._articles.get(other)
        if ours is None or there is None or ours.cluster.whole is there.cluster.whole:
            return False
        return not self._may_meet(ours.cluster.whole.members, there.cluster.whole)

    def forget(self, article: int) -> None:
        """Take an article out, wherever it stands."""
        held = self._articles.pop(article, None)
        if held is not None:
            self._leave(held)
            self._ties.drop(article)

    def forget_after(self, article: int) -> None:
        """Take out all articles with a higher number than this one."""
        for each in [each for each in self._articles if each > article]:
            self.forget(each)

    def expire(self, before: int) -> int:
        """Take out the articles of a time before this one; return how many.

        What a story must be apart from, its newest article keeps it apart from.
        """
        gone = 0
        for hour in sorted(hour for hour in self._hours if hour * _HOUR < before):
            kept = []
            for held in self._hours[hour]:
                if self._articles.get(held.id) is not held:
                    continue
                if held.at < before:
                    self._pass_on(held)
                    self.forget(held.id)
                    gone += 1
                else:
                    kept.append(held)
            if kept:
                self._hours[hour] = kept
            else:
                del self._hours[hour]
        return gone

    # what an article is

    def _new(self, article: int, lang: str | None, at: int, source: int) -> Article:
        self.forget(article)
        self._advance(at)
        lang, source = intern(language(lang)), self._sources.setdefault(source, source)
        new = Article(article, at, lang, source)
        self._hours.setdefault(at // _HOUR, []).append(new)
        return new

    def _advance(self, at: int) -> None:
        """Let time go on; once an hour what left the window is taken out."""
        if self._newest is None or at > self._newest:
            last, self._newest = self._newest, at
            if last is not None and at // _HOUR > last // _HOUR:
                self.expire(at - self._window)

    # where it goes

    def _first_allowed(
        self, new: Article, weighed: Weighed, must: Sequence[Article]
    ) -> tuple[Group | None, float, str]:
        for other in must:
            if self._may_meet((new,), other.cluster.whole):
                return other.cluster, 1.0, self._ties.because(new.id, other.id)
        for score, cluster in alike(self._postings, weighed.vector, new.source):
            if self._may_meet((new,), cluster.whole):
                return cluster, score, told(weighed, cluster)
        return None, 0.0, "first"

    def _open(self, new: Article, vector: Vector, terms: Collection[int] = ()) -> None:
        new.counted = True
        self._counts.count(new.lang, terms or packed_terms(new.packed))
        self._enter(new, Group(new.id), vector)

    def _enter(self, new: Article, cluster: Group, vector: Vector) -> None:
        new.cluster = cluster
        self._articles[new.id] = new
        cluster.add(new, vector)
        if cluster.story is not None:
            cluster.story.add(new, vector)
        if len(cluster.members) > 1 or cluster.head != new.id:
            self._clusters[cluster.head] = cluster
        self._postings.touch(cluster, vector)

    def _leave(self, held: Article) -> None:
        cluster, vector = held.cluster, unpack(held.packed)
        if held.counted:
            self._counts.count(held.lang, packed_terms(held.packed), -1)
            held.counted = False
        cluster.remove(held)
        left = cluster.vector
        self._postings.drop(cluster, [term for term in vector if term not in left])
        if cluster.story is not None:
            cluster.story.remove(held)
            if not cluster.story.members:
                del self._stories[cluster.story.head]
        if not cluster.members:
            self._clusters.pop(cluster.head, None)
        else:
            self._clusters[cluster.head] = cluster

    # stories

    def _grown(self, new: Article) -> Iterable[Joined]:
        """Join the nearest story while this one stands at a step."""
        while len(new.cluster.whole.members) in STEPS:
            score, other = self._nearest(new.cluster.whole)
            if other is None:
                return
            yield self._join(new.cluster.whole, other, score)

    def _fulfilled(self, new: Article, must: Sequence[Article]) -> Iterable[Joined]:
        for other in must:
            story, there = new.cluster.whole, other.cluster.whole
            if there is not story and self._may_meet(story.members, there):
                yield self._join(story, there, 1.0)

    def _nearest(self, story: Group) -> tuple[float, Group | None]:
        for score, there in near(self._postings, story, self._merge_at):
            if self._may_meet(story.members, there):
                return score, there
        return 0.0, None

    def _join(self, one: Group, other: Group, score: float) -> Joined:
        into, merged = (one, other) if one.head < other.head else (other, one)
        self.joined += 1
        self._stories.pop(merged.head, None)
        for cluster in _clusters_of(merged):
            cluster.story = None
            self._carry(cluster, into.head)
        return Joined(into=into.head, merged=merged.head, likeness=round(score, 3))

    def _carry(self, cluster: Group, head: int) -> None:
        """Put a cluster into the story of this head, out of the one it is in."""
        old = cluster.story
        if old is not None:
            for member in cluster.members:
                old.remove(member)
            if not old.members:
                del self._stories[old.head]
            cluster.story = None
        if cluster.head == head and head not in self._stories:
            return
        story = self._story_group(head)
        cluster.story = story
        story.take(cluster)

    def _story_group(self, head: int) -> Group:
        """Return the story of this head as a group of clusters, made if it is not one yet."""
        found = self._stories.get(head)
        if found is None:
            found = self._stories[head] = Group(head)
            alone = self._cluster_of(head)
            if alone is not None and alone.story is None:
                found.take(alone)
                alone.story = found
        return found

    def _put(self, new: Article, vector: Vector, cluster: int, story: int) -> None:
        """Put an article where its row says."""
        there = self._cluster_of(cluster) or Group(cluster)
        if new.id == cluster and not there.members:
            self._open(new, vector)
        else:
            self._enter(new, there, vector)
        if new.cluster.whole.head != story or (
            new.cluster.story is None and story in self._stories
        ):
            self._carry(new.cluster, story)

    def _cluster_of(self, head: int) -> Group | None:
        found = self._clusters.get(head)
        if found is None:
            held = self._articles.get(head)
            if held is not None and held.cluster.head == head and held.cluster.members:
                found = held.cluster
        return found

    def _story_of(self, head: int) -> Group | None:
        found = self._stories.get(head) or self._cluster_of(head)
        return found if found is not None and found.whole is found else None

    # bonds

    def _tied(self, new: Article) -> tuple[Article, ...]:
        ids = self._ties.together(new.id)
        return tuple(self._articles[each] for each in ids if each in self._articles)

    def _pass_on(self, held: Article) -> None:
        if not self._ties.apart(held.id):
            return
        left = [(each.at, each.id) for each in held.cluster.whole.members if each is not held]
        if left:
            self._ties.pass_on(held.id, max(left)[1])

    def _may_meet(self, ours: Sequence[Article], there: Group) -> bool:
        """Whether no pair of ours and of another story must be apart."""
        for member in ours:
            for other in self._ties.apart(member.id):
                held = self._articles.get(other)
                if held is not None and held.cluster.whole is there:
                    return False
        return self._ties.agree([each.id for each in ours], [each.id for each in there.members])


def _clusters_of(story: Group) -> list[Group]:
    return list(dict.fromkeys(member.cluster for member in story.members))
