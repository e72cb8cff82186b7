"""When a source suddenly offers much as new that is not: rewritten ids, a reopened archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from aggregator.core.drafting import Draft, place_of
from aggregator.model.ids import EntryId
from aggregator.model.intake import Candidate

FEW = 3  # entries that came back under another id by their address or their text alone
MANY = 10  # unknown entries older than our last visit
SLACK = 2 * 86_400  # seconds an entry may be dated before it is published


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What to make of the new entries of one poll, by key hash; empty on nearly every one."""

    same_as: Mapping[int, Candidate] = field(default_factory=dict)  # stored under an older id
    held: Mapping[int, str] = field(default_factory=dict)  # not to be published unseen, and why
    notice: str | None = None

    def __bool__(self) -> bool:
        return self.notice is not None


def flood(
    fresh: Sequence[Draft],
    own: Sequence[Candidate],
    present: Set[EntryId],
    *,
    last_visit: float | None,
    now: int,
) -> Flood:
    """Tell a flood from news.

    `own` are this feed's stored entries that share an address or a text with the fresh ones,
    `present` the stored entries that the document still offers under the id they had.
    `last_visit` is when the feed was last read (UTC seconds; None: never, so all is new). An
    entry is a stored one under a new id when one only of either side has its address or its
    text, and the old id has left the document; what a feed gives to several entries tells
    nothing. Three such, and half of all that is new, are a migration; fewer count where address
    and text agree. Entries dated well before
    our last visit which we never saw are held when they are ten and half of all that is new.
    """
    if last_visit is None:
        return Flood()
    same_as = _same(fresh, [each for each in own if each.entry_id not in present])
    if len(same_as) < FEW or 2 * len(same_as) < len(fresh):
        sure = (each for each in fresh if _agree(each, same_as.get(each.key_hash)))
        slips, same_as = {each.key_hash: same_as[each.key_hash] for each in sure}, {}
    else:
        slips = {}
    rest = [each for each in fresh if each.key_hash not in same_as | slips]
    before = last_visit - SLACK
    old = [each for each in rest if place_of(each.text, now) < before]
    if not same_as and (len(old) < MANY or 2 * len(old) < len(fresh)):
        return Flood(same_as=slips)
    told = []
    if same_as:
        told.append(f"{len(same_as)} entries came back under new ids and were known again")
    if old:
        told.append(f"{len(old)} entries older than our last visit are held")
    why = "came with a flood of old entries"
    return Flood(
        same_as=same_as | slips, held={each.key_hash: why for each in old}, notice="; ".join(told)
    )


def _same(fresh: Sequence[Draft], own: Sequence[Candidate]) -> dict[int, Candidate]:
    """Pair the fresh with the stored, by address first, then by text; each stored one once."""
    found: dict[int, Candidate] = {}
    taken: set[EntryId] = set()
    for hash_of in (_address, _text):
        here = Counter(hash_of(each) for each in fresh)
        there = Counter(hash_of(each) for each in own)
        stored = {hash_of(each): each for each in own}
        for draft in fresh:
            key = hash_of(draft)
            if draft.key_hash in found or key is None or here[key] > 1 or there[key] != 1:
                continue
            if stored[key].entry_id not in taken:
                found[draft.key_hash] = stored[key]
                taken.add(stored[key].entry_id)
    return found


def _agree(draft: Draft, stored: Candidate | None) -> bool:
    """Whether both address and text are those of the stored one."""
    if stored is None or draft.url_hash is None or draft.body_hash is None:
        return False
    return (draft.url_hash, draft.body_hash) == (stored.url_hash, stored.body_hash)


def _address(each: Draft | Candidate) -> int | None:
    return each.url_hash


def _text(each: Draft | Candidate) -> int | None:
    return each.body_hash
