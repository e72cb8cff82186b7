"""A report as words on paper: headlines, dates and HTML, as of when the newsroom opened."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from html import escape

from aggregator.demo.programme import Report

COLUMN = "Global Lane"
# Not strftime: the names of the months must not follow the machine's locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def published(report: Report, opened: float) -> int:
    """Return when a report came out, in UTC seconds."""
    return int(opened + report.offset)


def updated(report: Report, opened: float) -> int:
    """Return when it last changed, in UTC seconds."""
    at = report.offset if report.corrected is None else report.corrected
    return int(opened + at)


def headline(report: Report, opened: float) -> str:
    """Return its title; a column's is made of its day and the count of its editions."""
    if report.title is not None:
        return report.title
    day = datetime.fromtimestamp(published(report, opened), UTC)
    dated = f"{COLUMN} – {day.day} {MONTHS[day.month - 1]} {day.year}"
    return dated if report.edition < 2 else f"{dated}, edition {report.edition}"


def summary(report: Report) -> str:
    """Return the article's first paragraph, plain."""
    return report.article.paragraphs[0]


def content(report: Report) -> str:
    """Return the whole text as HTML."""
    return "".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in report.paragraphs)


def mail_date(at: float) -> str:
    """Return a time as RSS and HTTP write it (RFC 9110 §5.6.7).

    >>> mail_date(0)
    'Thu, 01 Jan 1970 00:00:00 GMT'
    """
    return formatdate(at, usegmt=True)


def iso_date(at: float) -> str:
    """Return a time as Atom, RDF and JSON Feed write it (RFC 3339).

    >>> iso_date(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
