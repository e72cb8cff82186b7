from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from aggregator.model.feed import Rights
from aggregator.model.topic import Mode, Verb
from aggregator.web.static_site import write_site
from tests.makers import a_feed_spec, a_text, a_topic_spec
from tests.web.desk import a_desk

pytestmark = pytest.mark.corpus


def check_feed() -> Any:
    path = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / "check_feed.py"
    spec = importlib.util.spec_from_file_location("check_feed", path)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_every_document_of_a_site_is_faultless(tmp_path: Path) -> None:
    with a_desk() as desk:
        wire = desk.feed(a_feed_spec(rights=Rights.FULL, rights_written=True))
        local = desk.feed(a_feed_spec(url="https://local.example/f.xml", name="local"), title="Ä&<")
        lane = desk.topic(a_topic_spec(mode=Mode.AUTO))
        entry, story = desk.tell(wire, lane, title="Fish & <chips>")
        desk.tell(local, lane, into=story)
        desk.tell(local, lane, text=a_text(title="", summary="", content="", published_at=None))
        desk.act(Verb.NOTE, lane, entry, note="A note & more")
        desk.publish()
        write_site(desk.kit, tmp_path, on_file=lambda name: None)
    check = check_feed().check
    documents = [
        path for path in tmp_path.rglob("*") if path.suffix in {".atom", ".rss", ".json", ".opml"}
    ]
    documents = [path for path in documents if not path.name.startswith(".")]
    assert len(documents) == 6
    for path in documents:
        assert not check(path.read_bytes()), path
