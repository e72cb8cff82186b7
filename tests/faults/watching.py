"""A reader of a published site that never sleeps, and notes every file that was not whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

from lxml import etree


class Watcher:
    """Reads every file below a folder, over and over, from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = Event()
        self._thread = Thread(target=self._watch)
        self.torn: list[str] = []
        self.reads = 0

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            for path in sorted(self._folder.rglob("*")):
                if self._stop.is_set():
                    return
                try:
                    if path.name.startswith(".") or not path.is_file():
                        continue
                    body = path.read_bytes()
                except FileNotFoundError:
                    continue  # removed meanwhile: gone as a whole, too
                self.reads += 1
                if (problem := what_is_wrong(path.name, body)) is not None:
                    self.torn.append(f"{path.name}: {problem}")


def what_is_wrong(name: str, body: bytes) -> str | None:
    """Return why these bytes are no whole file of this name; None when they are."""
    try:
        if name.endswith(".gz"):
            return what_is_wrong(name.removesuffix(".gz"), gzip.decompress(body))
        if name.endswith((".atom", ".rss", ".opml")):
            etree.fromstring(body)
        elif name.endswith(".json"):
            json.loads(body)
        elif name.endswith(".html") and not body.rstrip().endswith(b"</html>"):
            return "no end"
    except (ValueError, OSError, EOFError, etree.XMLSyntaxError) as error:
        return f"{type(error).__name__}: {error}"
    return None if body else "empty"


def unequal_pairs(folder: Path) -> list[str]:
    """Return the files whose `.gz` holds other bytes."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.gz"))
        if gzip.decompress(path.read_bytes()) != path.with_suffix("").read_bytes()
    ]
