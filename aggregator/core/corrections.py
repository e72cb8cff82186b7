"""What a changed text means for its readers, and how it is told to them."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.core.dates import day_in_words
from aggregator.core.outgoing import escaped
from aggregator.core.text import pieces
from aggregator.core.worddiff import in_context, word_diff
from aggregator.model.correction import IN, OUT, SAME, Corrections, Diff, Had, Runs
from aggregator.model.feed import Rights

MOST_QUOTED = 8  # words on either side of a change that is told whole
MOST_EXCERPT = 130  # words of a difference between two excerpts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What follows from a visible text that is not what it was."""

    moves: bool  # whether `updated` does
    diff: Diff | None = None  # of what its source edited; None: no word of it


def judge(before: Had | None, after: Had, policy: Corrections) -> Judged:
    """Tell a source's edit from all else that changes a text, and what its feed wants told.

    Another lead, an editor's words or another right is no correction: `updated` moves as always.
    """
    if before is None or before.entry_id != after.entry_id or before.rev == after.rev:
        return Judged(moves=True)
    moves = policy is not Corrections.SILENT or before.ours != after.ours
    return Judged(moves=moves, diff=difference(before, after))


def difference(before: Had, after: Had) -> Diff | None:
    """Return in which words two texts differ; None: in none."""
    title = in_context(word_diff(before.title, after.title))
    text = in_context(word_diff(before.text, after.text))
    return Diff(title=title, text=text) if title or text else None


def within(diff: Diff | None, rights: Rights) -> Diff:
    """Return what may be shown of a difference by the rights of today, were they wider then."""
    if diff is None:
        return Diff(title=(), text=())
    most = {Rights.LINK: 0, Rights.EXCERPT: MOST_EXCERPT}.get(rights)
    words = sum(len(pieces(text)) for _, text in diff.text)
    return diff if most is None or words <= most else Diff(title=diff.title, text=())


def in_words(diff: Diff) -> str:
    """Return what a difference comes to, on one line of plain text.

    >>> in_words(Diff(title=(), text=(("-", "nine "), ("+", "ten "), ("=", "ships"))))
    '“nine” is now “ten”'
    """
    if diff.title:
        old = "".join(text for sign, text in diff.title if sign != IN).strip()
        more = f"; {_counted(diff.text)}" if diff.text else ""
        return f"the title was “{old}”{more}"
    changes = _changes(diff.text)
    if not changes:
        return "its text was changed"
    if len(changes) == 1:
        out, new = (text.strip() for text in changes[0])
        if max(len(pieces(out)), len(pieces(new))) <= MOST_QUOTED:
            if out and new:
                return f"“{out}” is now “{new}”"
            return f"“{out}” was taken out" if out else f"“{new}” was added"
    return _counted(diff.text)


def correction_line(at: int | None, said: str | None) -> str:
    """Return what tells readers of an item that it was corrected, as HTML; "" when it was not."""
    if at is None:
        return ""
    told = f"Corrected on {day_in_words(at)}"
    return f"<p><em>{escaped(f'{told}: {said}.' if said else f'{told}.')}</em></p>"


def diff_html(diff: Diff) -> str:
    """Return a difference as HTML: what went is struck out, what came is underlined."""
    parts = []
    if diff.title:
        parts.append(f"<p><strong>{_marked_up(diff.title)}</strong></p>")
    if diff.text:
        parts.append(f"<p>{_marked_up(diff.text)}</p>")
    return "".join(parts)


def diff_text(runs: Runs) -> str:
    """Return a difference as a line of text: `[-taken out-]` and `{+put in+}`."""
    return _joined(runs, {OUT: ("[-", "-]"), IN: ("{+", "+}")})


def _marked_up(runs: Runs) -> str:
    safe = tuple((sign, escaped(text)) for sign, text in runs)
    return _joined(safe, {OUT: ("<del>", "</del>"), IN: ("<ins>", "</ins>")})


def _joined(runs: Runs, marks: dict[str, tuple[str, str]]) -> str:
    """Join runs, each change in its marks; the blanks about it stay outside."""
    parts = []
    for sign, text in runs:
        if sign == SAME:
            parts.append(text)
            continue
        bare = text.strip()
        begin, end = marks[sign]
        at = text.index(bare)
        parts.append(f"{text[:at]}{begin}{bare}{end}{text[at + len(bare) :]}")
        if sign == OUT and text == text.rstrip():
            parts.append(" ")  # else the last words of a text and those in their place run together
    return "".join(parts).strip()


def _changes(runs: Runs) -> list[tuple[str, str]]:
    """Return what was taken out and put in at each place."""
    changes: list[tuple[str, str]] = []
    before = SAME
    for sign, text in runs:
        if sign == OUT:
            changes.append((text, ""))
        elif sign == IN and before == OUT:
            changes[-1] = (changes[-1][0], text)
        elif sign == IN:
            changes.append(("", text))
        before = sign
    return changes


def _counted(runs: Runs) -> str:
    counts = {
        sign: sum(len(pieces(text)) for which, text in runs if which == sign) for sign in (OUT, IN)
    }
    said = [
        f"{count} {'word' if count == 1 else 'words'} {what}"
        for count, what in ((counts[OUT], "taken out"), (counts[IN], "put in"))
        if count
    ]
    return ", ".join(said)
