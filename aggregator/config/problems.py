"""What is wrong with feeds.yaml, in words and with the place pointed at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

MOST_SHOWN = 100
"""Problems that are told one by one; the others are counted."""

_SHOWN_WIDTH = 100
_LONGEST_GUESSED = 64
_MOST_COMPARED = 1000
_LONGEST_SAID = 300
# What must not reach a terminal or a log: a login inside an address, and a secret written where
# only its place (env: or file:) belongs. Masked letter by letter, so that carets stay true.
_SECRET = re.compile(
    r"""(//(?=[^/\s]*@)|\b(?:auth|basic|bearer|login|pass(?:word|wd)?|secret|token)['"]?\s*:\s*)
    (?![\s{[]|['"]?(?:env|file):)
    ([^/\s]*(?=@)|(?<!/)[^,}]+)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One thing wrong with the file. Lines and columns count from 1; line 0: the whole file."""

    path: Path
    line: int
    column: int
    problem: str
    hint: str = ""
    source_line: str = ""  # as written, secrets masked; "" where showing it would tell one

    def __str__(self) -> str:
        """Return `feeds.yaml:14:5: problem`, then the line, a caret and the hint."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else str(self.path)
        said = f"{place}: {self.problem}"
        if not self.source_line.strip():
            return f"{said}\n    {self.hint}" if self.hint else said
        line, before = _window(self.source_line, self.column - 1)
        return f"{said}\n    {line}\n    {' ' * before}^ {self.hint}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem at a place in the tree or in the text, before it is put into words for people."""

    line: int  # from 0
    column: int  # from 0
    problem: str
    hint: str = ""
    word: str = ""  # what was written, where a near miss is likely …
    choices: Collection[str] = ()  # … among these
    secret: bool = False  # the line it stands in must not be shown

    def guess(self) -> str:
        """Return the hint: a near miss where there is one, else what the finder said."""
        near = did_you_mean(self.word, self.choices)
        return near or self.hint


def did_you_mean(word: str, choices: Collection[str]) -> str:
    """Return the question that names the nearest choice; "" when none is near.

    >>> did_you_mean("global-lan", ["world", "global-lane"])
    "did you mean 'global-lane'?"
    """
    if not word or len(word) > _LONGEST_GUESSED:
        return ""
    alike = choices
    if len(choices) > _MOST_COMPARED:  # comparing is slow: only with those that begin alike
        alike = list(islice((one for one in choices if one[:1] == word[:1]), _MOST_COMPARED))
    written = {one.lower(): one for one in alike}
    near = get_close_matches(word.lower(), written, n=1, cutoff=0.6)
    return f"did you mean '{written[near[0]]}'?" if near else ""


def describe(
    findings: Collection[Finding], path: Path, lines: tuple[str, ...]
) -> tuple[ConfigProblem, ...]:
    """Return the findings as problems, in the order of the file."""
    ordered = sorted(findings, key=lambda one: (one.line, one.column))
    told = ordered[:MOST_SHOWN]
    hidden = {one.line for one in told if one.secret}
    shown = {one.line: masked(_line(lines, one.line)) for one in told if one.line not in hidden}
    problems = [_described(one, path, shown.get(one.line, "")) for one in told]
    if len(ordered) > MOST_SHOWN:
        rest = f"and {len(ordered) - MOST_SHOWN} more"
        problems.append(ConfigProblem(path=path, line=0, column=0, problem=rest))
    return tuple(problems)


def masked(line: str) -> str:
    """Return the line with every secret written out in it replaced, letter by letter.

    >>> masked("url: https://me:pw@news.example/feed")
    'url: https://*****@news.example/feed'
    """
    return _SECRET.sub(lambda found: found[1] + "*" * len(found[2]), line)


def _line(lines: tuple[str, ...], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _described(finding: Finding, path: Path, source_line: str) -> ConfigProblem:
    return ConfigProblem(
        path=path,
        line=finding.line + 1,
        column=finding.column + 1,
        problem=_sayable(finding.problem),
        hint=_sayable(finding.guess()),
        source_line=source_line,
    )


def _sayable(words: str) -> str:
    """Return the words without what a terminal would obey, and no longer than one can read."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in words[:_LONGEST_SAID])
    return shown + ("…" if len(words) > _LONGEST_SAID else "")


def _window(line: str, column: int) -> tuple[str, int]:
    """Return the part of the line around the column, and how wide what stands before it is."""
    start = max(0, column - _SHOWN_WIDTH * 3 // 4) if len(line) > _SHOWN_WIDTH else 0
    part = line[start : start + _SHOWN_WIDTH]
    shown = "".join(letter if letter.isprintable() else " " for letter in part)
    before = shown[: column - start]
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in before)
    return shown.rstrip(), len(before) + wide
