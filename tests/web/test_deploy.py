"""The examples in deploy/, each behind a real socket where its program is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.formats.rendering import FORMATS
from aggregator.model.topic import Mode, PublishSpec
from aggregator.web.answers import ARCHIVE_CACHING, FEED_CACHING, PAGE_CACHING, PAGE_POLICY
from aggregator.web.app import make_app
from aggregator.web.pages import static_files
from aggregator.web.public import FILE_CACHING
from aggregator.web.static_site import write_site
from tests.makers import a_topic_spec
from tests.web.desk import Desk, Served, a_desk, served

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
BROWSER = {"Accept": "text/html,*/*", "Upgrade_Insecure_Requests": "1"}
SAME = ("content-type", "cache-control", "x-content-type-options", "referrer-policy")
MORE = ("content-security-policy", "access-control-allow-origin", "access-control-expose-headers")

Front = Callable[[Path, int, Path], Iterator[Served]]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _program(name: str) -> str:
    found = shutil.which(name, path=PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _answering(process: subprocess.Popen[bytes], port: int, log: Path) -> Served:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return Served(port)
    raise AssertionError(log.read_text())


@contextmanager
def _running(words: list[str], port: int, folder: Path) -> Iterator[Served]:
    log = folder / "log"
    environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, cwd=folder, env=environ)
        try:
            yield _answering(process, port, log)
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def _nginx(site: Path, behind: int, folder: Path) -> Iterator[Served]:
    program, port = _program("nginx"), _free_port()
    server = (
        (DEPLOY / "nginx.conf")
        .read_text()
        .replace("listen 80;", f"listen 127.0.0.1:{port};")
        .replace("/srv/aggregator/site", str(site))
        .replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    )
    places = "".join(
        f"{name}_temp_path {folder / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nerror_log {folder / 'error'};\n"
        f"events {{}}\nhttp {{\naccess_log {folder / 'access'};\n{places}\n{server}\n}}\n"
    )
    words = [program, "-p", str(folder), "-c", str(conf)]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr, checked.stderr
    with _running(words, port, folder) as web:
        yield web


@contextmanager
def _caddy(site: Path, behind: int, folder: Path) -> Iterator[Served]:
    program, port = _program("caddy"), _free_port()
    server = (
        (DEPLOY / "Caddyfile")
        .read_text()
        .replace("news.example.org {", f"http://127.0.0.1:{port} {{")
        .replace("/srv/aggregator/site", str(site))
        .replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    )
    conf = folder / "Caddyfile"
    conf.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{server}")
    words = [program, "run", "--config", str(conf), "--adapter", "caddyfile"]
    with _running(words, port, folder) as web:
        yield web


FRONTS = {"nginx": _nginx, "caddy": _caddy}


@contextmanager
def _front(name: str, tmp_path: Path) -> Iterator[tuple[Served, Served, Path]]:
    """Yield the program with our files behind our own web server, and the folder."""
    site, folder = tmp_path / "site", tmp_path / name
    folder.mkdir()
    with a_desk(tmp_path / "store.db") as desk:
        _told(desk)
        write_site(desk.kit, site, on_file=lambda name: None)
        with (
            served(make_app(lambda: desk.kit)) as ours,
            FRONTS[name](site, ours.port, folder) as theirs,
        ):
            yield theirs, ours, site


def _told(desk: Desk) -> None:
    lane = desk.topic(a_topic_spec(mode=Mode.AUTO, publish=PublishSpec(items=2)))
    wire = desk.feed()
    for _ in range(5):
        desk.now += 60
        desk.tell(wire, lane)
        desk.publish()


@pytest.mark.parametrize("name", list(FRONTS))
def test_what_it_serves_is_what_we_serve(name: str, tmp_path: Path) -> None:
    with _front(name, tmp_path) as (theirs, ours, site):
        names = [str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()]
        plain = [each for each in names if not each.endswith((".gz", ".zst", ".json"))]
        plain += [each for each in names if each.startswith("topics/") and each.endswith(".json")]
        assert len(plain) > 15
        for each in plain:
            path = "/" + each.removesuffix("index.html").rstrip("/")
            there, here = theirs.ask(path), ours.ask(path)
            assert there.status == 200, path
            if path != "/bot":  # a file cannot be searched
                assert there.body == here.body, path
                told = [there.headers.get(header) for header in (*SAME, *MORE)]
                assert told == [here.headers.get(header) for header in (*SAME, *MORE)], path
            packed = theirs.ask(path, Accept_Encoding="gzip")
            assert packed.headers["content-encoding"] == "gzip", path
            assert packed.body == (site / f"{each}.gz").read_bytes(), path
            again = theirs.ask(path, If_None_Match=there.headers["etag"])
            assert again.status == 304, path


@pytest.mark.parametrize("name", list(FRONTS))
def test_who_gets_what_is_the_same_as_with_us(name: str, tmp_path: Path) -> None:
    with _front(name, tmp_path) as (theirs, ours, _):
        for path in (
            "/topics/global-lane.atom",
            "/topics/global-lane.json",
            "/topics/global-lane/archive/1.rss",
            "/topics/global-lane/corrections.atom",
        ):
            for asked in ({"Sec_Fetch_Dest": "document"}, BROWSER):
                there, here = theirs.ask(path, **asked), ours.ask(path, **asked)
                assert (there.status, here.status) == (303, 303), (path, asked)
                assert there.headers["location"] == here.headers["location"]
            kept = theirs.ask(path, Sec_Fetch_Dest="empty", **BROWSER)
            assert (kept.status, "Sec-Fetch-Dest" in kept.headers["vary"]) == (200, True)


@pytest.mark.parametrize("name", list(FRONTS))
def test_what_is_no_file_is_asked_of_us_and_what_is_no_page_is_hidden(
    name: str, tmp_path: Path
) -> None:
    with _front(name, tmp_path) as (theirs, ours, site):
        for path in ("/status.json", "/nothing/here", "/topics/nothing.atom", "/stories/x"):
            assert theirs.ask(path).status == ours.ask(path).status, path
        assert theirs.ask("/healthz").text == "ok\n"
        assert (site / ".aggregator-site.json").exists()
        assert theirs.ask("/.aggregator-site.json").status == 404


@pytest.mark.parametrize("name", list(FRONTS))
def test_addresses_with_a_secret_in_them_stand_in_no_log(name: str, tmp_path: Path) -> None:
    with _front(name, tmp_path) as (theirs, ours, _):
        for kind in ("letters/global-lane/unsubscribe", "letters/global-lane/confirm", "feeds"):
            path = f"/{kind}/s3cret-of-{kind[:5]}"
            assert theirs.ask(path).status == ours.ask(path).status == 404
        assert theirs.ask("/status.json").status == 200
    logs = {each.name: each.read_text() for each in (tmp_path / name).iterdir() if each.is_file()}
    assert not [each for each, said in logs.items() if "s3cret" in said]
    if name == "nginx":
        assert "/status.json" in logs["access"]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_both_examples_give_every_file_its_type_and_its_time(name: str) -> None:
    said = (DEPLOY / name).read_text().replace("$aggregator_fresh", "300")
    assert all(kind in said for kind in FORMATS.values())
    assert all(f'"{caching}"' in said for caching in (FEED_CACHING, FILE_CACHING, PAGE_CACHING))
    assert "86400" in said and ARCHIVE_CACHING.startswith("public, max-age=86400,")
    assert all(policy in said for policy in PAGE_POLICY.values())
    assert {Path(each).suffix for each in static_files()} == {".css", ".js", ".svg"}
