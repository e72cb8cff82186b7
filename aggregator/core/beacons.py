"""Pictures that only tell somebody who is reading: taken out of what we publish."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

BEACON_HOSTS = frozenset(
    {
        "doubleclick.net",
        "facebook.com/tr",
        "feedburner.com/~r/",
        "feedburner.com/~ff/",
        "feedburner.com/~a/",
        "feedburner.google.com",
        "feedproxy.google.com",
        "feeds.wordpress.com",
        "feedsportal.com",
        "google-analytics.com",
        "googleadservices.com",
        "googlesyndication.com",
        "imrworldwide.com",
        "mf.feeds.reuters.com",
        "pheedcontent.com",
        "pheedo.com",
        "pixel.mathtag.com",
        "pixel.quantserve.com",
        "pixel.wp.com",
        "rss.buysellads.com",
        "scorecardresearch.com",
        "statcounter.com",
        "stats.wordpress.com",
        "stats.wp.com",
    }
)
"""Hosts (their subdomains included), or host and start of path, that serve beacons as images."""

_IMAGE = re.compile(r"<img\b[^<>]*>", re.I)
_SIZE = re.compile(r"""\s(?:width|height)\s*=\s*["']?\s*(\d{1,5})\s*(?:px)?\s*(?=["'\s/>])""", re.I)
_SOURCE = re.compile(r"""\ssrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
_EMPTIED = re.compile(r"<(a|p|figure)(?:\s[^<>]*)?>\s*</\1>")


def drop_beacons(html: str, hosts: frozenset[str] = BEACON_HOSTS) -> str:
    """Return cleaned HTML without pictures that only tell somebody who is reading.

    These are pictures of width or height 0 or 1, and those of the listed hosts; a link or
    paragraph that held nothing else goes with them.

    >>> drop_beacons('<p>News<img src="https://e.example/p.gif" width="1" height="1"></p>')
    '<p>News</p>'
    """
    kept = _IMAGE.sub(lambda image: "" if _is_beacon(image[0], hosts) else image[0], html)
    if kept == html:
        return html
    return _EMPTIED.sub("", _EMPTIED.sub("", kept))


def _is_beacon(tag: str, hosts: frozenset[str]) -> bool:
    if any(int(size) <= 1 for size in _SIZE.findall(tag)):
        return True
    source = _SOURCE.search(tag)
    return source is not None and _is_listed(unescape(source[source.lastindex or 0]), hosts)


def _is_listed(url: str, hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    labels = host.split(".")
    for start in range(len(labels) - 1):
        domain = ".".join(labels[start:])
        if domain in hosts:
            return True
        for entry in hosts:
            name, slash, path = entry.partition("/")
            if slash and name == domain and parts.path.startswith("/" + path):
                return True
    return False
