"""CSS selectors that say where a page keeps what: `h2 a`, or `time@datetime` for an attribute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cssselect import HTMLTranslator, SelectorError

PARTS = ("items", "title", "link", "date", "summary", "author", "image")
"""What a page can be asked for; `items` are the elements that the others are looked for in."""

LONGEST = 1_000  # characters of a selector

_ATTRIBUTE = re.compile(r"(?P<css>.*?)\s*@(?P<name>[A-Za-z_:][\w:.-]*)\s*", re.DOTALL)
_PREFIX = re.compile(r"[\w*]\|(?!=)")
_AT = re.compile(r" at ([0-9]+)>")
_TRANSLATOR = HTMLTranslator()


class BadSelector(ValueError):
    """A selector nobody can read: `position` is the 0-based character where it went wrong."""

    def __init__(self, problem: str, position: int = 0) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One selector, ready to be asked."""

    text: str  # as written
    xpath: str  # from an element down, or from the page's root; "." is the element itself
    attribute: str | None = None  # whose value is meant; None: the element's usual one


def read_selector(text: str, *, whole_page: bool = False) -> Selector:
    """Return a selector as XPath. Raises `BadSelector`.

    `@name` at its end means that attribute, and alone, of the item itself. `whole_page`: it names
    elements, so that an attribute says nothing.

    >>> read_selector("h2 > a").xpath
    'descendant::h2/a'
    >>> read_selector("time@datetime").attribute
    'datetime'
    """
    if len(text) > LONGEST:
        raise BadSelector(f"a selector of {len(text)} characters is too long", LONGEST)
    found = _ATTRIBUTE.fullmatch(text)
    css, attribute = (found["css"], found["name"]) if found else (text, None)
    if attribute is not None and whole_page:
        raise BadSelector("items are elements and no attributes", len(css))
    if attribute is not None and not css.strip():
        return Selector(text=text, xpath=".", attribute=attribute.lower())
    if "::" in css and '"' not in css and "'" not in css:
        raise BadSelector("'::' selects nothing; an attribute is written @name", css.index("::"))
    if prefix := _PREFIX.search(css):
        raise BadSelector(
            "a page has no namespaces: leave out what stands before |", prefix.start()
        )
    try:
        xpath = _TRANSLATOR.css_to_xpath(
            css, prefix="/descendant::" if whole_page else "descendant::"
        )
    except SelectorError as error:
        raise BadSelector(_words(str(error)), _position(str(error), css)) from None
    except (RecursionError, ValueError) as error:
        raise BadSelector(f"the selector cannot be used: {error}") from None
    return Selector(text=text, xpath=xpath, attribute=attribute.lower() if attribute else None)


def read_selectors(scrape: Mapping[str, str]) -> dict[str, Selector]:
    """Return all of a `scrape:` by name. Raises `BadSelector`."""
    return {
        name: read_selector(text, whole_page=name == "items")
        for name, text in scrape.items()
        if name in PARTS
    }


def _words(problem: str) -> str:
    """Say what the library says without its inner names."""
    problem = re.sub(r"<[A-Z]+ ('[^']*') at [0-9]+>", r"\1", problem)
    problem = re.sub(r"<EOF at [0-9]+>", "its end", problem).rstrip(".")
    return f"this is no CSS selector: {problem[:1].lower()}{problem[1:]}"


def _position(problem: str, css: str) -> int:
    found = _AT.search(problem)
    return min(int(found[1]), len(css)) if found else 0
