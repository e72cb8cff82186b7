"""What the origin answers: which bytes stand at a path now, and whether they need be sent.

Pure: the moment is an argument, sockets are the newsroom's.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from aggregator.demo.feeds import Issue, render
from aggregator.demo.outlets import BY_KEY, MEDIA_TYPES, OUTLETS, Outlet
from aggregator.demo.pages import article_page, index_page, missing_page, outlet_page
from aggregator.demo.programme import edition_at, page_report
from aggregator.demo.words import mail_date, updated

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The newsroom at one point in time. Seconds."""

    origin: str  # no trailing slash
    opened: float  # UTC
    elapsed: float  # since it opened
    drip: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, all but the `Date`."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(path: str, asked: Mapping[str, str], moment: Moment) -> Answer:
    """Return the response to a GET: `asked` is its headers, names in lower case."""
    for outlet in OUTLETS:
        if path == outlet.old_path:
            headers = {"Location": moment.origin + outlet.feed_path}
            return Answer(status=HTTPStatus.MOVED_PERMANENTLY, headers=headers)
        if path == outlet.feed_path:
            return _feed(outlet, asked, moment)
    page = _page(path, moment)
    if page is None:
        text = missing_page("Nothing here", "No report of the sample newsroom has this address.")
        return _refusal(HTTPStatus.NOT_FOUND, text)
    text, modified = page
    return _settled(_whole(text.encode(), HTML, modified), asked)


def _feed(outlet: Outlet, asked: Mapping[str, str], moment: Moment) -> Answer:
    if outlet.gone:
        text = missing_page(outlet.title, "This outlet has closed and its feed is gone for good.")
        return _refusal(HTTPStatus.GONE, text)
    issue = _issue(outlet, moment)
    whole = _whole(render(issue), MEDIA_TYPES[outlet.form], issue.updated)
    return _settled(_packed(whole, asked) if outlet.gzipped else whole, asked)


def _page(path: str, moment: Moment) -> tuple[str, int] | None:
    """Return a page and when it last changed; None when there is none (yet)."""
    if path == "/":
        return index_page(), int(moment.opened)
    key, _, slug = path.removeprefix("/").partition("/")
    outlet = BY_KEY.get(key)
    if outlet is None:
        return None
    if not slug:
        issue = _issue(outlet, moment)
        return outlet_page(issue), issue.updated or int(moment.opened)
    report = page_report(key, slug, moment.elapsed, drip=moment.drip)
    if report is None:
        return None
    return article_page(outlet, report, moment.opened), updated(report, moment.opened)


def _issue(outlet: Outlet, moment: Moment) -> Issue:
    edition = edition_at(moment.elapsed, drip=moment.drip)
    reports = [report for report in reversed(edition) if report.outlet == outlet.key]
    return Issue(outlet=outlet, reports=reports, origin=moment.origin, opened=moment.opened)


def _whole(body: bytes, media_type: str, modified: int) -> Answer:
    headers = {
        "Content-Type": media_type,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        "Last-Modified": mail_date(modified),
        "Cache-Control": "no-cache",  # ask each time: it may drip at any moment
    }
    return Answer(status=HTTPStatus.OK, headers=headers, body=body)


def _packed(whole: Answer, asked: Mapping[str, str]) -> Answer:
    """Gzip it for those who accept that; other bytes have another ETag (RFC 9110 §8.8.3.3)."""
    headers = {**whole.headers, "Vary": "Accept-Encoding"}
    if not _accepts_gzip(asked.get("accept-encoding", "")):
        return replace(whole, headers=headers)
    headers |= {"Content-Encoding": "gzip", "ETag": headers["ETag"][:-1] + '-gzip"'}
    return replace(whole, headers=headers, body=gzip.compress(whole.body, mtime=0))


def _accepts_gzip(header: str) -> bool:
    """Read Accept-Encoding as far as gzip goes (RFC 9110 §12.5.3)."""
    for coding in header.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def _settled(whole: Answer, asked: Mapping[str, str]) -> Answer:
    """Return 304 instead when the asker has these bytes already (RFC 9110 §13.2.2)."""
    if not _unchanged(whole, asked):
        return whole
    kept = {k: v for k, v in whole.headers.items() if k not in {"Content-Type", "Content-Encoding"}}
    return Answer(status=HTTPStatus.NOT_MODIFIED, headers=kept)


def _unchanged(whole: Answer, asked: Mapping[str, str]) -> bool:
    tags = asked.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or whole.headers["ETag"] in re.findall(r'"[^"]*"', tags)
    since = asked.get("if-modified-since")
    if since is None:
        return False
    try:
        held = parsedate_to_datetime(since)
        return parsedate_to_datetime(whole.headers["Last-Modified"]) <= held
    except (ValueError, TypeError):  # no date, or one without a zone: ignored (§13.1.3)
        return False


def _refusal(status: HTTPStatus, text: str) -> Answer:
    return Answer(status=status, headers={"Content-Type": HTML}, body=text.encode())
