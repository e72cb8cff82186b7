"""Which query parameters only tell where a reader came from, and never what a page is.

They are listed by name in `data/tracking.txt`, each with who documents it; feeds.yaml adds an
installation's own (`stories.tracking`). What is not listed may identify a page, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LISTED = Path(__file__).with_name("data") / "tracking.txt"
_SOURCE = re.compile(r"(\S.*) <(https?://[^<>\s]+)>")
_WORD = re.compile(r"[a-z0-9._~-]+\*?|[a-z0-9._~|-]+=[a-z0-9._~|*-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parameters with whoever documents them."""

    maker: str
    source: str  # an address
    words: tuple[str, ...]  # name, prefix*, or name|name=value|value*


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracking:
    """What tracks; one of a kind for the same names, so that caches may go by it."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    values: Mapping[str, re.Pattern[str]]  # for names that track with some values only
    words: tuple[str, ...]  # all of it as written, sorted

    def drops(self, name: str, value: str) -> bool:
        """Return whether a parameter tells nothing of the page.

        >>> listed().drops("utm_source", "x"), listed().drops("ref", "12")
        (True, False)
        """
        name = name.lower()
        if name in self.names or name.startswith(self.prefixes):
            return True
        told = self.values.get(name)
        return told is not None and told.fullmatch(value) is not None


@lru_cache(maxsize=8)
def tracking(own: tuple[str, ...]) -> Tracking:
    """Return what is listed and an installation's own names (`name` or `prefix*`)."""
    listed = (word for group in read_groups(_LISTED.read_text("utf-8")) for word in group.words)
    words = sorted({*listed, *(name.lower() for name in own)})
    values: dict[str, list[str]] = {}
    for word in words:
        names, equals, told = word.partition("=")
        for name in names.split("|") if equals else ():
            values.setdefault(name, []).extend(told.split("|"))
    return Tracking(
        names=frozenset(word for word in words if word[-1] != "*" and "=" not in word),
        prefixes=tuple(word[:-1] for word in words if word[-1] == "*" and "=" not in word),
        values={name: _one_of(told) for name, told in values.items()},
        words=tuple(words),
    )


def listed() -> Tracking:
    """Return what is listed, and nothing of an installation's own."""
    return tracking(())


def read_groups(text: str) -> Iterator[Group]:
    """Yield the groups of a list; ValueError names a line that cannot be read."""
    maker, source, words = "", "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " " and maker:
            words += line.split()
            bad = [word for word in line.split() if not _WORD.fullmatch(word)]
        else:
            if words:
                yield Group(maker=maker, source=source, words=tuple(words))
            found = _SOURCE.fullmatch(line)
            maker, source, words = (found[1], found[2], []) if found else ("", "", [])
            bad = [] if found else [line]
        if bad:
            raise ValueError(f"line {number}: {bad[0]!r} is no parameter and no source")
    if words:
        yield Group(maker=maker, source=source, words=tuple(words))


def _one_of(values: list[str]) -> re.Pattern[str]:
    told = (re.escape(each).replace(r"\*", r"[\w.-]*") for each in values)
    return re.compile("|".join(told), re.IGNORECASE)
