"""Shortcuts such as `github:owner/repository`, and services whose pages tell where their feeds are.

What is known of a service stands in two tables: what may follow its shortcut, and what its pages'
addresses look like. Both end in templates of addresses; nothing is asked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.core.urls import absolute, host_of
from aggregator.errors import UsageError

LONGEST = 500  # characters of a shortcut

_CHANNEL = r"UC[\w-]{22}"
_PLAYLIST = r"(?:PL|UU|FL|OL)[\w-]{10,62}"
_VIDEOS = "https://www.youtube.com/feeds/videos.xml"
_HOST = r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?::\d{1,5})?"
_REPO = r"(?P<o>[\w-]{1,60})/(?P<r>[\w.-]{1,100}?)(?:\.git)?"
_HUB = "https://github.com/{o}/{r}"
_HANDLE = re.compile(rf"@\w[\w.-]{{0,60}}@{_HOST}", re.ASCII)  # as Mastodon's users write it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A form and the addresses it stands for; `page`: they name a page that has to be read."""

    form: re.Pattern[str]
    addresses: tuple[str, ...]
    page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What may follow a shortcut's colon, and how to write it."""

    examples: str
    rules: tuple[Rule, ...]


def _rule(form: str, *addresses: str, page: bool = False) -> Rule:
    return Rule(form=re.compile(form, re.ASCII), addresses=addresses, page=page)


def _page(host: str, form: str, *addresses: str) -> tuple[re.Pattern[str], Rule]:
    return re.compile(host, re.ASCII), _rule(form, *addresses)


SERVICES: Mapping[str, Service] = {
    "github": Service(
        examples="github:owner/repository, with /releases, /tags, /commits, /commits/BRANCH, "
        "/discussions or /wiki behind it, or github:user (of issues GitHub has no feed)",
        rules=(
            _rule(rf"{_REPO}(?:/releases)?", f"{_HUB}/releases.atom"),
            _rule(rf"{_REPO}/(?P<k>tags|commits|discussions|wiki)", f"{_HUB}/{{k}}.atom"),
            _rule(rf"{_REPO}/commits/(?P<b>[\w./+-]{{1,200}})", f"{_HUB}/commits/{{b}}.atom"),
            _rule(r"(?P<o>[\w-]{1,60})", "https://github.com/{o}.atom"),
        ),
    ),
    "youtube": Service(
        examples="youtube:@handle, youtube:UC… (a channel's id) or youtube:PL… (a playlist's)",
        rules=(
            _rule(rf"(?P<c>{_CHANNEL})", f"{_VIDEOS}?channel_id={{c}}"),
            _rule(rf"(?P<p>{_PLAYLIST})", f"{_VIDEOS}?playlist_id={{p}}"),
            _rule(r"(?P<h>@[^\s/?#&:@]{1,60})", "https://www.youtube.com/{h}", page=True),
        ),
    ),
    "mastodon": Service(
        examples="mastodon:@user@host or mastodon:#tag@host",
        rules=(
            _rule(rf"@?(?P<u>\w[\w.-]{{0,60}})@(?P<h>{_HOST})", "https://{h}/@{u}.rss"),
            _rule(rf"#(?P<t>\w{{1,100}})@(?P<h>{_HOST})", "https://{h}/tags/{t}.rss"),
        ),
    ),
    "reddit": Service(
        examples="reddit:r/name or reddit:u/name",
        rules=(
            _rule(
                r"/?r/(?P<n>[\w+-]{1,100})(?P<s>/(?:new|hot|top|rising))?/?",
                "https://www.reddit.com/r/{n}{s}/.rss",
            ),
            _rule(r"/?(?:u|user)/(?P<n>[\w-]{1,60})/?", "https://www.reddit.com/user/{n}/.rss"),
        ),
    ),
}

_ANY = r"(?:[/?].*)?"
_NO_PUBLICATION = "m|me|p|s|search|tag|topic|topics|feed|about|plans|membership|new-story|creators"
_BLOGSPOT = r"[\w-]{1,63}\.blogspot\.[a-z]{2,3}(?:\.[a-z]{2})?"
_TUBE = r"(?:(?:www|m|music)\.)?youtube\.com"
_REDDIT = r"(?:(?:www|old|new|np|m)\.)?reddit\.com"
# Where /@name is no Mastodon account.
_ELSEWHERE = r"(?!(?:.+\.)?(?:youtube|medium|substack|tiktok|threads|flipboard)\.(?:com|net)\Z)"

# What a page's host and its path (with a query) look like, and where its feeds are; the first row
# that fits counts. Addresses that are a feed's already fit none.
_PAGES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    _page(
        r"github\.com",
        rf"/(?!orgs/|topics/|sponsors/|features/){_REPO}/?(?:\?.*)?",
        f"{_HUB}/releases.atom",
        f"{_HUB}/tags.atom",
        f"{_HUB}/commits.atom",
    ),
    _page(r"github\.com", rf"/{_REPO}/releases(?:/.*)?", f"{_HUB}/releases.atom"),
    _page(
        r"github\.com",
        rf"/{_REPO}/(?P<k>tags|commits|discussions|wiki)/?",
        f"{_HUB}/{{k}}.atom",
    ),
    _page(
        r"github\.com",
        rf"/{_REPO}/(?:commits|tree)/(?!.*\.atom\Z)(?P<b>[\w./+-]{{1,200}}?)/?",
        f"{_HUB}/commits/{{b}}.atom",
    ),
    _page(_TUBE, rf"/channel/(?P<c>{_CHANNEL}){_ANY}", f"{_VIDEOS}?channel_id={{c}}"),
    _page(
        _TUBE,
        rf"/(?:playlist|watch)\?(?:.*&)?list=(?P<p>{_PLAYLIST})(?:&.*)?",
        f"{_VIDEOS}?playlist_id={{p}}",
    ),
    _page(_TUBE, rf"/user/(?P<u>\w{{1,60}}){_ANY}", f"{_VIDEOS}?user={{u}}"),
    _page(
        _REDDIT,
        r"(?P<p>/r/[\w+-]{1,100}(?:/(?:new|hot|top|rising)|/comments/\w+(?:/\w*)?)?)/?(?:\?.*)?",
        "https://www.reddit.com{p}/.rss",
    ),
    _page(
        _REDDIT,
        rf"/(?:u|user)/(?P<n>[\w-]{{1,60}})(?!/\.rss){_ANY}",
        "https://www.reddit.com/user/{n}/.rss",
    ),
    _page(r"medium\.com", rf"/(?P<u>@[\w.-]{{1,80}}){_ANY}", "https://medium.com/feed/{u}"),
    _page(r"medium\.com", r"/tag/(?P<t>[\w-]{1,100})/?", "https://medium.com/feed/tag/{t}"),
    _page(
        r"medium\.com",
        rf"/(?!(?:{_NO_PUBLICATION})(?:[/?]|\Z))(?P<p>[\w-]{{1,100}}){_ANY}",
        "https://medium.com/feed/{p}",
    ),
    _page(r"(?!www\.|api\.)[\w-]{1,63}\.medium\.com", rf"(?!/feed){_ANY}", "https://{host}/feed"),
    _page(
        r"(?!www\.|api\.|public-api\.)[\w-]{1,63}\.wordpress\.com",
        r"(?!.*\bfeed\b).*",
        "https://{host}/feed/",
    ),
    _page(
        r"(?!www\.|api\.|open\.|support\.)[\w-]{1,63}\.substack\.com",
        rf"(?!/feed){_ANY}",
        "https://{host}/feed",
    ),
    _page(
        _BLOGSPOT,
        r"/search/label/(?P<l>[^/?#]{1,200})(?:\?.*)?",
        "https://{host}/feeds/posts/default/-/{l}",
    ),
    _page(_BLOGSPOT, rf"(?!/feeds/){_ANY}", "https://{host}/feeds/posts/default"),
    _page(
        rf"{_ELSEWHERE}.+",
        r"/(?!.*\.(?:rss|atom|json)/?\Z)(?P<u>@\w[\w.-]{0,60}?)/?",
        "{scheme}://{host}/{u}.rss",
    ),
)


def shortcut(text: str) -> tuple[str, ...]:
    """Return the addresses that a shortcut, or a known service's page, stands for, likeliest first.

    An address may be one of a page that has to be read for its feed (a YouTube handle's). Empty
    for any other address. Raises `UsageError` for a shortcut that is none of the service's forms.

    >>> shortcut("github:python/cpython")
    ('https://github.com/python/cpython/releases.atom',)
    >>> shortcut("https://old.reddit.com/r/news/")
    ('https://www.reddit.com/r/news/.rss',)
    >>> shortcut("https://example.org/feed.xml")
    ()
    """
    said = _spelt(text.strip())
    return said.addresses if said is not None else _of_page(text.strip())


def spelt_out(text: str) -> str | None:
    """Return the address that a shortcut stands for, be it a page's; None when it is no shortcut.

    Raises `UsageError` for a malformed one.

    >>> spelt_out("youtube:@lane"), spelt_out("https://github.com/python/cpython")
    ('https://www.youtube.com/@lane', None)
    """
    said = _spelt(text.strip())
    return None if said is None else said.addresses[0]


def feed_address(text: str) -> str | None:
    """Return the one address of a feed that a shortcut stands for; None when it is no shortcut.

    Raises `UsageError` for a malformed one, and for one whose page has to be read first.

    >>> feed_address("mastodon:@ida@news.example")
    'https://news.example/@ida.rss'
    """
    said = _spelt(text.strip())
    if said is None:
        return None
    if said.page:
        raise UsageError(f"{text.strip()!r} has to be looked up: only its page names its feed")
    return said.addresses[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    addresses: tuple[str, ...]
    page: bool = False


def _spelt(text: str) -> _Said | None:
    """Return what a shortcut stands for, None when the text is none."""
    if _HANDLE.fullmatch(text):
        text = f"mastodon:{text}"
    word, colon, rest = text.partition(":")
    word, rest = word.lower(), rest.strip()
    if not colon:
        return None
    if word in SERVICES:
        return _of_service(SERVICES[word], text, rest)
    if word == "feed" and rest:  # the scheme that browsers once had for feeds
        plain = f"http:{rest}" if rest.startswith("//") else rest
        return _Said(addresses=(plain,)) if absolute(plain) else None
    if re.fullmatch(r"[a-z]{2,20}", word) and re.match(r"[@#a-zA-Z]", rest):
        known = ", ".join(f"{name}:" for name in SERVICES)
        raise UsageError(f"there is no shortcut {word}: (there are {known})")
    return None


def _of_service(service: Service, text: str, rest: str) -> _Said:
    for rule in service.rules:
        found = rule.form.fullmatch(rest) if len(rest) <= LONGEST else None
        if found:
            return _Said(addresses=_filled(rule, found), page=rule.page)
    raise UsageError(f"{text[:80]!r} cannot be understood; write {service.examples}")


def _of_page(text: str) -> tuple[str, ...]:
    """Return where the feeds of a known service's page are; empty for other pages."""
    address = absolute(text if "://" in text else f"https://{text}")
    host = host_of(address) if address else None
    if address is None or host is None or len(address) > LONGEST:
        return ()
    parts = urlsplit(address)
    if parts.port is not None:
        host = f"{host}:{parts.port}"
    behind = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    for place, rule in _PAGES:
        found = rule.form.fullmatch(behind) if place.fullmatch(host) else None
        if found:
            return _filled(rule, found, host=host, scheme=parts.scheme)
    return ()


def _filled(rule: Rule, found: re.Match[str], **more: str) -> tuple[str, ...]:
    said = {name: value or "" for name, value in found.groupdict().items()}
    return tuple(address.format(**said, **more) for address in rule.addresses)
