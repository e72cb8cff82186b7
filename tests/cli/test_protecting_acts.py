"""A mistake in feeds.yaml stops no act that protects people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Aggregator

MISTAKES = (
    "topics: [oh",  # no YAML
    "no-such-key: 1",
    "feeds: []",  # a key twice
)


@pytest.fixture
def broken(aggregator: Aggregator, desk: Path, request: pytest.FixtureRequest) -> Aggregator:
    """A newsroom that has published, and whose file got a mistake since."""
    assert aggregator("poll", "wire").code == 0
    assert aggregator("publish").code == 0
    assert aggregator("tokens", "create", "Ida").code == 0
    desk.write_text(f"{desk.read_text()}{request.param}\n")
    return aggregator


@pytest.mark.parametrize("broken", MISTAKES, indirect=True)
def test_they_go_by_what_the_file_said_last_and_say_so(broken: Aggregator, desk: Path) -> None:
    acts = (
        ("withdraw", "wire", "--reason", "asked to"),
        ("undo",),
        ("log",),
        ("tokens", "rotate", "1"),
        ("tokens", "list"),
        ("tokens", "revoke", "1"),
        ("letters", "list"),
    )
    for act in acts:
        said = broken(*act)
        assert said.code == 0, (act, said.err)
        assert f"{desk} has a mistake and was not read" in said.err, act
    nobody = broken("letters", "remove", "ida@example.org")
    assert nobody.code == 4 and "no letters go to ida" in nobody.err
    assert broken("topics", "list").code == 2


@pytest.mark.parametrize("broken", MISTAKES[:1], indirect=True)
def test_what_is_withdrawn_then_is_gone_from_documents_of_the_same_site(
    broken: Aggregator, desk: Path
) -> None:
    assert "Grain corridor" in document(desk)
    broken("withdraw", "wire", "--reason", "asked to")
    after = document(desk)
    assert "Grain corridor" not in after and "https://news.example.org" in after
    broken("undo")
    assert "Grain corridor" in document(desk)


@pytest.mark.parametrize("broken", MISTAKES[:1], indirect=True)
def test_with_a_store_by_hand_too_and_never_in_another_newsrooms(
    broken: Aggregator, desk: Path, tmp_path: Path
) -> None:
    store = str(tmp_path / "desk.db")
    said = broken("--db", store, "--json", "tokens", "list")
    assert [each["label"] for each in json.loads(said.out)] == ["Ida"]
    other = tmp_path / "other.yaml"
    other.write_text("store: desk.db\ntopics: [oh")
    refused = broken("-c", str(other), "tokens", "revoke", "1")
    assert refused.code == 2 and "not read" not in refused.err
    assert broken("-c", str(tmp_path / "none.yaml"), "tokens", "revoke", "1").code == 2


def test_a_file_without_a_past_says_what_is_wrong(aggregator: Aggregator, desk: Path) -> None:
    desk.write_text("topics: [oh")
    said = aggregator("tokens", "revoke", "1")
    assert said.code == 2 and "not read" not in said.err


def test_the_store_keeps_no_comments_of_the_file(aggregator: Aggregator, desk: Path) -> None:
    desk.write_text(f"# the old password was grain-1848\n{desk.read_text()}")
    assert aggregator("publish").code == 0
    kept = b"".join(path.read_bytes() for path in desk.parent.glob("desk.db*"))
    assert b"grain-1848" not in kept
    desk.write_text(f"{desk.read_text()}topics: [oh\n")
    assert aggregator("log").code == 0


def document(desk: Path) -> str:
    from aggregator.store.engine import open_store

    store = open_store(desk.parent / "desk.db", create=False)
    try:
        with store.read() as tx:
            found = tx.publications.document("topics/lane.atom")
        assert found is not None
        return found.body.decode()
    finally:
        store.close()
