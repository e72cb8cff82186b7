"""The shared misbehaving origin: whatever it does, it ends, and ends as an outcome."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from aggregator.model.exchange import Failed, Fault, Fetched, NotModified, Outcome, Request
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from tests.net.conftest import AGENT
from tests.net.shared import shared_tool

pytestmark = pytest.mark.corpus

LIMIT = 5.0  # seconds that one exchange may take
FAULTS = {
    "slow": Fault.NETWORK,
    "headers-slow": Fault.NETWORK,
    "silent": Fault.NETWORK,
    "endless": Fault.TOO_LARGE,
    "endless-chunked": Fault.TOO_LARGE,
    "gzip-bomb": Fault.TOO_LARGE,
    "bad-length": Fault.NETWORK,
    "bad-chunk": Fault.NETWORK,
    "reset": Fault.NETWORK,
    "garbage": Fault.NETWORK,
    "big-headers": Fault.NETWORK,
    "many-headers": Fault.NETWORK,
    "redir-loop": Fault.BLOCKED,
    "redir-chain": Fault.BLOCKED,
    "redir-file": Fault.BLOCKED,
    "redir-internal": Fault.BLOCKED,
    "redir-nowhere": Fault.STATUS,
    "wrong304": Fault.STATUS,
    "410": Fault.GONE,
    "429": Fault.STATUS,
    "429date": Fault.STATUS,
    "429bare": Fault.STATUS,
    **dict.fromkeys(["204", "206", "400", "401", "403", "404"], Fault.STATUS),
    **dict.fromkeys(["451", "500", "502", "503"], Fault.STATUS),
}


@pytest.fixture(scope="module")
def tool() -> Any:
    return shared_tool("bad_origin")


@pytest.fixture
def origin(tool: Any) -> Iterator[Any]:
    server = tool.BadOrigin(0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetcher(origin: Any) -> Iterator[HttpFetcher]:
    net = Net(timeout=LIMIT, spacing=0.0, allow=(f"127.0.0.1:{origin.server_port}",))
    fetcher = HttpFetcher(net, AGENT)
    yield fetcher
    fetcher.close()


def test_every_behaviour_ends_in_its_outcome_within_its_limit(
    tool: Any, origin: Any, fetcher: HttpFetcher
) -> None:
    outcomes: dict[str, Outcome] = {}

    def ask(name: str) -> None:
        outcomes[name] = fetcher.fetch(Request(url=f"{origin.base}/{name}"))

    # The half-gigabyte bomb is made on first use, while the server's clock runs for nobody else.
    origin.bomb()
    threads = [threading.Thread(target=ask, args=(name,)) for name in tool.BEHAVIOURS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10 * LIMIT)

    assert outcomes.keys() == tool.BEHAVIOURS.keys()
    for name, outcome in outcomes.items():
        assert outcome.ms < 3 * LIMIT * 1000, name
        if name in FAULTS:
            assert isinstance(outcome, Failed), (name, outcome)
            assert outcome.fault is FAULTS[name], (name, outcome)
        else:
            assert isinstance(outcome, Fetched), (name, outcome)
    waits = {
        name: getattr(outcomes[name], "retry_after", 0) for name in ("429", "429date", "429bare")
    }
    assert waits == {"429": 60.0, "429date": pytest.approx(60.0, abs=2), "429bare": None}
    moved = {name for name, outcome in outcomes.items() if getattr(outcome, "moved_to", None)}
    assert moved == {"301", "308", "redir-mixed"}


def test_a_second_poll_shows_good_manners(origin: Any, fetcher: HttpFetcher) -> None:
    offering = ["feed304", "weak", "lm-only", "etag-unquoted", "etag-stuck", "cookie", "226"]
    second: dict[str, Outcome] = {}
    for name in offering:
        first = fetcher.fetch(Request(url=f"{origin.base}/{name}"))
        assert isinstance(first, Fetched)
        again = Request(url=f"{origin.base}/{name}", subscribers=3)
        second[name] = fetcher.fetch(
            replace(again, etag=first.etag, last_modified=first.last_modified)
        )
    assert {name for name, outcome in second.items() if isinstance(outcome, NotModified)} == {
        "feed304",
        "weak",
        "lm-only",
        "etag-stuck",
    }
    faults = {name: n for name, n in origin.score()["total"].items() if n and name != "too_soon"}
    assert faults.keys() <= {"requests", "inm_good", "ims_good"}
    assert (faults["inm_good"], faults["ims_good"]) == (5, 3)
