"""Search stored entries by the one query language."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.query import (
    And,
    Bound,
    Dated,
    Everything,
    Leaf,
    Node,
    Not,
    Or,
    Pattern,
    as_of,
    parse_query,
    show_date,
    terms,
)
from aggregator.errors import QueryError
from aggregator.flow.kit import Kit
from aggregator.model.entry import EntryView
from aggregator.ports import Tx

BODIES_REACH = 7 * 86_400  # seconds back that bodies are read where nothing else bounds them
PATIENCE = 60.0  # seconds for an editor's search


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, newest published first, and what should be known of how."""

    entries: tuple[EntryView, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What somebody's search may cost, who is no editor of ours."""

    length: int = 1_000  # characters of the query
    patterns: int = 5  # regular expressions in it
    seconds: float = 2.0


def search(
    kit: Kit, query: str, *, limit: int = 50, public: bool = False, bounds: Bounds | None = None
) -> Found:
    """Find the newest entries that match. Raises `QueryError` with the position, `StoreSlow`.

    An entry that is withdrawn is not found, with `public` none of a feed with a login either.
    With `bounds` bodies are read of the last days alone, unless the indexes leave few to read.
    """
    now = int(kit.clock())
    asked = as_of(parse_query(query), now)
    if bounds is not None:
        _refuse_costly(query, asked, bounds)
    seconds = PATIENCE if bounds is None else bounds.seconds
    with kit.store.read() as tx:
        if bounds is None:
            node, notes = within_reach(asked, now)
        else:
            node, notes = _within_sight(tx, asked, now, seconds)
        ids = tx.searching.find(node, limit=limit, public=public, seconds=seconds)
        return Found(entries=tx.entries.views(ids), notes=notes)


def _refuse_costly(query: str, node: Node, bounds: Bounds) -> None:
    if len(query) > bounds.length:
        problem = f"a query has at most {bounds.length:,} characters here"
        raise QueryError(problem, query=query, position=bounds.length)
    patterns = [leaf for leaf in terms(node) if isinstance(leaf, Pattern)]
    if len(patterns) > bounds.patterns:
        problem = f"a query has at most {bounds.patterns} patterns here"
        raise QueryError(problem, query=query, position=patterns[bounds.patterns].position)


def _within_sight(tx: Tx, node: Node, now: int, seconds: float) -> tuple[Node, tuple[str, ...]]:
    """Return the query, bounded to some days where it would read more than a few bodies.

    What stands beside a `body:` counts by how few entries it leaves, not by what it is: words
    that many entries have would leave a million to read.
    """
    reads = any(map(_reads_bodies, terms(node)))
    if not reads or tx.searching.is_narrow(node, seconds=seconds):
        return node, ()
    since = now - BODIES_REACH
    note = (
        f"body: and words: were asked of entries since {show_date(since - since % 60)} alone; "
        "add a word, a tag or a feed that few entries have to look further back"
    )
    return And(parts=(Dated(field="after", at=since), node)), (note,)


def _reads_bodies(leaf: Leaf) -> bool:
    return isinstance(leaf, Bound) or getattr(leaf, "field", "") == "body"


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
