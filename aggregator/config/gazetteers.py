"""Gazetteer files: names of people, places or organisations, a line each.

# name <tab> tag <tab> another name <tab> another …
Mosul	mosul	Mossul	الموصل
Erbil
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic_core import PydanticCustomError

from aggregator.config.problems import ConfigProblem, Finding, describe
from aggregator.config.words import phrase, tag
from aggregator.core.tagging import tag_name
from aggregator.errors import ConfigError
from aggregator.model.gazetteer import Gazetteer

MAX_BYTES = 20_000_000
MAX_LINES = 200_000  # of all files; each name takes about half a kilobyte of memory


def read_gazetteers(gazetteers: tuple[Gazetteer, ...]) -> tuple[Gazetteer, ...]:
    """Return the gazetteers with the names their files list.

    Raises `ConfigError` with every problem of every file, each at its line and column.
    """
    problems: list[ConfigProblem] = []
    read = []
    for each in gazetteers:
        try:
            read.append(replace(each, names=read_names(_text_of(each.file), each.file)))
        except ConfigError as error:
            problems += [one for one in error.problems if isinstance(one, ConfigProblem)]
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(read)


def read_names(text: str, file: Path) -> tuple[tuple[str, str], ...]:
    """Return (tag, phrase) of every name of a gazetteer's text. Raises `ConfigError`.

    A line is a name, then after a tab its tag, then other names; without a tag the name's own is
    taken. Empty lines and those that begin with `#` say nothing.
    """
    lines = tuple(text.removeprefix("\ufeff").splitlines())
    findings: list[Finding] = []
    names: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        if number == MAX_LINES:
            problem = f"more than {MAX_LINES:,} lines"
            findings.append(Finding(line=number, column=0, problem=problem, hint="list fewer"))
            break
        if line.strip() and not line.startswith("#"):
            try:
                names += _names_of(line, number)
            except _Slip as slip:
                findings.append(slip.finding)
    if findings:
        raise ConfigError(describe(findings, file, lines))
    return tuple(dict.fromkeys(names))


class _Slip(Exception):
    """A cell that cannot be used."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem)
        self.finding = finding


def _names_of(line: str, number: int) -> Iterator[tuple[str, str]]:
    cells = line.split("\t")
    name = _checked(phrase, cells, 0, number)
    given = _checked(tag, cells, 1, number) if len(cells) > 1 and cells[1].strip() else name
    own = tag_name(given)
    yield own, name
    for at in range(2, len(cells)):
        if cells[at].strip():
            yield own, _checked(phrase, cells, at, number)


def _checked(check: Callable[[object], str], cells: list[str], at: int, number: int) -> str:
    try:
        return check(cells[at].strip())
    except PydanticCustomError as error:
        told = error.context or {}
        column = sum(len(cell) + 1 for cell in cells[:at])
        finding = Finding(
            line=number, column=column, problem=str(told["problem"]), hint=str(told["hint"])
        )
        raise _Slip(finding) from None


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise _whole(
            file, f"cannot be read: {why}", "write its place from feeds.yaml's folder"
        ) from None
    if len(data) > MAX_BYTES:
        raise _whole(file, f"larger than {MAX_BYTES // 10**6} MB", "list fewer names")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        finding = Finding(
            line=line, column=0, problem="holds bytes that are no UTF-8", hint="save it as UTF-8"
        )
        raise ConfigError(describe([finding], file, ())) from None


def _whole(file: Path, problem: str, hint: str) -> ConfigError:
    return ConfigError((ConfigProblem(path=file, line=0, column=0, problem=problem, hint=hint),))
