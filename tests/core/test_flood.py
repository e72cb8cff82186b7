from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.drafting import Draft
from aggregator.core.flood import MANY, flood
from aggregator.model.entry import Text
from aggregator.model.ids import ArticleId, EntryId, FeedId
from aggregator.model.intake import Candidate

NOW, DAY = 1_750_000_000, 86_400
VISIT = float(NOW - DAY)


def fresh(
    key: int, *, url: int | None = None, body: int | None = None, at: int | None = None
) -> Draft:
    text = Text(url=None, title="T", summary="", content="", published_at=at)
    return Draft(key_hash=key, guid=f"k{key}", digest=1, url_hash=url, body_hash=body, text=text)


def stored(entry: int, *, url: int | None = None, body: int | None = None) -> Candidate:
    return Candidate(
        entry_id=EntryId(entry),
        feed_id=FeedId(1),
        article_id=ArticleId(entry),
        url_hash=url,
        body_hash=body,
        first_seen_at=entry,
    )


def test_rewritten_ids_are_known_again_by_their_address() -> None:
    drafts = [fresh(key, url=100 + key) for key in range(1, 6)]
    own = [stored(10 + key, url=100 + key) for key in range(1, 6)]
    told = flood(drafts, own, set(), last_visit=VISIT, now=NOW)
    assert {key: each.entry_id for key, each in told.same_as.items()} == {
        key: EntryId(10 + key) for key in range(1, 6)
    }
    assert told.notice == "5 entries came back under new ids and were known again"


def test_rewritten_ids_and_addresses_are_known_again_by_their_text() -> None:
    drafts = [fresh(key, url=900 + key, body=100 + key) for key in range(1, 6)]
    own = [stored(10 + key, url=100 + key, body=100 + key) for key in range(1, 6)]
    assert len(flood(drafts, own, set(), last_visit=VISIT, now=NOW).same_as) == 5


def test_one_or_two_changed_ids_are_no_flood() -> None:
    drafts = [fresh(1, url=101), fresh(2, url=102), *(fresh(key) for key in range(3, 6))]
    own = [stored(11, url=101), stored(12, url=102)]
    assert not flood(drafts, own, set(), last_visit=VISIT, now=NOW)


def test_an_address_many_entries_share_pairs_nothing() -> None:
    """A column whose every instalment has the column's own page."""
    drafts = [fresh(key, url=7) for key in range(1, 6)]
    assert not flood(
        drafts, [stored(11, url=7), stored(12, url=7)], set(), last_visit=VISIT, now=NOW
    )
    assert not flood(drafts, [stored(11, url=7)], set(), last_visit=VISIT, now=NOW)


def test_an_entry_the_document_still_offers_is_not_paired_away() -> None:
    drafts = [fresh(key, url=100 + key) for key in range(1, 6)]
    own = [stored(10 + key, url=100 + key) for key in range(1, 6)]
    present = {each.entry_id for each in own}
    assert not flood(drafts, own, present, last_visit=VISIT, now=NOW)


def test_an_archive_that_reopens_is_held() -> None:
    old = [fresh(key, at=NOW - 400 * DAY) for key in range(MANY)]
    told = flood([*old, fresh(99, at=NOW)], [], set(), last_visit=VISIT, now=NOW)
    assert set(told.held) == set(range(MANY))
    assert told.notice == f"{MANY} entries older than our last visit are held"


def test_a_busy_day_is_news_and_no_flood() -> None:
    drafts = [fresh(key, at=NOW - 3600) for key in range(50)]
    assert not flood(drafts, [], set(), last_visit=VISIT, now=NOW)


def test_what_a_feed_wrote_while_we_were_away_is_no_flood() -> None:
    drafts = [fresh(key, at=NOW - 20 * DAY) for key in range(50)]
    assert not flood(drafts, [], set(), last_visit=float(NOW - 21 * DAY), now=NOW)


def test_the_first_visit_is_never_a_flood() -> None:
    drafts = [fresh(key, at=NOW - 400 * DAY) for key in range(50)]
    assert not flood(drafts, [], set(), last_visit=None, now=NOW)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
)
def test_no_stored_entry_is_given_to_two(
    here: list[tuple[int, int]], there: list[tuple[int, int]]
) -> None:
    drafts = [
        fresh(key, url=url or None, body=body or None) for key, (url, body) in enumerate(here)
    ]
    own = [
        replace(stored(100 + n), url_hash=url or None, body_hash=body or None)
        for n, (url, body) in enumerate(there)
    ]
    same = flood(drafts, own, set(), last_visit=VISIT, now=NOW).same_as
    entries = [each.entry_id for each in same.values()]
    assert len(entries) == len(set(entries))
