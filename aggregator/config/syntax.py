"""What YAML's own readers complain of, said for people, with the place that helps most."""

from __future__ import annotations

import yaml

from aggregator.config.problems import Finding

# The two readers (libyaml and the pure one) word these differently; both are listed.
# Part of the complaint, our words, our hint, and whether where it began says more than where
# it ended.
_COMPLAINTS = (
    (
        "could not find expected ':'",
        "a key without a value",
        "write 'key: value', the blank included",
        True,
    ),
    (
        "mapping values are not allowed",
        "a ':' that cannot stand here",
        "put quotes around text that holds ': ', or look at the indentation",
        False,
    ),
    (
        "sequence entries are not allowed",
        "a '- ' that cannot stand here",
        "begin the list in a line of its own",
        False,
    ),
    ("expected ',' or ']'", "this '[' is not closed", "a ',' or the ']' is missing", True),
    ("expected ',' or '}'", "this '{' is not closed", "a ',' or the '}' is missing", True),
    ("end of stream", "this quote is never closed", "write the closing quote", True),
    ("document separator", "this quote is never closed", "write the closing quote", True),
    (
        "unknown escape character",
        "an unknown escape in double quotes",
        "use single quotes: a backslash means itself there",
        False,
    ),
    (
        "escape",
        "an escape that is no character",
        "use single quotes: a backslash means itself there",
        False,
    ),
    (
        "expected key",
        "this does not belong here",
        "look at the indentation of this line and the quotes before it",
        False,
    ),
    (
        "expected '-' indicator",
        "this does not belong to the list",
        "begin with '- ' or indent less",
        False,
    ),
    (
        "expected <block end>",
        "this does not belong here",
        "look at the indentation of this line and the quotes before it",
        False,
    ),
)


def syntax_finding(error: yaml.MarkedYAMLError, lines: tuple[str, ...]) -> Finding:
    """Return the reader's complaint as a finding; one we have no words for is quoted."""
    complaint = error.problem or error.context or "unreadable"
    mark = error.problem_mark or error.context_mark
    problem, hint = complaint, "this is not valid YAML"
    if "cannot start any token" in complaint:
        problem, hint = _stray(mark, lines)
    for part, ours, what_to_do, where_it_began in _COMPLAINTS:
        if part in complaint:
            problem, hint = ours, what_to_do
            if where_it_began and error.context_mark is not None:
                mark = error.context_mark
            break
    line, column = _inside(mark, lines)
    return Finding(line=line, column=column, problem=problem, hint=hint)


def unprintable_finding(text: str, position: int) -> Finding:
    """Return the finding for a character that no text file holds, at its position."""
    before = text[:position]
    line = before.count("\n")
    column = position - (before.rfind("\n") + 1)
    problem = f"holds the character U+{ord(text[position]):04X}"
    return Finding(line=line, column=column, problem=problem, hint="save the file as UTF-8 text")


def _stray(mark: yaml.Mark | None, lines: tuple[str, ...]) -> tuple[str, str]:
    line, column = _inside(mark, lines)
    letter = lines[line][column : column + 1]
    if letter == "\t":
        return "a tab", "indent with blanks: YAML knows no tabs there"
    return f"'{letter}' cannot begin a value", "put quotes around it"


def _inside(mark: yaml.Mark | None, lines: tuple[str, ...]) -> tuple[int, int]:
    """Return the place of the mark; one past the end of the file moves to its last text."""
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    if line >= len(lines) or (line and line == len(lines) - 1 and not lines[line]):
        line = max(n for n, text in enumerate(lines) if text or n == 0)
        column = len(lines[line])
    return line, column
