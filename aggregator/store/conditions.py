"""A query as a condition in SQL: its third reading, equal to `rules.matches` on every entry.

Words are asked of the full-text index, labels and dates of their columns. What SQL has no word for
(patterns, hosts, whole bodies) is asked by functions of our own that use the very code of
`core.rules`; they are asked last. The condition is of a row `e` of `entries` and its `f` of
`feeds`; an entry that is withdrawn is in no index, so its answer means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from aggregator.core.drafting import body_from
from aggregator.core.fts import MAX_WIDTH, fts_whole
from aggregator.core.query import (
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
    compile_pattern,
)
from aggregator.core.rules import host_key, label_key, lang_key, needle_of, spaced
from aggregator.core.text import tokens, word_count
from aggregator.core.urls import host_of
from aggregator.store.packing import unpack
from aggregator.store.rows import PLACE
from aggregator.store.sqlite import Connection

MAX_NESTED = 10  # parentheses; the parser of older SQLites ends at about thirty

_BODY = (
    "(SELECT body FROM entry_bodies WHERE entry_id = e.id),"
    " (SELECT body FROM pages WHERE entry_id = e.id), e.summary"
)
# Each name there is, by one look-up in the index each.
_SERIES = (
    "WITH RECURSIVE names (name) AS (SELECT min(series) FROM entry_series UNION ALL"
    " SELECT (SELECT min(series) FROM entry_series WHERE series > name) FROM names"
    " WHERE name IS NOT NULL) SELECT name, name FROM names WHERE name IS NOT NULL"
)
_TEXTS = {"title": "e.title", "summary": "e.summary", "author": "coalesce(e.author, '')"}


_NAMES = {
    "feed": "SELECT id, name FROM feeds",
    "topic": "SELECT id, slug FROM topics",
    "series": _SERIES,
}


class Part(NamedTuple):
    """A condition, how deep its parentheses go, and how dear it is: 0 columns … 2 bodies."""

    sql: str
    nested: int = 0
    cost: int = 0


class Condition:
    """One query's condition: build it with `of`, then read `sql`, `tables` and `values`.

    `scope` is the condition on `e` that bounds what is asked. With `indexed` words are asked of
    the full-text index between the entries `:lo` and `:hi`, else of the texts themselves.
    """

    def __init__(self, conn: Connection, *, scope: str, indexed: bool) -> None:
        self.values: dict[str, object] = {}
        self.tables: list[str] = []  # parts that lie too deep, to stand in a WITH before it
        self._conn, self._scope, self._indexed = conn, scope, indexed

    def of(self, node: Node) -> Part:
        """Return the condition that holds for the entries that the query holds for."""
        if self._indexed and (words := fts_whole(node)):
            return Part(
                "+e.id IN (SELECT rowid FROM entry_words"
                f" WHERE entry_words MATCH {self._bind(words)} AND rowid BETWEEN :lo AND :hi)"
            )
        match node:
            case And(parts=parts):
                told = [self.of(part) for part in self._together(And, parts)]
                return self._joined("AND", sorted(told, key=lambda part: part.cost))
            case Or(parts=parts):
                told = [self.of(part) for part in self._together(Or, parts)]
                return self._joined("OR", sorted(told, key=lambda part: part.cost))
            case Not(part=part):
                inner = self._raised(self.of(part))
                return Part(f"(NOT {inner.sql})", inner.nested + 1, inner.cost)
            case Term(field=name) if name in WORD_FIELDS:
                return self._said(node)
            case Pattern(field=name, text=text) if name in WORD_FIELDS:
                return self._texts(name, "finds", self._bind(text))
            case leaf:
                return self._leaf(leaf)

    def _leaf(self, leaf: Leaf) -> Part:
        match leaf:
            case Term(field="site", text=text):
                host = self._bind(host_key(text))
                return Part(f"on_host({host}, e.url, f.url, f.site_url)", cost=1)
            case Term(field="lang", text=text):
                lang = self._bind(lang_key(text))
                return Part(f"speaks({lang}, coalesce(nullif(e.lang, ''), f.lang, ''))", cost=1)
            case Term(field="has"):
                return Part("coalesce(json_array_length(e.extra, '$.enclosures'), 0) > 0")
            case Bound(op=op, number=number):
                return Part(f"length_of({_BODY}) {op} {self._bind(number)}", cost=2)
            case Dated(field=name, at=moment):
                return Part(f"{PLACE} {'>=' if name == 'after' else '<'} {self._bind(moment)}")
            case Everything():
                return Part("1")
        return self._label(leaf)

    def _label(self, leaf: Term | Pattern) -> Part:
        name = leaf.field
        if name == "feed":
            return Part(f"f.id IN {self._each(named(self._conn, leaf))}")
        if name == "topic":
            ids = self._each(named(self._conn, leaf))
            rows = f"admissions a WHERE a.entry_id = e.id AND a.topic_id IN {ids}"
        elif name == "series":
            ids = self._each(named(self._conn, leaf))
            rows = f"entry_series s WHERE s.entry_id = e.id AND s.series IN {ids}"
        elif isinstance(leaf, Term) and name == "tag":
            rows = f"entry_tags t WHERE t.entry_id = e.id AND t.name = {self._bind_key(leaf)}"
        else:
            rows, value = {
                "tag": ("entry_tags t WHERE t.entry_id = e.id", "t.name"),
                "category": ("json_each(e.extra, '$.categories') c WHERE 1", "c.value"),
            }[name]
            if isinstance(leaf, Pattern):
                rows += f" AND finds({self._bind(leaf.text)}, {value})"
            else:
                rows += f" AND label_key('{name}', {value}) = {self._bind_key(leaf)}"
        return Part(f"EXISTS (SELECT 1 FROM {rows})", cost=int(isinstance(leaf, Pattern)))

    def _said(self, term: Term) -> Part:
        return self._texts(term.field, "says", self._bind(needle_of(term)))

    def _texts(self, name: str, function: str, asked: str) -> Part:
        if name == "body":
            return Part(f"body_{function}({asked}, {_BODY})", cost=2)
        if name == "author" and function == "says":  # most entries name none
            return Part(f"(e.author IS NOT NULL AND says({asked}, e.author))", nested=1, cost=1)
        told = [
            Part(f"{function}({asked}, {_TEXTS[place]})", cost=1)
            for place in ((name,) if name else ("title", "summary"))
        ]
        return self._joined("OR", told)

    def _together(self, kind: type[And] | type[Or], parts: Sequence[Node]) -> Iterator[Node]:
        """Yield the parts, those that the full-text index can tell alone made few."""
        whole: list[Node] = []
        for part in parts:
            if self._indexed and fts_whole(part):
                whole.append(part)
            else:
                yield part
        for at in range(0, len(whole), MAX_WIDTH):
            some = tuple(whole[at : at + MAX_WIDTH])
            as_one: Node = kind(parts=some) if len(some) > 1 else some[0]
            yield from (as_one,) if fts_whole(as_one) else some

    def _joined(self, glue: str, parts: Sequence[Part]) -> Part:
        """Return parts joined as a tree: SQLite refuses a chain of a thousand."""
        if len(parts) == 1:
            return parts[0]
        half = len(parts) // 2
        left, right = (
            self._raised(self._joined(glue, some)) for some in (parts[:half], parts[half:])
        )
        return Part(
            f"({left.sql} {glue} {right.sql})",
            max(left.nested, right.nested) + 1,
            max(left.cost, right.cost),
        )

    def _raised(self, part: Part) -> Part:
        """Return the part; one that lies too deep is made a table of its own, asked first."""
        if part.nested < MAX_NESTED:
            return part
        name = f"q{len(self.tables)}"
        self.tables.append(
            f"{name} (id) AS MATERIALIZED (SELECT e.id FROM entries e"
            f" CROSS JOIN feeds f ON f.id = e.feed_id WHERE {self._scope} AND {part.sql})"
        )
        return Part(f"+e.id IN (SELECT id FROM {name})", cost=part.cost)

    def _each(self, values: Sequence[object]) -> str:
        return f"(SELECT value FROM json_each({self._bind(json.dumps([*values]))}))"

    def _bind_key(self, term: Term) -> str:
        return self._bind(label_key(term.field, term.text))

    def _bind(self, value: object) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def named(conn: Connection, leaf: Term | Pattern) -> list[object]:
    """Return the feeds or topics (their numbers) or series (their names) that a leaf means."""
    rows = conn.execute(_NAMES[leaf.field])
    if isinstance(leaf, Pattern):
        search = compile_pattern(leaf.text)
        return [number for number, name in rows if search(name)]
    key = label_key(leaf.field, leaf.text)
    return [number for number, name in rows if label_key(leaf.field, name) == key]


def teach(conn: Connection) -> None:
    """Make our functions known to a connection."""
    for name, function, takes in _FUNCTIONS:
        conn.create_function(name, takes, function, deterministic=True)


def _says(needle: str, text: str) -> bool:
    return needle in spaced(tokens(text))


def _finds(pattern: str, text: str) -> bool:
    return compile_pattern(pattern)(text)


def _on_host(host: str, url: str | None, feed_url: str, site_url: str | None) -> bool:
    below = f".{host}"
    hosts = (host_of(url or ""), _host(feed_url), _host(site_url or ""))
    return any(one is not None and (one == host or one.endswith(below)) for one in hosts)


@lru_cache(maxsize=4096)
def _host(url: str) -> str | None:
    return host_of(url)


@lru_cache(maxsize=1024)
def _speaks(asked: str, lang: str) -> bool:
    return lang_key(lang).startswith(asked)


@lru_cache(maxsize=8)  # a query may ask one body several things
def _whole(body: bytes | None, page: bytes | None, summary: str) -> str:
    return body_from(unpack(body), summary, unpack(page))


def _body_says(needle: str, body: bytes | None, page: bytes | None, summary: str) -> bool:
    return _says(needle, _whole(body, page, summary))


def _body_finds(pattern: str, body: bytes | None, page: bytes | None, summary: str) -> bool:
    return _finds(pattern, _whole(body, page, summary))


def _length_of(body: bytes | None, page: bytes | None, summary: str) -> int:
    return word_count(_whole(body, page, summary) or summary)


_FUNCTIONS: tuple[tuple[str, Callable[..., str | int], int], ...] = (
    ("says", _says, 2),
    ("finds", _finds, 2),
    ("label_key", label_key, 2),
    ("on_host", _on_host, 4),
    ("speaks", _speaks, 2),
    ("body_says", _body_says, 4),
    ("body_finds", _body_finds, 4),
    ("length_of", _length_of, 3),
)
