"""What differs between two texts, in words, in bounded time whatever the texts are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from aggregator.core.text import pieces
from aggregator.model.correction import IN, OUT, SAME, Runs

MOST_WORDS = 4_000  # compared one by one, between what both begin and end with
MOST_CHANGES = 400  # words put in and taken out; with more of them a text is a new one
CONTEXT = 12  # words shown before and behind a change
LONGEST = 300  # words shown of one change
_LOOSE = 2  # words that stayed by chance between two longer changes
CUT = "…"

_Change = tuple[Sequence[str], Sequence[str]]  # words taken out, words put in


def word_diff(before: str, after: str) -> Runs:
    """Return how one text became the other, in runs of words.

    What is marked SAME or OUT is the old text, what is SAME or IN the new one, up to blanks. Of
    a middle that was rewritten, or is longer than can be compared, all is taken out and put in.

    >>> word_diff("Nine ships left.", "Ten ships left.")
    (('-', 'Nine '), ('+', 'Ten '), ('=', 'ships left.'))
    """
    one, other = pieces(before), pieces(after)
    number: dict[str, int] = {}
    old = [number.setdefault(piece.strip(), len(number)) for piece in one]
    new = [number.setdefault(piece.strip(), len(number)) for piece in other]
    head = _alike(old, new)
    tail = _alike(reversed(old[head:]), reversed(new[head:]))
    ends = len(old) - tail, len(new) - tail
    kept = _kept(old[head : ends[0]], new[head : ends[1]])

    found: list[tuple[bool, _Change]] = [(True, ((), other[:head]))]
    at = (head, head)
    for x, y, length in chain(((head + x, head + y, size) for x, y, size in kept), [(*ends, tail)]):
        found.append((False, (one[at[0] : x], other[at[1] : y])))
        found.append((True, (one[x : x + length], other[y : y + length])))
        at = (x + length, y + length)
    return tuple(_runs(_calmed(found)))


def in_context(runs: Runs) -> Runs:
    """Return the changes with the words about them; where nothing changed, nothing."""
    if all(sign == SAME for sign, _ in runs):
        return ()
    last = len(runs) - 1
    return tuple(
        (sign, _about(text, first=at == 0, last=at == last) if sign == SAME else _short(text))
        for at, (sign, text) in enumerate(runs)
    )


def _alike(one: Iterable[int], other: Iterable[int]) -> int:
    """Return how many words two texts have in common at their beginning."""
    count = 0
    for mine, its in zip(one, other):
        if mine != its:
            break
        count += 1
    return count


def _kept(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return which words stayed, as (place in the old, in the new, how many).

    Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), section 4, given up where
    more than `MOST_CHANGES` words differ.
    """
    if not old or not new or max(len(old), len(new)) > MOST_WORDS:
        return []
    trace = _trace(old, new)
    if trace is None:
        return []
    x, y = len(old), len(new)
    stayed: list[tuple[int, int, int]] = []
    for d in range(len(trace) - 1, -1, -1):
        reached, k = trace[d], x - y
        down = k == -d or (k != d and reached.get(k - 1, -1) < reached.get(k + 1, -1))
        came = k + 1 if down else k - 1
        begin = (reached[came] if down else reached[came] + 1) if d else 0
        if x > begin:
            stayed.append((begin, begin - k, x - begin))
        if d:
            x, y = reached[came], reached[came] - came
    return stayed[::-1]


def _trace(old: Sequence[int], new: Sequence[int]) -> list[dict[int, int]] | None:
    """Return how far each diagonal was reached before each further change; None: too many."""
    most_old, most_new = len(old), len(new)
    reached: dict[int, int] = {}
    trace: list[dict[int, int]] = []
    for d in range(min(MOST_CHANGES, most_old + most_new) + 1):
        trace.append(reached.copy())
        low, high = -d + 2 * max(0, d - most_new), d - 2 * max(0, d - most_old)
        for k in range(low, high + 1, 2):
            left, up = reached.get(k - 1, -1), reached.get(k + 1, -1)
            x = 0 if d == 0 else up if k == -d or (k != d and left < up) else left + 1
            y = x - k
            while x < most_old and y < most_new and old[x] == new[y]:
                x, y = x + 1, y + 1
            reached[k] = x
            if x >= most_old and y >= most_new:
                return trace
    return None


def _calmed(found: Sequence[tuple[bool, _Change]]) -> Iterator[tuple[bool, _Change]]:
    """Take a word or two between longer changes for chance: a rewritten line is one change."""
    waiting: tuple[list[str], list[str]] = ([], [])
    for at, (same, (old, new)) in enumerate(found):
        after = found[at + 1][1] if at + 1 < len(found) else ((), ())
        loose = len(new) <= _LOOSE < min(_size(waiting), _size(after))
        if not same or loose:
            waiting[0].extend(old)
            waiting[1].extend(new)
        elif new:
            yield False, waiting
            yield True, (old, new)
            waiting = ([], [])
    yield False, waiting


def _size(change: _Change) -> int:
    return max(len(change[0]), len(change[1]))


def _runs(changes: Iterable[tuple[bool, _Change]]) -> Iterator[tuple[str, str]]:
    for same, (old, new) in changes:
        for sign, words in ((SAME, new),) if same else ((OUT, old), (IN, new)):
            if words:
                yield sign, "".join(words)


def _about(text: str, *, first: bool, last: bool) -> str:
    """Cut a stretch that stayed to the words next to the changes."""
    words = pieces(text)
    before, behind = (0 if first else CONTEXT), (0 if last else CONTEXT)
    if len(words) <= before + behind + 1:
        return text
    head, tail = "".join(words[:before]), "".join(words[len(words) - behind :])
    return f"{head.rstrip()} {CUT} {tail}".strip(" " if first else "").rstrip(" " if last else "")


def _short(text: str) -> str:
    words = pieces(text)
    return text if len(words) <= LONGEST else f"{''.join(words[:LONGEST]).rstrip()} {CUT} "
