"""A newspaper column in a file: title, date, paragraphs and closing fields.

The corridor opens
03-14-2017

Ships left the port …

Blog Keywords:
grain, corridor
Blog Posts:
Global Lane
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.core.column_html import looks_like_html, read_page
from aggregator.core.dates import find_date, read_date, rfc3339
from aggregator.core.text import clean_line, fold
from aggregator.errors import ColumnError

LONGEST = 500_000  # characters of a file
LONGEST_TITLE = 500  # characters
DATE_AMONG = 5  # the date stands among the first lines that are not empty
WRAPPED = 100  # characters; in a block with a longer line, every line is a paragraph

# Folded names; with those that begin with "blog " they tell the closing fields from prose.
_KEYWORDS = frozenset({"blog keywords", "keywords", "keyword", "tags", "blog tags"})
_SERIES = frozenset({"blog posts", "blog post", "blog", "series", "column"})
_AUTHORS = frozenset({"author", "authors", "by", "blog author"})
_FIELD = re.compile(r"(?P<name>[^\W\d_][^\W_]*(?:[ '’/&-][^\W_]+){0,3}) ?:(?:\s+(?P<value>.*))?")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\Z")
_NO_TEXT = {"%PDF-": "a PDF", "PK\x03\x04": "a Word or zip file", "{\\rtf": "an RTF file"}
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b]")

Line = tuple[int, str]  # number in the file, from 1, and text without its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as written; `date` is UTC seconds, midnight for a bare date."""

    title: str
    date: int | None
    paragraphs: tuple[str, ...]
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()  # name, lines of its value
    keywords: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    author: str | None = None

    @property
    def text(self) -> str:
        """Paragraphs and fields as plain text, for patterns such as `Blog Posts:\\s*Lane`."""
        closing = (f"{name}: {', '.join(value)}".rstrip() for name, value in self.fields)
        return "\n\n".join((*self.paragraphs, *closing))


def read_column(text: str) -> Column:
    """Read a column from the text of a file, plain or HTML.

    Line ends of any system, a byte order mark, empty lines anywhere, the date above the title
    and a missing date are taken as they come. Raises `ColumnError`, which says which line.
    """
    _refuse_what_is_no_text(text)
    if looks_like_html(text):
        return read_html_column(text)
    lines = [(n, clean_line(line, len(line) + 1)) for n, line in enumerate(_split(text), 1)]
    return _read(lines)


def read_html_column(html: str) -> Column:
    """Read a column from a simple HTML page: `<h1>` or `<title>`, `<time>` or a date line, `<p>`.

    Raises `ColumnError` when the page has no title.
    """
    _refuse_what_is_no_text(html)
    page = read_page(html)
    title = clean_line(page.title, LONGEST_TITLE)
    stamp = read_date(page.date)
    lines = [clean_line(line, len(line) + 1) for line in page.lines]
    if title in lines[: 2 * DATE_AMONG]:
        lines.remove(title)
    if stamp is not None:
        shown = clean_line(page.date_shown, LONGEST_TITLE)
        lines = [rfc3339(stamp), *(line for line in lines if line != shown)]
    return _read(list(enumerate([title, "", *lines], 1)))


def _split(text: str) -> list[str]:
    return re.split("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", text.removeprefix("\ufeff"))


def _refuse_what_is_no_text(text: str) -> None:
    if len(text) > LONGEST:
        raise ColumnError(f"the file is longer than {LONGEST:,} characters; is it one column?")
    for start, kind in _NO_TEXT.items():
        if text.lstrip("\ufeff \n").startswith(start):
            raise ColumnError(f"line 1: this is {kind}; save the column as plain text or HTML")
    control = _CONTROLS.search(text)
    if control and (control[0] == "\x00" or len(_CONTROLS.findall(text)) * 50 > len(text)):
        line = text.count("\n", 0, control.start()) + 1
        raise ColumnError(f"line {line}: this is no text but binary data; expected a column")


def _read(lines: Sequence[Line]) -> Column:
    written = [line for line in lines if line[1]]
    if not written:
        raise ColumnError("line 1: the file is empty; expected a title")
    dated = next((line for line in written[:DATE_AMONG] if read_date(line[1]) is not None), None)
    titled = next((line for line in written if line != dated), None)
    if titled is None:
        raise ColumnError(f"line {written[-1][0] + 1}: expected a title, found only a date")
    field = _field(titled[1])
    if field and _closes(field[0]):
        raise ColumnError(f"line {titled[0]}: expected a title, found the field {field[0]!r}")

    said = [line for line in lines if line not in (dated, titled)]
    head, body, tail = _parted([text for _, text in said])
    fields = _fields([*head, *tail])
    return Column(
        title=clean_line(titled[1], LONGEST_TITLE),
        date=read_date(dated[1]) if dated else _date_in(titled[1]),
        paragraphs=_paragraphs(body),
        fields=fields,
        keywords=_listed(fields, _KEYWORDS),
        series=_listed(fields, _SERIES),
        author=", ".join(_listed(fields, _AUTHORS)) or None,
    )


def _date_in(title: str) -> int | None:
    found = find_date(title)
    return read_date(found[0].isoformat()) if found else None


def _field(line: str) -> tuple[str, str] | None:
    """Return name and value of a `Name: value` line; an unknown name must look like one."""
    field = _FIELD.fullmatch(line)
    if field is None:
        return None
    name, value = field["name"], (field["value"] or "").strip()
    named = all(word[0].isupper() for word in name.split()) and not _SENTENCE_END.search(value)
    return (name, value) if _closes(name) or named else None


def _closes(name: str) -> bool:
    folded = fold(name)
    return folded.startswith("blog ") or folded in _KEYWORDS | _SERIES | _AUTHORS


def _parted(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Part what follows the title in fields at its head (`By: …`), paragraphs, closing fields.

    Nothing but fields and their values follows where the closing fields begin. Going up from
    the end, prose ends the search; the uppermost known name then begins them, and other fields
    right above it belong to them.
    """
    first = 0
    for index, line in enumerate(lines):
        field, below = _field(line), lines[index + 1] if index + 1 < len(lines) else ""
        if field and field[1] and _closes(field[0]) and _stands_alone(field[0], below):
            first = index + 1
        elif line:
            break

    start, value = len(lines), ""
    for index in range(len(lines) - 1, first - 1, -1):
        field = _field(lines[index])
        value = f"{lines[index]} {value}"[-1000:] if lines[index] and not field else ""
        if field and _closes(field[0]):
            start = index
        elif _is_prose(value):
            break
    while start < len(lines) and start > first:
        above = next((n for n in range(start - 1, first - 1, -1) if lines[n]), None)
        if above is None or not _field(lines[above]):
            break
        start = above
    return lines[:first], lines[first:start], lines[start:]


def _stands_alone(name: str, below: str) -> bool:
    """Return whether a field's value does not go on in the line below; a byline's never does."""
    return fold(name) in _AUTHORS or not below or _field(below) is not None


def _is_prose(block: str) -> bool:
    words = len(block.split())
    return words > 8 and block.count(",") * 3 < words and bool(_SENTENCE_END.search(block.rstrip()))


def _fields(lines: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    fields: list[tuple[str, list[str]]] = []
    for line in lines:
        field = _field(line)
        if field:
            fields.append((field[0], []))
        value = field[1] if field else line
        if value:
            fields[-1][1].append(value)
    return tuple((name, tuple(value)) for name, value in fields)


def _listed(
    fields: Sequence[tuple[str, tuple[str, ...]]], names: frozenset[str]
) -> tuple[str, ...]:
    """Return the values of fields of these names, parted at commas, semicolons and lines."""
    parts = (
        part.strip(" .•*-")
        for name, value in fields
        if fold(name) in names
        for line in value
        for part in re.split("[,;]", line)
    )
    return tuple(dict.fromkeys(part for part in parts if part))


def _paragraphs(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the paragraphs: blocks between empty lines, or single lines where those are long."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    paragraphs: list[str] = []
    for block in blocks:
        wrapped = max(map(len, block), default=0) <= WRAPPED
        paragraphs.extend([" ".join(block)] if wrapped and block else block)
    return tuple(paragraphs)
