"""What two texts of one make differ in: the figures and the names that stand in the same places."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from aggregator.model.prints import Facts

_BEGINNING = 4000  # characters: templates are short, and a copy of a long text is no template
_LONGEST = 40  # characters of a word
_NOWHERE = 0  # the place before the first words of a text, and after its last

_IN_A_FIGURE = re.compile(r"[.,](?=\d)(?<=\d.)")
# What parts words in ASCII, and most of what does beyond.
_PARTING = bytes(code if chr(code).isalnum() else 32 for code in range(128))
_PARTING += bytes(range(128, 256))
_FURTHER = "‘’“”–—…«»„•€¿¡"
_LONG_WORDS = 12  # characters a word on average: a script without blanks
_UNPARTED = re.compile(r"\d+|[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Pairs of values that stand in the same places, once for each side they are seen from."""

    figures: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()


def beginning(raw: str) -> str:
    """Return what of a plain text is asked for its figures and names: whole words of its first.

    >>> beginning("One two " * 1000)[-8:]
    'One two '
    """
    if len(raw) <= _BEGINNING:
        return raw
    blank = raw.rfind(" ", _BEGINNING - _LONGEST, _BEGINNING)
    return raw[: blank + 1 or _BEGINNING]


@lru_cache(maxsize=64)  # a text is compared with several
def facts_of(raw: str) -> Facts:
    """Return the figures and names of a plain text.

    >>> facts_of("The bank lent Acme Corp 1,200 dollars for its harbour in May").values
    ('the', 'acme corp 1200', 'may')
    """
    words = _cased(raw)
    # Figures and Latin capitals stand before "a" in Unicode.
    marked = [
        at for at, word in enumerate(words) if word < "a" or (word > "{" and word[0].isupper())
    ]
    if 2 * len(marked) > len(words):
        marked = [at for at in marked if words[at][0].isdigit()]
    said = " ".join(words).lower().encode("utf-8", "surrogatepass")
    plain = [b"", b"", *said.split(), b"", b""]
    values, places = [], []
    for first, after in _stretches(marked):
        values.append(b" ".join(plain[first + 2 : after + 2]))
        places.append(_place(plain[first], plain[first + 1]))
        places.append(_place(plain[after + 2], plain[after + 3]))
    told = b"\n".join(values).decode("utf-8", "surrogatepass")
    return Facts(
        values=tuple(told.split("\n")) if values else (),
        places=struct.pack(f"<{len(places)}I", *places),
    )


def _stretches(marked: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where each stretch of consecutive numbers begins, and what comes after it.

    >>> [*_stretches([1, 2, 5])]
    [(1, 3), (5, 6)]
    """
    if not marked:
        return
    first, after = marked[0], marked[0] + 1
    for at in marked[1:]:
        if at != after:
            yield first, after
            first = at
        after = at + 1
    yield first, after


def differences(one: Facts, other: Facts) -> Differences:
    """Return what stands in the same places of both and agrees nowhere there.

    Only the words on one side need be the same. A place that either text has not says nothing:
    an excerpt lacks most of them. "London, 22 May (AP) - Acme" and "Acme" agree before the same
    words, and so do "22 May" and "22 May 2026".
    """
    figures: list[tuple[str, str]] = []
    names: list[tuple[str, str]] = []
    for side in (0, 1):
        mine, its = _placed(one, side), _placed(other, side)
        shared = {place for place, _ in mine} & {place for place, _ in its}
        for place in shared - {place for place, _ in mine & its} - {_NOWHERE}:
            pairs = [(a, b) for at, a in mine if at == place for to, b in its if to == place]
            if any(_agree(a, b, side) for a, b in pairs):
                continue
            clash = all(_figures(a) and not _figures_agree(a, b) for a, b in pairs)
            (figures if clash else names).append(min(pairs))
    return Differences(figures=tuple(sorted(figures)), names=tuple(sorted(names)))


def figures_of(facts: Facts) -> set[str]:
    """Return every word among the values that is a figure."""
    return {word for value in facts.values for word in _figures(value)}


def figures(text: str) -> set[str]:
    """Return the words of a text that are figures.

    >>> sorted(figures("The Global Lane - 11/20/26"))
    ['11', '20', '26']
    """
    return {word for word in _cased(text) if word[0].isdigit()}


def _cased(raw: str) -> list[str]:
    """Return the words as they are written; "1,000" and "1000" are one."""
    raw = _IN_A_FIGURE.sub("", raw)
    if raw.isascii():
        return raw.encode().translate(_PARTING).decode().split()
    raw = raw.encode("utf-8", "surrogatepass").translate(_PARTING).decode("utf-8", "surrogatepass")
    for mark in _FURTHER:  # several times as fast as a pattern
        raw = raw.replace(mark, " ")
    words = raw.split()
    return words if len(raw) < _LONG_WORDS * len(words) else _UNPARTED.findall(raw)


def _place(one: bytes, two: bytes) -> int:
    """Return a number for two words that stand together."""
    return (crc32(two, crc32(one + b" ")) or 1) if one and two else _NOWHERE


def _placed(facts: Facts, side: int) -> set[tuple[int, str]]:
    places = struct.unpack(f"<{2 * len(facts.values)}I", facts.places)
    return set(zip(places[side::2], facts.values))


def _agree(one: str, other: str, side: int) -> bool:
    """Whether two values are one as far as they are seen from their first or their last word."""
    if f" {one} " in f" {other} " or f" {other} " in f" {one} ":
        return True
    word = -1 if side else 0
    return one.split()[word] == other.split()[word] and _figures_agree(one, other)


def _figures_agree(one: str, other: str) -> bool:
    """Whether the figures of one are found in the other, in order."""
    first, second = (f" {' '.join(_figures(each))} " for each in (one, other))
    return first in second or second in first or not first.strip() or not second.strip()


def _figures(value: str) -> list[str]:
    return [word for word in value.split() if word[0].isdigit()]
