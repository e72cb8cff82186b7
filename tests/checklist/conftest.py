from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.model.settings import Net
from aggregator.net.dialing import system_names
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from tests.flow.newsroom import DAY, Newsroom, feed
from tests.net.conftest import AGENT
from tests.net.origin import Origin, Talk, an_origin, answer


class Wire(Newsroom):
    """A desk that really asks an origin, and the answers that the origin gives in turn."""

    def __init__(self, folder: Path, origin: Origin, answers: list[bytes]) -> None:
        self.path, self.origin, self.answers = folder / "news.db", origin, answers
        self.open()

    def open(self) -> None:
        """Start as after any pause: nothing is known but what the store holds."""
        before = vars(self).copy()
        super().__init__(open_store(self.path))
        if "kit" in before:
            self.now = before["now"]
            self.kit = replace(self.kit, settings=before["kit"].settings)
        net = Net(timeout=5.0, spacing=0.0, allow=(self.origin.place,))
        fetcher = HttpFetcher(net, AGENT, wall=lambda: self.now, resolve=system_names)
        self.kit = replace(self.kit, fetcher=fetcher)

    def close(self) -> None:
        self.kit.fetcher.close()
        self.kit.store.close()

    def restart(self) -> None:
        """End, and start again on the same store."""
        self.close()
        self.open()

    def hear(self, *answers: bytes, path: str = "/feed.xml") -> list[Talk]:
        """Poll once for each of these answers, a day apart; return the requests that came."""
        self.answers[:] = answers
        self.follow([replace(feed("wire"), url=self.origin.url(path))])
        before = len(self.origin.requests)
        for _ in answers:
            self.poll("wire")
            self.now += DAY
        return self.origin.requests[before:]


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    answers: list[bytes] = []

    def handler(talk: Talk) -> None:
        talk.say(answers.pop(0) if answers else answer(b"", "404 Not Found"))

    with an_origin(handler) as origin:
        desk = Wire(tmp_path, origin, answers)
        yield desk
        desk.close()
