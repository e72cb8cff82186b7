"""Items leave a document and come back; every other byte stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.formats.mending import mended
from aggregator.formats.rendering import EXTENSIONS, render
from aggregator.model.publication import Edition, Tombstone
from tests.formats.editions import editions, ordinary_edition
from tests.makers import NOON


def stones(*uris: str) -> list[Tombstone]:
    return [Tombstone(uri=uri, at=NOON, why="the editors took it out") for uri in uris]


def mend(body: bytes, ending: str, edition: Edition, gone: set[str], back: set[str]) -> bytes:
    return mended(
        EXTENSIONS[ending],
        body,
        items=[item for item in edition.items if item.uri in back],
        gone=gone,
        stones=stones(*gone),
        order=[item.uri for item in edition.items],
    )


@pytest.mark.parametrize("ending", EXTENSIONS)
def test_what_is_gone_is_in_no_byte_and_comes_back_to_its_place(ending: str) -> None:
    edition = ordinary_edition()
    body, _ = render(edition, ending)
    gone = edition.items[0]
    without = mend(body, ending, edition, {gone.uri}, set())
    assert "Köln".encode() in body
    assert "Köln".encode() not in without
    assert (b"at:deleted-entry" in without) is (ending == "atom")
    assert mend(without, ending, edition, set(), {gone.uri}) == body


@pytest.mark.parametrize("ending", EXTENSIONS)
@given(edition=editions(), chosen=st.sets(st.integers(min_value=0, max_value=5)))
def test_out_and_in_again_changes_nothing(ending: str, edition: Edition, chosen: set[int]) -> None:
    body, _ = render(edition, ending)
    uris = {item.uri for at, item in enumerate(edition.items) if at in chosen}
    without = mend(body, ending, edition, uris, set())
    rest = tuple(item for item in edition.items if item.uri not in uris)
    if ending != "atom":  # which has tombstones in their place
        assert without == render(replace(edition, items=rest), ending)[0]
    assert mend(without, ending, edition, set(), uris) == body


@pytest.mark.parametrize("ending", EXTENSIONS)
def test_what_it_never_held_leaves_no_trace(ending: str) -> None:
    edition = ordinary_edition()
    body, _ = render(edition, ending)
    assert mend(body, ending, edition, {"tag:elsewhere.example,2026:1"}, set()) == body
