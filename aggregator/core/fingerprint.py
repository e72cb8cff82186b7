"""Near-duplicates: what of a text is kept to find its copies by, and how alike two texts are.

A text is the set of its runs of three words. Its copies are found by a few of them, the ones with
the smallest hashes (any two texts agree on which those are: Broder, "On the resemblance and
containment of documents", 1997), and are judged by containment: the share of the shorter text's
runs that the longer one has too. That copes with an excerpt here and the whole there.

Templates (bond issues, match reports, columns) are as alike as copies are. What tells them apart
stands in the same places: other figures, other names.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import compress

from aggregator.core.facts import beginning, differences, facts_of, figures, figures_of
from aggregator.core.reissues import Reissue, reissue
from aggregator.model.prints import Kind, Likeness, Print

WINDOW = 7 * 86_400  # seconds that a copy may lie apart
LEAST_WORDS = 12  # shorter texts are alike by chance
SHORT = 60  # words; a text shorter than that must agree nearly whole
COPY, SHORT_COPY = 0.8, 0.9
RELATED = 0.5
ECHO = 0.25  # of a longer text, rewritten; templates share as much, so figures must agree
MOST_WORDS = 1000
KEYS = 8
LEAD_WORDS = 40
LEAD_KEYS = 4  # further ones, of the lead alone: what an excerpt has of a long text
_LEAD_RUNS = 28  # that those are taken from: half of a text that just is not short
_FIRM = 0.15  # share of all differences that are other names; fewer stand there by chance
_LEADS, _LEADS_LATER = 0.5, 0.4  # shares of a beginning that the other text has, too …
_LEADS_AFTER_MORE = 0.2  # … where the one is all in the other, with more before it
_ALL = 0.98  # share of the shorter text's runs
_BRIEF, _FIRST = 30, 12  # words; so short a text must share one of its first runs
_CORRECTED = 3  # figures and names that a correction may replace
_SAME_TITLE = 0.8  # share of the words of a headline that its correction keeps

_RUN = 3
_BITS = 64
_WORDS_KNOWN = 16_384


def print_of(words: Sequence[str], raw: str, title: str) -> Print | None:
    """Return the print of a text, None when it is too short to be told by its text.

    `words` are the tokens of `raw`, which is asked for its capitals. No more than the first 1000
    words count.
    """
    if len(words) < LEAST_WORDS:
        return None
    runs = _runs(words[:MOST_WORDS])
    return Print(
        shingles=array("I", runs)[::2].tobytes(),
        head=beginning(raw),
        title=title,
        keys=_keys(runs),
    )


def compare(new: Print, old: Print, *, apart: int) -> Likeness | None:
    """Return how alike two texts are, None when they are not; `apart` in seconds.

    The order matters for `reissue` alone.
    """
    if abs(apart) > WINDOW:
        return None
    ours, theirs = _set_of(new.shingles), _set_of(old.shingles)
    shorter = min(len(ours), len(theirs))
    shared = len(ours & theirs)
    containment = shared / shorter
    if containment < ECHO:
        return None
    words = shorter + _RUN - 1
    replaces, why_not = _judged(new, old, lost=shorter - shared)
    kind = Kind.RELATED
    if containment < RELATED:
        if why_not or words < SHORT:
            return None
    elif containment >= (COPY if words >= SHORT else SHORT_COPY) and not why_not:
        if _begin_alike(new, old, ours, theirs):
            kind = Kind.COPY
        else:
            why_not = "they begin otherwise"
    because = f"{containment:.0%} of its text" + (f", but {why_not}" if why_not else "")
    return Likeness(kind=kind, containment=containment, because=because, reissue=replaces)


def _judged(new: Print, old: Print, *, lost: int) -> tuple[bool, str]:
    """Return whether the new one replaces the old one, and what speaks against one text, if any.

    `lost` is how many runs of the shorter text the longer one has not.
    """
    ours, theirs = reissue(new.title), reissue(old.title)
    replaces = ours.rank > theirs.rank
    told, told_before = facts_of(new.head), facts_of(old.head)
    found = differences(told, told_before)
    corrects = ours.rank != theirs.rank and _same_title(ours, theirs)
    if corrects and len(found.figures) + len(found.names) <= 2 * _CORRECTED:
        return replaces, ""
    if found.figures:
        return replaces, "other figures: {} for {}".format(*found.figures[0])
    # A name changes three runs and is seen from two sides.
    if found.names and 3 * len(found.names) / 2 >= _FIRM * lost:
        return replaces, "other names: {} for {}".format(*found.names[0])
    mine, its = figures(ours.title), figures(theirs.title)
    if not (corrects or mine <= its | figures_of(told_before) or its <= mine | figures_of(told)):
        return replaces, "other figures in the title"
    return replaces, ""


def _same_title(one: Reissue, other: Reissue) -> bool:
    """Whether two headlines are one but for figures."""
    first, second = ({w for w in each.title.split() if w.isalpha()} for each in (one, other))
    return len(first & second) >= _SAME_TITLE * max(len(first), len(second))


def _begin_alike(new: Print, old: Print, ours: set[int], theirs: set[int]) -> bool:
    """Whether the beginning of each is found in the other, wherever it stands there.

    It is not where all they share is a standing text at the end, or where one is nothing else. A
    few words before one of them do no harm, unless there are few in all. The beginning of a long
    text may stand in the other one where we no longer look.
    """
    if min(len(ours), len(theirs)) < _BRIEF and not _lead(new, _FIRST) & _lead(old, _FIRST):
        return False
    either = _found(new, LEAD_WORDS // 2, theirs), _found(old, LEAD_WORDS // 2, ours)
    both = _found(new, LEAD_WORDS, theirs), _found(old, LEAD_WORDS, ours)
    cut = max(len(new.shingles), len(old.shingles)) // 4 > MOST_WORDS - _RUN
    least = 0 if cut else _LEADS_LATER
    if least and len(ours & theirs) >= _ALL * min(len(ours), len(theirs)):
        least = _LEADS_AFTER_MORE
    return max(either) >= _LEADS and min(both) >= least


def _found(text: Print, words: int, other: set[int]) -> float:
    """Return the share of the runs among the first words of a text that another text has."""
    lead = _lead(text, words)
    return len(lead & other) / len(lead)


def _lead(text: Print, words: int) -> set[int]:
    return _set_of(text.shingles[: 4 * (words - _RUN + 1)])


class _Hashes(dict[str, bytes]):
    """The hashes of words met lately, the same in every process.

    Hashing costs twenty times as much as looking up, and most words of a text are common ones.
    """

    def __missing__(self, word: str) -> bytes:
        if len(self) >= _WORDS_KNOWN:
            self.clear()
        found = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=_BITS // 8).digest()
        self[word] = found
        return found


_hashes = _Hashes()


def _every_lane(value: int) -> int:
    return int.from_bytes(value.to_bytes(_BITS // 8, "little") * MOST_WORDS, "little")


# What turning a lane to the left keeps in its upper bits, and what comes in below.
_TURNS = {
    by: (_every_lane((1 << _BITS) - (1 << by)), _every_lane((1 << by) - 1)) for by in (21, 42)
}


def _runs(words: Sequence[str]) -> bytes:
    """Return 8 bytes for each run of three words.

    A run is the first word's hash, the second's turned by 21 bits and the third's by 42, combined
    by exclusive or. All are turned at once, as the lanes of one long integer: ten times as fast.
    """
    lanes = int.from_bytes(b"".join(map(_hashes.__getitem__, words)), "little")
    count = len(words) - _RUN + 1
    combined = lanes
    for place, (by, (upper, lower)) in enumerate(_TURNS.items(), start=1):
        moved = lanes >> (_BITS * place)
        combined ^= ((moved << by) & upper) | ((moved >> (_BITS - by)) & lower)
    size = count * _BITS // 8
    return (combined & ((1 << (8 * size)) - 1)).to_bytes(size, "little")


def _keys(runs: bytes) -> tuple[int, ...]:
    """Return the smallest hashes, then the smallest of the lead; their upper halves will do.

    In a window of millions two texts share one of them by chance now and then, but hardly two.
    """
    hashes = array("i", runs)[1::2]
    low: Iterable[int] = hashes
    if len(hashes) > 8 * KEYS:  # the smallest of many: most are ruled out by their upper bytes
        low = compress(hashes, runs[_BITS // 8 - 1 :: _BITS // 8].translate(_low(len(hashes))))
    lowest = sorted(set(low))
    if len(lowest) < KEYS:  # the same few runs over and over, or chance
        lowest = sorted(set(hashes))
    lead = sorted(set(hashes[:_LEAD_RUNS]))[:LEAD_KEYS]
    return tuple(dict.fromkeys([*lowest[:KEYS], *lead]))


@lru_cache(maxsize=256)
def _low(count: int) -> bytes:
    """Return which upper bytes of so many hashes some three times as many as there are keys have.

    As a table of the 256 bytes: those of negative numbers come first in order, from 128 on.
    """
    share = 256 * 3 * KEYS // count + 1
    return bytes((byte ^ 128) < share for byte in range(256))


def _set_of(shingles: bytes) -> set[int]:
    return set(memoryview(shingles).cast("I"))
