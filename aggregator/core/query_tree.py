"""A query as a tree: frozen nodes, the walks over them, and how they are written.

`core.query` reads text into these nodes and offers them on; import them from there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from math import ceil, floor

import re2

MAX_PATTERN = 1_000  # characters of a regular expression
MAX_PROGRAM = 1_000  # RE2 instructions: at worst each costs time on each character
MAX_ASKED = 100_000  # characters of a text that a regular expression looks at

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}  # seconds
JOINERS = ("AND", "OR", "NOT")
WORD = re.compile(r'[^\s()"]+')
FIELD = re.compile(r"([^\W\d_][\w-]*)(:|[<>]=?)")
ESCAPED = re.compile(r"\\.|/", re.DOTALL)  # in a pattern: a slash, bare or escaped
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    # Where its value begins in the text it was read from, 0-based: for carets, not for equality.
    position: int = dataclasses.field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(_Leaf):
    """Words, or the value of a field; `prefix` lets the last word go on."""

    text: str
    field: str = ""  # "": title and summary
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(_Leaf):
    """A regular expression in RE2's syntax, case ignored."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound(_Leaf):
    """A number compared: `words` counts words, `age` counts seconds."""

    field: str
    op: str  # < <= > >=
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(_Leaf):
    """`after`: its place in time is `at` or later; `before`: earlier than `at` (UTC seconds)."""

    field: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(_Leaf):
    """`*`: any entry at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of two parts or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Any of two parts or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Whatever the part is not."""

    part: Node


Leaf = Term | Pattern | Bound | Dated | Everything
Node = Leaf | And | Or | Not


def terms(node: Node) -> tuple[Leaf, ...]:
    """Return the leaves of a query in the order they are written, with their positions."""
    found: list[Leaf] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case And(parts=parts) | Or(parts=parts):
                waiting.extend(reversed(parts))
            case Not(part=part):
                waiting.append(part)
            case leaf:
                found.append(leaf)
    return tuple(found)


def named(node: Node, field: str) -> tuple[Term, ...]:
    """Return the terms that name a value of this field: `named(node, "feed")`."""
    return tuple(leaf for leaf in terms(node) if isinstance(leaf, Term) and leaf.field == field)


def as_of(node: Node, now: float) -> Node:
    """Return the query with every `age` turned into the date it means now (UTC seconds)."""
    if not any(isinstance(leaf, Bound) and leaf.field == "age" for leaf in terms(node)):
        return node
    match node:
        case And(parts=parts):
            return And(parts=tuple(as_of(part, now) for part in parts))
        case Or(parts=parts):
            return Or(parts=tuple(as_of(part, now) for part in parts))
        case Not(part=part):
            return Not(part=as_of(part, now))
        case Bound(field="age", op=op, number=seconds, position=position):
            # Places are whole seconds, so each comparison is one with the next whole second.
            edge = ceil(now - seconds) if op in {"<=", ">"} else floor(now - seconds) + 1
            field = "after" if op[0] == "<" else "before"
            return Dated(field=field, at=max(edge, 0), position=position)
    return node


@lru_cache(maxsize=256)  # each may grow to the memory it is allowed
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a search for an RE2 pattern, case ignored; `ValueError` says why there is none.

    Time is linear in the text; only its first `MAX_ASKED` characters are looked at.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN:,} characters")
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        why = error.args[0] if error.args else "not understood"
        raise ValueError(why.decode(errors="replace") if isinstance(why, bytes) else why) from None
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError("the pattern is too large; ask for less or repeat less")
    search = compiled.search
    return lambda text: search(text[:MAX_ASKED].encode("utf-8", "replace")) is not None


def unparse(node: Node) -> str:
    """Return the query as text that parses to the same tree."""
    match node:
        case And(parts=parts):
            # map() spares a stack frame at each level of a deep query.
            return " AND ".join(map(_grouped, parts, repeat((And, Or))))
        case Or(parts=parts):
            return " OR ".join(map(_grouped, parts, repeat((Or,))))
        case Not(part=part):
            return f"NOT {_grouped(part, (And, Or))}"
        case Everything():
            return "*"
        case Bound(field=field, op=op, number=number):
            return f"{field}:{op}{_duration(number) if field == 'age' else number}"
        case Dated(field=field, at=seconds):
            return f"{field}:{show_date(seconds)}"
        case Pattern(field=field, text=text):
            escaped = ESCAPED.sub(lambda m: r"\/" if m[0] == "/" else m[0], text)
            return f"{field}:/{escaped}/" if field else f"/{escaped}/"
        case Term(field=field, text=text, prefix=prefix):
            written = text if _stands_bare(text, field) else f'"{text}"'
            return (f"{field}:" if field else "") + written + ("*" if prefix else "")


def _grouped(node: Node, loose: tuple[type[And] | type[Or], ...]) -> str:
    return f"({unparse(node)})" if isinstance(node, loose) else unparse(node)


def _stands_bare(text: str, field: str) -> bool:
    return (
        WORD.fullmatch(text) is not None
        and text not in JOINERS
        and text[0] not in "-/"
        and text[-1] != "*"
        and (field != "" or FIELD.match(text) is None)
    )


def _duration(seconds: int) -> str:
    unit = next((unit for unit, size in UNITS.items() if seconds and seconds % size == 0), "s")
    return f"{seconds // UNITS[unit]}{unit}"


def show_date(seconds: int) -> str:
    """Return UTC seconds as queries write them: the day alone when it is midnight.

    >>> show_date(0), show_date(60)
    ('1970-01-01', '1970-01-01T00:01:00Z')
    """
    moment = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
    return moment.date().isoformat() if seconds % 86_400 == 0 else f"{moment.isoformat()}Z"
