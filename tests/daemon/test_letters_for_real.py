"""The daemon as a process, an SMTP and an HTTP server on loopback: what issue 5 promises, whole."""

from __future__ import annotations

import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from pytest_httpserver import HTTPServer

from aggregator.store.engine import open_store
from tests.cli.conftest import FEED
from tests.net.mailbox import Got, Mailbox, a_mailbox
from tests.web.subscriber import Readers, readers

IDA, SECRET, PATIENCE = "ida@reader.example", "hook secret", 60.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
YAML = """version: 1
site: {{title: Lane Desk, url: "http://127.0.0.1:{port}", contact: desk@lane.example}}
store: {store}
net: {{spacing: 0s, allow: [127.0.0.0/8]}}
letters: {{smtp: env:SMTP_URL, from: Lane Desk <letters@lane.example>}}
feeds:
  - {{url: "{wire}", name: wire}}
topics:
  - slug: lane
    title: Lane
    mode: auto
    match: corridor
    letters: [daily]
    webhooks: [{{url: "{hook}", secret: env:HOOK_SECRET}}]
"""


def until(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@dataclass(kw_only=True)
class Real:
    """A newsroom on loopback: its file, its servers, and the daemon when it runs."""

    file: Path
    store: Path
    port: int
    box: Mailbox
    sinks: Readers
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        words = [sys.executable, "-m", "aggregator", "-c", str(self.file), "run"]
        secrets = {"SMTP_URL": self.box.url, "HOOK_SECRET": SECRET}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*words, "--port", str(self.port)],
                stdout=out,
                stderr=out,
                env={**os.environ, **secrets},
            )
        try:
            yield
        finally:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def ask(self, method: str, path: str, body: str = "") -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, FORM if method == "POST" else {})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except OSError:
            return 0  # it does not listen yet
        finally:
            connection.close()

    def is_due(self) -> None:
        """Have the hour of letters come, and nobody hold one any more."""
        store = open_store(self.store)
        with store.write() as tx:
            for each in tx.letters.all():
                due = each.next_at and 1.0
                tx.letters.save(replace(each, next_at=due, taken_until=None))
        store.close()

    def letter(self, number: int) -> Got:
        until(f"letter {number}", lambda: len(self.box.got) > number)
        return self.box.got[number]

    def joins(self) -> None:
        """Have Ida ask for letters by the form, and say yes by the question's link."""
        until("the topic is out", lambda: self.ask("GET", "/topics/lane.atom") == 200)
        wish = urlencode({"address": IDA, "every": "daily"})
        assert self.ask("POST", "/letters/lane", wish) == 202
        (link,) = re.findall(r"(http://\S+/confirm/\S+)", self.letter(0).part("plain"))
        assert self.ask("GET", urlsplit(link).path) == self.ask("POST", urlsplit(link).path) == 200


@pytest.fixture
def real(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Real]:
    httpserver.expect_request("/wire.rss").respond_with_data(
        FEED, content_type="application/rss+xml"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with a_mailbox() as box, readers() as sinks:
        file, store = tmp_path / "feeds.yaml", tmp_path / "desk.db"
        hook, wire = f"http://127.0.0.1:{sinks.port}/hook", httpserver.url_for("/wire.rss")
        file.write_text(YAML.format(port=port, store=store, wire=wire, hook=hook))
        yield Real(file=file, store=store, port=port, box=box, sinks=sinks, log=tmp_path / "log")


def test_a_letter_and_a_signed_webhook_arrive_and_one_click_ends_the_letters(real: Real) -> None:
    with real.running():
        real.joins()
        real.is_due()
        letter = real.letter(1)

        until("the webhook is told", lambda: real.sinks.bodies("/hook"))
        (told,) = real.sinks.bodies("/hook")
        known, at = told.headers["webhook-id"], told.headers["webhook-timestamp"]
        signed = f"{known}.{at}.".encode() + told.body
        made = b64encode(hmac.new(SECRET.encode(), signed, "sha256").digest()).decode()
        assert told.headers["webhook-signature"] == f"v1,{made}"
        said = json.loads(told.body)
        assert (said["event"], said["item"]["title"]) == ("published", "Grain corridor reopens")

        assert (letter.sender, letter.to) == ("letters@lane.example", IDA)
        for kind in ("plain", "html"):
            assert "Grain corridor reopens" in letter.part(kind)
            assert said["item"]["url"] in letter.part(kind)
        assert letter.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        leave = urlsplit(str(letter.mail["List-Unsubscribe"]).strip("<>")).path
        assert real.ask("GET", leave) == 200
        assert figures(real)["letters"]["readers"] == 1
        assert real.ask("POST", leave, "List-Unsubscribe=One-Click") == 200
        assert figures(real)["letters"] == {"readers": 0, "asked": 0, "due": 0, "failing": 0}
        assert figures(real)["webhooks"] == {
            "named": 1,
            "failing": 0,
            "ended": 0,
            "lost": 0,
            "waiting": 0,
            "oldest": None,
        }
    log = real.log.read_text()
    assert leave.rpartition("/")[2] not in log and SECRET not in log and IDA not in log


def test_a_daemon_killed_as_a_letter_goes_out_sends_it_once_more_and_never_again(
    real: Real,
) -> None:
    with real.running():
        real.joins()
        real.box.takes = 5.0  # it has the letter, and has not said so yet
        real.is_due()
        real.letter(1)
        assert real.process is not None
        real.process.kill()
    real.box.takes = 0.0
    real.is_due()
    with real.running():
        first, again = real.letter(1), real.letter(2)
        assert first.mail["Message-ID"] == again.mail["Message-ID"]
        real.is_due()
        time.sleep(3 * 2.0)
    assert len(real.box.got) == 3


def figures(real: Real) -> dict[str, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", real.port, timeout=10)
    try:
        connection.request("GET", "/status.json")
        told: dict[str, dict[str, object]] = json.loads(connection.getresponse().read())
        return told
    finally:
        connection.close()
