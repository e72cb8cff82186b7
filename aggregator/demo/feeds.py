"""An outlet's feed in its own form. Same reports, same bytes: no render knows what time it is.

Written by hand rather than by a library, because the newsroom stands for publishers who do so
in their own several ways, one of them badly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from uuid import NAMESPACE_URL, uuid5

from aggregator.demo.outlets import DISCLAIMER, Form, Outlet
from aggregator.demo.programme import Report
from aggregator.demo.words import (
    content,
    headline,
    iso_date,
    mail_date,
    published,
    summary,
    updated,
)

XML = '<?xml version="1.0" encoding="utf-8"?>\n'
CONTENT = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
CATEGORY = "<category>{}</category>"
TERM = '<category term="{}"/>'
SUBJECT = "<dc:subject>{}</dc:subject>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An outlet with what stands in its feed, newest first."""

    outlet: Outlet
    reports: Sequence[Report]
    origin: str  # the newsroom's address, no trailing slash
    opened: float  # UTC seconds

    @property
    def home(self) -> str:
        """The outlet's front page."""
        return f"{self.origin}/{self.outlet.key}/"

    @property
    def address(self) -> str:
        """The feed's own address."""
        return self.origin + self.outlet.feed_path

    @property
    def updated(self) -> int:
        """When its newest report came out, or one was put right."""
        return max((updated(report, self.opened) for report in self.reports), default=0)

    @property
    def about(self) -> str:
        """What the outlet says of itself, the disclaimer included."""
        return f"{self.outlet.about} {DISCLAIMER}"


def render(issue: Issue) -> bytes:
    """Return the feed's document."""
    return _FORMS[issue.outlet.form](issue).encode()


def _rss(issue: Issue) -> str:
    entries = "".join(_rss_entry(issue, report) for report in issue.reports)
    return (
        f'{XML}<rss version="2.0" {CONTENT} {DC} xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel>\n<title>{escape(issue.outlet.title)}</title>\n<link>{issue.home}</link>\n"
        f'<atom:link rel="self" type="application/rss+xml" href="{issue.address}"/>\n'
        f"<description>{escape(issue.about)}</description>\n<language>en</language>\n"
        f"<lastBuildDate>{mail_date(issue.updated)}</lastBuildDate>\n"
        f"{entries}</channel>\n</rss>\n"
    )


def _rss_entry(issue: Issue, report: Report) -> str:
    outlet, link = issue.outlet, escape(issue.origin + report.path)
    guid = f'<guid isPermaLink="false">{escape(report.guid)}</guid>\n' if outlet.guids else ""
    whole = ""
    if outlet.full_text:
        whole = f"<content:encoded><![CDATA[{content(report)}]]></content:encoded>\n"
    return (
        f"<item>\n<title>{escape(headline(report, issue.opened))}</title>\n<link>{link}</link>\n"
        f"{guid}<pubDate>{mail_date(published(report, issue.opened))}</pubDate>\n"
        f"<dc:creator>{escape(report.article.by)}</dc:creator>\n"
        f"{_tags(report, CATEGORY)}"
        f"<description>{escape(summary(report))}</description>\n{whole}</item>\n"
    )


def _loose(issue: Issue) -> str:
    """Write RSS as the village does: bare ampersands and no closing `</p>` anywhere."""
    entries = "".join(
        f"<item>\n<title>{headline(report, issue.opened)}</title>\n"
        f"<link>{escape(issue.origin + report.path)}</link>\n"
        f'<guid isPermaLink="false">{escape(report.guid)}</guid>\n'
        f"<pubDate>{mail_date(published(report, issue.opened))}</pubDate>\n"
        f"{_tags(report, CATEGORY)}"
        f"<description>{''.join(f'<p>{text}' for text in report.paragraphs)}</description>\n"
        "</item>\n"
        for report in issue.reports
    )
    return (
        f'{XML}<rss version="2.0">\n<channel>\n<title>{escape(issue.outlet.title)}</title>\n'
        f"<link>{issue.home}</link>\n<description>{escape(issue.about)}</description>\n"
        f"{entries}</channel>\n</rss>\n"
    )


def _atom(issue: Issue) -> str:
    entries = "".join(
        f"<entry>\n<id>{_urn(report.guid)}</id>\n"
        f"<title>{escape(headline(report, issue.opened))}</title>\n"
        f'<link rel="alternate" type="text/html" href="{escape(issue.origin + report.path)}"/>\n'
        f"<published>{iso_date(published(report, issue.opened))}</published>\n"
        f"<updated>{iso_date(updated(report, issue.opened))}</updated>\n"
        f"<author><name>{escape(report.article.by)}</name></author>\n"
        f"{_tags(report, TERM)}"
        f"<summary>{escape(summary(report))}</summary>\n"
        f'<content type="html">{escape(content(report))}</content>\n</entry>\n'
        for report in issue.reports
    )
    return (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<id>{_urn(issue.outlet.key)}</id>\n<title>{escape(issue.outlet.title)}</title>\n"
        f"<subtitle>{escape(issue.about)}</subtitle>\n"
        f'<link rel="self" type="application/atom+xml" href="{issue.address}"/>\n'
        f'<link rel="alternate" type="text/html" href="{issue.home}"/>\n'
        f"<updated>{iso_date(issue.updated)}</updated>\n{entries}</feed>\n"
    )


def _rdf(issue: Issue) -> str:
    links = [escape(issue.origin + report.path) for report in issue.reports]
    contents = "".join(f'<rdf:li rdf:resource="{link}"/>' for link in links)
    entries = "".join(
        f'<item rdf:about="{link}">\n'
        f"<title>{escape(headline(report, issue.opened))}</title>\n<link>{link}</link>\n"
        f"<dc:date>{iso_date(published(report, issue.opened))}</dc:date>\n"
        f"<dc:creator>{escape(report.article.by)}</dc:creator>\n"
        f"{_tags(report, SUBJECT)}"
        f"<description>{escape(summary(report))}</description>\n"
        f"<content:encoded>{escape(content(report))}</content:encoded>\n</item>\n"
        for link, report in zip(links, issue.reports, strict=True)
    )
    return (
        f'{XML}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/" {DC} {CONTENT}>\n'
        f'<channel rdf:about="{issue.address}">\n<title>{escape(issue.outlet.title)}</title>\n'
        f"<link>{issue.home}</link>\n<description>{escape(issue.about)}</description>\n"
        f"<dc:language>en</dc:language>\n<items><rdf:Seq>{contents}</rdf:Seq></items>\n"
        f"</channel>\n{entries}</rdf:RDF>\n"
    )


def _json(issue: Issue) -> str:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": issue.outlet.title,
        "description": issue.about,
        "home_page_url": issue.home,
        "feed_url": issue.address,
        "language": "en",
        "items": [
            {
                "id": report.guid,
                "url": issue.origin + report.path,
                "title": headline(report, issue.opened),
                "summary": summary(report),
                "content_html": content(report),
                "date_published": iso_date(published(report, issue.opened)),
                "authors": [{"name": report.article.by}],
                "tags": list(report.article.tags),
            }
            for report in issue.reports
        ],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def _tags(report: Report, element: str) -> str:
    return "".join(element.format(escape(tag)) + "\n" for tag in report.article.tags)


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


_FORMS: dict[Form, Callable[[Issue], str]] = {
    Form.RSS: _rss,
    Form.ATOM: _atom,
    Form.RDF: _rdf,
    Form.JSON: _json,
    Form.LOOSE: _loose,
}
