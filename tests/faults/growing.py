"""Feeds that grow and change between polls, and what their documents said when."""

from __future__ import annotations

import hashlib
import random
from email.utils import formatdate
from html import escape
from pathlib import Path

from tests.makers import NOON

FEEDS = 8
SHARED_EVERY = 5  # every so many items several feeds tell the same article


class Growing:
    """Writes RSS documents into a folder that an origin serves; each step adds and revises."""

    def __init__(self, folder: Path, chosen_by: int) -> None:
        self._folder = folder
        self._random = random.Random(chosen_by)
        self._items: dict[str, dict[int, int]] = {f"grow{n}.rss": {} for n in range(FEEDS)}
        self.told: dict[str, frozenset[str]] = {}
        """By the ETag of a document: the guids in it."""
        for name in self._items:
            self._add(name, 8)
            self._write(name)

    @property
    def names(self) -> list[str]:
        return list(self._items)

    def step(self) -> None:
        """Let most feeds tell something new, and some of them something else than before."""
        for name, items in self._items.items():
            if self._random.random() < 0.8:
                self._add(name, self._random.randint(1, 4))
                for number in self._random.sample(sorted(items), 2):
                    items[number] += 1
                self._write(name)

    def titles(self, name: str) -> dict[str, str]:
        """Return by guid the title each item has now."""
        return {f"{name}-{n}": title(name, n, rev) for n, rev in self._items[name].items()}

    def _add(self, name: str, count: int) -> None:
        items = self._items[name]
        for _ in range(count):
            items[len(items)] = 1

    def _write(self, name: str) -> None:
        items = "".join(item(name, number, rev) for number, rev in self._items[name].items())
        body = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>{name}</title><link>https://{name}.example/</link>"
            f"<description>{name}</description>{items}</channel></rss>"
        ).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        self.told[etag] = frozenset(f"{name}-{number}" for number in self._items[name])
        part = self._folder / f".{name}.part"
        part.write_bytes(body)
        part.replace(self._folder / name)


def title(name: str, number: int, rev: int) -> str:
    return f"{name} tells item {number}, text {rev}"


def item(name: str, number: int, rev: int) -> str:
    shared = number % SHARED_EVERY == 0
    page = f"https://shared.example/{number}" if shared else f"https://{name}.example/{number}"
    words = " ".join(f"word{number}of{name}{n}" for n in range(60))
    return (
        f'<item><guid isPermaLink="false">{name}-{number}</guid><link>{page}</link>'
        f"<title>{escape(title(name, number, rev))}</title>"
        f"<description>{words} in text {rev}</description>"
        f"<pubDate>{formatdate(NOON - 60 * number, usegmt=True)}</pubDate></item>"
    )
