from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Aggregator
from tests.web.subscriber import Readers, readers


@pytest.fixture
def sinks() -> Iterator[Readers]:
    with readers() as made:
        yield made


@pytest.fixture
def url(desk: Path, sinks: Readers, monkeypatch: pytest.MonkeyPatch) -> str:
    """A desk with a topic that has a webhook on loopback."""
    monkeypatch.setenv("HOOK_SECRET", "safe")
    url = f"http://127.0.0.1:{sinks.port}/hook"
    hook = f"webhooks: [{{url: '{url}', secret: 'env:HOOK_SECRET'}}]"
    said = desk.read_text().replace("title: Lane,", f"title: Lane, {hook},")
    desk.write_text(said)
    return url


def test_a_webhook_is_tried_and_how_it_stands_is_listed(
    aggregator: Aggregator, url: str, sinks: Readers
) -> None:
    (told,) = json.loads(aggregator("--json", "webhooks", "list").out)
    assert (told["topic"], told["url"], told["state"]) == ("lane", url, "not called yet")
    said = aggregator("webhooks", "test", "lane")
    assert said.code == 0 and "taken" in said.out, said.err
    assert json.loads(sinks.bodies("/hook")[0].body)["event"] == "test"
    sinks.status["/hook"] = 503
    said = aggregator("--json", "webhooks", "test", "lane", "--url", url)
    assert said.code == 1 and "503" in json.loads(said.out)[0]["problem"]
    (told,) = json.loads(aggregator("--json", "webhooks", "list", "--topic", "lane").out)
    assert (told["state"], told["in vain"]) == ("failing", 1) and "503" in told["problem"]
    assert "safe" not in said.out + said.err + json.dumps(told)


def test_what_is_no_webhook_is_told(aggregator: Aggregator, url: str) -> None:
    assert aggregator("webhooks", "test", "lane", "--url", "https://x.example/").code == 4
    assert aggregator("webhooks", "test", "nowhere").code == 4


def test_without_its_secret_a_webhook_is_not_called(
    aggregator: Aggregator, url: str, sinks: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    said = aggregator("webhooks", "test", "lane")
    assert said.code == 1 and "HOOK_SECRET is not set" in said.out and sinks.calls == []
