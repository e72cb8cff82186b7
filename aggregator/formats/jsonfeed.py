"""JSON Feed 1.1 (jsonfeed.org/version/1.1), with what it has no word for in `_aggregator`.

`_aggregator` of an item holds `story_url` (our page of the story), `sources` (lead first, each
with `title`, `url`, and where known `feed_url`, `home_page_url`, `origin`, `origin_url`), and
where there is one the editor's `note`, the publisher's `licence`, and of an item corrected at its
source when it was `corrected` and the `correction` in words. `_aggregator` of the feed holds its
`id` in every format and when it was `updated`; of an archive that it is an `archive`, where the
feed itself is (`current_url`) and the next newer archive (`newer_url`). The next older one is
JSON Feed's own `next_url`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from aggregator.formats.writing import (
    FRAGMENTS_KEPT,
    Format,
    author_of,
    mailbox,
    moment,
    neighbours,
    write,
)
from aggregator.model.entry import Enclosure
from aggregator.model.publication import Credit, Edition, PublishedItem

VERSION = "https://jsonfeed.org/version/1.1"


def render_json(edition: Edition) -> bytes:
    """Return the edition as a JSON Feed: the same edition, the same bytes; an item a line."""
    return write(FORMAT, edition)[0]


def _head(edition: Edition) -> bytes:
    mail = mailbox(edition.contact)
    addresses = dict(neighbours(edition, "json"))
    head = _said(
        version=VERSION,
        title=edition.title,
        home_page_url=edition.page_url,
        feed_url=edition.address("json"),
        description=edition.about,
        authors=[_said(name=edition.site_title, url=f"mailto:{mail}" if mail else None)],
        language=edition.lang,
        next_url=addresses.get("prev-archive"),
        hubs=[{"type": "WebSub", "url": edition.hub_url}] if edition.hub_url else None,
        _aggregator=_said(
            id=edition.uri,
            updated=moment(edition.updated).isoformat(),
            archive=edition.is_archive or None,
            current_url=addresses.get("current"),
            newer_url=addresses.get("next-archive"),
        ),
    )
    return _bytes(head).removesuffix(b"}") + b', "items": ['


@lru_cache(maxsize=FRAGMENTS_KEPT)
def _item(item: PublishedItem) -> bytes:
    name, address = author_of(item)
    said = _said(
        id=item.uri,
        url=item.url,
        external_url=item.url if item.url != item.story_url else None,
        title=item.title,
        content_html=item.html,
        summary=item.summary,
        image=item.image,
        date_published=moment(item.published).isoformat(),
        date_modified=moment(item.updated).isoformat(),
        authors=[_said(name=name, url=address)],
        tags=list(item.tags),
        language=item.lang,
        attachments=[_attachment(each) for each in item.enclosures],
        _aggregator=_said(
            story_url=item.story_url,
            sources=[_source(credit) for credit in item.credits],
            reports=[_source(credit) for credit in item.reports],
            note=item.note,
            licence=item.licence,
            corrected=None if item.corrected_at is None else moment(item.corrected_at).isoformat(),
            correction=item.correction,
        ),
    )
    return _bytes(said)


def _uri_of(fragment: bytes) -> str:
    return str(json.loads(fragment)["id"])


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _said(url=enclosure.url, mime_type=enclosure.type, size_in_bytes=enclosure.length)


def _source(credit: Credit) -> dict[str, Any]:
    return _said(
        title=credit.title,
        url=credit.url,
        feed_url=credit.feed_url,
        home_page_url=credit.site_url,
        origin=credit.origin,
        origin_url=credit.origin_url,
    )


def _said(**members: Any) -> dict[str, Any]:
    """Return the members that say something, in the order given."""
    return {name: value for name, value in members.items() if value not in (None, "", [])}


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


FORMAT = Format(
    content_type="application/feed+json; charset=utf-8",
    head=_head,
    fragment=_item,
    uri_of=_uri_of,
    opening=b"{",
    closing=b"]}",
    between=b",\n",
)
