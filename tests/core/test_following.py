"""What a followed list changes: pure, law by law."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core import following
from aggregator.core.following import Known, Plan, plan, tags_from
from aggregator.model.feed import (
    Feed,
    FeedSpec,
    FeedStatus,
    Origin,
    Outline,
    OutlineList,
    Rights,
)
from aggregator.model.ids import FeedId, ListId
from aggregator.model.lists import FollowedList, ListSpec
from aggregator.model.settings import Defaults
from tests.makers import a_feed, a_feed_spec

OURS, OTHER = ListId(1), ListId(2)


def url(n: int) -> str:
    return f"https://e.example/{n}"


def a_list(*numbers: int, whole: bool = True, folders: tuple[str, ...] = ()) -> OutlineList:
    outlines = tuple(Outline(url=url(n), title=f"F{n}", folders=folders) for n in numbers)
    return OutlineList(title="Blogroll", outlines=outlines, whole=whole, problems=("line 7: ?",))


def brought(n: int, *, by: ListId | None = OURS, **said: object) -> Feed:
    """Return feed n as our list would have brought it."""
    spec = FeedSpec(url=url(n), name=f"e-example-{n}")
    made = a_feed(id=n, spec=spec, origin=Origin.LIST, title=f"F{n}")
    return replace(made, list_id=by, **said)  # type: ignore[arg-type]


def planned(listed: OutlineList, *feeds: Feed, unheard: tuple[int, ...] = ()) -> Plan:
    known = Known(
        feeds=feeds,
        listed_as={},
        unheard={FeedId(n) for n in unheard},
        defaults=Defaults(),
    )
    return plan(FOLLOWED, listed, known)


FOLLOWED = FollowedList(
    id=OURS, spec=ListSpec(url="https://l.example/x.opml", name="roll"), origin=Origin.DESK
)


def test_what_is_new_is_added_with_what_folders_and_list_give() -> None:
    followed = replace(
        FOLLOWED,
        spec=replace(
            FOLLOWED.spec, tags=("blogs",), rights=Rights.LINK, rights_written=True, trust=0.9
        ),
    )
    known = Known(feeds=(), listed_as={}, unheard=frozenset(), defaults=Defaults(every=7200))
    ((spec, outline),) = plan(followed, a_list(1, folders=("World", "Blogs")), known).add
    assert outline.title == "F1"
    assert spec == FeedSpec(
        url=url(1),
        name="e-example-1",
        tags=("World", "Blogs"),
        every=7200,
        trust=0.9,
        rights=Rights.LINK,
        rights_written=True,
    )


def test_new_feeds_have_names_nobody_has() -> None:
    taken = a_feed(id=9, spec=a_feed_spec(url="https://x.example/", name="e-example-1"))
    listed = OutlineList(
        title="",
        outlines=tuple(
            Outline(url=f"https://e.example/1{end}", title="") for end in ("", "/feed", "/rss")
        ),
    )
    names = [spec.name for spec, _ in planned(listed, taken).add]
    assert len({*names, "e-example-1"}) == 4


def test_what_stands_as_it_stood_changes_nothing() -> None:
    made = planned(a_list(1, 2), brought(1), brought(2))
    assert made == Plan()


def test_what_left_is_retired_and_what_comes_back_is_taken_back() -> None:
    assert planned(a_list(2), brought(1), brought(2)).retire == (FeedId(1),)
    retired = brought(1, status=FeedStatus.RETIRED)
    made = planned(a_list(1, 2), retired, brought(2))
    assert made.take == ((FeedId(1), retired.spec),)
    assert made.name == {FeedId(1): url(1)}
    assert planned(a_list(2), retired, brought(2)) == Plan()


@pytest.mark.parametrize("status", [FeedStatus.PAUSED, FeedStatus.GONE])
def test_a_feed_that_is_not_polled_stays_so_while_it_is_named(status: FeedStatus) -> None:
    assert planned(a_list(1), brought(1, status=status)) == Plan()
    made = planned(a_list(2), brought(1, status=status), brought(2))
    assert made.retire == (FeedId(1),)


@pytest.mark.parametrize("origin", [Origin.FILE, Origin.DESK])
def test_a_feed_of_the_file_or_the_desk_stays_as_it_is(origin: Origin) -> None:
    theirs = brought(1, by=None, origin=origin)
    made = planned(a_list(1), theirs)
    assert made == Plan(name={FeedId(1): url(1)}), "only noted"
    noted = replace(theirs, list_id=OURS)
    assert planned(a_list(1), noted) == Plan()
    assert planned(a_list(2), noted, brought(2)) == Plan(let_go=(FeedId(1),))


def test_what_an_editor_removed_from_the_desk_is_not_brought_back() -> None:
    removed = brought(1, by=None, origin=Origin.DESK, status=FeedStatus.RETIRED)
    assert planned(a_list(1), removed) == Plan()


def test_what_left_the_file_is_taken() -> None:
    left = brought(1, by=None, origin=Origin.FILE, status=FeedStatus.RETIRED)
    assert [each for each, _ in planned(a_list(1), left).take] == [FeedId(1)]


def test_what_another_list_brought_is_left_to_it_until_it_is_retired() -> None:
    assert planned(a_list(1), brought(1, by=OTHER)) == Plan()
    assert planned(a_list(2), brought(1, by=OTHER), brought(2)) == Plan()
    made = planned(a_list(1), brought(1, by=OTHER, status=FeedStatus.RETIRED))
    assert made.name == {FeedId(1): url(1)}


def test_a_list_that_names_nothing_or_breaks_off_retires_nothing() -> None:
    made = planned(a_list(), brought(1))
    assert made == Plan(problem="it names no feed, so nothing is changed")
    made = planned(a_list(2, whole=False), brought(1))
    assert (made.retire, len(made.add)) == ((), 1)
    assert made.problem == "not read as a whole (line 7: ?), so nothing is retired"


def test_a_list_brings_so_many_feeds_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_FEEDS", 3)
    made = planned(a_list(1, 2, 3, 4, 5), brought(5))
    assert len(made.add) == 3
    assert made.retire == (), "it is named, if beyond what is taken"
    assert made.problem == "it names 5 feeds; the first 3 are polled"


def test_other_folders_are_other_tags() -> None:
    made = planned(a_list(1, folders=("World",)), brought(1))
    ((number, spec),) = made.change
    assert (number, spec.tags, spec.name) == (FeedId(1), ("World",), "e-example-1")


def test_a_feed_not_heard_of_yet_is_called_what_the_list_calls_it() -> None:
    renamed = brought(1, title="Old")
    assert planned(a_list(1), renamed) == Plan()
    ((number, outline),) = planned(a_list(1), renamed, unheard=(1,)).call
    assert (number, outline.title) == (FeedId(1), "F1")
    assert planned(a_list(1), brought(1), unheard=(1,)) == Plan()


def test_a_feed_that_moved_is_still_the_one_the_list_names() -> None:
    moved = brought(1)
    moved = replace(moved, spec=replace(moved.spec, url="https://new.example/feed"))
    known = Known(
        feeds=(moved,), listed_as={FeedId(1): url(1)}, unheard=frozenset(), defaults=Defaults()
    )
    assert plan(FOLLOWED, a_list(1), known) == Plan()
    assert plan(FOLLOWED, a_list(2), known).retire == (FeedId(1),)


def test_an_address_is_compared_as_a_list_would_write_it() -> None:
    raw = brought(1)
    raw = replace(raw, spec=replace(raw.spec, url="https://E.example/1"))
    assert planned(a_list(1), raw) == Plan()


def test_tags_are_short_distinct_and_say_something() -> None:
    assert tags_from(["World", "WORLD ", "", "-", "Wörld", "a\n b", "x" * 99]) == (
        "World",
        "a b",
        tags_from(["x" * 99])[0],
    )
    assert len(tags_from(["word " * 30])[0]) <= 64


NUMBERS = st.lists(st.integers(1, 6), unique=True, max_size=6)
FEEDS = st.lists(
    st.builds(
        brought,
        st.integers(1, 6),
        by=st.sampled_from([OURS, OTHER, None]),
        status=st.sampled_from(list(FeedStatus)),
        origin=st.sampled_from(list(Origin)),
    ),
    unique_by=lambda feed: feed.id,
    max_size=6,
)


@given(NUMBERS, FEEDS, st.booleans())
def test_only_what_this_list_brought_is_ever_retired(
    numbers: list[int], feeds: list[Feed], whole: bool
) -> None:
    made = planned(a_list(*numbers, whole=whole), *feeds)
    by_id = {feed.id: feed for feed in feeds}
    for number in made.retire:
        feed = by_id[number]
        assert feed.list_id == OURS
        assert feed.origin is Origin.LIST
        assert number not in numbers
        assert whole
        assert numbers
    untouched = {feed.id for feed in feeds if feed.origin is not Origin.LIST}
    assert not untouched & ({each for each, _ in made.change} | set(made.retire))
    assert not {spec.url for spec, _ in made.add} & {feed.spec.url for feed in feeds}
