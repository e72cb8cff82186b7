"""Counts of readers add up, and the tags of documents are found without their bytes."""

from __future__ import annotations

from dataclasses import replace

from aggregator.formats.rendering import document
from aggregator.model.audience import Reading
from aggregator.ports import Store
from aggregator.store.engine import open_store
from aggregator.store.publications import _ETAGS
from tests.makers import NOON

READING = Reading(
    day="2026-11-22",
    path="topics/lane",
    agent="Feedly",
    requests=3,
    not_modified=2,
    bytes=1000,
    subscribers=10,
    addresses=1,
)


def test_counts_of_a_day_add_up_and_of_subscribers_the_most_counts(store: Store) -> None:
    with store.write() as tx:
        tx.audience.add([READING])
        tx.audience.add([replace(READING, subscribers=7)])
        tx.audience.add([replace(READING, day="2026-11-21"), replace(READING, path="topics/other")])
    with store.read() as tx:
        (found,) = tx.audience.readings("topics/lane", since="2026-11-22")
        assert len(tx.audience.readings("topics/lane", since="2026-11-01")) == 2
    assert found == replace(READING, requests=6, not_modified=4, bytes=2000, addresses=2)


def test_days_before_one_are_forgotten(store: Store) -> None:
    with store.write() as tx:
        tx.audience.add([READING, replace(READING, day="2026-11-21")])
        tx.audience.forget("2026-11-22")
        assert tx.audience.readings("topics/lane", since="") == (READING,)


def test_tags_are_told_of_the_documents_there_are(store: Store) -> None:
    made = document("topics/lane.atom", "application/atom+xml", b"<feed/>", NOON)
    with store.write() as tx:
        tx.publications.keep(made)
        asked = ("topics/lane.atom", "topics/nowhere.atom", "topics/it's.atom")
        assert tx.publications.etags(asked) == {made.path: made.etag}
        assert tx.publications.etags(()) == {}


def test_tags_are_found_without_walking_over_the_bytes() -> None:
    """They lie behind the bytes in a row; an index holds them as well."""
    store = open_store(":memory:")
    with store.read() as tx:
        steps = tx.conn.execute(f"EXPLAIN QUERY PLAN {_ETAGS}", ("[]",)).fetchall()
    store.close()
    assert any("COVERING INDEX documents_etags" in step["detail"] for step in steps)
