"""The newsroom's drawer: the articles packaged under `texts/`, one file per outlet."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from aggregator.demo.outlets import OUTLETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The same article in another outlet: by link (`query`) or as a reprint (`title`)."""

    outlet: str
    query: str | None = None  # tracking parameters put on the original's address
    title: str | None = None  # the reprint's own headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One written text. `hours_ago` is set when it is out before the newsroom opens."""

    outlet: str
    slug: str
    title: str
    by: str
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]
    hours_ago: float | None = None
    column: bool = False  # an instalment of Global Lane: its headline is made of the day
    keywords: str = ""  # the column's closing field
    copies: tuple[Copy, ...] = ()
    misprint: tuple[str, str] | None = None  # what is right, and what stands in its place at first


@cache
def articles() -> tuple[Article, ...]:
    """Return every written article, outlet by outlet, in the order of the files."""
    return tuple(
        _article(outlet.key, told)
        for outlet in OUTLETS
        if not outlet.gone
        for told in _texts(outlet.key)
    )


def slug_of(title: str) -> str:
    """Return a headline as it stands in an address.

    >>> slug_of("The town's ships, & a cheaper loaf!")
    'the-towns-ships-a-cheaper-loaf'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")


def _texts(key: str) -> list[dict[str, Any]]:
    packaged = resources.files("aggregator.demo").joinpath("texts", f"{key}.toml")
    told: list[dict[str, Any]] = tomllib.loads(packaged.read_text("utf-8"))["article"]
    return told


def _article(outlet: str, told: dict[str, Any]) -> Article:
    fields = dict(told)
    paragraphs = (" ".join(part.split()) for part in fields.pop("text").split("\n\n"))
    return Article(
        outlet=outlet,
        tags=tuple(fields.pop("tags")),
        paragraphs=tuple(part for part in paragraphs if part),
        copies=tuple(Copy(**copy) for copy in fields.pop("copies", ())),
        misprint=tuple(fields.pop("misprint", ())) or None,
        **fields,
    )
