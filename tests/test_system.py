"""What is told when a store is taken up."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from aggregator import system
from aggregator.config import read_settings
from aggregator.flow.publish import publish_due
from aggregator.model.exchange import Failed, Fault, Request, Wanted
from aggregator.model.settings import Net, Settings
from aggregator.system import bring_into_line, holding, new_strangers, open_kit


def taken_up(tmp_path: Path, url: str) -> None:
    settings = read_settings(f"site: {{url: {url}}}\n", tmp_path / "feeds.yaml")
    with open_kit(settings) as kit:
        bring_into_line(kit)
        with holding(kit, "run"):
            pass


def test_an_address_that_is_no_address_yet_is_told_before_ids_are_made_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken_up(tmp_path, "https://news.example.org")
    assert "site.url is no public address yet" in caplog.text


def test_nothing_is_told_when_all_is_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "SQLITE_VERSION", (3, 53, 4))
    taken_up(tmp_path, "https://news.lane.org")
    assert caplog.text == ""


def test_an_sqlite_that_can_corrupt_a_store_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "SQLITE_VERSION", (3, 40, 1))
    taken_up(tmp_path, "https://news.lane.org")
    assert "this SQLite is not safe" in caplog.text


FILE = """\
site: {{url: {url}}}
feeds: ['https://wire.example/feed.xml']
topics: [{{slug: lane, title: Lane, match: lane}}]
"""


def test_a_dead_daemons_leases_are_given_back_to_the_next(tmp_path: Path) -> None:
    settings = read_settings(FILE.format(url="https://news.lane.org"), tmp_path / "feeds.yaml")
    with open_kit(settings) as kit:
        bring_into_line(kit)
        with kit.store.write() as tx:
            taken = tx.feeds.claim_due(
                kit.clock(), limit=9, lease=600, owner="dead", per_host=9, spacing=0
            )
        with holding(kit, "run"), kit.store.read() as tx:
            at = tx.feeds.next_claim_at()
        assert len(taken) == 1
        assert at is not None and at <= kit.clock()


def test_a_new_address_of_ours_is_in_every_document(tmp_path: Path) -> None:
    for url in ("https://old.lane.org", "https://new.lane.org"):
        settings = read_settings(FILE.format(url=url), tmp_path / "feeds.yaml")
        with open_kit(settings) as kit:
            bring_into_line(kit)
            publish_due(kit)
            with kit.store.read() as tx:
                document = tx.publications.document("topics/lane.atom")
        assert document is not None and f"{url}/topics/lane.atom".encode() in document.body


def test_what_our_feeds_may_reach_is_shut_to_strangers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.2)
        address = f"127.0.0.1:{inside.getsockname()[1]}"
        strangers = new_strangers(Settings(net=Net(allow=(address,))))
        with closing(strangers):
            outcome = strangers.fetch(Request(url=f"http://{address}/", wanted=Wanted.WORD))
        assert isinstance(outcome, Failed) and outcome.fault is Fault.BLOCKED
        with pytest.raises(TimeoutError):
            inside.accept()
        wanted = new_strangers(Settings(net=Net(callbacks=(address,), timeout=0.5)))
        with closing(wanted):
            wanted.fetch(Request(url=f"http://{address}/", wanted=Wanted.WORD))
        inside.accept()[0].close()
