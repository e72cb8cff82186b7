"""What stands at each public address; the web server and the static site both ask here."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from aggregator import __version__
from aggregator.core.dates import rfc3339
from aggregator.core.health import DAYS
from aggregator.flow.kit import Kit
from aggregator.model.topic import TopicStatus
from aggregator.ports import Tx
from aggregator.web import pages
from aggregator.web.answers import HTML
from aggregator.web.publishers import bot_view, sought_host
from aggregator.web.telling import Missing, Moved, story_page
from aggregator.web.views import (
    ON_INDEX,
    ON_TOPIC,
    SLUG,
    archive_view,
    find_topic,
    sections,
    status,
    topic_view,
    topic_views,
)

OPML = "text/x-opml; charset=utf-8"
JSON = "application/json"
SEARCH = "?host="
NUMBER = re.compile(r"[1-9][0-9]{0,8}")  # of an archive
NOWHERE = "-"  # no host is called so


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands at an address: bytes, or where they went."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    location: str | None = None
    form: bool = False  # whether it asks people something


def page_at(tx: Tx, kit: Kit, path: str, *, served: bool = True) -> Page | None:
    """Return the page or list at a path such as "/topics/global-lane"; None: there is none.

    "/bot?host=…" is a search. A page that is not `served` but kept as a file has none.
    """
    now = kit.clock()
    path, _, sought = path.partition(SEARCH)
    match path.split("/")[1:]:
        case [""]:
            return Page(body=press(tx, kit).index(topic_views(tx, kit, now, most=ON_INDEX)))
        case ["bot"]:
            told = bot_view(tx, kit, sought=sought or None, searchable=served)
            return Page(body=press(tx, kit).bot(told), form=served)
        case ["topics.opml"]:
            listed = topic_views(tx, kit, now, most=0)
            return Page(body=pages.topics_opml(kit, listed), content_type=OPML)
        case ["topics", name]:
            return _topic(tx, kit, name, now)
        case ["topics", slug, "archive", number]:
            return _archive(tx, kit, slug, number, now)
        case ["stories", public_id]:
            return _story(tx, kit, public_id, now)
    return None


def press(tx: Tx, kit: Kit) -> pages.Press:
    """Return what makes the pages of this site, with its topics in the bar on top of each."""
    return pages.Press(kit=kit, sections=sections(tx))


def search_path(said: str) -> str:
    """Return the path of the page for publishers that tells of one host.

    >>> search_path("https://Example.org/feed"), search_path("<>")
    ('/bot?host=example.org', '/bot?host=-')
    """
    return f"/bot{SEARCH}{sought_host(said) or NOWHERE}"


def not_found(kit: Kit) -> bytes:
    """Return the page for an address at which nothing stands."""
    text = "The address may be mistyped, or the page may have been moved."
    return pages.Press(kit=kit).message("Nothing stands here", text)


def status_json(tx: Tx, kit: Kit) -> bytes:
    """Return the figures of /status.json."""
    told = status(tx, kit.clock())
    value = {
        "version": __version__,
        "feeds": {
            "polled": told.feeds,
            "failing": told.failing,
            "last_poll": _at(told.last_poll_at),
            "pushed": told.pushed,
        },
        "hub": _hub(tx, kit),
        "letters": asdict(tx.letters.figures(kit.clock())),
        "webhooks": _webhooks(tx),
        "entries": told.entries,
        "asked": {"days": DAYS, **asdict(told.asked)},
        "topics": [
            {"slug": slug, "published": published, "last_item": _at(last)}
            for slug, published, last in told.topics
        ],
    }
    return json.dumps(value, indent=2).encode() + b"\n"


def _hub(tx: Tx, kit: Kit) -> dict[str, object]:
    told = asdict(tx.hub.figures(kit.clock()))
    oldest = told.pop("oldest")
    return {**told, "oldest": _at(None if oldest is None else int(oldest))}


def _webhooks(tx: Tx) -> dict[str, object]:
    """Return how many there are and how they fare; never whose they are."""
    told = asdict(tx.hooks.figures())
    oldest = told.pop("oldest")
    named = (each.spec.webhooks for each in tx.topics.all(TopicStatus.ACTIVE))
    return {
        "named": sum(map(len, named)),
        **told,
        "oldest": _at(None if oldest is None else int(oldest)),
    }


def _at(seconds: int | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)


def _topic(tx: Tx, kit: Kit, name: str, now: float) -> Page | None:
    slug = name.removesuffix(".opml")
    topic = find_topic(tx, slug)
    if topic is None:
        return _former(tx, kit, slug, name.removeprefix(slug))
    if name == slug:
        return Page(body=press(tx, kit).topic(topic_view(tx, kit, topic, now, most=ON_TOPIC)))
    listed = topic_view(tx, kit, topic, now, most=0)
    if not listed.sources:
        return None  # importers take a list without a feed for a broken one
    return Page(body=pages.sources_opml(kit, listed), content_type=OPML)


def _archive(tx: Tx, kit: Kit, slug: str, number: str, now: float) -> Page | None:
    if not NUMBER.fullmatch(number):
        return None
    topic = find_topic(tx, slug)
    if topic is None:
        return _former(tx, kit, slug, f"/archive/{number}")
    view = archive_view(tx, kit, topic, int(number), now)
    return None if view is None else Page(body=press(tx, kit).archive(view))


def _former(tx: Tx, kit: Kit, slug: str, rest: str) -> Page | None:
    """Return where a topic went that had this slug; `rest` of its address stays the same."""
    former = tx.publications.former(slug) if SLUG.fullmatch(slug) else None
    if former is None:
        return None
    if former.now is None:
        text = "This topic was removed for good. What it told belongs to its sources."
        return Page(body=press(tx, kit).message("This topic is gone", text), status=410)
    where = f"{pages.root_of(kit.base)}/topics/{former.now}{rest}"
    body = press(tx, kit).message("Moved", "This topic goes by another name now.")
    return Page(body=body, status=301, location=where)


def _story(tx: Tx, kit: Kit, public_id: str, now: float) -> Page | None:
    found = story_page(tx, kit, public_id, now)
    if isinstance(found, Moved):
        where = f"{pages.root_of(kit.base)}/stories/{found.public_id}"
        text = "This story is part of another one now."
        body = press(tx, kit).message("Told elsewhere", text)
        return Page(body=body, status=301, location=where)
    if found is Missing.WITHDRAWN:
        text = "This story was withdrawn, at the wish of its publisher or of the editors."
        return Page(body=press(tx, kit).message("Withdrawn", text), status=410)
    if isinstance(found, Missing):
        return None
    return Page(body=press(tx, kit).story(found))
