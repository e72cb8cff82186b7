"""Plain text: folding, the one tokenizer, cleaning, cutting, hashing.

Everything here is linear in the length of the text, whatever the text is, and takes any `str`,
lone surrogates included.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice, pairwise

_SIZED = 2048
_SIZES = [size.to_bytes(8, "big") for size in range(_SIZED)]

MAX_TOKEN = 100  # characters; longer ones are blobs nobody searches for

# Scripts that are written without spaces between words (Han, kana, Hangul with its particles,
# Bopomofo, Yi, Thai, Lao, Burmese, Khmer, Tai): they are indexed as pairs of characters.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u3005-\u3007"
    "\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Vowel signs are no letters to FTS5, which would break a Hindi word at each of them. They stand
# in tokens as private-use characters (planes 15 and 16), which FTS5 counts as letters.
_PRIVATE_PLANES = "\U000f0000-\U000ffffd\U00100000-\U0010fffd"
# Letters to us, but not to FTS5 (found by trying all of Unicode): New Tai Lue vowels, Vedic signs.
_UNKNOWN_TO_FTS5 = (*range(0x19B0, 0x19C1), 0x19C8, 0x19C9, 0x1CF2, 0x1CF3)

_WORD = re.compile(rf"[\w{_PRIVATE_PLANES}]+(?:'[\w{_PRIVATE_PLANES}]+)*")
# What parts words in text that is ASCII, and the apostrophes in it that join nothing.
_PARTING = str.maketrans(
    {chr(c): " " for c in range(128) if not chr(c).isalnum() and chr(c) != "'"}
)
# The same for bytes without an apostrophe, capitals folded along the way.
_FOLDED_ASCII = bytes(ord(chr(c).lower()) if chr(c).isalnum() else 32 for c in range(128)) + bytes(
    range(128, 256)
)
_LOOSE_APOSTROPHE = re.compile(r"'(?:(?![a-z0-9])|(?<![a-z0-9]'))")
_PUNCTUATION = "–—“”„«»‹›•·€"  # which keeps text from being ASCII when it is folded
_SPACELESS_RUN = re.compile(f"((?:[{_SPACELESS}][{_PRIVATE_PLANES}]*)+)")
_SPACELESS_UNIT = re.compile(f"[{_SPACELESS}][{_PRIVATE_PLANES}]*")
_APOSTROPHES = re.compile("[’‘ʼʻ＇]")
# What French and Italian elide before a vowel.
_ELIDED = re.compile("[cdjlmnst]|(?:jus|lors|puis)?qu|(?:d?a|de|ne|su|que)ll|quest|un")
# Letters with an accent that Unicode does not decompose, and two that are not seen.
_PLAIN_LETTERS = (
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"}
    | {"þ": "th", "ŋ": "n", "ƶ": "z", "ɨ": "i"}
    | {"\u0640": "", "\u200b": " "}  # Arabic kashida; a blank of no width
)
_PLAIN_LETTER = re.compile("[" + "".join(_PLAIN_LETTERS) + "]")

# What a person would count as words: a piece between blanks, or two characters where there are
# no blanks. A piece is at most 40 characters, so that text without blanks is bounded too.
_COUNTED = re.compile(rf"[{_SPACELESS}]{{1,2}}|[^\W_][^\s{_SPACELESS}]{{0,39}}")
_COUNTED_ASCII = re.compile(r"[A-Za-z0-9]\S{0,39}")
_SHORT = 2_000  # characters whose words may be listed, which is quicker than to count them
# What two texts are compared by, as it is written, with the blanks behind it.
_PIECE = re.compile(rf"\s*(?:[{_SPACELESS}]|[^\s{_SPACELESS}]{{1,200}})\s*")
_PIECE_ASCII = re.compile(r"\s*\S{1,200}\s*")

# Not legal in XML 1.0 (section 2.2), or legal and harmful: C0 and C1 controls that are no
# blanks, surrogates, noncharacters, bidi embeddings, overrides, isolates and marks, the byte
# order mark, interlinear annotations.
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_UNSAFE_ASCII = bytes(code for code in range(128) if _UNSAFE.match(chr(code)))
_BLANKED_ASCII = bytes(32 if chr(code).isspace() else code for code in range(128)) + bytes(128)
_PRINTABLE_ASCII = bytes(code for code in range(128) if chr(code).isprintable())
_UNSAFE_BEYOND = re.compile(
    "["
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)
# A class of characters that reaches beyond the first plane is searched range by range, one within
# it by table: 20 times as fast. So the wide patterns are asked only of texts that need them.
_MARKS_BEYOND = re.compile("[\U00010000-\U0001efff\U000e0000-\U000e01ef]")  # where some lie
_MARKS_TOGETHER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """What finds combining marks. A pattern that begins with one class of characters, not with a
    repeated one, is searched four times as fast."""

    any: re.Pattern[str]
    flood: re.Pattern[str]
    dropped: re.Pattern[str]  # those that fold away
    signs: re.Pattern[str]  # those that are made letters


def _marks(text: str) -> _Marks:
    wide = _reaches_beyond(text) and _MARKS_BEYOND.search(text) is not None
    return _mark_patterns(wide=wide)


def _reaches_beyond(text: str) -> bool:
    """Whether a character lies beyond the first plane: as UTF-16 it takes twice the room."""
    return len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)


@cache
def _mark_patterns(*, wide: bool) -> _Marks:
    """Return the patterns; without `wide` they know the first plane only.

    A mark of combining class 0, 8 or 9 carries a vowel, a voicing or a missing vowel and is kept;
    the others (accents, tones, points) fold away, with what is invisible by nature.
    """
    every: list[int] = []
    dropped: list[int] = []
    kept = list(_UNKNOWN_TO_FTS5)
    invisible = {0x34F, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)}
    first_plane = ((0xAD, 0x3400), (0xA000, 0xAC00), (0xFB00, 0x10000))
    for block in (*first_plane, (0x10000, 0x20000)) if wide else first_plane:
        for code in range(*block):
            category = unicodedata.category(chr(code))
            if category[0] == "M":
                every.append(code)
                spacing = category != "Me" and unicodedata.combining(chr(code)) in {0, 8, 9}
                (kept if spacing and code not in invisible else dropped).append(code)
            elif category == "Cf" and code != 0x200B:
                dropped.append(code)
    selectors = range(0xE0000, 0xE01F0) if wide else ()
    mark = _one_of([*every, *selectors])
    return _Marks(
        any=re.compile(mark),
        flood=re.compile(f"({mark}{mark}{{{_MARKS_TOGETHER - 1}}}){mark}+"),
        dropped=re.compile(_one_of([*dropped, *selectors])),
        signs=re.compile(_one_of(kept)),
    )


def _one_of(codes: list[int]) -> str:
    """Return a regular expression for one character among these, as ranges."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "]"


Tokenizer = Callable[[str], list[str]]
"""`tokens`, or a cache of it: whoever asks the same texts several times hands one on."""


def fold(text: str) -> str:
    """Return the text as comparisons see it: NFKC, no case, no accents.

    Folding twice changes nothing more.

    >>> fold("Łódź, Erdoğan, ＣＡＦÉ, STRASSE, Straße")
    'lodz, erdogan, cafe, strasse, strasse'
    """
    if text.isascii():
        return text.lower()
    marks = _marks(text)
    # The flood first: normalising sorts each run of marks, in time quadratic in its length.
    text = unicodedata.normalize("NFKD", _drained(text, marks))
    text = unicodedata.normalize("NFKD", text.casefold())
    text = _PLAIN_LETTER.sub(lambda found: _PLAIN_LETTERS[found[0]], text)
    text = unicodedata.normalize("NFC", marks.dropped.sub("", text))
    return _drained(text, marks)


def _drained(text: str, marks: _Marks) -> str:
    """Return the text with at most so many marks together as any language needs."""
    return marks.flood.sub(r"\1", text) if marks.any.search(text) else text


def tokens(text: str) -> list[str]:
    """Return the folded words of a text, in order; the one tokenizer of rules, search and tags.

    Words are runs of letters and digits. An English 's is dropped, an elided article is a word
    of its own, any other apostrophe joins. Scripts without blanks come as pairs of characters.
    Joined by spaces, every token is exactly one token of SQLite's FTS5 (`unicode61`).

    >>> tokens("Mosul's café: l'Europe and O'Brien don't, 東京都")
    ['mosul', 'cafe', 'l', 'europe', 'and', 'obrien', 'dont', '東京', '京都']
    """
    if text.isascii():
        if "'" not in text:
            words = text.encode().translate(_FOLDED_ASCII).decode().split()
            return _shortened(words) if _has_long_run(text) else words
        text = text.lower().replace("_", " ")
    else:
        text = fold(text).replace("_", " ")
    if not text.isascii():
        text = _APOSTROPHES.sub("'", text)
        for mark in _PUNCTUATION:
            text = text.replace(mark, " ")
    if text.isascii():
        words = _LOOSE_APOSTROPHE.sub(" ", text).translate(_PARTING).split()
    else:
        text = _marks(text).signs.sub(lambda sign: chr(0xF0000 + ord(sign[0])), text)
        words = _WORD.findall(text)
    if "'" in text:
        apart = (_without_apostrophes(word) if "'" in word else (word,) for word in words)
        words = [part for parts in apart for part in parts]
    if not text.isascii() and _SPACELESS_UNIT.search(text):
        words = [part for word in words for part in _pairs(word)]
    return _shortened(words) if max(map(len, words), default=0) > MAX_TOKEN else words


def _has_long_run(text: str) -> bool:
    """Whether so many characters stand without a blank that a word may be too long."""
    at, last = 0, len(text) - MAX_TOKEN
    while at < last:
        blank = text.rfind(" ", at, at + MAX_TOKEN + 1)
        if blank < 0:
            return True
        at = blank + 1
    return False


def _shortened(words: list[str]) -> list[str]:
    return [word[:MAX_TOKEN] for word in words]


def _without_apostrophes(word: str) -> Iterator[str]:
    first, *rest = word.split("'")
    if rest and rest[-1] == "s":
        rest.pop()
    if rest and _ELIDED.fullmatch(first):
        yield first
        first = ""
    yield first + "".join(rest)


def _pairs(word: str) -> Iterator[str]:
    """Yield the word, its parts in spaceless scripts as overlapping pairs of characters."""
    if word.isascii():
        yield word
        return
    for part in _SPACELESS_RUN.split(word):
        units = _SPACELESS_UNIT.findall(part)
        if not units or len(units) == 1:
            if part:
                yield part
            continue
        yield from (one + two for one, two in pairwise(units))


def clean_line(text: str, limit: int = 500) -> str:
    """Return the text as one line that is safe in XML, HTML and a terminal.

    No control characters, no bidi controls, no flood of combining marks; blanks are one space.
    What is longer than `limit` characters is cut at a word and ends with "…".

    >>> clean_line("Grain \\x1b[31m\\u202e corridor\\u2028reopens ")
    'Grain [31m corridor reopens'
    """
    if not text.isascii():
        text = " ".join(_safe(text).split())
    else:  # to part and join the words would take twice as long
        text = text.encode().translate(_BLANKED_ASCII, _UNSAFE_ASCII).decode().strip()
        while "  " in text:
            text = text.replace("  ", " ")
    return _cut(text, limit)


def is_printable(text: str) -> bool:
    """Say what `str.isprintable` says of a text that is ASCII, in half the time."""
    return not text.encode().translate(None, _PRINTABLE_ASCII)


def clean_text(text: str, limit: int = 1_000_000) -> str:
    """Return the text as safe as `clean_line` makes it, with its lines and paragraphs kept.

    At most one empty line stands between two paragraphs.
    """
    lines = _safe(text).replace("\u2029", "\n\n").splitlines()
    text = "\n".join(" ".join(line.split()) for line in lines)
    return _cut(re.sub(r"\n{3,}", "\n\n", text).strip(), limit)


def _safe(text: str) -> str:
    text = _UNSAFE.sub("", text)
    if text.isascii():
        return text
    if _reaches_beyond(text):
        text = _UNSAFE_BEYOND.sub("", text)
    return _drained(text, _marks(text))


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    near = max(len(head) - 40, len(head) // 2)
    blank = max(head.rfind(" ", near), head.rfind("\n", near))
    if blank > 0 and not text[len(head)].isspace():
        head = head[:blank]
    return (head.rstrip() + "…")[: max(limit, 0)]


def excerpt(text: str, words: int = 60) -> str:
    """Return the first words of a text on one line, with "…" when something was left out.

    Where words are not parted by blanks, two characters count as one word.

    >>> excerpt("One two three four", 2)
    'One two…'
    """
    line = clean_line(text, len(text) + 1)
    for number, word in enumerate(_COUNTED.finditer(line), start=1):
        if number > words:
            return line[: word.start()].rstrip(" \"'([{«“‘-–—,;:") + "…"
    return line


def pieces(text: str) -> list[str]:
    """Return a text cut into its words as written, blanks included: joined, they are the text.

    Where words are not parted by blanks each character is one. Blanks alone are no piece.

    >>> pieces("Ten ships, 東京.")
    ['Ten ', 'ships, ', '東', '京', '.']
    """
    return (_PIECE_ASCII if text.isascii() else _PIECE).findall(text)


def word_count(text: str, most: int | None = None) -> int:
    """Return how many words a person would count; pieces without a letter or digit are none.

    With `most` counting ends there.
    """
    if len(text) < _SHORT and text.isascii():
        count = len(_COUNTED_ASCII.findall(text))
        return count if most is None else min(count, most)
    return sum(1 for _ in islice(_COUNTED.finditer(text), most))


def signed64(data: bytes) -> int:
    """Return a hash of the bytes as a signed 64-bit integer, the same in every process."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def hash_text(*parts: str) -> int:
    """Return a signed 64-bit hash of the parts in order; ("ab", "c") is not ("a", "bc").

    >>> hash_text("ab", "c") == hash_text("a", "bc")
    False
    """
    return signed64(_sized(parts))


def hash_texts(*groups: tuple[str, ...]) -> tuple[int, ...]:
    """Return what `hash_text` gives for the first group, for the first two, and so on.

    >>> hash_texts(("a",), ("b", "c")) == (hash_text("a"), hash_text("a", "b", "c"))
    True
    """
    hashed, found = blake2b(digest_size=8), []
    for group in groups:
        hashed.update(_sized(group))
        found.append(int.from_bytes(hashed.digest(), "big", signed=True))
    return tuple(found)


def _sized(parts: tuple[str, ...]) -> bytes:
    pieces: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        size = len(data)
        pieces += (_SIZES[size] if size < _SIZED else size.to_bytes(8, "big"), data)
    return b"".join(pieces)
