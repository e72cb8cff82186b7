"""One odd feed a file, one claim each: `tests/feeds/NAME.*` and what must be read from it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from aggregator.formats.reading import differences, read_document

FEEDS = Path(__file__).parent.parent / "feeds"
SPECIMENS = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expect.json"))


@pytest.mark.parametrize("path", SPECIMENS, ids=[path.name for path in SPECIMENS])
def test_a_specimen_is_read_as_it_claims(path: Path) -> None:
    expected = json.loads((FEEDS / f"{path.stem}.expect.json").read_text(encoding="utf-8"))

    feed = read_document(path.read_bytes(), "https://harbour.example/feed.xml", None)

    claim = expected["claim"]
    tolerant = read_document(
        path.read_bytes(), "https://harbour.example/feed.xml", None, tolerant=True
    )
    assert differences(feed, tolerant) == (), "the two readers differ"
    assert part_of(feed, expected.get("feed", {})) == expected.get("feed", {}), claim
    if "entries" in expected:
        found = [part_of(*pair) for pair in zip(feed.entries, expected["entries"], strict=True)]
        assert found == expected["entries"], claim


def test_every_expectation_has_its_specimen() -> None:
    expected = {path.name.removesuffix(".expect.json") for path in FEEDS.glob("*.expect.json")}
    assert expected == {path.stem for path in SPECIMENS}


def part_of(record: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the record's fields that are expected, as JSON has them."""
    whole = json.loads(json.dumps(asdict(record)))
    return {name: whole[name] for name in expected}
