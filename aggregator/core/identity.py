"""Which entry is which: keys within a feed, digests of what an entry says, ids of stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from aggregator.core.text import Tokenizer, hash_text, hash_texts, signed64, tokens, word_count
from aggregator.core.tracking import Tracking
from aggregator.core.urls import url_hash, url_key
from aggregator.model.entry import Known, ParsedEntry
from aggregator.model.keys import StoredKey

_OF_32 = "abcdefghijklmnopqrstuvwxyz234567"
_TWO_OF_32 = [one + two for one in _OF_32 for two in _OF_32]
LEAST_BODY_WORDS = 30  # shorter bodies ("Read more…") are alike by chance
LONGEST_PLAIN = 600  # characters of a guid or address that stand in a key as they are
_KINDS = ("guid", "url", "hash")
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """An entry with the keys it may go by, from the plain one to the most particular.

    The plain key is the guid, else the canonical URL, else a hash of title, date and text. The
    second adds the canonical URL, the third also title and date.
    """

    entry: ParsedEntry
    digest: int
    url_hash: int | None
    name: str
    page: str
    stamp: int
    hashes: tuple[int, ...]

    def key(self, level: int) -> str:
        """Return the key of a level. A "|" may not stand in a URI, so that the second and third
        never pass for a publisher's own id."""
        return _written(self.name, self.page, self.stamp, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKey:
    """A stored key taken apart: what it is made of, proven by its hash."""

    kind: str  # "guid", "url" or "hash": what the name is
    level: int  # 0: the name alone; 1: with the page; 2: with title and date, too
    name: str
    page: str = ""  # the canonical URL
    stamp: int = 0  # of title and date

    @property
    def text(self) -> str:
        """The key as it is written."""
        return _written(self.name, self.page, self.stamp, self.level)

    @property
    def hash(self) -> int:
        """The key as it is looked up."""
        return _hashes(self.kind, self.name, self.page, self.stamp)[self.level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An entry with the one key it goes by in its feed."""

    entry: ParsedEntry
    digest: int
    url_hash: int | None
    key: str  # as published, or what stands in for it; at most 2000 characters
    key_hash: int


def identify(entries: Sequence[ParsedEntry], by: Tracking | None = None) -> tuple[Identified, ...]:
    """Return the entries of one document with their possible keys, repetitions left out.

    Two entries repeat each other when guid, canonical URL, title and date are the same; the
    first one counts. `by` names the parameters that track, as for `url_key`.
    """
    found: dict[int, Identified] = {}
    for entry in entries:
        each = _identified(entry, by)
        found.setdefault(each.hashes[2], each)
    return tuple(found.values())


def lookup_hashes(identified: Iterable[Identified]) -> tuple[int, ...]:
    """Return every key hash that `assign` may ask of what is known."""
    return tuple(dict.fromkeys(each for one in identified for each in one.hashes))


def assign(identified: Sequence[Identified], known: Mapping[int, Known]) -> tuple[Keyed, ...]:
    """Give each entry of one document a key of its own, the one it had before if it had one.

    Some feeds put one guid on several entries. Entries that share a guid are told apart by
    their more particular keys; one of them keeps the plain key if it is stored under that. The
    order of the document does not matter, nor whether a sharer has left it.
    """
    groups: dict[int, list[Identified]] = {}
    for each in identified:
        groups.setdefault(each.hashes[0], []).append(each)
    level: dict[int, int] = {}
    for group in groups.values():
        level |= _levels(group, known)
    return tuple(
        Keyed(
            entry=each.entry,
            digest=each.digest,
            url_hash=each.url_hash,
            key=each.key(level[each.hashes[2]]),
            key_hash=each.hashes[level[each.hashes[2]]],
        )
        for each in identified
    )


def guid_hash(guid: str) -> int:
    """Return the plain key's hash of an entry with this guid."""
    return hash_text("guid", guid.strip())


def read_key(key: str, key_hash: int) -> ReadKey | None:
    """Return what a stored key is made of; None: a part of it was too long to be kept whole."""
    shared, _, page = key.rpartition("|")
    name, _, earlier = shared.rpartition("|")
    for kind in _KINDS:
        for read in (
            ReadKey(kind=kind, level=0, name=key),
            ReadKey(kind=kind, level=1, name=shared, page=page),
            ReadKey(kind=kind, level=2, name=name, page=earlier, stamp=_of_hex(page)),
        ):
            if read.hash == key_hash:
                return read
    return None


def rekeyed(stored: StoredKey, by: Tracking) -> StoredKey:
    """Return the key that an entry would get now: addresses may be read otherwise than before.

    A publisher's own id stays what it is. So does a key of more than `LONGEST_PLAIN` characters,
    of which only the beginning is kept, and that of an entry whose address names no page any more:
    it would be a hash of the raw document, which is not kept.
    """
    address = url_hash(stored.url, by)
    read = read_key(stored.key, stored.key_hash)
    stored = replace(stored, url_hash=address)
    if read is None or (read.kind == "guid" and read.level == 0):
        return stored
    page = url_key(stored.url, by) or ""
    if read.kind != "guid":
        if address is None:
            return stored
        read = replace(read, kind="url", name=page)
    return _by(stored, replace(read, page=page))


def set_apart(stored: StoredKey, by: Tracking) -> StoredKey:
    """Return the most particular key of an entry whose plain one another entry of its feed has.

    It holds title and date as they were published; of those that were cleaned it cannot be told.
    """
    read = read_key(stored.key, stored.key_hash)
    if read is None or read.level == 2:
        return stored
    date = "" if stored.published_at is None else str(stored.published_at)
    page, stamp = url_key(stored.url, by) or "", hash_text(stored.title, date)
    return _by(stored, replace(read, level=2, page=page, stamp=stamp))


def _by(stored: StoredKey, read: ReadKey) -> StoredKey:
    return replace(stored, key=read.text, key_hash=read.hash)


def digest(entry: ParsedEntry, by: Tracking | None = None) -> int:
    """Return a hash of what an entry says; when it changes, the entry is revised.

    Dates are left out: a new date on the same words is no revision worth keeping, and servers
    that write "now" into every render would revise all they have at each poll. Images are left
    out because their addresses carry signatures that change. Addresses count by their key,
    categories in any order.
    """
    return hash_text(
        entry.title,
        entry.summary,
        entry.content,
        _address(entry.url, by),
        entry.author or "",
        entry.source_title or "",
        _address(entry.source_url, by),
        entry.licence or "",
        str(len(entry.enclosures)),
        *(
            part
            for each in entry.enclosures
            for part in (_address(each.url, by), each.type or "", str(each.length))
        ),
        *sorted(entry.categories),
    )


def body_hash(text: str, words: Tokenizer = tokens) -> int | None:
    """Return a hash of the folded words of a plain-text body, None when there are too few."""
    said = words(text)
    # Counted as people count only where it may matter: so many by either measure are enough.
    plenty = LEAST_BODY_WORDS + 10
    doubtful = len(said) < plenty or text.count(" ") < plenty
    if doubtful and word_count(text, LEAST_BODY_WORDS) < LEAST_BODY_WORDS:
        return None
    return signed64(" ".join(said).encode())


def public_id_of(feed_url: str, key: str) -> str:
    """Return the opaque id of the story that this entry of this feed opens: 16 of a-z2-7."""
    named = f"{len(feed_url)} {feed_url}{key}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(blake2b(named, digest_size=10).digest(), "big")
    return "".join([_TWO_OF_32[number >> shift & 1023] for shift in range(70, -1, -10)])


def _identified(entry: ParsedEntry, by: Tracking | None) -> Identified:
    guid = (entry.guid or "").strip()
    address = url_hash(entry.url, by) if entry.url else None
    page = (url_key(entry.url, by) or "") if entry.url else ""
    date = "" if entry.published is None else str(entry.published)
    if guid:
        kind, name = "guid", guid
    elif address is not None:
        kind, name = "url", page
    else:
        kind = "hash"
        name = f"hash:{_hex(hash_text(entry.title, date, entry.summary, entry.content))}"
    stamp = hash_text(entry.title, date)
    return Identified(
        entry=entry,
        digest=digest(entry, by),
        url_hash=address,
        name=name,
        page=page,
        stamp=stamp,
        hashes=_hashes(kind, name, page, stamp),
    )


def _levels(group: Sequence[Identified], known: Mapping[int, Known]) -> dict[int, int]:
    """Return, by most particular hash, which of its keys each entry of one plain key takes."""
    taken = {each.hashes[2]: 2 for each in group if each.hashes[2] in known}

    pages: dict[int, list[Identified]] = {}
    for each in group:
        pages.setdefault(each.hashes[1], []).append(each)
    for page, sharers in pages.items():
        open_ = [each for each in sharers if each.hashes[2] not in taken]
        if open_ and page in known:
            taken[_owner(open_, known[page]).hashes[2]] = 1

    open_ = [each for each in group if each.hashes[2] not in taken]
    stored = known.get(group[0].hashes[0])
    if len(group) > 1:
        open_ = [each for each in open_ if stored and each.url_hash == stored.url_hash]
    if open_:
        taken[(_owner(open_, stored) if stored else open_[0]).hashes[2]] = 0

    for each in group:
        taken.setdefault(each.hashes[2], 1 if len(pages[each.hashes[1]]) == 1 else 2)
    return taken


def _owner(entries: Sequence[Identified], stored: Known) -> Identified:
    """Return whose the stored entry is: who says the same, else whoever's hash is lowest."""
    return min(entries, key=lambda each: (each.digest != stored.digest, each.hashes[2]))


def _address(url: str | None, by: Tracking | None) -> str:
    return (url_key(url, by) or url) if url else ""


def _hashes(kind: str, name: str, page: str, stamp: int) -> tuple[int, ...]:
    """Return the hashes of the three keys."""
    return hash_texts((kind, name), (page,), (str(stamp),))


def _written(name: str, page: str, stamp: int, level: int) -> str:
    short = _short(name)
    if level == 0:
        return short
    shared = f"{short}|{_short(page)}"
    return shared if level == 1 else f"{shared}|{_hex(stamp)}"


def _short(text: str) -> str:
    """Keep a key readable and short; what is cut off is told by a hash."""
    return text if len(text) <= LONGEST_PLAIN else f"{text[:LONGEST_PLAIN]}~{_hex(hash_text(text))}"


def _hex(number: int) -> str:
    return f"{number & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def _of_hex(text: str) -> int:
    """Return the signed number that `_hex` wrote, 0 where it did not."""
    if len(text) != 16 or not set(text) <= _HEX:
        return 0
    return int.from_bytes(bytes.fromhex(text), "big", signed=True)
