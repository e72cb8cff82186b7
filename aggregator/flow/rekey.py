"""Have stored entries known by the keys of now, when addresses are read otherwise than before.

A new version may read addresses otherwise, and so does a changed `stories.tracking`. What is
stored would then be taken for new by the next poll, and be published twice.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from aggregator.core.identity import rekeyed, set_apart
from aggregator.core.tracking import Tracking, tracking
from aggregator.core.urls import key_version
from aggregator.flow.kit import Kit
from aggregator.model.ids import EntryId
from aggregator.model.keys import StoredKey
from aggregator.model.settings import Settings
from aggregator.ports import Tx

log = logging.getLogger(__name__)

URL_KEYS = "url_keys"  # by which reading of addresses stored keys were made
UNDER_WAY = "under way"
PAGE = 1_000  # entries a transaction, so that editors get their turn between
TOLD_EVERY = 20  # pages


def keys_hold(tx: Tx, settings: Settings) -> bool:
    """Return whether what is stored has the keys that these settings give.

    Whoever still has other settings must keep nothing: it would be new to everybody else.
    """
    return tx.meta.get(URL_KEYS) in (None, _version(settings))


def rekey(kit: Kit) -> int:
    """Give stored entries the keys of now if theirs are others; return how many changed.

    No poll is kept meanwhile. Interrupted, it begins again at the next start: an entry that has
    its key already keeps it.
    """
    version, by = _version(kit.settings), tracking(kit.settings.tracking)
    with kit.store.read() as tx:
        if tx.meta.get(URL_KEYS) == version:
            return 0
        total = tx.keys.count()
    if total:
        log.info("stored addresses are read anew", extra={"entries": total})
        with kit.store.write(durable=True) as tx:
            tx.meta.set(URL_KEYS, UNDER_WAY)
    changed = looked_at = 0
    last: EntryId | None = EntryId(0)
    while last is not None:
        with kit.store.write() as tx:
            page = tx.keys.page(last, limit=PAGE)
            changed += sum(_change(tx, each, by) for each in page)
        looked_at += len(page)
        last = page[-1].entry_id if len(page) == PAGE else None
        if last is not None and looked_at % (TOLD_EVERY * PAGE) == 0:
            told = {"done": looked_at, "of": total, "changed": changed}
            log.info("addresses are being read anew", extra=told)
    with kit.store.write(durable=True) as tx:
        tx.meta.set(URL_KEYS, version)
    if total:
        log.info("stored addresses were read anew", extra={"of": total, "changed": changed})
    return changed


def _change(tx: Tx, stored: StoredKey, by: Tracking) -> bool:
    """Have one entry known by its key of now, unless another entry of its feed has that."""
    wanted = rekeyed(stored, by)
    if wanted == stored:
        return False
    after = wanted
    if _is_anothers(tx, after):
        after = set_apart(wanted, by)
        if _is_anothers(tx, after):
            after = replace(stored, url_hash=wanted.url_hash)
    tx.keys.change(stored, after)
    return True


def _is_anothers(tx: Tx, key: StoredKey) -> bool:
    return tx.keys.holder(key.feed_id, key.key_hash) not in (None, key.entry_id)


def _version(settings: Settings) -> str:
    return str(key_version(tracking(settings.tracking)))
