"""What was published is never published again under another id, whatever happens to it.

Each step below is one thing that can happen to a story that readers have. After each, the ids that
readers have ever been given may only have grown by truly new items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from aggregator.flow.backfill import backfill
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.memory import StoryMemory
from aggregator.flow.retelling import lead, merge, split
from aggregator.flow.tidy import tidy
from aggregator.model.feed import Rights
from aggregator.model.topic import Mode, PublishSpec, Tell, TopicSpec, Verb
from aggregator.store.engine import SqliteStore, open_store
from tests.flow.newsroom import DAY, HOUR, LONG, Newsroom, Told, feed, shown_in, topic

FEEDS = ["wire", "post", "herald"]
GRAIN = Told(guid="g1", title="Grain corridor reopens", text=LONG)
GRAIN_AT_POST = Told(guid="p1", title="Grain, says the Post", text=LONG)
WHEAT = Told(
    guid="g2",
    title="Norway raises its key rate",
    text="The central bank of Norway raised its key rate by a quarter point to 4.5 percent today, "
    "and its governor said in Oslo that no further step is planned before the summer, whatever "
    "the price of oil may do until then.",
)
RYE = Told(
    guid="g3",
    title="Old bridge of Mostar closed",
    text="Mostar has closed its old bridge to divers and visitors alike for three weeks, because "
    "engineers found a crack as long as a hand beneath the parapet when they cleaned the stones "
    "after the flood.",
)
SILO = Told(
    guid="h1",
    title="Ferry Hestia burns off Corfu",
    text="Rescue boats reached the burning ferry Hestia off Corfu before dawn and took 214 "
    "passengers to Igoumenitsa, the Greek coast guard said.",
)


class Readers:
    """Everybody who ever read the feed or an archive: they remember every id."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.known: set[str] = set()

    def read(self) -> set[str]:
        """Publish until nothing is left to do, read all; return the ids that are new."""
        newsroom = self.newsroom
        newsroom.now += HOUR
        while newsroom.publish():
            pass
        with newsroom.kit.store.read() as tx:
            paths = [each for each in tx.publications.paths() if each.endswith(".atom")]
            bodies = [tx.publications.document(path) for path in paths if "correct" not in path]
        ids = {each.uri for body in bodies if body is not None for each in shown_in(body.body)}
        fresh = ids - self.known
        self.known |= ids
        return fresh

    def gain(self, *titles: str) -> None:
        """Read, and gain these items and no others."""
        fresh = self.read()
        shown = {each.uri: each.title for each in self.newsroom.shown()}
        assert sorted(shown.get(uri, uri) for uri in fresh) == sorted(titles)


@pytest.fixture(params=[Tell.COPIES, Tell.STORIES])
def readers(newsroom: Newsroom, request: pytest.FixtureRequest) -> Readers:
    """Readers of a desk with three items; the first is told by two outlets."""
    newsroom.follow(FEEDS, [subject(tell=request.param)])
    found = Readers(newsroom)
    newsroom.hears("wire", GRAIN, WHEAT, RYE)
    newsroom.now += HOUR
    newsroom.hears("post", GRAIN_AT_POST)
    newsroom.hears("herald", SILO)
    found.gain(GRAIN.title, WHEAT.title, RYE.title, SILO.title)
    return found


def subject(**said: object) -> TopicSpec:
    return topic(match=said.pop("match", "*"), **said)  # type: ignore[arg-type]


def number(newsroom: Newsroom, told: Told) -> str:
    return str(newsroom.entry(told.title).id)


def handle(newsroom: Newsroom, told: Told) -> str:
    with newsroom.kit.store.read() as tx:
        view = tx.stories.view(newsroom.entry(told.title).article_id)
    assert view is not None
    return f"s{view.story.id}"


def a_new_lead(newsroom: Newsroom) -> None:
    lead(newsroom.kit, handle(newsroom, GRAIN), number(newsroom, GRAIN_AT_POST), actor="ida")


def merged(newsroom: Newsroom) -> None:
    merge(newsroom.kit, [handle(newsroom, GRAIN), handle(newsroom, SILO)], actor="ida")


def merged_and_parted(newsroom: Newsroom) -> None:
    merged(newsroom)
    newsroom.publish()
    split(newsroom.kit, handle(newsroom, SILO), [number(newsroom, SILO)], actor="ida")


def undone(what: Callable[[Newsroom], None]) -> Callable[[Newsroom], None]:
    """Do it, take it back, and do it after all."""

    def act(newsroom: Newsroom) -> None:
        what(newsroom)
        newsroom.publish()
        _, taken_back = undo(newsroom.kit, None, actor="ida")
        newsroom.publish()
        undo(newsroom.kit, taken_back.id, actor="ida")

    return act


def edited(newsroom: Newsroom) -> None:
    newsroom.act(Verb.EDIT, WHEAT.title, title="Another headline", summary="Another summary.")


def rejected_and_approved(newsroom: Newsroom) -> None:
    newsroom.act(Verb.REJECT, WHEAT.title)
    newsroom.now += HOUR
    newsroom.act(Verb.APPROVE, WHEAT.title)


def embargoed(newsroom: Newsroom) -> None:
    newsroom.act(Verb.APPROVE, WHEAT.title, visible_from=str(int(newsroom.now) + 2 * HOUR))
    newsroom.now += 3 * HOUR


def withdrawn_and_returned(newsroom: Newsroom) -> None:
    withdraw(newsroom.kit, "wire", reason="by mistake", actor="ida")
    newsroom.publish()
    undo(newsroom.kit, None, actor="ida")


def revised(newsroom: Newsroom) -> None:
    again = (replace(GRAIN, title="Grain, revised"), replace(WHEAT, text="It fell again."))
    newsroom.hears("wire", *again)


def other_guids(newsroom: Newsroom) -> None:
    """The outlet's new software gives every item another id, at the addresses of before."""
    told = (GRAIN, WHEAT, RYE)
    newsroom.hears(
        "wire", *(replace(each, guid=f"new-{each.guid}", url=url(each)) for each in told)
    )


def another_guid(newsroom: Newsroom) -> None:
    """Of one item alone, a slip of the hand."""
    newsroom.hears("wire", replace(RYE, guid="slip", url=url(RYE)), GRAIN, WHEAT)


def other_addresses(newsroom: Newsroom) -> None:
    """The outlet moves to another system: ids and addresses are all new, the texts are not."""
    newsroom.hears("wire", *(replace(each, guid=f"2-{each.guid}") for each in (GRAIN, WHEAT, RYE)))


def much_later(newsroom: Newsroom) -> None:
    """A year on the store is tidied, and the outlets still serve the same documents."""
    newsroom.now += 400 * DAY
    tidy(newsroom.kit)
    newsroom.hears("wire", GRAIN, WHEAT)
    newsroom.hears("herald", SILO)


def refiled(newsroom: Newsroom) -> None:
    backfill(newsroom.kit, days=90, actor="ida")


def narrowed_and_widened(newsroom: Newsroom) -> None:
    spec = newsroom.kit.settings.topics[0]
    newsroom.follow(FEEDS, [replace(spec, match="silo")])
    newsroom.publish()
    newsroom.follow(FEEDS, [spec])


def told_otherwise(newsroom: Newsroom) -> None:
    """Copies as stories, or stories as copies, and back."""
    spec = newsroom.kit.settings.topics[0]
    other = Tell.STORIES if spec.tell is Tell.COPIES else Tell.COPIES
    newsroom.follow(FEEDS, [replace(spec, tell=other)])
    newsroom.publish()
    newsroom.follow(FEEDS, [spec])


def settled_otherwise(newsroom: Newsroom) -> None:
    """Our address, the feeds' names and rights, the topic's slug and mode are others."""
    site = replace(newsroom.kit.settings.site, url="https://other.lane.test")
    newsroom.kit = replace(newsroom.kit, base="https://other.lane.test")
    spec = replace(newsroom.kit.settings.topics[0], mode=Mode.REVIEW)
    feeds = [
        replace(feed(each), name=f"the-{each}", rights=Rights.FULL, rights_written=True)
        for each in FEEDS
    ]
    newsroom.follow(feeds, [spec], site=site)
    newsroom.serves("wire", GRAIN, WHEAT)
    newsroom.poll("the-wire")


def left_and_came_back(newsroom: Newsroom) -> None:
    """Feed and topic leave feeds.yaml and come back to it."""
    spec = newsroom.kit.settings.topics[0]
    newsroom.follow(["herald"], [])
    newsroom.publish()
    newsroom.follow(FEEDS, [spec])
    newsroom.hears("wire", GRAIN, WHEAT)


def a_new_process(newsroom: Newsroom) -> None:
    newsroom.kit = replace(newsroom.kit, stories=StoryMemory())
    newsroom.restart()
    newsroom.hears("wire", GRAIN, WHEAT)


def url(told: Told) -> str:
    return f"https://wire.example/{told.guid}"


HAPPENINGS = [
    a_new_lead,
    undone(a_new_lead),
    merged,
    undone(merged),
    merged_and_parted,
    edited,
    rejected_and_approved,
    embargoed,
    withdrawn_and_returned,
    undone(edited),
    revised,
    other_guids,
    another_guid,
    other_addresses,
    refiled,
    undone(refiled),
    narrowed_and_widened,
    told_otherwise,
    settled_otherwise,
    left_and_came_back,
    a_new_process,
    much_later,
]
ONE_AFTER_THE_OTHER = [
    a_new_lead,
    edited,
    rejected_and_approved,
    embargoed,
    merged_and_parted,
    withdrawn_and_returned,
    undone(refiled),
    other_guids,
    narrowed_and_widened,
    told_otherwise,
    left_and_came_back,
    a_new_process,
    other_addresses,
    much_later,
]


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_no_id_is_given_twice_to_one_item(
    readers: Readers, happening: Callable[[Newsroom], None]
) -> None:
    happening(readers.newsroom)
    readers.gain()


def test_all_of_it_one_after_the_other(readers: Readers) -> None:
    for happening in ONE_AFTER_THE_OTHER:
        happening(readers.newsroom)
        readers.gain()


def test_what_is_split_off_is_new_once(readers: Readers) -> None:
    newsroom = readers.newsroom
    cut = (handle(newsroom, GRAIN), [number(newsroom, GRAIN_AT_POST)])
    split(newsroom.kit, *cut, actor="ida")
    readers.gain(GRAIN_AT_POST.title)

    _, taken_back = undo(newsroom.kit, None, actor="ida")
    readers.gain()
    undo(newsroom.kit, taken_back.id, actor="ida")
    readers.gain()
    undo(newsroom.kit, None, actor="ida")
    readers.gain()
    split(newsroom.kit, *cut, actor="ida")
    readers.gain()
    assert GRAIN_AT_POST.title in newsroom.titles()


def test_articles_found_to_be_one_and_split_again_keep_both_ids(newsroom: Newsroom) -> None:
    newsroom.follow(FEEDS, [subject()])
    readers = Readers(newsroom)
    page = "https://herald.example/1"
    newsroom.hears("wire", Told(guid="1", url=page, title="Wire on grain", text="Short grain."))
    newsroom.hears("post", Told(guid="2", title="Post on grain", text=LONG))
    readers.gain("Wire on grain", "Post on grain")
    before = {each.title: each.uri for each in newsroom.shown()}

    newsroom.hears("herald", Told(guid="3", url=page, text=LONG, title="Herald on grain"))
    readers.gain()
    assert newsroom.titles() == ["Wire on grain"], "they are one now"

    post = str(newsroom.entry("Post on grain").id)
    story = newsroom.entry("Wire on grain").article_id
    split(newsroom.kit, f"s{story}", [post], actor="ida")
    readers.gain()
    assert {each.title: each.uri for each in newsroom.shown()} == before


def test_a_backfill_that_is_undone_and_done_with_another_lead_gives_the_same_id(
    newsroom: Newsroom,
) -> None:
    """The item is taken back whole; by then another outlet would lead its story."""
    newsroom.follow([replace(feed("wire"), trust=0.1), "post"], [subject(match="nothing")])
    newsroom.hears("wire", GRAIN)
    newsroom.follow(newsroom.kit.settings.feeds, [subject(match="corridor")])
    readers = Readers(newsroom)
    backfill(newsroom.kit, days=90, actor="ida")
    readers.gain(GRAIN.title)

    while newsroom.titles():
        undo(newsroom.kit, newest(newsroom), actor="ida")
        readers.gain()
    newsroom.hears("post", replace(GRAIN_AT_POST, title="The corridor, says the Post"))
    newsroom.follow(newsroom.kit.settings.feeds, [subject(match="corridor OR harbour")])
    backfill(newsroom.kit, days=90, actor="ida")
    readers.gain()
    assert len(newsroom.titles()) == 1


def newest(newsroom: Newsroom) -> int:
    """The last act that holds, whoever did it."""
    with newsroom.kit.store.read() as tx:
        return next(
            each.id
            for each in tx.topics.decisions(limit=50)
            if each.verb is not Verb.UNDO and not tx.topics.undone(each.id)
        )


@pytest.fixture
def backed_up(tmp_path: Path) -> Iterator[tuple[Newsroom, Path]]:
    store = open_store(tmp_path / "news.db")
    newsroom = Newsroom(store)
    yield newsroom, tmp_path / "backup.db"
    newsroom.kit.store.close()


def test_a_store_restored_from_its_backup_gives_the_same_ids(
    backed_up: tuple[Newsroom, Path],
) -> None:
    newsroom, backup = backed_up
    spec = subject(publish=PublishSpec(items=2))
    newsroom.follow(FEEDS, [spec])
    readers = Readers(newsroom)
    newsroom.hears("wire", GRAIN)
    readers.gain(GRAIN.title)
    store = newsroom.kit.store
    assert isinstance(store, SqliteStore)
    with closing(sqlite3.connect(str(store.path))) as conn:
        conn.execute("VACUUM INTO ?", (str(backup),))

    newsroom.hears("post", GRAIN_AT_POST)
    newsroom.hears("wire", GRAIN, WHEAT)
    newsroom.hears("herald", SILO)
    assert len(readers.read()) == 2

    store.close()
    restored = open_store(backup)
    newsroom.kit = replace(newsroom.kit, store=restored, stories=StoryMemory())
    newsroom.follow(FEEDS, [spec])
    for name, told in (("herald", SILO), ("post", GRAIN_AT_POST), ("wire", WHEAT)):
        newsroom.hears(name, told)
    readers.gain()
    assert len(readers.known) == 3
