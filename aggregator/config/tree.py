"""Text to a tree of plain values, each with its place, and nothing YAML is too clever about.

The tree is built from libyaml's events, not by recursion: nesting is capped while reading,
and anchors, aliases and tags, which a composed tree no longer shows, are refused where they
stand. Every scalar stays the text it is; what it means is decided by where it is used, so
`lang: no` is Norwegian and `name: 1.10` keeps its nought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import yaml

from aggregator.config.problems import Finding
from aggregator.config.syntax import syntax_finding, unprintable_finding

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 32

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Where = tuple[str | int, ...]
"""The way to a value: keys and positions, from the root."""

LOST = -1
"""In a way: what follows stands where its mapping cannot use it."""

Place = tuple[int, int]
"""Line and column, from 0."""

# What YAML 1.1 (5.1) lets stand in a document, and where it ends a line (5.4).
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# What an escape such as "\0" can still bring into a value.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")


class Quoted(str):
    """A scalar written in quotes or as a block: text, never a number."""

    __slots__ = ()


class Hole(Enum):
    """What stands where a value should."""

    EMPTY = "nothing was written"
    REFUSED = "what was written is already a finding"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value and its key stand; lines and columns from 0."""

    line: int
    column: int
    key_line: int
    key_column: int
    end_line: int
    end_column: int
    style: str = ""  # of a scalar: "" plain, ', ", | or >


@dataclass(slots=True)
class Tree:
    """What was read: values, their places and what is wrong with the text itself."""

    lines: tuple[str, ...]
    value: object = Hole.EMPTY
    spots: dict[Where, Spot] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def spot(self, where: Where) -> Spot:
        """Return the place of the value, or of the nearest one that holds it."""
        while where and where not in self.spots:
            where = where[:-1]
        return self.spots.get(where, Spot(0, 0, 0, 0, 0, 0))

    def at(self, *where: str | int) -> object:
        """Return the value at a way; a hole when there is none."""
        value: Any = self.value
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return Hole.EMPTY
        return value


class Unreadable(Exception):
    """The text is no YAML we can go on with; what was found so far and why."""

    def __init__(self, findings: list[Finding], lines: tuple[str, ...]) -> None:
        super().__init__(findings)
        self.findings, self.lines = findings, lines


def read_tree(text: str) -> Tree:
    """Return the tree of the text's one document. Raises `Unreadable`."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        too_large = f"larger than {MAX_CHARACTERS:,} characters"
        raise Unreadable([_whole(too_large, "is this the right file?")], ())
    tree = Tree(lines=tuple(_LINE_BREAK.split(text)))
    if strange := _UNPRINTABLE.search(text):
        raise Unreadable([unprintable_finding(text, strange.start())], tree.lines)
    builder = _Builder(tree)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        tree.findings.append(syntax_finding(error, tree.lines))
        raise Unreadable(tree.findings, tree.lines) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        tree.findings.append(_whole(f"this is no YAML: {error}", ""))
        raise Unreadable(tree.findings, tree.lines) from None
    if tree.value is Hole.EMPTY:
        tree.findings.append(_whole("there is nothing in it", "begin with 'version: 1'"))
        raise Unreadable(tree.findings, tree.lines)
    return tree


def _whole(problem: str, hint: str) -> Finding:
    return Finding(line=0, column=0, problem=problem, hint=hint)


@dataclass(slots=True)
class _Frame:
    """A list or mapping being filled; `key` is the one whose value comes next."""

    value: dict[str, object] | list[object]
    where: Where
    key: str | None = None
    key_place: Place = (0, 0)
    lost: bool = False  # the pending key cannot be used, nor can its value


class _Builder:
    """Puts events together; the open collections lie on a stack of our own."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.stack: list[_Frame] = []
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take one more event. Raises `Unreadable` where going on makes no sense."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, "a second document begins here", "leave out the '---'")
                raise Unreadable(self.tree.findings, self.tree.lines)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)

    def _node(self, event: yaml.NodeEvent) -> None:
        refused = self._refuse_cleverness(event)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                self._refuse(
                    event, f"nested deeper than {MAX_DEPTH} levels", "is a bracket left open?"
                )
                raise Unreadable(self.tree.findings, self.tree.lines)
            empty: dict[str, object] | list[object] = (
                {} if isinstance(event, yaml.MappingStartEvent) else []
            )
            where = self._place(event, empty)
            self.stack.append(_Frame(empty, where))
        elif isinstance(event, yaml.ScalarEvent):
            self._place(event, Hole.REFUSED if refused else self._scalar(event))
        else:
            self._place(event, Hole.REFUSED)

    def _refuse_cleverness(self, event: yaml.NodeEvent) -> bool:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"aliases like *{event.anchor} are not read", "write the value out")
            return True
        if event.anchor is not None:
            self._refuse(event, f"anchors like &{event.anchor} are not read", "leave it out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            short = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, f"tags like {short} are not read", "leave it out")
        return tag is not None

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        if not event.style:
            return event.value or Hole.EMPTY
        if control := _CONTROL.search(event.value):
            self._refuse(event, f"holds the control character U+{ord(control[0]):04X}", "")
            return Hole.REFUSED
        return Quoted(event.value)

    def _place(self, event: yaml.NodeEvent, value: object) -> Where:
        """Put the node where it belongs and return the way to it."""
        if not self.stack:
            self.tree.value = value
            return self._spotted((), event, _start(event))
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            where = (*frame.where, len(frame.value) - 1)
            return self._spotted(where, event, _start(event))
        if frame.key is None:
            return self._key(frame, event, value)
        where = (*frame.where, frame.key)
        lost, frame.key, frame.lost = frame.lost, None, False
        if lost:
            return (*where, LOST)
        frame.value[str(where[-1])] = value
        return self._spotted(where, event, frame.key_place)

    def _key(self, frame: _Frame, event: yaml.NodeEvent, value: object) -> Where:
        frame.key_place = _start(event)
        if isinstance(value, str):
            frame.key = str(value)
            if frame.key in frame.value:
                first = self.tree.spot((*frame.where, frame.key)).key_line + 1
                self._refuse(event, f"'{frame.key}' stands here twice", f"first in line {first}")
                frame.lost = True
        else:
            frame.key, frame.lost = "", True
            if value is not Hole.REFUSED and LOST not in frame.where:
                self._refuse(event, "a key must be one word", "put quotes around text with { or [")
        return (*frame.where, frame.key, LOST)

    def _spotted(self, where: Where, event: yaml.Event, key: Place) -> Where:
        mark: Any = event.end_mark
        style = getattr(event, "style", "") or ""
        self.tree.spots[where] = Spot(*_start(event), *key, mark.line, mark.column, style)
        return where

    def _refuse(self, event: yaml.Event, problem: str, hint: str) -> None:
        line, column = _start(event)
        found = Finding(line=line, column=column, problem=problem, hint=hint)
        self.tree.findings.append(found)


def _start(event: yaml.Event) -> Place:
    mark: Any = event.start_mark
    return mark.line, mark.column
