from __future__ import annotations

import json
import re
from pathlib import Path

from aggregator.web.feeds import FEED_PATHS
from aggregator.web.private import PRIVATE_PATHS
from aggregator.web.public import make_pages
from aggregator.web.site import status_json
from tests.makers import a_topic_spec
from tests.web.desk import a_desk

DOCS = Path(__file__).parents[2] / "docs" / "routes.md"


def test_docs_list_every_route_and_no_other() -> None:
    with a_desk() as desk:
        pages = {route.path for route in make_pages(lambda: desk.kit).routes}  # type: ignore[attr-defined]
    served = pages | {*FEED_PATHS, *PRIVATE_PATHS}
    assert set(re.findall(r"^\| `(/[^`]*)`", DOCS.read_text(), re.M)) == served


def test_docs_list_every_figure_of_the_status_and_no_other() -> None:
    (said,) = re.findall(r"^\| `/status\.json` \|.*?`(\{.*\})`", DOCS.read_text(), re.M)
    with a_desk() as desk:
        desk.topic(a_topic_spec())
        with desk.kit.store.read() as tx:
            told = json.loads(status_json(tx, desk.kit))

    def names(value: object) -> str:
        if isinstance(value, list):
            return f"[{names(value[0])}]"
        if isinstance(value, dict):
            return "{" + ",".join(f'"{name}"{names(each)}' for name, each in value.items()) + "}"
        return ""

    assert names(told) == said.replace(":", "")
