"""The whole public side as files that any web server can serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aggregator.flow.kit import Kit
from aggregator.formats.rendering import pack
from aggregator.ports import Tx
from aggregator.web.files import site_folder
from aggregator.web.pages import static_files
from aggregator.web.site import page_at, story_paths, topic_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many files the site has, and how many of them were written or removed just now."""

    files: int
    changed: int
    removed: int


def write_site(kit: Kit, out: Path, *, on_file: Callable[[str], None]) -> Written:
    """Write what the web server would serve below `out`, each file beside its `.gz`.

    All of it shows one moment of the store, whatever a daemon writes meanwhile. A page lies at
    `index.html` in a folder of its own, so its address is the one the web server uses. `on_file`
    is told each name. Raises `UsageError` or `StoreError` with the path that could not be
    written; what was there before is then still whole.
    """
    with kit.store.read() as tx, site_folder(out) as folder:
        folder.expect(set(_names(tx, kit)))
        for name, body, packed in _files(tx, kit):
            folder.put(name, body)
            folder.put(f"{name}.gz", packed)
            on_file(name)
        removed = folder.sweep()
    return Written(files=folder.files, changed=folder.changed, removed=removed)


def _names(tx: Tx, kit: Kit) -> Iterator[str]:
    names = (
        *tx.publications.paths(),
        *(_file_of(path) for path in _page_paths(tx, kit)),
        *(f"static/{name}" for name in static_files()),
    )
    for name in names:
        yield name
        yield f"{name}.gz"


def _files(tx: Tx, kit: Kit) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (name, bytes, gzipped bytes): files first, then feeds, then the pages that link."""
    for name, (body, _) in static_files().items():
        yield f"static/{name}", body, pack(body)
    for path in tx.publications.paths():
        if (document := tx.publications.document(path)) is not None:
            yield path, document.body, document.gzip
    for path in _page_paths(tx, kit):
        page = page_at(tx, kit, path, served=False)
        if page is not None and page.status == 200:
            yield _file_of(path), page.body, pack(page.body)


def _page_paths(tx: Tx, kit: Kit) -> Iterator[str]:
    """Yield the addresses of pages and lists, those that others link to first."""
    yield from story_paths(tx, kit)
    yield from topic_paths(tx)
    yield from ("/topics.opml", "/bot", "/")


def _file_of(path: str) -> str:
    """Return the file a plain file server answers a path with.

    >>> _file_of("/"), _file_of("/topics/science"), _file_of("/topics.opml")
    ('index.html', 'topics/science/index.html', 'topics.opml')
    """
    name = path.removeprefix("/")
    if name.endswith(".opml"):
        return name
    return f"{name}/index.html".removeprefix("/")
