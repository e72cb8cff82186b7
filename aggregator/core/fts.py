"""What a query lets SQLite's full-text search do: a first, wide look for it."""

from __future__ import annotations

from aggregator.core.query import And, Node, Or, Term
from aggregator.core.text import tokens

MAX_PHRASE = 32  # tokens of a phrase; a longer one is looked for by its beginning
MAX_DEPTH = 8  # parentheses inside one another; FTS5's own parser ends at a few dozen
MAX_WIDTH = 200  # terms side by side


def fts_expression(node: Node) -> str | None:
    """Return an FTS5 expression that every entry the query is true of satisfies, or None.

    It may let more through, never less: what it finds is then asked with `rules.matches`. The
    table has two columns, title and summary, that hold `" ".join(tokens(text))`; its tokenizer
    is `unicode61 remove_diacritics 0`. None: the query gives nothing to narrow by, as a NOT, a
    tag or a body alone.

    >>> from aggregator.core.query import parse_query
    >>> fts_expression(parse_query('tag:world (title:Grain OR "the corridor") NOT horoscope'))
    '(title : "grain") OR ("the corridor")'
    """
    return _expression(node, 0)


def fts_whole(node: Node) -> str | None:
    """Return an FTS5 expression of exactly the entries the query is true of, or None.

    None: there is more in it than words of title and summary side by side, or too much.

    >>> from aggregator.core.query import parse_query
    >>> fts_whole(parse_query("title:Grain OR corr*")), fts_whole(parse_query("grain tag:world"))
    ('(title : "grain") OR ("corr"*)', None)
    """
    return _expression(node, 0) if _is_whole(node, 0) else None


def _is_whole(node: Node, depth: int) -> bool:
    match node:
        case Term(field="" | "title", text=text):
            return len(tokens(text)) <= MAX_PHRASE
        case And(parts=parts) | Or(parts=parts):
            if depth >= MAX_DEPTH or len(parts) > MAX_WIDTH:
                return False
            return all(_is_whole(part, depth + 1) for part in parts)
    return False


def _expression(node: Node, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return None
    match node:
        case Term(field="", text=text, prefix=prefix):
            return _phrase(text, prefix)
        case Term(field="title", text=text, prefix=prefix):
            return f"title : {_phrase(text, prefix)}"
        case And(parts=parts):
            # Leaving parts out only widens an AND.
            narrowing = [found for part in parts if (found := _expression(part, depth + 1))]
            return _joined(" AND ", narrowing[:MAX_WIDTH])
        case Or(parts=parts):
            either = [_expression(part, depth + 1) for part in parts[: MAX_WIDTH + 1]]
            if len(either) > MAX_WIDTH or None in either:
                return None
            return _joined(" OR ", [found for found in either if found])
    return None


def _phrase(text: str, prefix: bool) -> str:
    words = tokens(text)
    ends = "*" if prefix and len(words) <= MAX_PHRASE else ""
    return f'"{" ".join(words[:MAX_PHRASE])}"{ends}'


def _joined(glue: str, parts: list[str]) -> str | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return glue.join(f"({part})" for part in parts)
