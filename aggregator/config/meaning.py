"""What must agree between parts of the file: names, rules, reach.

These checks look at the tree of texts and not at the models, so that a slip in one feed does
not hide, or make up, a slip in a topic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic_core import PydanticCustomError

from aggregator.config.places import place_in
from aggregator.config.problems import Finding
from aggregator.config.reach import within
from aggregator.config.tree import Tree, Where
from aggregator.config.words import every, spelt
from aggregator.core.naming import name_for
from aggregator.core.query import Node, check_rule, named, parse_query
from aggregator.core.selectors import PARTS, BadSelector, read_selectors
from aggregator.core.tagging import tag_name
from aggregator.core.text import fold, tokens
from aggregator.errors import QueryError

SHORTEST = 15 * 60
"""Seconds between two polls, but for addresses in `net.allow` (DESIGN §7, When to ask)."""

Said = tuple[Where, str]
"""A text of the file and the way to it."""


def disagreements(tree: Tree, environ: Mapping[str, str] | None) -> Iterator[Finding]:
    """Yield what does not agree. With `environ`, secrets named `env:` must be set in it."""
    urls, names = _said(tree, "feeds", "url"), _names(tree)
    yield from _twice(tree, urls, "this feed", str)
    yield from _twice(tree, _said(tree, "feeds", "name"), "a feed of this name", str)
    yield from _twice(tree, _said(tree, "lists", "url"), "this list", str)
    yield from _twice(tree, _said(tree, "lists", "name"), "a list of this name", str)
    yield from _twice(tree, _slugs(tree), "a topic of this slug", str)
    yield from _twice(tree, _said(tree, "series", "name"), "a series of this name", _series_key)
    yield from _twice(tree, _keys(tree, "tags"), "this tag", tag_name)
    yield from _twice(tree, _keys(tree, "categories"), "this category", _series_key)
    yield from _unknown_sources(tree, names)
    yield from _rules(tree, names)
    yield from _too_often(tree, urls)
    yield from _selectors(tree)
    yield from _letters(tree)
    if environ is not None:
        yield from _unset(tree, environ)


def feed_names(feeds: Sequence[tuple[str, str | None]]) -> list[str]:
    """Return the name of every (address, written name): as written, else made from the address.

    Written names come first: a made one never takes the name another feed was given.
    """
    taken = {name for _, name in feeds if name is not None}
    names = []
    for url, written in feeds:
        name = written if written is not None else name_for(url, taken)
        taken.add(name)
        names.append(name)
    return names


def _members(tree: Tree, section: str) -> list[tuple[int, dict[str, object]]]:
    """Return the mappings of a list with their positions; a feed's short form is spelt out."""
    found = tree.at(section)
    if not isinstance(found, list):
        return []
    members: list[tuple[int, dict[str, object]]] = []
    for n, one in enumerate(found):
        short = section in ("feeds", "lists") and isinstance(one, str)
        long: object = {"url": one} if short else one
        if isinstance(long, dict):
            members.append((n, long))
    return members


def _said(tree: Tree, section: str, key: str) -> list[Said]:
    found = ((n, one.get(key)) for n, one in _members(tree, section))
    return [((section, n, key), text) for n, text in found if isinstance(text, str)]


def _keys(tree: Tree, section: str) -> list[Said]:
    found = tree.at(section)
    return [((section, key), key) for key in found] if isinstance(found, dict) else []


def _names(tree: Tree) -> list[str]:
    feeds = []
    for _, one in _members(tree, "feeds"):
        url, name = one.get("url"), one.get("name")
        feeds.append((str(url), str(name) if isinstance(name, str) else None))
    return feed_names(feeds)


def _feed_key(name: str) -> str:
    return fold(name).strip()  # as core.rules compares them


def _series_key(name: str) -> str:
    return " ".join(tokens(name))


def _at(tree: Tree, where: Where, problem: str, hint: str = "") -> Finding:
    spot = tree.spot(where)
    return Finding(line=spot.line, column=spot.column, problem=problem, hint=hint)


def _twice(
    tree: Tree, said: Iterable[Said], what: str, key_of: Callable[[str], str]
) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for where, text in said:
        key, spot = key_of(text), tree.spot(where)
        if key in first:
            problem, hint = f"{what} stands here twice", f"first in line {first[key] + 1}"
            in_key = where[0] in ("tags", "categories")
            line, column = (spot.key_line, spot.key_column) if in_key else (spot.line, spot.column)
            yield Finding(line=line, column=column, problem=problem, hint=hint)
        else:
            first[key] = spot.key_line


def _unknown_sources(tree: Tree, names: list[str]) -> Iterator[Finding]:
    known = set(names)
    for n, series in _members(tree, "series"):
        sources = series.get("from")
        for m, name in enumerate(sources if isinstance(sources, list) else ()):
            if isinstance(name, str) and name not in known and _is_slip(name, names):
                yield _no_such("feed", name, names, place_in(tree, ("series", n, "from", m), 0))
    for n, topic in _members(tree, "topics"):
        publish = topic.get("publish")
        trusted = publish.get("sources") if isinstance(publish, dict) else None
        for name in trusted if isinstance(trusted, dict) else ():
            if name not in known and _is_slip(name, names):
                spot = tree.spot(("topics", n, "publish", "sources", name))
                yield _no_such("feed", name, names, (spot.key_line, spot.key_column))


def _slugs(tree: Tree) -> Iterator[Said]:
    """Yield the slugs that topics have, then those they had: each leads to one topic."""
    yield from _said(tree, "topics", "slug")
    for n, topic in _members(tree, "topics"):
        former = topic.get("former")
        for m, slug in enumerate(former if isinstance(former, list) else ()):
            if isinstance(slug, str):
                yield ("topics", n, "former", m), slug


def _is_slip(name: str, names: list[str]) -> bool:
    """Whether an unknown feed's name is a known one mistyped; else it may be a feed of the desk's,
    which this file cannot know (`aggregator check` asks the store)."""
    return bool(get_close_matches(name, names, n=1, cutoff=0.7))


def _no_such(what: str, name: str, choices: list[str], place: tuple[int, int]) -> Finding:
    return Finding(
        line=place[0],
        column=place[1],
        problem=f"no {what} called '{name}'",
        hint=f"this file defines no {what} of that name",
        word=name,
        choices=choices,
    )


def _rules(tree: Tree, names: list[str]) -> Iterator[Finding]:
    series = [name for _, name in _said(tree, "series", "name")]
    known = {
        "feed": {_feed_key(name) for name in names},
        "series": {_series_key(name) for name in series},
    }
    for where, text in _said(tree, "topics", "match"):
        try:
            node = parse_query(text)
            check_rule(node, text)
        except QueryError as error:
            line, column = place_in(tree, where, error.position)
            yield Finding(line=line, column=column, problem=error.problem, hint=error.hint)
            continue
        yield from _unknown_in(tree, where, node, known, {"feed": names, "series": series})


def _unknown_in(
    tree: Tree,
    where: Where,
    node: Node,
    known: Mapping[str, set[str]],
    choices: Mapping[str, list[str]],
) -> Iterator[Finding]:
    for field, key_of in (("feed", _feed_key), ("series", _series_key)):
        for term in named(node, field):
            if key_of(term.text) in known[field]:
                continue
            if field == "series" or _is_slip(term.text, choices[field]):
                place = place_in(tree, where, term.position)
                yield _no_such(field, term.text, choices[field], place)


def _too_often(tree: Tree, urls: list[Said]) -> Iterator[Finding]:
    """Yield the feeds asked more often than every 15 minutes without being ours to ask so."""
    entries = tree.at("net", "allow")
    allow = [one for one in entries if isinstance(one, str)] if isinstance(entries, list) else []
    usual = ("defaults", "every")
    blamed: set[Where] = set()
    for where, url in urls:
        own = (*where[:2], "every")
        asked = own if own in tree.spots else usual
        seconds = _seconds(tree.at(*asked))
        if seconds is None or seconds >= SHORTEST or asked in blamed or within(url, allow):
            continue
        blamed.add(asked)
        hint = f"write {spelt(SHORTEST)} or longer, or name its host:port in net.allow"
        yield _at(tree, asked, f"every {spelt(seconds)} is impolite to a public server", hint)


def _selectors(tree: Tree) -> Iterator[Finding]:
    """Yield the CSS selectors of `scrape:` that nobody can read."""
    for n, feed in _members(tree, "feeds"):
        scrape = feed.get("scrape")
        for name, text in scrape.items() if isinstance(scrape, dict) else ():
            if name not in PARTS or not isinstance(text, str) or not text.strip():
                continue  # told by the models
            try:
                read_selectors({name: text})
            except BadSelector as error:
                place = place_in(tree, ("feeds", n, "scrape", name), error.position)
                hint = "CSS as h2 > a, with @name at its end for an attribute"
                yield Finding(line=place[0], column=place[1], problem=error.problem, hint=hint)


def _letters(tree: Tree) -> Iterator[Finding]:
    """Yield the topics with letters that nothing could send, and webhooks named twice."""
    for n, topic in _members(tree, "topics"):
        if topic.get("letters") and not isinstance(tree.at("letters"), dict):
            hint = "write letters: {smtp: env:SMTP_URL, from: …} beside topics:"
            problem = "nothing says how letters go out"
            yield _at(tree, ("topics", n, "letters"), problem, hint)
        hooks = topic.get("webhooks")
        urls = [
            (("topics", n, "webhooks", m, "url"), each["url"])
            for m, each in enumerate(hooks if isinstance(hooks, list) else ())
            if isinstance(each, dict) and isinstance(each.get("url"), str)
        ]
        yield from _twice(tree, urls, "this webhook", str)


def _seconds(value: object) -> int | None:
    try:
        return every(value)
    except PydanticCustomError:  # told by the models
        return None


def _unset(tree: Tree, environ: Mapping[str, str]) -> Iterator[Finding]:
    for where, value in _secrets(tree):
        name = str(value).removeprefix("env:")
        if isinstance(value, str) and name != value and name not in environ:
            yield _at(tree, where, f"{name} is not set", "set it where the daemon is started")


def _secrets(tree: Tree) -> Iterator[tuple[Where, object]]:
    for n, feed in _members(tree, "feeds"):
        auth = feed.get("auth")
        for key, value in auth.items() if isinstance(auth, dict) else ():
            yield ("feeds", n, "auth", key), value
    yield ("letters", "smtp"), tree.at("letters", "smtp")
    for n, topic in _members(tree, "topics"):
        hooks = topic.get("webhooks")
        for m, hook in enumerate(hooks if isinstance(hooks, list) else ()):
            if isinstance(hook, dict) and "secret" in hook:
                yield ("topics", n, "webhooks", m, "secret"), hook["secret"]
