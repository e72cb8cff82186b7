"""The one query language: what search, rules and feeds ask, as a tree of frozen nodes.

A query is parsed once and asked many times: `core.rules` asks it of an entry in memory,
`core.fts` narrows a search with it. docs/queries.md tells it to editors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NoReturn

from aggregator.core.query_tree import (
    ESCAPED,
    FIELD,
    JOINERS,
    UNITS,
    WORD,
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
    named,
    show_date,
    terms,
    unparse,
)
from aggregator.core.text import tokens
from aggregator.core.urls import host_of
from aggregator.errors import QueryError

__all__ = [
    "FIELDS",
    "LABEL_FIELDS",
    "WORD_FIELDS",
    "And",
    "Bound",
    "Dated",
    "Everything",
    "Leaf",
    "Node",
    "Not",
    "Or",
    "Pattern",
    "Term",
    "as_of",
    "check_rule",
    "compile_pattern",
    "named",
    "parse_query",
    "show_date",
    "terms",
    "unparse",
]

MAX_LENGTH = 10_000  # characters of a query
MAX_TERMS = 1_000
MAX_DEPTH = 100  # parentheses and NOTs inside one another

FIELDS: Mapping[str, str] = {  # and what a value looks like
    "title": "words of the title, as title:corridor",
    "body": "words of the body, as body:corridor",
    "author": "words of the author's name, as author:orwell",
    "tag": "a whole tag, as tag:islamic-state",
    "category": 'a whole category of the publisher, as category:"World News"',
    "series": 'the whole name of a series, as series:"Global Lane"',
    "feed": "the whole name of a feed, as feed:wire",
    "topic": "the whole slug of a topic, as topic:global-lane",
    "site": "a host alone, as site:example.org",
    "lang": "a language, as lang:en or lang:pt-BR",
    "words": "a number of words, as words:>300 or words:<300",
    "has": "has:enclosure",
    "after": "a day or a time in UTC, as after:2026-11-20 or after:2026-11-20T14:00",
    "before": "a day or a time in UTC, as before:2026-11-20 or before:2026-11-20T14:00",
    "age": "a time span in s, m, h, d or w, as age<3d or age:>2w",
}
WORD_FIELDS = frozenset({"", "title", "body", "author"})  # "": title and summary
LABEL_FIELDS = frozenset({"tag", "category", "series", "feed", "topic"})
_NAMING = WORD_FIELDS | LABEL_FIELDS | {"site", "lang"}  # may stand before a group

_BOUND = re.compile(r"([<>]=?)([0-9]{1,6})([smhdw]?)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?Z?)?")
_PATTERN = re.compile(r"/((?:[^\\/]|\\.)+)/", re.DOTALL)
_OPERAND = re.compile(r"[^\s)]")
_SHAPES = {
    "site": re.compile(r"[\w-]+(?:\.[\w-]+)*"),
    "lang": re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*"),
    "has": re.compile("enclosure", re.IGNORECASE),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_query(text: str) -> Node:
    """Return the tree of a query; raises `QueryError` with the place and what to do.

    NOT binds tightest, then AND (or just a space), then OR. `-word` is NOT word.

    >>> unparse(parse_query('tag:world -title:(horoscope OR "your stars")'))
    'tag:world AND NOT (title:horoscope OR title:"your stars")'
    """
    return _Parser(text).query()


def check_rule(node: Node, text: str) -> None:
    """Raise `QueryError` when a query cannot be a rule.

    An `age` would change its answer with each day, and a rule is asked of an entry before that is
    in any topic.
    """
    for leaf in terms(node):
        if isinstance(leaf, Bound) and leaf.field == "age":
            hint = "use after: or before: with a date; age is for searching"
            problem = "a rule cannot ask for the age of an entry"
            raise QueryError(problem, query=text, position=leaf.position, hint=hint)
        if isinstance(leaf, Term | Pattern) and leaf.field == "topic":
            hint = "ask for what that topic's rule asks for; topic: is for searching"
            problem = "a rule cannot ask for a topic: it is asked before an entry is in any"
            raise QueryError(problem, query=text, position=leaf.position, hint=hint)


class _Parser:
    """Reads one query from left to right; `here` is the next character."""

    def __init__(self, text: str) -> None:
        self.text, self.here, self.depth, self.count = text, 0, 0, 0
        self.field = ""  # of the group we are in

    def query(self) -> Node:
        if len(self.text) > MAX_LENGTH:
            self.fail(f"a query has at most {MAX_LENGTH:,} characters", MAX_LENGTH)
        if odd := _SURROGATE.search(self.text):
            self.fail("half of a character pair is no text", odd.start())
        if not self.text.strip():
            self.fail("the query is empty", 0, "write a word to look for, or * for everything")
        node = self.either()
        if self.peek():
            self.fail('expected the end of the query but found ")"', hint="no ( is open here")
        self.check_height(node)
        return node

    def check_height(self, node: Node) -> None:
        """Refuse a tree so high that walking it could end the stack: OR and AND by turns."""
        waiting: list[tuple[Node, int]] = [(node, 0)]
        while waiting:
            below, height = waiting.pop()
            if isinstance(below, And | Or):
                waiting.extend((part, height + 1) for part in below.parts)
            elif isinstance(below, Not):
                waiting.append((below.part, height + 1))
            elif height > MAX_DEPTH:
                self.fail(f"AND, OR and NOT go at most {MAX_DEPTH} deep", below.position)

    def fail(self, problem: str, where: int | None = None, hint: str = "") -> NoReturn:
        position = self.here if where is None else where
        raise QueryError(problem, query=self.text, position=position, hint=hint)

    def peek(self) -> str:
        """Skip blanks; return what comes next: a joiner, one character, or "" at the end."""
        while self.here < len(self.text) and self.text[self.here].isspace():
            self.here += 1
        word = WORD.match(self.text, self.here)
        if word and word[0] in JOINERS:
            return word[0]
        return self.text[self.here : self.here + 1]

    def either(self) -> Node:
        parts = [self.both()]
        while self.peek() == "OR":
            self.here += 2
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(parts=tuple(parts))

    def both(self) -> Node:
        parts = [self.one()]
        while (ahead := self.peek()) not in {"", ")", "OR"}:
            self.here += 3 if ahead == "AND" else 0
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else And(parts=tuple(parts))

    def one(self) -> Node:
        ahead = self.peek()
        if ahead in {"", ")", "AND", "OR"}:
            hint = f'to look for the word itself, quote it: "{ahead}"' if len(ahead) > 1 else ""
            found = f'"{ahead}"' if ahead else "the end"
            self.fail(f'expected a word, a "phrase", a field or "(" but found {found}', hint=hint)
        if ahead == "(":
            return self.group("")
        if ahead == "NOT" or (ahead == "-" and _OPERAND.match(self.text, self.here + 1)):
            self.deepen()
            self.here += len(ahead)
            negated = Not(part=self.one())
            self.depth -= 1
            return negated
        return self.term()

    def deepen(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"parentheses and NOTs go at most {MAX_DEPTH} deep")

    def group(self, field: str) -> Node:
        """Read what stands in parentheses; a field before them holds for all inside."""
        self.deepen()
        outer, opened = self.field, self.here
        self.field, self.here = field or outer, self.here + 1
        node = self.either()
        if self.peek() != ")":
            self.fail(
                'expected ")" but found the end', hint=f"one at character {opened + 1} is open"
            )
        self.field, self.here = outer, self.here + 1
        self.depth -= 1
        return node

    def term(self) -> Node:
        fielded = FIELD.match(self.text, self.here)
        if fielded:
            name = self.field_name(fielded[1], fielded[2])
            if self.text[self.here] == "(" and name in _NAMING:
                return self.group(name)
        self.count += 1
        if self.count > MAX_TERMS:
            self.fail(f"a query has at most {MAX_TERMS:,} terms")
        return self.value(name if fielded else self.field)

    def field_name(self, written: str, sign: str) -> str:
        """Step over a field's name to its value; a comparison sign belongs to the value."""
        name = written.lower()
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1)
            known = f"did you mean '{near[0]}:'?" if near else f"fields are {', '.join(FIELDS)}."
            self.fail(f"no field called '{written}:'", hint=f"{known} To find it as text, quote it")
        if self.field:
            hint = f"close the ( of {self.field}: before it"
            self.fail(f"{name}: cannot stand inside the group of {self.field}:", hint=hint)
        if sign != ":" and name not in {"words", "age"}:
            self.fail(f"{name}: takes no {sign}", hint=FIELDS[name])
        self.here += len(written) + (sign == ":")
        ahead = self.text[self.here : self.here + 1]
        if not ahead or ahead.isspace() or ahead == ")":
            self.fail(f"{name}: needs a value right after it", hint=FIELDS[name])
        if ahead == "-":
            self.fail("a field's value cannot begin with -", hint=f"write -{name}:… or quote it")
        return name

    def value(self, field: str) -> Leaf:
        start, prefix = self.here, False
        quoted = self.text[start] == '"'
        if self.text[start] == "/" and field in WORD_FIELDS | LABEL_FIELDS:
            return self.pattern(field)
        if quoted:
            end = self.text.find('"', start + 1)
            if end < 0:
                self.fail('expected a closing " but found the end', hint="a phrase is open here")
            text, self.here = self.text[start + 1 : end], end + 1
        else:
            word = WORD.match(self.text, start)
            text = word[0].removesuffix("*") if word else ""
            self.here += len(text)
        if self.text.startswith("*", self.here):
            prefix, self.here = True, self.here + 1
        if prefix and not text and not quoted and not field:
            return Everything(position=start)
        return self.leaf(field, text, prefix, start)

    def leaf(self, field: str, text: str, prefix: bool, start: int) -> Leaf:
        """Return what a field and its value ask, once that is known to mean something."""
        if prefix and field not in WORD_FIELDS:
            self.fail(f"{field}: is asked for a whole value", self.here - 1, "take the * away")
        if field in WORD_FIELDS | LABEL_FIELDS and tokens(text):
            return Term(field=field, text=text, prefix=prefix, position=start)
        if field in _SHAPES and _SHAPES[field].fullmatch(text):
            if field == "site" and host_of(f"https://{text}") is None:
                self.fail(f"site: no host can be called {text[:40]!r}", start, FIELDS["site"])
            return Term(field=field, text=text, position=start)
        if bound := _BOUND.fullmatch(text):
            op, number, unit = bound.groups()
            if field == "words" and not unit:
                return Bound(field=field, op=op, number=int(number), position=start)
            if field == "age" and unit:
                return Bound(field=field, op=op, number=int(number) * UNITS[unit], position=start)
        if field in {"after", "before"} and _DATE.fullmatch(text):
            with suppress(ValueError):
                moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
                return Dated(field=field, at=int(moment.timestamp()), position=start)
        if field in FIELDS and field not in WORD_FIELDS | LABEL_FIELDS:
            self.fail(f"{field}: cannot be {text[:40]!r}", start, f"it takes {FIELDS[field]}")
        hint = "expected a word; signs are found by a /pattern/"
        self.fail(f"no letter or digit to look for in {text[:40]!r}", start, hint)

    def pattern(self, field: str) -> Pattern:
        """Read /…/; a slash inside is written \\/."""
        start, read = self.here, _PATTERN.match(self.text, self.here)
        if read is None:
            self.fail("expected /pattern/ with its closing /", hint="to find a slash, quote it")
        text = ESCAPED.sub(lambda m: "/" if m[0] == r"\/" else m[0], read[1])
        self.here = read.end()
        after = self.text[self.here : self.here + 1]
        if after and not after.isspace() and after != ")":
            self.fail("a pattern ends at its second /", hint=r"write \/ for a slash inside")
        try:
            compile_pattern(text)
        except ValueError as error:
            self.fail(f"the pattern cannot be used: {error}", start)
        return Pattern(field=field, text=text, position=start)
