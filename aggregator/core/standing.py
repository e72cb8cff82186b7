"""Standing queries: the rules of all topics asked of one entry, without asking each of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aggregator.core.query import (
    LABEL_FIELDS,
    WORD_FIELDS,
    And,
    Node,
    Not,
    Or,
    Term,
    check_rule,
    parse_query,
    terms,
)
from aggregator.core.rules import Rule, Subject, host_key, label_key, lang_key, rule
from aggregator.core.text import tokens
from aggregator.model.ids import TopicId
from aggregator.model.intake import Match
from aggregator.model.topic import Topic, TopicStatus

_NOTHING: frozenset[str] = frozenset()
FEW = 10  # rules that are sooner asked than looked up
BEGINNINGS = (5, 3, 1)  # characters by which a word that may go on is filed

Key = tuple[str, str]  # a place (`_PLACES`), and what stands there
Clause = frozenset[Key]  # an entry that has none of these cannot be what the query asks for
Things = Callable[[Subject, frozenset[str]], Iterable[str]]  # given the words said, too
Filed = tuple[int, frozenset[str], bool]
"""Number of a rule, words it cannot do without either, and whether its anchor alone proves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorIndex:
    """Queries by their anchors: each is filed under the rarest thing it cannot do without.

    Asked of an entry, only those are asked whose anchor is there, and the few that have none:
    a NOT, a pattern, a date or a number of words alone.
    """

    filed: tuple[tuple[Things, Mapping[str, tuple[Filed, ...]]], ...] = ()
    always: tuple[int, ...] = ()
    by_words: bool = False  # whether any is filed by words, or cannot do without one

    def candidates(self, subject: Subject) -> list[tuple[int, bool]]:
        """Return the numbers of all queries that may hold, in order, and whether that is sure."""
        if not self.filed:
            return [(number, False) for number in self.always]
        found = dict.fromkeys(self.always, False)
        said = frozenset(subject.said("").split()) if self.by_words else _NOTHING
        for things, filed in self.filed:
            for key in filed.keys() & things(subject, said):
                for number, needs, sure in filed[key]:
                    if sure:
                        found[number] = True
                    elif needs <= said:
                        found.setdefault(number, False)
        return sorted(found.items())


def anchor_index(nodes: Sequence[Node]) -> AnchorIndex:
    """File queries by their anchors; rare is what few of the queries ask for."""
    asked = Counter(key for node in nodes for key in _asked(node))
    filed: dict[str, defaultdict[str, list[Filed]]] = {
        place: defaultdict(list) for place in _PLACES
    }
    always = []
    for number, node in enumerate(nodes):
        clauses = _clauses(node, asked)
        if not clauses:
            always.append(number)
            continue
        proofs = _proofs(node)
        anchor = min(clauses, key=lambda clause: _cost(clause, asked))
        words = (key for clause in clauses if len(clause) == 1 for key in clause)
        needs = frozenset(thing for place, thing in words if place == "words")
        for place, thing in anchor:
            sure = (place, thing) in proofs
            filed[place][thing].append((number, needs - {thing}, sure))
    needing = (needs for things in filed.values() for its in things.values() for _, needs, _ in its)
    return AnchorIndex(
        filed=tuple(
            (_PLACES[place], {thing: tuple(each) for thing, each in things.items()})
            for place, things in filed.items()
            if things
        ),
        always=tuple(always),
        by_words=bool(filed["words"] or filed["beginnings"] or any(needing)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """The rules of all active topics, and the index that says which of them to ask."""

    rules: tuple[tuple[TopicId, Rule], ...]
    index: AnchorIndex

    def match(self, subject: Subject) -> tuple[Match, ...]:
        """Return the topics whose rule admits the entry, in the topics' order, and why."""
        found = []
        for number, sure in self.index.candidates(subject):
            topic_id, asked = self.rules[number]
            if sure or asked.holds(subject):
                found.append(Match(topic_id=topic_id, because=asked.because(subject, yes=True)))
        return tuple(found)


def rule_book(topics: Sequence[Topic]) -> RuleBook:
    """Compile the rules of the active topics; raises `QueryError` for one that is no rule."""
    return _compiled(
        tuple((each.id, each.spec.match) for each in topics if each.status is TopicStatus.ACTIVE)
    )


@lru_cache(maxsize=4)  # each round of polls asks for it: 10,000 rules take more than half a second
def _compiled(topics: tuple[tuple[TopicId, str], ...]) -> RuleBook:
    rules, nodes = [], []
    for topic_id, match in topics:
        node = parse_query(match)
        check_rule(node, match)
        nodes.append(node)
        rules.append((topic_id, rule(node)))
    few = len(nodes) <= FEW
    index = AnchorIndex(always=tuple(range(len(nodes)))) if few else anchor_index(nodes)
    return RuleBook(rules=tuple(rules), index=index)


def _asked(node: Node) -> set[Key]:
    found: set[Key] = set()
    for leaf in terms(node):
        if isinstance(leaf, Term):
            found.update(_keys(leaf))
    return found


def _clauses(node: Node, asked: Mapping[Key, int]) -> tuple[Clause, ...]:
    """Return what an entry must have, all of it, for the query to hold; nothing may be told."""
    match node:
        case Term():
            return tuple(frozenset((key,)) for key in _keys(node))
        case And(parts=parts):
            return tuple(clause for part in parts for clause in _clauses(part, asked))
        case Or(parts=parts):
            either: set[Key] = set()
            for part in parts:
                clauses = _clauses(part, asked)
                if not clauses:
                    return ()
                rarest: Clause = min(clauses, key=lambda clause: _cost(clause, asked))
                either.update(rarest)
            return (frozenset(either),)
        case Not():
            return ()
    return ()


def _proofs(node: Node) -> set[Key]:
    """Return things of which one is enough for the query to hold."""
    match node:
        case Term(prefix=False, field=name, text=text) if name != "title":
            whole = name not in WORD_FIELDS or len(tokens(text)) == 1
            return set(_keys(node)) if whole else set()
        case Or(parts=parts):
            return {key for part in parts for key in _proofs(part)}
    return set()


def _cost(clause: Clause, asked: Mapping[Key, int]) -> tuple[int, int, list[Key]]:
    """Return how dear a clause is: how often it is asked for, then how short; the rest is order."""
    often = sum(asked[key] * _COMMON.get(key[0], 1) for key in clause)
    return often, -min(len(thing) for _, thing in clause), sorted(clause)


def _keys(term: Term) -> list[Key]:
    """Return what an entry must have, all of it, for a term to hold."""
    name = term.field
    if name in WORD_FIELDS:
        place = name if name in {"body", "author"} else "words"
        said = tokens(term.text)
        whole = said[:-1] if term.prefix else said
        if whole or place != "words" or not said:
            return [(place, word) for word in dict.fromkeys(whole)]
        return [("beginnings", said[0][: next(n for n in BEGINNINGS if n <= len(said[0]))])]
    if name in LABEL_FIELDS:
        return [(name, label_key(name, term.text))]
    if name == "site":
        return [(name, host_key(term.text))]
    return [(name, lang_key(term.text) if name == "lang" else term.text.lower())]


def _beginnings(subject: Subject, said: frozenset[str]) -> set[str]:
    return {word[:size] for word in said for size in BEGINNINGS}


def _hosts(subject: Subject, said: frozenset[str]) -> set[str]:
    """Return its hosts and every host above them."""
    found = set()
    for host in subject.hosts():
        while host not in found:
            found.add(host)
            host = host.partition(".")[2]
    return found


def _langs(subject: Subject, said: frozenset[str]) -> set[str]:
    parts = lang_key(subject.lang).split("-")[:-1]
    return {"-".join(parts[:size]) + "-" for size in range(1, len(parts) + 1)}


def _of_label(name: str) -> Things:
    return lambda subject, _: subject.keys(name)


def _of_text(name: str) -> Things:
    return lambda subject, _: set(subject.said(name).split())


_PLACES: Mapping[str, Things] = {
    "words": lambda _, said: said,  # of title and summary
    "beginnings": _beginnings,  # of these
    "body": _of_text("body"),
    "author": _of_text("author"),
    **{name: _of_label(name) for name in sorted(LABEL_FIELDS)},
    "site": _hosts,
    "lang": _langs,
    "has": lambda subject, _: ("enclosure",) if subject.enclosures else (),
}
_COMMON = {"lang": 100, "has": 100, "beginnings": 20, "body": 20}
"""How many times as common as a word, or as dear to look for, what stands in a place is."""
