from __future__ import annotations

import errno
import fcntl
import gzip
import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard
from lxml import html

from aggregator.errors import StoreError, StoreFull, UsageError
from aggregator.model.feed import Feed
from aggregator.model.topic import Mode, Topic, Verb
from aggregator.web import files
from aggregator.web.app import make_app
from aggregator.web.static_site import Written, write_site
from tests.makers import NOON, a_topic_spec
from tests.web.desk import Desk, Served, a_desk, private_spec, served

MANIFEST = ".aggregator-site.json"


def _told(desk: Desk) -> Topic:
    lane = desk.topic(a_topic_spec(mode=Mode.AUTO))
    desk.tell(desk.feed(), lane, title="First")
    desk.publish()
    return lane


def _wire(desk: Desk) -> Feed:
    with desk.kit.store.read() as tx:
        feed = tx.feeds.find("wire")
    assert feed is not None
    return feed


def _write(desk: Desk, out: Path) -> Written:
    return write_site(desk.kit, out, on_file=lambda name: None)


def _contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def _served_path(name: str) -> str:
    return "/" + name.removesuffix("index.html").rstrip("/")


def test_every_file_is_what_the_web_server_serves(tmp_path: Path) -> None:
    with a_desk() as desk:
        _told(desk)
        told: list[str] = []
        write_site(desk.kit, tmp_path, on_file=told.append)
        names = sorted(set(_contents(tmp_path)) - {MANIFEST})
        assert sorted(told) == [name for name in names if not name.endswith((".gz", ".zst"))]
        assert {"index.html", "bot/index.html", "topics.opml", "static/site.css"} <= set(names)
        assert {"topics/global-lane.atom", "topics/global-lane/index.html"} <= set(names)
        with served(make_app(lambda: desk.kit)) as web:
            for name in told:
                answer = web.ask(_served_path(name))
                assert answer.status == 200, name
                if name == "bot/index.html":  # a file cannot be searched
                    assert_same_but_for_the_search((tmp_path / name).read_text(), answer.text)
                else:
                    assert (tmp_path / name).read_bytes() == answer.body, name
        for name in told:
            body = (tmp_path / name).read_bytes()
            assert gzip.decompress((tmp_path / f"{name}.gz").read_bytes()) == body
            packed = (tmp_path / f"{name}.zst").read_bytes()
            assert zstandard.ZstdDecompressor().decompress(packed) == body


def assert_same_but_for_the_search(file: str, page: str) -> None:
    assert "<form" in page and "<form" not in file
    without = re.sub(
        r"<form.*?</form>\n|<a href=\"/bot\?host=[^>]*>([^<]*)</a>", r"\1", page, flags=re.S
    )
    assert without == file


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_every_link_of_ours_works_on_a_plain_file_server(tmp_path: Path) -> None:
    with a_desk() as desk:
        _told(desk)
        _write(desk, tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        web = Served(server.server_address[1])
        for path in tmp_path.rglob("*.html"):
            found = html.document_fromstring(path.read_bytes())
            pairs = [(each.get("href"), each.get("src")) for each in found.iter("*")]
            links = {link for pair in pairs for link in pair if link}
            links = {link.removeprefix("https://news.lane.org") for link in links}
            for link in (link for link in links if link.startswith("/")):
                answer = web.ask(link)
                if answer.status == 301:
                    answer = web.ask(answer.headers["location"])
                assert answer.status == 200, f"{path}: {link}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    with a_desk() as desk:
        lane = _told(desk)
        first = _write(desk, tmp_path)
        assert first.changed == first.files
        for path in tmp_path.rglob("*"):
            os.utime(path, (NOON, NOON))
        desk.now += 1000
        assert _write(desk, tmp_path) == Written(files=first.files, changed=0, removed=0)
        assert {path.stat().st_mtime for path in tmp_path.rglob("*") if path.is_file()} == {NOON}

        desk.tell(_wire(desk), lane, title="Second")
        desk.publish()
        again = _write(desk, tmp_path)
        assert 0 < again.changed < again.files
        assert (tmp_path / "static/site.css").stat().st_mtime == NOON


def test_what_is_no_longer_published_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with a_desk() as desk:
        lane = _told(desk)
        entry, story = desk.tell(_wire(desk), lane, title="Second")
        desk.publish()
        _write(desk, tmp_path)
        page = tmp_path / "stories" / desk.public_id(story) / "index.html"
        assert page.exists()
        foreign = [tmp_path / "robots.txt", tmp_path / "stories" / "note.txt"]
        for path in foreign:
            path.write_text("mine")

        desk.act(Verb.REJECT, lane, entry)
        desk.publish()
        written = _write(desk, tmp_path)
        assert written.removed == 3  # the page, its .gz and its .zst
        assert not page.parent.exists()
        assert [path.read_text() for path in foreign] == ["mine", "mine"]


def test_a_file_that_is_not_ours_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my own page")
    with a_desk() as desk:
        _told(desk)
        with pytest.raises(UsageError, match=r"index\.html is no file of ours"):
            _write(desk, tmp_path)
    assert (tmp_path / "index.html").read_text() == "my own page"


def test_a_run_that_was_cut_off_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_desk() as desk:
        _told(desk)
        replaced = files._replace
        left = iter(range(6))

        def cut(target: Path, body: bytes) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            replaced(target, body)

        monkeypatch.setattr(files, "_replace", cut)
        with pytest.raises(KeyboardInterrupt):
            _write(desk, tmp_path)
        monkeypatch.undo()
        (tmp_path / "static").mkdir(exist_ok=True)
        (tmp_path / "static" / ".site.css.aggregator-part").write_bytes(b"half")
        _write(desk, tmp_path)
        whole = _contents(tmp_path)
        assert not [name for name in whole if name.endswith("-part")]
        assert "index.html" in whole


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(errno.ENOSPC, StoreFull), (errno.EROFS, UsageError), (errno.EIO, StoreError)],
)
def test_a_disk_that_fails_leaves_the_old_files_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, raised: type[Exception]
) -> None:
    with a_desk() as desk:
        lane = _told(desk)
        _write(desk, tmp_path)
        before = _contents(tmp_path)
        desk.tell(_wire(desk), lane, title="Second")
        desk.publish()

        def fail(handle: int) -> None:
            raise OSError(fault, os.strerror(fault))

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(raised, match=str(tmp_path)):
            _write(desk, tmp_path)
        assert _contents(tmp_path) == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with a_desk() as desk:
        _told(desk)
        for out in (blocked, blocked / "site"):
            with pytest.raises(UsageError, match=str(out)):
                _write(desk, out)
        (tmp_path / "site" / "topics" / "global-lane.atom").mkdir(parents=True)
        with pytest.raises(UsageError, match=r"global-lane\.atom"):
            _write(desk, tmp_path / "site")


def test_two_runs_into_one_folder_take_turns(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with a_desk() as desk:
            _told(desk)
            with pytest.raises(UsageError, match="another run"):
                _write(desk, tmp_path)
    finally:
        os.close(handle)


def test_a_manifest_cannot_point_outside(tmp_path: Path) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious"
    out.mkdir()
    precious.write_text("keep")
    (out / MANIFEST).write_text('{"files": ["../precious", "/etc/none", "", 7]}')
    with a_desk() as desk:
        _told(desk)
        _write(desk, out)
        (out / MANIFEST).write_text("{")
        with pytest.raises(UsageError, match="cannot be read"):
            _write(desk, out)
    assert precious.read_text() == "keep"


def test_a_daemon_may_write_meanwhile_and_all_files_show_one_moment(tmp_path: Path) -> None:
    with a_desk(tmp_path / "store.db") as desk:
        lane = _told(desk)
        feed = _wire(desk)
        told: list[str] = []

        def tell_more() -> None:
            desk.tell(feed, lane)
            desk.publish()

        def meanwhile(name: str) -> None:
            if not told:
                other = threading.Thread(target=tell_more)
                other.start()
                other.join()
            told.append(name)

        write_site(desk.kit, tmp_path / "out", on_file=meanwhile)
        assert b"Report 2" not in b"".join(_contents(tmp_path / "out").values())
        _write(desk, tmp_path / "out")
        assert b"Report 2" in (tmp_path / "out" / "index.html").read_bytes()


def test_nothing_of_a_private_feed_is_written(tmp_path: Path) -> None:
    with a_desk() as desk:
        agency = desk.feed(private_spec(), title="The Agency")
        lane = _told(desk)
        desk.tell(agency, lane, title="Agency only")
        desk.publish()
        _write(desk, tmp_path)
    assert all(b"gency" not in body for body in _contents(tmp_path).values())


def test_nothing_is_written_or_removed_where_a_symbolic_link_leads_out(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (elsewhere / "theirs.txt").write_text("theirs")
    (out / "topics").symlink_to(elsewhere)
    (out / MANIFEST).write_text('{"files": ["topics/theirs.txt"]}')
    with files.site_folder(out) as folder:
        with pytest.raises(UsageError, match="symbolic link"):
            folder.put("topics/lane.atom", b"ours")
        folder.sweep()
    assert _contents(elsewhere) == {"theirs.txt": b"theirs"}


def test_a_file_is_never_written_through_a_link_that_waits_under_its_temporary_name(
    tmp_path: Path,
) -> None:
    theirs = tmp_path / "theirs.txt"
    theirs.write_text("theirs")
    (tmp_path / "out" / "topics").mkdir(parents=True)
    (tmp_path / "out" / "topics" / ".lane.atom.aggregator-part").symlink_to(theirs)
    with files.site_folder(tmp_path / "out") as folder:
        folder.expect({"topics/lane.atom"})
        folder.put("topics/lane.atom", b"ours")
    assert theirs.read_text() == "theirs"
    assert (tmp_path / "out" / "topics" / "lane.atom").read_bytes() == b"ours"
