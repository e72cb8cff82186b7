"""A static site that is kept in step: what did not change is not made, and nothing is missed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aggregator.flow.kit import Kit
from aggregator.flow.publish import publish_due
from aggregator.model.correction import Corrections
from aggregator.model.feed import Feed, Origin, Rights
from aggregator.model.ids import EntryId
from aggregator.model.intake import Change, Intake
from aggregator.model.settings import Settings
from aggregator.model.topic import Mode, PublishSpec, Topic, Verb
from aggregator.ports import Tx
from aggregator.web import site, static_site
from aggregator.web.site import Page
from aggregator.web.static_site import Keeper, Written, write_site
from tests.makers import a_feed_spec, a_text, a_topic_spec
from tests.web.desk import Desk, a_desk

MANIFEST = ".aggregator-site.json"
LANE = a_topic_spec(mode=Mode.AUTO, publish=PublishSpec(items=2))
AIR = a_topic_spec(slug="air", title="Air", mode=Mode.AUTO)


@dataclass
class Room:
    """A desk with two topics and some stories, and the folder its site is written into."""

    desk: Desk
    out: Path
    wire: Feed
    local: Feed
    lane: Topic
    air: Topic
    told: list[EntryId]

    def write(self) -> Written:
        return write_site(self.desk.kit, self.out, on_file=lambda name: None)


def _room(desk: Desk, out: Path) -> Room:
    full = {"rights": Rights.FULL, "rights_written": True, "corrections": Corrections.MARK}
    wire = desk.feed(replace(a_feed_spec(), **full))  # type: ignore[arg-type]
    local = desk.feed(a_feed_spec(url="https://local.example/f.xml", name="local"), title="Loc")
    room = Room(desk, out, wire, local, desk.topic(LANE), desk.topic(AIR), [])
    for number in range(5):
        desk.now += 60
        topics = (room.lane, room.air) if number == 2 else (room.lane,)
        room.told.append(desk.tell(wire, *topics)[0])
        desk.publish()
    desk.tell(local, room.air, title="Air alone")
    desk.publish()
    return room


def _contents(out: Path) -> dict[str, bytes]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def _revise(room: Room) -> None:
    entry = room.told[4]
    text = replace(a_text(), title="Report 5, corrected", url="https://wire.example/5")
    change = Change(
        entry_id=entry,
        key_hash=99,
        digest=99,
        url_hash=None,
        body_hash=None,
        text=text,
        at=int(room.desk.now),
    )
    with room.desk.kit.store.write() as tx:
        tx.entries.keep(Intake(changes=(change,)))


def _another_source(room: Room) -> None:
    with room.desk.kit.store.read() as tx:
        story = tx.stories.of_entry(room.told[0])
    room.desk.tell(room.local, into=story, title="Told at home too")


def _learn(room: Room) -> None:
    with room.desk.kit.store.write() as tx:
        tx.feeds.learn(
            room.wire.id, title="The New Wire", site_url=room.wire.site_url, lang="en", icon=None
        )


def _rename(room: Room) -> None:
    with room.desk.kit.store.write() as tx:
        tx.topics.change(room.air.id, replace(AIR, title="Air and sky"), origin=Origin.FILE)


def _settings(room: Room) -> None:
    site = replace(room.desk.kit.settings.site, contact="other@lane.org")
    room.desk.kit = replace(room.desk.kit, settings=Settings(site=site))


STEPS: dict[str, Callable[[Room], object]] = {
    "a new story": lambda room: room.desk.tell(room.wire, room.air),
    "another source of an archived story": _another_source,
    "an edited headline": lambda room: room.desk.act(
        Verb.EDIT, room.lane, room.told[1], title="Edited"
    ),
    "a note": lambda room: room.desk.act(Verb.NOTE, room.lane, room.told[4], note="Look."),
    "a pin": lambda room: room.desk.act(Verb.PIN, room.lane, room.told[0]),
    "a rejection": lambda room: room.desk.act(Verb.REJECT, room.lane, room.told[3]),
    "a withdrawal": lambda room: room.desk.withdraw(room.told[2]),
    "a feed's new name": _learn,
    "a topic's new title": _rename,
    "a source's edit": _revise,
    "another contact": _settings,
}


@pytest.mark.parametrize("step", list(STEPS))
def test_a_site_kept_in_step_is_the_site_written_afresh(step: str, tmp_path: Path) -> None:
    with a_desk() as desk:
        room = _room(desk, tmp_path / "kept")
        room.write()
        before = _contents(room.out)
        room.desk.now += 60
        STEPS[step](room)
        room.desk.publish()
        room.write()
        room.out = tmp_path / "fresh"
        room.write()
        assert _contents(tmp_path / "kept") == _contents(room.out)
        assert _contents(room.out) != before


def test_a_second_run_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_desk() as desk:
        room = _room(desk, tmp_path)
        first = room.write()
        made = _watched(monkeypatch)
        desk.now += 1000
        assert room.write() == Written(files=first.files, changed=0, removed=0)
        assert made == []


def test_one_new_story_has_its_own_pages_made_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_desk() as desk:
        room = _room(desk, tmp_path)
        room.write()
        made = _watched(monkeypatch)
        desk.now += 60
        _, story = desk.tell(room.wire, room.air)
        desk.publish()
        room.write()
        own = {"/topics/air", "/topics/air.opml", f"/stories/{desk.public_id(story)}"}
        assert set(made) == {*own, "/", "/topics.opml"}


def _watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    page_at = site.page_at

    def noting(tx: Tx, kit: Kit, path: str, *, served: bool) -> Page | None:
        made.append(path)
        return page_at(tx, kit, path, served=served)

    monkeypatch.setattr(static_site, "page_at", noting)
    return made


def test_a_story_that_is_due_later_shows_when_its_time_has_come(tmp_path: Path) -> None:
    with a_desk() as desk:
        late = desk.topic(
            a_topic_spec(slug="late", title="Late", mode=Mode.AUTO, publish=PublishSpec(delay=3600))
        )
        _, story = desk.tell(desk.feed(), late)
        desk.publish()
        page = tmp_path / "stories" / desk.public_id(story) / "index.html"
        write_site(desk.kit, tmp_path, on_file=lambda name: None)
        assert not page.exists()
        desk.now += 3601
        publish_due(desk.kit)
        write_site(desk.kit, tmp_path, on_file=lambda name: None)
        assert page.exists()


def test_a_file_that_somebody_changed_or_lost_is_put_right(tmp_path: Path) -> None:
    with a_desk() as desk:
        room = _room(desk, tmp_path)
        room.write()
        before = _contents(tmp_path)
        index, feed = tmp_path / "index.html", tmp_path / "topics" / "air.atom.zst"
        index.write_bytes(b"x" * index.stat().st_size)
        os.utime(index, (desk.now * 2, desk.now * 2))
        feed.unlink()
        assert room.write().changed == 2
        assert _contents(tmp_path) == before
        assert room.write().changed == 0


def test_what_an_earlier_version_wrote_is_taken_over(tmp_path: Path) -> None:
    with a_desk() as desk:
        room = _room(desk, tmp_path)
        room.write()
        names = sorted(name for name in _contents(tmp_path) if not name.endswith(".zst"))
        for path in tmp_path.rglob("*.zst"):
            path.unlink()
        (tmp_path / "stories" / "gone.html").write_text("gone")
        old = json.dumps({"files": [*names, "stories/gone.html"]})
        (tmp_path / MANIFEST).write_text(old)
        written = room.write()
        assert (written.changed, written.removed) == (written.files // 3, 1)


def test_a_folder_is_kept_in_step_and_left_alone_while_nobody_writes(tmp_path: Path) -> None:
    with a_desk() as desk:
        room, keeper = _room(desk, tmp_path), Keeper(seconds=lambda: 0.0)
        assert keeper.keep_up(desk.kit) is None
        site = replace(desk.kit.settings.site, out=tmp_path)
        desk.kit = replace(desk.kit, settings=replace(desk.kit.settings, site=site))
        first = keeper.keep_up(desk.kit)
        assert first is not None and first.changed == first.files
        assert keeper.keep_up(desk.kit) is None
        desk.withdraw(room.told[4])
        desk.publish()
        again = keeper.keep_up(desk.kit)
        assert again is not None and again.changed and again.removed == 3
        assert not any(b"Report 5" in body for body in _contents(tmp_path).values())


def test_a_long_look_is_followed_by_a_rest_of_half_a_minute_at_most(tmp_path: Path) -> None:
    hand = iter([0.0, 60.0, 89.0, 91.0, 91.1, 92.0, 93.2, 93.2])
    with a_desk() as desk:
        site = replace(desk.kit.settings.site, out=tmp_path)
        desk.kit = replace(desk.kit, settings=replace(desk.kit.settings, site=site))
        keeper = Keeper(seconds=lambda: next(hand))
        looked: list[bool] = []
        for _ in range(5):
            desk.topic(a_topic_spec(slug=f"t{len(looked)}"))
            looked.append(keeper.keep_up(desk.kit) is not None)
        assert looked == [True, False, True, False, True]
