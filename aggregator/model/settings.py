"""What feeds.yaml says, checked and complete: every default is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.model.feed import FeedSpec, Rights
from aggregator.model.gazetteer import Gazetteer
from aggregator.model.grain import Grain
from aggregator.model.lists import ListSpec
from aggregator.model.topic import TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who we are to the world. Without a real `url` the manners before set-up hold (DESIGN §7)."""

    title: str = "News desk"
    url: str | None = None  # no trailing slash
    contact: str | None = None
    proxies: tuple[str, ...] = ()  # addresses and networks whose X-Forwarded-For is believed
    hub: str = "own"  # who pushes our changes: own, none, or the address of an outside hub
    pings: tuple[str, ...] = ()  # rssCloud servers that are told of changes
    out: Path | None = None  # a folder that holds the public side as files

    @property
    def is_set_up(self) -> bool:
        """Whether `url` is a real public address of ours."""
        if self.url is None:
            return False
        host = self.url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
        name = host.split(":", 1)[0].lower()
        labels = name.split(".")
        example = labels[-1] in {"example", "test", "invalid", "localhost"} or labels[-2:-1] == [
            "example"
        ]
        return not example and not name.startswith("127.") and name != "[" and "." in name


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for a feed that does not say otherwise. Seconds."""

    every: int | None = None  # None: learnt (`auto`)
    keep: int = 90 * 86400
    rights: Rights = Rights.EXCERPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """How we ask. Seconds and bytes.

    `allow` names private host:port or CIDR that our feeds may lie at, `callbacks` those that
    strangers may have our hub call.
    """

    workers: int = 32
    per_host: int = 1
    spacing: float = 1.0
    timeout: float = 20.0
    max_body: int = 15_000_000
    allow: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSpec:
    """A dated column: any of the patterns (field, RE2 pattern) tells it, in the named feeds."""

    name: str
    feeds: tuple[str, ...] = ()  # names; empty: any feed
    any: tuple[tuple[str, str], ...] = ()  # field: title, body, category, author, url


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterBox:
    """How letters go out: by which server, from whom, at what time of the day."""

    smtp: str  # env:NAME or file:PATH, which hold smtp://… or smtps://…
    sender: str  # "Lane Desk <letters@example.org>"
    at: int = 7 * 3600  # seconds after midnight
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the file says, and where it lies."""

    path: Path | None = None  # of feeds.yaml; None: made in memory (the demo)
    site: Site = field(default_factory=Site)
    store: str = "db/aggregator.db"  # absolute path, or postgresql://…
    defaults: Defaults = field(default_factory=Defaults)
    feeds: tuple[FeedSpec, ...] = ()
    lists: tuple[ListSpec, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # publishers' → tags
    gazetteers: tuple[Gazetteer, ...] = ()
    series: tuple[SeriesSpec, ...] = ()
    net: Net = field(default_factory=Net)
    window: int = 72 * 3600
    grain: Grain = Grain.NORMAL
    tracking: tuple[str, ...] = ()  # parameters of addresses, beside those listed: name or prefix*
    topics: tuple[TopicSpec, ...] = ()
    letters: LetterBox | None = None  # None: nobody gets any
    text: str = field(default="", compare=False, repr=False)  # of the file, as it was read
