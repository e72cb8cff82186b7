from __future__ import annotations

import pytest

from aggregator.core.fts import fts_expression
from aggregator.core.query import parse_query
from aggregator.errors import UsageError
from aggregator.model.intake import Intake
from aggregator.ports import Store, Tx
from tests.makers import NOON, a_change, a_text, an_arrival
from tests.store.acts import add_feed, keep, tell

QUERIES = (
    *("cafe", "obrien", "lodz", "東京", '"京都"', "हिन्दी"),
    *("NAIVE", "straße", "title:cafe"),
)


def found(tx: Tx, expression: str) -> list[int]:
    return list(tx.entries.search(expression, limit=100))


def sound(store: Store) -> bool:
    return {check: fine for check, fine, _ in store.doctor()}["search index"]


def test_search_finds_the_newest_first(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        ids = [tell(tx, f"Grain news {n}", feed=feed).entry_id for n in range(4)]
        assert found(tx, '"grain"') == ids[::-1]
        assert tx.entries.search('"grain"', limit=2) == (ids[3], ids[2])
        assert tx.entries.search('"grain"', before_id=ids[2], limit=5) == (ids[1], ids[0])
        assert found(tx, '"bread"') == []


def test_search_sees_words_as_the_one_tokenizer_does(store: Store) -> None:
    text = a_text(title="O'Brien's Café in Łódź, 東京都", summary="हिन्दी naïve STRASSE")
    with store.write() as tx:
        kept = tell(tx, "1", feed=add_feed(tx), text=text)
        for query in (
            "cafe",
            "obrien",
            "lodz",
            "東京",
            '"京都"',
            "हिन्दी",
            "NAIVE",
            "straße",
            "title:cafe",
        ):
            expression = fts_expression(parse_query(query))
            assert expression is not None
            assert found(tx, expression) == [kept.entry_id], query
        assert found(tx, 'title : "naive"') == []
        assert found(tx, '"brien"') == []


def test_a_phrase_does_not_reach_from_title_into_summary(store: Store) -> None:
    with store.write() as tx:
        kept = tell(
            tx, "1", feed=add_feed(tx), text=a_text(title="black sea", summary="grain deal")
        )
        assert found(tx, '"sea grain"') == []
        assert found(tx, '"sea" AND "grain"') == [kept.entry_id]


def test_search_follows_a_revision(store: Store) -> None:
    with store.write() as tx:
        kept = tell(tx, "1", feed=add_feed(tx), text=a_text(title="wheat", summary="harbour"))
        text = a_text(title="barley", summary="harbour")
        tx.entries.keep(Intake(changes=(a_change(entry_id=kept.entry_id, text=text),)))
        assert found(tx, '"wheat"') == []
        assert found(tx, '"barley"') == [kept.entry_id]
        assert found(tx, '"harbour"') == [kept.entry_id]
    assert sound(store)


def test_a_withdrawn_entry_is_not_found(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        gone, stays = (tell(tx, guid, feed=feed).entry_id for guid in ("grain one", "grain two"))
        tx.entries.set_withdrawn([gone], NOON + 5)
        tx.entries.set_withdrawn([gone], NOON + 9)  # twice changes nothing more
        assert found(tx, '"grain"') == [stays]
        entry = tx.entries.get(gone)
        assert entry is not None and entry.withdrawn_at == NOON + 5
        tx.entries.set_withdrawn([gone, stays], None)
        assert found(tx, '"grain"') == [stays, gone]
        entry = tx.entries.get(gone)
        assert entry is not None and entry.withdrawn_at is None
    assert sound(store)


def test_a_withdrawn_entry_is_not_found_by_its_revision(store: Store) -> None:
    with store.write() as tx:
        kept = tell(tx, "wheat", feed=add_feed(tx))
        tx.entries.set_withdrawn([kept.entry_id], NOON)
        text = a_text(title="barley")
        tx.entries.keep(Intake(changes=(a_change(entry_id=kept.entry_id, text=text),)))
        assert found(tx, '"wheat" OR "barley"') == []
        tx.entries.set_withdrawn([kept.entry_id], None)
        assert found(tx, '"wheat"') == []
        assert found(tx, '"barley"') == [kept.entry_id]
    assert sound(store)


def test_an_entry_blocked_on_arrival_is_kept_and_not_found(store: Store) -> None:
    with store.write() as tx:
        add_feed(tx)
        (kept,) = keep(tx, an_arrival(title="wheat", withdrawn="a court's order"))
        entry = tx.entries.get(kept.entry_id)
        assert entry is not None and entry.withdrawn_at == NOON
        assert found(tx, '"wheat"') == []
    assert sound(store)


@pytest.mark.parametrize(
    "expression", ['"', "AND", "body : grain", "(((", "", "title:", "a b)", "\x00"]
)
def test_a_search_expression_that_cannot_be_read_is_refused(store: Store, expression: str) -> None:
    with store.write() as tx:
        tell(tx, "grain", feed=add_feed(tx))
        with pytest.raises(UsageError, match="cannot be read"):
            tx.entries.search(expression, limit=1)
        assert tx.entries.count() == 1
