"""A followed OPML list: what it names is polled, what leaves it is retired, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from aggregator.errors import NotFound, UsageError
from aggregator.flow.follow import Followed, follow, follow_due, list_spec, unfollow
from aggregator.flow.lists import add_feed, set_status
from aggregator.formats.opml import write_opml
from aggregator.model.exchange import Caching, Failed, Fault, Fetched, Outcome, Request, Wanted
from aggregator.model.feed import Feed, FeedStatus, Origin, Outline, OutlineList, Rights
from aggregator.model.lists import FollowedList, ListSpec, ListStatus
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from tests.flow.newsroom import DAY, HOUR, Newsroom, Told, topic
from tests.makers import NOON

ROLL = "https://roll.example/blogs.opml"
OTHER = "https://other.example/blogs.opml"


def opml(*names: str, folder: str = "") -> bytes:
    """Return a list of the outlets of these names."""
    outlines = tuple(
        Outline(
            url=f"https://{name}.example/feed.xml",
            title=name.title(),
            site_url=f"https://{name}.example/",
            folders=(folder,) if folder else (),
        )
        for name in names
    )
    return write_opml(OutlineList(title="Roll", outlines=outlines))


def serves(newsroom: Newsroom, body: bytes, *, etag: str | None = None, url: str = ROLL) -> None:
    newsroom.net.answers[url] = Fetched(
        url=url,
        status=200,
        body=body,
        content_type="text/x-opml",
        etag=etag,
        last_modified=None,
        caching=Caching(),
    )


def fails(newsroom: Newsroom, status: int, *, wait: float | None = None) -> None:
    newsroom.net.answers[ROLL] = Failed(
        fault=Fault.GONE if status == 410 else Fault.STATUS,
        problem=f"answered {status}",
        status=status,
        retry_after=wait,
        host="roll.example",
    )


def begin(newsroom: Newsroom, *names: str, url: str = ROLL, **said: object) -> Followed:
    serves(newsroom, opml(*names), url=url)
    return follow(newsroom.kit, list_spec(newsroom.kit, url, **said))  # type: ignore[arg-type]


def later(newsroom: Newsroom, seconds: int = DAY) -> tuple[Followed, ...]:
    newsroom.now += seconds
    return follow_due(newsroom.kit)


def feeds(newsroom: Newsroom) -> dict[str, Feed]:
    with newsroom.kit.store.read() as tx:
        return {each.spec.url.split("//")[1].split(".")[0]: each for each in tx.feeds.all()}


def statuses(newsroom: Newsroom) -> dict[str, str]:
    return {name: str(feed.status) for name, feed in feeds(newsroom).items()}


def the_list(newsroom: Newsroom, url: str = ROLL) -> FollowedList:
    with newsroom.kit.store.read() as tx:
        found = tx.lists.find(url)
    assert found is not None
    return found


def requests(newsroom: Newsroom, url: str = ROLL) -> list[Request]:
    return [each for each in newsroom.net.asked if each.url == url]


def test_a_live_list_adds_and_retires(newsroom: Newsroom) -> None:
    done = begin(newsroom, "wire", "post")
    assert (done.added, done.feeds) == (("wire-example", "post-example"), 2)
    wire = feeds(newsroom)["wire"]
    assert (wire.origin, wire.title, wire.site_url) == (
        Origin.LIST,
        "Wire",
        "https://wire.example/",
    )
    serves(newsroom, opml("wire", "herald"))
    assert later(newsroom, HOUR) == (), "it is not due yet"
    (done,) = later(newsroom)
    assert (done.added, done.retired) == (("herald-example",), ("post-example",))
    assert statuses(newsroom) == {"wire": "active", "post": "retired", "herald": "active"}
    serves(newsroom, opml("wire", "herald", "post"))
    (done,) = later(newsroom)
    assert done.added == ("post-example",), "what comes back is polled again"
    assert statuses(newsroom) == {"wire": "active", "post": "active", "herald": "active"}


def test_what_a_list_names_is_polled_and_what_it_gave_stays(newsroom: Newsroom) -> None:
    newsroom.follow([], [topic(match="tag:blogs AND tag:ports")])
    serves(newsroom, opml("wire", "post", folder="Ports"))
    follow(newsroom.kit, list_spec(newsroom.kit, ROLL, tags=("blogs",)))
    newsroom.serves("wire", Told(guid="1", title="Grain"))
    newsroom.poll()
    newsroom.publish()
    assert newsroom.titles() == ["Grain"]
    serves(newsroom, opml("post", folder="Ports"))
    later(newsroom)
    newsroom.publish()
    assert newsroom.titles() == ["Grain"]
    asked = len(newsroom.net.asked)
    newsroom.now += 2 * DAY
    newsroom.poll()
    assert [each.url for each in newsroom.net.asked[asked:]] == ["https://post.example/feed.xml"]


def test_a_list_is_asked_conditionally_and_as_a_list(newsroom: Newsroom) -> None:
    serves(newsroom, opml("wire"), etag='"1"')
    follow(newsroom.kit, list_spec(newsroom.kit, ROLL))
    (done,) = later(newsroom)
    assert not done
    assert done.problem is None
    first, second = requests(newsroom)
    assert (first.etag, second.etag) == (None, '"1"')
    assert first.wanted is second.wanted is Wanted.LIST
    assert the_list(newsroom).state.last_ok_at == NOON + DAY


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "this is no OPML list"),
        (b"<html><body>We are back soon", "this is no OPML list"),
        (b'<?xml version="1.0"?><!DOCTYPE opml><opml/>', "declares a document type"),
        (opml(), "it names no feed, so nothing is changed"),
        (opml("herald")[:-30], "not read as a whole"),
        (b"<opml>" + b" " * 10_000_001 + b"</opml>", "too long"),
    ],
)
def test_a_list_that_cannot_be_read_retires_nothing_and_says_why(
    newsroom: Newsroom, body: bytes, said: str
) -> None:
    begin(newsroom, "wire", "post")
    serves(newsroom, body, etag='"broken"')
    (done,) = later(newsroom)
    assert said in (done.problem or "")
    assert done.retired == ()
    assert {statuses(newsroom)[name] for name in ("wire", "post")} == {"active"}
    assert said in (the_list(newsroom).state.problem or "")
    assert the_list(newsroom).state.etag is None, "a 304 to it would hide what is wrong"

    serves(newsroom, opml("wire"))
    (done,) = later(newsroom, 2 * DAY)
    assert done.problem is None
    assert "post-example" in done.retired


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_list_that_fails_retires_nothing_and_is_asked_again_in_its_time(
    newsroom: Newsroom, status: int
) -> None:
    begin(newsroom, "wire", every=HOUR)
    fails(newsroom, status)
    asked = len(requests(newsroom))
    for _ in range(4 * 24):
        later(newsroom, HOUR)
    assert statuses(newsroom) == {"wire": "active"}
    assert the_list(newsroom).state.problem == f"answered {status}"
    assert len(requests(newsroom)) - asked <= 8, "it is asked less and less often"


def test_a_list_that_meets_a_bug_stops_no_other(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    lists = (ListSpec(url=ROLL, name="roll"), ListSpec(url=OTHER, name="other"))
    newsroom.follow(lists=lists)
    serves(newsroom, opml("wire"), url=OTHER)
    ask = newsroom.net.fetch

    def fetch(request: Request) -> Outcome:
        if request.url == ROLL:
            raise ZeroDivisionError("a bug of ours")
        return ask(request)

    newsroom.net.fetch = fetch  # type: ignore[method-assign]
    broken, read = follow_due(newsroom.kit)
    assert (broken.name, read.added) == ("roll", ("wire-example",))
    assert broken.problem == "internal error: ZeroDivisionError('a bug of ours')"
    assert "could not follow a list" in caplog.text
    newsroom.net.fetch = ask  # type: ignore[method-assign]
    serves(newsroom, opml("post"))
    (mended,) = later(newsroom, HOUR)
    assert mended.added == ("post-example",)


def test_a_list_waits_as_long_as_its_host_asks(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    fails(newsroom, 429, wait=7.0 * DAY)
    later(newsroom)
    asked = len(requests(newsroom))
    for _ in range(6):
        later(newsroom)
    assert len(requests(newsroom)) == asked


def test_a_list_that_is_gone_is_asked_no_more_and_its_feeds_stay(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    fails(newsroom, 410)
    later(newsroom)
    asked = len(requests(newsroom))
    later(newsroom, 90 * DAY)
    assert len(requests(newsroom)) == asked
    assert the_list(newsroom).status is ListStatus.GONE
    assert the_list(newsroom).state.problem == "answered 410"
    assert statuses(newsroom) == {"wire": "active"}


def test_a_feed_that_also_stands_in_the_file_stays(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    before = feeds(newsroom)["wire"]
    begin(newsroom, "wire", "post", rights=Rights.LINK)
    assert feeds(newsroom)["wire"].spec == before.spec
    serves(newsroom, opml("post"))
    later(newsroom)
    assert statuses(newsroom) == {"wire": "active", "post": "active"}
    assert feeds(newsroom)["wire"].list_id is None


def test_a_feed_that_was_added_at_the_desk_stays(newsroom: Newsroom) -> None:
    add_feed(newsroom.kit, "https://wire.example/feed.xml", name=None, tags=(), rights=None)
    begin(newsroom, "wire", "post")
    serves(newsroom, opml("post"))
    later(newsroom)
    assert statuses(newsroom)["wire"] == "active"
    assert feeds(newsroom)["wire"].origin is Origin.DESK


def test_a_feed_that_leaves_the_file_goes_back_to_its_list(newsroom: Newsroom) -> None:
    begin(newsroom, "wire", tags=("blogs",))
    newsroom.follow(["wire"])
    assert feeds(newsroom)["wire"].origin is Origin.FILE
    newsroom.follow([])
    assert feeds(newsroom)["wire"].origin is Origin.LIST
    assert statuses(newsroom) == {"wire": "active"}
    later(newsroom)
    assert feeds(newsroom)["wire"].spec.tags == ("blogs",)


def test_the_file_does_not_retire_what_a_list_brings(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    newsroom.follow(["post"])
    newsroom.follow(["herald"])
    assert statuses(newsroom)["wire"] == "active"


def test_two_lists_may_name_one_feed(newsroom: Newsroom) -> None:
    begin(newsroom, "wire", "post")
    begin(newsroom, "wire", "herald", url=OTHER)
    serves(newsroom, opml("wire", "herald"), url=OTHER, etag='"1"')
    later(newsroom)
    serves(newsroom, opml("post"))
    later(newsroom)
    assert statuses(newsroom)["wire"] == "active", "the other one took over in the same round"
    assert feeds(newsroom)["wire"].list_id == the_list(newsroom, OTHER).id


def test_a_list_of_the_file_is_followed_changed_and_ended(newsroom: Newsroom) -> None:
    serves(newsroom, opml("wire", folder="World"), etag='"1"')
    said = ListSpec(url=ROLL, name="roll", tags=("blogs",), rights=Rights.LINK)
    newsroom.follow(lists=(said,))
    (done,) = follow_due(newsroom.kit)
    assert done.added == ("wire-example",)
    assert feeds(newsroom)["wire"].spec.tags == ("World", "blogs")
    assert feeds(newsroom)["wire"].spec.rights is Rights.LINK

    newsroom.follow(lists=(replace(said, tags=("other",), name="renamed"),))
    (done,) = follow_due(newsroom.kit)
    assert done.changed == 1, "it is read as a whole when what it gives has changed"
    assert feeds(newsroom)["wire"].spec.tags == ("World", "other")

    newsroom.follow(lists=())
    assert statuses(newsroom) == {"wire": "retired"}
    assert the_list(newsroom).status is ListStatus.RETIRED
    assert later(newsroom) == ()

    newsroom.follow(lists=(said,))
    (done,) = follow_due(newsroom.kit)
    assert done.added == ("wire-example",)


def test_a_list_that_moves_in_the_file_takes_its_feeds_along(newsroom: Newsroom) -> None:
    serves(newsroom, opml("wire"))
    serves(newsroom, opml("wire"), url=OTHER)
    newsroom.follow(lists=(ListSpec(url=ROLL, name="roll"),))
    follow_due(newsroom.kit)
    number = feeds(newsroom)["wire"].id
    newsroom.follow(lists=(ListSpec(url=OTHER, name="roll"),))
    follow_due(newsroom.kit)
    assert statuses(newsroom) == {"wire": "active"}
    assert feeds(newsroom)["wire"].id == number


def test_names_in_the_file_may_be_swapped(newsroom: Newsroom) -> None:
    one, two = ListSpec(url=ROLL, name="one"), ListSpec(url=OTHER, name="two")
    newsroom.follow(lists=(one, two))
    newsroom.follow(lists=(replace(one, name="two"), replace(two, name="one")))
    assert (the_list(newsroom).spec.name, the_list(newsroom, OTHER).spec.name) == ("two", "one")


def test_a_list_of_the_desk_may_come_to_stand_in_the_file(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    newsroom.follow(lists=(ListSpec(url=ROLL, name="roll"),))
    assert the_list(newsroom).origin is Origin.FILE
    with pytest.raises(UsageError, match=r"stands in feeds\.yaml"):
        unfollow(newsroom.kit, "roll")
    newsroom.follow(lists=())
    assert statuses(newsroom) == {"wire": "retired"}


def test_following_ends_what_only_the_list_named(newsroom: Newsroom) -> None:
    newsroom.follow(["post"])
    done = begin(newsroom, "wire", "post")
    assert unfollow(newsroom.kit, done.name).retired == ("wire-example",)
    assert statuses(newsroom) == {"post": "active", "wire": "retired"}
    assert later(newsroom) == ()
    with pytest.raises(NotFound):
        unfollow(newsroom.kit, done.name)
    assert begin(newsroom, "wire", "post").added == ("wire-example",), (
        "and it can be taken up again"
    )


def test_what_cannot_be_followed_is_refused_and_not_stored(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    with pytest.raises(UsageError, match="followed already, as list 'roll-example-blogs-opml'"):
        begin(newsroom, "wire")
    serves(newsroom, b"<rss/>", url=OTHER)
    with pytest.raises(UsageError, match="no OPML list"):
        follow(newsroom.kit, list_spec(newsroom.kit, OTHER))
    serves(newsroom, opml(), url=OTHER)
    with pytest.raises(UsageError, match="it names no feed"):
        follow(newsroom.kit, list_spec(newsroom.kit, OTHER))
    del newsroom.net.answers[OTHER]
    with pytest.raises(UsageError, match="404"):
        follow(newsroom.kit, list_spec(newsroom.kit, OTHER))
    with pytest.raises(UsageError, match="another list is called"):
        list_spec(newsroom.kit, OTHER, name="roll-example-blogs-opml")
    with pytest.raises(UsageError, match="written with"):
        list_spec(newsroom.kit, OTHER, name="A B")
    with newsroom.kit.store.read() as tx:
        assert len(tx.lists.all()) == 1


def test_a_feed_of_a_list_is_paused_and_not_removed(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    with pytest.raises(UsageError, match="comes with the list 'roll-example-blogs-opml'"):
        set_status(newsroom.kit, "wire-example", FeedStatus.RETIRED)
    set_status(newsroom.kit, "wire-example", FeedStatus.PAUSED)
    later(newsroom)
    assert statuses(newsroom) == {"wire": "paused"}


def test_a_feed_that_left_its_list_can_be_kept_by_the_desk(newsroom: Newsroom) -> None:
    begin(newsroom, "wire", "post")
    serves(newsroom, opml("post"))
    later(newsroom)
    set_status(newsroom.kit, "wire-example", FeedStatus.ACTIVE)
    later(newsroom)
    later(newsroom)
    assert statuses(newsroom)["wire"] == "active"
    assert feeds(newsroom)["wire"].origin is Origin.DESK


def test_a_feed_that_moved_stays_the_lists(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    wire = feeds(newsroom)["wire"]
    moved = replace(wire.spec, url="https://moved.example/feed.xml")
    with newsroom.kit.store.write() as tx:
        tx.feeds.change(wire.id, moved, origin=Origin.LIST)
    (done,) = later(newsroom)
    assert not done
    assert statuses(newsroom) == {"moved": "active"}
    serves(newsroom, opml("post"))
    (done,) = later(newsroom)
    assert done.retired == ("wire-example",)


def test_a_title_of_the_list_gives_way_to_the_publishers(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    renamed = opml("wire").replace(b'"Wire"', b'"The Wire"')
    serves(newsroom, renamed)
    later(newsroom)
    assert feeds(newsroom)["wire"].title == "The Wire"
    newsroom.serves("wire", Told(guid="1"))
    newsroom.poll("wire-example")
    assert feeds(newsroom)["wire"].title == "Wire"
    later(newsroom)
    assert feeds(newsroom)["wire"].title == "Wire"


def test_what_was_cut_off_by_our_own_end_is_no_fault_of_the_lists(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    fails(newsroom, 500)
    newsroom.now += DAY
    stop = Event()

    class Ending:
        """A fetcher that is closed while it asks."""

        def fetch(self, request: Request) -> Failed:
            stop.set()
            return Failed(fault=Fault.NETWORK, problem="we are closing")

        post = close = lambda self, *args: None

    kit = replace(newsroom.kit, fetcher=Ending())  # type: ignore[arg-type]
    assert follow_due(kit, stop=stop) == ()
    assert the_list(newsroom).state.problem is None
    assert follow_due(newsroom.kit, stop=stop) == ()
    assert len(later(newsroom, HOUR)) == 1, "its lease is over, and it is due again"


def test_a_list_is_not_asked_while_its_host_is_busy(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    with newsroom.kit.store.write() as tx:
        tx.feeds.pause_host("roll.example", newsroom.now + DAY + HOUR)
    assert later(newsroom) == ()
    assert len(requests(newsroom)) == 1
    assert the_list(newsroom).state.failures == 0
    assert len(later(newsroom, HOUR)) == 1


def test_a_list_that_moved_for_good_says_so(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    answer = newsroom.net.answers[ROLL]
    assert isinstance(answer, Fetched)
    newsroom.net.answers[ROLL] = replace(answer, moved_to=OTHER)
    (done,) = later(newsroom)
    assert done.problem == f"it has moved for good to {OTHER}: follow it there"
    assert the_list(newsroom).state.failures == 0


def test_private_addresses_in_a_list_are_asked_only_as_net_allow_says(newsroom: Newsroom) -> None:
    """The list is only words: the fetcher's guard refuses at the poll, as for any feed."""
    serves(
        newsroom, opml("wire").replace(b"https://wire.example/feed.xml", b"http://127.0.0.1:1/f")
    )
    done = follow(newsroom.kit, list_spec(newsroom.kit, ROLL))
    assert len(done.added) == 1
    fetcher = HttpFetcher(Net(), "aggregator/test")
    newsroom.kit = replace(newsroom.kit, fetcher=fetcher)
    report = newsroom.poll(done.added[0])
    fetcher.close()
    assert report.failed == 1
    assert "private" in report.problems[0][1] or "net.allow" in report.problems[0][1]


def test_a_list_that_changed_while_it_was_asked_is_read_again(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    newsroom.now += DAY
    serves(newsroom, opml("post"))
    kit = newsroom.kit

    class Meanwhile:
        """Somebody else ends the list while its answer is on the way."""

        def fetch(self, request: Request) -> Fetched:
            unfollow(kit, "roll-example-blogs-opml")
            answer = newsroom.net.fetch(request)
            assert isinstance(answer, Fetched)
            return answer

        post = close = lambda self, *args: None

    assert follow_due(replace(kit, fetcher=Meanwhile())) == ()  # type: ignore[arg-type]
    assert statuses(newsroom) == {"wire": "retired"}


def test_a_list_is_not_taken_in_by_the_address_that_a_feed_left_for_good(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire"], [topic()])
    with newsroom.kit.store.write() as tx:
        tx.feeds.move(feeds(newsroom)["wire"].id, "https://new.example/feed.xml")
    done = begin(newsroom, "wire", "post")
    assert done.added == ("post-example",)
    assert statuses(newsroom) == {"new": "active", "post": "active"}


def test_who_stands_at_an_address_now_goes_before_who_left_it(newsroom: Newsroom) -> None:
    newsroom.follow(["post"], [topic()])
    with newsroom.kit.store.write() as tx:
        tx.feeds.move(feeds(newsroom)["post"].id, "https://new.example/feed.xml")
    add_feed(newsroom.kit, "https://wire.example/feed.xml", name="wire", tags=(), rights=None)
    begin(newsroom, "wire", "post")
    with newsroom.kit.store.read() as tx:
        named = tx.lists.addresses(the_list(newsroom).id)
    assert named == {
        feeds(newsroom)["wire"].id: "https://wire.example/feed.xml",
        feeds(newsroom)["new"].id: "https://post.example/feed.xml",
    }


def test_a_list_that_failed_can_be_read_again_at_once(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    fails(newsroom, 500)
    later(newsroom)
    serves(newsroom, opml("wire", "post"))
    assert later(newsroom, 60) == ()
    (done,) = follow_due(newsroom.kit, early=True)
    assert done.added == ("post-example",)
    fails(newsroom, 410)
    follow_due(newsroom.kit, early=True)
    newsroom.net.asked.clear()
    assert follow_due(newsroom.kit, early=True) == ()
    assert newsroom.net.asked == [], "one that is gone is asked no more"


def test_a_list_whose_host_asked_for_a_pause_has_it_whoever_asks(newsroom: Newsroom) -> None:
    begin(newsroom, "wire")
    fails(newsroom, 503, wait=2 * HOUR)
    later(newsroom)
    newsroom.net.asked.clear()
    newsroom.now += HOUR
    assert follow_due(newsroom.kit, early=True) == ()
    assert newsroom.net.asked == []
