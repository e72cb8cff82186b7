from __future__ import annotations

from collections.abc import Sequence

import pytest

from aggregator.core.drafting import Draft
from aggregator.core.intake import MOST_UNDATED_REVISIONS, Recall, decide
from aggregator.model.entry import Known, Text
from aggregator.model.feed import Feed, FeedSpec, Origin
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.intake import Blocks, Candidate, Intake, Merge, Past

NOW = 1_750_000_000
FEED = Feed(id=FeedId(9), spec=FeedSpec(url="https://z.example/f", name="z"), origin=Origin.FILE)


def drafted(
    key: int, *, url: int | None = None, body: int | None = None, lies: str = "z.example"
) -> Draft:
    return Draft(
        key_hash=key,
        guid=f"k{key}",
        digest=1,
        url_hash=url,
        body_hash=body,
        text=Text(url=f"https://{lies}/1", title="T", summary="", content=""),
    )


def stored(
    entry: int, *, feed: int, story: int, url: int | None = None, body: int | None = None
) -> Candidate:
    return Candidate(
        entry_id=EntryId(entry),
        feed_id=FeedId(feed),
        article_id=ArticleId(story),
        url_hash=url,
        body_hash=body,
        first_seen_at=entry,
    )


def decided(
    drafts: Sequence[Draft],
    candidates: Sequence[Candidate] = (),
    known: dict[int, Known] | None = None,
    blocks: Blocks | None = None,
    past: dict[EntryId, Past] | None = None,
) -> Intake:
    by_key = {draft.key_hash: draft for draft in drafts}
    return decide(
        FEED,
        dict.fromkeys(by_key, 1),
        known or {},
        by_key.__getitem__,
        Recall(candidates=lambda _: candidates, past=lambda _: past or {}),
        homes=frozenset({"z.example"}),
        blocks=blocks or Blocks(),
        last_visit=None,
        now=NOW,
    )


def test_an_unknown_key_is_new_a_known_digest_the_same_another_digest_a_revision() -> None:
    known = {
        2: Known(entry_id=EntryId(20), digest=1, url_hash=None),
        3: Known(entry_id=EntryId(30), digest=99, url_hash=None),
    }
    intake = decided([drafted(1), drafted(2), drafted(3)], known=known)
    assert [each.key_hash for each in intake.arrivals] == [1]
    assert [each.entry_id for each in intake.changes] == [EntryId(30)]
    assert intake.same == 1


def test_entries_that_are_the_same_are_never_drafted() -> None:
    known = {1: Known(entry_id=EntryId(10), digest=1, url_hash=None)}

    def draft_of(key_hash: int) -> Draft:
        raise AssertionError("cleaning what is known is wasted")

    blocks = Blocks()
    intake = decide(
        FEED,
        {1: 1},
        known,
        draft_of,
        Recall(candidates=lambda _: (), past=lambda _: {}),
        homes=frozenset(),
        blocks=blocks,
        last_visit=None,
        now=NOW,
    )
    assert intake == Intake(same=1)


def test_the_same_address_in_another_feed_is_the_same_story() -> None:
    intake = decided([drafted(1, url=5)], [stored(10, feed=1, story=3, url=5)])
    assert intake.arrivals[0].article_id == ArticleId(3)
    assert intake.arrivals[0].join_because == "same address as entry 10"


def test_the_same_text_in_another_feed_is_the_same_story() -> None:
    intake = decided([drafted(1, body=7)], [stored(10, feed=1, story=3, body=7)])
    assert intake.arrivals[0].article_id == ArticleId(3)


def test_within_one_feed_the_same_text_is_two_entries_of_two_stories() -> None:
    intake = decided([drafted(1, body=7)], [stored(10, feed=9, story=3, body=7)])
    assert intake.arrivals[0].article_id is None


def test_an_address_several_entries_of_a_feed_share_identifies_nothing() -> None:
    standing = [stored(10, feed=1, story=3, url=5), stored(11, feed=1, story=4, url=5)]
    assert decided([drafted(1, url=5)], standing).arrivals[0].article_id is None
    here = decided([drafted(1, url=5), drafted(2, url=5)], [stored(10, feed=1, story=3, url=5)])
    assert [each.article_id for each in here.arrivals] == [None, None]


def test_an_address_our_own_feed_gave_before_identifies_no_second_entry_of_it() -> None:
    before = [stored(10, feed=1, story=3, url=5), stored(11, feed=9, story=4, url=5)]
    assert decided([drafted(1, url=5)], before).arrivals[0].article_id is None


def test_an_entry_that_is_two_stories_copy_makes_them_one() -> None:
    both = [stored(10, feed=1, story=3, url=5), stored(11, feed=2, story=4, body=7)]
    intake = decided([drafted(1, url=5, body=7)], both)
    assert intake.arrivals[0].article_id == ArticleId(3)
    assert intake.merges == (
        Merge(into=ArticleId(3), merged=ArticleId(4), because="same address as entry 10"),
    )


def test_a_stranger_who_cites_one_and_copies_another_merges_nothing() -> None:
    both = [stored(10, feed=1, story=3, url=5), stored(11, feed=2, story=4, body=7)]
    intake = decided([drafted(1, url=5, body=7, lies="wire.example")], both)
    assert intake.arrivals[0].article_id == ArticleId(3)
    assert intake.merges == ()


def test_an_address_one_feed_repeats_stays_good_between_the_others() -> None:
    noise = [stored(20, feed=8, story=8, url=5), stored(21, feed=8, story=9, url=5)]
    intake = decided([drafted(1, url=5)], [stored(10, feed=1, story=3, url=5), *noise])
    assert intake.arrivals[0].article_id == ArticleId(3)


def test_stories_that_share_a_feed_are_never_made_one() -> None:
    both = [stored(10, feed=1, story=3, url=5), stored(11, feed=1, story=4, body=7)]
    intake = decided([drafted(1, url=5, body=7)], both)
    assert intake.arrivals[0].article_id == ArticleId(3)
    assert intake.merges == ()


def test_two_columns_with_one_standing_text_pair_up_with_two_stories() -> None:
    standing = [stored(10, feed=1, story=3, body=7), stored(11, feed=1, story=4, body=7)]
    intake = decided([drafted(1, body=7), drafted(2, body=7)], standing)
    assert [each.article_id for each in intake.arrivals] == [ArticleId(3), ArticleId(4)]


def test_what_was_withdrawn_does_not_return_under_another_feed() -> None:
    blocks = Blocks(urls={5: "court order"})
    intake = decided([drafted(1, url=5), drafted(2, url=6)], blocks=blocks)
    assert {each.url_hash: each.withdrawn for each in intake.arrivals} == {
        5: "court order",
        6: None,
    }


def test_a_revision_that_meets_a_withdrawal_is_withdrawn() -> None:
    known = {1: Known(entry_id=EntryId(7), digest=-1, url_hash=4)}
    blocks = Blocks(urls={5: "court order"})
    assert decided([drafted(1, url=5)], known=known, blocks=blocks).changes[0].withdrawn
    assert decided([drafted(1, url=6)], known=known, blocks=blocks).changes[0].withdrawn is None


def test_a_withdrawn_host_or_feed_blocks_all_it_sends() -> None:
    assert decided([drafted(1)], blocks=Blocks(hosts={"z.example": "asked"})).arrivals[0].withdrawn
    assert decided([drafted(1)], blocks=Blocks(feeds={FeedId(9): "asked"})).arrivals[0].withdrawn


def test_a_new_story_gets_an_opaque_id_of_feed_and_key() -> None:
    one = decided([drafted(1)]).arrivals[0].public_id
    two = decided([drafted(2)]).arrivals[0].public_id
    assert one != two and one.isalnum() and len(one) == 16


@pytest.mark.parametrize(
    ("revised", "new_date", "kept"),
    [
        (MOST_UNDATED_REVISIONS, False, True),
        (MOST_UNDATED_REVISIONS + 1, False, False),
        (MOST_UNDATED_REVISIONS + 1, True, True),
    ],
)
def test_a_text_that_changes_without_end_and_date_is_revised_so_often_and_no_more(
    revised: int, new_date: bool, kept: bool
) -> None:
    known = {1: Known(entry_id=EntryId(10), digest=9, url_hash=None)}
    past = {EntryId(10): Past(rev=revised, updated_at=5 if new_date else None)}
    intake = decided([drafted(1)], known=known, past=past)
    assert len(intake.changes) == kept
    assert [alias.digest for alias in intake.aliases] == ([] if kept else [1])
