"""What must be one story and what must not: editors' bonds, and instalments of a series."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonds:
    """What binds one article. `together` and `apart` are ids of articles.

    `instalments` are pairs of a series and its date or number: the same pair is one story, another
    date of the same series never is.
    """

    together: Collection[int] = ()
    apart: Collection[int] = ()
    instalments: Collection[tuple[str, str]] = ()


NO_BONDS = Bonds()


class Ties:
    """The bonds of all articles held, from both sides."""

    __slots__ = ("_apart", "_given", "_heirs", "_held_by", "_instalments")

    def __init__(self) -> None:
        self._given: dict[int, Bonds] = {}
        self._heirs: set[int] = set()
        self._apart: dict[int, dict[int, int]] = {}  # other id -> by how many sides it was said
        self._instalments: dict[tuple[str, str], dict[int, None]] = {}
        self._held_by: dict[int, dict[int, None]] = {}  # together, from the other side

    def hold(self, article: int, bonds: Bonds) -> None:
        """Put these bonds in the place of an article's."""
        self.drop(article)
        if not (bonds.together or bonds.apart or bonds.instalments):
            return
        if article in bonds.apart or article in bonds.together:
            bonds = Bonds(
                together=tuple(each for each in bonds.together if each != article),
                apart=tuple(each for each in bonds.apart if each != article),
                instalments=bonds.instalments,
            )
        self._given[article] = bonds
        for other in bonds.apart:
            self._count(article, other, 1)
            self._count(other, article, 1)
        for other in bonds.together:
            self._held_by.setdefault(other, {})[article] = None
        for pair in bonds.instalments:
            self._instalments.setdefault(pair, {})[article] = None

    def drop(self, article: int) -> None:
        """Forget what was said for an article."""
        self._heirs.discard(article)
        bonds = self._given.pop(article, None)
        if bonds is None:
            return
        for other in bonds.apart:
            self._count(article, other, -1)
            self._count(other, article, -1)
        for other in bonds.together:
            _discard(self._held_by, other, article)
        for pair in bonds.instalments:
            _discard(self._instalments, pair, article)

    def pass_on(self, article: int, heir: int) -> None:
        """Have another one kept apart from whom this article is kept apart from."""
        others = {*self._apart.get(article, ())} - {heir}
        if others:
            given = self._given.get(heir, NO_BONDS)
            self.hold(heir, replace(given, apart=tuple(sorted(others.union(given.apart)))))
            self._heirs.add(heir)

    def heirs(self) -> Collection[int]:
        """Return the articles that stand in for others, until bonds of their own are put there."""
        return self._heirs

    def together(self, article: int) -> tuple[int, ...]:
        """Return the articles that must be with this one: bonds first, each part rising."""
        bonds = self._given.get(article, NO_BONDS)
        tied = {*bonds.together, *self._held_by.get(article, ())}
        same = {each for pair in bonds.instalments for each in self._instalments.get(pair, ())}
        found = (*sorted(tied), *sorted(same - tied))
        return tuple(each for each in found if each != article)

    def instalments(self, article: int) -> Collection[tuple[str, str]]:
        """Return the days of columns that an article is."""
        return self._given.get(article, NO_BONDS).instalments

    def apart(self, article: int) -> Iterable[int]:
        """Return the articles that must not be with this one, by bonds."""
        return self._apart.get(article, ())

    def because(self, article: int, other: int) -> str:
        """Return why two articles must be together."""
        bonds = self._given.get(article, NO_BONDS)
        if other in bonds.together or other in self._held_by.get(article, ()):
            return "an editor's merge"
        for series, day in bonds.instalments:
            if other in self._instalments.get((series, day), ()):
                return f"same instalment: {series}, {day}"
        return "bond"

    def agree(self, ours: Collection[int], theirs: Collection[int]) -> bool:
        """Whether no two instalments of one series with different dates would meet."""
        if not self._instalments:
            return True
        days = self._days(ours)
        return not days or all(
            days[series] == found for series, found in self._days(theirs).items() if series in days
        )

    def _days(self, articles: Collection[int]) -> dict[str, set[str]]:
        days: dict[str, set[str]] = {}
        for article in articles:
            bonds = self._given.get(article)
            for series, day in bonds.instalments if bonds else ():
                days.setdefault(series, set()).add(day)
        return days

    def _count(self, article: int, other: int, step: int) -> None:
        said = self._apart.setdefault(article, {})
        said[other] = said.get(other, 0) + step
        if not said[other]:
            del said[other]
            if not said:
                del self._apart[article]


def _discard(of: dict[_K, dict[int, None]], key: _K, article: int) -> None:
    there = of.get(key)
    if there is not None:
        there.pop(article, None)
        if not there:
            del of[key]
