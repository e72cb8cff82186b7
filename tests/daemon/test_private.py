"""A daemon that tells everything in its log tells no secret of a token."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from tests.corpus.river import free_port

YAML = """version: 1
site: {title: Test desk, url: https://news.example.org}
store: desk.db
topics: [{slug: lane, title: Lane, mode: auto, match: corridor}]
feeds: [{url: https://wire.example/feed, name: wire}]
"""


def status(port: int, path: str) -> int | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


def test_the_fullest_log_holds_no_secret(tmp_path: Path) -> None:
    file, log, port = tmp_path / "feeds.yaml", tmp_path / "log", free_port()
    file.write_text(YAML)
    command = [sys.executable, "-m", "aggregator", "-c", str(file), "-vv"]
    made = subprocess.run(
        [*command, "--json", "tokens", "create", "Ida", "--query"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    issued = json.loads(made.stdout)
    secret = issued["secret"]
    with log.open("wb") as told:
        serving = subprocess.Popen([*command, "serve", "--port", str(port)], stderr=told)
        try:
            deadline = time.monotonic() + 60
            while status(port, "/readyz") is None:
                assert time.monotonic() < deadline and serving.poll() is None
                time.sleep(0.05)
            for name in ("lane.atom", "q.atom?q=corridor", "q.atom?q=(", "nowhere.rss", "x/y/z"):
                assert status(port, f"/feeds/{secret}/{name}") in (200, 400, 404)
        finally:
            serving.terminate()
            serving.wait(60)
    assert secret.encode() not in log.read_bytes()
    assert secret.encode() not in made.stderr
    stored = b"".join(each.read_bytes() for each in tmp_path.glob("desk.db*"))
    assert stored and secret.encode() not in stored
