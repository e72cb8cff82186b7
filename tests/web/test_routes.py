from __future__ import annotations

import re
from pathlib import Path

from aggregator.web.feeds import FEED_PATHS
from aggregator.web.private import PRIVATE_PATHS
from aggregator.web.public import make_pages
from tests.web.desk import a_desk

DOCS = Path(__file__).parents[2] / "docs" / "routes.md"


def test_docs_list_every_route_and_no_other() -> None:
    with a_desk() as desk:
        pages = {route.path for route in make_pages(lambda: desk.kit).routes}  # type: ignore[attr-defined]
    served = pages | {*FEED_PATHS, *PRIVATE_PATHS}
    assert set(re.findall(r"^\| `(/[^`]*)`", DOCS.read_text(), re.M)) == served
