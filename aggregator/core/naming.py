"""A feed's name, made from its address when nobody gave it one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from hashlib import blake2b
from itertools import chain, count
from urllib.parse import unquote, urlsplit

LONGEST_NAME = 64
DESK_FEED = "desk"  # of the editors' own columns; never polled
FEED_NAME = re.compile(r"(?!\d+\Z)[a-z0-9][a-z0-9._-]{0,63}")
"""What a feed may be called; never digits alone, for those are its number."""

_SAYS_NOTHING = frozenset(
    {"aspx", "atom", "default", "feed", "feeds", "htm", "html", "index", "json", "php", "rdf"}
    | {"rss", "rss2", "rss20", "xml"}
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def name_for(url: str, taken: Container[str]) -> str:
    """Return a name for the feed at `url` that nobody has taken.

    It is the host without www. and the words of the path, leaving out those
    that only say "this is a feed" unless they are needed to tell two apart.
    Any text gives a name; the same text and names give the same one.

    >>> name_for("https://www.example.org/world/rss.xml", set())
    'example-org-world'
    >>> name_for("https://www.example.org/world/atom.xml", {"example-org-world"})
    'example-org-world-atom-xml'
    """
    return next(name for name in _candidates(url) if name not in taken)


def slugged(text: str) -> str:
    """Return the text as lower-case ASCII words joined by hyphens; "" when none are left.

    >>> slugged("  Überblick: Welt & Politik ")
    'uberblick-welt-politik'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def _candidates(url: str) -> Iterator[str]:
    host, path, query = _parts(url)
    words = [word for word in path.split("-") if word not in _SAYS_NOTHING]
    yield _fitting(host, *words)
    yield _fitting(host, path)
    longest = _fitting(host, path, query)
    yield longest
    # A few numbers for people, then what is the address's own: ten thousand feeds that differ
    # in nothing we can spell must not be tried one against the other.
    own = blake2b(url.encode(errors="replace"), digest_size=4).hexdigest()
    numbers = (f"-{number}" for number in range(2, 10))
    digests = (f"-{own}-{number}" for number in count(2))
    yield from (_with_tail(longest, tail) for tail in chain(numbers, [f"-{own}"], digests))


def _with_tail(name: str, tail: str) -> str:
    return name[: LONGEST_NAME - len(tail)].rstrip("-") + tail


def _parts(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:  # no address at all; its words still make a name
        return slugged(url), "", ""
    name = slugged(_ascii_host(host).removeprefix("www."))
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        name = f"{name}-{port}"
    return name, slugged(unquote(parts.path)), slugged(unquote(parts.query))


def _ascii_host(host: str) -> str:
    """Return the host as DNS knows it, so that a host in any script gives a name."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _fitting(*words: str) -> str:
    name = "-".join(word for word in words if word)[:LONGEST_NAME].rstrip("-")
    if not name.strip("0123456789"):  # empty, or digits alone
        name = f"feed-{name}".rstrip("-")[:LONGEST_NAME]
    return name
