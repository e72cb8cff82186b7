"""Queries a little wider than a rule: what they find beside it are its near misses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aggregator.core.query import WORD_FIELDS, And, Node, Not, Or, Term, unparse
from aggregator.core.text import tokens

MOST = 12  # wider queries of one rule: each is asked of the store
STEM = 4  # letters of a word that stay when its ending may be another


def near_misses(node: Node) -> tuple[tuple[Node, str], ...]:
    """Return queries that hold where the rule fails by one clause, each with that clause.

    All clauses of an AND but one; of words, some of them, the same words in the title or the
    summary instead of a single one of these, or another ending.
    """
    found: dict[str, tuple[Node, str]] = {}
    for wider, clause in _wider(node):
        query = And(parts=(wider, Not(part=node)))
        found.setdefault(unparse(query), (query, clause))
    return tuple(found.values())[:MOST]


def _wider(node: Node) -> Iterator[tuple[Node, str]]:
    match node:
        case And(parts=parts):
            for at, part in enumerate(parts):
                rest = (*parts[:at], *parts[at + 1 :])
                if any(not isinstance(each, Not) for each in rest):
                    yield (rest[0] if len(rest) == 1 else And(parts=rest)), unparse(part)
        case Or(parts=parts):
            for part in parts:
                yield from _wider(part)
        case Term(field=field, text=text) if field in WORD_FIELDS and field != "body":
            yield from _wider_words(node, text)


def _wider_words(term: Term, text: str) -> Iterator[tuple[Node, str]]:
    words = tokens(text)
    if len(words) > 1:
        some = tuple(Term(field=term.field, text=word) for word in words)
        yield Or(parts=some), unparse(term)
    if term.field in {"title", "summary"}:
        yield replace(term, field=""), unparse(term)
    if len(words) == 1 and not term.prefix and len(words[0]) > STEM:
        stem = words[0][: max(STEM, len(words[0]) - 2)]
        yield replace(term, text=stem, prefix=True), unparse(term)
