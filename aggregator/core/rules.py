"""Rules: a query asked of one entry, and why the answer is what it is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat

from aggregator.core.query import (
    LABEL_FIELDS,
    WORD_FIELDS,
    And,
    Bound,
    Dated,
    Everything,
    Leaf,
    Node,
    Not,
    Or,
    Pattern,
    Term,
    as_of,
    compile_pattern,
    show_date,
    unparse,
)
from aggregator.core.tagging import tag_name
from aggregator.core.text import Tokenizer, clean_line, fold, tokens, word_count
from aggregator.core.urls import host_of

MAX_BECAUSE = 300  # characters
MAX_SHOWN = 80  # characters of one term in it
MAX_BRANCHES = 6  # named side by side in it

_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule is asked of: one entry, all of it plain text.

    Texts are tokenized when a rule first asks for them and then kept, so one subject serves
    every topic's rule.
    """

    title: str = ""
    summary: str = ""
    body: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    feed_name: str = ""
    topics: tuple[str, ...] = ()  # slugs; known of stored entries only
    sites: tuple[str, ...] = ()  # hosts of its feed: where it is polled from, and its own page
    url: str = ""
    lang: str = ""
    published: int = 0  # UTC seconds: its place, the earlier of published and first seen
    enclosures: int = 0  # how many
    words: Tokenizer = field(default=tokens, repr=False, compare=False)
    _said: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _kept: dict[str, frozenset[str] | int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def said(self, name: str) -> str:
        """Return the folded words of `title`, `summary`, `body` or `author`, blanks all round.

        Of "" they are those of title and summary, parted by what no word and no phrase holds.
        """
        kept = self._said.get(name)
        if kept is None:
            kept = self._said[name] = (
                spaced(self.words(self.raw(name)))
                if name
                else f"{self.said('title')}\n{self.said('summary')}"
            )
        return kept

    def raw(self, name: str) -> str:
        """Return one of these texts as it stands."""
        return {
            "title": self.title,
            "summary": self.summary,
            "body": self.body,
            "author": self.author,
        }[name]

    def labels(self, name: str) -> tuple[str, ...]:
        """Return the values of `tag`, `category`, `series`, `topic` or `feed` as written."""
        return {
            "tag": self.tags,
            "category": self.categories,
            "series": self.series,
            "topic": self.topics,
            "feed": (self.feed_name,),
        }[name]

    def keys(self, name: str) -> frozenset[str]:
        """Return the values of a label as comparisons see them."""
        kept = self._kept.get(name)
        if not isinstance(kept, frozenset):
            kept = frozenset([label_key(name, value) for value in self.labels(name)]) - {""}
            self._kept[name] = kept
        return kept

    def hosts(self) -> frozenset[str]:
        """Return the hosts it comes from: its own page's and its feed's.

        A feed's own word for its site adds to where it is polled from, it never hides it: who
        says `NOT site:x` shall not get x's text because x calls itself y.
        """
        kept = self._kept.get("site")
        if not isinstance(kept, frozenset):
            kept = frozenset(filter(None, (host_of(self.url), *self.sites)))
            self._kept["site"] = kept
        return kept

    def length(self) -> int:
        """Return how many words its body has, its summary where there is no body."""
        kept = self._kept.get("words")
        if not isinstance(kept, int):
            kept = self._kept["words"] = word_count(self.body or self.summary)
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The answer to a query, and the branch of it that decided, in an editor's words."""

    yes: bool
    because: str

    def __bool__(self) -> bool:
        return self.yes


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch of a query and its own answer; `depth` 0 is the whole query."""

    text: str
    yes: bool
    because: str
    depth: int


Test = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A query made ready to be asked many times; its parts are those of its node."""

    node: Node
    holds: Test
    parts: tuple[Rule, ...] = ()
    needle: str = ""  # of a term of words: what is looked for in what is said
    shown: str = ""  # and how a because names it

    def ask(self, subject: Subject) -> Matched:
        """Return yes or no, and why."""
        yes = self.holds(subject)
        return Matched(yes=yes, because=self.because(subject, yes))

    def because(self, subject: Subject, yes: bool) -> str:
        """Return why the answer, known already, is what it is."""
        text = _because(self, subject, yes)  # its pieces are clean
        return text if len(text) <= MAX_BECAUSE else clean_line(text, MAX_BECAUSE)


@lru_cache(maxsize=256)
def rule(node: Node) -> Rule:
    """Make a query ready; raises `ValueError` when it holds an `age` (see `query.as_of`)."""
    return _compiled(node)


def matches(node: Node, subject: Subject, *, now: float | None = None) -> Matched:
    """Ask a query of one entry; `now` (UTC seconds) is what an `age` counts from.

    Raises `ValueError` for an `age` without it.

    >>> from aggregator.core.query import parse_query
    >>> matches(parse_query("tag:world lane"), Subject(title="Lane", tags=("world",)))
    Matched(yes=True, because='tag world and title has "lane"')
    """
    return rule(node if now is None else as_of(node, now)).ask(subject)


def explain(node: Node, subject: Subject) -> tuple[Branch, ...]:
    """Return every branch of a query with its own answer, the whole query first.

    Raises `ValueError` for an `age` (see `query.as_of`).
    """
    branches: list[Branch] = []
    waiting = [(rule(node), 0)]
    while waiting:
        part, depth = waiting.pop()
        asked = part.ask(subject)
        text = clean_line(unparse(part.node), MAX_BECAUSE)
        branches.append(Branch(text=text, yes=asked.yes, because=asked.because, depth=depth))
        # A leaf below a NOT is told by the branch of the NOT.
        below = [each for each in part.parts if each.parts or not isinstance(part.node, Not)]
        waiting.extend((each, depth + 1) for each in reversed(below))
    return tuple(branches)


def _compiled(node: Node) -> Rule:
    match node:
        case And(parts=nodes):
            every = tuple(_compiled(part) for part in nodes)
            tests = tuple(part.holds for part in every)
            return Rule(node=node, parts=every, holds=_all_hold(tests))
        case Or(parts=nodes):
            every = tuple(_compiled(part) for part in nodes)
            return Rule(node=node, parts=every, holds=_one_holds(every))
        case Not(part=inner):
            part = _compiled(inner)
            holds = part.holds
            return Rule(node=node, parts=(part,), holds=lambda s: not holds(s))
        case Term(field=name) if name in WORD_FIELDS:
            needle = needle_of(node)
            shown = f'"{clean_line(node.text, MAX_SHOWN)}{"*" if node.prefix else ""}"'
            holds = lambda s: needle in s.said(name)  # noqa: E731
            return Rule(node=node, holds=holds, needle=needle, shown=shown)
        case leaf:
            return Rule(node=leaf, holds=_leaf_test(leaf))


def _all_hold(tests: tuple[Test, ...]) -> Test:
    """Return the tests as one; a pair, by far the commonest, is asked without a loop."""
    if len(tests) == 2:
        one, other = tests
        return lambda s: one(s) and other(s)
    return lambda s: all(test(s) for test in tests)


def _one_holds(parts: tuple[Rule, ...]) -> Test:
    needles = tuple(part.needle for part in parts)
    places = {part.node.field for part in parts if isinstance(part.node, Term)}
    if all(needles) and len(places) == 1:  # words side by side: their text is had once
        (place,) = places

        def holds(subject: Subject) -> bool:
            said = subject.said(place)
            return any(needle in said for needle in needles)

        return holds
    tests = tuple(part.holds for part in parts)
    return lambda s: any(test(s) for test in tests)


def _leaf_test(leaf: Leaf) -> Test:
    match leaf:
        case Term():
            return _term_test(leaf)
        case Pattern(field=name, text=text):
            search = compile_pattern(text)
            return lambda s: any(search(value) for _, value in _texts(name, s))
        case Bound(field="words", op=op, number=number):
            compare = _COMPARE[op]
            return lambda s: compare(s.length(), number)
        case Bound():
            raise ValueError("an age needs a now: give the query to as_of() first")
        case Dated(field="after", at=moment):
            return lambda s: s.published >= moment
        case Dated(at=moment):
            return lambda s: s.published < moment
        case Everything():
            return lambda s: True


def _term_test(term: Term) -> Test:
    name = term.field
    if name in LABEL_FIELDS:
        key = label_key(name, term.text)
        return lambda s: key in s.keys(name)
    if name == "site":
        host = host_key(term.text)
        below = f".{host}"
        return lambda s: any(one == host or one.endswith(below) for one in s.hosts())
    if name == "lang":
        lang = lang_key(term.text)
        return lambda s: lang_key(s.lang).startswith(lang)
    return lambda s: s.enclosures > 0  # has:enclosure


def _texts(name: str, subject: Subject) -> tuple[tuple[str, str], ...]:
    """Return (where, text) for each text that a pattern is asked of, as it stands."""
    if name in LABEL_FIELDS:
        return tuple((name, value) for value in subject.labels(name))
    return tuple((where, subject.raw(where)) for where in _places(name))


def _places(name: str) -> tuple[str, ...]:
    return (name,) if name else ("title", "summary")


def spaced(words: Sequence[str]) -> str:
    """Return the words so that neighbours in a text are found as a plain substring."""
    return f" {' '.join(words)} "


def needle_of(term: Term) -> str:
    """Return what `spaced` words must hold for a term of words to be true of them."""
    return spaced(tokens(term.text))[: -1 if term.prefix else None]


@lru_cache(maxsize=4096)
def label_key(name: str, value: str) -> str:
    """Return a label as comparisons see it; feeds may differ by a dot alone, so they do here."""
    if name in {"feed", "topic"}:
        return fold(value).strip()
    return tag_name(value) if name == "tag" else " ".join(tokens(value))


def host_key(text: str) -> str:
    """Return a host as comparisons see it: it is found by this, and so is any host below it."""
    return (host_of(f"https://{text}") or "").removeprefix("www.")


def lang_key(text: str) -> str:
    """Return a language as comparisons see it: one begins with another that includes it."""
    return text.lower().replace("_", "-") + "-"


def _because(rule: Rule, subject: Subject, yes: bool) -> str:
    match rule.node:
        case And():
            if not yes:
                return _joined("; ", [p for p in rule.parts if not p.holds(subject)], subject, yes)
            # What was not there seldom decides; it is told where nothing else is asked.
            telling = [part for part in rule.parts if not isinstance(part.node, Not)]
            return _joined(" and ", telling or rule.parts, subject, yes)
        case Or():
            if yes:
                return _because(next(p for p in rule.parts if p.holds(subject)), subject, yes)
            return _joined("; ", rule.parts, subject, yes)
        case Not():
            return _because(rule.parts[0], subject, not yes)
        case Term(field=name) if name in WORD_FIELDS:
            if not yes:
                return f"no {rule.shown} in {_either(name)}"
            where = name or ("title" if rule.needle in subject.said("title") else "summary")
            return f"{where} has {rule.shown}"
        case leaf:
            return _leaf_because(leaf, subject, yes)


def _joined(glue: str, parts: Sequence[Rule], subject: Subject, yes: bool) -> str:
    # map() spares a stack frame at each level of a deep query.
    told = glue.join(map(_because, parts[:MAX_BRANCHES], repeat(subject), repeat(yes)))
    more = len(parts) - MAX_BRANCHES
    return f"{told}{glue}{more} more" if more > 0 else told


def _leaf_because(leaf: Leaf, subject: Subject, yes: bool) -> str:
    match leaf:
        case Term():
            return _label_because(leaf, yes)
        case Pattern(field=name):
            shown = clean_line(unparse(replace(leaf, field="")), MAX_SHOWN)
            search = compile_pattern(leaf.text)
            where = [place for place, text in _texts(name, subject) if search(text)]
            return f"{where[0]} matches {shown}" if yes else f"no {shown} in {_either(name)}"
        case Bound(op=op, number=number):
            return f"{subject.length()} words, {'' if yes else 'not '}{op} {number}"
        case Dated():
            day = show_date(subject.published - subject.published % 86_400)
            return f"dated {day}, {'' if yes else 'not '}{unparse(leaf)}"
        case Everything():
            return "any entry"


def _either(name: str) -> str:
    return " or ".join(_places(name))


def _label_because(term: Term, yes: bool) -> str:
    shown = clean_line(term.text, MAX_SHOWN)
    match term.field:
        case "tag":
            return f"tag {shown}" if yes else f"no tag {shown}"
        case "topic":
            return f"in topic {shown}" if yes else f"not in topic {shown}"
        case "category" | "series":
            return f'{term.field} is "{shown}"' if yes else f'no {term.field} "{shown}"'
        case "feed":
            return f'feed is {"" if yes else "not "}"{shown}"'
        case "site":
            return f"site is {'' if yes else 'not '}{shown}"
        case "lang":
            return f"language is {'' if yes else 'not '}{shown}"
    return "has an enclosure" if yes else "no enclosure"
