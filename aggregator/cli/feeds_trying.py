"""`feeds test`: what a feed, a page without one, or full text would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when

if TYPE_CHECKING:
    from aggregator.flow.trial import Tried

COLUMNS = ("published", "title", "url", "tags", "series")
PARTS = {"date": "published", "summary": "summary", "author": "author", "image": "image"}
"""What a scraped entry may lack, and the field it is read into."""


@click.command(
    epilog=(
        "Examples:  aggregator feeds test wire  ·  aggregator feeds test https://example.org/feed"
        "  ·  aggregator feeds test https://example.org/news --items article --title h2 --link"
        " 'h2 a' --date time@datetime  ·  aggregator feeds test wire --fulltext"
    )
)
@click.argument("feed", metavar="URL|FEED")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1))
@click.option("--items", help="A page without a feed: a CSS selector for its entries.")
@click.option("--title", help="In each of them, its title.")
@click.option("--link", help="In each of them, its link.")
@click.option("--date", help="In each of them, its date.")
@click.option("--summary", help="In each of them, its summary.")
@click.option("--fulltext", is_flag=True, help="Try the first entry's article page too.")
@click.pass_context
def test(ctx: click.Context, /, feed: str, limit: int, *, fulltext: bool, **selectors: str) -> None:
    """Fetch a feed and show what would be stored; store nothing. Exits with 3 when it fails.

    A page without a feed is read with the selectors of its `scrape:`, or with those given here.
    """
    from aggregator.flow.trial import try_feed

    session: Session = ctx.obj
    scrape = {name: css for name, css in selectors.items() if css is not None}
    with session.kit() as kit:
        tried = try_feed(kit, feed, scrape=scrape, fulltext=fulltext)
    if not tried.usable or tried.parsed is None:
        session.screen.fail(f"{tried.url}: {tried.problem}")
        ctx.exit(3)
    rows = [
        (
            when(draft.text.published_at),
            draft.text.title,
            draft.text.url,
            ", ".join(tag.name for tag in draft.tags),
            ", ".join(each.series for each in draft.series),
        )
        for draft in tried.drafts[:limit]
    ]
    told = _told(tried)
    if session.screen.json:
        newest = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        session.screen.document(told | {"newest": newest})
        return
    for key, value in told.items():
        label = key.replace("_", " ")
        if key == "full_text":
            for name, each in value.items():
                if each is not None:
                    session.screen.say(f"{label}, {name}: {each}")
        elif isinstance(value, dict):
            session.screen.say(f"{label}: " + ", ".join(f"{n} {each}" for n, each in value.items()))
        elif value is not None:
            session.screen.say(f"{label}: {value}")
    session.screen.rows(COLUMNS, rows, empty="It holds no entries.")


def _told(tried: Tried) -> dict[str, Any]:
    parsed = tried.parsed
    assert parsed is not None, "asked only of what could be read"
    told: dict[str, Any] = {
        "url": tried.url,
        "known_as": tried.known_as,
        "status": tried.status,
        "ms": tried.ms,
        "format": parsed.format,
        "title": parsed.title,
        "entries": len(tried.drafts),
        "problem": tried.problem,
    }
    if tried.robots is not None:
        told["robots"] = tried.robots
        told["found"] = {
            name: sum(getattr(each, field) not in (None, "") for each in parsed.entries)
            for name, field in PARTS.items()
        }
    if tried.page is not None:
        told["full_text"] = {
            "words": tried.page.words,
            "url": tried.page.url,
            "robots": tried.page.robots,
            "problem": tried.page.problem,
            "begins": tried.page.begins or None,
        }
    return told
