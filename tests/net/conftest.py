from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from aggregator.model.settings import Net
from aggregator.net.dialing import system_names
from aggregator.net.fetcher import HttpFetcher
from aggregator.ports import Fetcher
from tests.net.origin import Origin

MakeFetcher = Callable[..., HttpFetcher]

AGENT = "aggregator/0.1.0 (+https://news.lane.org/bot)"


@pytest.fixture
def fetcher_for() -> Iterator[MakeFetcher]:
    """Make fetchers that may reach these origins, and close them afterwards."""
    made: list[Fetcher] = []

    def make(
        *origins: Origin,
        allow: tuple[str, ...] = (),
        timeout: float = 10.0,
        max_body: int = 1_000_000,
        spacing: float = 0.0,
        resolve: Callable[[str, int], Sequence[str]] | None = None,
        wall: Callable[[], float] | None = None,
        cafile: str | None = None,
    ) -> HttpFetcher:
        places = tuple(origin.place for origin in origins)
        net = Net(timeout=timeout, max_body=max_body, spacing=spacing, allow=(*places, *allow))
        fetcher = HttpFetcher(net, AGENT, wall=wall, resolve=resolve or system_names, cafile=cafile)
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.close()
