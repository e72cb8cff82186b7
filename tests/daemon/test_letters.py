"""The daemon sends letters and forgets addresses; the rest is told in tests/flow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.core.letters import DAY, KEPT_UNANSWERED
from aggregator.daemon.service import Service
from aggregator.flow.letters import ask, confirm
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every
from aggregator.store.engine import open_store
from tests.flow.newsroom import Newsroom, Told, topic
from tests.flow.postman import FakePostman


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with closing(open_store(tmp_path / "news.db")) as store:
        made = Newsroom(store)
        made.kit = replace(made.kit, postman=FakePostman(), secret=lambda at: "smtp://localhost")
        box = LetterBox(smtp="env:SMTP_URL", sender="desk@lane.test")
        made.follow(["wire"], [replace(topic(), letters=(Every.DAILY,))], letters=box)
        yield made


def test_the_daemon_asks_sends_and_forgets(newsroom: Newsroom) -> None:
    service, postman = Service(newsroom.kit), newsroom.kit.postman
    assert isinstance(postman, FakePostman)
    newsroom.hears("wire", Told(guid="1", title="Grain one"))
    for name in ("ida", "bo"):
        ask(newsroom.kit, "grain", f"{name}@reader.example", Every.DAILY)
    service.letters()
    with newsroom.kit.store.read() as tx:
        ida = next(each for each in tx.letters.all() if each.address.startswith("ida"))
    confirm(newsroom.kit, ida.secret)
    newsroom.now += DAY
    service.letters()
    subjects = [str(letter["Subject"]) for letter in postman.to("ida@reader.example")]
    assert subjects == ["Please confirm: Grain by e-mail", "Grain: Grain one"]
    assert len(postman.to("bo@reader.example")) == 1
    newsroom.now += KEPT_UNANSWERED
    service.tidy()
    with newsroom.kit.store.read() as tx:
        assert [each.address for each in tx.letters.all()] == ["ida@reader.example"]
    service.courier.close()
