"""One way out: tables for people, TSV for pipes, JSON for programs; messages on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from rich.console import Console


# What a terminal obeys instead of showing it, and marks that turn text around: titles and
# addresses are strangers' words. Tab and line break stay.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


# Columns of running text: they are broken over lines where the terminal is narrow, others are cut.
PROSE = frozenset(
    {"title", "because", "problem", "what was found", "why", "said", "left out", "url"}
)
WIDEST = 30  # characters of any other cell
LEAST_PROSE = 12  # characters of a line of running text, where there is room
GAP = 2  # between two columns
_SECONDS = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")


class Tick(Protocol):
    """Told of each step of a long act."""

    def __call__(self, text: str, *, total: int | None = None) -> None:
        """Count one step, named by `text`; with `total`, only say how many there will be."""


@dataclass(slots=True, kw_only=True)
class Screen:
    """Where and how a command speaks."""

    json: bool = False
    quiet: bool = False
    color: bool = True

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at stdout."""
        return sys.stdout.isatty()

    def document(self, value: object) -> None:
        """Print one JSON document."""
        text = json.dumps(value, ensure_ascii=False, indent=2)
        click.echo(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))

    def rows(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        value: object = None,
        empty: str = "Nothing here.",
    ) -> None:
        """Print rows as a table, as TSV with a head line, or `value` as JSON."""
        if self.json:
            self.document(value if value is not None else _objects(columns, rows))
        elif self.is_terminal:
            self._table(columns, rows, empty)
        else:
            click.echo("\t".join(columns))
            for row in rows:
                click.echo("\t".join(_cell(cell) for cell in row))

    def facts(self, facts: Mapping[str, object]) -> None:
        """Print names and values."""
        if self.json:
            self.document(dict(facts))
        elif self.is_terminal:
            width = max((len(name) for name in facts), default=0)
            for name, fact in facts.items():
                click.echo(f"{name:>{width}}  {_for_people(fact)}")
        else:
            for name, fact in facts.items():
                click.echo(f"{name}\t{_cell(fact)}")

    def line(self, text: str, value: object = None) -> None:
        """Print one line of result, or `value` as JSON."""
        if self.json and value is not None:
            self.document(value)
        else:
            click.echo(_shown(text))

    def runs(self, runs: Iterable[tuple[str, str | None]]) -> None:
        """Print pieces of one line, each in its colour where there are colours."""
        pieces = (click.style(_shown(text), fg=color) for text, color in runs)
        click.echo("".join(pieces), color=self.color and self.is_terminal)

    def say(self, text: str) -> None:
        """Tell a person something that is no result."""
        if not self.quiet:
            click.echo(_shown(text), err=True)

    def warn(self, text: str) -> None:
        """Tell of something wrong; quiet does not silence it."""
        label = click.style("warning: ", fg="yellow")
        click.echo(label + _shown(text), err=True, color=self._colored())

    def fail(self, text: str) -> None:
        """Tell why the command ends here."""
        label = click.style("error: ", fg="red")
        click.echo(label + _shown(text), err=True, color=self._colored())

    @contextmanager
    def progress(self, label: str) -> Iterator[Tick]:
        """Show progress on stderr while a person looks; silent otherwise."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda text, total=None: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        parts = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[last]}"),
        )
        with Progress(*parts, console=self._console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None, last="")

            def tick(text: str, *, total: int | None = None) -> None:
                if total is not None:
                    bar.update(task, total=total)
                else:
                    bar.update(task, advance=1, last=_shown(text)[:60])

            yield tick

    def _table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
        if not rows:
            click.echo(empty)
            return
        from rich.table import Table
        from rich.text import Text

        console = self._console()
        lines = [[_clipped(*cell) for cell in zip(columns, row, strict=True)] for row in rows]
        least = _least(columns, lines, console.width)
        table = Table(
            box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold underline"
        )
        for name, column in zip(columns, zip(*rows, strict=True), strict=True):
            numeric = all(isinstance(cell, int) and not isinstance(cell, bool) for cell in column)
            prose = name in PROSE
            table.add_column(
                name,
                justify="right" if numeric else "left",
                overflow="fold" if prose else "ellipsis",
                no_wrap=not prose,
                min_width=least if prose else None,
            )
        for line in lines:
            table.add_row(*(Text(cell) for cell in line))
        console.print(table)

    def _console(self, *, stderr: bool = False) -> Console:
        from rich.console import Console

        return Console(stderr=stderr, no_color=not self.color, highlight=False)

    def _colored(self) -> bool:
        return self.color and sys.stderr.isatty()


def _clipped(name: str, cell: object) -> str:
    """A cell of a table; only running text may be long."""
    text = _for_people(cell)
    return text if name in PROSE or len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _least(columns: Sequence[str], lines: Sequence[Sequence[str]], width: int) -> int | None:
    """The least width of running text: 12, or what the other columns leave of a narrow terminal.

    Held to more than there is, the table would be cut off at the terminal's edge.
    """
    from rich.cells import cell_len

    prose = sum(name in PROSE for name in columns)
    if not prose:
        return None
    others = sum(
        max(map(cell_len, (name, *cells)))
        for name, cells in zip(columns, zip(*lines, strict=True), strict=True)
        if name not in PROSE
    )
    room = (width - others - GAP * len(columns)) // prose
    return max(LEAST_PROSE // 2, min(LEAST_PROSE, room))


def _for_people(cell: object) -> str:
    """A cell as people read it: yes and no, and times to the minute."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return _SECONDS.sub(r"\1 \2", _shown(cell))


def _objects(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _shown(cell: object) -> str:
    return "" if cell is None else _UNSEEN.sub("", str(cell))


def _cell(cell: object) -> str:
    """A TSV cell: no tab and no line break can stand in it."""
    return " ".join(_shown(cell).split()) if cell is not None else ""


def when(at: float | None) -> str:
    """A time as people and programs both read it: UTC, ISO 8601."""
    if at is None:
        return ""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(at: float | None, now: float) -> str:
    """How long since, in the largest unit that says something."""
    if at is None:
        return "never"
    seconds = int(now - at)
    word = "ago" if seconds >= 0 else "from now"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{abs(seconds) // size} {unit} {word}"
    return f"{abs(seconds)} s {word}"
