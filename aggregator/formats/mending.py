"""Take items out of a document that stays as it is otherwise, and put them back."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lxml import etree

from aggregator.formats.writing import Format, joined, split
from aggregator.model.publication import PublishedItem, Tombstone

_STONE = b"<at:deleted-entry"  # begins a line behind the head, one for each


def mended(
    kind: Format,
    body: bytes,
    *,
    items: Sequence[PublishedItem],
    gone: Collection[str],
    stones: Sequence[Tombstone],
    order: Sequence[str],
) -> bytes:
    """Return a document of ours with these items as they are now, and without those gone.

    `gone` are their ids; Atom has a tombstone of each that it held and that `stones` has. `order`
    names the ids of all items it may hold, first to last. Every other byte stays; an item that
    cannot be written is left out.
    """
    head, fragments = split(kind, body)
    told = {kind.uri_of(fragment): fragment for fragment in fragments}
    for item in items:
        try:
            told[item.uri] = kind.fragment(item)
        except Exception:  # as in `write`: one bad item never stops a document
            told.pop(item.uri, None)
    buried = [stone for stone in stones if stone.uri in told and stone.uri in gone]
    kept = {uri: fragment for uri, fragment in told.items() if uri not in gone}
    place = {uri: at for at, uri in enumerate(order)}
    uris = sorted(kept, key=lambda uri: place.get(uri, len(place)))

    back = {item.uri for item in items}
    lines = [line for line in head.split(b"\n") if _buried_in(line) not in back]
    if kind.tombstone is not None:
        lines += [kind.tombstone(stone) for stone in buried]
    return joined(kind, b"\n".join(lines), [kept[uri] for uri in uris])


def _buried_in(line: bytes) -> str | None:
    """Return whose tombstone a line is."""
    return etree.fromstring(line).get("ref") if line.startswith(_STONE) else None
