"""Search stored entries by the one query language."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.query import (
    And,
    Bound,
    Dated,
    Everything,
    Node,
    Not,
    Or,
    as_of,
    parse_query,
    show_date,
    terms,
)
from aggregator.flow.kit import Kit
from aggregator.model.entry import EntryView

BODIES_REACH = 7 * 86_400  # seconds back that bodies are read where nothing else bounds them


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, newest published first, and what should be known of how."""

    entries: tuple[EntryView, ...]
    notes: tuple[str, ...] = ()


def search(kit: Kit, query: str, *, limit: int = 50, public: bool = False) -> Found:
    """Find the newest entries that match. Raises `QueryError` with the position.

    An entry that is withdrawn is not found, with `public` none of a feed with a login either.
    """
    now = int(kit.clock())
    node, notes = within_reach(as_of(parse_query(query), now), now)
    with kit.store.read() as tx:
        ids = tx.searching.find(node, limit=limit, public=public)
        return Found(entries=tx.entries.views(ids), notes=notes)


def within_reach(node: Node, now: int) -> tuple[Node, tuple[str, ...]]:
    """Return the query, bounded to some days where it would read every body, and what was done.

    Bodies are read one by one: a `body:` needs another term beside it, or a date to begin at.
    """
    if not any(getattr(leaf, "field", "") == "body" for leaf in terms(node)) or _bounds(node):
        return node, ()
    since = now - BODIES_REACH
    note = (
        f"body: was asked of entries since {show_date(since - since % 60)} alone; "
        "add a word, a field or after: to look further back"
    )
    return And(parts=(Dated(field="after", at=since), node)), (note,)


def _bounds(node: Node) -> bool:
    """Whether few bodies need be read for what it asks: something else has to hold as well."""
    match node:
        case And(parts=parts):
            return any(_bounds(part) for part in parts)
        case Or(parts=parts):
            return all(_bounds(part) for part in parts)
        case Not() | Bound() | Everything():
            return False
        case Dated(field=field):
            return field == "after"
        case leaf:
            return leaf.field != "body"
