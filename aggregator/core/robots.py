"""What a host's robots.txt lets us ask for (RFC 9309).

Our own reading and not a library's: of those for Python the standard one knows no wildcards, and
the best kept one takes a group named `a` for ours and grows by the product of agents and rules
(60 kB of them cost 7 s and 400 MB). This one is linear in what it reads.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from urllib.parse import unquote_to_bytes, urlsplit

from aggregator.core.urls import host_of

TOKEN = "aggregator"
"""Our product token: what the User-Agent begins with."""

MAX_BODY = 512 * 1024  # bytes that are read; section 2.5 asks for 500 KiB at least
LONGEST_DELAY = 60.0  # seconds between two requests that we let a Crawl-delay ask for

_LINE = re.compile(r"\r\n?|\n")
_NAME = re.compile(r"[A-Za-z_-]*")  # section 2.2.1: of these a product token is made
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a group: what begins like this may, or may not, be asked for."""

    allow: bool
    path: str  # as compared: escapes written one way
    line: str  # as its host would recognise it

    def meets(self, path: str) -> bool:
        """Whether it speaks of this path: `*` stands for anything, `$` for the end."""
        ends = self.path.endswith("$")
        first, *others = self.path.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        if not others:
            return not ends or len(path) == len(first)
        at, last = len(first), others.pop()
        for part in others:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        if ends:
            return len(path) - len(last) >= at and path.endswith(last)
        return path.find(last, at) >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What one robots.txt says to us: the rules of our group, the most telling first."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0  # seconds between requests, of the unofficial Crawl-delay

    def rule_for(self, url: str) -> Rule | None:
        """Return the rule that decides: the longest that meets the address (section 2.2.2).

        None: nothing speaks of it, so it may be asked for, as robots.txt itself always may.
        """
        path = _path_of(url)
        if path == "/robots.txt":
            return None
        return next((rule for rule in self.rules if rule.meets(path)), None)


def read_robots(text: str, token: str = TOKEN) -> Robots:
    """Return what a robots.txt says to `token`: the groups that name it, else those of `*`.

    Lines nobody can read count for nothing; any text is a robots.txt.

    >>> rules = read_robots("User-agent: *\\nDisallow: /private\\nAllow: /private/news$")
    >>> rules.rule_for("https://example.org/private/letters").line
    'Disallow: /private'
    >>> rules.rule_for("https://example.org/private/news").allow
    True
    """
    ours, everybodys = _Group(), _Group()
    spoken_to: set[_Group] = set()
    named = among_agents = False
    for line in _LINE.split(text[:MAX_BODY].removeprefix("\ufeff")):
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            spoken_to = spoken_to if among_agents else set()
            among_agents = True
            if value.startswith("*"):
                spoken_to.add(everybodys)
            elif _token(value) == token:
                spoken_to.add(ours)
                named = True
        elif name in ("allow", "disallow"):
            among_agents = False
            for group in spoken_to:
                group.add(name, value)
        elif name == "crawl-delay":  # no part of the standard: it ends no list of agents
            for group in spoken_to:
                group.wait(value)
    return (ours if named else everybodys).robots()


def place_of(url: str) -> str | None:
    """Return whose robots.txt speaks of an address: its host, and its port if one is written.

    >>> place_of("https://News.Example:8443/a"), place_of("http://news.example:80/a")
    ('news.example:8443', 'news.example')
    """
    host = host_of(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if host is None:
        return None
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return shown if port in (None, usual) else f"{shown}:{port}"


def robots_url(url: str) -> str | None:
    """Return where the robots.txt for an address lies.

    >>> robots_url("https://news.example:8443/a?b")
    'https://news.example:8443/robots.txt'
    """
    place = place_of(url)
    return None if place is None else f"{urlsplit(url).scheme.lower()}://{place}/robots.txt"


class RobotsShelf:
    """The rules of robots.txt files read lately, so that none is read anew for each page.

    Bounded by the characters of their texts; whatever is newest is kept. For many threads.
    """

    def __init__(self, room: int = MAX_BODY) -> None:
        self._room = room
        self._lock = Lock()
        self._read: OrderedDict[str, tuple[str, Robots]] = OrderedDict()

    def read(self, place: str, text: str) -> Robots:
        """Return what the robots.txt of a place says to us, if that is its text."""
        with self._lock:
            known = self._read.get(place)
            if known is not None and known[0] == text:
                self._read.move_to_end(place)
                return known[1]
        robots = read_robots(text)
        with self._lock:
            self._read[place] = text, robots
            self._read.move_to_end(place)
            while len(self._read) > 1 and self._size() > self._room:
                self._read.popitem(last=False)
        return robots

    def _size(self) -> int:
        return sum(len(text) for text, _ in self._read.values())


class _Group:
    """The lines spoken to one agent, gathered."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._delay = 0.0

    def add(self, name: str, value: str) -> None:
        if not value:
            return  # "Disallow:" forbids nothing
        path = _pattern(value)
        line = f"{name.capitalize()}: {value[:200]}"
        self._rules.append(Rule(allow=name == "allow", path=path, line=line))

    def wait(self, value: str) -> None:
        try:
            seconds = float(value)
        except ValueError:
            return
        if math.isfinite(seconds):
            self._delay = max(self._delay, min(seconds, LONGEST_DELAY))

    def robots(self) -> Robots:
        """The longest first; of two as long the one that allows."""
        rules = sorted(self._rules, key=lambda rule: (-len(rule.path), not rule.allow))
        return Robots(rules=tuple(rules), delay=self._delay)


def _token(value: str) -> str:
    found = _NAME.match(value)
    return found[0].lower() if found else ""


def _pattern(value: str) -> str:
    """Return a rule's path as it is compared; one written without its slash is meant with it."""
    ends = "$" if value.endswith("$") else ""
    parts = value.removesuffix("$").split("*")
    path = "*".join(_one_way(part) for part in parts) + ends
    return path if path.startswith(("/", "*")) else f"/{path}"


def _path_of(url: str) -> str:
    """Return path and query of an address as they are compared."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    path = parts.path or "/"
    return _one_way(f"{path}?{parts.query}" if parts.query else path)


def _one_way(text: str) -> str:
    """Write what is escaped and what is not in one way, `*` and `$` as escapes (section 2.2.2)."""
    text = "".join(
        letter if letter.isascii() and letter not in "*$" else _escaped(letter) for letter in text
    )
    return _ESCAPE.sub(_unescaped, text)


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))


def _unescaped(found: re.Match[str]) -> str:
    byte = unquote_to_bytes(found[0])
    return byte.decode() if byte[0] in _PLAIN else found[0].upper()
