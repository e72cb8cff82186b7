"""What a browser sees at the newsroom's origin: every page says that it is all invented."""

from __future__ import annotations

from html import escape

from aggregator.demo.feeds import Issue
from aggregator.demo.outlets import DISCLAIMER, MEDIA_TYPES, OUTLETS, Outlet
from aggregator.demo.programme import Report
from aggregator.demo.words import content, headline, iso_date, published

STYLE = (
    "body{font:1.05rem/1.5 Georgia,serif;max-width:38rem;margin:2rem auto;padding:0 1rem}"
    ".label{background:#fff3c4;color:#222;padding:.6rem .8rem;font-family:sans-serif}"
)
ALL_INVENTED = (
    "All these outlets are invented. They are aggregator's sample newsroom, which its demo "
    "polls: no such place, person or event exists."
)


def index_page() -> str:
    """Return the list of outlets."""
    outlets = "".join(
        f'<li><a href="/{outlet.key}/">{escape(outlet.name)}</a> – {escape(outlet.about)} '
        f'<a href="{outlet.polled_path}">Feed</a></li>\n'
        for outlet in OUTLETS
    )
    return _page("aggregator's sample newsroom", f"<ul>\n{outlets}</ul>", notice=ALL_INVENTED)


def outlet_page(issue: Issue) -> str:
    """Return an outlet's front page: what its feed holds now."""
    outlet = issue.outlet
    reports = "".join(
        f'<li><a href="{escape(report.path)}">{escape(headline(report, issue.opened))}</a></li>\n'
        for report in issue.reports
    )
    listed = f"<ul>\n{reports}</ul>" if reports else "<p>It has closed; nothing is left of it.</p>"
    return _page(outlet.title, f"<p>{escape(outlet.about)}</p>\n{listed}", _feed_link(outlet))


def article_page(outlet: Outlet, report: Report, opened: float) -> str:
    """Return a report's own page."""
    day = iso_date(published(report, opened))
    byline = (
        f'<p>By {escape(report.article.by)}, <a href="/{outlet.key}/">{escape(outlet.name)}</a>, '
        f'<time datetime="{day}">{day[:10]}</time></p>'
    )
    body = f"<article>\n{byline}\n{content(report)}\n</article>"
    return _page(headline(report, opened), body, _feed_link(outlet))


def missing_page(title: str, why: str) -> str:
    """Return what stands where nothing is."""
    return _page(title, f"<p>{escape(why)}</p>", notice=ALL_INVENTED)


def _feed_link(outlet: Outlet) -> str:
    kind = MEDIA_TYPES[outlet.form].partition(";")[0]
    return (
        f'<link rel="alternate" type="{kind}" title="{escape(outlet.title)}" '
        f'href="{outlet.feed_path}">'
    )


def _page(title: str, body: str, head: str = "", notice: str = DISCLAIMER) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<meta name="robots" content="noindex">\n<title>{escape(title)}</title>\n{head}\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<p class="label">{notice} <a href="/">All outlets</a></p>\n'
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
