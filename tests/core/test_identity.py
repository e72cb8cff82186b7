from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.identity import (
    Keyed,
    assign,
    body_hash,
    digest,
    identify,
    lookup_hashes,
    public_id_of,
    read_key,
    rekeyed,
    set_apart,
)
from aggregator.core.tracking import Tracking, listed, tracking
from aggregator.core.urls import url_hash
from aggregator.model.entry import Enclosure, Known, ParsedEntry
from aggregator.model.ids import EntryId, FeedId
from aggregator.model.keys import StoredKey

Stored = dict[int, Known]


def an_entry(**said: str | int | None) -> ParsedEntry:
    made = ParsedEntry(guid="g1", url="https://news.example/a", title="Grain corridor reopens")
    return replace(made, **said)  # type: ignore[arg-type]


def a_document(*entries: ParsedEntry, known: Stored | None = None) -> dict[str, int]:
    """Return key hashes by title."""
    return {each.entry.title: each.key_hash for each in assign(identify(entries), known or {})}


def stored(keyed: tuple[Keyed, ...], before: Stored) -> Stored:
    return before | {
        each.key_hash: Known(
            entry_id=before[each.key_hash].entry_id
            if each.key_hash in before
            else EntryId(len(before) + number),
            digest=each.digest,
            url_hash=each.url_hash,
        )
        for number, each in enumerate(keyed, start=1)
    }


FEW_ENTRIES = st.lists(
    st.builds(
        ParsedEntry,
        guid=st.sampled_from([None, "", "g1", "g2"]),
        url=st.sampled_from(
            [None, "https://x.example/", "https://x.example/a", "http://www.x.example/b/"]
        ),
        title=st.sampled_from(["", "one", "two"]),
        published=st.sampled_from([None, 1, 2]),
        summary=st.sampled_from(["", "said"]),
    ),
    max_size=9,
)


@given(FEW_ENTRIES, FEW_ENTRIES)
def test_no_two_entries_of_a_document_share_a_key(
    before: list[ParsedEntry], document: list[ParsedEntry]
) -> None:
    known = stored(assign(identify(before), {}), {})
    keyed = assign(identify(document), known)
    assert len({each.key_hash for each in keyed}) == len(keyed)
    assert len({each.key for each in keyed}) == len(keyed)
    assert {each.key_hash for each in keyed} <= set(lookup_hashes(identify(document)))


@given(FEW_ENTRIES, FEW_ENTRIES, st.randoms(use_true_random=False))
def test_the_same_document_in_any_order_gets_the_same_keys(
    before: list[ParsedEntry], document: list[ParsedEntry], chance: object
) -> None:
    known = stored(assign(identify(before), {}), {})
    first = identify(document)
    keyed = assign(first, known)
    known = stored(keyed, known)
    shuffled = list(first)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    again = assign(shuffled, known)
    assert {each.entry: each.key_hash for each in again} == {
        each.entry: each.key_hash for each in keyed
    }


@given(FEW_ENTRIES, st.data())
def test_an_entry_keeps_its_key_when_those_that_share_its_guid_leave(
    document: list[ParsedEntry], data: st.DataObject
) -> None:
    identified = identify(document)
    keyed = assign(identified, {})
    known = stored(keyed, {})
    keys = {each.entry: each.key_hash for each in keyed}
    left = data.draw(st.lists(st.sampled_from(identified), unique=True)) if identified else []
    for each in assign(left, known):
        assert each.key_hash == keys[each.entry]


def test_the_guid_is_the_key_whatever_else_changes() -> None:
    one = assign(identify([an_entry()]), {})
    known = stored(one, {})
    other = an_entry(title="Retitled", url="https://news.example/moved", published=7)
    (again,) = assign(identify([other]), known)
    assert again.key_hash == one[0].key_hash
    assert again.key == "g1"
    assert again.digest != one[0].digest


def test_without_a_guid_the_canonical_url_is_the_key() -> None:
    (one,) = assign(identify([an_entry(guid=None)]), {})
    url = "http://www.news.example/a/?utm_source=rss"
    (other,) = assign(identify([an_entry(guid=" ", url=url, title="New")]), {})
    assert one.key_hash == other.key_hash
    assert one.key == "https://news.example/a"


def test_without_guid_and_article_url_the_words_are_the_key() -> None:
    home = "https://news.example/"
    (one,) = assign(identify([an_entry(guid=None, url=home, published=1)]), {})
    (same,) = assign(identify([an_entry(guid=None, url=home, published=1)]), {})
    (other,) = assign(identify([an_entry(guid=None, url=home, published=2)]), {})
    assert one.key_hash == same.key_hash != other.key_hash
    assert one.url_hash is None


def test_one_guid_on_several_entries_tells_them_apart() -> None:
    a = an_entry(title="a", url="https://news.example/a")
    b = an_entry(title="b", url="https://news.example/b")
    c = an_entry(title="c", url="https://news.example/b")
    assert len(set(a_document(a, b, c).values())) == 3


def test_an_entry_that_later_meets_its_guid_on_another_stays_itself() -> None:
    a = an_entry(title="a", url="https://news.example/a")
    b = an_entry(title="b", url="https://news.example/b")
    first = assign(identify([a]), {})
    known = stored(first, {})
    both = a_document(b, a, known=known)
    assert both["a"] == first[0].key_hash != both["b"]
    known = stored(assign(identify([b, a]), known), known)
    assert a_document(b, known=known)["b"] == both["b"]
    assert a_document(a, known=known)["a"] == both["a"]


def test_a_revised_sharer_is_still_itself_while_the_other_is_known() -> None:
    a, b = an_entry(title="a"), an_entry(title="b")
    known = stored(assign(identify([a]), {}), {})
    plain = next(iter(known))
    known = stored(assign(identify([a, b]), known), known)
    keys = a_document(an_entry(title="a, revised"), b, known=known)
    assert keys["a, revised"] == plain


def test_repetitions_in_a_document_count_once() -> None:
    assert len(identify([an_entry(), an_entry(), an_entry(guid="g2")])) == 2


def test_a_document_of_one_guid_is_read_in_linear_time() -> None:
    entries = [an_entry(url=f"https://news.example/{n}", title=str(n % 7)) for n in range(20_000)]
    assert len(assign(identify(entries), {})) == 20_000


def test_a_key_is_short_whatever_the_guid() -> None:
    entries = [an_entry(guid="x" * 5000 + tail, title=title) for tail in "ab" for title in "cd"]
    keyed = assign(identify(entries), {})
    assert len({each.key for each in keyed}) == 4
    assert all(len(each.key) <= 2000 for each in keyed)


def test_a_digest_tells_words_and_not_dates_or_tracking() -> None:
    said = an_entry()
    same = replace(said, published=1, updated=2, url="https://news.example/a?utm_source=rss")
    assert digest(same) == digest(said)
    assert digest(replace(said, categories=("a", "b"))) == digest(
        replace(said, categories=("b", "a"))
    )
    changed = [
        replace(said, title="Grain corridor closes"),
        replace(said, summary="x"),
        replace(said, content="x"),
        replace(said, url="https://news.example/b"),
        replace(said, author="A"),
        replace(said, licence="CC0"),
        replace(said, source_title="Wire"),
        replace(said, categories=("a",)),
        replace(said, enclosures=(Enclosure(url="https://news.example/a.mp3"),)),
        replace(said, enclosures=(Enclosure(url="https://news.example/a.mp3", length=1),)),
    ]
    assert len({digest(each) for each in (said, *changed)}) == 11


def test_lone_surrogates_are_identified_too() -> None:
    assert len(identify([an_entry(guid="\ud800", title="\udfff", url="http://\ud800/")])) == 1


def test_a_body_is_known_by_its_words_when_it_has_thirty() -> None:
    words = [f"word{n}" for n in range(30)]
    assert body_hash(" ".join(words)) == body_hash("  \n".join(words).upper() + "!")
    assert body_hash(" ".join(words)) != body_hash(" ".join(words[::-1]))
    assert body_hash(" ".join(words[:29])) is None


def test_a_story_id_is_opaque_and_its_own() -> None:
    one = public_id_of("https://news.example/feed", "g1")
    assert len(one) == 16
    assert one.isalnum() and one == one.lower()
    assert one == public_id_of("https://news.example/feed", "g1")
    assert one != public_id_of("https://news.example/feedg", "1")


def test_what_stores_hold_is_hashed_as_earlier_versions_did() -> None:
    assert public_id_of("https://e.org/f", "k é") == "ixipejtnggg7y3iu"
    assert body_hash("one two " * 40) == -8126412080851553530


def kept(keyed: Keyed) -> StoredKey:
    return StoredKey(
        entry_id=EntryId(1),
        feed_id=FeedId(1),
        key=keyed.key,
        key_hash=keyed.key_hash,
        url=keyed.entry.url or "",
        url_hash=keyed.url_hash,
        title=keyed.entry.title,
        published_at=keyed.entry.published,
    )


@given(FEW_ENTRIES)
def test_a_stored_key_tells_what_it_is_made_of(entries: list[ParsedEntry]) -> None:
    for each in assign(identify(entries), {}):
        read = read_key(each.key, each.key_hash)
        assert read is not None
        assert (read.text, read.hash) == (each.key, each.key_hash)
        assert (read.kind == "guid") is bool(each.entry.guid)


OWN = tracking(("own_*",))


def with_own(entry: ParsedEntry) -> ParsedEntry:
    """The same at an address with a parameter that tells nothing, once one knows."""
    if entry.url is None or entry.url.endswith(".example/"):
        return replace(entry, url=None)
    return replace(entry, url=f"{entry.url}?own_from=rss")


@given(FEW_ENTRIES)
def test_a_key_made_anew_is_the_one_it_would_have_had(entries: list[ParsedEntry]) -> None:
    entries = [with_own(each) for each in entries]
    for before, after in ((listed(), OWN), (OWN, listed())):
        were, are = (assign(identify(entries, by), {}) for by in (before, after))
        for old, new in zip(were, are, strict=True):
            if old.entry.url:
                assert rekeyed(kept(old), after) == kept(new)
                assert rekeyed(kept(new), after) == kept(new)


def rekeyed_to(entry: ParsedEntry, by: Tracking) -> tuple[StoredKey, StoredKey]:
    (before,) = assign(identify([entry]), {})
    return kept(before), rekeyed(kept(before), by)


def test_what_cannot_be_told_of_a_key_stays_as_it_is() -> None:
    long = an_entry(guid=None, url=f"https://news.example/{'a' * 700}?own_x=1")
    root = an_entry(guid=None, url="https://news.example/?own_x=1")
    for entry in (long, root):
        before, after = rekeyed_to(entry, OWN)
        assert (after.key, after.key_hash) == (before.key, before.key_hash)
        assert after.url_hash == url_hash(entry.url or "", OWN) != before.url_hash


def test_one_whose_plain_key_is_anothers_is_known_by_title_and_date() -> None:
    one, other = (
        an_entry(guid=None, url=f"https://news.example/a?own_n={n}", title=f"No. {n}", published=n)
        for n in (1, 2)
    )
    (first, second) = (rekeyed_to(each, OWN)[1] for each in (one, other))
    assert first.key_hash == second.key_hash
    apart = set_apart(second, OWN)
    known = {
        first.key_hash: Known(entry_id=EntryId(1), digest=0, url_hash=first.url_hash),
        apart.key_hash: Known(entry_id=EntryId(2), digest=0, url_hash=first.url_hash),
    }
    found = assign(identify([one, other], OWN), known)
    assert [known[each.key_hash].entry_id for each in found] == [1, 2]
