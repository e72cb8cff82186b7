"""The whole public side as files that any web server can serve."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from aggregator import __version__
from aggregator.flow.kit import Kit
from aggregator.formats.rendering import pack, pack_zstd
from aggregator.model.settings import Settings
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx
from aggregator.web.answers import version_of
from aggregator.web.files import site_folder
from aggregator.web.pages import HERE, frame, static_files
from aggregator.web.publishers import bot_view
from aggregator.web.site import page_at
from aggregator.web.views import SLUG, sections

REST = 20  # times as long as the last look took …
LONGEST_REST = 30.0  # … and no longer: what is withdrawn is gone within a minute
ROOMS = ("core", "formats", "model", "web")  # whose code a page comes of, beside its templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many files the site has, and how many of them were written or removed just now."""

    files: int
    changed: int
    removed: int


class Keeper:
    """Keeps the folder of `site.out` in step with the store.

    Each poll writes to the store, and a look at a large site takes a second: after each look it
    rests, so that it takes no more than a twentieth of a processor.
    """

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._seen: tuple[Settings, int] | None = None
        self._rests_until = 0.0

    def keep_up(self, kit: Kit) -> Written | None:
        """Write what changed since the last turn; None: no such folder, nobody wrote, or a rest.

        Raises as `write_site` does; the next turn tries again.
        """
        out, began = kit.settings.site.out, self._seconds()
        if out is None or began < self._rests_until:
            return None
        seen = (kit.settings, kit.store.version())
        if seen == self._seen:
            return None
        written = write_site(kit, out, on_file=lambda name: None)
        ended = self._seconds()
        self._seen, self._rests_until = seen, ended + min(REST * (ended - began), LONGEST_REST)
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A file's bytes, with those already packed where they are kept."""

    body: bytes
    gzip: bytes | None = None
    zstd: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A file that may be: its name, what it would be made from, and how."""

    name: str
    mark: str
    make: Callable[[], _Made | None]


def write_site(kit: Kit, out: Path, *, on_file: Callable[[str], None]) -> Written:
    """Write what the web server would serve below `out`, each file with `.gz` and `.zst` beside.

    All of it shows one moment of the store, whatever a daemon writes meanwhile. What would be made
    from the same as last time is neither made nor written again. A page lies at `index.html` in a
    folder of its own, so its address is the one the web server uses. `on_file` is told each name.
    Raises `UsageError` or `StoreError` with the path that could not be written; what was there
    before is then still whole.
    """
    with kit.store.read() as tx, site_folder(out) as folder:
        plans = list(_plans(tx, kit))
        folder.expect(plan.name for plan in plans)
        for plan in plans:
            if not folder.is_kept(plan.name, plan.mark):
                made = plan.make()
                if made is None:
                    folder.leave_out(plan.name, plan.mark)
                else:
                    packed = {
                        ".gz": made.gzip or pack(made.body),
                        ".zst": made.zstd or pack_zstd(made.body),
                    }
                    folder.put(plan.name, made.body, mark=plan.mark, packed=packed)
            if folder.is_there(plan.name):
                on_file(plan.name)
        removed = folder.sweep()
    return Written(files=folder.files, changed=folder.changed, removed=removed)


def _plans(tx: Tx, kit: Kit) -> Iterator[_Plan]:
    """Yield every file: our own first, then feeds, then pages, those that others link to first."""
    for name, (body, _) in static_files().items():
        yield _Plan(name=f"static/{name}", mark=version_of(body), make=_Ready(body))
    for path, etag in tx.publications.paths().items():
        yield _Plan(name=path, mark=etag.strip('"'), make=_Document(tx, path))
    everywhere = repr((frame(kit, sections(tx)), kit.settings.site, renderer()))
    for path, told in _pages(tx, kit):
        mark = blake2b(f"{everywhere}\n{told}".encode(), digest_size=12).hexdigest()
        yield _Plan(name=_file_of(path), mark=mark, make=_Page(tx, kit, path))


def _pages(tx: Tx, kit: Kit) -> Iterator[tuple[str, str]]:
    """Yield the addresses of pages and lists, each with what tells whether it would be another."""
    marks = tx.marks.site(kit.clock())
    for public_id, mark in marks.stories.items():
        yield f"/stories/{public_id}", mark
    listed = []
    for topic in tx.topics.all():
        slug, mark = topic.spec.slug, marks.topics.get(topic.id, "")
        if topic.status is TopicStatus.REMOVED or not SLUG.fullmatch(slug):
            continue
        for (topic_id, number), closed in marks.archives.items():
            if topic_id == topic.id:
                yield f"/topics/{slug}/archive/{number}", closed
        yield f"/topics/{slug}", mark
        yield f"/topics/{slug}.opml", mark
        listed.append(mark)
    yield "/topics.opml", repr(listed)
    yield "/bot", repr((bot_view(tx, kit, sought=None, searchable=False), kit.settings.net))
    yield "/", repr(listed)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Bytes that need no making."""

    body: bytes

    def __call__(self) -> _Made:
        return _Made(body=self.body)


@dataclass(frozen=True, slots=True)
class _Document:
    """A published document, packed when it was made."""

    tx: Tx
    path: str

    def __call__(self) -> _Made | None:
        kept = self.tx.publications.document(self.path)
        return None if kept is None else _Made(body=kept.body, gzip=kept.gzip, zstd=kept.zstd)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page or a list; None where none stands that is worth a file."""

    tx: Tx
    kit: Kit
    path: str

    def __call__(self) -> _Made | None:
        page = page_at(self.tx, self.kit, self.path, served=False)
        return _Made(body=page.body) if page is not None and page.status == 200 else None


@cache
def renderer() -> str:
    """Return a word for the program that makes pages: another one may make others of the same."""
    word = blake2b(__version__.encode(), digest_size=12)
    places = [HERE.parent / room for room in ROOMS]
    for path in sorted(path for place in places for path in place.rglob("*")):
        if path.suffix in (".py", ".html"):
            word.update(path.read_bytes())
    return word.hexdigest()


def _file_of(path: str) -> str:
    """Return the file a plain file server answers a path with.

    >>> _file_of("/"), _file_of("/topics/science"), _file_of("/topics.opml")
    ('index.html', 'topics/science/index.html', 'topics.opml')
    """
    name = path.removeprefix("/")
    if name.endswith(".opml"):
        return name
    return f"{name}/index.html".removeprefix("/")
