"""Pages as bytes: templates, and nothing of them but the store and feeds.yaml decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aggregator.core.credits import by_outlet, outlet
from aggregator.core.dates import day_in_words, minute_in_words, rfc3339
from aggregator.core.outgoing import headline
from aggregator.core.text import clean_line
from aggregator.core.urls import safe_link
from aggregator.flow.kit import Kit
from aggregator.formats.opml import write_opml
from aggregator.formats.writing import mailbox
from aggregator.model.feed import Feed, Outline, OutlineList
from aggregator.web.answers import version_of
from aggregator.web.publishers import BotView
from aggregator.web.telling import StoryPage
from aggregator.web.views import ArchiveView, Section, TopicView

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach whoever runs the site; `href` is None for what is neither mail nor web."""

    text: str
    href: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands on every page. `base` and `root` have no slash at the end."""

    title: str
    base: str
    root: str  # the path our addresses begin with, "" at the top of a host
    contact: Contact | None
    files: dict[str, str]  # static files by name, with the version of each in its address
    sections: tuple[Section, ...] = ()

    def here(self, url: str) -> str:
        """Return an address of ours without its host, so that a page works wherever it is served.

        Addresses of others stay as they are.
        """
        return (
            f"{self.root}{url.removeprefix(self.base)}" if url.startswith(f"{self.base}/") else url
        )


def frame(kit: Kit, sections: tuple[Section, ...] = ()) -> Frame:
    """Return what every page of this site has."""
    site, root = kit.settings.site, root_of(kit.base)
    return Frame(
        title=headline(site.title) or "News desk",
        base=kit.base,
        root=root,
        contact=_contact(site.contact),
        files={
            name: f"{root}/static/{name}?v={version_of(body)}"
            for name, (body, _) in static_files().items()
        },
        sections=sections,
    )


def root_of(base: str) -> str:
    """Return the path in which our addresses lie.

    >>> root_of("https://example.org/news"), root_of("https://example.org")
    ('/news', '')
    """
    return urlsplit(base).path.rstrip("/")


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Return our own files, each with its content type; nothing else is ever read from disk."""
    types = {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
    folder = HERE / "static"
    return {
        path.name: (path.read_bytes(), types[path.suffix])
        for path in sorted(folder.iterdir())
        if path.suffix in types
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Makes pages of what they tell."""

    kit: Kit
    sections: tuple[Section, ...] = ()

    def index(self, topics: tuple[TopicView, ...]) -> bytes:
        """Return the front page."""
        return self._html("index.html", topics=topics)

    def topic(self, topic: TopicView) -> bytes:
        """Return a topic's page."""
        return self._html("topic.html", topic=topic)

    def archive(self, archive: ArchiveView) -> bytes:
        """Return the page of a closed stretch of a topic."""
        return self._html("archive.html", archive=archive)

    def story(self, story: StoryPage) -> bytes:
        """Return a story's page."""
        return self._html("story.html", story=story)

    def bot(self, told: BotView) -> bytes:
        """Return the page for publishers whose feeds we poll."""
        return self._html("bot.html", told=told, net=self.kit.settings.net)

    def letters(self, step: str, told: object) -> bytes:
        """Return a page about a topic's letters: the form, what came of it, a question."""
        return self._html("letters.html", step=step, told=told)

    def message(self, title: str, text: str) -> bytes:
        """Return a page that says why there is no page."""
        return self._html("message.html", heading=title, text=text)

    def _html(self, template: str, **told: object) -> bytes:
        site = frame(self.kit, self.sections)
        return _templates().get_template(template).render(site=site, **told).encode()


def topics_opml(kit: Kit, topics: tuple[TopicView, ...]) -> bytes:
    """Return our topics as a list of feeds."""
    site = frame(kit)
    outlines = (
        Outline(url=each.feeds[0].url, title=each.title, site_url=f"{kit.base}/topics/{each.slug}")
        for each in topics
    )
    return _opml(f"{site.title}: topics", outlines)


def sources_opml(kit: Kit, topic: TopicView) -> bytes:
    """Return the public feeds a topic's items are owed to, as a list of feeds."""
    outlines = (
        Outline(url=feed.spec.url, title=outlet(feed), site_url=feed.site_url)
        for feed in topic.sources
    )
    return _opml(f"{topic.title}: sources", outlines)


def _opml(title: str, outlines: Iterable[Outline]) -> bytes:
    return write_opml(OutlineList(title=title, outlines=tuple(outlines)))


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        minute=minute_in_words, day=day_in_words, iso=rfc3339, outlet=outlet, site_link=site_link
    )
    templates.filters.update(safe_link=safe_link, size=size, percent=percent, count=count)
    templates.filters.update(by_outlet=by_outlet)
    return templates


def site_link(feed: Feed) -> str | None:
    """Return the address of a feed's site, if it is one that can be given."""
    return safe_link(feed.site_url) if feed.site_url else None


def size(bytes: float) -> str:
    """Return an amount of bytes as people read it.

    >>> size(999), size(1_500), size(2_000_000_000)
    ('999 B', '1.5 kB', '2 GB')
    """
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if bytes >= one:
            return f"{bytes / one:.3g} {unit}"
    return f"{bytes:g} B"


def percent(share: float | None) -> str:
    """Return a share as people read it, and a dash for that of nothing.

    >>> percent(0.934), percent(None)
    ('93 %', '–')
    """
    return "–" if share is None else f"{share * 100:.0f} %"


def count(number: int) -> str:
    """Return a number with its thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def _contact(said: str | None) -> Contact | None:
    text = clean_line(said or "", limit=200)
    if not text:
        return None
    href = f"mailto:{text}" if mailbox(text) else safe_link(text)
    return Contact(text=text, href=href)
