"""JSON Feed 1.1 (jsonfeed.org/version/1.1), with what it has no word for in `_aggregator`.

`_aggregator` of an item holds `story_url` (our page of the story), `sources` (lead first, each
with `title`, `url`, and where known `feed_url`, `home_page_url`, `origin`, `origin_url`), and
where there is one the editor's `note` and the publisher's `licence`. `_aggregator` of the feed
holds its `id` in every format, and when it was `updated`.
"""

from __future__ import annotations

import json
from typing import Any

from aggregator.formats.writing import Format, author_of, mailbox, moment, write
from aggregator.model.entry import Enclosure
from aggregator.model.publication import Credit, Edition, PublishedItem

VERSION = "https://jsonfeed.org/version/1.1"


def render_json(edition: Edition) -> bytes:
    """Return the edition as a JSON Feed: the same edition, the same bytes; an item a line."""
    return write(FORMAT, edition)[0]


def _head(edition: Edition) -> bytes:
    mail = mailbox(edition.contact)
    head = _said(
        version=VERSION,
        title=edition.title,
        home_page_url=edition.page_url,
        feed_url=f"{edition.base_url}.json",
        description=edition.about,
        authors=[_said(name=edition.site_title, url=f"mailto:{mail}" if mail else None)],
        language=edition.lang,
        _aggregator={
            "id": edition.uri,
            "updated": moment(edition.updated).isoformat(),
        },
    )
    return _bytes(head).removesuffix(b"}") + b', "items": ['


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
        ),
    )
    return _bytes(said)


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
    closing=b"]}",
    between=b",\n",
)
